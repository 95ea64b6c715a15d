package kinds

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type vpcEndpointReader interface {
	DescribeVpcEndpoints(context.Context, *ec2.DescribeVpcEndpointsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcEndpointsOutput, error)
}

type vpcEndpointWriter interface {
	DeleteVpcEndpoints(context.Context, *ec2.DeleteVpcEndpointsInput, ...func(*ec2.Options)) (*ec2.DeleteVpcEndpointsOutput, error)
}

var vpcEndpoint = kind.Of(vpcEndpointSpec)

var vpcEndpointSpec = kind.Spec[vpcEndpointReader, vpcEndpointWriter]{
	Name:   "ec2.vpc-endpoint",
	Reader: func(c aws.Config) vpcEndpointReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) vpcEndpointWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeVpcEndpoints"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Owns:   true, // the interfaces that AWS made for it
	List:   vpcEndpoints.list,
	Holds:  holding,
	Keep:   vpcEndpoints.keep,
	Verbs: []kind.Verb[vpcEndpointReader, vpcEndpointWriter]{
		remove(kind.Verb[vpcEndpointReader, vpcEndpointWriter]{
			Name: "delete", Needs: []string{"ec2:DeleteVpcEndpoints"}, Takes: 10 * time.Minute,
		}, vpcEndpoints.look, func(ctx context.Context, api vpcEndpointWriter, j kind.Job) error {
			out, err := api.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{j.ID}})
			if err != nil {
				return err
			}
			return unsuccessful(out.Unsuccessful)
		}),
	},
}

var vpcEndpoints = shown[vpcEndpointReader, types.VpcEndpoint]{
	what: "VPC endpoints", file: "vpc-endpoint.json",
	ask: func(ctx context.Context, api vpcEndpointReader, ids []string) iter.Seq2[[]types.VpcEndpoint, error] {
		return asked(ctx, ec2.NewDescribeVpcEndpointsPaginator(api, &ec2.DescribeVpcEndpointsInput{VpcEndpointIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeVpcEndpointsOutput) []types.VpcEndpoint { return o.VpcEndpoints })
	},
	over: func(t types.VpcEndpoint) bool { return strings.EqualFold(string(t.State), string(types.StateDeleted)) },
	of: func(at fact.Place, t types.VpcEndpoint) fact.Resource {
		id := aws.ToString(t.VpcEndpointId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.vpc-endpoint", Place: at, ID: id}, ARN: arn(at, "ec2", "vpc-endpoint/"+id), Created: aws.ToTime(t.CreationTimestamp)}
		setEC2Tags(&r, t.Tags)
		fact.Status.Set(&r, string(t.State))
		fact.Detail.Set(&r, aws.ToString(t.ServiceName))
		fact.VPC.Set(&r, aws.ToString(t.VpcId))
		holds(&r, "ec2.vpc", aws.ToString(t.VpcId))
		holds(&r, "ec2.subnet", t.SubnetIds...)
		holds(&r, "ec2.network-interface", t.NetworkInterfaceIds...)
		holds(&r, "ec2.route-table", t.RouteTableIds...)
		for _, g := range t.Groups {
			holds(&r, "ec2.security-group", aws.ToString(g.GroupId))
		}
		return r
	},
}
