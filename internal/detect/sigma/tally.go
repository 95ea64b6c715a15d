package sigma

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// A tally is what is held of a group where numbers are summed, averaged or
// ranked, or where events are counted further than they are held one by one.
// What it holds has a bound, however many events there are.
type tally struct {
	stretches []stretch
	values    []valued  // of a percentile, in the order of time
	sorted    []float64 // the same, by size
	shown     []entryOf // the latest events
}

// A stretch is what came close together: it leaves the window as one.
type stretch struct {
	first, last time.Time
	n           int
	sum         float64
}

type valued struct {
	at time.Time
	v  float64
}

const (
	mostStretches = 1 << 12 // of one window: it may reach back by so small a part of its timespan too far
	mostShown     = 256     // events that a tally names
	mostRanked    = 10_000  // values of a window, for a percentile: the latest count
)

// measures says whether the correlation is about numbers in a field.
func (c *correlation) measures() bool { return c.kind >= valueSum }

// tallies says whether its windows are tallies.
func (c *correlation) tallies() bool {
	far := func(b bound) bool { return b.n > mostCounted }
	return c.measures() || c.kind == eventCount && slices.ContainsFunc(c.bounds, far) && !c.waits()
}

// numbers are what the field of a hit says, as far as it is numbers.
func (r *run) numbers(h hit) (out []float64) {
	for _, text := range h.get(r.of(r.fields[0], h.rule)) {
		if v, ok := parseNumber(text); ok {
			out = append(out, v)
		}
	}
	return out
}

// count adds a hit to the tally of a window. It is false for another rule's
// hit of the event that was counted last.
func (c *Correlator) count(r *run, w *window, h hit) bool {
	if w.tally == nil {
		w.tally = &tally{}
	}
	t, e := w.tally, entryOf{h.at, h.event}
	if n := len(t.shown); n > 0 && t.shown[n-1] == e {
		return false
	}
	before := t.size()
	if !r.waits() {
		t.expire(h.at.Add(-r.span))
	}
	if t.shown = append(t.shown, e); len(t.shown) > mostShown {
		t.shown = t.shown[1:]
	}
	switch {
	case !r.measures():
		t.add(r, h.at, 1, 0)
	case r.kind == valuePercentile:
		for _, v := range r.numbers(h) {
			t.rank(h.at, v)
		}
	default:
		for _, v := range r.numbers(h) {
			t.add(r, h.at, 1, v)
		}
	}
	c.held += t.size() - before
	return true
}

// size is how much is held; of none nothing.
func (t *tally) size() int {
	if t == nil {
		return 0
	}
	return len(t.stretches) + len(t.values) + len(t.shown)
}

func (t *tally) add(r *run, at time.Time, n int, v float64) {
	apart := r.span / mostStretches
	if r.waits() {
		apart = r.span + 1 // nothing leaves it before its end
	}
	if k := len(t.stretches) - 1; k >= 0 && (t.stretches[k].last.Equal(at) || at.Sub(t.stretches[k].first) < apart) {
		s := &t.stretches[k]
		s.last, s.n, s.sum = at, s.n+n, s.sum+v
		return
	}
	t.stretches = append(t.stretches, stretch{at, at, n, v})
}

func (t *tally) rank(at time.Time, v float64) {
	if len(t.values) >= mostRanked {
		t.forget()
	}
	t.values = append(t.values, valued{at, v})
	i, _ := slices.BinarySearch(t.sorted, v)
	t.sorted = slices.Insert(t.sorted, i, v)
}

func (t *tally) forget() {
	i, _ := slices.BinarySearch(t.sorted, t.values[0].v)
	t.sorted = slices.Delete(t.sorted, i, i+1)
	t.values = t.values[1:]
}

// expire lets go of what was before a time.
func (t *tally) expire(since time.Time) {
	for len(t.values) > 0 && t.values[0].at.Before(since) {
		t.forget()
	}
	for len(t.stretches) > 0 && t.stretches[0].last.Before(since) {
		t.stretches = t.stretches[1:]
	}
	for len(t.shown) > 0 && t.shown[0].at.Before(since) {
		t.shown = t.shown[1:]
	}
}

// worth is what the condition is held against, and of how many.
func (t *tally) worth(r *run) evidence {
	out := evidence{events: t.shown}
	if r.kind == valuePercentile {
		out.count, out.from = len(t.sorted), t.values[0].at
		out.value = quantile(t.sorted, r.percentile/100)
		return out
	}
	out.from = t.stretches[0].first
	for _, s := range t.stretches {
		out.count += s.n
		out.value += s.sum
	}
	switch r.kind {
	case eventCount:
		out.value = float64(out.count)
	case valueAvg:
		out.value /= float64(out.count)
	}
	return out
}

// quantile is the value below which a share q of the sorted ones lies; between
// two of them it is in between, so that the half is the median.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(math.Floor(at))
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	if part := at - float64(i); part > 0 {
		return sorted[i] + (sorted[i+1]-sorted[i])*part
	}
	return sorted[i]
}

// percentile reads which one is asked for.
func percentile(text string) (float64, error) {
	p, ok := parseNumber(text)
	if !ok || p < 0 || p > 100 {
		return 0, fmt.Errorf("the percentile %.40q; from 0 to 100 is possible", text)
	}
	return p, nil
}
