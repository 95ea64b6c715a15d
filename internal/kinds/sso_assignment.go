package kinds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type assignmentReader interface {
	ssoadmin.ListInstancesAPIClient
	ssoadmin.ListPermissionSetsProvisionedToAccountAPIClient
	ssoadmin.ListAccountAssignmentsAPIClient
}

type assignmentWriter interface {
	CreateAccountAssignment(context.Context, *ssoadmin.CreateAccountAssignmentInput, ...func(*ssoadmin.Options)) (*ssoadmin.CreateAccountAssignmentOutput, error)
	DeleteAccountAssignment(context.Context, *ssoadmin.DeleteAccountAssignmentInput, ...func(*ssoadmin.Options)) (*ssoadmin.DeleteAccountAssignmentOutput, error)
}

var assignment = kind.Of(assignmentSpec)

// An assignment gives a person or a group of the directory a permission set in
// this account. Its ID is what AWS names it by: set, sort of principal and
// principal. Sessions of the role that are open go on without it.
var assignmentSpec = kind.Spec[assignmentReader, assignmentWriter]{
	Name:   "sso.assignment",
	Reader: func(c aws.Config) assignmentReader { return ssoadmin.NewFromConfig(c) },
	Writer: func(c aws.Config) assignmentWriter { return ssoadmin.NewFromConfig(c) },
	Needs:  []string{"ssoadmin:ListInstances", "ssoadmin:ListPermissionSetsProvisionedToAccount", "ssoadmin:ListAccountAssignments"},
	// One call per permission set of the account, which has one assignment or more.
	Cost:   kind.Cost{Fixed: 2, Page: 100, Each: 1},
	Covers: []string{"A13"},
	Named:  true,
	List:   listAssignments,
	Holds: func(r fact.Resource) []fact.Ref {
		set, kindOf, principal := assignmentParts(r.ID)
		held := []fact.Ref{{Kind: "sso.permission-set", Place: r.Place, ID: set}}
		if kindOf == types.PrincipalTypeGroup {
			return append(held, fact.Ref{Kind: "identitystore.group", Place: r.Place, ID: principal})
		}
		return append(held, fact.Ref{Kind: "identitystore.user", Place: r.Place, ID: principal})
	},
	Keep: func(ctx context.Context, api assignmentReader, r fact.Resource, put func(string, []byte) error) error {
		a, err := readAssignment(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, a)
	},
	Verbs: []kind.Verb[assignmentReader, assignmentWriter]{
		flip(kind.Verb[assignmentReader, assignmentWriter]{
			Name: "unassign", Class: kind.Disruptive, For: kind.Disable, Takes: ssoTakes,
			Needs: []string{"ssoadmin:CreateAccountAssignment", "ssoadmin:DeleteAccountAssignment"},
		}, false, func(ctx context.Context, api assignmentReader, r fact.Resource) (bool, error) {
			_, err := readAssignment(ctx, api, r)
			if errors.Is(err, kind.ErrGone) {
				return false, nil
			}
			return err == nil, err
		}, assignSet),
	},
}

func listAssignments(ctx context.Context, api assignmentReader, at fact.Place, put func(fact.Resource)) error {
	instances, err := ssoInstances(ctx, api, at)
	if err != nil {
		return err
	}
	var all []fact.Resource
	for _, i := range instances {
		p := ssoadmin.NewListPermissionSetsProvisionedToAccountPaginator(api, &ssoadmin.ListPermissionSetsProvisionedToAccountInput{
			InstanceArn: i.InstanceArn, AccountId: &at.Account, MaxResults: aws.Int32(100),
		})
		for page, err := range pages(ctx, p) {
			if err != nil {
				return fmt.Errorf("cannot list the permission sets of the account: %w", err)
			}
			for _, set := range page.PermissionSets {
				given, err := assignmentsOf(ctx, api, at.Account, set)
				if errors.Is(gone(err), kind.ErrGone) {
					continue // deleted since it was listed
				}
				if err != nil {
					return fmt.Errorf("cannot list assignments: %w", err)
				}
				for _, a := range given {
					all = append(all, fact.Resource{Ref: fact.Ref{Kind: "sso.assignment", Place: at, ID: assignmentID(a)}})
				}
			}
		}
	}
	putSorted(all, put)
	return nil
}

func assignmentsOf(ctx context.Context, api assignmentReader, account, set string) (all []types.AccountAssignment, err error) {
	p := ssoadmin.NewListAccountAssignmentsPaginator(api, &ssoadmin.ListAccountAssignmentsInput{
		InstanceArn: setInstance(set), AccountId: &account, PermissionSetArn: &set, MaxResults: aws.Int32(100),
	})
	for page, err := range pages(ctx, p) {
		if err != nil {
			return nil, err
		}
		all = append(all, page.AccountAssignments...)
	}
	return all, nil
}

func assignmentID(a types.AccountAssignment) string {
	return strings.Join([]string{aws.ToString(a.PermissionSetArn), string(a.PrincipalType), aws.ToString(a.PrincipalId)}, "|")
}

func assignmentParts(id string) (set string, of types.PrincipalType, principal string) {
	parts := append(strings.Split(id, "|"), "", "")
	return parts[0], types.PrincipalType(parts[1]), parts[2]
}

func readAssignment(ctx context.Context, api assignmentReader, r fact.Resource) (types.AccountAssignment, error) {
	set, _, _ := assignmentParts(r.ID)
	all, err := assignmentsOf(ctx, api, r.Account, set)
	if err != nil {
		return types.AccountAssignment{}, gone(err)
	}
	i := slices.IndexFunc(all, func(a types.AccountAssignment) bool { return assignmentID(a) == r.ID })
	if i < 0 {
		return types.AccountAssignment{}, fmt.Errorf("cannot find assignment %s: %w", r.ID, kind.ErrGone)
	}
	return all[i], nil
}

// assignSet gives or takes an assignment. Identity Center works on it afterwards;
// what fails at once is an error, and so is what it says it could not do.
func assignSet(ctx context.Context, api assignmentWriter, j kind.Job, give bool) error {
	set, of, principal := assignmentParts(j.ID)
	var status *types.AccountAssignmentOperationStatus
	if give {
		out, err := api.CreateAccountAssignment(ctx, &ssoadmin.CreateAccountAssignmentInput{
			InstanceArn: setInstance(set), PermissionSetArn: &set, PrincipalType: of, PrincipalId: &principal,
			TargetType: types.TargetTypeAwsAccount, TargetId: &j.Account,
		})
		if err != nil {
			return err
		}
		status = out.AccountAssignmentCreationStatus
	} else {
		out, err := api.DeleteAccountAssignment(ctx, &ssoadmin.DeleteAccountAssignmentInput{
			InstanceArn: setInstance(set), PermissionSetArn: &set, PrincipalType: of, PrincipalId: &principal,
			TargetType: types.TargetTypeAwsAccount, TargetId: &j.Account,
		})
		if errors.Is(gone(err), kind.ErrGone) {
			return nil
		}
		if err != nil {
			return err
		}
		status = out.AccountAssignmentDeletionStatus
	}
	if status != nil && status.Status == types.StatusValuesFailed {
		return fmt.Errorf("cannot change assignment %s: %s", j.ID, aws.ToString(status.FailureReason))
	}
	return nil
}
