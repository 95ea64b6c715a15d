package lineage

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// assume, newKey, newUser: the calls that stories are made of.
func assume(at int, who, role, id string) story {
	return story{at: at, who: who, call: "sts:AssumeRole", id: "assume-" + id, q: `{"roleArn":"arn:aws:iam::` + own + `:role/` + role + `"}`,
		r: `{"credentials":{"accessKeyId":"` + id + `"},"assumedRoleUser":{"assumedRoleId":"AROA` + role + `:s","arn":"arn:aws:sts::` + own + `:assumed-role/` + role + `/s"}}`}
}

func newKey(at int, who, user, id string) story {
	return story{at: at, who: who, call: "iam:CreateAccessKey", id: "key-" + id, q: `{"userName":"` + user + `"}`, r: `{"accessKey":{"accessKeyId":"` + id + `","userName":"` + user + `"}}`}
}

func newUser(at int, who, user string) story {
	return story{at: at, who: who, call: "iam:CreateUser", id: "user-" + user, q: `{"userName":"` + user + `"}`,
		r: `{"user":{"userName":"` + user + `","userId":"AIDA` + strings.ToUpper(user) + `","arn":"arn:aws:iam::` + own + `:user/` + user + `"}}`}
}

const (
	day   = 24 * 60 // minutes
	never = -1      // as a since: it is not known
)

