package kinds

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type routeTableReader interface {
	DescribeRouteTables(context.Context, *ec2.DescribeRouteTablesInput, ...func(*ec2.Options)) (*ec2.DescribeRouteTablesOutput, error)
}

type routeTableWriter interface {
	routeTableReader
	DisassociateRouteTable(context.Context, *ec2.DisassociateRouteTableInput, ...func(*ec2.Options)) (*ec2.DisassociateRouteTableOutput, error)
	DeleteRouteTable(context.Context, *ec2.DeleteRouteTableInput, ...func(*ec2.Options)) (*ec2.DeleteRouteTableOutput, error)
}

var routeTable = kind.Of(routeTableSpec)

var routeTableSpec = kind.Spec[routeTableReader, routeTableWriter]{
	Name:   "ec2.route-table",
	Reader: func(c aws.Config) routeTableReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) routeTableWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeRouteTables"},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	List:   routeTables.list,
	Holds:  holding,
	Keep:   routeTables.keep,
	Verbs: []kind.Verb[routeTableReader, routeTableWriter]{
		remove(kind.Verb[routeTableReader, routeTableWriter]{
			Name: "delete", Needs: []string{"ec2:DisassociateRouteTable", "ec2:DeleteRouteTable"},
		}, routeTables.look, deleteRouteTable),
	},
}

var routeTables = shown[routeTableReader, types.RouteTable]{
	what: "route tables", file: "route-table.json",
	ask: func(ctx context.Context, api routeTableReader, ids []string) iter.Seq2[[]types.RouteTable, error] {
		return asked(ctx, ec2.NewDescribeRouteTablesPaginator(api, &ec2.DescribeRouteTablesInput{RouteTableIds: ids, MaxResults: most(ids, 100)}),
			func(o *ec2.DescribeRouteTablesOutput) []types.RouteTable { return o.RouteTables })
	},
	of: func(at fact.Place, t types.RouteTable) fact.Resource {
		id := aws.ToString(t.RouteTableId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.route-table", Place: at, ID: id}, ARN: arn(at, "ec2", "route-table/"+id)}
		setEC2Tags(&r, t.Tags)
		fact.VPC.Set(&r, aws.ToString(t.VpcId))
		holds(&r, "ec2.vpc", aws.ToString(t.VpcId))
		main := slices.ContainsFunc(t.Associations, func(a types.RouteTableAssociation) bool { return aws.ToBool(a.Main) })
		// The main table goes with its network, and not before.
		if setDefault(&r, main); main {
			partOf(&r, "ec2.vpc", aws.ToString(t.VpcId))
		}
		return r
	},
}

// deleteRouteTable takes it from its subnets first: they fall back to the main
// table of the VPC.
func deleteRouteTable(ctx context.Context, api routeTableWriter, j kind.Job) error {
	t, err := routeTables.one(ctx, api, j.ID)
	if err != nil {
		return err
	}
	for _, a := range t.Associations {
		if aws.ToBool(a.Main) {
			continue
		}
		_, err := api.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: a.RouteTableAssociationId})
		if err != nil && !errors.Is(gone(err), kind.ErrGone) {
			return err
		}
	}
	_, err = api.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &j.ID})
	return err
}
