package lineage

import (
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
)

// Whose a call is.
const (
	ByIntruder  = "intruder"
	ByOwner     = "owner"
	ByResponder = "responder" // our own clean-up
	ByAmazon    = "aws"
	ByUnknown   = "unknown"
)

// Medium stands between High and Low, for lanes and intruders.
const Medium = "medium"

// A Lane says whose one call is, how sure that is, and why, in words of the
// catalogue.
type Lane struct {
	Who        string
	Confidence string
	Why        []string
}

// Known is what a closure is told besides events.
type Known struct {
	// Signs are detections' hits. nil means that nobody looked, which is not
	// the same as none found.
	Signs []Sign
	// Ours are the ids of events that record our own requests. The mark in the
	// agent is not enough: anybody can send it.
	Ours map[string]bool
	// Compute: sessions of roles that a suspect handed to a function or instance
	// are followed. It asks for the events of each such role.
	Compute bool
	// First is when the caller of an event first came from its address, for
	// callers whom the closure does not know; zero where nobody can tell. nil:
	// nothing is known of them.
	First func(event.Event) time.Time
}

// Know tells the closure more. With signs, a call of a seed that is not clearly
// the intruder's counts with Low confidence, as one from an old address does.
func (c *Closure) Know(k Known) {
	c.known, c.suspects, c.book, c.self = k, nil, nil, nil
}

// mark is how our requests name themselves (the application id of the SDK).
const mark = "app/cordon"

// Lane says whose a call is. It may be of any event, also one that was never
// added; only what was added is known of the past.
func (c *Closure) Lane(e event.Event) Lane {
	c.grow()
	r := c.events[e.ID]
	if r == nil {
		r = newReading(&e)
	}
	l := c.lane(r)
	l.Why = slices.Clone(l.Why)
	return l
}

// ours says whether the event records our own request: both our word and the
// mark must say so.
func (c *Closure) ours(r *reading) bool {
	return (c.known.Ours[r.ID] || c.friends.Ours[r.ID]) && isMarked(r)
}

func isMarked(r *reading) bool { return strings.Contains(strings.ToLower(r.Agent), mark) }

func (c *Closure) lane(r *reading) Lane {
	switch {
	case r.aws:
		return Lane{ByAmazon, High, []string{whyAWS}}
	case c.ours(r):
		return Lane{ByResponder, High, []string{whyOurs}}
	}
	l := c.whose(r)
	if isMarked(r) && !(l.Who == ByIntruder && l.Confidence == High) {
		return Lane{ByUnknown, Low, []string{whyOurMark}}
	}
	return l
}

func (c *Closure) whose(r *reading) Lane {
	if owners := c.by.owners(r); len(owners) > 0 {
		return c.best(r, owners)
	}
	for _, twin := range c.twins(r) {
		if owners := c.by.owners(twin); len(owners) > 0 {
			l := c.best(twin, owners)
			l.Why = append(slices.Clone(l.Why), whyShared)
			return l
		}
	}
	if s := c.seedOf(r); s != nil { // before the intrusion
		v := c.split(s, r)
		if v != nil && v.Who == ByIntruder && !v.known {
			return Lane{ByIntruder, Medium, append(slices.Clone(v.Why), whyBefore)}
		}
		return Lane{ByOwner, Medium, []string{whyBefore}}
	}
	return c.stranger(r)
}

// best is the lane by the suspect that says most.
func (c *Closure) best(r *reading, owners []*Suspect) (best Lane) {
	for _, s := range owners {
		l := c.bySuspect(r, s)
		if best.Who == "" || rank(l) > rank(best) {
			best = l
		}
	}
	return best
}

func rank(l Lane) int {
	n := map[string]int{Low: 0, Medium: 1, High: 2}[l.Confidence]
	switch l.Who {
	case ByIntruder:
		return 10 + n
	case ByOwner:
		return 5 + n
	}
	return n
}

func (c *Closure) bySuspect(r *reading, s *Suspect) Lane {
	switch s.Reason {
	case Marked:
		return Lane{ByIntruder, High, []string{whyMarked}}
	case Seed:
		return c.bySeed(r, s)
	}
	if c.held == nil {
		c.hold()
	}
	if l, known := c.held[s.Name()]; known {
		return l
	}
	return Lane{ByUnknown, Low, []string{whyIssued}}
}

// hold says in whose hands each suspect is that another brought: whoever made
// the call that brought it; of several calls the one that says most.
func (c *Closure) hold() {
	c.held = map[string]Lane{}
	for changed := true; changed; {
		changed = false
		for _, e := range c.edgeList {
			parent, by := c.suspects[e.parent], c.events[e.cause]
			if by == nil {
				continue
			}
			l, known := c.held[e.parent]
			if parent.Reason == Seed || parent.Reason == Marked {
				l, known = c.bySuspect(by, parent), true
			}
			if !known {
				continue
			}
			l = c.passed(l, c.suspects[e.child])
			if have, there := c.held[e.child]; !there || rank(l) > rank(have) {
				c.held[e.child], changed = l, true
			}
		}
	}
}

