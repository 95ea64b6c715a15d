package lineage

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// A Sign is a detection's hit in one event: something that an intruder does.
type Sign struct {
	EventID    string
	What       string  // the detection; several hits of one count little more than one
	Weight     float64 // 1: alone enough to look for an intruder
	Confidence string  // "high", "medium" or "low"; empty: high
	Attempted  bool    // it failed, and Weight does not say so yet
}

// Weights are what a detection's hit is worth by its severity, from "info" to
// "critical" (package finding counts them from 0).
var Weights = [...]float64{0.05, 0.15, 0.4, 0.8, 1}

// value is what a sign is worth, from 0 to 1.
func (s Sign) value() float64 {
	v := min(max(s.Weight, 0), 1)
	if math.IsNaN(s.Weight) {
		v = 0
	}
	switch s.Confidence {
	case "medium":
		v *= 0.7
	case Low:
		v *= 0.35
	}
	if s.Attempted {
		v *= 0.6
	}
	return v
}

// suspicious is the sum of signs from which on a new origin is held to be the
// intruder's once there is one; twice as much overrules one thing that speaks
// for the owner. enough is what it takes to say that there is an intruder at
// all: one sure sign of the worst, or two good ones. Root at work, and nothing
// else, is less.
const (
	suspicious = 0.6
	enough     = 1.0
)

// A use is when an address, an agent, a call … was used.
type use struct {
	first, last time.Time
	days        []time.Time // the first time on each day (UTC)
	n           int
}

func (u *use) add(at time.Time) {
	if u.n == 0 {
		u.first = at
	}
	u.last = at
	u.n++
	if len(u.days) == 0 || at.Truncate(24*time.Hour) != u.days[len(u.days)-1].Truncate(24*time.Hour) {
		u.days = append(u.days, at)
	}
}

// established says whether this was in regular use before a moment: more than
// a week before, or on two days or more with the first over 48 hours before.
// The intruder may have come before anybody noticed: what is younger may be his.
func (u *use) established(before time.Time) bool {
	return u != nil && before.After(u.settled())
}

// settled is from when on a use is regular.
func (u *use) settled() time.Time {
	at := u.first.Add(longBefore)
	if len(u.days) >= 2 {
		second := u.first.Add(tooRecent)
		if u.days[1].After(second) {
			second = u.days[1]
		}
		if second.Before(at) {
			at = second
		}
	}
	return at
}

type uses map[string]*use

func (m uses) add(key string, at time.Time) {
	u := m[key]
	if u == nil {
		u = &use{}
		m[key] = u
	}
	u.add(at)
}

// A past is what a subject did, or everybody of one user or role.
type past struct {
	addresses, tools, calls, regions, hours uses
	settled                                 time.Time // when the first address was in regular use
}

func newPast() *past { return &past{uses{}, uses{}, uses{}, uses{}, uses{}, time.Time{}} }

// settle is called when everything is known.
func (p *past) settle() {
	for _, u := range p.addresses {
		if at := u.settled(); p.settled.IsZero() || at.Before(p.settled) {
			p.settled = at
		}
	}
}

func (p *past) add(r *reading) {
	o := r.origin
	p.addresses.add(o.address, r.Time)
	p.tools.add(o.tool, r.Time)
	p.calls.add(r.Service()+":"+r.Name, r.Time)
	p.regions.add(r.Region, r.Time)
	p.hours.add(hourOf(r.Time), r.Time)
}

var hours = [24]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23"}

func hourOf(t time.Time) string { return hours[t.UTC().Hour()] }

// A trace is what one subject did from one origin.
type trace struct {
	origin   origin
	readings []*reading
	agents   map[Agent]bool
	signs    map[string]*strength // by what was seen
	first    time.Time            // of the signs
	signed   uses                 // the days with signs, under ""
	counted  *tally               // nil: see tally
}

// strength sums the signs of one sort.
type strength struct {
	best     float64
	n        int
	eventIDs []string
}

// score is what the signs are worth together.
func (t *trace) score(routine map[string]bool) (sum float64) {
	for _, what := range slices.Sorted(maps.Keys(t.signs)) { // one order, one rounding
		s := t.signs[what]
		v := s.best * (1 + 0.1*math.Log(float64(s.n)))
		if routine[what] {
			v *= 0.1
		}
		sum += v
	}
	return sum
}