func TestClosure(t *testing.T) {
	leaked := Suspect{Credential: "AKIA1"}
	notMine := Suspect{Credential: "AKIA1", Reason: Marked}
	marked := Suspect{Principal: global(user, own, "eve"), Reason: Marked}
	for name, c := range map[string]struct {
		seed  Suspect
		since int // minutes
		calls []story
		want  []string // suspects: name reason depth confidence
		acts  []string // ids of the intruder's events, sorted by time
	}{
		"before since is the owner": {leaked, 10, []story{
			newUser(-8*day, "user ann AKIA1", "own"), newUser(15, "user ann AKIA1", "eve"),
		}, []string{"AKIA1 seed 0 high", "user eve created 1 low"}, []string{"user-eve"}},
		"no beginning: the owner as likely": {leaked, never, []story{
			newUser(1, "user ann AKIA1", "ci"), newKey(2, "user ann AKIA1", "ci", "AKIA2"), newUser(3, "user ci AKIA2", "x"),
		}, []string{"AKIA1 seed 0 high", "AKIA2 minted 1 low", "user ci created 1 low", "user x created 2 low"}, []string{"user-ci", "key-AKIA2", "user-x"}},
		"no beginning, not the owner's": {notMine, never, []story{
			newUser(1, "user ann AKIA1", "eve"),
		}, []string{"AKIA1 marked 0 high", "user eve created 1 high"}, []string{"user-eve"}},
		"not the owner's: no habits": {notMine, 10, []story{
			newUser(-8*day, "user ann AKIA1", "own"), newUser(15, "user ann AKIA1", "eve"),
		}, []string{"AKIA1 marked 0 high", "user eve created 1 high"}, []string{"user-eve"}},
		"a new address is the intruder": {leaked, 10, []story{
			{at: -8 * day, who: "user ann AKIA1", call: "s3:ListBuckets", from: "198.51.100.1"},
			newUser(15, "user ann AKIA1", "eve"),
		}, []string{"AKIA1 seed 0 high", "user eve created 1 high"}, []string{"user-eve"}},
		"a new key on an old user is that key only": {leaked, 0, []story{
			newKey(1, "user ann AKIA1", "bob", "AKIA2"),
			newUser(2, "user bob AKIA2", "x"), newUser(3, "user bob AKIA9", "y"),
		}, []string{"AKIA1 seed 0 high", "AKIA2 minted 1 high", "user x created 2 high"}, []string{"key-AKIA2", "user-x"}},
		"a new user is wholly his": {leaked, 0, []story{
			newUser(1, "user ann AKIA1", "eve"), newKey(2, "user eve AKIA7", "eve", "AKIA8"), newUser(3, "user eve ASIA5", "z"),
		}, []string{"AKIA1 seed 0 high", "user eve created 1 high", "AKIA8 minted 2 high", "ASIA5 minted 2 high", "user z created 2 high"}, []string{"user-eve", "key-AKIA8", "user-z"}},
		"a name used again is another user": {leaked, 0, []story{
			{at: 1, who: "user ann AKIA1", call: "iam:CreateUser", id: "user-bob", q: `{"userName":"bob"}`, r: `{"user":{"userName":"bob","userId":"AIDAGONE"}}`},
			newUser(9, "user bob AKIA5", "y"),
		}, []string{"AKIA1 seed 0 high", "user bob created 1 high"}, []string{"user-bob"}},
		"a password he set": {leaked, 0, []story{
			{at: 1, who: "user bob ASIA1", call: "iam:ListUsers", more: `"sessionCredentialFromConsole":"true"`},
			{at: 5, who: "user ann AKIA1", call: "iam:UpdateLoginProfile", id: "pw", q: `{"userName":"bob"}`},
			{at: 6, who: "user bob", call: "signin:ConsoleLogin", id: "login", r: `{"ConsoleLogin":"Success"}`, more: `"eventType":"AwsConsoleSignIn"`},
			{at: 6, who: "user bob", call: "signin:ConsoleLogin", id: "owner-locked-out", r: `{"ConsoleLogin":"Failure"}`, more: `"eventType":"AwsConsoleSignIn"`},
			{at: 7, who: "user bob ASIA2", call: "iam:ListUsers", id: "list", invoked: "signin.amazonaws.com"},
			{at: 8, who: "user bob ASIA2", call: "ec2:RunInstances", id: "run", r: `{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`},
			{at: 9, who: "user bob AKIA7", call: "iam:ListUsers", id: "bobs-own-key"},
		}, []string{"AKIA1 seed 0 high", "console:user bob password-set 1 high", "ASIA2 minted 2 high"}, []string{"pw", "login", "list", "run"}},
		"a role he opened": {leaked, 0, []story{
			assume(1, "account "+other, "r", "ASIAOLD"),
			{at: 5, who: "user ann AKIA1", call: "iam:UpdateAssumeRolePolicy", id: "open", q: `{"roleName":"r"}`},
			assume(6, "account 444455556666", "r", "ASIANEW"), assume(7, "user bob AKIA5", "r", "ASIABOB"), assume(8, "account "+other, "r", "ASIAPARTNER"),
			newUser(9, "role r/s ASIANEW", "x"), newUser(9, "role r/s ASIABOB", "y"),
			assume(10, "service lambda.amazonaws.com", "r", "ASIASERVICE"),
		}, []string{"AKIA1 seed 0 high", "role:role r opened 1 high", "ASIANEW minted 2 high", "ASIAPARTNER minted 2 low", "user x created 3 high"}, []string{"open", "user-x"}},
		"a role he created and uses": {leaked, 0, []story{
			{at: 1, who: "user ann AKIA1", call: "iam:CreateRole", id: "role", q: `{"roleName":"r"}`, r: `{"role":{"roleName":"r","roleId":"AROAr","arn":"arn:aws:iam::` + own + `:role/p/r"}}`},
			assume(2, "user ann AKIA1", "r", "ASIA2"),
		}, []string{"AKIA1 seed 0 high", "ASIA2 minted 1 high", "role:role r created 1 high"}, []string{"role", "assume-ASIA2"}},
		"AWS's own acts are not his": {leaked, 0, []story{
			{at: 1, who: "user ann AKIA1", call: "iam:AttachUserPolicy", q: `{"userName":"ann","policyArn":"arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV2"}`, more: `"userAgent":"aws-internal/3"`},
			{at: 2, who: "user ann AKIA1", call: "iam:CreateUser", invoked: "cloudformation.amazonaws.com", r: `{"user":{"userName":"cfn"}}`},
			{at: 3, who: "user ann AKIA1", call: "iam:CreateUser", more: failed, id: "refused", q: `{"userName":"no"}`},
		}, []string{"AKIA1 seed 0 high"}, []string{"refused"}},
		"a marked user": {marked, 0, []story{
			{at: 1, who: "user eve AKIA5", call: "sts:GetFederationToken", id: "fed", r: `{"credentials":{"accessKeyId":"ASIAF"},"federatedUser":{"arn":"arn:aws:sts::` + own + `:federated-user/f"}}`},
			{at: 2, who: "fed f/eve ASIAF", call: "signin:GetSigninToken", id: "token", r: `{"credentials":{"accessKeyId":"ASIAC"},"GetSigninToken":"Success"}`},
			newUser(3, "fed f/eve ASIAC", "x"),
		}, []string{"user eve marked 0 high", "ASIAC minted 1 high", "ASIAF minted 1 high", "user x created 1 high"}, []string{"fed", "token", "user-x"}},
	} {
		seed, since := c.seed, time.Time{}
		if c.since != never {
			since = began.Add(time.Duration(c.since) * time.Minute)
		}
		var events []event.Event
		for _, s := range c.calls {
			events = append(events, s.parse(t))
		}
		closure := New([]Suspect{seed}, since)
		closure.Add(Query{}, events)
		var got []string
		for _, s := range closure.Suspects() {
			got = append(got, fmt.Sprintf("%s %s %d %s", short(s.Name()), s.Reason, s.Depth, s.Confidence))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, c.want)
		}
		var acts []string
		for _, a := range closure.Acts() {
			acts = append(acts, a.Event.ID)
		}
		if !slices.Equal(acts, c.acts) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, acts, c.acts)
		}
	}
}

