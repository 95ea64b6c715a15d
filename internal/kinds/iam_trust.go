package kinds

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/policy"
)

// A trustPrior is the trust policy a role had, in policy.Normal's spelling: IAM
// gives an unchanged document with its lists in another order from one call to
// the next. Undo puts that spelling back, which to IAM is the document it had;
// the bytes that were read are in the evidence.
type trustPrior struct {
	ID    string `json:"id"`
	Trust string `json:"trust"`
}

// closeTrust takes every principal from outside the account out of a role's
// trust policy, and the identity providers that the plan names; other providers
// and services stay. Open sessions go on: revoke-sessions ends those. IAM checks
// the principals it is given, so that undo fails, and says so, when one named
// in the old document has been deleted since.
var closeTrust = kind.Verb[roleReader, roleWriter]{
	Name:   "close-trust",
	Class:  kind.Disruptive,
	For:    kind.Close,
	Mends:  []string{"UpdateAssumeRolePolicy"},
	Needs:  []string{"iam:UpdateAssumeRolePolicy"},
	Settle: iamSettle,
	Prior: func(ctx context.Context, api roleReader, r fact.Resource) (json.RawMessage, error) {
		return prior(readTrust(ctx, api, r))
	},
	Do: func(ctx context.Context, api roleWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[trustPrior](prior)
		if err != nil {
			return err
		}
		shut, changed, err := closed(was.Trust, j)
		if err != nil || !changed {
			return err
		}
		return setTrust(ctx, api, j.ID, shut)
	},
	Done: func(ctx context.Context, api roleReader, j kind.Job) (bool, error) {
		is, err := readTrust(ctx, api, j.Resource)
		if err != nil {
			return false, err
		}
		_, open, err := closed(is.Trust, j)
		return err == nil && !open, err
	},
	Undo: func(ctx context.Context, api roleWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[trustPrior](prior)
		if err != nil {
			return err
		}
		return setTrust(ctx, api, j.ID, was.Trust)
	},
}

func closed(trust string, j kind.Job) (string, bool, error) {
	return policy.CloseTrustTo(trust, j.Account, fact.Distrust.Or(j.Resource, nil))
}

func readTrust(ctx context.Context, api roleReader, r fact.Resource) (trustPrior, error) {
	role, err := readRole(ctx, api, r.ID)
	return trustPrior{aws.ToString(role.RoleId), policy.Normal(aws.ToString(role.AssumeRolePolicyDocument))}, orGone(err, "role "+r.ID)
}

// readRole reads one role with its trust policy decoded.
func readRole(ctx context.Context, api roleReader, name string) (types.Role, error) {
	out, err := api.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if err != nil {
		return types.Role{}, err
	}
	role, err := told(out.Role, "role "+name)
	if err != nil {
		return role, err
	}
	trust, err := document(role.AssumeRolePolicyDocument)
	role.AssumeRolePolicyDocument = &trust
	return role, err
}

func setTrust(ctx context.Context, api roleWriter, name, trust string) error {
	_, err := api.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: &name, PolicyDocument: &trust})
	return err
}
