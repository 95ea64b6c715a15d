package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type keyPairReader interface {
	DescribeKeyPairs(context.Context, *ec2.DescribeKeyPairsInput, ...func(*ec2.Options)) (*ec2.DescribeKeyPairsOutput, error)
}

var keyPair = kind.Of(keyPairSpec)

var keyPairSpec = kind.Spec[keyPairReader, noWriter]{
	Name:   "ec2.key-pair",
	Reader: func(c aws.Config) keyPairReader { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeKeyPairs"},
	List: func(ctx context.Context, api keyPairReader, at fact.Place, put func(fact.Resource)) error {
		out, err := api.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{}) // AWS gives all in one answer
		if err != nil {
			return fmt.Errorf("cannot list key pairs: %w", err)
		}
		for _, k := range out.KeyPairs {
			put(keyPairOf(at, k))
		}
		return nil
	},
	Keep: func(ctx context.Context, api keyPairReader, r fact.Resource, put func(string, []byte) error) error {
		out, err := api.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{KeyPairIds: []string{r.ID}, IncludePublicKey: aws.Bool(true)})
		var all []types.KeyPairInfo
		if err == nil {
			all = out.KeyPairs
		}
		k, err := only(all, err)
		if err != nil {
			return err
		}
		return putJSON(put, "key-pair.json", k)
	},
}

func keyPairOf(at fact.Place, k types.KeyPairInfo) fact.Resource {
	name := aws.ToString(k.KeyName) // its ARN has the name, not the id
	r := fact.Resource{
		Ref: fact.Ref{Kind: "ec2.key-pair", Place: at, ID: aws.ToString(k.KeyPairId)}, ARN: arn(at, "ec2", "key-pair/"+name),
		Created: aws.ToTime(k.CreateTime),
	}
	setEC2Tags(&r, k.Tags)
	fact.Name.Set(&r, name)
	return r
}
