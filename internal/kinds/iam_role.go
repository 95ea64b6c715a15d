package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/policy"
)

type roleReader interface {
	iam.GetAccountAuthorizationDetailsAPIClient
	iam.ListRolesAPIClient
	iam.ListRolePoliciesAPIClient
	iam.ListAttachedRolePoliciesAPIClient
	iam.ListInstanceProfilesForRoleAPIClient
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
	GetRolePolicy(context.Context, *iam.GetRolePolicyInput, ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error)
}

type roleWriter interface {
	roleReader
	PutRolePolicy(context.Context, *iam.PutRolePolicyInput, ...func(*iam.Options)) (*iam.PutRolePolicyOutput, error)
	DeleteRolePolicy(context.Context, *iam.DeleteRolePolicyInput, ...func(*iam.Options)) (*iam.DeleteRolePolicyOutput, error)
	AttachRolePolicy(context.Context, *iam.AttachRolePolicyInput, ...func(*iam.Options)) (*iam.AttachRolePolicyOutput, error)
	DetachRolePolicy(context.Context, *iam.DetachRolePolicyInput, ...func(*iam.Options)) (*iam.DetachRolePolicyOutput, error)
	PutRolePermissionsBoundary(context.Context, *iam.PutRolePermissionsBoundaryInput, ...func(*iam.Options)) (*iam.PutRolePermissionsBoundaryOutput, error)
	DeleteRolePermissionsBoundary(context.Context, *iam.DeleteRolePermissionsBoundaryInput, ...func(*iam.Options)) (*iam.DeleteRolePermissionsBoundaryOutput, error)
	RemoveRoleFromInstanceProfile(context.Context, *iam.RemoveRoleFromInstanceProfileInput, ...func(*iam.Options)) (*iam.RemoveRoleFromInstanceProfileOutput, error)
	DeleteRole(context.Context, *iam.DeleteRoleInput, ...func(*iam.Options)) (*iam.DeleteRoleOutput, error)
	UpdateAssumeRolePolicy(context.Context, *iam.UpdateAssumeRolePolicyInput, ...func(*iam.Options)) (*iam.UpdateAssumeRolePolicyOutput, error)
}

var role = kind.Of(roleSpec)

// A role's sessions outlive the key that opened them and are independent of
// its user's policies: up to 12 hours, and longer by one role assuming the
// next. Revoking ends the open ones and closing the trust stops new ones;
// neither does the other (IAM User Guide, "Revoke IAM role temporary security
// credentials"). IAM refuses to change a service-linked role.
var roleSpec = kind.Spec[roleReader, roleWriter]{
	Name:   "iam.role",
	Global: true,
	Reader: func(c aws.Config) roleReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) roleWriter { return iam.NewFromConfig(c) },
	Needs: []string{
		"iam:GetAccountAuthorizationDetails", "iam:ListRoles",
		"iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
		"iam:ListInstanceProfilesForRole",
	},
	Cost:     kind.Cost{Fixed: 2, Page: 50},
	Covers:   []string{"A5", "A6", "A7", "A11"},
	Named:    true,
	Carry:    []string{string(fact.Path), string(fact.Distrust), string(fact.Granted)},
	List:     listRoles,
	Identity: rolePolicies.identity,
	Holds:    holdsPolicies,
	Keep:     keepRole,
	Verbs: []kind.Verb[roleReader, roleWriter]{
		closeTrust,
		rolePolicies.revokeSessions(revokeRoleName, kind.Disruptive),
		rolePolicies.denyAll(),
		restoreTrust,
		rolePolicies.restorePolicies(),
		rolePolicies.removeGrants(),
		removeRole,
	},
}

func listRoles(ctx context.Context, api roleReader, at fact.Place, put func(fact.Resource)) error {
	details, err := authorizationDetails(ctx, api, at)
	if err != nil {
		return err
	}
	// The details leave out the longest session; ListRoles leaves out the last
	// use and the boundary. Each is one listing, GetRole would be one per role.
	p := iam.NewListRolesPaginator(api, &iam.ListRolesInput{MaxItems: aws.Int32(iamPageSize)})
	listed, err := iamPages(ctx, "roles", p, func(o *iam.ListRolesOutput) []types.Role { return o.Roles })
	if err != nil {
		return err
	}
	session := map[string]*int32{}
	for _, r := range listed {
		session[aws.ToString(r.RoleId)] = r.MaxSessionDuration
	}
	var all []fact.Resource
	for _, d := range details.roles {
		r, err := roleResource(d, at)
		if err != nil {
			return err
		}
		if s := session[r.UniqueID]; s != nil {
			fact.MaxSession.Set(&r, int(*s))
		}
		all = append(all, r)
	}
	putSorted(all, put)
	return nil
}

func roleResource(d types.RoleDetail, at fact.Place) (fact.Resource, error) {
	r := fact.Resource{
		Ref:      fact.Ref{Kind: "iam.role", Place: at, ID: aws.ToString(d.RoleName)},
		ARN:      aws.ToString(d.Arn),
		UniqueID: aws.ToString(d.RoleId),
		Created:  aws.ToTime(d.CreateDate),
	}
	trust, err := document(d.AssumeRolePolicyDocument)
	if err != nil {
		return r, err
	}
	trust = policy.Normal(trust) // two readings of one role must agree
	fact.Trust.Set(&r, trust)
	setAspect(&r, "trust", trust)
	fact.Path.Set(&r, aws.ToString(d.Path))
	profiles := []string{}
	for _, p := range d.InstanceProfileList {
		profiles = append(profiles, aws.ToString(p.Arn))
	}
	fact.Profiles.Set(&r, profiles)
	if u := d.RoleLastUsed; u != nil && u.LastUsedDate != nil { // tracked for 400 days
		fact.LastUsed.Set(&r, *u.LastUsedDate)
		fact.LastUsedWhere.Set(&r, aws.ToString(u.Region))
	}
	setBoundary(&r, d.PermissionsBoundary)
	setTags(&r, d.Tags)
	err = setPolicies(&r, d.RolePolicyList, d.AttachedManagedPolicies)
	return r, err
}
