package lineage

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// explain gives every suspect its shortest way from a seed: fewest steps,
// then the earliest event. A suspect is trusted as far as its best way.
func (c *Closure) explain(edges map[edge]bool) {
	list := slices.SortedFunc(maps.Keys(edges), func(a, b edge) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.eventID, b.eventID), cmp.Compare(a.parent, b.parent), cmp.Compare(a.child, b.child),
			cmp.Compare(a.suspect.Reason, b.suspect.Reason), cmp.Compare(a.suspect.Kind, b.suspect.Kind), cmp.Compare(a.suspect.ARN, b.suspect.ARN), cmp.Compare(a.cause, b.cause))
	})
	c.edgeList, c.held = list, nil
	depth, high := map[string]int{}, map[string]bool{}
	for _, s := range c.seeds {
		depth[s.Name()], high[s.Name()] = 0, true
	}
	for step, added := 1, true; added; step++ {
		added = false
		for _, e := range list {
			from, known := depth[e.parent]
			if _, done := depth[e.child]; done || !known || from != step-1 {
				continue
			}
			depth[e.child], added = step, true
			s := c.suspects[e.child]
			s.Depth, s.By, s.EventID, s.Reason = step, e.parent, e.eventID, e.suspect.Reason
			s.Kind, s.UniqueID, s.ARN, s.Principal = e.suspect.Kind, e.suspect.UniqueID, e.suspect.ARN, e.suspect.Principal
		}
	}
	for changed := true; changed; {
		changed = false
		for _, e := range list {
			if high[e.parent] && e.confidence == High && !high[e.child] && !c.isPartner(e) {
				high[e.child], changed = true, true
			}
		}
	}
	for name, s := range c.suspects {
		s.Confidence = Low
		if high[name] {
			s.Confidence = High
		}
	}
}

// record writes down every act, each once, by its closest suspect.
func (c *Closure) record(habits habits) {
	c.acts, c.by, c.places = nil, c.index(), map[place][]time.Time{}
	for _, r := range c.sorted {
		owners := c.by.owners(r)
		if len(owners) == 0 {
			continue
		}
		a := Act{Event: *r.Event, By: owners[0].Name(), Confidence: Low}
		for _, s := range owners {
			if s.Confidence == High && habits.confidence(s, r) == High {
				a.By, a.Confidence = s.Name(), High
				break
			}
		}
		c.acts = append(c.acts, a)
		if a.Confidence == High {
			at := place{r.origin.address, AgentOf(r.Agent)}
			c.places[at] = append(c.places[at], r.Time)
		}
	}
}

// A place is an address and an exact agent.
type place struct {
	address string
	agent   Agent
}
