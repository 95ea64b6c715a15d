package checks

import (
	"slices"
	"testing"
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
)

// A sample is a small account, and what one check must say of it.
type sample struct {
	check, why string
	found      bool // else clear
	with       []fact.Resource
}

var (
	began   = time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	now     = began.Add(6 * time.Hour)
	here    = fact.Place{Account: "111122223333", Region: "eu-west-1"}
	there   = fact.Place{Account: "111122223333", Region: "sa-east-1"}
	old     = began.AddDate(-1, 0, 0)
	tonight = began.Add(time.Hour)
)

// thing is one resource in here, made long ago.
func thing(k fact.Kind, id string, more ...func(*fact.Resource)) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: k, Place: here, ID: id}, Created: old}
	for _, m := range more {
		m(&r)
	}
	return r
}

func has[T any](k fact.Key[T], v T) func(*fact.Resource) {
	return func(r *fact.Resource) { k.Set(r, v) }
}

func created(at time.Time) func(*fact.Resource) { return func(r *fact.Resource) { r.Created = at } }

func in(p fact.Place) func(*fact.Resource) { return func(r *fact.Resource) { r.Place = p } }

func arn(s string) func(*fact.Resource) { return func(r *fact.Resource) { r.ARN = s } }

func these(rs ...fact.Resource) []fact.Resource { return rs }

var deedOf = fact.Deed{EventID: "e-1", Call: "RunInstances", At: tonight, Reason: "minted", Sure: true}

// seen is an account of which everything that any check needs was read.
func seen(rs []fact.Resource) fact.Snapshot {
	s := fact.Snapshot{At: now, Since: began, Account: here.Account, Partition: "aws", Resources: rs, Expected: map[fact.Kind][]fact.Place{}}
	s.Lost = slices.DeleteFunc(slices.Clone(rs), func(r fact.Resource) bool { return fact.Status.Or(r, "") != "lost" })
	for _, c := range All() {
		for _, k := range c.Needs {
			if s.Expected[k] == nil {
				s.Expected[k] = []fact.Place{here, there}
				s.Readings = append(s.Readings, fact.Reading{Kind: k, Place: here, State: fact.Read}, fact.Reading{Kind: k, Place: there, State: fact.Absent})
			}
		}
	}
	return s
}

func run(s fact.Snapshot, c finding.Check) finding.Finding {
	return finding.Run(s, []finding.Check{c})[0]
}

var samples = slices.Concat(intruderSamples, identitySamples, resourceSamples)

func each(t *testing.T, f func(t *testing.T, c finding.Check, p sample)) {
	for _, p := range samples {
		i := slices.IndexFunc(All(), func(c finding.Check) bool { return c.ID == p.check })
		if i < 0 {
			t.Errorf("there is no check %q", p.check)
			continue
		}
		t.Run(p.check+"/"+p.why, func(t *testing.T) { f(t, All()[i], p) })
	}
}

func TestEveryCheckFindsAndClearsItsSamples(t *testing.T) {
	each(t, func(t *testing.T, c finding.Check, p sample) {
		f := run(seen(p.with), c)
		want := finding.Clear
		if p.found {
			want = finding.Found
		}
		if f.Outcome != want {
			t.Fatalf("%s, want %s: hits %v, gaps %v", f.Outcome, want, f.Hits, f.Gaps)
		}
		for _, h := range f.Hits {
			if len(h.Evidence) == 0 {
				t.Errorf("%s is found without evidence", h.Ref)
			}
		}
	})
}

func TestEveryCheckHasSamples(t *testing.T) {
	for _, c := range All() {
		for _, found := range []bool{true, false} {
			if !slices.ContainsFunc(samples, func(p sample) bool { return p.check == c.ID && p.found == found }) {
				t.Errorf("%s has no sample with found=%v", c.ID, found)
			}
		}
		if len(c.Needs) == 0 {
			t.Errorf("%s needs nothing: it would be clear of an account that nobody read", c.ID)
		}
	}
}

