package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type ssmActivationReader interface {
	DescribeActivations(context.Context, *ssm.DescribeActivationsInput, ...func(*ssm.Options)) (*ssm.DescribeActivationsOutput, error)
}

type ssmActivationWriter interface {
	DeleteActivation(context.Context, *ssm.DeleteActivationInput, ...func(*ssm.Options)) (*ssm.DeleteActivationOutput, error)
}

var ssmActivation = kind.Of(ssmActivationSpec)

// ssmActivationSpec is about hybrid activations: with one, machines outside AWS
// register as managed instances and get the role's credentials. Machines that
// registered stay registered when it is deleted.
var ssmActivationSpec = kind.Spec[ssmActivationReader, ssmActivationWriter]{
	Name:   "ssm.activation",
	Reader: func(c aws.Config) ssmActivationReader { return ssm.NewFromConfig(c) },
	Writer: func(c aws.Config) ssmActivationWriter { return ssm.NewFromConfig(c) },
	Needs:  []string{"ssm:DescribeActivations"},
	Cost:   kind.Cost{Fixed: 1, Page: 50},
	Covers: []string{"A16"},
	List: func(ctx context.Context, api ssmActivationReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, ssm.NewDescribeActivationsPaginator(api, &ssm.DescribeActivationsInput{MaxResults: aws.Int32(50)})) {
			if err != nil {
				return fmt.Errorf("cannot list activations: %w", err)
			}
			for _, a := range page.ActivationList {
				put(ssmActivationOf(at, a))
			}
		}
		return nil
	},
	Keep: func(ctx context.Context, api ssmActivationReader, r fact.Resource, put func(string, []byte) error) error {
		a, err := findSSMActivation(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "activation.json", a)
	},
	Verbs: []kind.Verb[ssmActivationReader, ssmActivationWriter]{
		remove(kind.Verb[ssmActivationReader, ssmActivationWriter]{Name: "delete", Needs: []string{"ssm:DeleteActivation"}},
			func(ctx context.Context, api ssmActivationReader, r fact.Resource) (any, error) {
				a, err := findSSMActivation(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return onlyMade(r.ARN, a.CreatedDate), nil
			},
			func(ctx context.Context, api ssmActivationWriter, j kind.Job) error {
				_, err := api.DeleteActivation(ctx, &ssm.DeleteActivationInput{ActivationId: &j.ID})
				return ssmGone(err)
			}),
	},
}

func ssmActivationOf(at fact.Place, a types.Activation) fact.Resource {
	id := aws.ToString(a.ActivationId)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "ssm.activation", Place: at, ID: id}, ARN: arn(at, "ssm", "activation/"+id), Created: aws.ToTime(a.CreatedDate).UTC(),
	}
	fact.Active.Set(&r, !a.Expired && aws.ToInt32(a.RegistrationsCount) < aws.ToInt32(a.RegistrationLimit))
	fact.Count.Set(&r, int(aws.ToInt32(a.RegistrationsCount)))
	if name := aws.ToString(a.IamRole); name != "" {
		fact.Role.Set(&r, "arn:"+partition(at.Region)+":iam::"+at.Account+":role/"+name)
	}
	if a.DefaultInstanceName != nil {
		fact.Name.Set(&r, *a.DefaultInstanceName)
	}
	setTagFacts(&r, a.Tags, func(t types.Tag) (*string, *string) { return t.Key, t.Value })
	return r
}

func findSSMActivation(ctx context.Context, api ssmActivationReader, r fact.Resource) (types.Activation, error) {
	all, err := whole(ctx, ssm.NewDescribeActivationsPaginator(api, &ssm.DescribeActivationsInput{Filters: []types.DescribeActivationsFilter{{
		FilterKey: types.DescribeActivationsFilterKeysActivationIds, FilterValues: []string{r.ID},
	}}}), func(page *ssm.DescribeActivationsOutput) []types.Activation { return page.ActivationList })
	return only(all, ssmGone(err))
}
