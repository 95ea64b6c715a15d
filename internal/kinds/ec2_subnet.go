package kinds

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type subnetReader interface {
	DescribeSubnets(context.Context, *ec2.DescribeSubnetsInput, ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error)
}

type subnetWriter interface {
	DeleteSubnet(context.Context, *ec2.DeleteSubnetInput, ...func(*ec2.Options)) (*ec2.DeleteSubnetOutput, error)
}

var subnet = kind.Of(subnetSpec)

var subnetSpec = kind.Spec[subnetReader, subnetWriter]{
	Name:   "ec2.subnet",
	Reader: func(c aws.Config) subnetReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) subnetWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeSubnets"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"B1"},
	List:   subnets.list,
	Holds:  holding,
	Keep:   subnets.keep,
	Verbs: []kind.Verb[subnetReader, subnetWriter]{
		remove(kind.Verb[subnetReader, subnetWriter]{
			Name: "delete", Needs: []string{"ec2:DeleteSubnet"},
		}, subnets.look, func(ctx context.Context, api subnetWriter, j kind.Job) error {
			_, err := api.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &j.ID})
			return err
		}),
	},
}

var subnets = shown[subnetReader, types.Subnet]{
	what: "subnets", file: "subnet.json",
	ask: func(ctx context.Context, api subnetReader, ids []string) iter.Seq2[[]types.Subnet, error] {
		return asked(ctx, ec2.NewDescribeSubnetsPaginator(api, &ec2.DescribeSubnetsInput{SubnetIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeSubnetsOutput) []types.Subnet { return o.Subnets })
	},
	of: func(at fact.Place, t types.Subnet) fact.Resource {
		id := aws.ToString(t.SubnetId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.subnet", Place: at, ID: id}, ARN: arn(at, "ec2", "subnet/"+id)}
		setEC2Tags(&r, t.Tags)
		fact.Status.Set(&r, string(t.State))
		fact.VPC.Set(&r, aws.ToString(t.VpcId))
		setDefault(&r, aws.ToBool(t.DefaultForAz))
		holds(&r, "ec2.vpc", aws.ToString(t.VpcId))
		return r
	},
}