// A subject is a past with its origins kept apart.
type subject struct {
	*past
	name    string
	person  *past
	traces  map[origin]*trace
	order   []origin        // of the traces; nil: to be sorted
	days    uses            // of each sort of sign
	routine map[string]bool // sorts of signs that this subject has always shown
}

// A book is what everybody did, with the signs in it.
type book struct {
	subjects map[string]*subject
	signs    map[string][]Sign // by event id
}

// newBook reads events in the order of time; AWS's own acts are nobody's habit
// and no indicator.
func newBook(sorted []*reading, signs []Sign) *book {
	b := &book{map[string]*subject{}, map[string][]Sign{}}
	for _, s := range signs {
		b.signs[s.EventID] = append(b.signs[s.EventID], s)
	}
	people := map[string]*past{}
	for _, r := range sorted {
		if r.aws {
			continue
		}
		person := people[r.person]
		if person == nil {
			person = newPast()
			people[r.person] = person
		}
		s := b.subjects[r.subject]
		if s == nil {
			s = &subject{past: newPast(), name: r.subject, person: person, traces: map[origin]*trace{}, days: uses{}, routine: map[string]bool{}}
			b.subjects[r.subject] = s
		}
		s.add(r)
		person.add(r)
		s.trace(r, b.signs[r.ID])
	}
	for _, p := range people {
		p.settle()
	}
	for _, s := range b.subjects {
		s.settle()
		for what, u := range s.days {
			s.routine[what] = len(u.days) >= 4 && u.last.Sub(u.first) > longBefore
		}
	}
	b.offInstance()
	return b
}

func (s *subject) trace(r *reading, signs []Sign) {
	t := s.traces[r.origin]
	if t == nil {
		t = &trace{origin: r.origin, agents: map[Agent]bool{}, signs: map[string]*strength{}, signed: uses{}}
		s.traces[r.origin] = t
	}
	t.readings = append(t.readings, r)
	t.agents[AgentOf(r.Agent)] = true
	for _, sign := range signs {
		t.sign(r, sign.What, sign.value())
		s.days.add(sign.What, r.Time)
	}
}

func (t *trace) sign(r *reading, what string, value float64) {
	if value == 0 {
		return
	}
	s := t.signs[what]
	if s == nil {
		s = &strength{}
		t.signs[what] = s
	}
	t.signed.add("", r.Time)
	s.best = max(s.best, value)
	s.n++
	if len(s.eventIDs) < 20 {
		s.eventIDs = append(s.eventIDs, r.ID)
	}
	if t.first.IsZero() || r.Time.Before(t.first) {
		t.first = r.Time
	}
}

// offInstance looks for credentials of instances used elsewhere: with a tool
// on a Mac or a browser's, which an instance hardly has, or with a second tool from a
// second public address: with one credential, since an instance that was stopped
// has another address in the morning and its tools as ever, or a tool it never had.
func (b *book) offInstance() {
	for _, s := range b.subjects {
		var at []*trace
		for _, t := range s.traces {
			if instanceID.MatchString(sessionName(t.readings[0].Principal)) {
				at = append(at, t)
			}
		}
		slices.SortFunc(at, func(a, b *trace) int {
			return cmp.Or(a.readings[0].Time.Compare(b.readings[0].Time), cmp.Compare(a.origin.address, b.origin.address), cmp.Compare(a.origin.tool, b.origin.tool))
		})
		for i, t := range at {
			if value := leaves(t, at[:min(i, 16)]); value > 0 {
				for _, r := range t.readings {
					t.sign(r, OffInstance, value)
				}
			}
		}
	}
}

// OffInstance is what Find itself sees: an instance's credential elsewhere.
const OffInstance = "off-instance"

func leaves(t *trace, before []*trace) float64 {
	agent := AgentOf(t.readings[0].Agent)
	if agent.System == "macos" || agent.Family == "console" {
		return 0.7
	}
	had := slices.ContainsFunc(before, func(b *trace) bool { return b.origin.tool == t.origin.tool })
	for _, b := range before {
		if b.origin.address != t.origin.address && b.origin.tool != t.origin.tool && isPublic(b.origin.address) && isPublic(t.origin.address) && (!had || t.shares(b)) {
			return 0.7
		}
	}
	return 0
}

// shares says whether one credential was used from both.
func (t *trace) shares(b *trace) bool {
	used := map[string]bool{}
	for _, r := range t.readings {
		used[r.Credential] = true
	}
	return slices.ContainsFunc(b.readings, func(r *reading) bool { return r.Credential != "" && used[r.Credential] })
}
