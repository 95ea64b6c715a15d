package sigma

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Met is a correlation that was met.
type Met struct {
	Rule     int32
	From, At time.Time
	Events   []string // ids, in the order of time; of a chain the last of each part, of very many the latest
	Count    int      // of what its condition counts, or of the values that it measures
	Value    float64  // what its condition was held against
	Fields   []string // of group-by
	Group    []string // their values
}

// Bounds of what is held. What has to be given up is counted in Lost.
const (
	mostWindows = 1 << 16 // groups of one correlation
	mostHeld    = 1 << 20 // hits, over all
)

// A Correlator runs the correlations of a set over hits. It is for one
// goroutine.
type Correlator struct {
	set     *Set
	runs    []run
	last    time.Time
	held    int
	lost    int
	maximum int // mostWindows; less in tests
	found   []Met
}

// A run is one correlation at work.
type run struct {
	*correlation
	windows map[string]*window
	queue   []*window // those that wait for their end, in the order of it
}

// A window is what is held of one group.
type window struct {
	key     string
	group   []string
	held    []entryOf
	seen    map[string]entryOf // by value
	ages    []seenAt           // where windows slide: when, the oldest first
	chains  []chain            // temporal_ordered: of each order
	tally   *tally             // where numbers are measured
	opened  time.Time
	touched time.Time
	quiet   time.Time // met before; not again until then
	last    hit
	count   int
}

type entryOf struct {
	at    time.Time
	event string
}

// evidence is what meets a condition.
type evidence struct {
	events []entryOf
	from   time.Time // where the events that are named begin later
	count  int
	value  float64
}

func counting(events []entryOf, count int) evidence {
	return evidence{events: events, count: count, value: float64(count)}
}

// Correlator is a new Correlator of the set.
func (s *Set) Correlator() *Correlator {
	c := &Correlator{set: s, maximum: mostWindows}
	for i := range s.correlations {
		c.runs = append(c.runs, run{correlation: &s.correlations[i], windows: map[string]*window{}})
	}
	return c
}

// Lost is how many groups had to be forgotten before their time. Where it is
// not 0, correlations may have been missed.
func (c *Correlator) Lost() int { return c.lost }

// Add takes the next hit; hits come in the order of time, and those of one
// event together. It returns what is met by it, or known by now to have been.
func (c *Correlator) Add(in Input) ([]Met, error) {
	if in.At.Before(c.last) {
		return nil, errors.New("cannot correlate: hits are not in the order of time")
	}
	c.last, c.found = in.At, nil
	c.expire(in.At)
	c.feed(c.set.hit(in), 0)
	return c.found, nil
}

// Flush is what is known when no more hits come.
func (c *Correlator) Flush() []Met {
	c.found = nil
	c.expire(c.last.Add(100 * 366 * 24 * time.Hour))
	return c.found
}

// feed gives a hit to the correlations from number from on that ask for it.
func (c *Correlator) feed(h hit, from int) {
	for i := from; i < len(c.runs); i++ {
		r := &c.runs[i]
		if !slices.Contains(r.parts, h.rule) || r.measures() && len(r.numbers(h)) == 0 {
			continue
		}
		for _, g := range r.groups(h) {
			if c.held >= mostHeld {
				c.shrink(h.at)
			}
			w := c.window(r, g, h.at)
			w.touched, w.last = h.at, h
			if r.waits() {
				c.wait(r, w, h)
			} else if !h.at.Before(w.quiet) {
				c.slide(i, r, w, h)
			}
		}
	}
}

func (c *Correlator) window(r *run, group []string, at time.Time) *window {
	key := keyOf(group)
	if w := r.windows[key]; w != nil {
		return w
	}
	if len(r.windows) >= c.maximum {
		c.shrink(at)
	}
	w := &window{key: key, group: group, opened: at, seen: map[string]entryOf{}}
	r.windows[w.key] = w
	if r.waits() {
		r.queue = append(r.queue, w)
	}
	return w
}

// keyOf tells lists of values apart.
func keyOf(values []string) string {
	var key strings.Builder
	for _, v := range values {
		key.WriteString(strconv.Itoa(len(v)) + ":" + v)
	}
	return key.String()
}

