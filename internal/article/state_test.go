package article

import (
	"slices"
	"testing"
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/playbook"
	"cordon/internal/rotate"
)

var (
	began  = time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	looks  = began.Add(6 * time.Hour) // of the triage
	since  = looks.Add(time.Hour)
	global = fact.Place{Account: "111122223333", Region: fact.Global}
	west   = fact.Place{Account: "111122223333", Region: "eu-west-1"}
)

func thing(kind fact.Kind, id, whose string, with ...func(*fact.Resource)) fact.Resource {
	at := west
	if kind[:4] == "iam." {
		at = global
	}
	r := fact.Resource{Ref: fact.Ref{Kind: kind, Place: at, ID: id}, Created: began.AddDate(0, -1, 0)}
	fact.Judgement.Set(&r, fact.Whose{Whose: whose})
	for _, f := range with {
		f(&r)
	}
	return r
}

func has[T any](k fact.Key[T], v T) func(*fact.Resource) {
	return func(r *fact.Resource) { k.Set(r, v) }
}

func key(id, user string, with ...func(*fact.Resource)) fact.Resource {
	return thing(keyKind, id, "owner", append([]func(*fact.Resource){has(fact.Owner, user), has(fact.Status, "Active")}, with...)...)
}

// kinds that a case in the tests has looked at.
var listed = map[fact.Kind]fact.Place{
	keyKind: global, "iam.user": global, "iam.login-profile": global, "iam.root": global,
	"ec2.instance": west, "lambda.function": west, "lambda.layer": west, "s3.bucket": west,
}

// a gives a record of one complete triage with these resources, changed by the
// functions.
func a(with ...any) Record {
	r := Record{Looked: looks, Began: began, Kept: map[fact.Ref]bool{}, Copies: map[fact.Kind]bool{"ec2.instance": true, "ec2.volume": true}, Looks: map[string]Look{}, Marks: map[fact.Ref]playbook.Mark{}}
	r.Snapshot = fact.Snapshot{At: looks, Account: "111122223333", Since: began, Expected: map[fact.Kind][]fact.Place{}}
	for k, at := range listed {
		r.Snapshot.Expected[k] = []fact.Place{at}
		r.Snapshot.Readings = append(r.Snapshot.Readings, fact.Reading{Kind: k, Place: at, State: fact.Read})
	}
	for _, id := range []string{"quarantine-marker", "unused-key", "root-without-mfa", "user-without-mfa", "root-used-since", "root-keys", "administrators", "no-trail"} {
		r.Findings = append(r.Findings, finding.Finding{Check: id, Outcome: finding.Clear})
	}
	for _, w := range with {
		switch w := w.(type) {
		case fact.Resource:
			r.Snapshot.Resources = append(r.Snapshot.Resources, w)
		case func(*Record):
			w(&r)
		}
	}
	return r
}

func gap(kind fact.Kind) func(*Record) {
	return func(r *Record) {
		for i := range r.Snapshot.Readings {
			if r.Snapshot.Readings[i].Kind == kind {
				r.Snapshot.Readings[i].State = fact.Denied
			}
		}
	}
}

func found(check string, ids ...string) func(*Record) {
	return func(r *Record) {
		i := slices.IndexFunc(r.Findings, func(f finding.Finding) bool { return f.Check == check })
		f := &r.Findings[i]
		f.Outcome = finding.Found
		for _, id := range ids {
			kind := fact.Kind("iam.user")
			if id[:2] == "AK" {
				kind = keyKind
			}
			f.Hits = append(f.Hits, finding.Hit{Target: finding.Target{Ref: fact.Ref{Kind: kind, Place: global, ID: id}}})
		}
	}
}

func unknown(check string) func(*Record) {
	return func(r *Record) {
		i := slices.IndexFunc(r.Findings, func(f finding.Finding) bool { return f.Check == check })
		r.Findings[i].Outcome, r.Findings[i].Gaps = finding.Unknown, []fact.Reading{{}}
	}
}

// partly makes a check one that found something and did not see everything.
func partly(check string) func(*Record) {
	return func(r *Record) {
		i := slices.IndexFunc(r.Findings, func(f finding.Finding) bool { return f.Check == check })
		r.Findings[i].Gaps = []fact.Reading{{}, {}}
	}
}

