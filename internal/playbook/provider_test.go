package playbook

import (
	"slices"
	"testing"

	"cordon/internal/fact"
	"cordon/internal/finding"
)

// An identity provider that the intruder made lets him in again and again:
// every role that takes its tokens is closed to it, and only to it.
func TestAProviderOfHisIsDistrusted(t *testing.T) {
	at := fact.Place{Account: "111122223333", Region: fact.Global}
	his := fact.Resource{Ref: fact.Ref{Kind: "iam.oidc-provider", Place: at, ID: "arn:aws:iam::111122223333:oidc-provider/his.example"}}
	fact.Made.Set(&his, fact.Deed{Call: "CreateOpenIDConnectProvider", Sure: true})
	role := fact.Resource{Ref: fact.Ref{Kind: "iam.role", Place: at, ID: "admin"}}
	fact.Trust.Set(&role, `{"Statement":[{"Effect":"Allow","Principal":{"Federated":"`+his.ID+`"},"Action":"sts:AssumeRoleWithWebIdentity"}]}`)
	other := fact.Resource{Ref: fact.Ref{Kind: "iam.role", Place: at, ID: "other"}}
	fact.Trust.Set(&other, `{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
	in := Input{
		Snapshot: fact.Snapshot{Account: at.Account, Resources: []fact.Resource{his, role, other}},
		Findings: []finding.Finding{{
			Check: "suspect-made", Outcome: finding.Found, Answer: "stop",
			Hits: []finding.Hit{{Target: finding.Target{Ref: his.Ref}}},
		}},
	}
	var got []string
	for _, a := range Contain(in) {
		got = append(got, a.Verb+" "+a.Target.ID)
		if drop := fact.Distrust.Or(a.Target, nil); a.Verb == "close-trust" && !slices.Equal(drop, []string{his.ID}) {
			t.Errorf("close-trust takes out %v", drop)
		}
	}
	if want := []string{"close-trust admin", "revoke-sessions admin"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, changed := role.Facts[string(fact.Distrust)]; changed {
		t.Error("the snapshot itself was changed")
	}
}
