package playbook_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cordon/internal/checks"
	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/plan"
	"cordon/internal/playbook"
)

var (
	here = fact.Place{Account: "111122223333", Region: "eu-west-1"}
	deed = fact.Deed{EventID: "e-1", Call: "UpdateAssumeRolePolicy", At: time.Unix(1, 0), Reason: "minted", Sure: true}
)

func thing(k fact.Kind, id string, more ...func(*fact.Resource)) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: k, Place: here, ID: id}}
	for _, m := range more {
		m(&r)
	}
	return r
}

func has[T any](k fact.Key[T], v T) func(*fact.Resource) {
	return func(r *fact.Resource) { k.Set(r, v) }
}

const (
	profile     = "arn:aws:iam::111122223333:instance-profile/web"
	closedTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`
	openTrust   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::999988887777:root"]},"Action":"sts:AssumeRole"}]}`
)

var (
	sure    = has(fact.Changed, []fact.Deed{deed})
	suspect = has(fact.Suspect, deed)
	made    = has(fact.Made, deed)
	bot     = has(fact.Owner, "bot")
	on      = has(fact.Active, true)
	running = has(fact.RunState, "running")
)

// A sample is one answer: what a check found (or the owner marked) as the
// first of some resources, and the verbs it comes to, in the plan's order.
var samples = []struct {
	why   string
	check string // "": the first resource is marked not-mine
	with  []fact.Resource
	mark  playbook.Mark // of the first resource
	want  []string
}{
	{"a quarantined user, and his keys", "quarantine-marker", []fact.Resource{
		thing("iam.user", "bot"), thing("iam.access-key", "AKIA1", bot, on), thing("iam.access-key", "AKIA2", bot, has(fact.Active, false)),
		thing("iam.access-key", "AKIA3", has(fact.Owner, "ann"), on),
	}, "", []string{"deny-all bot", "deactivate AKIA1"}},
	{"a user that the owner says is his", "quarantine-marker", []fact.Resource{thing("iam.user", "bot")}, playbook.Mine, nil},
	{"a user he is not sure of", "quarantine-marker", []fact.Resource{thing("iam.user", "bot")}, playbook.Unsure, nil},
	{"a group: anybody can attach a marker to deny its members", "quarantine-marker", []fact.Resource{thing("iam.group", "g")}, "", nil},

	{"a key, and the sessions of its user", "suspect-credential",
		[]fact.Resource{thing("iam.access-key", "AKIA1", bot, on, suspect), thing("iam.user", "bot")}, "", []string{"deactivate AKIA1", "revoke-sessions bot"}},
	{"a key that is off already", "suspect-credential",
		[]fact.Resource{thing("iam.access-key", "AKIA1", bot, has(fact.Active, false), suspect), thing("iam.user", "bot")}, "", []string{"revoke-sessions bot"}},
	{"an SSH key opens no sessions", "suspect-credential",
		[]fact.Resource{thing("iam.ssh-key", "APKA1", bot, on, suspect), thing("iam.user", "bot")}, "", []string{"deactivate APKA1"}},
	{"a user he made", "suspect-principal", []fact.Resource{thing("iam.user", "pavel", suspect, made)}, "", []string{"deny-all pavel"}},
	{"a role he made", "suspect-principal",
		[]fact.Resource{thing("iam.role", "r", suspect, made, has(fact.Trust, openTrust))}, "", []string{"deny-all r", "close-trust r"}},
	{"a role of the owner's that he opened", "suspect-principal",
		[]fact.Resource{thing("iam.role", "r", suspect, has(fact.Trust, openTrust))}, "", []string{"close-trust r", "revoke-sessions r"}},
	{"a role of the owner's, as likely, that he opened", "suspect-principal",
		[]fact.Resource{thing("iam.role", "r", suspect, has(fact.Made, fact.Deed{Call: "CreateRole"}), has(fact.Trust, openTrust))}, "", []string{"close-trust r", "revoke-sessions r"}},
	{"a session", "suspect-session",
		[]fact.Resource{thing("iam.role", "r", has(fact.Sessions, []fact.Deed{deed}), has(fact.Trust, closedTrust))}, "", []string{"revoke-sessions r"}},
	{"a password on a user of the owner's", "suspect-password",
		[]fact.Resource{thing("iam.login-profile", "bot", bot, made), thing("iam.user", "bot")}, "", []string{"deny-sessions bot"}},
	{"a password on a user of his own", "suspect-password",
		[]fact.Resource{thing("iam.login-profile", "bot", bot, made), thing("iam.user", "bot", suspect)}, "", []string{"deny-all bot"}},

	{"an instance", "suspect-made", []fact.Resource{thing("ec2.instance", "i-1", made, running)}, "", []string{"isolate i-1", "stop i-1"}},
	{"an instance that resists", "suspect-made",
		[]fact.Resource{thing("ec2.instance", "i-1", made, running, has(fact.Protections, []string{"stop", "termination"}))}, "",
		[]string{"isolate i-1", "stop i-1", "allow-stop i-1"}},
	{"a Spot instance cannot be stopped", "suspect-made",
		[]fact.Resource{thing("ec2.instance", "i-1", made, running, has(fact.Spot, true))}, "", []string{"isolate i-1"}},
	{"an instance that is gone", "suspect-made", []fact.Resource{thing("ec2.instance", "i-1", made, has(fact.RunState, "terminated"))}, "", nil},
	{"an instance with a role", "suspect-made", []fact.Resource{
		thing("ec2.instance", "i-1", made, running, has(fact.Profile, profile)),
		thing("iam.role", "web", has(fact.Profiles, []string{profile})),
	}, "", []string{"isolate i-1", "revoke-sessions web", "stop i-1"}},
	{"a function", "suspect-made", []fact.Resource{thing("lambda.function", "f", made)}, "", []string{"throttle f"}},
	{"a copy that is shared", "suspect-made",
		[]fact.Resource{thing("ec2.snapshot", "snap-1", made, has(fact.SharedWith, []string{"999988887777"}))}, "", []string{"unshare snap-1"}},
	{"a copy that is not", "suspect-made", []fact.Resource{thing("ec2.snapshot", "snap-1", made)}, "", nil},
	{"a group that is open", "suspect-made",
		[]fact.Resource{thing("ec2.security-group", "sg-1", made, has(fact.Openings, []fact.Opening{{Protocol: "-1", CIDR: "0.0.0.0/0"}}))}, "",
		[]string{"close-openings sg-1"}},

	{"a trust that he opened", "suspect-changed",
		[]fact.Resource{thing("iam.role", "r", sure, has(fact.Trust, openTrust))}, "", []string{"close-trust r", "revoke-sessions r"}},
	{"rights that he gave a role whose trust the owner may have changed", "suspect-changed",
		[]fact.Resource{thing("iam.role", "r", has(fact.Changed, []fact.Deed{{Call: "UpdateAssumeRolePolicy"}, {Call: "AttachRolePolicy", Sure: true}}), has(fact.Trust, openTrust))}, "", nil},
	{"an image that he opened", "suspect-changed", []fact.Resource{thing("ec2.image", "ami-1", sure, has(fact.Public, true))}, "", []string{"unshare ami-1"}},
	{"a function that he changed", "suspect-changed", []fact.Resource{thing("lambda.function", "f", sure)}, "", []string{"throttle f"}},
	{"a trail that he stopped", "suspect-changed", []fact.Resource{thing("cloudtrail.trail", "t", sure, has(fact.Logging, false))}, "", []string{"start t"}},
	{"a trail that runs again", "suspect-changed", []fact.Resource{thing("cloudtrail.trail", "t", sure, has(fact.Logging, true))}, "", nil},
	{"a detector that he turned off", "suspect-changed", []fact.Resource{thing("guardduty.detector", "d", sure, has(fact.Active, false))}, "", []string{"enable d"}},
	{"what the owner's program may have done itself", "suspect-changed",
		[]fact.Resource{thing("lambda.function", "f", has(fact.Changed, []fact.Deed{{Call: "UpdateFunctionCode"}}))}, "", nil},
	{"a stopped trail", "stopped-trail", []fact.Resource{thing("cloudtrail.trail", "t", has(fact.Logging, false))}, "", []string{"start t"}},

	{"root's keys are a person's step", "root-keys", []fact.Resource{thing("iam.root", "root")}, "", []string{"delete-root-keys root"}},
	{"root's second factor", "root-without-mfa", []fact.Resource{thing("iam.root", "root")}, "", []string{"enable-root-mfa root"}},
	{"root's password", "root-used-since", []fact.Resource{thing("iam.root", "root")}, "", []string{"change-root-password root"}},
	{"a finding without an answer", "unused-key", []fact.Resource{thing("iam.access-key", "AKIA1", on)}, "", nil},

	{"marked: a user", "", []fact.Resource{thing("iam.user", "x")}, playbook.NotMine, []string{"deny-all x"}},
	{"marked: a group", "", []fact.Resource{thing("iam.group", "x")}, playbook.NotMine, []string{"deny-all x"}},
	{"marked: a role", "", []fact.Resource{thing("iam.role", "x", has(fact.Trust, closedTrust))}, playbook.NotMine, []string{"deny-all x"}},
	{"marked: a key", "", []fact.Resource{thing("iam.access-key", "AKIA1", bot, on), thing("iam.user", "bot")}, playbook.NotMine, []string{"deactivate AKIA1", "revoke-sessions bot"}},
	{"marked: an instance", "", []fact.Resource{thing("ec2.instance", "i-1", running)}, playbook.NotMine, []string{"isolate i-1", "stop i-1"}},
}

