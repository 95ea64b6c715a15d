package lineage

import (
	"cmp"
	"slices"
	"time"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// A Step is one credential of a chain and the call that brought it.
type Step struct {
	Credential string
	Kind       CredentialKind
	Principal  fact.Ref
	Call       string // what issued it; empty: not in the record
	EventID    string
	At         time.Time
	By         string // the credential that asked for it; of services their name
	Why        string // a word: see the constants
}

// Words of Step.Why.
const (
	StepLasting  = "long-lived"               // a key whose creation is not in the record
	StepIssued   = "issued"                   // the call is in the record
	StepSignedIn = "signed-in"                // a console session, by the sign-in of the same user at that time
	StepBefore   = "issued-before-record"     // the session began before the record does
	StepMissing  = "issue-not-recorded"       // it began within the record's time: another region, another account, no trail
	StepByAWS    = "issued-by-aws"            // a service got it, such as an instance's
	StepIdentity = "same-source-identity"     // the issue is missing, and an earlier session carries the same source identity
	StepCycle    = "says-it-issued-its-cause" // the records go round in a circle
)

// A Record answers how credentials came to be, from a set of events.
type Record struct {
	mints  map[string][]minting
	uses   map[string]*reading // the first use of each credential
	logins map[string][]*reading
	carry  map[string]*reading // the first that began a session with a source identity
	shared map[string][]*reading
	begins time.Time
}

type minting struct {
	Credential
	r *reading
}

// NewRecord reads events, in any order.
func NewRecord(events []event.Event) *Record { return newRecord(readings(events)) }

// Since says that the record of which these are some events begins earlier.
func (rec *Record) Since(t time.Time) *Record {
	if t.Before(rec.begins) {
		rec.begins = t
	}
	return rec
}

func newRecord(sorted []*reading) *Record {
	rec := &Record{map[string][]minting{}, map[string]*reading{}, map[string][]*reading{}, map[string]*reading{}, map[string][]*reading{}, time.Time{}}
	for i, r := range sorted {
		if i == 0 {
			rec.begins = r.Time
		}
		if r.SharedID != "" {
			rec.shared[r.SharedID] = append(rec.shared[r.SharedID], r)
		}
		if r.Credential != "" && rec.uses[r.Credential] == nil {
			rec.uses[r.Credential] = r
		}
		for _, m := range r.minted {
			if m.ID != "" && m.Kind != LoginProfile {
				rec.mints[m.ID] = append(rec.mints[m.ID], minting{m, r})
			}
		}
		if r.Name == "ConsoleLogin" && !r.Failed() {
			rec.logins[r.person] = append(rec.logins[r.person], r)
		}
		if id := sourceIdentityOf(r); id != "" && rec.carry[id] == nil {
			rec.carry[id] = r
		}
	}
	return rec
}

func sourceIdentityOf(r *reading) string {
	if len(r.minted) == 0 {
		return ""
	}
	return findOne(*r.Event, "q:sourceIdentity")
}

// Chain lists how a credential came to be, from its root to itself. It ends:
// a credential that the records say issued its own cause is named once.
func (rec *Record) Chain(credential string) (steps []Step) {
	seen := map[string]bool{}
	for id := credential; id != ""; {
		seen[id] = true
		step, next := rec.step(id, seen)
		steps = append(steps, step)
		id = next
	}
	slices.Reverse(steps)
	return steps
}

// step says how one credential came to be, and by which to go on.
func (rec *Record) step(id string, seen map[string]bool) (Step, string) {
	step := Step{Credential: id}
	if use := rec.uses[id]; use != nil {
		step.Principal, step.Kind = speaker(*use.Event), AccessKey
		if isTemporary(id) {
			step.Kind = kindOfSession(*use.Event)
		}
	}
	circle := false
	for _, m := range rec.mints[id] {
		caller := rec.caller(m.r)
		if seen[caller] {
			circle = true
			continue
		}
		step.Kind, step.Principal, step.Call, step.EventID, step.At, step.By, step.Why = m.Kind, m.Principal, baseName(*m.r.Event), m.EventID, m.At, caller, StepIssued
		if m.r.aws {
			step.By, step.Why = cmp.Or(m.r.Principal.InvokedBy, m.r.Address), StepByAWS
			return step, ""
		}
		return step, caller
	}
	if circle {
		step.Why = StepCycle
		return step, ""
	}
	return rec.unissued(step, seen)
}

// caller is the credential that made the call. The record of the account that
// was called may not name it; the caller's own does.
func (rec *Record) caller(r *reading) string {
	if r.Credential != "" || r.SharedID == "" {
		return r.Credential
	}
	for _, twin := range rec.shared[r.SharedID] {
		if twin.Credential != "" && twin.Name == r.Name {
			return twin.Credential
		}
	}
	return ""
}

// unissued is a credential whose issue no event tells of.
func (rec *Record) unissued(step Step, seen map[string]bool) (Step, string) {
	use := rec.uses[step.Credential]
	if !isTemporary(step.Credential) || use == nil {
		step.Why = StepLasting
		if isTemporary(step.Credential) {
			step.Why = StepMissing
		}
		return step, ""
	}
	p := use.Principal
	step.At = p.SessionCreated
	if login := rec.login(use); login != nil {
		step.Call, step.EventID, step.At, step.Why, step.Kind = login.Name, login.ID, login.Time, StepSignedIn, Console
		return step, ""
	}
	if from := rec.carry[p.SourceIdentity]; p.SourceIdentity != "" && from != nil && from.Time.Before(use.Time) {
		for _, m := range from.minted {
			if m.ID != "" && !seen[m.ID] {
				step.EventID, step.By, step.Why = from.ID, m.ID, StepIdentity
				return step, m.ID
			}
		}
	}
	step.Why = StepMissing
	if p.SessionCreated.IsZero() && use.Time.Equal(rec.begins) || !p.SessionCreated.IsZero() && p.SessionCreated.Before(rec.begins) {
		step.Why = StepBefore
	}
	return step, ""
}

// login is the sign-in that a console session began with: the same user's, in
// the minutes before the session's first call or at its date.
func (rec *Record) login(use *reading) *reading {
	if !isConsole(*use.Event) {
		return nil
	}
	at := use.Principal.SessionCreated
	if at.IsZero() {
		at = use.Time
	}
	var best *reading
	for _, login := range rec.logins[use.person] {
		if gap := at.Sub(login.Time); gap > -time.Minute && gap < 5*time.Minute {
			best = login
		}
	}
	return best
}

// Chain lists how a credential came to be, from what was added.
func (c *Closure) Chain(credential string) []Step {
	c.sort()
	if c.history == nil {
		c.history = newRecord(c.sorted)
	}
	return c.history.Chain(credential)
}
