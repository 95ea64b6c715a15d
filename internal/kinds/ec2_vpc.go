package kinds

import (
	"context"
	"errors"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type vpcReader interface {
	DescribeVpcs(context.Context, *ec2.DescribeVpcsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error)
}

type vpcWriter interface {
	securityGroupLister
	DeleteSecurityGroup(context.Context, *ec2.DeleteSecurityGroupInput, ...func(*ec2.Options)) (*ec2.DeleteSecurityGroupOutput, error)
	DeleteVpc(context.Context, *ec2.DeleteVpcInput, ...func(*ec2.Options)) (*ec2.DeleteVpcOutput, error)
}

var vpc = kind.Of(vpcSpec)

// Its default security group, its main route table and its default network ACL
// go with it. A default VPC can be made again by anybody who may: that it is one
// is no reason to keep what an intruder made.
var vpcSpec = kind.Spec[vpcReader, vpcWriter]{
	Name:   "ec2.vpc",
	Reader: func(c aws.Config) vpcReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) vpcWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeVpcs"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"B1"},
	Owns:   true,
	List:   vpcs.list,
	Keep:   vpcs.keep,
	Verbs: []kind.Verb[vpcReader, vpcWriter]{
		remove(kind.Verb[vpcReader, vpcWriter]{
			Name: "delete", Needs: []string{"ec2:DeleteVpc", "ec2:DescribeSecurityGroups", "ec2:DeleteSecurityGroup"},
		}, vpcs.look, func(ctx context.Context, api vpcWriter, j kind.Job) error {
			// What the case itself put there to isolate machines goes with it.
			ours, err := isolationGroups(ctx, api, j, j.ID)
			if err != nil {
				return err
			}
			for _, g := range ours {
				_, err := api.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: g.GroupId})
				if err = gone(err); err != nil && !errors.Is(err, kind.ErrGone) {
					return err
				}
			}
			_, err = api.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &j.ID})
			return err
		}),
	},
}

var vpcs = shown[vpcReader, types.Vpc]{
	what: "VPCs", file: "vpc.json",
	ask: func(ctx context.Context, api vpcReader, ids []string) iter.Seq2[[]types.Vpc, error] {
		return asked(ctx, ec2.NewDescribeVpcsPaginator(api, &ec2.DescribeVpcsInput{VpcIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeVpcsOutput) []types.Vpc { return o.Vpcs })
	},
	of: func(at fact.Place, t types.Vpc) fact.Resource {
		id := aws.ToString(t.VpcId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.vpc", Place: at, ID: id}, ARN: arn(at, "ec2", "vpc/"+id)}
		setEC2Tags(&r, t.Tags)
		fact.Status.Set(&r, string(t.State))
		setDefault(&r, aws.ToBool(t.IsDefault))
		return r
	},
}
