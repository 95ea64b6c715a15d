package lineage

import (
	"slices"
	"testing"

	"cordon/internal/event"
)

// byCert: a session of Roles Anywhere.
func byCert(at int, anchor, profile, subject, id, from string) story {
	arn := "arn:aws:rolesanywhere:us-east-1:" + own + ":"
	return story{at: at, who: "anybody", call: "rolesanywhere:CreateSession", id: "session-" + id, from: from,
		q: `{"trustAnchorArn":"` + arn + `trust-anchor/` + anchor + `","profileArn":"` + arn + `profile/` + profile + `","roleArn":"arn:aws:iam::` + own + `:role/r"}`,
		r: `{"subjectArn":"` + arn + `subject/` + subject + `","credentialSet":[{"credentials":{"accessKeyId":"` + id + `"},"roleArn":"arn:aws:iam::` + own + `:role/r"}]}`}
}

// called: who signs in by SAML, and the name of the session.
func (c story) called(user, from string) story {
	c.who, c.from = "saml "+user, from
	c.q = c.q[:len(c.q)-1] + `,"roleSessionName":"` + user + `"}`
	return c
}

// TestWaysThatTouchNoRole: sessions of the owner's unchanged roles, by a provider,
// an anchor or a user that the intruder set.
func TestWaysThatTouchNoRole(t *testing.T) {
	const (
		home, office, his = "198.51.100.7", "198.51.100.33", "203.0.113.9"
		corp              = "arn:aws:iam::" + own + ":saml-provider/corp"
		center            = "arn:aws:iam::" + own + ":saml-provider/AWSSSO_1_DO_NOT_DELETE"
		oidc              = "arn:aws:iam::" + own + ":oidc-provider/token.example"
	)
	saml := func(at int, who, call, from string) story {
		return story{at: at, who: who, call: "iam:" + call, from: from, q: `{"sAMLProviderArn":"` + corp + `","sAMLMetadataDocument":"<x/>"}`, r: `{"sAMLProviderArn":"` + corp + `"}`}
	}
	update := saml(5, "user ann AKIA1", "UpdateSAMLProvider", his)
	eve := bySAML(60, corp, "r", "ASIANEW").called("eve", home)
	me := bySAML(-20*day, corp, "r", "ASIAOLD").called("me", office)
	anchor := func(at int, who, call, from string) story {
		return story{at: at, who: who, call: "rolesanywhere:" + call, from: from, q: `{"trustAnchorId":"ta-1","source":{"sourceType":"CERTIFICATE_BUNDLE"}}`, r: `{"trustAnchor":{"trustAnchorId":"ta-1"}}`}
	}
	profile := story{at: 5, who: "user ann AKIA1", call: "rolesanywhere:CreateProfile", r: `{"profile":{"profileId":"p-his"}}`}
	client := story{at: 5, who: "user ann AKIA1", call: "iam:AddClientIDToOpenIDConnectProvider", q: `{"openIDConnectProviderArn":"` + oidc + `","clientID":"evil"}`}
	token := func(at int, audience, id string) story {
		s := byToken(at, oidc, "r", id)
		s.from, s.r = home, s.r[:len(s.r)-1]+`,"audience":"`+audience+`"}`
		return s
	}
	sso := story{at: 5, who: "user ann AKIA1", call: "identitystore:CreateUser", q: `{"userName":"Eve@corp"}`, r: `{"userId":"u-1"}`}
	for name, c := range map[string]struct {
		calls []story
		want  string // of ASIANEW; "": no suspect
	}{
		"a provider that he changed, by somebody new":  {[]story{me, update, eve}, Low},
		"from his own address":                         {[]story{me, update, bySAML(60, corp, "r", "ASIANEW").called("me", his)}, High},
		"somebody known, from where he always was":     {[]story{me, update, bySAML(60, corp, "r", "ASIANEW").called("me", office)}, ""},
		"somebody known, from elsewhere":               {[]story{me, update, bySAML(60, corp, "r", "ASIANEW").called("me", home)}, Low},
		"two new people from one place":                {[]story{me, update, bySAML(30, corp, "r", "ASIAX").called("joe", home), {at: 31, who: "role r/s ASIAX", call: "ec2:RunInstances", from: home}, eve}, Low},
		"before he changed it":                         {[]story{update, bySAML(4, corp, "r", "ASIANEW").called("eve", home)}, ""},
		"another provider":                             {[]story{update, bySAML(60, corp+"2", "r", "ASIANEW").called("eve", home)}, ""},
		"he was refused":                               {[]story{update.also(failed), eve}, ""},
		"a colleague changed it":                       {[]story{saml(5, "user bob AKIA7", "UpdateSAMLProvider", home), eve}, ""},
		"the owner put it back":                        {[]story{update, saml(20, "user bob AKIA7", "UpdateSAMLProvider", home), eve}, ""},
		"the owner only added to it":                   {[]story{update, {at: 20, who: "user bob AKIA7", call: "iam:UpdateSAMLProvider", from: home, q: `{"sAMLProviderArn":"` + corp + `"}`}, eve}, Low},
		"he put it back, and changed it again":         {[]story{update, saml(20, "user ann AKIA1", "UpdateSAMLProvider", his), eve}, Low},
		"one that he made":                             {[]story{saml(5, "user ann AKIA1", "CreateSAMLProvider", his), eve}, High},
		"one that he made again under the owner's":     {[]story{me, saml(5, "user ann AKIA1", "CreateSAMLProvider", his), eve}, Low},
		"an anchor that he made":                       {[]story{anchor(5, "user ann AKIA1", "CreateTrustAnchor", his), byCert(60, "ta-1", "p-1", "s", "ASIANEW", home)}, High},
		"an anchor that he changed":                    {[]story{anchor(5, "user ann AKIA1", "UpdateTrustAnchor", his), byCert(60, "ta-1", "p-1", "s", "ASIANEW", home)}, Low},
		"which the machines used before":               {[]story{byCert(-20*day, "ta-1", "p-1", "s", "ASIAOLD", home), anchor(5, "user ann AKIA1", "UpdateTrustAnchor", his), byCert(60, "ta-1", "p-1", "s", "ASIANEW", home)}, ""},
		"another anchor":                               {[]story{anchor(5, "user ann AKIA1", "CreateTrustAnchor", his), byCert(60, "ta-2", "p-1", "s", "ASIANEW", home)}, ""},
		"a profile that he made":                       {[]story{profile, byCert(60, "ta-2", "p-his", "s", "ASIANEW", home)}, High},
		"an audience that he added":                    {[]story{token(-20*day, "sts", "ASIAOLD"), client, token(60, "evil", "ASIANEW")}, High},
		"the owner's audience":                         {[]story{token(-20*day, "sts", "ASIAOLD"), client, token(60, "sts", "ASIANEW")}, ""},
		"one that was the owner's, too":                {[]story{token(-20*day, "evil", "ASIAOLD"), client, token(60, "evil", "ASIANEW")}, ""},
		"a user of Identity Center":                    {[]story{sso, bySAML(60, center, "AWSReservedSSO_Admin_1", "ASIANEW").called("eve@corp", home)}, High},
		"another user of it":                           {[]story{sso, bySAML(60, center, "AWSReservedSSO_Admin_1", "ASIANEW").called("joe@corp", home)}, ""},
		"one of that name in the company's own":        {[]story{sso, bySAML(60, corp, "r", "ASIANEW").called("eve@corp", home)}, ""},
		"the owner deleted and made that user himself": {[]story{sso, {at: 20, who: "user bob AKIA7", call: "identitystore:DeleteUser", from: home, q: `{"userId":"u-1"}`}, bySAML(60, center, "AWSReservedSSO_Admin_1", "ASIANEW").called("eve@corp", home)}, ""},
	} {
		closure := New([]Suspect{{Credential: "AKIA1"}}, began)
		var events []event.Event
		for _, s := range append(c.calls, newUser(90, "role r/s ASIANEW", "x").at_(home)) {
			events = append(events, s.parse(t))
		}
		closure.Add(Query{}, events)
		got, made := "", ""
		for _, s := range closure.Suspects() {
			switch {
			case s.Credential == "ASIANEW":
				got = s.Confidence
			case s.Credential == "ASIAOLD":
				t.Errorf("%s: a session from before is a suspect", name)
			case s.Principal == global(user, own, "x"):
				made = s.Confidence
			}
		}
		if got != c.want || made != c.want {
			t.Errorf("%s: %q, and whom it made %q, want %q", name, got, made, c.want)
		}
	}
}

