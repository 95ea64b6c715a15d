package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/policy"
)

// removeRole deletes a role of the account's own, out of its instance profiles
// first. A service-linked role and one of Identity Center are not the account's
// to delete.
var removeRole = remove(kind.Verb[roleReader, roleWriter]{
	Name: "delete", Settle: iamSettle,
	Needs: append(rolePolicies.stripping(), "iam:RemoveRoleFromInstanceProfile", "iam:DeleteRole"),
}, func(ctx context.Context, api roleReader, r fact.Resource) (any, error) {
	role, err := readRole(ctx, api, r.ID)
	if err == nil {
		err = deletable(r.ID, aws.ToString(role.Path))
	}
	return lasting(role.RoleId, role.CreateDate), orGone(err, "role "+r.ID)
}, func(ctx context.Context, api roleWriter, j kind.Job) error {
	role, err := readRole(ctx, api, j.ID)
	if err != nil {
		return err
	}
	if err := deletable(j.ID, aws.ToString(role.Path)); err != nil {
		return err
	}
	profiles, err := profilesOf(ctx, api, j.ID)
	if err := takeEach(profiles, err, func(p types.InstanceProfile) error {
		_, err := api.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{
			InstanceProfileName: p.InstanceProfileName, RoleName: &j.ID,
		})
		return err
	}); err != nil {
		return err
	}
	if err := rolePolicies.strip(ctx, api, j.ID); err != nil {
		return err
	}
	_, err = api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &j.ID})
	return err
})

func deletable(name, path string) error {
	if strings.HasPrefix(path, "/aws-service-role/") || strings.HasPrefix(path, "/aws-reserved/") {
		return fmt.Errorf("cannot delete role %s: an AWS service owns it", name)
	}
	return nil
}

func profilesOf(ctx context.Context, api iam.ListInstanceProfilesForRoleAPIClient, name string) ([]types.InstanceProfile, error) {
	p := iam.NewListInstanceProfilesForRolePaginator(api, &iam.ListInstanceProfilesForRoleInput{RoleName: &name})
	return iamPages(ctx, "instance profiles of role "+name, p, func(o *iam.ListInstanceProfilesForRoleOutput) []types.InstanceProfile { return o.InstanceProfiles })
}

// keepRole keeps the role with the instance profiles that it is in.
func keepRole(ctx context.Context, api roleReader, r fact.Resource, put func(string, []byte) error) error {
	if err := rolePolicies.keep(ctx, api, r, put); err != nil {
		return err
	}
	profiles, err := profilesOf(ctx, api, r.ID)
	if err != nil {
		return orGone(err, "role "+r.ID)
	}
	return putJSON(put, "instance-profiles.json", profiles)
}

// restoreTrust puts back the trust policy that the owner last gave the role.
var restoreTrust = restore(kind.Verb[roleReader, roleWriter]{
	Name: "restore-trust", Class: kind.Disruptive, Of: "trust", Settle: iamSettle,
	Needs:  []string{"iam:UpdateAssumeRolePolicy"},
	Mends:  []string{"UpdateAssumeRolePolicy"},
	Recall: recallTrust,
}, func(ctx context.Context, api roleReader, r fact.Resource) (string, error) {
	is, err := readTrust(ctx, api, r)
	return is.Trust, err
}, func(ctx context.Context, api roleWriter, j kind.Job, trust string) error {
	if trust == "" {
		return fmt.Errorf("cannot restore the trust of role %s: a role has a trust policy", j.ID)
	}
	return setTrust(ctx, api, j.ID, trust)
})

func recallTrust(call string, request, _ json.RawMessage) (string, bool) {
	key := map[string]string{"CreateRole": "assumeRolePolicyDocument", "UpdateAssumeRolePolicy": "policyDocument"}[call]
	trust := recordedText(request, key)
	return policy.Normal(trust), trust != ""
}

// recordedText is one text of a record's request or response, by its path; "" when
// it is not there.
func recordedText(of json.RawMessage, path ...string) string {
	for _, key := range path {
		var members map[string]json.RawMessage
		if json.Unmarshal(of, &members) != nil {
			return ""
		}
		of = members[key]
	}
	var text string
	if json.Unmarshal(of, &text) != nil {
		return ""
	}
	return text
}
