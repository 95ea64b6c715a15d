package lineage

import (
	"maps"
	"slices"
	"time"
)

// beginning is the first sign on an origin that is an intruder's without
// anybody having said so; zero: there is none. Who changes his address from
// call to call is found by what his tool did from all of them.
func (s *subject) beginning() (at time.Time) {
	earlier := func(first time.Time) {
		if at.IsZero() || first.Before(at) {
			at = first
		}
	}
	for _, t := range s.traces {
		if t.score(s.routine) >= suspicious && !t.isRegular() && s.judge(t, t.first, false, 0).Who == ByIntruder {
			earlier(t.first)
		}
	}
	if !at.IsZero() {
		return at
	}
	first := map[string]time.Time{}
	for o, t := range s.traces {
		if f := first[o.tool]; !t.first.IsZero() && (f.IsZero() || t.first.Before(f)) {
			first[o.tool] = t.first
		}
	}
	for _, tool := range slices.Sorted(maps.Keys(first)) {
		if s.hasPast(first[tool]) && s.pools(first[tool])[tool] >= suspicious {
			earlier(first[tool])
		}
	}
	return at
}

// pools are the signs of all new addresses together, by a tool that is new too.
func (s *subject) pools(start time.Time) map[string]float64 {
	signs := map[string]map[string]*strength{}
	for _, o := range s.sorted() {
		t := s.traces[o]
		if len(t.signs) == 0 || s.knows(o.address, start) || s.uses(o.tool, start) || s.tally(t).regular {
			continue
		}
		if signs[o.tool] == nil {
			signs[o.tool] = map[string]*strength{}
		}
		for what, x := range t.signs {
			sum := signs[o.tool][what]
			if sum == nil {
				sum = &strength{}
				signs[o.tool][what] = sum
			}
			sum.best, sum.n = max(sum.best, x.best), sum.n+x.n
		}
	}
	pools := map[string]float64{}
	for tool, sum := range signs {
		pools[tool] = (&trace{signs: sum}).score(s.routine)
	}
	return pools
}

// isRegular says that an origin is in use for weeks and signs are rare in it:
// an administrator's, since the record may begin with one. An intruder who
// stays that quiet for that long is not found without a hint.
func (t *trace) isRegular() bool {
	u := &use{}
	for _, r := range t.readings {
		u.add(r.Time)
	}
	signed := t.signed[""]
	return len(u.days) >= 4 && u.last.Sub(u.first) > longBefore && (signed == nil || len(signed.days)*3 <= len(u.days))
}
