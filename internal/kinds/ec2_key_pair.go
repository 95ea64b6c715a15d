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

type keyPairWriter interface {
	DeleteKeyPair(context.Context, *ec2.DeleteKeyPairInput, ...func(*ec2.Options)) (*ec2.DeleteKeyPairOutput, error)
}

var keyPair = kind.Of(keyPairSpec)

var keyPairSpec = kind.Spec[keyPairReader, keyPairWriter]{
	Name:   "ec2.key-pair",
	Reader: func(c aws.Config) keyPairReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) keyPairWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeKeyPairs"},
	Cost:   kind.Cost{Fixed: 1},
	Covers: []string{"A17", "B1"},
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
		k, err := findKeyPair(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "key-pair.json", k)
	},
	Verbs: []kind.Verb[keyPairReader, keyPairWriter]{
		// Who holds the private key stays in what was started with it: the
		// public one is on the disk there.
		remove(kind.Verb[keyPairReader, keyPairWriter]{
			Name: "delete", Needs: []string{"ec2:DeleteKeyPair"},
		}, func(ctx context.Context, api keyPairReader, r fact.Resource) (any, error) {
			k, err := findKeyPair(ctx, api, r.ID)
			return identity{ID: aws.ToString(k.KeyPairId), Created: aws.ToTime(k.CreateTime)}, err
		}, func(ctx context.Context, api keyPairWriter, j kind.Job) error {
			_, err := api.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyPairId: &j.ID})
			return err
		}),
	},
}

func findKeyPair(ctx context.Context, api keyPairReader, id string) (types.KeyPairInfo, error) {
	out, err := api.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{KeyPairIds: []string{id}, IncludePublicKey: aws.Bool(true)})
	var all []types.KeyPairInfo
	if err == nil {
		all = out.KeyPairs
	}
	return only(all, err)
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