// TestHabits: which earlier use of an address speaks for the owner.
func TestHabits(t *testing.T) {
	const hour = 60
	for name, c := range map[string]struct {
		used []int // minutes before since
		want string
	}{
		"never":                         {nil, High},
		"an hour before":                {[]int{hour}, High},
		"two days, all of it just then": {[]int{30 * hour, 20 * hour, hour}, High},
		"one day, five days before":     {[]int{5 * day, 5*day - hour}, High},
		"two days, five days before":    {[]int{5 * day, 4 * day}, Low},
		"once, eight days before":       {[]int{8 * day}, Low},
		"after it began":                {[]int{-30}, High},
	} {
		var events []event.Event
		for _, at := range c.used {
			events = append(events, story{at: -at, who: "user ann AKIA1", call: "s3:ListBuckets", from: "198.51.100.1"}.parse(t))
		}
		events = append(events, story{at: hour, who: "user ann AKIA1", call: "ec2:RunInstances", from: "198.51.100.1", r: `{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`}.parse(t))
		closure := New([]Suspect{{Credential: "AKIA1"}}, began)
		closure.Add(Query{}, events)
		if ds := closure.Deeds(); len(ds) != 1 || ds[0].Confidence != c.want {
			t.Errorf("%s: %+v, want %s", name, ds, c.want)
		}
	}
}

// short makes a suspect's name readable.
func short(name string) string {
	name = strings.ReplaceAll(name, own+"/global/iam.user/", "user ")
	name = strings.ReplaceAll(name, own+"/global/iam.role/", "role ")
	return strings.TrimPrefix(name, "principal:")
}

