package kinds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// An scpPrior is what stood under the name of the denial before.
type scpPrior struct {
	ID       string `json:"id,omitempty"` // "": there was none
	Content  string `json:"content,omitempty"`
	Attached bool   `json:"attached,omitempty"`
}

// denySCP denies everything to the principals of fact.DenyPrincipals in a
// member account, by a service control policy: nobody in the account can take
// it back, its root user included. It reaches neither the management account
// nor service-linked roles (Organizations User Guide, "Service control policies").
var denySCP = kind.Verb[orgAccountReader, orgAccountWriter]{
	Name: "deny-scp", Class: kind.Disruptive, Settle: iamSettle,
	Needs: []string{
		"organizations:ListPolicies", "organizations:DescribePolicy", "organizations:CreatePolicy", "organizations:UpdatePolicy",
		"organizations:AttachPolicy", "organizations:DetachPolicy", "organizations:DeletePolicy",
	},
	Prior: func(ctx context.Context, api orgAccountReader, r fact.Resource) (json.RawMessage, error) {
		return prior(readSCP(ctx, api, r))
	},
	Do: func(ctx context.Context, api orgAccountWriter, j kind.Job, _ json.RawMessage) error {
		is, err := readSCP(ctx, api, j.Resource)
		if err != nil {
			return err
		}
		name, content := scpOf(j.Resource)
		if is.ID == "" {
			out, err := api.CreatePolicy(ctx, &organizations.CreatePolicyInput{
				Name: &name, Content: &content, Type: types.PolicyTypeServiceControlPolicy,
				Description: aws.String("Denies everything to compromised principals. Made by cordon for case " + j.Case + "."),
			})
			if err != nil {
				return err
			}
			made, err := told(out.Policy, "policy "+name)
			if err != nil || made.PolicySummary == nil {
				return errors.Join(err, fmt.Errorf("cannot make policy %s: the answer does not name it", name))
			}
			is.ID = aws.ToString(made.PolicySummary.Id)
		} else if !sameText(is.Content, content) {
			if _, err := api.UpdatePolicy(ctx, &organizations.UpdatePolicyInput{PolicyId: &is.ID, Content: &content}); err != nil {
				return err
			}
		}
		return attachSCP(ctx, api, is, j.ID, true)
	},
	Done: func(ctx context.Context, api orgAccountReader, j kind.Job) (bool, error) {
		is, err := readSCP(ctx, api, j.Resource)
		_, content := scpOf(j.Resource)
		return err == nil && is.Attached && sameText(is.Content, content), err
	},
	Undo: func(ctx context.Context, api orgAccountWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[scpPrior](prior)
		if err != nil {
			return err
		}
		is, err := readSCP(ctx, api, j.Resource)
		if err != nil || is.ID == "" {
			return err
		}
		if !was.Attached {
			if err := attachSCP(ctx, api, is, j.ID, false); err != nil {
				return err
			}
		}
		if was.ID == "" {
			_, err := api.DeletePolicy(ctx, &organizations.DeletePolicyInput{PolicyId: &is.ID})
			return err
		}
		if sameText(is.Content, was.Content) {
			return nil
		}
		_, err = api.UpdatePolicy(ctx, &organizations.UpdatePolicyInput{PolicyId: &is.ID, Content: &was.Content})
		return err
	},
}

func attachSCP(ctx context.Context, api orgAccountWriter, is scpPrior, account string, on bool) (err error) {
	switch {
	case is.Attached == on:
	case on:
		_, err = api.AttachPolicy(ctx, &organizations.AttachPolicyInput{PolicyId: &is.ID, TargetId: &account})
	default:
		_, err = api.DetachPolicy(ctx, &organizations.DetachPolicyInput{PolicyId: &is.ID, TargetId: &account})
	}
	return err
}

// readSCP finds the denial by its name, which says for whom it is, so that
// doing twice is doing once.
func readSCP(ctx context.Context, api orgAccountReader, r fact.Resource) (is scpPrior, err error) {
	if err := canDenySCP(r); err != nil {
		return is, err
	}
	name, _ := scpOf(r)
	all, err := policiesOfType(ctx, api, types.PolicyTypeServiceControlPolicy)
	if err != nil {
		return is, orgGone(err)
	}
	i := slices.IndexFunc(all, func(p types.PolicySummary) bool { return aws.ToString(p.Name) == name })
	if i < 0 {
		return is, nil
	}
	is.ID = aws.ToString(all[i].Id)
	out, err := api.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: &is.ID})
	if err != nil {
		return is, orgGone(err)
	}
	if out.Policy != nil {
		is.Content = aws.ToString(out.Policy.Content)
	}
	on, err := policiesOn(ctx, api, r.ID)
	is.Attached = slices.ContainsFunc(on, func(p types.PolicySummary) bool { return aws.ToString(p.Id) == is.ID })
	return is, orgGone(err)
}

func policiesOn(ctx context.Context, api organizations.ListPoliciesForTargetAPIClient, target string) (all []types.PolicySummary, err error) {
	for page, err := range pages(ctx, organizations.NewListPoliciesForTargetPaginator(api, &organizations.ListPoliciesForTargetInput{
		TargetId: &target, Filter: types.PolicyTypeServiceControlPolicy,
	})) {
		if err != nil {
			return nil, err
		}
		all = append(all, page.Policies...)
	}
	return all, nil
}

// canDenySCP says why a denial would not hold.
func canDenySCP(r fact.Resource) error {
	denied := fact.DenyPrincipals.Or(r, nil)
	if len(denied) == 0 {
		return fmt.Errorf("cannot deny by a service control policy in account %s: it is not said to whom", r.ID)
	}
	management, known := fact.Organization.Get(r)
	switch {
	case !known:
		return fmt.Errorf("cannot deny by a service control policy in account %s: its management account is not known", r.ID)
	case management == r.ID:
		return fmt.Errorf("cannot deny by a service control policy in account %s: it is the management account, which none binds", r.ID)
	}
	for _, p := range denied {
		if strings.Contains(p, ":role/aws-service-role/") {
			return fmt.Errorf("cannot deny %s by a service control policy: none binds a service-linked role", p)
		}
	}
	return nil
}

// scpOf is the denial for a resource's fact.DenyPrincipals, with a name that
// only depends on them. A session's aws:PrincipalArn is its role's.
func scpOf(r fact.Resource) (name, content string) {
	all := slices.Compact(slices.Sorted(slices.Values(fact.DenyPrincipals.Or(r, nil))))
	var arns, ids []string
	for _, p := range all {
		if strings.HasPrefix(p, "arn:") {
			arns = append(arns, p)
		} else {
			ids = append(ids, p)
		}
	}
	deny := func(sid, operator, key string, values []string) map[string]any {
		return map[string]any{
			"Sid": sid, "Effect": "Deny", "Action": "*", "Resource": "*",
			"Condition": map[string]any{operator: map[string]any{key: values}},
		}
	}
	var statements []map[string]any
	if len(arns) > 0 {
		statements = append(statements, deny("CordonDenyPrincipals", "ArnLike", "aws:PrincipalArn", arns))
	}
	if len(ids) > 0 {
		statements = append(statements, deny("CordonDenySessions", "StringLike", "aws:userid", ids))
	}
	b, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements}) // strings only: it cannot fail
	sum := sha256.Sum256([]byte(strings.Join(append(all, r.ID), "\n")))
	return "CordonDeny-" + r.ID + "-" + hex.EncodeToString(sum[:6]), string(b)
}
