package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type orgPolicyReader interface {
	organizations.ListPoliciesAPIClient
	organizations.ListTargetsForPolicyAPIClient
	DescribePolicy(context.Context, *organizations.DescribePolicyInput, ...func(*organizations.Options)) (*organizations.DescribePolicyOutput, error)
}

type orgPolicyWriter interface {
	orgPolicyReader
	UpdatePolicy(context.Context, *organizations.UpdatePolicyInput, ...func(*organizations.Options)) (*organizations.UpdatePolicyOutput, error)
	AttachPolicy(context.Context, *organizations.AttachPolicyInput, ...func(*organizations.Options)) (*organizations.AttachPolicyOutput, error)
	DetachPolicy(context.Context, *organizations.DetachPolicyInput, ...func(*organizations.Options)) (*organizations.DetachPolicyOutput, error)
	DeletePolicy(context.Context, *organizations.DeletePolicyInput, ...func(*organizations.Options)) (*organizations.DeletePolicyOutput, error)
}

var orgPolicy = kind.Of(orgPolicySpec)

// A service control policy bounds what whole accounts may do: taking one off,
// or widening it, opens every account below. AWS's own, FullAWSAccess, is
// listed too and cannot be changed.
var orgPolicySpec = kind.Spec[orgPolicyReader, orgPolicyWriter]{
	Name:   "organizations.policy",
	Global: true,
	Reader: func(c aws.Config) orgPolicyReader { return organizations.NewFromConfig(c) },
	Writer: func(c aws.Config) orgPolicyWriter { return organizations.NewFromConfig(c) },
	Needs:  []string{"organizations:ListPolicies", "organizations:DescribePolicy", "organizations:ListTargetsForPolicy"},
	Cost:   kind.Cost{Fixed: 1, Page: 20, Each: 2},
	Covers: []string{"A6", "C9"},
	List:   listOrgPolicies,
	Keep: func(ctx context.Context, api orgPolicyReader, r fact.Resource, put func(string, []byte) error) error {
		p, err := readOrgPolicy(ctx, api, r.ID)
		if err != nil {
			return err
		}
		targets, err := policyTargets(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, descriptionFile, map[string]any{"Policy": p, "Targets": targets})
	},
	Verbs: []kind.Verb[orgPolicyReader, orgPolicyWriter]{
		restore(kind.Verb[orgPolicyReader, orgPolicyWriter]{
			Name: "restore-scp", Class: kind.Disruptive, Of: "content", Settle: iamSettle,
			Needs: []string{"organizations:UpdatePolicy"},
			Mends: []string{"UpdatePolicy"},
			Recall: func(call string, request, _ json.RawMessage) (string, bool) {
				content := recordedText(request, "content")
				return content, content != "" && (call == "CreatePolicy" || call == "UpdatePolicy")
			},
		}, func(ctx context.Context, api orgPolicyReader, r fact.Resource) (string, error) {
			p, err := readOrgPolicy(ctx, api, r.ID)
			return aws.ToString(p.Content), err
		}, func(ctx context.Context, api orgPolicyWriter, j kind.Job, content string) error {
			_, err := api.UpdatePolicy(ctx, &organizations.UpdatePolicyInput{PolicyId: &j.ID, Content: &content})
			return err
		}),
		restore(kind.Verb[orgPolicyReader, orgPolicyWriter]{
			Name: "restore-attachments", Class: kind.Disruptive, Of: "targets", Settle: iamSettle,
			Needs: []string{"organizations:AttachPolicy", "organizations:DetachPolicy"},
			Mends: []string{"AttachPolicy", "DetachPolicy"},
		}, policyTargets, setPolicyTargets),
		remove(kind.Verb[orgPolicyReader, orgPolicyWriter]{Name: "delete", Needs: []string{"organizations:DetachPolicy", "organizations:DeletePolicy"}},
			func(ctx context.Context, api orgPolicyReader, r fact.Resource) (any, error) {
				p, err := readOrgPolicy(ctx, api, r.ID)
				if err == nil && p.PolicySummary != nil && p.PolicySummary.AwsManaged {
					err = fmt.Errorf("cannot delete policy %s: it is AWS's own", r.ID)
				}
				return lasting(&r.ID, nil), err
			},
			func(ctx context.Context, api orgPolicyWriter, j kind.Job) error {
				if err := setPolicyTargets(ctx, api, j, ""); err != nil {
					return err
				}
				_, err := api.DeletePolicy(ctx, &organizations.DeletePolicyInput{PolicyId: &j.ID})
				return err
			}),
	},
}

