package sigma

import (
	"cmp"
	"slices"
	"time"
)

func (c *Correlator) drop(r *run, w *window) {
	delete(r.windows, w.key)
	c.held -= len(w.held) + w.tally.size()
	if r.kind == eventCount && r.waits() {
		return // what it has seen is a sample, and was not counted
	}
	c.held -= len(w.seen)
}

// shrink makes room: first what is over, then, of the correlation that has
// most, the eighth that has been idle longest.
func (c *Correlator) shrink(now time.Time) {
	most := &c.runs[0]
	for i := range c.runs {
		r := &c.runs[i]
		for _, w := range r.windows {
			if !r.waits() && w.touched.Add(r.span).Before(now) && w.quiet.Before(now) {
				c.drop(r, w)
			}
		}
		if len(r.windows) > len(most.windows) {
			most = r
		}
	}
	if len(most.windows) < c.maximum && c.held < mostHeld {
		return
	}
	idle := make([]*window, 0, len(most.windows))
	for _, w := range most.windows {
		idle = append(idle, w)
	}
	slices.SortFunc(idle, func(a, b *window) int {
		return cmp.Or(a.touched.Compare(b.touched), cmp.Compare(a.key, b.key))
	})
	for _, w := range idle[:len(idle)/8+1] {
		c.drop(most, w)
		c.lost++
	}
	most.queue = slices.DeleteFunc(most.queue, func(w *window) bool { return most.windows[w.key] != w })
}
