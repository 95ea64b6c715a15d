package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type orgAccountReader interface {
	organizations.ListAccountsAPIClient
	organizations.ListPoliciesAPIClient
	organizations.ListPoliciesForTargetAPIClient
	DescribeOrganization(context.Context, *organizations.DescribeOrganizationInput, ...func(*organizations.Options)) (*organizations.DescribeOrganizationOutput, error)
	DescribeAccount(context.Context, *organizations.DescribeAccountInput, ...func(*organizations.Options)) (*organizations.DescribeAccountOutput, error)
	DescribePolicy(context.Context, *organizations.DescribePolicyInput, ...func(*organizations.Options)) (*organizations.DescribePolicyOutput, error)
}

type orgAccountWriter interface {
	orgAccountReader
	CreatePolicy(context.Context, *organizations.CreatePolicyInput, ...func(*organizations.Options)) (*organizations.CreatePolicyOutput, error)
	UpdatePolicy(context.Context, *organizations.UpdatePolicyInput, ...func(*organizations.Options)) (*organizations.UpdatePolicyOutput, error)
	AttachPolicy(context.Context, *organizations.AttachPolicyInput, ...func(*organizations.Options)) (*organizations.AttachPolicyOutput, error)
	DetachPolicy(context.Context, *organizations.DetachPolicyInput, ...func(*organizations.Options)) (*organizations.DetachPolicyOutput, error)
	DeletePolicy(context.Context, *organizations.DeletePolicyInput, ...func(*organizations.Options)) (*organizations.DeletePolicyOutput, error)
}

var orgAccount = kind.Of(orgAccountSpec)

// The accounts of an organisation, as its management account or a delegated
// administrator sees them; other members may not ask. An account that is in no
// organisation has none: that is a full reading.
var orgAccountSpec = kind.Spec[orgAccountReader, orgAccountWriter]{
	Name:   "organizations.account",
	Global: true,
	Reader: func(c aws.Config) orgAccountReader { return organizations.NewFromConfig(c) },
	Writer: func(c aws.Config) orgAccountWriter { return organizations.NewFromConfig(c) },
	Needs: []string{
		"organizations:ListAccounts", "organizations:DescribeOrganization",
		"organizations:DescribeAccount", "organizations:ListPoliciesForTarget",
	},
	Cost:   kind.Cost{Fixed: 2, Page: 20},
	Covers: []string{"C9"},
	Carry:  []string{string(fact.DenyPrincipals), string(fact.Organization)},
	List:   listOrgAccounts,
	Keep: func(ctx context.Context, api orgAccountReader, r fact.Resource, put func(string, []byte) error) error {
		out, err := api.DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: &r.ID})
		if err != nil {
			return orgGone(err)
		}
		policies, err := policiesOn(ctx, api, r.ID)
		if err != nil {
			return orgGone(err)
		}
		return putJSON(put, descriptionFile, map[string]any{"Account": out.Account, "ServiceControlPolicies": policies})
	},
	Verbs: []kind.Verb[orgAccountReader, orgAccountWriter]{denySCP},
}

func listOrgAccounts(ctx context.Context, api orgAccountReader, at fact.Place, put func(fact.Resource)) error {
	org, err := api.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if noOrganization(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot list the organisation: %w", err)
	}
	management := ""
	if org.Organization != nil {
		management = aws.ToString(org.Organization.MasterAccountId)
	}
	for page, err := range pages(ctx, organizations.NewListAccountsPaginator(api, &organizations.ListAccountsInput{})) {
		if noOrganization(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot list the accounts of the organisation: %w", err)
		}
		for _, a := range page.Accounts {
			r := fact.Resource{
				Ref: fact.Ref{Kind: "organizations.account", Place: at, ID: aws.ToString(a.Id)},
				ARN: aws.ToString(a.Arn), Created: aws.ToTime(a.JoinedTimestamp),
			}
			fact.Name.Set(&r, aws.ToString(a.Name))
			fact.Status.Set(&r, orgState(a))
			fact.Detail.Set(&r, string(a.JoinedMethod)) // INVITED or CREATED
			if management != "" {
				fact.Organization.Set(&r, management)
			}
			put(r)
		}
	}
	return nil
}

// orgState prefers the word that replaces Status, which AWS takes away in 2026.
func orgState(a types.Account) string {
	if a.State != "" {
		return string(a.State)
	}
	return string(a.Status)
}

// noOrganization is AWS's answer to an account that is in none.
func noOrganization(err error) bool {
	return awsapi.Code(err) == "AWSOrganizationsNotInUseException"
}

// orgGone takes an organisation that is not there for a resource that is not.
func orgGone(err error) error {
	if noOrganization(err) {
		return fmt.Errorf("%w: %w", kind.ErrGone, err)
	}
	return gone(err)
}
