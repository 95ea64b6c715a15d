package lineage

import (
	"slices"
	"time"
)

// A sure is when the intruder was at work, by address and by exact agent, as
// far as each origin tells by itself.
type sure struct {
	addresses map[string]spans // only those that the owner never used
	agents    map[Agent]spans  // likewise
}

func newSure() *sure { return &sure{map[string]spans{}, map[Agent]spans{}} }

func (s *sure) add(o origin, v *verdict) {
	one := span{v.first.Add(-near), v.last.Add(near)}
	if !v.known {
		s.addresses[o.address] = append(s.addresses[o.address], one)
	}
	if v.oldTool {
		return
	}
	for a := range v.agents {
		if a.Version != "" {
			s.agents[a] = append(s.agents[a], one)
		}
	}
}

func (s *sure) merge() {
	for k, all := range s.addresses {
		s.addresses[k] = all.merge()
	}
	for k, all := range s.agents {
		s.agents[k] = all.merge()
	}
}

// join gives an origin to the intruder that shares with one of his sure ones
// the address, or within the hour the exact agent that the owner never had.
func (s *sure) join(o origin, v *verdict) {
	if at := s.addresses[o.address]; len(at) > 0 {
		confidence := Medium
		if at.meet(v.first, v.last) {
			confidence = High
		}
		v.Lane = Lane{ByIntruder, confidence, []string{whyNewAddress, whySameOrigin}}
		return
	}
	if v.oldTool {
		return
	}
	for a := range v.agents {
		if s.agents[a].meet(v.first, v.last) {
			v.Lane = Lane{ByIntruder, Medium, []string{whyNewAddress, whyNewAgent, whySameAgent}}
			return
		}
	}
}

// spans are times, after merge in order and apart.
type spans []span

type span struct{ first, last time.Time }

func (all spans) merge() (out spans) {
	slices.SortFunc(all, func(a, b span) int { return a.first.Compare(b.first) })
	for _, x := range all {
		if n := len(out); n > 0 && !x.first.After(out[n-1].last) {
			if x.last.After(out[n-1].last) {
				out[n-1].last = x.last
			}
			continue
		}
		out = append(out, x)
	}
	return out
}

// meet says whether any of them touches the time from first to last.
func (all spans) meet(first, last time.Time) bool {
	i, _ := slices.BinarySearchFunc(all, first, func(x span, t time.Time) int { return x.last.Compare(t) })
	return i < len(all) && !all[i].first.After(last)
}
