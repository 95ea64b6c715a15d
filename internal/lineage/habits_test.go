package lineage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// surely is how sure the deeds are by resource, in the order of the record.
func surely(c *Closure) (all []string) {
	for _, d := range c.Deeds() {
		all = append(all, d.Ref.ID+" "+d.Confidence)
	}
	return all
}

// TestOneLine: of IPv6 the subscriber's network is the place, whatever address
// in it his machine has today.
func TestOneLine(t *testing.T) {
	run := func(at int, from string) story {
		return story{at: at, who: "user ann AKIA1", call: "ec2:RunInstances", from: from, id: from, r: `{"instancesSet":{"items":[{"instanceId":"` + from + `"}]}}`}
	}
	c := New([]Suspect{{Credential: "AKIA1"}}, began)
	c.Add(Query{}, tell(t, run(-8*day, "2001:db8:1:2::1"), run(60, "2001:db8:1:2:9:8:7:6"), run(61, "2001:db8:1:3::1")))
	if got, want := surely(c), []string{"2001:db8:1:2:9:8:7:6 low", "2001:db8:1:3::1 high"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestRoamer: where a key came from ever new addresses, one more says nothing,
// and what was not his there does.
func TestRoamer(t *testing.T) {
	const now, then = "192.0.2.250", 200
	used := func(days, step, every int) (past []story) {
		for d := days; d > 0; d -= step {
			at := story{at: -d * day, who: "user ann AKIA1", from: fmt.Sprintf("192.0.2.%d", d/every)}.with(boto)
			for i, call := range []string{"s3:ListBuckets", "rds:DescribeDBInstances", "rds:ModifyDBInstance", "iam:CreateAccessKey"} {
				at.at, at.call, at.id = at.at+1, call, fmt.Sprintf("past-%d-%d", d, i)
				past = append(past, at)
			}
		}
		return past
	}
	call := func(at int, what string) story {
		return story{at: at, who: "user ann AKIA1", call: what, from: now}.with(boto)
	}
	made := call(then, "rds:CreateDBInstance")
	made.q = `{"dBInstanceIdentifier":"db"}`
	visit := []story{call(195, "s3:ListBuckets"), call(196, "s3:ListBuckets"), call(197, "rds:DescribeDBInstances"), call(198, "rds:ModifyDBInstance"), made}
	with := func(more ...story) []story { return append(slices.Clone(visit), more...) }
	daily, leaked := used(60, 1, 1), []Suspect{{Credential: "AKIA1"}}
	key := newKey(199, "user ann AKIA1", "ann", "AKIA2").at_(now).with(boto)
	session := func(agent string) story {
		return story{at: 300, who: "user ann AKIA2", call: "s3:ListBuckets"}.with(agent)
	}
	for name, c := range map[string]struct {
		seeds       []Suspect
		past, calls []story
		region      string // of the new database
		want        string
	}{
		"as ever":                               {leaked, daily, visit, "", Low},
		"every week another address":            {leaked, used(60, 1, 7), visit, "", Low},
		"always from one address":               {leaked, used(60, 1, 100), visit, "", High},
		"three moves":                           {leaked, used(60, 1, 16), visit, "", High},
		"four moves in a year of days":          {leaked, used(200, 1, 41), visit, "", High},
		"since two days, which may be his":      {leaked, used(2, 1, 1), visit, "", High},
		"another agent":                         {leaked, daily, with(story{at: 199, who: "user ann AKIA1", call: "s3:ListBuckets", from: now}.with(mac)), "", High},
		"no agent at all":                       {leaked, daily, with(story{at: 199, who: "user ann AKIA1", call: "s3:ListBuckets", from: now}), "", High},
		"another version of it":                 {leaked, daily, with(story{at: 199, who: "user ann AKIA1", call: "s3:ListBuckets", from: now}.with("Boto3/1.34.0 os/linux#5.10")), "", High},
		"another region":                        {leaked, daily, visit, "eu-west-3", High},
		"rights that he never touched":          {leaked, daily, with(newUser(199, "user ann AKIA1", "eve").at_(now).with(boto)), "", High},
		"a service in which he changed nothing": {leaked, daily, with(call(199, "ec2:RunInstances")), "", High},
		"the first deletion":                    {leaked, daily, with(call(199, "rds:DeleteDBInstance")), "", High},
		"mostly what he never calls":            {leaked, daily, with(call(1, "iam:ListUsers"), call(2, "iam:ListRoles")), "", High},
		"another place's calls":                 {leaked, daily, with(call(1, "iam:ListUsers").at_("198.51.100.1"), call(2, "iam:ListRoles").at_("198.51.100.1")), "", Low},
		"a key, as ever, used as ever":          {leaked, daily, with(key, session(boto)), "", Low},
		"a key, as ever, used otherwise":        {leaked, daily, with(key, session(mac)), "", High},
		"not the owner's":                       {[]Suspect{{Credential: "AKIA1", Reason: Marked}}, daily, visit, "", High},
		"beside what is not the owner's":        {append(slices.Clone(leaked), Suspect{Credential: "AKIA9"}), daily, with(story{at: 1, who: "user bob AKIA9", call: "s3:ListBuckets", from: now}.with(boto)), "", High},
	} {
		events := tell(t, append(slices.Clone(c.past), c.calls...)...)
		for i := range events {
			if events[i].Name == "CreateDBInstance" && c.region != "" {
				events[i].Region = c.region
			}
		}
		closure := New(c.seeds, began)
		closure.Add(Query{}, events)
		if got := surely(closure); !slices.Contains(got, "db "+c.want) {
			t.Errorf("%s: %q, want %s", name, got, c.want)
		}
	}
}

// TestForerun: where a seed is used from since, and was shortly before.
func TestForerun(t *testing.T) {
	const wary = 14 * 24 * time.Hour
	use := func(at int, who, from string) story {
		return story{at: at, who: who, call: "s3:ListBuckets", from: from, id: fmt.Sprintf("%d %s", at, from)}
	}
	ann, bob := "user ann AKIA1", "user bob AKIA2"
	for name, c := range map[string]struct {
		seed  Suspect
		calls []story
		want  string
	}{
		"five days before":               {Suspect{Credential: "AKIA1"}, []story{use(-5*day, ann, "198.51.100.1"), use(-4*day, ann, "198.51.100.1"), use(9, ann, "198.51.100.1")}, "-7200 198.51.100.1|-5760 198.51.100.1"},
		"from the next address, too":     {Suspect{Credential: "AKIA1"}, []story{use(-5*day, ann, "2001:db8::1"), use(9, ann, "2001:db8::2")}, "-7200 2001:db8::1"},
		"for months":                     {Suspect{Credential: "AKIA1"}, []story{use(-60*day, ann, "198.51.100.1"), use(-4*day, ann, "198.51.100.1"), use(9, ann, "198.51.100.1")}, ""},
		"not since":                      {Suspect{Credential: "AKIA1"}, []story{use(-5*day, ann, "198.51.100.1"), use(9, ann, "198.51.100.2")}, ""},
		"somebody else":                  {Suspect{Credential: "AKIA1"}, []story{use(-5*day, bob, "198.51.100.1"), use(9, ann, "198.51.100.1")}, ""},
		"only since":                     {Suspect{Credential: "AKIA1"}, []story{use(5, ann, "198.51.100.1"), use(9, ann, "198.51.100.1")}, ""},
		"what was marked as not his own": {Suspect{Credential: "AKIA1", Reason: Marked}, []story{use(-5*day, ann, "198.51.100.1"), use(9, ann, "198.51.100.1")}, "-7200 198.51.100.1"},
	} {
		closure := New([]Suspect{c.seed}, began)
		closure.Add(Query{}, tell(t, c.calls...))
		var got []string
		for _, a := range closure.Forerun(wary) {
			got = append(got, a.Event.ID)
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	never := New([]Suspect{{Credential: "AKIA1"}}, time.Time{})
	never.Add(Query{}, tell(t, use(-5*day, ann, "198.51.100.1"), use(9, ann, "198.51.100.1")))
	if got := never.Forerun(wary); len(got) > 0 {
		t.Errorf("without a beginning: %v", got)
	}
}

// TestTaker: who takes a role, day by day: a person by the session's name, others
// by the role.
func TestTaker(t *testing.T) {
	const sso = "role AWSReservedSSO_Admin_0123456789abcdef/"
	taker := func(who string) string { return Taker(story{who: who, call: "s3:ListBuckets"}.parse(t).Principal) }
	for name, c := range map[string]struct {
		a, b string
		same bool
	}{
		"one person, two days":       {sso + "ann ASIA1", sso + "ann ASIA2", true},
		"two people":                 {sso + "ann ASIA1", sso + "bob ASIA2", false},
		"by their mail":              {"role dev/ann@example.com ASIA1", "role dev/bob@example.com ASIA2", false},
		"a pipeline's two runs":      {"role deploy/run-1 ASIA1", "role deploy/run-2 ASIA2", true},
		"two pipelines":              {"role deploy/run ASIA1", "role build/run ASIA2", false},
		"an instance is nobody":      {"role web/i-0123456789abcdef0 ASIA1", "user ann ASIA2", true},
		"nor is it who takes a role": {"role web/i-0123456789abcdef0 ASIA1", "role web/ann ASIA2", false},
	} {
		if same := taker(c.a) == taker(c.b); same != c.same {
			t.Errorf("%s: %q, %q", name, taker(c.a), taker(c.b))
		}
	}
}
