package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type poolDescriber interface {
	DescribeUserPool(context.Context, *cognito.DescribeUserPoolInput, ...func(*cognito.Options)) (*cognito.DescribeUserPoolOutput, error)
}

type poolReader interface {
	poolDescriber
	ListUserPools(context.Context, *cognito.ListUserPoolsInput, ...func(*cognito.Options)) (*cognito.ListUserPoolsOutput, error)
	ListUserPoolClients(context.Context, *cognito.ListUserPoolClientsInput, ...func(*cognito.Options)) (*cognito.ListUserPoolClientsOutput, error)
	ListIdentityProviders(context.Context, *cognito.ListIdentityProvidersInput, ...func(*cognito.Options)) (*cognito.ListIdentityProvidersOutput, error)
	ListUsers(context.Context, *cognito.ListUsersInput, ...func(*cognito.Options)) (*cognito.ListUsersOutput, error)
}

type poolWriter interface {
	poolDescriber
	UpdateUserPool(context.Context, *cognito.UpdateUserPoolInput, ...func(*cognito.Options)) (*cognito.UpdateUserPoolOutput, error)
	DeleteUserPoolDomain(context.Context, *cognito.DeleteUserPoolDomainInput, ...func(*cognito.Options)) (*cognito.DeleteUserPoolDomainOutput, error)
	DeleteUserPool(context.Context, *cognito.DeleteUserPoolInput, ...func(*cognito.Options)) (*cognito.DeleteUserPoolOutput, error)
}

type poolVerb = kind.Verb[poolReader, poolWriter]

var userPool = kind.Of(userPoolSpec)

// userPoolSpec removes a pool only when nobody is in it: passwords and
// second factors of users can be read by no one, and are lost.
var userPoolSpec = kind.Spec[poolReader, poolWriter]{
	Name:   "cognito.user-pool",
	Reader: func(c aws.Config) poolReader { return cognito.NewFromConfig(c) },
	Writer: func(c aws.Config) poolWriter { return cognito.NewFromConfig(c) },
	Needs: []string{
		"cognitoidentityprovider:ListUserPools", "cognitoidentityprovider:DescribeUserPool", "cognitoidentityprovider:ListUserPoolClients",
		"cognitoidentityprovider:ListIdentityProviders", "cognitoidentityprovider:ListUsers",
	},
	Cost:   kind.Cost{Fixed: 1, Page: 60, Each: 1}, // the list does not tell the protection
	Covers: []string{"D5"},
	List:   listUserPools,
	Keep:   keepUserPool,
	Verbs: []poolVerb{
		flip(poolVerb{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: poolProtection, Needs: []string{"cognitoidentityprovider:UpdateUserPool", "=iam:PassRole"},
		}, false, func(ctx context.Context, api poolReader, r fact.Resource) (bool, error) {
			p, err := findUserPool(ctx, api, r.ID)
			return err == nil && p.DeletionProtection == types.DeletionProtectionTypeActive, err
		}, protectUserPool),
		// AWS refuses a pool that still has a domain of its own.
		remove(poolVerb{
			Name: "delete", Needs: []string{"cognitoidentityprovider:DeleteUserPoolDomain", "cognitoidentityprovider:DeleteUserPool"}, Kept: poolIsEmpty,
		},
			func(ctx context.Context, api poolReader, r fact.Resource) (any, error) {
				p, err := findUserPool(ctx, api, r.ID)
				if err != nil {
					return nil, err
				}
				return onlyMade(aws.ToString(p.Arn), p.CreationDate), nil
			},
			func(ctx context.Context, api poolWriter, j kind.Job) error {
				p, err := findUserPool(ctx, api, j.ID)
				if err != nil {
					return err
				}
				for _, d := range []*string{p.Domain, p.CustomDomain} {
					if d == nil {
						continue
					}
					_, err := api.DeleteUserPoolDomain(ctx, &cognito.DeleteUserPoolDomainInput{UserPoolId: &j.ID, Domain: d})
					if err != nil && !errors.Is(gone(err), kind.ErrGone) {
						return err
					}
				}
				_, err = api.DeleteUserPool(ctx, &cognito.DeleteUserPoolInput{UserPoolId: &j.ID})
				return err
			}),
	},
}

const poolProtection = "deletion"