func TestAnswers(t *testing.T) {
	for _, p := range samples {
		t.Run(p.why, func(t *testing.T) {
			in := playbook.Input{Snapshot: fact.Snapshot{Account: here.Account, Resources: p.with}, Marks: map[fact.Ref]playbook.Mark{}}
			if p.mark != "" {
				in.Marks[p.with[0].Ref] = p.mark
			}
			if c, ok := check(p.check); ok {
				in.Findings = []finding.Finding{{
					Check: c.ID, Outcome: finding.Found, Answer: c.Answer, Hits: []finding.Hit{{Target: finding.Target{Ref: p.with[0].Ref}}},
				}}
			} else if p.check != "" {
				t.Fatalf("there is no check %q", p.check)
			}
			var got []string
			for _, a := range playbook.Contain(in) {
				got = append(got, fmt.Sprintf("%s %s", a.Verb, a.Target.ID))
				if a.Class == plan.Permanent {
					t.Errorf("%s is permanent", a.Verb)
				}
				if len(a.Because) == 0 || a.ID == "" {
					t.Errorf("%s has no reason or id: %+v", a.Verb, a)
				}
			}
			if !slices.Equal(got, p.want) {
				t.Errorf("got %q, want %q", got, p.want)
			}
			if _, err := plan.Order(playbook.Contain(in)); err != nil {
				t.Error(err)
			}
		})
	}
}

