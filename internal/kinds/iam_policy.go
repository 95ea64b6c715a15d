package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type policyReader interface {
	iam.GetAccountAuthorizationDetailsAPIClient
	iam.ListPolicyVersionsAPIClient
	GetPolicy(context.Context, *iam.GetPolicyInput, ...func(*iam.Options)) (*iam.GetPolicyOutput, error)
	GetPolicyVersion(context.Context, *iam.GetPolicyVersionInput, ...func(*iam.Options)) (*iam.GetPolicyVersionOutput, error)
}

var managedPolicy = kind.Of(managedPolicySpec)

// A policy of the account's own. It has up to five versions, of which one is
// in force: an intruder can leave wide rights in another and switch to it
// later (IAM User Guide, "Version IAM policies"). AWS's policies are not listed.
var managedPolicySpec = kind.Spec[policyReader, policyWriter]{
	Name:   "iam.policy",
	Global: true,
	Reader: func(c aws.Config) policyReader { return iam.NewFromConfig(c) },
	Writer: func(c aws.Config) policyWriter { return iam.NewFromConfig(c) },
	Needs:  []string{"iam:GetAccountAuthorizationDetails", "iam:GetPolicy", "iam:ListPolicyVersions", "iam:GetPolicyVersion"},
	Cost:   kind.Cost{Fixed: 1, Page: 50},
	Covers: []string{"A5"},
	Named:  true,
	List:   listPolicies,
	Identity: func(ctx context.Context, api policyReader, r fact.Resource) (string, error) {
		p, err := readPolicy(ctx, api, r.ID)
		return aws.ToString(p.PolicyId), err
	},
	Keep:      keepPolicy,
	Recollect: onlyOther,
	Verbs:     []kind.Verb[policyReader, policyWriter]{restoreVersion, removePolicy},
}

func listPolicies(ctx context.Context, api policyReader, at fact.Place, put func(fact.Resource)) error {
	details, err := authorizationDetails(ctx, api, at)
	if err != nil {
		return err
	}
	var all []fact.Resource
	for _, p := range details.policies {
		r, err := policyResource(p, at)
		if err != nil {
			return err
		}
		all = append(all, r)
	}
	putSorted(all, put)
	return nil
}

func policyResource(p types.ManagedPolicyDetail, at fact.Place) (fact.Resource, error) {
	r := fact.Resource{
		Ref:      fact.Ref{Kind: "iam.policy", Place: at, ID: aws.ToString(p.Arn)},
		ARN:      aws.ToString(p.Arn),
		UniqueID: aws.ToString(p.PolicyId),
		Created:  aws.ToTime(p.CreateDate),
	}
	versions := []fact.Document{}
	for _, v := range p.PolicyVersionList {
		body, err := document(v.Document)
		if err != nil {
			return r, err
		}
		versions = append(versions, fact.Document{
			Name: aws.ToString(v.VersionId), Body: body, Default: v.IsDefaultVersion, Created: aws.ToTime(v.CreateDate),
		})
		if v.IsDefaultVersion {
			setAspect(&r, "default-version", aws.ToString(v.VersionId))
		}
	}
	fact.Versions.Set(&r, versions)
	fact.Name.Set(&r, aws.ToString(p.PolicyName))
	fact.Path.Set(&r, aws.ToString(p.Path))
	fact.Attaches.Set(&r, int(aws.ToInt32(p.AttachmentCount)))
	return r, nil
}

func readPolicy(ctx context.Context, api policyReader, arn string) (types.Policy, error) {
	out, err := api.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return types.Policy{}, orGone(err, "policy "+arn)
	}
	return told(out.Policy, "policy "+arn)
}

// keepPolicy keeps every version: the list of versions has no documents.
func keepPolicy(ctx context.Context, api policyReader, r fact.Resource, put func(string, []byte) error) error {
	whole, err := readPolicy(ctx, api, r.ID)
	if err != nil {
		return err
	}
	versions, err := versionsOf(ctx, api, r.ID)
	if err != nil {
		return err
	}
	for i, v := range versions {
		out, err := api.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &r.ID, VersionId: v.VersionId})
		if err != nil {
			return fmt.Errorf("cannot keep version %s of policy %s: %w", aws.ToString(v.VersionId), r.ID, err)
		}
		version, err := told(out.PolicyVersion, "version "+aws.ToString(v.VersionId)+" of policy "+r.ID)
		if err != nil {
			return err
		}
		body, err := document(version.Document)
		if err != nil {
			return err
		}
		versions[i].Document = &body
	}
	return putJSON(put, descriptionFile, map[string]any{"Policy": whole, "Versions": versions})
}
