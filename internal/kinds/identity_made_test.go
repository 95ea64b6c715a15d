package kinds

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lineage"
)

// TestIdentityIsAttributed: what the records say was made is what the listings
// show, by the same reference.
func TestIdentityIsAttributed(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	a, d, o := open(t, w), makeDirectory(t, w), makeOrg(t, w)
	made := map[kind.Kind]string{
		instanceProfile: a.profile("web", a.role("deploy", trusting("arn:aws:iam::"+kindtest.Account+":root"))),
		trustAnchor:     makeTrustAnchor(t, w), anywhereProfile: makeAnywhereProfile(t, w),
		ssoInstance: d.instance, permissionSet: d.set, assignment: d.assignment, directoryUser: d.user, directoryGroup: d.group,
		orgAccount: o.member, orgPolicy: o.policy,
	}
	invited := must[*organizations.InviteAccountToOrganizationOutput](t)(o.InviteAccountToOrganization(t.Context(), &organizations.InviteAccountToOrganizationInput{
		Target: &types.HandshakeParty{Id: aws.String("999988887777"), Type: types.HandshakePartyTypeAccount},
	}))
	made[handshake] = *invited.Handshake.Id

	created := map[fact.Ref]bool{}
	records, err := w.Lab.Events(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		e, err := event.Parse(r.Raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, deed := range lineage.Made(e) {
			if deed.Change == lineage.Created {
				created[deed.Ref] = true
			}
		}
	}
	for k, id := range made {
		region := fact.Global
		switch k {
		case trustAnchor, anywhereProfile:
			region = anywhereRegion
		case ssoInstance, permissionSet, assignment, directoryUser, directoryGroup:
			region = ssoRegion
		}
		if r := one(t, w, k, region, id); !created[r.Ref] {
			t.Errorf("no record made %s", r.Ref)
		}
	}
}
