package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/policy"
)

type identityReader interface {
	ListEmailIdentities(context.Context, *sesv2.ListEmailIdentitiesInput, ...func(*sesv2.Options)) (*sesv2.ListEmailIdentitiesOutput, error)
	GetEmailIdentity(context.Context, *sesv2.GetEmailIdentityInput, ...func(*sesv2.Options)) (*sesv2.GetEmailIdentityOutput, error)
}

type identityWriter interface {
	identityReader // to put policies back is to make some and to change others
	CreateEmailIdentityPolicy(context.Context, *sesv2.CreateEmailIdentityPolicyInput, ...func(*sesv2.Options)) (*sesv2.CreateEmailIdentityPolicyOutput, error)
	UpdateEmailIdentityPolicy(context.Context, *sesv2.UpdateEmailIdentityPolicyInput, ...func(*sesv2.Options)) (*sesv2.UpdateEmailIdentityPolicyOutput, error)
	DeleteEmailIdentityPolicy(context.Context, *sesv2.DeleteEmailIdentityPolicyInput, ...func(*sesv2.Options)) (*sesv2.DeleteEmailIdentityPolicyOutput, error)
	DeleteEmailIdentity(context.Context, *sesv2.DeleteEmailIdentityInput, ...func(*sesv2.Options)) (*sesv2.DeleteEmailIdentityOutput, error)
}

var identityPolicyNeeds = []string{"sesv2:CreateEmailIdentityPolicy", "sesv2:UpdateEmailIdentityPolicy", "sesv2:DeleteEmailIdentityPolicy"}

var emailIdentity = kind.Of(identitySpec)

// An identity is an address or a domain that mail may come from. Both APIs of
// SES see the same ones. AWS tells nowhere when one was made.
var identitySpec = kind.Spec[identityReader, identityWriter]{
	Name:   "ses.identity",
	Reader: func(c aws.Config) identityReader { return sesv2.NewFromConfig(c) },
	Writer: func(c aws.Config) identityWriter { return sesv2.NewFromConfig(c) },
	Needs:  []string{"sesv2:ListEmailIdentities", "sesv2:GetEmailIdentity"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000, Each: 1},
	Covers: []string{"B9", "A19"},
	Named:  true,
	List:   listIdentities,
	Keep:   kept("identity.json", findIdentity),
	Verbs: []kind.Verb[identityReader, identityWriter]{
		closeIdentity(kind.Verb[identityReader, identityWriter]{
			Name: "close-policy", Class: kind.Disruptive, Needs: identityPolicyNeeds,
			Mends: []string{"PutIdentityPolicy", "CreateEmailIdentityPolicy", "UpdateEmailIdentityPolicy"},
		}),
		// The keys behind a domain's signature are lost: made again, it is
		// verified again.
		remove(kind.Verb[identityReader, identityWriter]{
			Name: "delete", Needs: []string{"sesv2:DeleteEmailIdentity"},
		}, func(ctx context.Context, api identityReader, r fact.Resource) (any, error) {
			_, err := findIdentity(ctx, api, r)
			return unique{ID: r.ID}, err
		}, func(ctx context.Context, api identityWriter, j kind.Job) error {
			_, err := api.DeleteEmailIdentity(ctx, &sesv2.DeleteEmailIdentityInput{EmailIdentity: &j.ID})
			return err
		}),
	},
}

func listIdentities(ctx context.Context, api identityReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, sesv2.NewListEmailIdentitiesPaginator(api, &sesv2.ListEmailIdentitiesInput{PageSize: aws.Int32(1000)})) {
		if err != nil {
			return fmt.Errorf("cannot list identities: %w", err)
		}
		for _, i := range page.EmailIdentities {
			r := named("ses.identity", at, i.IdentityName, nil, nil)
			r.ARN = arn(at, "ses", "identity/"+r.ID)
			fact.Status.Set(&r, string(i.VerificationStatus))
			fact.Sending.Set(&r, i.SendingEnabled)
			fact.Detail.Set(&r, string(i.IdentityType))
			drafts = append(drafts, r)
		}
	}
	// Neither API lists the policies of more than one identity.
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		i, err := findIdentity(ctx, api, *r)
		if err != nil {
			return err
		}
		setPolicySharing(r, i.Policies, true)
		tags := map[string]string{}
		for _, t := range i.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
		noteTags(r, tags)
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list identities: %w", err)
	}
	return nil
}

func findIdentity(ctx context.Context, api identityReader, r fact.Resource) (*sesv2.GetEmailIdentityOutput, error) {
	out, err := api.GetEmailIdentity(ctx, &sesv2.GetEmailIdentityInput{EmailIdentity: &r.ID})
	return out, gone(err)
}

// closeIdentity is closePolicy for a resource with policies by name.
func closeIdentity(v kind.Verb[identityReader, identityWriter]) kind.Verb[identityReader, identityWriter] {
	v.For = kind.Close
	policies := func(ctx context.Context, api identityReader, r fact.Resource) (map[string]string, error) {
		i, err := findIdentity(ctx, api, r)
		if err != nil {
			return nil, err
		}
		return i.Policies, nil
	}
	v.Prior = func(ctx context.Context, api identityReader, r fact.Resource) (json.RawMessage, error) {
		return prior(policies(ctx, api, r))
	}
	v.Do = func(ctx context.Context, api identityWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[map[string]string](prior)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(was)) {
			now, changed, err := policy.CloseResource(was[name], j.Account, fact.Vouched.Or(j.Resource, nil))
			if err == nil && changed {
				err = setIdentityPolicy(ctx, api, j.ID, name, now)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	v.Done = func(ctx context.Context, api identityReader, j kind.Job) (bool, error) {
		is, err := policies(ctx, api, j.Resource)
		if err != nil {
			return false, err
		}
		for _, text := range is {
			if _, changed, err := policy.CloseResource(text, j.Account, fact.Vouched.Or(j.Resource, nil)); err != nil || changed {
				return false, err
			}
		}
		return true, nil
	}
	v.Undo = func(ctx context.Context, api identityWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[map[string]string](prior)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(was)) {
			if err := setIdentityPolicy(ctx, api, j.ID, name, was[name]); err != nil {
				return err
			}
		}
		return nil
	}
	return v
}

// setIdentityPolicy writes one policy, and deletes it when it is "".
func setIdentityPolicy(ctx context.Context, api identityWriter, id, name, text string) error {
	i, err := findIdentity(ctx, api, fact.Resource{Ref: fact.Ref{ID: id}})
	if err != nil {
		return err
	}
	is, there := i.Policies[name]
	switch {
	case text == "" && there:
		_, err = api.DeleteEmailIdentityPolicy(ctx, &sesv2.DeleteEmailIdentityPolicyInput{EmailIdentity: &id, PolicyName: &name})
	case text == "" || is == text:
	case there:
		_, err = api.UpdateEmailIdentityPolicy(ctx, &sesv2.UpdateEmailIdentityPolicyInput{EmailIdentity: &id, PolicyName: &name, Policy: &text})
	default:
		_, err = api.CreateEmailIdentityPolicy(ctx, &sesv2.CreateEmailIdentityPolicyInput{EmailIdentity: &id, PolicyName: &name, Policy: &text})
	}
	return err
}
