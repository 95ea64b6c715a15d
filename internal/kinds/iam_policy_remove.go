package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type policyWriter interface {
	policyReader
	SetDefaultPolicyVersion(context.Context, *iam.SetDefaultPolicyVersionInput, ...func(*iam.Options)) (*iam.SetDefaultPolicyVersionOutput, error)
	DeletePolicyVersion(context.Context, *iam.DeletePolicyVersionInput, ...func(*iam.Options)) (*iam.DeletePolicyVersionOutput, error)
	DeletePolicy(context.Context, *iam.DeletePolicyInput, ...func(*iam.Options)) (*iam.DeletePolicyOutput, error)
}

// onlyOther tells which version of a policy was the default, where all but one
// were made after the intruder's first change.
func onlyOther(r fact.Resource, before map[string]string) {
	if _, known := before["default-version"]; known {
		return
	}
	var first time.Time
	for _, d := range fact.Changed.Or(r, nil) {
		if first.IsZero() || d.At.Before(first) {
			first = d.At
		}
	}
	var old []string
	for _, v := range fact.Versions.Or(r, nil) {
		if !v.Created.IsZero() && v.Created.Before(first) {
			old = append(old, v.Name)
		}
	}
	if len(old) == 1 {
		before["default-version"] = old[0]
	}
}

// restoreVersion puts the version in force that the owner last put in force.
// The intruder's version stays beside it, for the evidence and out of force.
var restoreVersion = restore(kind.Verb[policyReader, policyWriter]{
	Name: "restore-version", Class: kind.Disruptive, Of: "default-version", Settle: iamSettle,
	Needs:  []string{"iam:SetDefaultPolicyVersion"},
	Mends:  []string{"CreatePolicyVersion", "SetDefaultPolicyVersion"},
	Recall: recallVersion,
}, func(ctx context.Context, api policyReader, r fact.Resource) (string, error) {
	p, err := readPolicy(ctx, api, r.ID)
	return aws.ToString(p.DefaultVersionId), err
}, func(ctx context.Context, api policyWriter, j kind.Job, version string) error {
	if version == "" {
		return fmt.Errorf("cannot restore policy %s: a policy has a version in force", j.ID)
	}
	_, err := api.SetDefaultPolicyVersion(ctx, &iam.SetDefaultPolicyVersionInput{PolicyArn: &j.ID, VersionId: &version})
	return err
})

func recallVersion(call string, request, response json.RawMessage) (version string, ok bool) {
	switch call {
	case "CreatePolicy":
		version = "v1"
	case "SetDefaultPolicyVersion":
		version = recordedText(request, "versionId")
	case "CreatePolicyVersion":
		var asked struct {
			SetAsDefault bool `json:"setAsDefault"`
		}
		if json.Unmarshal(request, &asked) == nil && asked.SetAsDefault {
			version = recordedText(response, "policyVersion", "versionId")
		}
	}
	return version, version != ""
}

// removePolicy deletes a policy with all its versions. One that somebody still
// has is left whole: what IAM refuses is asked for before any version is gone.
var removePolicy = remove(kind.Verb[policyReader, policyWriter]{
	Name: "delete", Settle: iamSettle,
	Needs: []string{"iam:DeletePolicyVersion", "iam:DeletePolicy"},
}, func(ctx context.Context, api policyReader, r fact.Resource) (any, error) {
	p, err := readPolicy(ctx, api, r.ID)
	return lasting(p.PolicyId, p.CreateDate), err
}, func(ctx context.Context, api policyWriter, j kind.Job) error {
	p, err := readPolicy(ctx, api, j.ID)
	if err != nil {
		return err
	}
	if aws.ToInt32(p.AttachmentCount) == 0 && aws.ToInt32(p.PermissionsBoundaryUsageCount) == 0 {
		versions, err := versionsOf(ctx, api, j.ID)
		if err := takeEach(versions, err, func(v types.PolicyVersion) error {
			if v.IsDefaultVersion {
				return nil // goes with the policy
			}
			_, err := api.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &j.ID, VersionId: v.VersionId})
			return err
		}); err != nil {
			return err
		}
	}
	_, err = api.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: &j.ID})
	return err
})

func versionsOf(ctx context.Context, api policyReader, arn string) ([]types.PolicyVersion, error) {
	p := iam.NewListPolicyVersionsPaginator(api, &iam.ListPolicyVersionsInput{PolicyArn: &arn})
	return iamPages(ctx, "versions of policy "+arn, p, func(o *iam.ListPolicyVersionsOutput) []types.PolicyVersion { return o.Versions })
}
