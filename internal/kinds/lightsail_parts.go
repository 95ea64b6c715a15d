package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lightsail"
	"github.com/aws/aws-sdk-go-v2/service/lightsail/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type lightsailKeyReader interface {
	GetKeyPairs(context.Context, *lightsail.GetKeyPairsInput, ...func(*lightsail.Options)) (*lightsail.GetKeyPairsOutput, error)
	GetKeyPair(context.Context, *lightsail.GetKeyPairInput, ...func(*lightsail.Options)) (*lightsail.GetKeyPairOutput, error)
}

type lightsailKeyWriter interface {
	DeleteKeyPair(context.Context, *lightsail.DeleteKeyPairInput, ...func(*lightsail.Options)) (*lightsail.DeleteKeyPairOutput, error)
}

var lightsailKey = kind.Of(lightsailKeySpec)

// AWS has the public half alone: who has the other half keeps it, and machines
// that know the key go on taking it.
var lightsailKeySpec = kind.Spec[lightsailKeyReader, lightsailKeyWriter]{
	Name:   "lightsail.key-pair",
	Reader: func(c aws.Config) lightsailKeyReader { return lightsail.NewFromConfig(c) },
	Writer: func(c aws.Config) lightsailKeyWriter { return lightsail.NewFromConfig(c) },
	Needs:  []string{"lightsail:GetKeyPairs", "lightsail:GetKeyPair"},
	Cost:   kind.Cost{Fixed: 1, Page: 20},
	Covers: []string{"B5"},
	Named:  true,
	List: func(ctx context.Context, api lightsailKeyReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range tokens(ctx, func(ctx context.Context, token *string) ([]types.KeyPair, *string, error) {
			out, err := api.GetKeyPairs(ctx, &lightsail.GetKeyPairsInput{PageToken: token})
			if err != nil {
				return nil, nil, err
			}
			return out.KeyPairs, out.NextPageToken, nil
		}) {
			if err != nil {
				return fmt.Errorf("cannot list Lightsail key pairs: %w", err)
			}
			for _, k := range page {
				r := named("lightsail.key-pair", at, k.Name, k.Arn, k.CreatedAt)
				fact.Detail.Set(&r, aws.ToString(k.Fingerprint))
				lightsailTags(&r, k.Tags)
				put(r)
			}
		}
		return nil
	},
	Keep: kept("key-pair.json", findLightsailKey),
	Verbs: []kind.Verb[lightsailKeyReader, lightsailKeyWriter]{
		remove(kind.Verb[lightsailKeyReader, lightsailKeyWriter]{
			Name: "delete", Needs: []string{"lightsail:DeleteKeyPair"},
		}, func(ctx context.Context, api lightsailKeyReader, r fact.Resource) (any, error) {
			k, err := findLightsailKey(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return uniquely(k.Arn, k.CreatedAt), nil
		}, func(ctx context.Context, api lightsailKeyWriter, j kind.Job) error {
			_, err := api.DeleteKeyPair(ctx, &lightsail.DeleteKeyPairInput{KeyPairName: &j.ID})
			return err
		}),
	},
}

func findLightsailKey(ctx context.Context, api lightsailKeyReader, r fact.Resource) (*types.KeyPair, error) {
	out, err := api.GetKeyPair(ctx, &lightsail.GetKeyPairInput{KeyPairName: &r.ID})
	if err != nil {
		return nil, gone(err)
	}
	return out.KeyPair, nil
}

type staticIPReader interface {
	GetStaticIps(context.Context, *lightsail.GetStaticIpsInput, ...func(*lightsail.Options)) (*lightsail.GetStaticIpsOutput, error)
	GetStaticIp(context.Context, *lightsail.GetStaticIpInput, ...func(*lightsail.Options)) (*lightsail.GetStaticIpOutput, error)
}

type staticIPWriter interface {
	ReleaseStaticIp(context.Context, *lightsail.ReleaseStaticIpInput, ...func(*lightsail.Options)) (*lightsail.ReleaseStaticIpOutput, error)
}

var staticIP = kind.Of(staticIPSpec)

var staticIPSpec = kind.Spec[staticIPReader, staticIPWriter]{
	Name:   "lightsail.static-ip",
	Reader: func(c aws.Config) staticIPReader { return lightsail.NewFromConfig(c) },
	Writer: func(c aws.Config) staticIPWriter { return lightsail.NewFromConfig(c) },
	Needs:  []string{"lightsail:GetStaticIps", "lightsail:GetStaticIp"},
	Cost:   kind.Cost{Fixed: 1, Page: 20},
	Covers: []string{"B5"},
	Named:  true,
	List: func(ctx context.Context, api staticIPReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range tokens(ctx, func(ctx context.Context, token *string) ([]types.StaticIp, *string, error) {
			out, err := api.GetStaticIps(ctx, &lightsail.GetStaticIpsInput{PageToken: token})
			if err != nil {
				return nil, nil, err
			}
			return out.StaticIps, out.NextPageToken, nil
		}) {
			if err != nil {
				return fmt.Errorf("cannot list Lightsail static addresses: %w", err)
			}
			for _, s := range page {
				r := named("lightsail.static-ip", at, s.Name, s.Arn, s.CreatedAt)
				fact.Detail.Set(&r, aws.ToString(s.IpAddress))
				fact.AttachedTo.Set(&r, aws.ToString(s.AttachedTo))
				put(r)
			}
		}
		return nil
	},
	Keep: kept("static-ip.json", findStaticIP),
	Verbs: []kind.Verb[staticIPReader, staticIPWriter]{
		// Nobody gets the same address again.
		remove(kind.Verb[staticIPReader, staticIPWriter]{
			Name: "delete", Needs: []string{"lightsail:ReleaseStaticIp"},
		}, func(ctx context.Context, api staticIPReader, r fact.Resource) (any, error) {
			s, err := findStaticIP(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return uniquely(s.Arn, s.CreatedAt), nil
		}, func(ctx context.Context, api staticIPWriter, j kind.Job) error {
			_, err := api.ReleaseStaticIp(ctx, &lightsail.ReleaseStaticIpInput{StaticIpName: &j.ID})
			return err
		}),
	},
}

func findStaticIP(ctx context.Context, api staticIPReader, r fact.Resource) (*types.StaticIp, error) {
	out, err := api.GetStaticIp(ctx, &lightsail.GetStaticIpInput{StaticIpName: &r.ID})
	if err != nil {
		return nil, gone(err)
	}
	return out.StaticIp, nil
}
