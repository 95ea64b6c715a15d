package lineage

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
)

// seen makes signs of the events whose ids begin with "!": the number before
// the next "!" is their weight in tenths.
func seen(events []event.Event) (signs []Sign) {
	for _, e := range events {
		if rest, ok := strings.CutPrefix(e.ID, "!"); ok {
			weight, what, _ := strings.Cut(rest, "!")
			what, _, _ = strings.Cut(what, "#")
			w := 0.0
			fmt.Sscanf(weight, "%g", &w)
			signs = append(signs, Sign{EventID: e.ID, What: what, Weight: w / 10})
		}
	}
	return signs
}

// found writes intruders in short lines: seeds, since (minutes), confidence.
func found(all []Intruder) string {
	var out []string
	for _, in := range all {
		var seeds []string
		for _, s := range in.Seeds {
			seeds = append(seeds, short(s.Name()))
		}
		out = append(out, fmt.Sprintf("%s since %d %s", strings.Join(seeds, "+"), int(in.Since.Sub(began).Minutes()), in.Confidence))
	}
	return strings.Join(out, "; ")
}

func TestFind(t *testing.T) {
	console := `"eventType":"AwsConsoleSignIn"`
	var month []story // ann's key from the office, every day, with an administrator's signs
	for d := 30; d > 0; d-- {
		month = append(month, story{at: -d * day, who: "user ann AKIA1", call: "s3:ListBuckets", from: "198.51.100.1"}.with(boto))
		if d%6 == 0 {
			month = append(month, story{at: -d*day + 1, who: "user ann AKIA1", call: "iam:CreateUser", from: "198.51.100.1", id: fmt.Sprintf("!8!create-user#%d", d)}.with(boto))
		}
	}
	var chores []story // the same, but something else every time
	for d := 30; d > 0; d-- {
		chores = append(chores, story{at: -d * day, who: "user ann AKIA1", call: "s3:ListBuckets", from: "198.51.100.1"}.with(boto))
		if d%6 == 0 {
			chores = append(chores, story{at: -d*day + 1, who: "user ann AKIA1", call: "iam:CreateUser", from: "198.51.100.1", id: fmt.Sprintf("!8!chore-%d", d)}.with(boto))
		}
	}
	cleanUp := []story{ // the owner, with a tool that he never used before
		story{at: 60, who: "user ann AKIA1", call: "iam:DeleteUser", from: "198.51.100.1", id: "!8!delete-user"}.with(cli),
		story{at: 61, who: "user ann ASIA9", call: "cloudtrail:DeleteTrail", from: "198.51.100.1", id: "!10!delete-trail", invoked: "signin.amazonaws.com"}.with(cli),
	}
	stolen := []story{
		{at: 1, who: "user ann AKIA1", call: "sts:GetCallerIdentity"}, {at: 2, who: "user ann AKIA1", call: "cloudtrail:StopLogging", id: "!10!stop"},
		newUser(3, "user ann AKIA1", "eve"), newKey(4, "user ann AKIA1", "eve", "AKIA2"), {at: 5, who: "user eve AKIA2", call: "ec2:RunInstances", id: "!8!run"},
	}
	for i := range stolen {
		stolen[i] = stolen[i].with(mac)
	}
	for name, c := range map[string]struct {
		calls []story
		want  string
	}{
		"nothing":        {nil, ""},
		"nothing amiss":  {month[:8], ""},
		"a little amiss": {[]story{{at: 1, who: "user ann AKIA1", call: "iam:ListUsers", id: "!5!list"}}, ""},
		"an administrator, for a month, from the first day of the record": {month, ""},
		"an administrator who does something else every time":             {chores, ""},
		"the owner cleans up after him":                                   {slices.Concat(month, stolen, cleanUp), "AKIA1 since 1 high"},
		"nobody but the owner's own address":                              {slices.Concat(month, cleanUp), ""},
		"five calls":                                                      {stolen, "AKIA1 since 1 high"},
		"a month and then him":                                            {slices.Concat(month, stolen), "AKIA1 since 1 high"},
		"AWS's own acts": {[]story{
			{at: 1, who: "user ann AKIA1", call: "iam:CreateUser", invoked: "cloudformation.amazonaws.com", id: "!10!create-user"},
			{at: 2, who: "service config.amazonaws.com", call: "iam:CreateUser", id: "!10!delete"},
		}, ""},
		"root, by the console": {[]story{
			{at: -90, who: "root", call: "signin:ConsoleLogin", r: `{"ConsoleLogin":"Failure"}`, more: console},
			{at: 0, who: "root", call: "signin:ConsoleLogin", r: `{"ConsoleLogin":"Success"}`, more: console},
			{at: 1, who: "root", call: "cloudtrail:StopLogging", id: "!10!stop"}, {at: 2, who: "root", call: "iam:CreateAccessKey", id: "!9!root-key", r: `{"accessKey":{"accessKeyId":"AKIAR"}}`},
			{at: 9, who: "root AKIAR", call: "s3:ListBuckets"},
		}, own + "/global/iam.root/root since -90 high"},
		"a user, by the console": {[]story{
			{at: 0, who: "user bob", call: "signin:ConsoleLogin", r: `{"ConsoleLogin":"Success"}`, more: console},
			{at: 1, who: "user bob ASIA7", call: "cloudtrail:StopLogging", id: "!10!stop", more: `"sessionCredentialFromConsole":"true"`},
		}, "console:user bob since 0 medium"},
		"a session of a directory": {[]story{
			{at: 1, who: "role AWSReservedSSO_Admin_x/bob@example.com ASIA7", call: "cloudtrail:StopLogging", id: "!10!stop"},
		}, "ASIA7 since 1 medium"},
		"an instance's session on a Mac, without any sign": {[]story{
			story{at: 1, who: "role web/i-0123456789abcdef0 ASIA7", call: "s3:ListBuckets", from: "192.0.2.1"}.with(boto),
			story{at: 9, who: "role web/i-0123456789abcdef0 ASIA7", call: "s3:ListBuckets", id: "!4!list", from: "192.0.2.1"}.with(mac),
		}, "ASIA7 since 9 medium"},
		"an instance with two tools, after a night": {[]story{
			story{at: 1, who: "role web/i-0123456789abcdef0 ASIA7", call: "s3:ListBuckets", from: "192.0.2.1"}.with(boto),
			story{at: 2, who: "role web/i-0123456789abcdef0 ASIA7", call: "s3:ListBuckets", from: "192.0.2.1"}.with(cli),
			story{at: day, who: "role web/i-0123456789abcdef0 ASIA8", call: "s3:ListBuckets", id: "!4!list", from: "192.0.2.2"}.with(boto),
		}, ""},
		"its credential at another place": {[]story{
			story{at: 1, who: "role web/i-0123456789abcdef0 ASIA7", call: "s3:ListBuckets", from: "192.0.2.1"}.with(boto),
			story{at: 2, who: "role web/i-0123456789abcdef0 ASIA7", call: "s3:ListBuckets", from: "192.0.2.1"}.with(cli),
			story{at: 9, who: "role web/i-0123456789abcdef0 ASIA7", call: "s3:ListBuckets", id: "!4!list", from: "192.0.2.2"}.with(boto),
		}, "ASIA7 since 9 medium"},
		"a tool that it never had": {[]story{
			story{at: 1, who: "role web/i-0123456789abcdef0 ASIA7", call: "s3:ListBuckets", from: "192.0.2.1"}.with(boto),
			story{at: day, who: "role web/i-0123456789abcdef0 ASIA8", call: "s3:ListBuckets", id: "!4!list", from: "192.0.2.2"}.with(cli),
		}, "ASIA8 since 1440 medium"},
		"two intrusions": {slices.Concat(stolen, []story{
			story{at: 5*day + 1, who: "user bob AKIA7", call: "cloudtrail:DeleteTrail", id: "!10!delete", from: "192.0.2.200"}.with(sdk),
		}), "AKIA1 since 1 high; AKIA7 since 7201 medium"},
		"two keys from one place": {slices.Concat(stolen, []story{
			story{at: 30, who: "user bob AKIA7", call: "cloudtrail:DeleteTrail", id: "!10!delete"}.with(mac),
		}), "AKIA1+AKIA7 since 1 high"},
		"what he minted is no second intrusion": {slices.Concat(stolen, []story{
			{at: 30, who: "user eve AKIA2", call: "cloudtrail:DeleteTrail", id: "!10!delete", from: "192.0.2.200"},
		}), "AKIA1 since 1 high"},
		"another address for every call": {slices.Concat(month, []story{
			story{at: 1, who: "user ann AKIA1", call: "iam:CreateUser", id: "!4!a", from: "192.0.2.1"}.with(mac), story{at: 2, who: "user ann AKIA1", call: "iam:CreateUser", id: "!4!b", from: "192.0.2.2"}.with(mac),
			story{at: 3, who: "user ann AKIA1", call: "iam:CreateUser", id: "!4!c", from: "192.0.2.3"}.with(mac), story{at: 4, who: "user ann AKIA1", call: "s3:ListBuckets", from: "192.0.2.4"}.with(mac),
		}), "AKIA1 since 1 medium"},
		"anonymous": {[]story{{at: 1, who: "account anonymous", call: "s3:GetObject", id: "!10!public"}}, ""},
		"a written scenario of twelve": {[]story{
			{at: -2 * day, who: "user ann AKIA1", call: "s3:PutObject", from: "198.51.100.1"}, {at: -2*day + 5, who: "user ann AKIA1", call: "s3:PutObject", from: "198.51.100.1"},
			{at: -day, who: "user bob AKIA7", call: "ec2:DescribeInstances", from: "198.51.100.1"}, {at: -60, who: "user bob AKIA7", call: "iam:ListUsers", from: "198.51.100.1"},
			{at: 0, who: "user ann AKIA1", call: "sts:GetCallerIdentity"}, {at: 1, who: "user ann AKIA1", call: "iam:ListUsers", id: "!2!recon"}, newUser(2, "user ann AKIA1", "eve"),
			{at: 3, who: "user ann AKIA1", call: "iam:AttachUserPolicy", id: "!10!admin", q: `{"userName":"eve"}`}, newKey(4, "user ann AKIA1", "eve", "AKIA2"),
			{at: 9, who: "user eve AKIA2", call: "ec2:RunInstances", id: "!8!run"}, {at: 10, who: "user ann AKIA1", call: "s3:PutObject", from: "198.51.100.1"}, {at: 12, who: "user bob AKIA7", call: "iam:ListUsers", from: "198.51.100.1"},
		}, "AKIA1 since 0 high"},
	} {
		events := tell(t, c.calls...)
		if got := found(Find(events, seen(events), Options{})); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

// TestFindSaysWhy: the answer names the signs and where they are.
func TestFindSaysWhy(t *testing.T) {
	events := tell(t, story{at: 1, who: "user ann AKIA1", call: "cloudtrail:StopLogging", id: "!10!stop"}.with(mac), story{at: 2, who: "user ann AKIA1", call: "s3:ListBuckets"}.with(mac))
	all := Find(events, seen(events), Options{})
	if len(all) != 1 {
		t.Fatal(all)
	}
	in := all[0]
	stop := slices.IndexFunc(in.Why, func(e Evidence) bool { return e.Word == "stop" })
	if stop < 0 || !slices.Equal(in.Why[stop].EventIDs, []string{"!10!stop"}) || !slices.Equal(in.Addresses, []string{"203.0.113.9"}) || !slices.Equal(in.Agents, []string{mac}) ||
		!in.Last.Equal(began.Add(2*time.Minute)) || in.Seeds[0].Principal.ID != "ann" {
		t.Errorf("%+v", in)
	}
	if none := Find(events, seen(events), Options{Enough: 5}); len(none) != 0 {
		t.Errorf("%+v", none)
	}
}

// TestFindIsAFunctionOfTheSet: order and repetition change nothing.
func TestFindIsAFunctionOfTheSet(t *testing.T) {
	events := tell(t, chain()...)
	signs := []Sign{{EventID: "run", What: "run", Weight: 1}, {EventID: "user-eve", What: "user", Weight: 0.7}, {EventID: "key-AKIA2", What: "key", Weight: 0.3}}
	want := fmt.Sprintf("%+v", Find(events, signs, Options{}))
	if !strings.Contains(want, "AKIA1") {
		t.Fatal(want)
	}
	for seed := range uint64(50) {
		mixed := append(slices.Clone(events), events[seed%5:]...)
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		r.Shuffle(len(signs), func(i, j int) { signs[i], signs[j] = signs[j], signs[i] })
		if got := fmt.Sprintf("%+v", Find(mixed, signs, Options{})); got != want {
			t.Fatalf("shuffle %d:\n%s\n%s", seed, got, want)
		}
	}
}

// TestCompute: what runs on compute that he handed a role is his; on the
// owner's, that he changed, it may be.
func TestCompute(t *testing.T) {
	session := func(s story, name string) story {
		s.q = strings.TrimSuffix(s.q, "}") + `,"roleSessionName":"` + name + `"}`
		return s
	}
	events := tell(t,
		story{at: 1, who: "user ann AKIA1", call: "ec2:RunInstances", id: "run", q: `{"iamInstanceProfile":{"name":"admin"}}`, r: `{"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0"}]}}`},
		story{at: 2, who: "user ann AKIA1", call: "lambda:CreateFunction20150331", id: "fn", q: `{"functionName":"f","role":"arn:aws:iam::` + own + `:role/power"}`, r: `{"functionName":"f"}`},
		story{at: 3, who: "user ann AKIA1", call: "lambda:UpdateFunctionCode20150331v2", id: "code", q: `{"functionName":"arn:aws:lambda:us-east-1:1:function:g"}`},
		session(assume(4, "service ec2.amazonaws.com", "admin", "ASIAI"), "i-0123456789abcdef0"),
		session(assume(4, "service ec2.amazonaws.com", "admin", "ASIAO"), "i-0fedcba9876543210"),
		session(assume(4, "service lambda.amazonaws.com", "power", "ASIAF"), "f"),
		session(assume(4, "service lambda.amazonaws.com", "other", "ASIAX"), "f"),
		session(assume(4, "service lambda.amazonaws.com", "batch", "ASIAG"), "g"),
		newUser(5, "role admin/i-0123456789abcdef0 ASIAI", "x"),
		story{at: 6, who: "role batch/g ASIAG", call: "s3:ListBuckets"},
	)
	c := New([]Suspect{{Credential: "AKIA1"}}, began)
	c.Add(Query{}, events)
	if got := len(c.Suspects()); got != 1 {
		t.Errorf("nobody asked for compute, %d suspects", got)
	}
	c.Know(Known{Compute: true})
	var got []string
	for _, s := range c.Suspects() {
		got = append(got, fmt.Sprintf("%s %s %s", short(s.Name()), s.Reason, s.Confidence))
	}
	if want := []string{"AKIA1 seed high", "ASIAF handed high", "ASIAG handed low", "ASIAI handed high", "user x created high"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := lanes(c, events[len(events)-2:]), "intruder high issued-by-suspect\nunknown low issued-by-suspect"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if !slices.Contains(c.Next(), Query{ByRole, "admin"}) || !slices.Contains(c.Next(), Query{ByRole, "power"}) {
		t.Errorf("%v", c.Next())
	}
}

// TestSourceIdentity: a session whose issue was not recorded carries the name
// that he gave himself. A name that others have too is no proof.
func TestSourceIdentity(t *testing.T) {
	for name, c := range map[string]struct {
		before []story
		want   string
	}{
		"his own":    {nil, "ASIA9 carried high"},
		"the team's": {[]story{assume(-9, "user bob AKIA7", "a", "ASIAB").from_("ci")}, "ASIA9 carried low"},
	} {
		events := tell(t, append(c.before, assume(1, "user ann AKIA1", "a", "ASIA2").from_("ci"), story{at: 9, who: "role z/s ASIA9", call: "s3:ListBuckets", id: "late"}, story{at: -5, who: "role z/s ASIA8", call: "s3:ListBuckets", id: "early"})...)
		for i := range events {
			if events[i].ID == "late" || events[i].ID == "early" {
				events[i].Principal.SourceIdentity = map[bool]string{true: "ci", false: "x"}[events[i].ID == "late"]
			}
		}
		closure := New([]Suspect{{Credential: "AKIA1"}}, began)
		closure.Add(Query{}, events)
		var got []string
		for _, s := range closure.Suspects() {
			if s.Reason == Carried {
				got = append(got, fmt.Sprintf("%s %s %s", s.Name(), s.Reason, s.Confidence))
			}
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestSharedEvent: in the account that was called the caller has no key; his
// own account's record of the same call says who he was.
func TestSharedEvent(t *testing.T) {
	events := tell(t,
		story{at: 1, who: "user ann AKIA1", call: "sts:AssumeRole", id: "here", more: `"sharedEventID":"s-1"`},
		again(assume(1, "account "+own, "far", "ASIA2")).also(`"sharedEventID":"s-1"`),
		assume(1, "account "+own, "far", "ASIA3").also(`"sharedEventID":"s-2"`),
		newUser(3, "role far/s ASIA2", "x"), newUser(3, "role far/s ASIA3", "y"),
	)
	c := New([]Suspect{{Credential: "AKIA1"}}, began)
	c.Add(Query{}, events)
	var got []string
	for _, s := range c.Suspects() {
		got = append(got, short(s.Name())+" "+s.EventID)
	}
	if want := []string{"AKIA1 ", "ASIA2 assume-ASIA2-again", "user x user-x"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := lanes(c, events[3:]), "intruder high issued-by-suspect\nunknown low same-origin"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// FuzzFind: whatever the records say, there is an answer, it can seed a
// closure, and everything that asks ends.
func FuzzFind(f *testing.F) {
	f.Add([]byte(`[{"eventName":"StopLogging","eventSource":"cloudtrail.amazonaws.com","eventTime":"2026-01-01T00:00:00Z","eventID":"a","userIdentity":{"accessKeyId":"AKIA1"}}]`), "a")
	f.Add([]byte(`[{"eventName":"AssumeRole","eventSource":"sts.amazonaws.com","eventTime":"2026-01-01T00:00:00Z","eventID":"a","sourceIPAddress":"::%","userAgent":"[","userIdentity":{"type":"AssumedRole","accessKeyId":"ASIA1","arn":":assumed-role/x/i-0123456789abcdef0"},"responseElements":{"credentials":{"accessKeyId":"ASIA1"}}}]`), "a")
	f.Fuzz(func(t *testing.T, raw []byte, sign string) {
		var records []json.RawMessage
		if json.Unmarshal(raw, &records) != nil {
			return
		}
		var events []event.Event
		for _, r := range records {
			if e, err := event.Parse(r); err == nil {
				events = append(events, e)
			}
		}
		signs := []Sign{{EventID: sign, Weight: 1}}
		c := New(nil, time.Time{})
		for _, in := range Find(events, signs, Options{}) {
			c = New(in.Seeds, in.Since)
			if len(in.Seeds) == 0 || in.Since.After(in.Last) {
				t.Fatalf("%+v", in)
			}
		}
		c.Know(Known{Signs: signs, Compute: true})
		c.Add(Query{}, events)
		for _, e := range events {
			c.Lane(e)
			TakeBack(e)
			c.Chain(e.Credential)
			Attribute(e.Credential, events)
			Attribute(e.Principal.ARN, events)
		}
		g := c.Graph(time.Time{}, nil)
		cuts, open := Cut(g)
		for _, cut := range cuts {
			if cut.Node.Cost == 0 || len(cut.Paths) == 0 {
				t.Fatalf("%+v", cut)
			}
		}
		_ = open
	})
}
