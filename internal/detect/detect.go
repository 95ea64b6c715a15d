// Package detect finds in events what intruders do: behaviours, not lists of
// names. Each is one declaration with its ATT&CK techniques, its severity and
// samples that it must and must not match; its words are in the catalogues.
// Pure.
package detect

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
	"cordon/internal/finding"
	"cordon/internal/lineage"
)

// Attempted and Done say whether what was tried worked.
const (
	Attempted = "attempted"
	Done      = "done"
)

// A Hit is one detection in one event, or in a burst of them.
type Hit struct {
	Detection  string // id
	Status     string // Attempted or Done
	Severity   finding.Severity
	Confidence finding.Confidence
	Attack     []string // ATT&CK ids, v19
	At         time.Time
	EventIDs   []string // in the order of time; of a burst those that count
	More       int      // events beyond those that EventIDs has room for
	Principal  string   // as trail.Call has it
	Credential string
	Address    string
	Agent      string
	Region     string
	Account    string
	// Args are for the words: what was granted, to whom, how many.
	Args map[string]string
	// Rule names a Sigma rule and its author, where the hit is one's.
	Rule, Author string
}

// History is what the account is known to have done before. Known is false
// where the record does not reach back far enough to tell.
type History interface {
	// First is when the principal first did this: what is "region", "service",
	// "address", "agent" or "call" ("iam:CreateUser").
	First(principal, what, value string) (at time.Time, known bool)
}

// Calls lists the calls whose whole record detections need ("iam:CreateUser",
// names without API version) and those of which columns are enough. No call is
// in both. Run also wants the events that Wanted picks, by columns.
func Calls() (whole, columns []string) {
	need := map[string]bool{}
	for _, d := range All() {
		for _, call := range d.On {
			need[call] = need[call] || !d.Columns
		}
	}
	for _, call := range slices.Sorted(maps.Keys(need)) {
		if need[call] {
			whole = append(whole, call)
		} else {
			columns = append(columns, call)
		}
	}
	return whole, columns
}

// Wanted says of an event that Calls does not list whether Run wants its
// columns: what root did, what was done with an instance's credentials, and
// what was refused. The first argument is the identity's own ARN (not its
// issuer's). Both are few and repeat: ask once for each. Instances make most
// calls of some accounts: see Once.
func Wanted(identity, errorCode string) bool {
	return refused(errorCode) || strings.Contains(errorCode, "DryRunOperation") || isRoot(identity) || instanceOf(identity) != ""
}

// Once says of an identity that Wanted picks whether the first of its events
// with each address and agent is enough, of those that Abroad does not leave out.
func Once(identity string) bool { return instanceOf(identity) != "" }

// Abroad says whether a call can show that an instance's credentials are used
// elsewhere: what AWS's own agents call on every instance never does.
func Abroad(e event.Event) bool { return !agentCall(&e) }

// Run looks at events in the order of time. Of the events that Calls lists
// under columns, and of those that Wanted picked, Request and Response may be
// missing. An event given twice counts once. past may be nil.
func Run(events iter.Seq[event.Event], past History) []Hit {
	r := runner{past: past, seen: newMemory(), bursts: map[string]windows{}, calls: map[[2]string]string{}}
	table := All()
	r.byCall = map[string][]*Detection{}
	for i := range table {
		d := &table[i]
		if len(d.On) == 0 {
			r.always = append(r.always, d)
		}
		for _, call := range d.On {
			r.byCall[call] = append(r.byCall[call], d)
		}
	}
	for e := range events {
		r.event(e)
	}
	out := make([]Hit, len(r.hits))
	for i, h := range r.hits {
		out[i] = *h
	}
	slices.SortStableFunc(out, func(a, b Hit) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Detection, b.Detection))
	})
	return out
}

type runner struct {
	past   History
	seen   *memory
	byCall map[string][]*Detection
	always []*Detection
	bursts map[string]windows
	calls  map[[2]string]string
	hits   []*Hit
	look   look // of the event at hand

	hour    time.Time // the counts of
	perHour map[crowd]*tally
}

// A crowd is hits that differ in nothing that a person would look at one by
// one. After a hundred within an hour, the last one stands for the others.
type crowd struct{ detection, principal, status string }

type tally struct {
	hits int
	last *Hit
}

// KeptPerHour is how many hits of a crowd are kept within an hour.
const KeptPerHour = 100