func listUserPools(ctx context.Context, api poolReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, cognito.NewListUserPoolsPaginator(api, &cognito.ListUserPoolsInput{MaxResults: aws.Int32(60)})) {
		if err != nil {
			return fmt.Errorf("cannot list user pools: %w", err)
		}
		for _, p := range page.UserPools {
			id := aws.ToString(p.Id)
			r := fact.Resource{
				Ref: fact.Ref{Kind: "cognito.user-pool", Place: at, ID: id}, ARN: arn(at, "cognito-idp", "userpool/"+id), Created: aws.ToTime(p.CreationDate).UTC(),
			}
			fact.Name.Set(&r, aws.ToString(p.Name))
			when(fact.Modified, &r, p.LastModifiedDate)
			drafts = append(drafts, r)
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		p, err := findUserPool(ctx, api, r.ID)
		if err != nil {
			return err
		}
		guards := []string{}
		if p.DeletionProtection == types.DeletionProtectionTypeActive {
			guards = append(guards, poolProtection)
		}
		fact.Protections.Set(r, guards)
		fact.Count.Set(r, int(p.EstimatedNumberOfUsers))
		tags := make([]string, 0, len(p.UserPoolTags))
		for k := range p.UserPoolTags {
			tags = append(tags, k)
		}
		setTagFacts(r, tags, func(k string) (*string, *string) { return &k, aws.String(p.UserPoolTags[k]) })
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list user pools: %w", err)
	}
	return nil
}

func findUserPool(ctx context.Context, api poolDescriber, id string) (*types.UserPoolType, error) {
	out, err := api.DescribeUserPool(ctx, &cognito.DescribeUserPoolInput{UserPoolId: &id})
	if err != nil {
		return nil, gone(err)
	}
	return out.UserPool, nil
}

// protectUserPool turns the protection alone. To Cognito a setting that is not
// given is one to set to its default: all of them are given as they are. The
// two have their names in common.
func protectUserPool(ctx context.Context, api poolWriter, j kind.Job, on bool) error {
	p, err := findUserPool(ctx, api, j.ID)
	if err != nil {
		return err
	}
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("cannot encode the user pool: %w", err)
	}
	all := cognito.UpdateUserPoolInput{UserPoolId: &j.ID, PoolName: p.Name}
	if err := json.Unmarshal(b, &all); err != nil {
		return fmt.Errorf("cannot encode the user pool: %w", err)
	}
	if all.AdminCreateUserConfig != nil {
		all.AdminCreateUserConfig.UnusedAccountValidityDays = 0 // the older name of a setting of Policies: both together are refused
	}
	all.DeletionProtection = types.DeletionProtectionTypeInactive
	if on {
		all.DeletionProtection = types.DeletionProtectionTypeActive
	}
	_, err = api.UpdateUserPool(ctx, &all)
	return err
}

func poolIsEmpty(ctx context.Context, api poolReader, j kind.Job) error {
	out, err := api.ListUsers(ctx, &cognito.ListUsersInput{UserPoolId: &j.ID, Limit: aws.Int32(1)})
	if err != nil {
		return gone(err)
	}
	if len(out.Users) > 0 {
		return fmt.Errorf("cannot keep the users of pool %s: %w", j.ID, kind.ErrUnkept)
	}
	return nil
}

// keepUserPool keeps the settings, and who signs in with what: not the secrets
// of clients.
func keepUserPool(ctx context.Context, api poolReader, r fact.Resource, put func(string, []byte) error) error {
	p, err := findUserPool(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "user-pool.json", p); err != nil {
		return err
	}
	var clients []types.UserPoolClientDescription
	for page, err := range pages(ctx, cognito.NewListUserPoolClientsPaginator(api, &cognito.ListUserPoolClientsInput{UserPoolId: &r.ID, MaxResults: aws.Int32(60)})) {
		if err != nil {
			return gone(err)
		}
		clients = append(clients, page.UserPoolClients...)
	}
	var providers []types.ProviderDescription
	for page, err := range pages(ctx, cognito.NewListIdentityProvidersPaginator(api, &cognito.ListIdentityProvidersInput{UserPoolId: &r.ID, MaxResults: aws.Int32(60)})) {
		if err != nil {
			return gone(err)
		}
		providers = append(providers, page.Providers...)
	}
	return errors.Join(putJSON(put, "clients.json", clients), putJSON(put, "identity-providers.json", providers))
}
