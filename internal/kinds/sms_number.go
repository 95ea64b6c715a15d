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

type numberReader interface {
	DescribePhoneNumbers(context.Context, *sms.DescribePhoneNumbersInput, ...func(*sms.Options)) (*sms.DescribePhoneNumbersOutput, error)
}

type numberWriter interface {
	UpdatePhoneNumber(context.Context, *sms.UpdatePhoneNumberInput, ...func(*sms.Options)) (*sms.UpdatePhoneNumberOutput, error)
	ReleasePhoneNumber(context.Context, *sms.ReleasePhoneNumberInput, ...func(*sms.Options)) (*sms.ReleasePhoneNumberOutput, error)
}

var smsNumber = kind.Of(numberSpec)

// A number is leased by the month, and text messages come from it.
var numberSpec = kind.Spec[numberReader, numberWriter]{
	Name:   "sms.number",
	Reader: func(c aws.Config) numberReader { return sms.NewFromConfig(c) },
	Writer: func(c aws.Config) numberWriter { return sms.NewFromConfig(c) },
	Needs:  []string{"pinpointsmsvoicev2:DescribePhoneNumbers=sms-voice:DescribePhoneNumbers"},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"B11"},
	List: func(ctx context.Context, api numberReader, at fact.Place, put func(fact.Resource)) error {
		all, err := smsNumbers(ctx, api, at)
		if err != nil {
			return err
		}
		for _, n := range all {
			put(numberOf(at, n))
		}
		return nil
	},
	Keep: kept("phone-number.json", findNumber),
	Verbs: []kind.Verb[numberReader, numberWriter]{
		flip(kind.Verb[numberReader, numberWriter]{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: "deletion",
			Needs: []string{"pinpointsmsvoicev2:UpdatePhoneNumber=sms-voice:UpdatePhoneNumber"},
		}, false, func(ctx context.Context, api numberReader, r fact.Resource) (bool, error) {
			n, err := findNumber(ctx, api, r)
			return n.DeletionProtectionEnabled, err
		}, func(ctx context.Context, api numberWriter, j kind.Job, on bool) error {
			_, err := api.UpdatePhoneNumber(ctx, &sms.UpdatePhoneNumberInput{PhoneNumberId: &j.ID, DeletionProtectionEnabled: &on})
			return err
		}),
		// Somebody else may lease it next.
		remove(kind.Verb[numberReader, numberWriter]{
			Name: "release-number", Needs: []string{"pinpointsmsvoicev2:ReleasePhoneNumber=sms-voice:ReleasePhoneNumber"},
		}, func(ctx context.Context, api numberReader, r fact.Resource) (any, error) {
			n, err := findNumber(ctx, api, r)
			return uniquely(n.PhoneNumberArn, n.CreatedTimestamp), err
		}, func(ctx context.Context, api numberWriter, j kind.Job) error {
			_, err := api.ReleasePhoneNumber(ctx, &sms.ReleasePhoneNumberInput{PhoneNumberId: &j.ID})
			return err
		}),
	},
}

// smsNumbers lists the numbers that are leased, once for numbers and pools. AWS
// tells for a while of those that were released.
func smsNumbers(ctx context.Context, api numberReader, at fact.Place) ([]types.PhoneNumberInformation, error) {
	type numbersIn struct{ fact.Place }
	return kind.Shared(ctx, numbersIn{at}, func() (all []types.PhoneNumberInformation, err error) {
		for page, err := range pages(ctx, sms.NewDescribePhoneNumbersPaginator(api, &sms.DescribePhoneNumbersInput{MaxResults: aws.Int32(100)})) {
			if err != nil {
				return nil, fmt.Errorf("cannot list phone numbers: %w", err)
			}
			for _, n := range page.PhoneNumbers {
				if n.Status != types.NumberStatusDeleted {
					all = append(all, n)
				}
			}
		}
		return all, nil
	})
}

func numberOf(at fact.Place, n types.PhoneNumberInformation) fact.Resource {
	r := named("sms.number", at, n.PhoneNumberId, n.PhoneNumberArn, n.CreatedTimestamp)
	fact.Name.Set(&r, aws.ToString(n.PhoneNumber))
	fact.Status.Set(&r, string(n.Status))
	fact.Detail.Set(&r, aws.ToString(n.IsoCountryCode)+" "+string(n.NumberType))
	fact.AttachedTo.Set(&r, aws.ToString(n.PoolId))
	fact.Protections.Set(&r, smsProtection(n.DeletionProtectionEnabled))
	return r
}

func smsProtection(on bool) []string {
	if on {
		return []string{"deletion"}
	}
	return []string{}
}

// findNumber takes a number that was released for gone.
func findNumber(ctx context.Context, api numberReader, r fact.Resource) (types.PhoneNumberInformation, error) {
	out, err := api.DescribePhoneNumbers(ctx, &sms.DescribePhoneNumbersInput{PhoneNumberIds: []string{r.ID}})
	var all []types.PhoneNumberInformation
	if err == nil {
		all = out.PhoneNumbers
	}
	n, err := only(all, err)
	if err == nil && n.Status == types.NumberStatusDeleted {
		return types.PhoneNumberInformation{}, kind.ErrGone
	}
	return n, err
}
