package kinds

import (
	"context"
	"iter"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type vpcPeeringReader interface {
	DescribeVpcPeeringConnections(context.Context, *ec2.DescribeVpcPeeringConnectionsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcPeeringConnectionsOutput, error)
}

type vpcPeeringWriter interface {
	DeleteVpcPeeringConnection(context.Context, *ec2.DeleteVpcPeeringConnectionInput, ...func(*ec2.Options)) (*ec2.DeleteVpcPeeringConnectionOutput, error)
}

var vpcPeering = kind.Of(vpcPeeringSpec)

var vpcPeeringSpec = kind.Spec[vpcPeeringReader, vpcPeeringWriter]{
	Name:   "ec2.vpc-peering",
	Reader: func(c aws.Config) vpcPeeringReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) vpcPeeringWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeVpcPeeringConnections"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	List:   vpcPeerings.list,
	Holds:  holding,
	Keep:   vpcPeerings.keep,
	Verbs: []kind.Verb[vpcPeeringReader, vpcPeeringWriter]{
		remove(kind.Verb[vpcPeeringReader, vpcPeeringWriter]{
			Name: "delete", Needs: []string{"ec2:DeleteVpcPeeringConnection"},
		}, vpcPeerings.look, func(ctx context.Context, api vpcPeeringWriter, j kind.Job) error {
			_, err := api.DeleteVpcPeeringConnection(ctx, &ec2.DeleteVpcPeeringConnectionInput{VpcPeeringConnectionId: &j.ID})
			return err
		}),
	},
}

var vpcPeerings = shown[vpcPeeringReader, types.VpcPeeringConnection]{
	what: "VPC peering connections", file: "vpc-peering.json",
	ask: func(ctx context.Context, api vpcPeeringReader, ids []string) iter.Seq2[[]types.VpcPeeringConnection, error] {
		return asked(ctx, ec2.NewDescribeVpcPeeringConnectionsPaginator(api, &ec2.DescribeVpcPeeringConnectionsInput{VpcPeeringConnectionIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeVpcPeeringConnectionsOutput) []types.VpcPeeringConnection {
				return o.VpcPeeringConnections
			})
	},
	over: func(t types.VpcPeeringConnection) bool {
		return t.Status != nil && slices.Contains([]types.VpcPeeringConnectionStateReasonCode{
			types.VpcPeeringConnectionStateReasonCodeDeleted, types.VpcPeeringConnectionStateReasonCodeRejected,
			types.VpcPeeringConnectionStateReasonCodeFailed, types.VpcPeeringConnectionStateReasonCodeExpired,
		}, t.Status.Code)
	},
	of: func(at fact.Place, t types.VpcPeeringConnection) fact.Resource {
		id := aws.ToString(t.VpcPeeringConnectionId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.vpc-peering", Place: at, ID: id}, ARN: arn(at, "ec2", "vpc-peering-connection/"+id)}
		setEC2Tags(&r, t.Tags)
		if t.Status != nil {
			fact.Status.Set(&r, string(t.Status.Code))
		}
		others := []string{}
		for _, end := range []*types.VpcPeeringConnectionVpcInfo{t.RequesterVpcInfo, t.AccepterVpcInfo} {
			if end == nil {
				continue
			}
			if owner := aws.ToString(end.OwnerId); owner != "" && owner != at.Account {
				others = append(others, owner)
				continue
			}
			fact.VPC.Set(&r, aws.ToString(end.VpcId))
			if region := aws.ToString(end.Region); region == "" || region == at.Region {
				holds(&r, "ec2.vpc", aws.ToString(end.VpcId))
			}
		}
		fact.SharedWith.Set(&r, others)
		return r
	},
}