// TestEntrancesAreAskedFor: by what the records of their sessions list; and what no
// look-up finds is said.
func TestEntrancesAreAskedFor(t *testing.T) {
	const corp, oidc = "arn:aws:iam::" + own + ":saml-provider/corp", "arn:aws:iam::" + own + ":oidc-provider/token.example"
	c := New([]Suspect{{Credential: "AKIA1"}}, began)
	var events []event.Event
	for _, s := range []story{
		{at: 1, call: "iam:UpdateSAMLProvider", q: `{"sAMLProviderArn":"` + corp + `"}`},
		{at: 2, call: "rolesanywhere:CreateTrustAnchor", r: `{"trustAnchor":{"trustAnchorId":"ta-1"}}`},
		{at: 3, call: "identitystore:CreateUser", q: `{"userName":"Eve"}`, r: `{"userId":"u-1"}`},
		{at: 4, call: "sso-directory:CreateUser", q: `{"userName":"HIDDEN_DUE_TO_SECURITY_REASONS"}`, r: `{"user":{"userId":"u-2"}}`},
		{at: 5, call: "sso-directory:UpdatePassword", q: `{"userId":"u-3"}`},
		{at: 6, call: "iam:UpdateOpenIDConnectProviderThumbprint", q: `{"openIDConnectProviderArn":"` + oidc + `"}`},
		{at: 7, call: "iam:UpdateOpenIDConnectProviderThumbprint", q: `{"openIDConnectProviderArn":"` + oidc + `"}`, more: failed},
	} {
		s.who = "user ann AKIA1"
		events = append(events, s.parse(t))
	}
	c.Add(Query{ByAccessKey, "AKIA1"}, events)
	asked := c.Next()
	for _, q := range []Query{{ByRole, corp}, {ByEventName, "CreateSession"}, {ByUser, "Eve"}, {ByUser, "eve"}} {
		if !slices.Contains(asked, q) {
			t.Errorf("not asked for: %v", q)
		}
	}
	var blind []string
	for _, e := range c.Untraced() {
		blind = append(blind, e.ID)
	}
	if want := []string{events[3].ID, events[4].ID, events[5].ID}; !slices.Equal(blind, want) {
		t.Errorf("%q, want %q", blind, want)
	}
}