// Whatever kind a check needs, and however its reading fell short in one
// place, the check is not clear. What it found stays found.
func TestNoCheckIsClearWithAGap(t *testing.T) {
	each(t, func(t *testing.T, c finding.Check, p sample) {
		for _, k := range c.Needs {
			for _, state := range []fact.State{fact.Denied, fact.Failed, fact.Skipped, fact.Closed, ""} {
				s := seen(p.with)
				s.Readings = slices.Clone(s.Readings)
				i := slices.IndexFunc(s.Readings, func(r fact.Reading) bool { return r.Kind == k && r.Place == there })
				if s.Readings[i].State = state; state == "" { // never asked
					s.Readings = slices.Delete(s.Readings, i, i+1)
				}
				f := run(s, c)
				if f.Outcome == finding.Clear || p.found && p.check != "no-trail" && f.Outcome != finding.Found {
					t.Errorf("%s %q: %s", k, state, f.Outcome)
				}
				if len(f.Gaps) == 0 {
					t.Errorf("%s %q: no gap", k, state)
				}
			}
		}
	})
}

// factless are the checks that can be clear of resources without any fact:
// because they read names, dates or what the trail added.
var factless = map[string]string{
	"suspect-credential": "the trail's marks", "suspect-principal": "the trail's marks", "suspect-session": "the trail's marks",
	"suspect-password": "the trail's marks", "suspect-made": "the trail's marks", "suspect-changed": "the trail's marks",
	"identity-since": "dates", "credential-since": "dates", "resource-since": "dates", "lonely-region": "dates",
	"suspect-deleted": "the trail's marks", "other-since": "dates", "outside-access": "kinds that can be open say so; of the others there is nothing to say",
	"bedrock-key-user": "names", "key-used-since": "AWS tells of no use by leaving it out", "unused-key": "dates",
}

func TestAFactThatWasNotReadIsNotClear(t *testing.T) {
	each(t, func(t *testing.T, c finding.Check, p sample) {
		if len(p.with) == 0 || p.found || factless[c.ID] != "" {
			return
		}
		bare := slices.Clone(p.with)
		for i := range bare {
			bare[i].Facts = nil
		}
		if f := run(seen(bare), c); f.Outcome == finding.Clear {
			t.Errorf("%s of resources of which nothing was read", f.Outcome)
		}
	})
}

// timed are the checks that ask whether something is newer than the incident.
var timed = []string{"root-used-since", "identity-since", "credential-since", "policy-since", "resource-since", "other-since", "key-used-since"}

func TestWithoutABeginningNothingIsClearOfTime(t *testing.T) {
	each(t, func(t *testing.T, c finding.Check, p sample) {
		if !slices.Contains(timed, c.ID) || p.why == noDate || p.why == notDated {
			return
		}
		s := seen(p.with)
		s.Since = time.Time{}
		if f := run(s, c); f.Outcome != finding.Unknown {
			t.Errorf("%s, and nobody knows when it began", f.Outcome)
		}
	})
}

// Dates that are not there must not pass for old ones.
func TestAnUndatedResourceIsNotClear(t *testing.T) {
	for check, r := range map[string]fact.Resource{
		"identity-since":   thing("iam.role", "r", created(time.Time{})),
		"credential-since": thing("iam.access-key", "AKIA1", created(time.Time{}), has(fact.Active, true)),
		"resource-since":   thing("lambda.function", "f", created(time.Time{}), has(fact.Modified, tonight)),
		"root-used-since":  thing("iam.root", "root", has(fact.ReportAge, now.Add(-3*time.Hour))),
	} {
		i := slices.IndexFunc(All(), func(c finding.Check) bool { return c.ID == check })
		if f := run(seen(these(r)), All()[i]); f.Outcome != finding.Unknown {
			t.Errorf("%s: %s", check, f.Outcome)
		}
	}
	s := seen(these(thing("cloudtrail.trail", "t", has(fact.MultiRegion, true))))
	if f := run(s, noTrail); f.Outcome != finding.Unknown {
		t.Errorf("a trail whose state was not read: %s", f.Outcome)
	}
}

// One listing of any kind that did not read, and nobody is all clear.
func TestNoWideCheckIsClearWithAnyGap(t *testing.T) {
	wide := 0
	for _, c := range All() {
		if !c.Wide {
			continue
		}
		wide++
		for _, state := range []fact.State{fact.Denied, fact.Failed, fact.Skipped, fact.Closed, ""} {
			s := seen(nil)
			s.Expected["workmail.organization"] = []fact.Place{here}
			if state != "" {
				s.Readings = append(s.Readings, fact.Reading{Kind: "workmail.organization", Place: here, State: state})
			}
			if f := run(s, c); f.Outcome != finding.Unknown {
				t.Errorf("%s with a kind %q: %s", c.ID, state, f.Outcome)
			}
		}
	}
	if wide < 4 {
		t.Errorf("only %d checks look at every kind", wide)
	}
}
