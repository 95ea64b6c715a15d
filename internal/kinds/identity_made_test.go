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
	invited := must[*organizations.InviteAccountToOrganizationOutput](t)(o.InviteAccountToOrganization(t.Context(), &organizations.InviteAccountToOrganizationInput{
		Target: &types.HandshakeParty{Id: aws.String("999988887777"), Type: types.HandshakePartyTypeAccount},
	}))
	made := []struct {
		of         kind.Kind
		region, id string
	}{
		{instanceProfile, fact.Global, a.profile("web", a.role("deploy", trusting("arn:aws:iam::"+kindtest.Account+":root")))},
		{trustAnchor, anywhereRegion, makeTrustAnchor(t, w)},
		{anywhereProfile, anywhereRegion, makeAnywhereProfile(t, w)},
		{ssoInstance, ssoRegion, d.instance},
		{permissionSet, ssoRegion, d.set},
		{assignment, ssoRegion, d.assignment},
		{directoryUser, ssoRegion, d.user},
		{directoryGroup, ssoRegion, d.group},
		{orgAccount, fact.Global, o.member},
		{orgPolicy, fact.Global, o.policy},
		{handshake, fact.Global, *invited.Handshake.Id},
	}

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
	for _, m := range made {
		if r := one(t, w, m.of, m.region, m.id); !created[r.Ref] {
			t.Errorf("no record made %s", r.Ref)
		}
	}
}