func deed(x fact.Resource, verb, sort string, at time.Time) func(*Record) {
	return func(r *Record) {
		r.Deeds = append(r.Deeds, Deed{Ref: x.Ref, Owner: fact.Owner.Or(x, ""), Verb: verb, Sort: sort, At: at, Verified: true})
	}
}

// unverified makes the last deed one that was never seen to hold.
func unverified(r *Record) { r.Deeds[len(r.Deeds)-1].Verified = false }

func backAgain(x fact.Resource, sort string, at time.Time) func(*Record) {
	return func(r *Record) {
		r.TakenBack = append(r.TakenBack, Deed{Ref: x.Ref, Sort: sort, At: at, Verified: true})
	}
}

func rotation(one rotate.Rotation) func(*Record) {
	return func(r *Record) { r.Rotations = append(r.Rotations, one) }
}

func notice(due, answered time.Time) func(*Record) {
	return func(r *Record) { r.Notice = &Notice{Due: due, Answered: answered} }
}

func kept(x fact.Resource) func(*Record) { return func(r *Record) { r.Kept[x.Ref] = true } }

func marked(x fact.Resource, m playbook.Mark) func(*Record) {
	return func(r *Record) { r.Marks[x.Ref] = m }
}

func look(what string, l Look) func(*Record) {
	return func(r *Record) { l.At = since; r.Looks[what] = l }
}

func state(t *testing.T, r Record, line string) Item {
	t.Helper()
	all := Checklist(r)
	i := slices.IndexFunc(all, func(x Item) bool { return x.Line == line })
	if i < 0 {
		t.Fatalf("no line %s", line)
	}
	return all[i]
}

// Without any record nothing is done, and nothing is held to be needless that
// only a look at the account could tell.
func TestNoRecordIsNeverDone(t *testing.T) {
	for _, x := range Checklist(Record{}) {
		if x.State == Done || x.State == NotNeeded && !slices.Contains([]string{"key-back", "support-secrets"}, x.Line) {
			t.Errorf("%s is %s (%s) in an empty case", x.Line, x.State, x.Why)
		}
	}
}

// A triage that could read nothing shows nothing to be in order.
func TestNothingReadIsNeverInOrder(t *testing.T) {
	r := a()
	for i := range r.Snapshot.Readings {
		r.Snapshot.Readings[i].State = fact.Denied
	}
	for i := range r.Findings {
		r.Findings[i].Outcome = finding.Unknown
	}
	may := []string{"noticed", "lockout", "key-back", "support-secrets"}
	for _, x := range Checklist(r) {
		if (x.State == Done || x.State == NotNeeded) && !slices.Contains(may, x.Line) {
			t.Errorf("%s is %s (%s) though nothing could be read", x.Line, x.State, x.Why)
		}
	}
}

// What is open has somebody who does it, a command, and AWS's deadline while one
// stands.
func TestWhoByWhen(t *testing.T) {
	due := looks.AddDate(0, 0, 5)
	for _, x := range Checklist(a(key("AKIA1", "bot"), found("root-keys", "root"), notice(due, time.Time{}))) {
		if x.State == Open && (x.Who == "" || x.Do == "" || !x.Due.Equal(due)) || x.State != Open && !x.Due.IsZero() {
			t.Errorf("%s is %s: who %q, do %q, due %s", x.Line, x.State, x.Who, x.Do, x.Due)
		}
	}
	if x := state(t, a(found("root-keys", "root"), notice(due, since)), "root-keys"); x.State != Open || !x.Due.IsZero() || x.Who != RootUser {
		t.Errorf("an answered notice has no deadline: %+v", x)
	}
}

// A key of the intruder's is cut by a plan and by no rotation; beside an old key of
// the owner's the line's own command stands.
func TestHisKeysAreCut(t *testing.T) {
	for line, do := range map[string]string{"key-off": "plan contain", "key-delete": "plan eradicate", "quarantine": "plan contain"} {
		if x := state(t, a(planted, found("quarantine-marker", "claire")), line); x.State != Open || x.Do != do {
			t.Errorf("%s of his key alone: %s, do %q, want %q", line, x.State, x.Do, do)
		}
		if x := state(t, a(planted, key("AKIAOLD", "claire"), found("quarantine-marker", "claire")), line); x.State != Open || x.Do == do {
			t.Errorf("%s of his key and hers: %s, do %q", line, x.State, x.Do)
		}
	}
}