// chain is four steps deep, ends in a cycle and has a bystander.
func chain() []story {
	return []story{
		{at: -8 * day, who: "user ann AKIA1", call: "s3:ListBuckets", from: "198.51.100.1"},
		newUser(1, "user ann AKIA1", "eve"),
		newKey(2, "user ann AKIA1", "eve", "AKIA2"),
		assume(3, "user eve AKIA2", "a", "ASIA3"),
		assume(4, "role a/s ASIA3", "b", "ASIA4"),
		assume(5, "role b/s ASIA4", "a", "ASIA5"),
		assume(6, "role a/s ASIA5", "b", "ASIA6"),
		again(assume(6, "role b/s ASIA6", "a", "ASIA3")), // it says it issued its own ancestor
		{at: 7, who: "role b/s ASIA6", call: "ec2:RunInstances", id: "run", r: `{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`},
		{at: 8, who: "role a/s ASIA5", call: "iam:UpdateLoginProfile", q: `{"userName":"bob"}`},
		{at: 8, who: "role b/s ASIA4", call: "iam:UpdateLoginProfile", q: `{"userName":"bob"}`},
		{at: 9, who: "user bob ASIA9", call: "iam:CreateUser", id: "by-bob", invoked: "signin.amazonaws.com", q: `{"userName":"late"}`, r: `{"user":{"userName":"late"}}`},
		assume(9, "user carol AKIA8", "a", "ASIACAROL"),
		newUser(10, "role a/s ASIACAROL", "innocent"),
		{at: 11, who: "user ann AKIA1", call: "ec2:StopInstances", id: "habit", from: "198.51.100.1", q: `{"instancesSet":{"items":[{"instanceId":"i-9"}]}}`},
	}
}

// again makes a story another event.
func again(s story) story {
	s.id += "-again"
	return s
}

// state writes down everything a closure says.
func state(c *Closure) string {
	var b strings.Builder
	for _, s := range c.Suspects() {
		fmt.Fprintf(&b, "%+v\n", s)
	}
	for _, d := range c.Deeds() {
		fmt.Fprintf(&b, "%+v\n", d)
	}
	fmt.Fprintf(&b, "%+v\n%+v\n", c.Addresses(), c.Next())
	return b.String()
}

func TestChainWithCycle(t *testing.T) {
	var events []event.Event
	for _, s := range chain() {
		events = append(events, s.parse(t))
	}
	c := New([]Suspect{{Credential: "AKIA1"}}, began)
	asked := map[Query]bool{}
	rounds := 0
	for qs := c.Next(); len(qs) > 0; qs = c.Next() {
		if rounds++; rounds > 20 {
			t.Fatal("no fix point")
		}
		for _, q := range qs {
			if asked[q] {
				t.Fatalf("asked twice: %v", q)
			}
			asked[q] = true
			c.Add(q, lookUp(events, q))
		}
	}
	depth := map[string]int{}
	for _, s := range c.Suspects() {
		depth[short(s.Name())] = s.Depth
		if s.Depth > 0 && (s.By == "" || s.EventID == "") {
			t.Errorf("no origin: %+v", s)
		}
	}
	for name, want := range map[string]int{"AKIA1": 0, "AKIA2": 1, "user eve": 1, "ASIA3": 2, "ASIA4": 3, "ASIA5": 4, "ASIA6": 5, "console:user bob": 4, "ASIA9": 5, "user late": 5} {
		if got, ok := depth[name]; !ok || got != want {
			t.Errorf("%s: depth %d %v, want %d", name, got, ok, want)
		}
		delete(depth, name)
	}
	if len(depth) > 0 {
		t.Errorf("bystanders: %v", depth)
	}
	var deeds []string
	for _, d := range c.Deeds() {
		if d.Ref.Kind == instance {
			deeds = append(deeds, d.Ref.ID+" "+d.Confidence)
		}
	}
	if want := []string{"i-1 high", "i-9 low"}; !slices.Equal(deeds, want) {
		t.Errorf("%v, want %v", deeds, want)
	}
	if a := c.Addresses(); len(a) != 2 || a[0].Address != "203.0.113.9" || a[1].Count != 1 || a[1].Low != 1 {
		t.Errorf("%+v", a)
	}
	for _, q := range []Query{{ByAccessKey, "AKIA1"}, {ByUser, "eve"}, {ByUser, "bob"}, {ByAccessKey, "ASIA6"}} {
		if !asked[q] {
			t.Errorf("never asked %v", q)
		}
	}
	// Asked for or thrown in whole, the answer is the same but for the events
	// that no query finds.
	whole := New([]Suspect{{Credential: "AKIA1"}}, began)
	whole.Add(Query{}, events)
	for q := range asked {
		whole.Add(q, nil)
	}
	if a, b := state(c), state(whole); a != b {
		t.Errorf("asked:\n%s\nwhole:\n%s", a, b)
	}
}

