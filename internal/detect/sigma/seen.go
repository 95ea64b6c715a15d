package sigma

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"time"
)

// A seenAt is a value that was seen, and by what.
type seenAt struct {
	value string
	by    entryOf
}

// counted is what a hit adds to a set of values.
func (r *run) counted(h hit) []string {
	if r.kind != valueCount {
		return []string{strconv.Itoa(int(h.rule))}
	}
	var out []string
	for _, values := range r.together(r.fields, h) {
		if len(values) > 1 {
			values = []string{keyOf(values)}
		}
		out = append(out, brief(values[0]))
	}
	return out
}

// longestSeen is how long a value may be to be held as it is.
const longestSeen = 64

// brief is a value as it is held, to know it again.
func brief(v string) string {
	if len(v) <= longestSeen {
		return v
	}
	sum := sha256.Sum256([]byte(v))
	return v[:longestSeen-len(sum)+1] + string(sum[:]) // longer than any that is held as it is
}

// furthest is how many values of a window it is worth to hold.
func (c *correlation) furthest() int {
	out := mostCounted
	for _, b := range c.bounds {
		out = max(out, int(b.n))
	}
	return out
}

// see notes values and lets go of those before since. It returns by how much
// more is held.
func (w *window) see(values []string, by entryOf, since time.Time) (more int) {
	more = -len(w.seen)
	for _, v := range values {
		if w.seen[v] == by { // another of its rules
			continue
		}
		w.seen[v] = by
		w.ages = append(w.ages, seenAt{v, by})
	}
	for len(w.ages) > 0 && w.ages[0].by.at.Before(since) {
		if old := w.ages[0]; w.seen[old.value] == old.by {
			delete(w.seen, old.value)
		}
		w.ages = w.ages[1:]
	}
	if len(w.ages) > 2*len(w.seen)+mostValues { // most were seen again since
		w.ages = slices.DeleteFunc(w.ages, func(a seenAt) bool { return w.seen[a.value] != a.by })
	}
	return more + len(w.seen)
}
