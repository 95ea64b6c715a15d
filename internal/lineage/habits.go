package lineage

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// habits are the addresses that the owner's programs are known to use each
// seed credential from. The intruder may have had it before since, which is
// often only worked out from AWS's notice; so that his own earlier address does
// not speak for him, an address counts only if the credential was used from it
//
//   - more than a week before since; or
//   - on two days or more (UTC), and for the first time more than 48 hours before; or
//   - since then, by an owner who comes from ever new ones: see roamer.
//
// Without a beginning nothing separates the owner from the intruder: no address
// is new. What the owner said is not his has no innocent use.
//
// Where signs were looked for they decide, and what is new is told apart by
// them: see separate.
type habits struct {
	of        *Closure
	addresses map[[2]string]bool // credential and address
	always    map[string]bool    // credentials whose every call may be the owner's
}

const (
	longBefore = 7 * 24 * time.Hour
	tooRecent  = 48 * time.Hour
)

func (c *Closure) habits() habits {
	h := habits{c, map[[2]string]bool{}, map[string]bool{}}
	if c.known.Signs != nil {
		return h
	}
	for _, s := range c.seeds {
		if s.Scope != OfCredential || s.Reason == Marked {
			continue
		}
		if s.At.IsZero() {
			h.always[s.Credential] = true
			continue
		}
		used := uses{}
		for _, r := range c.sorted {
			if r.Credential == s.Credential && r.Time.Before(s.At) && !r.aws {
				used.add(r.origin.address, r.Time)
			}
		}
		for address, u := range used {
			if u.established(s.At) {
				h.addresses[[2]string{s.Credential, address}] = true
			}
		}
	}
	h.roam()
	return h
}

func (h habits) confidence(s *Suspect, r *reading) string {
	if s.Scope == OfConsole && s.Reason == PasswordSet && h.of.usedTo(r, s.At) {
		return Low // the user's own place
	}
	if h.of.known.Signs != nil && s.Reason == Seed {
		if l := h.of.bySeed(r, s); l.Who == ByIntruder && l.Confidence != Low {
			return High
		}
		return Low
	}
	if h.always[s.Credential] || h.addresses[[2]string{s.Credential, r.origin.address}] {
		return Low
	}
	return High
}

// roam adds the new addresses from which roamers may have called. One from
// which any seed was used as its owner never did stays the intruder's for all.
func (h habits) roam() {
	his, owners := map[string]bool{}, map[[2]string]bool{}
	for _, s := range h.of.seeds {
		visits := map[string]*visit{}
		for _, r := range h.of.sorted {
			at := r.origin.address
			if r.aws || h.of.ours(r) || !s.covers(*r.Event) || h.confidence(&s, r) == Low {
				continue
			}
			if visits[at] == nil {
				visits[at] = &visit{}
			}
			visits[at].readings = append(visits[at].readings, r)
		}
		var owner *roamer
		if s.Scope == OfCredential && s.Reason != Marked {
			owner = h.of.roamer(s)
		}
		h.of.heirs(visits)
		for address, v := range visits {
			if owner.may(v) {
				owners[[2]string{s.Credential, address}] = true
			} else {
				his[address] = true
			}
		}
	}
	for place := range owners {
		if !his[place[1]] {
			h.addresses[place] = true
		}
	}
}

// A visit is what a seed did from one new address, and what was done, from
// wherever, with the credentials that it took there.
type visit struct{ readings, heirs []*reading }

func (c *Closure) heirs(visits map[string]*visit) {
	from := map[string]*visit{}
	inherit := func(r *reading, v *visit) {
		for _, m := range r.minted {
			if m.ID != "" && from[m.ID] == nil {
				from[m.ID] = v
			}
		}
	}
	for _, address := range slices.Sorted(maps.Keys(visits)) {
		for _, r := range visits[address].readings {
			inherit(r, visits[address])
		}
	}
	for _, r := range c.sorted { // by time: a credential is used after it was taken
		if v := from[r.Credential]; v != nil && !r.aws {
			v.heirs = append(v.heirs, r)
			inherit(r, v)
		}
	}
}