func listOrgPolicies(ctx context.Context, api orgPolicyReader, at fact.Place, put func(fact.Resource)) error {
	all, err := policiesOfType(ctx, api, types.PolicyTypeServiceControlPolicy)
	if noOrganization(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot list service control policies: %w", err)
	}
	var drafts []fact.Resource
	for _, p := range all {
		r := fact.Resource{Ref: fact.Ref{Kind: "organizations.policy", Place: at, ID: aws.ToString(p.Id)}, ARN: aws.ToString(p.Arn)}
		fact.Name.Set(&r, aws.ToString(p.Name))
		fact.Status.Set(&r, map[bool]string{true: "aws-managed", false: "customer-managed"}[p.AwsManaged])
		drafts = append(drafts, r)
	}
	return complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		p, err := readOrgPolicy(ctx, api, r.ID)
		if err != nil {
			return err
		}
		setAspect(r, "content", aws.ToString(p.Content))
		text, err := policyTargets(ctx, api, *r)
		if err != nil {
			return err
		}
		setAspect(r, "targets", text)
		targets, err := targetIDs(text)
		fact.Targets.Set(r, targets)
		return err
	}, put)
}

func policiesOfType(ctx context.Context, api organizations.ListPoliciesAPIClient, of types.PolicyType) (all []types.PolicySummary, err error) {
	for page, err := range pages(ctx, organizations.NewListPoliciesPaginator(api, &organizations.ListPoliciesInput{Filter: of})) {
		if err != nil {
			return nil, err
		}
		all = append(all, page.Policies...)
	}
	return all, nil
}

func readOrgPolicy(ctx context.Context, api orgPolicyReader, id string) (types.Policy, error) {
	out, err := api.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: &id})
	if err != nil {
		return types.Policy{}, orgGone(err)
	}
	return told(out.Policy, "policy "+id)
}

// policyTargets is the aspect "targets": what the policy is attached to, as a
// JSON list in order, "" for nothing.
func policyTargets(ctx context.Context, api orgPolicyReader, r fact.Resource) (string, error) {
	var ids []string
	for page, err := range pages(ctx, organizations.NewListTargetsForPolicyPaginator(api, &organizations.ListTargetsForPolicyInput{PolicyId: &r.ID})) {
		if err != nil {
			return "", orgGone(err)
		}
		for _, t := range page.Targets {
			ids = append(ids, aws.ToString(t.TargetId))
		}
	}
	if len(ids) == 0 {
		return "", nil
	}
	slices.Sort(ids)
	b, err := json.Marshal(ids)
	return string(b), err
}

func targetIDs(text string) (ids []string, err error) {
	ids = []string{}
	if text != "" {
		err = json.Unmarshal([]byte(text), &ids)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read what the policy was attached to: %w", err)
	}
	return ids, nil
}

// setPolicyTargets attaches before it detaches: a target keeps a policy.
func setPolicyTargets(ctx context.Context, api orgPolicyWriter, j kind.Job, text string) error {
	want, err := targetIDs(text)
	if err != nil {
		return err
	}
	now, err := policyTargets(ctx, api, j.Resource)
	if err != nil {
		return err
	}
	is, err := targetIDs(now)
	if err != nil {
		return err
	}
	for _, t := range lacking(want, is) {
		if _, err := api.AttachPolicy(ctx, &organizations.AttachPolicyInput{PolicyId: &j.ID, TargetId: &t}); err != nil {
			return err
		}
	}
	for _, t := range lacking(is, want) {
		if _, err := api.DetachPolicy(ctx, &organizations.DetachPolicyInput{PolicyId: &j.ID, TargetId: &t}); err != nil {
			return err
		}
	}
	return nil
}
