package kinds

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// ssoTakes is how long Identity Center may work on after it has answered: it
// writes roles into the accounts.
const ssoTakes = 5 * time.Minute

type permissionSetReader interface {
	ssoadmin.ListInstancesAPIClient
	ssoadmin.ListPermissionSetsAPIClient
	ssoadmin.ListManagedPoliciesInPermissionSetAPIClient
	ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetAPIClient
	DescribePermissionSet(context.Context, *ssoadmin.DescribePermissionSetInput, ...func(*ssoadmin.Options)) (*ssoadmin.DescribePermissionSetOutput, error)
	GetInlinePolicyForPermissionSet(context.Context, *ssoadmin.GetInlinePolicyForPermissionSetInput, ...func(*ssoadmin.Options)) (*ssoadmin.GetInlinePolicyForPermissionSetOutput, error)
}

type permissionSetWriter interface {
	permissionSetReader
	PutInlinePolicyToPermissionSet(context.Context, *ssoadmin.PutInlinePolicyToPermissionSetInput, ...func(*ssoadmin.Options)) (*ssoadmin.PutInlinePolicyToPermissionSetOutput, error)
	DeleteInlinePolicyFromPermissionSet(context.Context, *ssoadmin.DeleteInlinePolicyFromPermissionSetInput, ...func(*ssoadmin.Options)) (*ssoadmin.DeleteInlinePolicyFromPermissionSetOutput, error)
	AttachManagedPolicyToPermissionSet(context.Context, *ssoadmin.AttachManagedPolicyToPermissionSetInput, ...func(*ssoadmin.Options)) (*ssoadmin.AttachManagedPolicyToPermissionSetOutput, error)
	DetachManagedPolicyFromPermissionSet(context.Context, *ssoadmin.DetachManagedPolicyFromPermissionSetInput, ...func(*ssoadmin.Options)) (*ssoadmin.DetachManagedPolicyFromPermissionSetOutput, error)
	AttachCustomerManagedPolicyReferenceToPermissionSet(context.Context, *ssoadmin.AttachCustomerManagedPolicyReferenceToPermissionSetInput, ...func(*ssoadmin.Options)) (*ssoadmin.AttachCustomerManagedPolicyReferenceToPermissionSetOutput, error)
	DetachCustomerManagedPolicyReferenceFromPermissionSet(context.Context, *ssoadmin.DetachCustomerManagedPolicyReferenceFromPermissionSetInput, ...func(*ssoadmin.Options)) (*ssoadmin.DetachCustomerManagedPolicyReferenceFromPermissionSetOutput, error)
	ProvisionPermissionSet(context.Context, *ssoadmin.ProvisionPermissionSetInput, ...func(*ssoadmin.Options)) (*ssoadmin.ProvisionPermissionSetOutput, error)
	DeletePermissionSet(context.Context, *ssoadmin.DeletePermissionSetInput, ...func(*ssoadmin.Options)) (*ssoadmin.DeletePermissionSetOutput, error)
}

var permissionSet = kind.Of(permissionSetSpec)

// A permission set is the rights that an assignment gives; Identity Center
// makes a role of it in each account. Identity Center refuses to delete one
// that is assigned.
var permissionSetSpec = kind.Spec[permissionSetReader, permissionSetWriter]{
	Name:   "sso.permission-set",
	Reader: func(c aws.Config) permissionSetReader { return ssoadmin.NewFromConfig(c) },
	Writer: func(c aws.Config) permissionSetWriter { return ssoadmin.NewFromConfig(c) },
	Needs: []string{
		"ssoadmin:ListInstances", "ssoadmin:ListPermissionSets", "ssoadmin:DescribePermissionSet", "ssoadmin:GetInlinePolicyForPermissionSet",
		"ssoadmin:ListManagedPoliciesInPermissionSet", "ssoadmin:ListCustomerManagedPolicyReferencesInPermissionSet",
	},
	Cost:   kind.Cost{Fixed: 2, Page: 100, Each: 4},
	Covers: []string{"A13"},
	List:   listPermissionSets,
	Keep: func(ctx context.Context, api permissionSetReader, r fact.Resource, put func(string, []byte) error) error {
		p, err := readPermissionSet(ctx, api, r.ID)
		if err != nil {
			return err
		}
		rights, err := readSetRights(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, map[string]any{"PermissionSet": p, "Permissions": rights})
	},
	Verbs: []kind.Verb[permissionSetReader, permissionSetWriter]{
		restorePermissions,
		remove(kind.Verb[permissionSetReader, permissionSetWriter]{Name: "delete", Needs: []string{"ssoadmin:DeletePermissionSet"}},
			func(ctx context.Context, api permissionSetReader, r fact.Resource) (any, error) {
				p, err := readPermissionSet(ctx, api, r.ID)
				return lasting(p.PermissionSetArn, p.CreatedDate), err
			},
			func(ctx context.Context, api permissionSetWriter, j kind.Job) error {
				_, err := api.DeletePermissionSet(ctx, &ssoadmin.DeletePermissionSetInput{InstanceArn: setInstance(j.ID), PermissionSetArn: &j.ID})
				return err
			}),
	},
}

func listPermissionSets(ctx context.Context, api permissionSetReader, at fact.Place, put func(fact.Resource)) error {
	instances, err := ssoInstances(ctx, api, at)
	if err != nil {
		return err
	}
	var drafts []fact.Resource
	for _, i := range instances {
		p := ssoadmin.NewListPermissionSetsPaginator(api, &ssoadmin.ListPermissionSetsInput{InstanceArn: i.InstanceArn, MaxResults: aws.Int32(100)})
		for page, err := range pages(ctx, p) {
			if err != nil {
				return fmt.Errorf("cannot list permission sets: %w", err)
			}
			for _, arn := range page.PermissionSets {
				r := fact.Resource{Ref: fact.Ref{Kind: "sso.permission-set", Place: at, ID: arn}, ARN: arn}
				partOf(&r, "sso.instance", aws.ToString(i.InstanceArn))
				drafts = append(drafts, r)
			}
		}
	}
	return complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		p, err := readPermissionSet(ctx, api, r.ID)
		if err != nil {
			return err
		}
		r.Created = aws.ToTime(p.CreatedDate)
		fact.Name.Set(r, aws.ToString(p.Name))
		rights, err := readSetRights(ctx, api, r.ID)
		if err != nil {
			return err
		}
		text, err := rights.text()
		setAspect(r, "permissions", text)
		return err
	}, put)
}

func readPermissionSet(ctx context.Context, api permissionSetReader, id string) (types.PermissionSet, error) {
	out, err := api.DescribePermissionSet(ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: setInstance(id), PermissionSetArn: &id})
	if err != nil {
		return types.PermissionSet{}, gone(err)
	}
	return told(out.PermissionSet, "permission set "+id)
}

// setInstance is the instance of a permission set, whose ARN is
// arn:aws:sso:::permissionSet/INSTANCE/SET.
func setInstance(set string) *string {
	head, ids, _ := strings.Cut(set, ":::permissionSet/")
	instance, _, _ := strings.Cut(ids, "/")
	return aws.String(head + ":::instance/" + instance)
}