func check(id string) (finding.Check, bool) {
	i := slices.IndexFunc(checks.All(), func(c finding.Check) bool { return c.ID == id })
	if i < 0 {
		return finding.Check{}, false
	}
	return checks.All()[i], true
}

// A check that names an answer gets one, from at least one sample.
func TestEveryAnswerHasASample(t *testing.T) {
	for _, c := range checks.All() {
		if c.Answer == "" {
			continue
		}
		found := false
		for _, p := range samples {
			found = found || p.check == c.ID && len(p.want) > 0
		}
		if !found {
			t.Errorf("%s asks for %q, and no sample shows what that is", c.ID, c.Answer)
		}
	}
}

// The order inside a plan that lets nothing slip through.
func TestOrderOfAnAnswer(t *testing.T) {
	edge := func(with []fact.Resource, check string, first, then plan.Action) {
		t.Helper()
		in := playbook.Input{Snapshot: fact.Snapshot{Account: here.Account, Resources: with}, Findings: []finding.Finding{{
			Check: check, Outcome: finding.Found, Answer: map[string]string{"suspect-made": "stop", "suspect-changed": "close"}[check],
			Hits: []finding.Hit{{Target: finding.Target{Ref: with[0].Ref}}},
		}}}
		there := false
		for _, a := range playbook.Contain(in) {
			there = there || a.ID == then.ID
			if a.ID == then.ID && !slices.Contains(slices.Concat(a.After, a.Behind), first.ID) {
				t.Errorf("%s does not wait for %s", a.Verb, first.Verb)
			}
		}
		if !there {
			t.Errorf("there is no %s", then.Verb)
		}
	}
	vm := thing("ec2.instance", "i-1", made, running, has(fact.Protections, []string{"stop"}), has(fact.Profile, profile))
	role := thing("iam.role", "web", has(fact.Profiles, []string{profile}), has(fact.Trust, openTrust), sure)
	act := func(r fact.Resource, verb string) plan.Action { return plan.Act(r, verb, plan.Disruptive) }
	edge([]fact.Resource{vm, role}, "suspect-made", act(vm, "isolate"), act(vm, "stop"))
	edge([]fact.Resource{vm, role}, "suspect-made", act(vm, "allow-stop"), act(vm, "stop"))
	edge([]fact.Resource{vm, role}, "suspect-made", act(vm, "isolate"), act(role, "revoke-sessions"))
	edge([]fact.Resource{role}, "suspect-changed", act(role, "close-trust"), act(role, "revoke-sessions"))
}