// lookUp answers like LookupEvents.
func lookUp(events []event.Event, q Query) (found []event.Event) {
	for _, e := range events {
		switch {
		case q.By == ByAccessKey && e.Credential == q.Value,
			q.By == ByUser && (e.Principal.User == q.Value || strings.HasSuffix(e.Principal.ARN, "/"+q.Value)),
			q.By == ByRole && findOne(e, "q:roleArn") == q.Value:
			found = append(found, e)
		}
	}
	return found
}

func TestOrderDoesNotMatter(t *testing.T) {
	var events []event.Event
	for _, s := range chain() {
		events = append(events, s.parse(t))
	}
	first := ""
	for seed := range 200 {
		shuffled := slices.Clone(events)
		x := uint64(seed)*2654435761 + 1
		for i := range shuffled {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
			j := i + int(x%uint64(len(shuffled)-i))
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		}
		c := New([]Suspect{{Credential: "AKIA1"}}, began)
		for i, e := range shuffled {
			c.Add(Query{ByEventName, fmt.Sprint(i)}, []event.Event{e, e}) // delivered twice
			if seed%7 == 0 {
				c.Next()
			}
		}
		if got := state(c); first == "" {
			first = got
		} else if got != first {
			t.Fatalf("shuffle %d:\n%s\nfirst:\n%s", seed, got, first)
		}
	}
}

func TestIndirect(t *testing.T) {
	c := New([]Suspect{{Credential: "AKIA1"}}, time.Time{})
	c.Add(Query{}, []event.Event{
		story{who: "user ann AKIA1", call: "ec2:RunInstances", invoked: "cloudformation.amazonaws.com", r: `{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`}.parse(t),
		story{who: "user bob AKIA2", call: "ec2:RunInstances", invoked: "cloudformation.amazonaws.com", r: `{"instancesSet":{"items":[{"instanceId":"i-2"}]}}`}.parse(t),
	})
	if got := c.Indirect(); len(got) != 1 || got[0].Ref.ID != "i-1" || len(c.Deeds()) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestForeignSessionsAreNotAskedFor(t *testing.T) {
	c := New([]Suspect{{Credential: "AKIA1"}}, time.Time{})
	c.Add(Query{ByAccessKey, "AKIA1"}, []event.Event{
		story{who: "user ann AKIA1", call: "sts:AssumeRole", q: `{"roleArn":"arn:aws:iam::` + other + `:role/r"}`, r: `{"credentials":{"accessKeyId":"ASIA9"}}`}.parse(t),
	})
	if q := c.Next(); len(q) != 0 {
		t.Errorf("%v", q)
	}
	if s := c.Suspects(); len(s) != 2 || s[1].Principal != (fact.Ref{Kind: role, Place: fact.Place{Account: other, Region: fact.Global}, ID: "r"}) {
		t.Errorf("%+v", s)
	}
}

// TestRealFederation follows a recorded run with GetFederationToken.
func TestRealFederation(t *testing.T) {
	b, err := os.ReadFile("../../../shared/data/cloudtrail/stratus/sanitised/aws.persistence.sts-federation-token.jsonl")
	if err != nil {
		t.Skip("the shared data is not here")
	}
	var events []event.Event
	seed := ""
	for line := range strings.Lines(string(b)) {
		e, err := event.Parse([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if e.Name == "GetFederationToken" {
			seed = e.Credential
		}
		events = append(events, e)
	}
	c := New([]Suspect{{Credential: seed}}, time.Time{})
	c.Add(Query{}, events)
	if !slices.ContainsFunc(c.Suspects(), func(s Suspect) bool { return s.Kind == Federation && s.Depth == 1 }) {
		t.Errorf("%+v", c.Suspects())
	}
}
