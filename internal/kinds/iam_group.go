package kinds

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type groupReader interface {
	iam.GetAccountAuthorizationDetailsAPIClient
	iam.GetGroupAPIClient
	iam.ListGroupPoliciesAPIClient
	iam.ListAttachedGroupPoliciesAPIClient
	GetGroupPolicy(context.Context, *iam.GetGroupPolicyInput, ...func(*iam.Options)) (*iam.GetGroupPolicyOutput, error)
}

type groupWriter interface {
	groupReader
	PutGroupPolicy(context.Context, *iam.PutGroupPolicyInput, ...func(*iam.Options)) (*iam.PutGroupPolicyOutput, error)
	DeleteGroupPolicy(context.Context, *iam.DeleteGroupPolicyInput, ...func(*iam.Options)) (*iam.DeleteGroupPolicyOutput, error)
	AttachGroupPolicy(context.Context, *iam.AttachGroupPolicyInput, ...func(*iam.Options)) (*iam.AttachGroupPolicyOutput, error)
	DetachGroupPolicy(context.Context, *iam.DetachGroupPolicyInput, ...func(*iam.Options)) (*iam.DetachGroupPolicyOutput, error)
	RemoveUserFromGroup(context.Context, *iam.RemoveUserFromGroupInput, ...func(*iam.Options)) (*iam.RemoveUserFromGroupOutput, error)
	DeleteGroup(context.Context, *iam.DeleteGroupInput, ...func(*iam.Options)) (*iam.DeleteGroupOutput, error)
}

var group = kind.Of(groupSpec)

// A group has no credentials: to deny it denies all its members.
var groupSpec = kind.Spec[groupReader, groupWriter]{
	Name:   "iam.group",
	Global: true,
	Reader: func(c aws.Config) groupReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) groupWriter { return iam.NewFromConfig(c) },
	Needs: []string{
		"iam:GetAccountAuthorizationDetails",
		"iam:GetGroup", "iam:ListGroupPolicies", "iam:GetGroupPolicy", "iam:ListAttachedGroupPolicies",
	},
	Cost:     kind.Cost{Fixed: 1, Page: 50},
	Covers:   []string{"A5"},
	Named:    true,
	Carry:    []string{string(fact.Members), string(fact.Granted)}, // the members are for the guard: who would be denied
	List:     listGroups,
	Identity: groupPolicies.identity,
	Holds:    holdsPolicies,
	Keep:     keepGroup,
	Verbs: []kind.Verb[groupReader, groupWriter]{
		groupPolicies.denyAll(),
		groupPolicies.restorePolicies(),
		groupPolicies.removeGrants(),
		removeGroup,
	},
}

func listGroups(ctx context.Context, api groupReader, at fact.Place, put func(fact.Resource)) error {
	details, err := authorizationDetails(ctx, api, at)
	if err != nil {
		return err
	}
	members := map[string][]string{}
	for _, u := range details.users {
		for _, g := range u.GroupList {
			members[g] = append(members[g], aws.ToString(u.UserName))
		}
	}
	var all []fact.Resource
	for _, g := range details.groups {
		r, err := groupResource(g, at, members[aws.ToString(g.GroupName)])
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	putSorted(all, put)
	return nil
}

func groupResource(g types.GroupDetail, at fact.Place, members []string) (fact.Resource, error) {
	r := fact.Resource{
		Ref:      fact.Ref{Kind: "iam.group", Place: at, ID: aws.ToString(g.GroupName)},
		ARN:      aws.ToString(g.Arn),
		UniqueID: aws.ToString(g.GroupId),
		Created:  aws.ToTime(g.CreateDate),
	}
	fact.Path.Set(&r, aws.ToString(g.Path))
	slices.Sort(members)
	fact.Members.Set(&r, append([]string{}, members...))
	err := setPolicies(&r, g.GroupPolicyList, g.AttachedManagedPolicies)
	return r, err
}