// A roamer is the owner of a seed that was used from ever new addresses before:
// by a pipeline whose machines are new every day, or over a line that changes
// its address. That his address is new says nothing. A call may be his where
// all from that address was made with exactly his agent, in his regions, and
// is what he does; an intruder who knows all that is not told from him.
type roamer struct {
	*past  // until tooRecent before the intruder came, who may have come before
	agents map[Agent]*use
	writes map[string]bool // the services in which he changed things
	since  time.Time
}

// Moves of a roamer: days on which a new address came up, after the first, and
// how many of all his days these must be.
const (
	fewMoves = 4
	oneIn    = 10
)

// roamer is the owner of a seed, if he is one; else nil.
func (c *Closure) roamer(s Suspect) *roamer {
	o := &roamer{newPast(), map[Agent]*use{}, map[string]bool{}, s.At}
	days, moves := &use{}, &use{}
	for _, r := range c.sorted {
		if r.Credential != s.Credential || r.aws || !r.Time.Before(s.At.Add(-tooRecent)) {
			continue
		}
		if days.add(r.Time); o.addresses[r.origin.address] == nil {
			moves.add(r.Time)
		}
		o.add(r)
		agent := AgentOf(r.Agent)
		if o.agents[agent] == nil {
			o.agents[agent] = &use{}
		}
		o.agents[agent].add(r.Time)
		o.writes[r.Service()] = o.writes[r.Service()] || !r.reads()
	}
	if n := len(moves.days) - 1; n < fewMoves || n*oneIn < len(days.days) {
		return nil
	}
	return o
}

// may says whether a visit may be the owner's: four calls of five are known of
// him, as in compare, and none is odd.
func (o *roamer) may(v *visit) bool {
	if o == nil {
		return false
	}
	old := 0
	for _, r := range v.readings {
		if o.odd(r) {
			return false
		}
		if o.calls[r.call()] != nil {
			old++
		}
	}
	for _, r := range v.heirs {
		if !o.wields(r) {
			return false
		}
	}
	return old*5 >= len(v.readings)*4
}

func (o *roamer) wields(r *reading) bool {
	agent := AgentOf(r.Agent)
	return agent.Family != "" && o.agents[agent].established(o.since)
}

// odd: with another agent, in another region, or the first time that he touches
// rights, gives something away, deletes, or changes anything in that service.
func (o *roamer) odd(r *reading) bool {
	if !o.wields(r) || o.regions[r.Region] == nil {
		return true
	}
	if o.calls[r.call()] != nil {
		return false
	}
	for _, d := range r.made {
		if d.Grants || d.Wanted == Shared || d.Wanted == Deleted {
			return true
		}
	}
	return len(r.minted) > 0 || !r.reads() && (r.Service() == "iam" || !o.writes[r.Service()])
}

// reads says whether a call changes nothing.
func (r *reading) reads() bool {
	if r.ReadOnlyKnown {
		return r.ReadOnly
	}
	return slices.ContainsFunc([]string{"Get", "List", "Describe", "Head", "Lookup"}, func(verb string) bool { return strings.HasPrefix(r.Name, verb) })
}

// Forerun lists, in the order of time, what seeds did before they are held to be
// the intruder's, from addresses that they are used from since and that came up
// within this time before: his, if their beginning is a guess and too late. By is
// the seed.
func (c *Closure) Forerun(within time.Duration) (acts []Act) {
	c.grow()
	for _, s := range c.seeds {
		if s.Scope != OfCredential || s.At.IsZero() {
			continue
		}
		first, used := map[string]time.Time{}, map[string]bool{}
		var his []*reading
		for _, r := range c.sorted {
			if r.Credential != s.Credential || r.aws || c.ours(r) {
				continue
			}
			his = append(his, r)
			if _, known := first[r.origin.address]; !known {
				first[r.origin.address] = r.Time
			}
			used[r.origin.address] = used[r.origin.address] || !r.Time.Before(s.At)
		}
		for _, r := range his {
			if used[r.origin.address] && r.Time.Before(s.At) && !first[r.origin.address].Before(s.At.Add(-within)) {
				acts = append(acts, Act{Event: *r.Event, By: s.Name(), Confidence: Low})
			}
		}
	}
	slices.SortStableFunc(acts, func(a, b Act) int { return a.Event.Time.Compare(b.Event.Time) })
	return acts
}
