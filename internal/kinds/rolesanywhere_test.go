package kinds

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rolesanywhere"
	"github.com/aws/aws-sdk-go-v2/service/rolesanywhere/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

const anywhereRegion = "eu-west-1"

func makeTrustAnchor(t *testing.T, w world) string {
	t.Helper()
	api := rolesanywhere.NewFromConfig(w.Config(anywhereRegion))
	certificate, _ := selfSigned(t)
	out := must[*rolesanywhere.CreateTrustAnchorOutput](t)(api.CreateTrustAnchor(t.Context(), &rolesanywhere.CreateTrustAnchorInput{
		Name: aws.String("corp"), Enabled: aws.Bool(true),
		Source: &types.Source{SourceType: types.TrustAnchorTypeCertificateBundle, SourceData: &types.SourceDataMemberX509CertificateData{Value: certificate}},
	}))
	return *out.TrustAnchor.TrustAnchorId
}

func makeAnywhereProfile(t *testing.T, w world) string {
	t.Helper()
	api := rolesanywhere.NewFromConfig(w.Config(anywhereRegion))
	out := must[*rolesanywhere.CreateProfileOutput](t)(api.CreateProfile(t.Context(), &rolesanywhere.CreateProfileInput{
		Name: aws.String("deploy"), Enabled: aws.Bool(true), RoleArns: []string{"arn:aws:iam::" + kindtest.Account + ":role/deploy"},
	}))
	return *out.Profile.ProfileId
}

func TestRolesAnywhereTrustAnchor(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[trustAnchorReader, trustAnchorWriter]{Spec: trustAnchorSpec, Region: anywhereRegion, Setup: makeTrustAnchor})
}

func TestRolesAnywhereProfile(t *testing.T) {
	t.Parallel()
	kindtest.Run(t, kindtest.Case[anywhereProfileReader, anywhereProfileWriter]{Spec: anywhereProfileSpec, Region: anywhereRegion, Setup: makeAnywhereProfile})
}

func TestRolesAnywhereFacts(t *testing.T) {
	t.Parallel()
	w := kindtest.NewWorld(t)
	anchor := one(t, w, trustAnchor, anywhereRegion, makeTrustAnchor(t, w))
	wantFact(t, anchor, fact.Active, true)
	wantFact(t, anchor, fact.Name, "corp")
	wantFact(t, anchor, fact.Detail, "CERTIFICATE_BUNDLE")
	profile := one(t, w, anywhereProfile, anywhereRegion, makeAnywhereProfile(t, w))
	wantFact(t, profile, fact.Roles, []string{"arn:aws:iam::" + kindtest.Account + ":role/deploy"})
	wantFact(t, profile, fact.Maker, kindtest.Account)
	if anchor.Created.IsZero() || profile.Created.IsZero() {
		t.Error("no date")
	}
}

// one lists a kind and answers the resource with the id.
func one(t *testing.T, w world, k kind.Kind, region, id string) (found fact.Resource) {
	t.Helper()
	if err := k.List(t.Context(), w.Config(region), fact.Place{Account: kindtest.Account, Region: region}, func(r fact.Resource) {
		if r.ID == id {
			found = r
		}
	}); err != nil {
		t.Fatal(err)
	}
	if found.ID == "" {
		t.Fatalf("%s %s is not listed", k.Name(), id)
	}
	return found
}
