package lineage

import (
	"slices"
	"time"
)

// A tally is what a trace comes to, worked out once: a session that is used for
// weeks gives a seed for each hour, and every seed asks with its own beginning.
type tally struct {
	score   float64
	regular bool
	times   []time.Time // of all calls
	calls   []time.Time // when its subject or person first made such a call
	regions []time.Time // or was first in its region
	hours   [24][]time.Time
}

// tally counts a trace. Its book is whole by then.
func (s *subject) tally(t *trace) *tally {
	if t.counted != nil {
		return t.counted
	}
	n := len(t.readings)
	k := &tally{score: t.score(s.routine), regular: t.isRegular(), times: make([]time.Time, n), calls: make([]time.Time, n), regions: make([]time.Time, n)}
	for i, r := range t.readings { // in the order of time
		call := r.call()
		k.times[i] = r.Time
		k.calls[i] = earliest(r.Time, s.calls[call], s.person.calls[call])
		k.regions[i] = earliest(r.Time, s.regions[r.Region], s.person.regions[r.Region])
		h := r.Time.UTC().Hour()
		k.hours[h] = append(k.hours[h], r.Time)
	}
	slices.SortFunc(k.calls, time.Time.Compare)
	slices.SortFunc(k.regions, time.Time.Compare)
	t.counted = k
	return k
}

func earliest(at time.Time, all ...*use) time.Time {
	for _, u := range all {
		if u != nil && u.first.Before(at) {
			at = u.first
		}
	}
	return at
}

// since says how many of the calls from start on there are, how many of them
// were known before it, and in how many of them the region was not. What was
// first made before start is known of every call before it too.
func (k *tally) since(start time.Time) (n, known, abroad int) {
	gone := below(k.times, start)
	n = len(k.times) - gone
	return n, below(k.calls, start) - gone, n - (below(k.regions, start) - gone)
}

// below is how many of sorted times are before one.
func below(sorted []time.Time, at time.Time) int {
	n, _ := slices.BinarySearchFunc(sorted, at, time.Time.Compare)
	return n
}
