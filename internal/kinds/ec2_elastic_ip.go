package kinds

import (
	"cmp"
	"context"
	"errors"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type elasticIPReader interface {
	DescribeAddresses(context.Context, *ec2.DescribeAddressesInput, ...func(*ec2.Options)) (*ec2.DescribeAddressesOutput, error)
}

type elasticIPWriter interface {
	elasticIPReader
	DisassociateAddress(context.Context, *ec2.DisassociateAddressInput, ...func(*ec2.Options)) (*ec2.DisassociateAddressOutput, error)
	ReleaseAddress(context.Context, *ec2.ReleaseAddressInput, ...func(*ec2.Options)) (*ec2.ReleaseAddressOutput, error)
}

var elasticIP = kind.Of(elasticIPSpec)

var elasticIPSpec = kind.Spec[elasticIPReader, elasticIPWriter]{
	Name:   "ec2.elastic-ip",
	Reader: func(c aws.Config) elasticIPReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) elasticIPWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeAddresses"},
	Cost:   kind.Cost{Fixed: 1}, // AWS gives all in one answer
	Covers: []string{"B1"},
	List:   elasticIPs.list,
	Keep:   elasticIPs.keep,
	Verbs: []kind.Verb[elasticIPReader, elasticIPWriter]{
		// Somebody else may be given the address at once.
		remove(kind.Verb[elasticIPReader, elasticIPWriter]{
			Name: "release-address", Needs: []string{"ec2:DisassociateAddress", "ec2:ReleaseAddress"},
		}, elasticIPs.look, releaseAddress),
	},
}

var elasticIPs = shown[elasticIPReader, types.Address]{
	what: "Elastic IP addresses", file: "elastic-ip.json",
	ask: func(ctx context.Context, api elasticIPReader, ids []string) iter.Seq2[[]types.Address, error] {
		out, err := api.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{AllocationIds: ids})
		return answered(out, err, func(o *ec2.DescribeAddressesOutput) []types.Address { return o.Addresses })
	},
	of: func(at fact.Place, t types.Address) fact.Resource {
		id := aws.ToString(t.AllocationId)
		r := fact.Resource{Ref: fact.Ref{Kind: "ec2.elastic-ip", Place: at, ID: id}, ARN: arn(at, "ec2", "elastic-ip/"+id)}
		setEC2Tags(&r, t.Tags)
		fact.Detail.Set(&r, aws.ToString(t.PublicIp))
		fact.AttachedTo.Set(&r, cmp.Or(aws.ToString(t.InstanceId), aws.ToString(t.NetworkInterfaceId)))
		return r
	},
}

// releaseAddress takes it from what has it first. AWS does not take one from a
// NAT gateway, nor what a service manages.
func releaseAddress(ctx context.Context, api elasticIPWriter, j kind.Job) error {
	a, err := elasticIPs.one(ctx, api, j.ID)
	if err != nil {
		return err
	}
	if a.AssociationId != nil {
		_, err := api.DisassociateAddress(ctx, &ec2.DisassociateAddressInput{AssociationId: a.AssociationId})
		if err != nil && !errors.Is(gone(err), kind.ErrGone) {
			return err
		}
	}
	_, err = api.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &j.ID})
	return err
}
