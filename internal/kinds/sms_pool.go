package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	sms "github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2"
	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type smsPoolReader interface {
	DescribePools(context.Context, *sms.DescribePoolsInput, ...func(*sms.Options)) (*sms.DescribePoolsOutput, error)
	numberReader
}

type smsPoolWriter interface {
	UpdatePool(context.Context, *sms.UpdatePoolInput, ...func(*sms.Options)) (*sms.UpdatePoolOutput, error)
	DeletePool(context.Context, *sms.DeletePoolInput, ...func(*sms.Options)) (*sms.DeletePoolOutput, error)
}

var smsPool = kind.Of(poolSpec)

// To delete a pool lets its numbers go free; they stay leased, and AWS refuses
// to release one that is in a pool.
var poolSpec = kind.Spec[smsPoolReader, smsPoolWriter]{
	Name:   "sms.phone-pool",
	Reader: func(c aws.Config) smsPoolReader { return sms.NewFromConfig(c) },
	Writer: func(c aws.Config) smsPoolWriter { return sms.NewFromConfig(c) },
	Needs: []string{
		"pinpointsmsvoicev2:DescribePools=sms-voice:DescribePools",
		"pinpointsmsvoicev2:DescribePhoneNumbers=sms-voice:DescribePhoneNumbers",
	},
	Cost:   kind.Cost{Fixed: 4, Page: 100}, // with the numbers: an account may lease 300 more
	Covers: []string{"B11"},
	List: func(ctx context.Context, api smsPoolReader, at fact.Place, put func(fact.Resource)) error {
		numbers, err := smsNumbers(ctx, api, at)
		if err != nil {
			return err
		}
		for page, err := range pages(ctx, sms.NewDescribePoolsPaginator(api, &sms.DescribePoolsInput{MaxResults: aws.Int32(100)})) {
			if err != nil {
				return fmt.Errorf("cannot list phone pools: %w", err)
			}
			for _, p := range page.Pools {
				r := named("sms.phone-pool", at, p.PoolId, p.PoolArn, p.CreatedTimestamp)
				fact.Status.Set(&r, string(p.Status))
				fact.Protections.Set(&r, smsProtection(p.DeletionProtectionEnabled))
				for _, n := range numbers {
					if aws.ToString(n.PoolId) == r.ID {
						using(&r, "sms.number", aws.ToString(n.PhoneNumberId))
					}
				}
				put(r)
			}
		}
		return nil
	},
	Holds: uses,
	Keep:  kept("pool.json", findPool),
	Verbs: []kind.Verb[smsPoolReader, smsPoolWriter]{
		flip(kind.Verb[smsPoolReader, smsPoolWriter]{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: "deletion",
			Needs: []string{"pinpointsmsvoicev2:UpdatePool=sms-voice:UpdatePool"},
		}, false, func(ctx context.Context, api smsPoolReader, r fact.Resource) (bool, error) {
			p, err := findPool(ctx, api, r)
			return p.DeletionProtectionEnabled, err
		}, func(ctx context.Context, api smsPoolWriter, j kind.Job, on bool) error {
			_, err := api.UpdatePool(ctx, &sms.UpdatePoolInput{PoolId: &j.ID, DeletionProtectionEnabled: &on})
			return err
		}),
		remove(kind.Verb[smsPoolReader, smsPoolWriter]{
			Name: "delete", Needs: []string{"pinpointsmsvoicev2:DeletePool=sms-voice:DeletePool"},
		}, func(ctx context.Context, api smsPoolReader, r fact.Resource) (any, error) {
			p, err := findPool(ctx, api, r)
			return uniquely(p.PoolArn, p.CreatedTimestamp), err
		}, func(ctx context.Context, api smsPoolWriter, j kind.Job) error {
			_, err := api.DeletePool(ctx, &sms.DeletePoolInput{PoolId: &j.ID})
			return err
		}),
	},
}

func findPool(ctx context.Context, api smsPoolReader, r fact.Resource) (types.PoolInformation, error) {
	out, err := api.DescribePools(ctx, &sms.DescribePoolsInput{PoolIds: []string{r.ID}})
	var all []types.PoolInformation
	if err == nil {
		all = out.Pools
	}
	return only(all, err)
}
