package lineage

import (
	"fmt"
	"slices"
	"testing"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// opens: a role's trust is changed, or the role created, to let accounts in.
func opens(at int, who, call, role string, accounts ...string) story {
	names := ""
	for i, a := range accounts {
		if i > 0 {
			names += `","`
		}
		names += "arn:aws:iam::" + a + ":root"
	}
	doc := fmt.Sprintf(`{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["%s"]}}]}`, names)
	where := "policyDocument"
	if call == "CreateRole" {
		where = "assumeRolePolicyDocument"
	}
	return story{at: at, who: who, call: "iam:" + call, id: fmt.Sprint("trust-", at), q: fmt.Sprintf(`{"roleName":%q,%q:%q}`, role, where, doc), r: fmt.Sprintf(`{"role":{"roleName":%q}}`, role)}
}

// TestWhoComesThroughAnOpenedRole: a foreign session of a role whose trust the
// intruder changed is unsure where the record or the organisation shows the owner's
// own people, and only there.
func TestWhoComesThroughAnOpenedRole(t *testing.T) {
	const above, stranger, agent = "222233334444", "444455556666", "aws-sdk-go-v2/1.30.0 app/cordon-1"
	const evil = "666677778888"
	r := global(role, own, "r")
	open := opens(5, "user ann AKIA1", "UpdateAssumeRolePolicy", "r", above, evil)
	came := func(account string) story { return assume(60, "account "+account, "r", "ASIANEW") }
	snapshot := story{at: 70, who: "role r/s ASIANEW", call: "ec2:CreateSnapshot", id: "snap", r: `{"snapshotId":"snap-1"}`, more: `"userAgent":"` + agent + `"`}
	for name, c := range map[string]struct {
		friends Friends
		calls   []story
		want    string // the session's confidence; "": it is no suspect
	}{
		"a stranger":                              {Friends{}, []story{open, came(evil)}, High},
		"named by the intruder alone":             {Friends{}, []story{open, came(above)}, High},
		"the management account":                  {Friends{Management: above}, []story{open, came(above)}, Low},
		"another than the management account":     {Friends{Management: above}, []story{open, came(evil)}, High},
		"of an organisation that he joined":       {Friends{Management: above}, []story{open, {at: 6, who: "user ann AKIA1", call: "organizations:AcceptHandshake"}, came(above)}, High},
		"of one that the owner joined":            {Friends{Management: above}, []story{open, {at: 6, who: "user bob AKIA7", call: "organizations:AcceptHandshake"}, came(above)}, Low},
		"where we come from":                      {Friends{Accounts: map[string]bool{above: true}}, []story{open, came(above)}, Low},
		"a baseline names it":                     {Friends{Let: map[fact.Ref][]string{r: {above}}}, []story{open, came(above)}, Low},
		"a baseline names it for another role":    {Friends{Let: map[fact.Ref][]string{global(role, own, "q"): {above}}}, []story{open, came(above)}, High},
		"the owner's document named it":           {Friends{}, []story{opens(1, "user bob AKIA7", "UpdateAssumeRolePolicy", "r", above), open, came(above)}, Low},
		"the role was created for it":             {Friends{}, []story{opens(-40*day, "user bob AKIA7", "CreateRole", "r", above), open, came(above)}, Low},
		"and was taken out again":                 {Friends{}, []story{opens(-40*day, "user bob AKIA7", "CreateRole", "r", above), opens(-1, "user bob AKIA7", "UpdateAssumeRolePolicy", "r", stranger), open, came(above)}, High},
		"another role's document named it":        {Friends{}, []story{opens(1, "user bob AKIA7", "UpdateAssumeRolePolicy", "q", above), open, came(above)}, High},
		"the owner was refused":                   {Friends{}, []story{opens(1, "user bob AKIA7", "UpdateAssumeRolePolicy", "r", above).also(failed), open, came(above)}, High},
		"the key wrote it just before":            {Friends{}, []story{opens(-60, "user ann AKIA1", "UpdateAssumeRolePolicy", "r", evil), open, came(evil)}, High},
		"the key wrote it from its owner's place": {Friends{}, []story{opens(-20*day, "user ann AKIA1", "CreateRole", "r", above).at_("198.51.100.1"), open, came(above)}, Low},
		"a role that he made for it":              {Friends{Management: above}, []story{opens(5, "user ann AKIA1", "CreateRole", "r", above), came(above)}, High},
		"we ourselves":                            {Friends{Self: map[string]bool{"ASIANEW": true}}, []story{open, came(above), snapshot}, ""},
		"whoever writes our mark":                 {Friends{}, []story{open, came(above), snapshot}, High},
		"we, by what the journal has":             {Friends{Ours: map[string]bool{"snap": true}}, []story{open, came(above), snapshot}, ""},
		"our people":                              {Friends{Ours: map[string]bool{"snap": true}}, []story{open, assume(59, "account "+above, "r", "ASIAWE"), {at: 70, who: "role r/s ASIAWE", call: "ec2:CreateSnapshot", id: "snap", more: `"userAgent":"` + agent + `"`}, came(above)}, Low},
		"a stranger beside us":                    {Friends{Ours: map[string]bool{"snap": true}}, []story{open, assume(59, "account "+above, "r", "ASIAWE"), {at: 70, who: "role r/s ASIAWE", call: "ec2:CreateSnapshot", id: "snap", more: `"userAgent":"` + agent + `"`}, came(evil)}, High},
	} {
		closure := New([]Suspect{{Credential: "AKIA1"}}, began)
		closure.Befriend(c.friends)
		var events []event.Event
		for _, s := range c.calls {
			events = append(events, s.parse(t))
		}
		closure.Add(Query{}, events)
		got := ""
		for _, s := range closure.Suspects() {
			if s.Credential == "ASIANEW" {
				got = s.Confidence
			}
			if s.Credential == "ASIAWE" {
				t.Errorf("%s: we are a suspect", name)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if ds := closure.Deeds(); c.want != High && slices.ContainsFunc(ds, func(d Deed) bool { return d.Ref.Kind == snapshotKind && d.Confidence == High }) {
			t.Errorf("%s: its snapshot is his: %+v", name, ds)
		}
	}
}

const snapshotKind = "ec2.snapshot"

func TestLetIn(t *testing.T) {
	doc := `{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["arn:aws:iam::222233334444:role/x","333344445555","arn:aws:iam::` + own + `:root","*"]}},
		{"Effect":"Deny","Action":"*","Principal":{"AWS":"444455556666"}}]}`
	if got := LetIn(doc, own); !slices.Equal(got, []string{"222233334444", "333344445555"}) {
		t.Errorf("%q", got)
	}
}
