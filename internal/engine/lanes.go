package engine

import (
	"cmp"
	"slices"
	"time"

	"cordon/internal/event"
	"cordon/internal/lineage"
	"cordon/internal/report"
)

// merge leaves out an intruder whose every act is another's too, puts the rest
// in order, the surest first, and notes whose each act, credential and principal
// is: an event is then judged by those that it can concern.
func (q *Inquiry) merge() {
	began := make(map[*intruder]time.Time, len(q.intruders)) // each goes through all that he did
	for _, in := range q.intruders {
		began[in] = first(in)
	}
	slices.SortStableFunc(q.intruders, func(a, b *intruder) int {
		return cmp.Or(cmp.Compare(sureness(b), sureness(a)), cmp.Compare(b.found.Score, a.found.Score), began[a].Compare(began[b]))
	})
	acts := map[string][]*intruder{}
	for _, in := range q.intruders {
		for id := range in.acts {
			acts[id] = append(acts[id], in)
		}
	}
	var kept []*intruder
	gone := map[*intruder]bool{}
	for i, in := range q.intruders {
		if len(in.acts) == 0 && in.from == "found" { // never in silence
			q.gaps = append(q.gaps, report.RecordGap{Why: "unfollowed", Detail: in.seed})
		}
		if len(in.acts) == 0 && in.from == "found" || q.covered(in, i, acts, gone) {
			gone[in] = true
			continue
		}
		kept = append(kept, in)
		in.number = len(kept)
	}
	q.intruders = kept
	q.index()
}

// covered says whether every act of an intruder is one other's as well; of two
// that have the same acts the second is.
func (q *Inquiry) covered(in *intruder, at int, acts map[string][]*intruder, gone map[*intruder]bool) bool {
	var shared map[*intruder]int
	for id := range in.acts {
		if len(acts[id]) == 1 {
			return false
		}
		if shared == nil {
			shared = map[*intruder]int{}
		}
		for _, other := range acts[id] {
			shared[other]++
		}
	}
	for other, n := range shared {
		if other == in || gone[other] || n < len(in.acts) {
			continue
		}
		if len(other.acts) > len(in.acts) || slices.Index(q.intruders, other) < at {
			return true
		}
	}
	return false
}

// concerns notes whom an event can concern, by what is known of them now.
func (q *Inquiry) concerns() {
	q.whose = map[string][]*intruder{}
	add := func(key string, in *intruder) {
		if all := q.whose[key]; key != "" && (len(all) == 0 || all[len(all)-1] != in) { // one intruder after the other
			q.whose[key] = append(all, in)
		}
	}
	for _, in := range q.intruders {
		for id := range in.acts {
			add("event "+id, in)
			if in.acts[id].Confidence != lineage.Low {
				add("address "+lineage.AddressOf(in.acts[id].Event), in)
			}
		}
		for _, s := range in.closure.Suspects() {
			add("credential "+s.Credential, in)
			add("principal "+s.Principal.Account+" "+s.Principal.ID, in)
		}
	}
}

// index notes whom an event can concern, and whose the hits are.
func (q *Inquiry) index() {
	q.concerns()
	for _, h := range q.hits {
		var told []*intruder
		for _, id := range h.EventIDs {
			for _, in := range q.whose["event "+id] {
				if !slices.Contains(told, in) {
					told = append(told, in)
					in.hits = append(in.hits, h)
				}
			}
		}
	}
}

// concerned are the intruders that an event can be about.
func (q *Inquiry) concerned(e event.Event) (all []*intruder) {
	who := lineage.SuspectOf(e).Principal
	for _, key := range []string{"event " + e.ID, "credential " + e.Credential, "principal " + who.Account + " " + who.ID, "address " + lineage.AddressOf(e)} {
		for _, in := range q.whose[key] {
			if !slices.Contains(all, in) {
				all = append(all, in)
			}
		}
	}
	return all
}

func sureness(in *intruder) int {
	return slices.Index([]string{lineage.Low, lineage.Medium, lineage.High}, in.found.Confidence)
}

func first(in *intruder) (t time.Time) {
	for _, a := range in.acts {
		if t.IsZero() || a.Event.Time.Before(t) {
			t = a.Event.Time
		}
	}
	return t
}

// lane says whose an event is, by the intruder who knows most of it.
func (q *Inquiry) lane(e event.Event) (lineage.Lane, int) {
	if q.ours[e.ID] {
		return laneOfOurs(), 0
	}
	best, number := lineage.Lane{Who: lineage.ByOwner, Confidence: lineage.Medium, Why: []string{"no-sign"}}, 0
	if lineage.ByAWS(e) {
		best = lineage.Lane{Who: lineage.ByAmazon, Confidence: lineage.High, Why: []string{"by-aws"}}
	}
	if len(q.intruders) == 0 && best.Who == lineage.ByOwner {
		best = lineage.Lane{Who: lineage.ByUnknown, Confidence: lineage.Low, Why: []string{"no-intruder"}}
	}
	asked := q.concerned(e)
	if len(asked) == 0 && len(q.intruders) > 0 { // our own calls carry a mark that every closure knows
		asked = q.intruders[:1]
	}
	for _, in := range asked {
		l := in.closure.Lane(e)
		if rank(l) > rank(best) {
			best, number = l, in.number
		}
	}
	return best, number
}

func rank(l lineage.Lane) int {
	return slices.Index([]string{lineage.ByOwner, lineage.ByUnknown, lineage.ByAmazon, lineage.ByResponder, lineage.ByIntruder}, l.Who)
}

// A unique is a list in which nothing stands twice.
type unique struct {
	list []string
	has  map[string]bool
}

func (u *unique) add(s string) {
	if u.has[s] {
		return
	}
	if u.has == nil {
		u.has = map[string]bool{}
	}
	u.has[s], u.list = true, append(u.list, s)
}
