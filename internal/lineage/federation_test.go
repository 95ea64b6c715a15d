package lineage

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cordon/internal/event"
)

// byToken: a session that an identity provider's token began.
func byToken(at int, idp, role, id string) story {
	s := assume(at, "token "+idp, role, id)
	s.call = "sts:AssumeRoleWithWebIdentity"
	return s
}

// bySAML: one that a SAML assertion began; its provider is in the request.
func bySAML(at int, idp, role, id string) story {
	s := assume(at, "saml", role, id)
	s.call = "sts:AssumeRoleWithSAML"
	s.q = `{"principalArn":"` + idp + `","roleArn":"arn:aws:iam::` + own + `:role/` + role + `"}`
	return s
}

// open: a role's trust is changed to let providers in.
func open(at int, who, role string, idps ...string) story {
	doc := fmt.Sprintf(`{"Statement":[{"Effect":"Allow","Action":"sts:*","Principal":{"Federated":["%s"]}}]}`, strings.Join(idps, `","`))
	return story{at: at, who: who, call: "iam:UpdateAssumeRolePolicy", id: fmt.Sprint("open-", at), q: fmt.Sprintf(`{"roleName":%q,"policyDocument":%q}`, role, doc)}
}

func TestFederatedSessionsOfAnOpenedRole(t *testing.T) {
	const (
		arn     = "arn:aws:iam::" + own + ":oidc-provider/"
		evil    = "token.evil.example"
		owners  = "token.actions.example"
		samlIDP = "arn:aws:iam::" + own + ":saml-provider/evil"
	)
	newProvider := story{at: 4, who: "user ann AKIA1", call: "iam:CreateOpenIDConnectProvider", r: `{"openIDConnectProviderArn":"` + arn + evil + `"}`}
	for name, c := range map[string]struct {
		calls []story
		want  []string // sessions that are his
	}{
		"a provider that he created": {[]story{
			newProvider, open(5, "user ann AKIA1", "r"), byToken(6, arn+evil, "r", "ASIANEW"),
		}, []string{"ASIANEW"}},
		"recorded by its issuer's name": {[]story{
			open(5, "user ann AKIA1", "r", arn+evil), byToken(6, evil, "r", "ASIANEW"),
		}, []string{"ASIANEW"}},
		"SAML, newly named": {[]story{
			open(5, "user ann AKIA1", "r", samlIDP), bySAML(4, samlIDP, "r", "ASIAOLD"), bySAML(6, samlIDP+"2", "r", "ASIAOTHER"),
		}, nil},
		"SAML": {[]story{
			open(5, "user ann AKIA1", "r", samlIDP), bySAML(6, samlIDP, "r", "ASIANEW"), bySAML(6, samlIDP+"2", "r", "ASIAOTHER"),
		}, []string{"ASIANEW"}},
		"the owner's provider, used before": {[]story{
			byToken(2, arn+owners, "r", "ASIAOLD"), open(5, "user ann AKIA1", "r", arn+owners, arn+evil),
			byToken(6, arn+owners, "r", "ASIACI"), byToken(7, arn+evil, "r", "ASIANEW"),
		}, []string{"ASIANEW"}},
		"the owner's provider, named before": {[]story{
			open(1, "user boss AKIA9", "r", arn+owners), open(5, "user ann AKIA1", "r", arn+owners, arn+evil),
			byToken(6, arn+owners, "r", "ASIACI"), byToken(7, arn+evil, "r", "ASIANEW"),
		}, []string{"ASIANEW"}},
		"named by the owner later": {[]story{
			open(5, "user ann AKIA1", "r", arn+evil), open(6, "user boss AKIA9", "r", arn+owners), byToken(7, arn+owners, "r", "ASIACI"),
		}, nil},
		"before he opened it": {[]story{
			newProvider, byToken(4, arn+evil, "r", "ASIAOLD"), open(5, "user ann AKIA1", "r"),
		}, nil},
		"another role": {[]story{
			newProvider, open(5, "user ann AKIA1", "r", arn+evil), byToken(6, arn+evil, "q", "ASIAOTHER"),
		}, nil},
		"a role that he created": {[]story{
			{at: 1, who: "user ann AKIA1", call: "iam:CreateRole", q: `{"roleName":"r"}`, r: `{"role":{"roleName":"r"}}`}, byToken(6, "accounts.google.com", "r", "ASIANEW"),
		}, []string{"ASIANEW"}},
	} {
		var events []event.Event
		for _, s := range c.calls {
			events = append(events, s.parse(t))
		}
		closure := New([]Suspect{{Credential: "AKIA1"}}, began)
		closure.Add(Query{}, events)
		var got []string
		for _, s := range closure.Suspects() {
			if s.Kind == RoleSession {
				got = append(got, s.Credential)
				if s.Confidence != High {
					t.Errorf("%s: %+v", name, s)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
