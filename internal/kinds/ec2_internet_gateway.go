package kinds

import (
	"context"
	"errors"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type internetGatewayReader interface {
	DescribeInternetGateways(context.Context, *ec2.DescribeInternetGatewaysInput, ...func(*ec2.Options)) (*ec2.DescribeInternetGatewaysOutput, error)
}

type internetGatewayWriter interface {
	internetGatewayReader
	DetachInternetGateway(context.Context, *ec2.DetachInternetGatewayInput, ...func(*ec2.Options)) (*ec2.DetachInternetGatewayOutput, error)
	DeleteInternetGateway(context.Context, *ec2.DeleteInternetGatewayInput, ...func(*ec2.Options)) (*ec2.DeleteInternetGatewayOutput, error)
}

var internetGateway = kind.Of(internetGatewaySpec)

var internetGatewaySpec = kind.Spec[internetGatewayReader, internetGatewayWriter]{
	Name:   "ec2.internet-gateway",
	Reader: func(c aws.Config) internetGatewayReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) internetGatewayWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeInternetGateways"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"B1"},
	List:   internetGateways.list,
	Holds:  holding,
	Keep:   internetGateways.keep,
	Verbs: []kind.Verb[internetGatewayReader, internetGatewayWriter]{
		remove(kind.Verb[internetGatewayReader, internetGatewayWriter]{
			Name: "delete", Needs: []string{"ec2:DetachInternetGateway", "ec2:DeleteInternetGateway"},
		}, internetGateways.look, deleteInternetGateway),
	},
}

var internetGateways = shown[internetGatewayReader, types.InternetGateway]{
	what: "internet gateways", file: "internet-gateway.json",
	ask: func(ctx context.Context, api internetGatewayReader, ids []string) iter.Seq2[[]types.InternetGateway, error] {
		return asked(ctx, ec2.NewDescribeInternetGatewaysPaginator(api, &ec2.DescribeInternetGatewaysInput{InternetGatewayIds: ids, MaxResults: most(ids, 1000)}),
			func(o *ec2.DescribeInternetGatewaysOutput) []types.InternetGateway { return o.InternetGateways })
	},
	of: func(at fact.Place, t types.InternetGateway) fact.Resource {
		id := aws.ToString(t.InternetGatewayId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.internet-gateway", Place: at, ID: id}, ARN: arn(at, "ec2", "internet-gateway/"+id)}
		setEC2Tags(&r, t.Tags)
		attached := ""
		for _, a := range t.Attachments {
			attached = aws.ToString(a.VpcId) // AWS allows one
		}
		fact.AttachedTo.Set(&r, attached)
		fact.VPC.Set(&r, attached)
		holds(&r, "ec2.vpc", attached)
		return r
	},
}

// deleteInternetGateway detaches it first, which AWS refuses while something in
// the VPC has a public address.
func deleteInternetGateway(ctx context.Context, api internetGatewayWriter, j kind.Job) error {
	g, err := internetGateways.one(ctx, api, j.ID)
	if err != nil {
		return err
	}
	for _, a := range g.Attachments {
		_, err := api.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: &j.ID, VpcId: a.VpcId})
		if err != nil && awsapi.Code(err) != "Gateway.NotAttached" && !errors.Is(gone(err), kind.ErrGone) {
			return err
		}
	}
	_, err = api.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: &j.ID})
	return err
}