// slide is a correlation that may be met by this very hit.
func (c *Correlator) slide(i int, r *run, w *window, h hit) {
	e := entryOf{h.at, h.event}
	since := h.at.Add(-r.span)
	switch {
	case r.tallies():
		if c.count(r, w, h) {
			if worth := w.tally.worth(r); r.met(worth.value) {
				c.meet(i, r, w, h, worth)
			}
		}
		return
	case r.kind == temporalOrdered:
		if chain := r.link(w, h.rule, e); chain != nil {
			c.meet(i, r, w, h, counting(chain, len(chain)))
		}
		return
	case r.kind == eventCount:
		if slices.Contains(w.held, e) { // another of its rules
			return
		}
		w.held = append(w.held, e)
		c.held++
		old := 0
		for old < len(w.held) && w.held[old].at.Before(since) {
			old++
		}
		w.held = w.held[old:]
		c.held -= old
		if r.met(float64(len(w.held))) {
			c.meet(i, r, w, h, counting(w.held, len(w.held)))
		}
		return
	}
	c.held += w.see(r.counted(h), e, since)
	if r.enough(w) {
		c.meet(i, r, w, h, counting(ordered(w.seen), len(w.seen)))
	}
}

// ordered are the events of values, each once, in the order of time.
func ordered(seen map[string]entryOf) (out []entryOf) {
	for _, e := range seen {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b entryOf) int {
		if d := a.at.Compare(b.at); d != 0 {
			return d
		}
		return strings.Compare(a.event, b.event)
	})
	return slices.Compact(out)
}

// wait counts for a window that is judged at its end.
func (c *Correlator) wait(r *run, w *window, h hit) {
	e := entryOf{h.at, h.event}
	if r.measures() {
		c.count(r, w, h)
		return
	}
	if r.kind == eventCount {
		if len(w.held) > 0 && w.held[0].at != h.at {
			c.held -= len(w.held)
			w.held = w.held[:0]
		}
		if slices.Contains(w.held, e) {
			return
		}
		w.held = append(w.held, e) // of this second, to know them again
		c.held++
		w.count++
		if len(w.seen) < mostValues {
			w.seen[e.event] = e
		}
		return
	}
	for _, v := range r.counted(h) {
		if _, ok := w.seen[v]; !ok && len(w.seen) <= r.furthest() {
			w.seen[v] = e
			c.held++
		}
	}
	w.count = len(w.seen)
}

// expire judges the windows whose end has come.
func (c *Correlator) expire(now time.Time) {
	for i := range c.runs {
		r := &c.runs[i]
		for len(r.queue) > 0 && r.queue[0].opened.Add(r.span).Before(now) {
			w := r.queue[0]
			r.queue = r.queue[1:]
			if r.windows[w.key] != w {
				continue // it was given up
			}
			c.drop(r, w)
			if all := r.judged(w); r.cond == nil && r.met(all.value) || r.cond != nil && r.enough(w) {
				w.last.at = w.opened.Add(r.span)
				c.meet(i, r, w, w.last, all)
			}
		}
	}
}

// judged is what a window held at its end.
func (r *run) judged(w *window) evidence {
	if w.tally != nil {
		return w.tally.worth(r)
	}
	return counting(ordered(w.seen), w.count)
}

// meet notes what was met, empties the window and tells the correlations
// above.
func (c *Correlator) meet(i int, r *run, w *window, h hit, all evidence) {
	m := Met{Rule: r.rule, From: all.from, At: h.at, Count: all.count, Value: all.value, Fields: r.group, Group: w.group}
	for k, e := range all.events {
		if k == 0 && all.from.IsZero() {
			m.From = e.at
		}
		m.Events = append(m.Events, e.event)
	}
	if n := len(all.events); n > 0 {
		m.At = all.events[n-1].at
	}
	c.found = append(c.found, m)
	if !r.waits() {
		c.held -= len(w.held) + len(w.seen) + w.tally.size()
		w.held, w.ages, w.chains, w.tally = nil, nil, nil, nil
		clear(w.seen)
		w.quiet = h.at.Add(r.span)
	}
	c.feed(hit{r.rule, h.at, h.event, func(name string) []string {
		if k := slices.Index(r.group, name); k >= 0 {
			return []string{w.group[k]}
		}
		return h.get(r.of(name, h.rule))
	}}, i+1)
}
