package lineage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
)

// Every case in this file is ours: no public record has a chain deeper than
// one role, a source identity or two users of one key.

const (
	cli  = "aws-cli/2.15.0 Python/3.11.6 Linux/6.1.0 exe/x86_64.debian.12 prompt/off command/sts"
	mac  = "aws-cli/2.15.0 Python/3.11.6 Darwin/23.0.0 exe/x86_64"
	boto = "Boto3/1.28.0 md/Botocore#1.31.0 ua/2.0 os/linux#5.10"
	sdk  = "aws-sdk-go-v2/1.30.0 os/linux lang/go#1.22"
)

// with gives a story an agent.
func (c story) with(agent string) story {
	if c.more != "" {
		c.more += ","
	}
	c.more += `"userAgent":"` + agent + `"`
	return c
}

func (c story) also(member string) story {
	if c.more != "" {
		c.more += ","
	}
	c.more += member
	return c
}

func tell(t *testing.T, all ...story) (events []event.Event) {
	t.Helper()
	for i, s := range all {
		if s.id == "" {
			s.id = fmt.Sprintf("%s-%d-%d", strings.ReplaceAll(s.call, ":", "-"), s.at, i)
		}
		events = append(events, s.parse(t))
	}
	return events
}

// walked writes a chain in one line.
func walked(steps []Step) string {
	var all []string
	for _, s := range steps {
		all = append(all, s.Credential+" "+s.Why+" "+s.EventID)
	}
	return strings.Join(all, " > ")
}

