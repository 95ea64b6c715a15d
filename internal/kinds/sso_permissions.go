package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// setRights is what a permission set gives: the aspect "permissions".
// Customer holds the account's own policies by path and name.
type setRights struct {
	Inline   string   `json:"inline,omitempty"`
	Managed  []string `json:"managed,omitempty"`
	Customer []string `json:"customer,omitempty"`
}

// text is "" for a set that gives nothing.
func (s setRights) text() (string, error) {
	if s.Inline == "" && len(s.Managed)+len(s.Customer) == 0 {
		return "", nil
	}
	b, err := json.Marshal(s)
	return string(b), err
}

func readSetRights(ctx context.Context, api permissionSetReader, id string) (s setRights, err error) {
	instance := setInstance(id)
	inline, err := api.GetInlinePolicyForPermissionSet(ctx, &ssoadmin.GetInlinePolicyForPermissionSetInput{InstanceArn: instance, PermissionSetArn: &id})
	if err != nil {
		return s, gone(err)
	}
	s.Inline = aws.ToString(inline.InlinePolicy)
	for page, err := range pages(ctx, ssoadmin.NewListManagedPoliciesInPermissionSetPaginator(api,
		&ssoadmin.ListManagedPoliciesInPermissionSetInput{InstanceArn: instance, PermissionSetArn: &id})) {
		if err != nil {
			return s, gone(err)
		}
		for _, p := range page.AttachedManagedPolicies {
			s.Managed = append(s.Managed, aws.ToString(p.Arn))
		}
	}
	for page, err := range pages(ctx, ssoadmin.NewListCustomerManagedPolicyReferencesInPermissionSetPaginator(api,
		&ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput{InstanceArn: instance, PermissionSetArn: &id})) {
		if err != nil {
			return s, gone(err)
		}
		for _, p := range page.CustomerManagedPolicyReferences {
			s.Customer = append(s.Customer, aws.ToString(p.Path)+aws.ToString(p.Name))
		}
	}
	slices.Sort(s.Managed)
	slices.Sort(s.Customer)
	return s, nil
}

// restorePermissions puts back what a permission set gives, and has Identity
// Center write it into the accounts, where it holds only then.
var restorePermissions = restore(kind.Verb[permissionSetReader, permissionSetWriter]{
	Name: "restore-permissions", Class: kind.Disruptive, Of: "permissions",
	Needs: []string{
		"ssoadmin:PutInlinePolicyToPermissionSet", "ssoadmin:DeleteInlinePolicyFromPermissionSet",
		"ssoadmin:AttachManagedPolicyToPermissionSet", "ssoadmin:DetachManagedPolicyFromPermissionSet",
		"ssoadmin:AttachCustomerManagedPolicyReferenceToPermissionSet", "ssoadmin:DetachCustomerManagedPolicyReferenceFromPermissionSet",
		"ssoadmin:ProvisionPermissionSet",
	},
	Mends: []string{
		"PutInlinePolicyToPermissionSet", "DeleteInlinePolicyFromPermissionSet", "AttachManagedPolicyToPermissionSet",
		"DetachManagedPolicyFromPermissionSet", "AttachCustomerManagedPolicyReferenceToPermissionSet",
		"DetachCustomerManagedPolicyReferenceFromPermissionSet",
	},
}, func(ctx context.Context, api permissionSetReader, r fact.Resource) (string, error) {
	is, err := readSetRights(ctx, api, r.ID)
	if err != nil {
		return "", err
	}
	return is.text()
}, func(ctx context.Context, api permissionSetWriter, j kind.Job, text string) error {
	var want setRights
	if text != "" {
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			return fmt.Errorf("cannot read what permission set %s gave: %w", j.ID, err)
		}
	}
	is, err := readSetRights(ctx, api, j.ID)
	if err != nil {
		return err
	}
	if err := changeSetRights(ctx, api, j.ID, is, want); err != nil {
		return err
	}
	_, err = api.ProvisionPermissionSet(ctx, &ssoadmin.ProvisionPermissionSetInput{
		InstanceArn: setInstance(j.ID), PermissionSetArn: &j.ID, TargetType: types.ProvisionTargetTypeAllProvisionedAccounts,
	})
	return err
})

// changeSetRights takes away before it gives: a set holds so many policies.
func changeSetRights(ctx context.Context, api permissionSetWriter, id string, is, want setRights) error {
	instance := setInstance(id)
	for _, arn := range lacking(is.Managed, want.Managed) {
		if _, err := api.DetachManagedPolicyFromPermissionSet(ctx, &ssoadmin.DetachManagedPolicyFromPermissionSetInput{
			InstanceArn: instance, PermissionSetArn: &id, ManagedPolicyArn: &arn,
		}); err != nil {
			return err
		}
	}
	for _, name := range lacking(is.Customer, want.Customer) {
		if _, err := api.DetachCustomerManagedPolicyReferenceFromPermissionSet(ctx, &ssoadmin.DetachCustomerManagedPolicyReferenceFromPermissionSetInput{
			InstanceArn: instance, PermissionSetArn: &id, CustomerManagedPolicyReference: customerPolicy(name),
		}); err != nil {
			return err
		}
	}
	var err error
	switch {
	case want.Inline == is.Inline:
	case want.Inline == "":
		_, err = api.DeleteInlinePolicyFromPermissionSet(ctx, &ssoadmin.DeleteInlinePolicyFromPermissionSetInput{InstanceArn: instance, PermissionSetArn: &id})
	default:
		_, err = api.PutInlinePolicyToPermissionSet(ctx, &ssoadmin.PutInlinePolicyToPermissionSetInput{InstanceArn: instance, PermissionSetArn: &id, InlinePolicy: &want.Inline})
	}
	if err != nil {
		return err
	}
	for _, arn := range lacking(want.Managed, is.Managed) {
		if _, err := api.AttachManagedPolicyToPermissionSet(ctx, &ssoadmin.AttachManagedPolicyToPermissionSetInput{
			InstanceArn: instance, PermissionSetArn: &id, ManagedPolicyArn: &arn,
		}); err != nil {
			return err
		}
	}
	for _, name := range lacking(want.Customer, is.Customer) {
		if _, err := api.AttachCustomerManagedPolicyReferenceToPermissionSet(ctx, &ssoadmin.AttachCustomerManagedPolicyReferenceToPermissionSetInput{
			InstanceArn: instance, PermissionSetArn: &id, CustomerManagedPolicyReference: customerPolicy(name),
		}); err != nil {
			return err
		}
	}
	return nil
}

func customerPolicy(pathAndName string) *types.CustomerManagedPolicyReference {
	cut := strings.LastIndexByte(pathAndName, '/') + 1
	return &types.CustomerManagedPolicyReference{Path: aws.String(pathAndName[:cut]), Name: aws.String(pathAndName[cut:])}
}
