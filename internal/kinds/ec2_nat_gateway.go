package kinds

import (
	"context"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type natGatewayReader interface {
	DescribeNatGateways(context.Context, *ec2.DescribeNatGatewaysInput, ...func(*ec2.Options)) (*ec2.DescribeNatGatewaysOutput, error)
}

type natGatewayWriter interface {
	DeleteNatGateway(context.Context, *ec2.DeleteNatGatewayInput, ...func(*ec2.Options)) (*ec2.DeleteNatGatewayOutput, error)
}

var natGateway = kind.Of(natGatewaySpec)

var natGatewaySpec = kind.Spec[natGatewayReader, natGatewayWriter]{
	Name:   "ec2.nat-gateway",
	Reader: func(c aws.Config) natGatewayReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) natGatewayWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeNatGateways"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"B1"},
	Owns:   true, // the interfaces that AWS made for it
	List:   natGateways.list,
	Holds:  holding,
	Keep:   natGateways.keep,
	Verbs: []kind.Verb[natGatewayReader, natGatewayWriter]{
		remove(kind.Verb[natGatewayReader, natGatewayWriter]{
			Name: "delete", Needs: []string{"ec2:DeleteNatGateway"}, Takes: 15 * time.Minute,
		}, natGateways.look, func(ctx context.Context, api natGatewayWriter, j kind.Job) error {
			_, err := api.DeleteNatGateway(ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: &j.ID})
			return err
		}),
	},
}

var natGateways = shown[natGatewayReader, types.NatGateway]{
	what: "NAT gateways", file: "nat-gateway.json",
	ask: func(ctx context.Context, api natGatewayReader, ids []string) iter.Seq2[[]types.NatGateway, error] {
		return asked(ctx, ec2.NewDescribeNatGatewaysPaginator(api, &ec2.DescribeNatGatewaysInput{NatGatewayIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeNatGatewaysOutput) []types.NatGateway { return o.NatGateways })
	},
	over: func(t types.NatGateway) bool { return t.State == types.NatGatewayStateDeleted },
	of: func(at fact.Place, t types.NatGateway) fact.Resource {
		id := aws.ToString(t.NatGatewayId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.nat-gateway", Place: at, ID: id}, ARN: arn(at, "ec2", "natgateway/"+id), Created: aws.ToTime(t.CreateTime)}
		setEC2Tags(&r, t.Tags)
		fact.Status.Set(&r, string(t.State))
		fact.VPC.Set(&r, aws.ToString(t.VpcId))
		holds(&r, "ec2.subnet", aws.ToString(t.SubnetId))
		holds(&r, "ec2.vpc", aws.ToString(t.VpcId))
		for _, a := range t.NatGatewayAddresses {
			holds(&r, "ec2.elastic-ip", aws.ToString(a.AllocationId))
			holds(&r, "ec2.network-interface", aws.ToString(a.NetworkInterfaceId))
		}
		return r
	},
}
