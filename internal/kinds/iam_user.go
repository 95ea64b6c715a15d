package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type userReader interface {
	iam.GetAccountAuthorizationDetailsAPIClient
	iam.ListUsersAPIClient
	iam.ListMFADevicesAPIClient
	iam.ListUserPoliciesAPIClient
	iam.ListAttachedUserPoliciesAPIClient
	iam.ListGroupsForUserAPIClient
	userCredentialReader
	loginProfileGetter
	GetUser(context.Context, *iam.GetUserInput, ...func(*iam.Options)) (*iam.GetUserOutput, error)
	GetUserPolicy(context.Context, *iam.GetUserPolicyInput, ...func(*iam.Options)) (*iam.GetUserPolicyOutput, error)
}

type userWriter interface {
	userReader
	userCredentialWriter
	PutUserPolicy(context.Context, *iam.PutUserPolicyInput, ...func(*iam.Options)) (*iam.PutUserPolicyOutput, error)
	DeleteUserPolicy(context.Context, *iam.DeleteUserPolicyInput, ...func(*iam.Options)) (*iam.DeleteUserPolicyOutput, error)
	AttachUserPolicy(context.Context, *iam.AttachUserPolicyInput, ...func(*iam.Options)) (*iam.AttachUserPolicyOutput, error)
	DetachUserPolicy(context.Context, *iam.DetachUserPolicyInput, ...func(*iam.Options)) (*iam.DetachUserPolicyOutput, error)
	AddUserToGroup(context.Context, *iam.AddUserToGroupInput, ...func(*iam.Options)) (*iam.AddUserToGroupOutput, error)
	RemoveUserFromGroup(context.Context, *iam.RemoveUserFromGroupInput, ...func(*iam.Options)) (*iam.RemoveUserFromGroupOutput, error)
	PutUserPermissionsBoundary(context.Context, *iam.PutUserPermissionsBoundaryInput, ...func(*iam.Options)) (*iam.PutUserPermissionsBoundaryOutput, error)
	DeleteUserPermissionsBoundary(context.Context, *iam.DeleteUserPermissionsBoundaryInput, ...func(*iam.Options)) (*iam.DeleteUserPermissionsBoundaryOutput, error)
	DeleteUser(context.Context, *iam.DeleteUserInput, ...func(*iam.Options)) (*iam.DeleteUserOutput, error)
}

var user = kind.Of(userSpec)

// A user keeps its sessions when its keys go: GetSessionToken and
// GetFederationToken sessions live up to 36 hours and only a denial on the
// user itself stops them (IAM User Guide, "Disabling permissions for
// temporary security credentials").
var userSpec = kind.Spec[userReader, userWriter]{
	Name:   "iam.user",
	Global: true,
	Reader: func(c aws.Config) userReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) userWriter { return iam.NewFromConfig(c) },
	Needs: []string{
		"iam:GetAccountAuthorizationDetails", "iam:ListUsers", "iam:GetLoginProfile", "iam:ListMFADevices",
		"iam:GetUser", "iam:ListUserPolicies", "iam:GetUserPolicy", "iam:ListAttachedUserPolicies",
		"iam:ListGroupsForUser", "iam:ListAccessKeys", "iam:ListSigningCertificates", "iam:ListSSHPublicKeys",
		"iam:ListServiceSpecificCredentials",
	},
	// By itself: ListUsers three times; one triage makes the shared calls once.
	Cost:     kind.Cost{Fixed: 4, Page: 100, Each: 2},
	Covers:   []string{"A1", "A5", "A6", "A10"},
	Named:    true,
	Carry:    []string{string(fact.Granted), string(fact.Devices)},
	List:     listUsers,
	Identity: userPolicies.identity,
	Holds:    holdsPolicies,
	Keep:     keepUser,
	Verbs: []kind.Verb[userReader, userWriter]{
		userPolicies.denyAll(),
		userPolicies.denySessions(),
		userPolicies.revokeSessions(revokeUserName, kind.Reversible),
		userPolicies.restorePolicies(),
		userPolicies.removeGrants(),
		removeUser,
	},
}

func listUsers(ctx context.Context, api userReader, at fact.Place, put func(fact.Resource)) error {
	details, err := authorizationDetails(ctx, api, at)
	if err != nil {
		return err
	}
	known, err := iamUsers(ctx, api, at) // tells the password's last use, which the details do not
	if err != nil {
		return err
	}
	passwords, err := loginProfiles(ctx, api, at)
	if err != nil {
		return err
	}
	devices, err := mfaDevices(ctx, api, at)
	if err != nil {
		return err
	}
	used := map[string]types.User{}
	for _, u := range known {
		used[aws.ToString(u.UserId)] = u
	}
	var all []fact.Resource
	for _, u := range details.users {
		r, err := userResource(u, at)
		if err != nil {
			return err
		}
		if p, read := passwords[r.ID]; read {
			fact.Console.Set(&r, len(p) > 0)
		}
		if d, read := devices[r.ID]; read {
			fact.MFA.Set(&r, len(d) > 0)
			serials := []string{}
			for _, one := range d {
				serials = append(serials, aws.ToString(one.SerialNumber))
			}
			fact.Devices.Set(&r, serials)
		}
		if t := used[r.UniqueID].PasswordLastUsed; t != nil {
			fact.PasswordLastUsed.Set(&r, *t)
		}
		all = append(all, r)
	}
	putSorted(all, put)
	return nil
}

func userResource(u types.UserDetail, at fact.Place) (fact.Resource, error) {
	r := fact.Resource{
		Ref:      fact.Ref{Kind: "iam.user", Place: at, ID: aws.ToString(u.UserName)},
		ARN:      aws.ToString(u.Arn),
		UniqueID: aws.ToString(u.UserId),
		Created:  aws.ToTime(u.CreateDate),
	}
	fact.Path.Set(&r, aws.ToString(u.Path))
	fact.Groups.Set(&r, append([]string{}, u.GroupList...))
	setBoundary(&r, u.PermissionsBoundary)
	setTags(&r, u.Tags)
	err := setPolicies(&r, u.UserPolicyList, u.AttachedManagedPolicies)
	return r, err
}