func (r *runner) event(e event.Event) {
	if byAWS(e) || r.seen.twice(e) {
		return
	}
	l := &r.look
	*l = look{Event: e, Call: r.call(&e), principal: principal(e), console: console(&e), past: r.past, seen: r.seen, hit: Hit{Args: l.hit.Args}}
	for _, d := range r.byCall[l.Call] {
		r.one(d, l)
	}
	if Wanted(e.Principal.ARN, e.Error.Code) || e.Principal.Type == "Root" {
		for _, d := range r.always {
			r.one(d, l)
		}
	}
	r.seen.keep(l)
}

// call is the service and the name without its API version. Names repeat; to
// take them apart each time would cost more than most detections.
func (r *runner) call(e *event.Event) string {
	const kept = 20000
	name := [2]string{e.Source, e.Name}
	call, ok := r.calls[name]
	if !ok {
		call = e.Service() + ":" + e.BaseName()
		if len(r.calls) < kept {
			r.calls[name] = call
		}
	}
	return call
}

// foreignUse recognises the two records by which AWS tells an owner what
// another account did with his snapshot.
func foreignUse(e *event.Event) bool {
	return e.Name == "SharedSnapshotCopyInitiated" || e.Name == "SharedSnapshotVolumeCreated"
}

// byAWS says whether AWS itself made the call. Some of its services stand in
// the record only as the address, which no caller chooses.
func byAWS(e event.Event) bool {
	if foreignUse(&e) {
		return false
	}
	return lineage.ByAWS(e) || strings.HasSuffix(e.Address, ".amazonaws.com") && !strings.HasPrefix(e.Address, "signin.")
}

// one tries one detection on one event.
func (r *runner) one(d *Detection, l *look) {
	if d.Script && l.console {
		return
	}
	h := l.start(d)
	if d.Match != nil && !d.Match(l) {
		return
	}
	if d.Burst != nil && d.Burst.quiet(l) {
		return
	}
	if d.Habit != "" {
		first, known := l.novel(d.Habit)
		switch {
		case known && !first:
			return
		case known:
			l.raise()
			h.Confidence = finding.Probable
		}
	}
	if d.Burst != nil {
		ws := r.bursts[d.ID]
		if ws == nil {
			ws = windows{}
			r.bursts[d.ID] = ws
		}
		if h = ws.add(d.Burst, l); h == nil {
			return
		}
		r.hits = append(r.hits, h)
		return
	}
	if h.Status == Attempted {
		h.Severity = max(h.Severity-1, finding.Info)
	}
	r.keep(h, l)
}

// keep adds a hit of one event.
func (r *runner) keep(h *Hit, l *look) {
	if hour := l.Time.Truncate(time.Hour); r.perHour == nil || !hour.Equal(r.hour) {
		r.hour, r.perHour = hour, map[crowd]*tally{}
	}
	who := crowd{h.Detection, h.Principal, h.Status}
	c := r.perHour[who]
	if c == nil {
		c = &tally{}
		r.perHour[who] = c
	}
	if c.hits++; c.hits > KeptPerHour {
		c.last.Severity = max(c.last.Severity, h.Severity)
		c.last.Cite(l.ID)
		return
	}
	c.last = h.kept(l)
	r.hits = append(r.hits, c.last)
}

// Cite adds an event to a hit that has some.
func (h *Hit) Cite(id string) {
	if len(h.EventIDs) < keptEvents {
		h.EventIDs = append(h.EventIDs, id)
	} else {
		h.More++
	}
}

// kept is a copy of the hit that lasts beyond the look.
func (h *Hit) kept(l *look) *Hit {
	out := *h
	out.Args, out.EventIDs = maps.Clone(h.Args), []string{l.ID}
	return &out
}

// start makes the hit that a match may shape; the next detection has it anew.
func (l *look) start(d *Detection) *Hit {
	clear(l.hit.Args)
	l.hit = Hit{Args: l.hit.Args,
		Detection: d.ID, Status: Done, Severity: d.Severity, Confidence: cmp.Or(d.Confidence, finding.Probable), Attack: d.Attack, At: l.Time,
		Principal: l.principal, Credential: l.Credential, Address: l.Address, Agent: l.Agent, Region: l.Region, Account: l.account(),
	}
	if l.Failed() {
		l.hit.Status = Attempted
	}
	return &l.hit
}

// principal is the ARN of the session's issuer, else the identity's own, else
// the service that invoked the call, else empty.
func principal(e event.Event) string {
	return cmp.Or(e.Principal.Issuer.ARN, e.Principal.ARN, e.Principal.InvokedBy)
}