// passed is the lane of a suspect that a call of this lane brought.
func (c *Closure) passed(l Lane, s *Suspect) Lane {
	switch {
	case l.Who == ByOwner:
		return Lane{ByOwner, Low, with(l.Why, whyIssued)}
	case l.Who == ByIntruder && s.Confidence != Low:
		return Lane{ByIntruder, High, []string{whyIssued}}
	} // low: a partner's session, or that of the owner's own instance
	return Lane{ByUnknown, Low, []string{whyIssued}}
}

func with(why []string, word string) []string {
	if slices.Contains(why, word) {
		return why
	}
	return append(slices.Clone(why), word)
}

// bySeed separates the two users of a seed. A call that is itself a sign, and
// new, is not waved through because it came from an old origin.
func (c *Closure) bySeed(r *reading, s *Suspect) Lane {
	v := c.split(s, r)
	if v == nil { // never added: nothing is known of its origin
		return Lane{ByUnknown, Low, []string{whyNoPast}}
	}
	if v.Who != ByOwner || v.Confidence == Low {
		return v.Lane
	}
	sub := c.book.subjects[r.subject]
	for _, sign := range c.book.signs[r.ID] {
		if sign.value() >= suspicious && !sub.routine[sign.What] && !before(sub.calls[r.call()], c.start(s, sub)) {
			return Lane{ByUnknown, Low, append(slices.Clone(v.Why), whyDetected, whyNewCalls)}
		}
	}
	return v.Lane
}

// split is the verdict on the call's origin among those of its subject.
func (c *Closure) split(s *Suspect, r *reading) *verdict {
	c.read()
	sub := c.book.subjects[r.subject]
	if sub == nil {
		return nil
	}
	key := s.Name() + "\x00" + sub.name
	if c.splits[key] == nil {
		hint := c.known.Signs == nil && !s.At.IsZero()
		c.splits[key] = sub.separate(c.start(s, sub), hint)
	}
	return c.splits[key][r.origin]
}

// start is since when the intruder may have had a seed: what was said, else
// what the signs tell.
func (c *Closure) start(s *Suspect, sub *subject) time.Time {
	if !s.At.IsZero() {
		return s.At
	}
	return sub.beginning()
}

func (c *Closure) read() {
	if c.book == nil {
		c.sort()
		c.book, c.splits = newBook(c.sorted, c.known.Signs), map[string]map[origin]*verdict{}
	}
}

// seedOf is the seed whose call it would be, had it been made later.
func (c *Closure) seedOf(r *reading) *Suspect {
	found := len(c.seeds)
	if i, there := c.keyed[r.Credential]; there && r.Credential != "" {
		found = i
	}
	var later event.Event
	for i := range c.seeds[:found] {
		s := &c.seeds[i]
		if s.Reason == Marked || s.Scope == OfCredential {
			continue
		}
		if later.Name == "" {
			later = *r.Event
		}
		if later.Time = s.At; s.covers(later) {
			return s
		}
	}
	if found < len(c.seeds) {
		return &c.seeds[found]
	}
	return nil
}

// atHomeThere says whether the call's address is one that its caller is used to.
func (c *Closure) atHomeThere(r *reading) bool {
	if sub := c.book.subjects[r.subject]; sub != nil {
		return sub.addresses[r.origin.address].established(r.Time)
	}
	if c.known.First == nil {
		return true
	}
	first := c.known.First(*r.Event)
	return !first.IsZero() && r.Time.Sub(first) > tooRecent
}

// stranger is a call of somebody who is no suspect: the owner's or a
// colleague's, unless it comes from where the intruder does.
func (c *Closure) stranger(r *reading) Lane {
	c.read()
	if isPublic(r.origin.address) && !c.atHomeThere(r) {
		acts := c.places[place{r.origin.address, AgentOf(r.Agent)}]
		i, _ := slices.BinarySearchFunc(acts, r.Time.Add(-near), time.Time.Compare)
		if i < len(acts) && !acts[i].After(r.Time.Add(near)) {
			return Lane{ByUnknown, Low, []string{whySameOrigin}}
		}
	}
	for _, sign := range c.book.signs[r.ID] {
		if sign.value() >= suspicious {
			return Lane{ByUnknown, Low, []string{whyStranger, whyDetected}}
		}
	}
	return Lane{ByOwner, Low, []string{whyStranger}}
}
