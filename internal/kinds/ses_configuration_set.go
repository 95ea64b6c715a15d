package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type mailSetReader interface {
	ListConfigurationSets(context.Context, *sesv2.ListConfigurationSetsInput, ...func(*sesv2.Options)) (*sesv2.ListConfigurationSetsOutput, error)
	GetConfigurationSet(context.Context, *sesv2.GetConfigurationSetInput, ...func(*sesv2.Options)) (*sesv2.GetConfigurationSetOutput, error)
	GetConfigurationSetEventDestinations(context.Context, *sesv2.GetConfigurationSetEventDestinationsInput, ...func(*sesv2.Options)) (*sesv2.GetConfigurationSetEventDestinationsOutput, error)
}

type mailSetWriter interface {
	DeleteConfigurationSet(context.Context, *sesv2.DeleteConfigurationSetInput, ...func(*sesv2.Options)) (*sesv2.DeleteConfigurationSetOutput, error)
}

var configurationSet = kind.Of(mailSetSpec)

// A configuration set says what is noted of the mail sent with it, and where.
var mailSetSpec = kind.Spec[mailSetReader, mailSetWriter]{
	Name:   "ses.configuration-set",
	Reader: func(c aws.Config) mailSetReader { return sesv2.NewFromConfig(c) },
	Writer: func(c aws.Config) mailSetWriter { return sesv2.NewFromConfig(c) },
	Needs:  []string{"sesv2:ListConfigurationSets", "sesv2:GetConfigurationSet", "sesv2:GetConfigurationSetEventDestinations"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"B9"},
	Named:  true,
	List: func(ctx context.Context, api mailSetReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, sesv2.NewListConfigurationSetsPaginator(api, &sesv2.ListConfigurationSetsInput{PageSize: aws.Int32(1000)})) {
			if err != nil {
				return fmt.Errorf("cannot list configuration sets: %w", err)
			}
			for _, name := range page.ConfigurationSets {
				r := named("ses.configuration-set", at, &name, nil, nil)
				r.ARN = arn(at, "ses", "configuration-set/"+name)
				put(r)
			}
		}
		return nil
	},
	Keep: func(ctx context.Context, api mailSetReader, r fact.Resource, put func(string, []byte) error) error {
		s, err := findMailSet(ctx, api, r)
		if err != nil {
			return err
		}
		if err := putJSON(put, "configuration-set.json", s); err != nil {
			return err
		}
		to, err := api.GetConfigurationSetEventDestinations(ctx, &sesv2.GetConfigurationSetEventDestinationsInput{ConfigurationSetName: &r.ID})
		if err != nil {
			return gone(err)
		}
		return putJSON(put, "event-destinations.json", to)
	},
	Verbs: []kind.Verb[mailSetReader, mailSetWriter]{
		remove(kind.Verb[mailSetReader, mailSetWriter]{
			Name: "delete", Needs: []string{"sesv2:DeleteConfigurationSet"},
		}, func(ctx context.Context, api mailSetReader, r fact.Resource) (any, error) {
			_, err := findMailSet(ctx, api, r)
			return unique{ID: r.ID}, err
		}, func(ctx context.Context, api mailSetWriter, j kind.Job) error {
			_, err := api.DeleteConfigurationSet(ctx, &sesv2.DeleteConfigurationSetInput{ConfigurationSetName: &j.ID})
			return err
		}),
	},
}

func findMailSet(ctx context.Context, api mailSetReader, r fact.Resource) (*sesv2.GetConfigurationSetOutput, error) {
	out, err := api.GetConfigurationSet(ctx, &sesv2.GetConfigurationSetInput{ConfigurationSetName: &r.ID})
	return out, gone(err)
}
