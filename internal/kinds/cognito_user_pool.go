package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type userPoolReader interface {
	cognito.ListUserPoolsAPIClient
	cognito.ListUserPoolClientsAPIClient
	cognito.ListUsersAPIClient
	DescribeUserPool(context.Context, *cognito.DescribeUserPoolInput, ...func(*cognito.Options)) (*cognito.DescribeUserPoolOutput, error)
}

type userPoolWriter interface {
	userPoolReader
	UpdateUserPool(context.Context, *cognito.UpdateUserPoolInput, ...func(*cognito.Options)) (*cognito.UpdateUserPoolOutput, error)
	DeleteUserPoolDomain(context.Context, *cognito.DeleteUserPoolDomainInput, ...func(*cognito.Options)) (*cognito.DeleteUserPoolDomainOutput, error)
	DeleteUserPool(context.Context, *cognito.DeleteUserPoolInput, ...func(*cognito.Options)) (*cognito.DeleteUserPoolOutput, error)
}

var userPool = kind.Of(userPoolSpec)

// A user pool holds the people of an application of the owner's: they sign in
// there, not to the account. Their passwords leave with it, for AWS gives them
// to nobody.
var userPoolSpec = kind.Spec[userPoolReader, userPoolWriter]{
	Name:   "cognito.user-pool",
	Reader: func(c aws.Config) userPoolReader { return cognito.NewFromConfig(c) },
	Writer: func(c aws.Config) userPoolWriter { return cognito.NewFromConfig(c) },
	Needs: []string{
		"cognitoidentityprovider:ListUserPools", "cognitoidentityprovider:DescribeUserPool",
		"cognitoidentityprovider:ListUserPoolClients", "cognitoidentityprovider:ListUsers",
	},
	Cost: kind.Cost{Fixed: 1, Page: 60, Each: 1},
	List: listUserPools,
	Keep: keepUserPool,
	Verbs: []kind.Verb[userPoolReader, userPoolWriter]{
		flip(kind.Verb[userPoolReader, userPoolWriter]{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: "deletion",
			Needs: []string{"cognitoidentityprovider:UpdateUserPool"},
		}, false, func(ctx context.Context, api userPoolReader, r fact.Resource) (bool, error) {
			p, err := readUserPool(ctx, api, r.ID)
			return p.DeletionProtection == types.DeletionProtectionTypeActive, err
		}, protectUserPool),
		remove(kind.Verb[userPoolReader, userPoolWriter]{
			Name: "delete", Needs: []string{"cognitoidentityprovider:DeleteUserPoolDomain", "cognitoidentityprovider:DeleteUserPool"},
		}, func(ctx context.Context, api userPoolReader, r fact.Resource) (any, error) {
			p, err := readUserPool(ctx, api, r.ID)
			return lasting(p.Id, p.CreationDate), err
		}, deleteUserPool),
	},
}

func listUserPools(ctx context.Context, api userPoolReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, cognito.NewListUserPoolsPaginator(api, &cognito.ListUserPoolsInput{MaxResults: aws.Int32(60)})) {
		if err != nil {
			return fmt.Errorf("cannot list user pools: %w", err)
		}
		for _, p := range page.UserPools {
			r := fact.Resource{Ref: fact.Ref{Kind: "cognito.user-pool", Place: at, ID: aws.ToString(p.Id)}, Created: aws.ToTime(p.CreationDate)}
			fact.Name.Set(&r, aws.ToString(p.Name))
			drafts = append(drafts, r)
		}
	}
	return complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		p, err := readUserPool(ctx, api, r.ID)
		if err != nil {
			return err
		}
		r.ARN = aws.ToString(p.Arn)
		protections := []string{}
		if p.DeletionProtection == types.DeletionProtectionTypeActive {
			protections = append(protections, "deletion")
		}
		fact.Protections.Set(r, protections)
		fact.Count.Set(r, int(p.EstimatedNumberOfUsers))
		if p.UserPoolTags == nil {
			p.UserPoolTags = map[string]string{}
		}
		fact.Tags.Set(r, p.UserPoolTags)
		partOf(r, "cloudformation.stack", p.UserPoolTags["aws:cloudformation:stack-name"])
		return nil
	}, put)
}

func readUserPool(ctx context.Context, api userPoolReader, id string) (types.UserPoolType, error) {
	out, err := api.DescribeUserPool(ctx, &cognito.DescribeUserPoolInput{UserPoolId: &id})
	if err != nil {
		return types.UserPoolType{}, gone(err)
	}
	return told(out.UserPool, "user pool "+id)
}