func TestChain(t *testing.T) {
	fed := story{at: 2, who: "user ann AKIA1", call: "sts:GetFederationToken", id: "fed", r: `{"credentials":{"accessKeyId":"ASIAF"},"federatedUser":{"arn":"arn:aws:sts::` + own + `:federated-user/f"}}`}
	for name, c := range map[string]struct {
		of    string
		calls []story
		want  string
	}{
		"a key":          {"AKIA1", []story{{who: "user ann AKIA1", call: "s3:ListBuckets"}}, "AKIA1 long-lived "},
		"nobody's key":   {"AKIA9", nil, "AKIA9 long-lived "},
		"nothing at all": {"", nil, ""},
		"four roles deep": {"ASIA5", []story{
			newKey(0, "user root AKIA0", "ann", "AKIA1"), assume(1, "user ann AKIA1", "a", "ASIA2"), assume(2, "role a/s ASIA2", "b", "ASIA3"),
			assume(3, "role b/s ASIA3", "c", "ASIA4"), assume(4, "role c/s ASIA4", "d", "ASIA5"),
		}, "AKIA0 long-lived  > AKIA1 issued key-AKIA1 > ASIA2 issued assume-ASIA2 > ASIA3 issued assume-ASIA3 > ASIA4 issued assume-ASIA4 > ASIA5 issued assume-ASIA5"},
		"a federation token": {"ASIA3", []story{fed, assume(3, "fed f/ann ASIAF", "a", "ASIA3")},
			"AKIA1 long-lived  > ASIAF issued fed > ASIA3 issued assume-ASIA3"},
		"a circle": {"ASIA3", []story{assume(2, "role b/s ASIA3", "a", "ASIA2"), assume(3, "role a/s ASIA2", "b", "ASIA3")},
			"ASIA2 says-it-issued-its-cause  > ASIA3 issued assume-ASIA3"},
		"a circle with a way out": {"ASIA3", []story{assume(1, "user ann AKIA1", "a", "ASIA2"), assume(3, "role a/s ASIA2", "b", "ASIA3"), again(assume(4, "role b/s ASIA3", "a", "ASIA2"))},
			"AKIA1 long-lived  > ASIA2 issued assume-ASIA2 > ASIA3 issued assume-ASIA3"},
		"its own parent": {"ASIA2", []story{assume(1, "role a/s ASIA2", "a", "ASIA2")}, "ASIA2 says-it-issued-its-cause "},
		"issued before the record begins": {"ASIA2", []story{
			{who: "user bob AKIA7", call: "s3:ListBuckets"},
			assume(4, "role a/s ASIA1", "b", "ASIA2"),
		}, "ASIA1 issued-before-record  > ASIA2 issued assume-ASIA2"},
		"issued unseen": {"ASIA1", []story{{who: "user bob AKIA7", call: "s3:ListBuckets"}, {at: 3, who: "role a/s ASIA1", call: "s3:ListBuckets"}}, "ASIA1 issue-not-recorded "},
		"an instance's": {"ASIA2", []story{assume(1, "service ec2.amazonaws.com", "web", "ASIA2"), {at: 3, who: "role web/i-0123456789abcdef0 ASIA2", call: "s3:ListBuckets"}},
			"ASIA2 issued-by-aws assume-ASIA2"},
		"a sign-in": {"ASIA2", []story{
			{at: 1, who: "user bob", call: "signin:ConsoleLogin", id: "login", r: `{"ConsoleLogin":"Success"}`},
			{at: 2, who: "user bob ASIA2", call: "iam:ListUsers", invoked: "signin.amazonaws.com"},
		}, "ASIA2 signed-in login"},
		"another account's record": {"ASIA2", []story{
			{at: 1, who: "user ann AKIA1", call: "sts:AssumeRole", id: "here", more: `"sharedEventID":"s-1"`},
			assume(1, "account "+own, "far", "ASIA2").also(`"sharedEventID":"s-1"`),
		}, "AKIA1 long-lived  > ASIA2 issued assume-ASIA2"},
		"a source identity": {"ASIA3", []story{
			assume(1, "user ann AKIA1", "a", "ASIA2").from_("mallory"),
			{at: 9, who: "role z/s ASIA3", call: "s3:ListBuckets"},
		}, "AKIA1 long-lived  > ASIA2 issued assume-ASIA2 > ASIA3 same-source-identity assume-ASIA2"},
	} {
		events := tell(t, c.calls...)
		for i := range events {
			switch p := &events[i].Principal; {
			case events[i].Credential == "ASIA3" && name == "a source identity":
				p.SourceIdentity = "mallory"
			case events[i].Credential == "ASIA1" && name == "issued before the record begins":
				p.SessionCreated = began.Add(-time.Hour)
			}
		}
		if got := walked(NewRecord(events).Chain(c.of)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
		closure := New(nil, began)
		closure.Add(Query{}, events)
		if got := walked(closure.Chain(c.of)); got != c.want {
			t.Errorf("%s: the closure says %s", name, got)
		}
	}
}

// from_ lets an AssumeRole set a source identity.
func (c story) from_(identity string) story {
	c.q = strings.TrimSuffix(c.q, "}") + `,"sourceIdentity":"` + identity + `"}`
	return c
}

// TestJuggling: two roles that trust each other renew their sessions without
// end; whichever is asked for, the chain ends at the key.
func TestJuggling(t *testing.T) {
	calls := []story{assume(0, "user ann AKIA1", "a", "ASIA100")}
	for i := 1; i <= 60; i++ {
		who, to := "role a/s ", "b"
		if i%2 == 0 {
			who, to = "role b/s ", "a"
		}
		calls = append(calls, assume(i*50, fmt.Sprintf("%sASIA%d", who, 99+i), to, fmt.Sprintf("ASIA%d", 100+i)))
	}
	c := New([]Suspect{{Credential: "AKIA1"}}, began)
	c.Add(Query{}, tell(t, calls...))
	if n := len(c.Suspects()); n != 62 {
		t.Errorf("%d suspects, want the key and 61 sessions", n)
	}
	steps := c.Chain("ASIA160")
	if len(steps) != 62 || steps[0].Credential != "AKIA1" || steps[61].Credential != "ASIA160" {
		t.Errorf("%d steps: %s", len(steps), walked(steps))
	}
	// What is left to cut is what the last 12 hours issued: both roles' sessions.
	_, cut, _ := drawn(t, c, began.Add(3100*time.Minute))
	if cut != "credential AKIA1, sessions a, sessions b" {
		t.Error(cut)
	}
}

func lanes(c *Closure, events []event.Event) string {
	var all []string
	for _, e := range events {
		l := c.Lane(e)
		all = append(all, fmt.Sprintf("%s %s %s", l.Who, l.Confidence, strings.Join(l.Why, "+")))
	}
	return strings.Join(all, "\n")
}

// TestLanes: whose each call is.
func TestLanes(t *testing.T) {
	list := func(at int, who, from, agent string) story {
		return story{at: at, who: who, call: "s3:ListBuckets", from: from}.with(agent)
	}
	var past []story
	for d := 20; d > 0; d-- {
		past = append(past, list(-d*day, "user ann AKIA1", "198.51.100.1", boto))
	}
	fedToken := story{at: 1, who: "user ann AKIA1", call: "sts:GetFederationToken", id: "fed", r: `{"credentials":{"accessKeyId":"ASIAF"},"federatedUser":{"arn":"arn:aws:sts::` + own + `:federated-user/f"}}`}.with(cli)
	stop := story{at: 2, who: "user ann AKIA1", call: "cloudtrail:StopLogging", id: "stop", q: `{"name":"t"}`}
	for name, c := range map[string]struct {
		known Known
		calls []story // the last one is judged
		want  string
	}{
		"an old address and tool":                 {Known{}, []story{list(9, "user ann AKIA1", "198.51.100.1", boto)}, "owner high known-address+known-agent"},
		"a new address and tool":                  {Known{}, []story{list(9, "user ann AKIA1", "203.0.113.9", mac)}, "intruder high new-address+new-agent"},
		"a new address, as ever":                  {Known{}, []story{list(9, "user ann AKIA1", "203.0.113.9", boto)}, "owner low new-address+known-agent+known-calls"},
		"a new address, nobody found a sign":      {Known{Signs: []Sign{}}, []story{list(9, "user ann AKIA1", "203.0.113.9", mac)}, "unknown low new-address+new-agent+no-sign"},
		"a new address with a sign":               {Known{Signs: []Sign{{EventID: "stop", Weight: 1}}}, []story{stop.with(mac)}, "intruder high new-address+new-agent+detected+new-calls"},
		"beside it, in the hour":                  {Known{Signs: []Sign{{EventID: "stop", Weight: 1}}}, []story{stop.with(mac), list(9, "user ann AKIA1", "203.0.113.9", sdk)}, "intruder high new-address+same-origin"},
		"from elsewhere with his tool":            {Known{Signs: []Sign{{EventID: "stop", Weight: 1}}}, []story{stop.with(mac), list(9, "user ann AKIA1", "203.0.113.77", mac)}, "intruder medium new-address+new-agent+same-agent"},
		"the owner, beside it":                    {Known{Signs: []Sign{{EventID: "stop", Weight: 1}}}, []story{stop.with(mac), list(2, "user ann AKIA1", "198.51.100.1", boto)}, "owner high known-address+known-agent"},
		"the owner's place, but what a call":      {Known{Signs: []Sign{{EventID: "late", Weight: 1}}}, []story{{at: 9, who: "user ann AKIA1", call: "cloudtrail:DeleteTrail", id: "late", from: "198.51.100.1", q: `{"name":"t"}`, more: `"userAgent":"` + boto + `"`}}, "unknown low known-address+known-agent+detected+new-calls"},
		"the owner cleans up with another tool":   {Known{Signs: []Sign{{EventID: "stop", Weight: 1}, {EventID: "clean", Weight: 1}, {EventID: "clean", What: "x", Weight: 1}}}, []story{stop.with(mac), story{at: 9, who: "user ann AKIA1", call: "iam:DeleteUser", id: "clean", from: "198.51.100.1"}.with(cli)}, "unknown low known-address+new-agent+detected+new-calls"},
		"a token that outlives its key":           {Known{}, []story{fedToken, {at: 5, who: "user ann AKIA1", call: "iam:DeleteAccessKey", from: "198.51.100.1", q: `{"accessKeyId":"AKIA1"}`, more: `"userAgent":"` + boto + `"`}, list(9, "fed f/ann ASIAF", "198.51.100.99", sdk)}, "intruder high issued-by-suspect"},
		"a session that the owner began":          {Known{}, []story{assume(3, "user ann AKIA1", "r", "ASIA3").at_("198.51.100.1").with(boto), list(9, "role r/s ASIA3", "198.51.100.1", boto)}, "owner low known-address+known-agent+issued-by-suspect"},
		"AWS on his behalf":                       {Known{}, []story{{at: 3, who: "user ann AKIA1", call: "iam:CreateUser", invoked: "cloudformation.amazonaws.com", r: `{"user":{"userName":"cfn"}}`}}, "aws high by-aws"},
		"we":                                      {Known{Ours: map[string]bool{"ours": true}}, []story{{at: 3, who: "user ann AKIA1", call: "iam:DeleteUser", id: "ours", more: `"userAgent":"aws-sdk-go-v2/1.30.0 app/cordon-1"`}}, "responder high ours"},
		"somebody who says that he is us":         {Known{Ours: map[string]bool{"ours": true}}, []story{{at: 3, who: "user bob AKIA7", call: "iam:DeleteUser", id: "his", more: `"userAgent":"aws-sdk-go-v2/1.30.0 app/cordon-1"`}}, "unknown low our-mark-only"},
		"the intruder says so":                    {Known{}, []story{fedToken, list(9, "fed f/ann ASIAF", "203.0.113.9", "x/1 app/cordon")}, "intruder high issued-by-suspect"},
		"a colleague":                             {Known{}, []story{list(9, "user bob AKIA7", "198.51.100.7", boto)}, "owner low not-suspect"},
		"a colleague's sign":                      {Known{Signs: []Sign{{EventID: "bobs", Weight: 1}}}, []story{{at: 9, who: "user bob AKIA7", call: "iam:ListUsers", id: "bobs"}}, "unknown low not-suspect+detected"},
		"the owner before":                        {Known{}, []story{list(-30, "user ann AKIA1", "198.51.100.1", boto)}, "owner medium before-intrusion"},
		"another account's record of his call":    {Known{}, []story{assume(1, "user ann AKIA1", "r", "ASIA2").also(`"sharedEventID":"s-1"`).with(mac), again(assume(1, "account "+own, "r", "ASIA2")).also(`"sharedEventID":"s-1"`)}, "intruder high new-address+new-agent+new-calls+shared-event"},
		"a call that the closure never heard of ": {Known{}, []story{list(9, "user ann AKIA1", "198.51.100.1", boto)}, "owner high known-address+known-agent"},
	} {
		events := tell(t, append(slices.Clone(past), c.calls...)...)
		closure := New([]Suspect{{Credential: "AKIA1"}}, began)
		closure.Know(c.known)
		closure.Add(Query{}, events)
		if got := lanes(closure, events[len(events)-1:]); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

// at_ moves a story to another address.
func (c story) at_(from string) story {
	c.from = from
	return c
}
