package kinds

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
)

// A grant is one entry of the list of those who may use an image or a
// snapshot; one of its members is set.
type grant struct {
	User  string `json:"user,omitempty"`
	Group string `json:"group,omitempty"` // "all" is everybody
	Org   string `json:"org,omitempty"`   // ARN
	Unit  string `json:"unit,omitempty"`  // ARN of an organisational unit
}

// launchGrants are the permissions of an image that reach beyond the account,
// in a fixed order.
func launchGrants(all []types.LaunchPermission, account string) []grant {
	out := make([]grant, 0, len(all))
	for _, p := range all {
		out = append(out, grant{aws.ToString(p.UserId), string(p.Group), aws.ToString(p.OrganizationArn), aws.ToString(p.OrganizationalUnitArn)})
	}
	return foreignGrants(out, account)
}

// volumeGrants are the same of a snapshot.
func volumeGrants(all []types.CreateVolumePermission, account string) []grant {
	out := make([]grant, 0, len(all))
	for _, p := range all {
		out = append(out, grant{User: aws.ToString(p.UserId), Group: string(p.Group)})
	}
	return foreignGrants(out, account)
}

func foreignGrants(all []grant, account string) []grant {
	all = slices.DeleteFunc(all, func(g grant) bool { return g.User == account })
	slices.SortFunc(all, func(a, b grant) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.User, b.User), cmp.Compare(a.Org, b.Org), cmp.Compare(a.Unit, b.Unit))
	})
	return all
}

func launchPermissions(all []grant) (out []types.LaunchPermission) {
	for _, g := range all {
		out = append(out, types.LaunchPermission{
			UserId: given(g.User), Group: types.PermissionGroup(g.Group), OrganizationArn: given(g.Org), OrganizationalUnitArn: given(g.Unit),
		})
	}
	return out
}

func volumePermissions(all []grant) (out []types.CreateVolumePermission) {
	for _, g := range all {
		out = append(out, types.CreateVolumePermission{UserId: given(g.User), Group: types.PermissionGroup(g.Group)})
	}
	return out
}

// given is nil for what is not set, as the SDK wants it.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// setSharing records who beyond the account may use the resource.
func setSharing(r *fact.Resource, grants []grant) {
	public, with := false, []string{}
	for _, g := range grants {
		if g.Group != "" {
			public = true
			continue
		}
		with = append(with, cmp.Or(g.User, g.Org, g.Unit))
	}
	fact.Public.Set(r, public)
	fact.SharedWith.Set(r, with)
}