// protectUserPool sends the whole configuration along: "If you don't provide a
// value for an attribute, Amazon Cognito sets it to its default value"
// (Cognito API reference, UpdateUserPool).
func protectUserPool(ctx context.Context, api userPoolWriter, j kind.Job, on bool) error {
	p, err := readUserPool(ctx, api, j.ID)
	if err != nil {
		return err
	}
	in := &cognito.UpdateUserPoolInput{
		UserPoolId: &j.ID, DeletionProtection: types.DeletionProtectionTypeInactive,
		AccountRecoverySetting: p.AccountRecoverySetting, AdminCreateUserConfig: p.AdminCreateUserConfig,
		AutoVerifiedAttributes: p.AutoVerifiedAttributes, DeviceConfiguration: p.DeviceConfiguration,
		EmailConfiguration: p.EmailConfiguration, EmailVerificationMessage: p.EmailVerificationMessage,
		EmailVerificationSubject: p.EmailVerificationSubject, IssuerConfiguration: p.IssuerConfiguration,
		KeyConfiguration: p.KeyConfiguration, LambdaConfig: p.LambdaConfig, MfaConfiguration: p.MfaConfiguration,
		Policies: p.Policies, PoolName: p.Name, SmsAuthenticationMessage: p.SmsAuthenticationMessage,
		SmsConfiguration: p.SmsConfiguration, SmsVerificationMessage: p.SmsVerificationMessage,
		UserAttributeUpdateSettings: p.UserAttributeUpdateSettings, UserPoolAddOns: p.UserPoolAddOns,
		UserPoolTags: p.UserPoolTags, UserPoolTier: p.UserPoolTier, VerificationMessageTemplate: p.VerificationMessageTemplate,
	}
	if on {
		in.DeletionProtection = types.DeletionProtectionTypeActive
	}
	// Two ways to say how long a temporary password is good for: Cognito tells
	// both and takes one.
	if c := p.AdminCreateUserConfig; c != nil && p.Policies != nil && p.Policies.PasswordPolicy != nil && p.Policies.PasswordPolicy.TemporaryPasswordValidityDays > 0 {
		kept := *c
		kept.UnusedAccountValidityDays = 0
		in.AdminCreateUserConfig = &kept
	}
	_, err = api.UpdateUserPool(ctx, in)
	return err
}

// deleteUserPool takes the domains away first: Cognito refuses a pool that has
// one.
func deleteUserPool(ctx context.Context, api userPoolWriter, j kind.Job) error {
	p, err := readUserPool(ctx, api, j.ID)
	if err != nil {
		return err
	}
	if p.DeletionProtection != types.DeletionProtectionTypeActive { // else the refusal of the last call is the answer
		for _, domain := range []*string{p.Domain, p.CustomDomain} {
			if aws.ToString(domain) == "" {
				continue
			}
			if _, err := api.DeleteUserPoolDomain(ctx, &cognito.DeleteUserPoolDomainInput{UserPoolId: &j.ID, Domain: domain}); err != nil {
				return err
			}
		}
	}
	_, err = api.DeleteUserPool(ctx, &cognito.DeleteUserPoolInput{UserPoolId: &j.ID})
	return err
}

// keepUserPool keeps the configuration, the clients without their secrets, and
// the users with what Cognito tells of them: evidence only.
func keepUserPool(ctx context.Context, api userPoolReader, r fact.Resource, put func(string, []byte) error) error {
	p, err := readUserPool(ctx, api, r.ID)
	if err != nil {
		return err
	}
	kept := map[string]any{"UserPool": p}
	var clients []types.UserPoolClientDescription
	for page, err := range pages(ctx, cognito.NewListUserPoolClientsPaginator(api, &cognito.ListUserPoolClientsInput{UserPoolId: &r.ID, MaxResults: aws.Int32(60)})) {
		if err != nil {
			return gone(err)
		}
		clients = append(clients, page.UserPoolClients...)
	}
	kept["Clients"] = clients
	if err := putJSON(put, descriptionFile, kept); err != nil {
		return err
	}
	var users []types.UserType
	for page, err := range pages(ctx, cognito.NewListUsersPaginator(api, &cognito.ListUsersInput{UserPoolId: &r.ID, Limit: aws.Int32(60)})) {
		if err != nil {
			return gone(err)
		}
		users = append(users, page.Users...)
	}
	return putJSON(put, "users.json", users)
}
