package pack

import (
	"bytes"
	"slices"
)

// Whoever made a delta copied what two texts share. A line that lies, with its
// newline and the one before it, within what was copied is a line of the base,
// where it was looked at: what was found there is carried over. A line that a
// copy cuts through is looked at again. As a matcher's answer depends on the line
// alone, the result is that of looking at everything.

// sameLines finds the whole lines in a segment that are whole lines in the base
// too: text[from:to], empty where there are none.
func sameLines(text, base []byte, s segment) (from, to int) {
	from, to = s.from, s.to
	if !(s.from == 0 || text[s.from-1] == '\n') || !(s.base == 0 || base[s.base-1] == '\n') {
		k := bytes.IndexByte(text[s.from:s.to], '\n')
		if k < 0 {
			return s.from, s.from
		}
		from = s.from + k + 1
	}
	if !(s.to == len(text) && s.base+s.to-s.from == len(base)) {
		to = from + bytes.LastIndexByte(text[from:s.to], '\n') + 1
	}
	return from, to
}

// lines appends the hits of a text that was made from base: those of the lines
// that are new, as the matcher sees them, and those of the base that are still
// there. looked is how many bytes the matcher was shown.
func lines(m Matcher, text, base []byte, segments []segment, before []int, hits []int) (out []int, looked int) {
	done := 0
	for _, s := range segments {
		from, to := sameLines(text, base, s)
		if from >= to || from < done {
			continue
		}
		if done < from {
			hits = look(m, text, done, from, hits)
			looked += from - done
		}
		if len(before) > 0 {
			shift := s.from - s.base
			k, _ := slices.BinarySearch(before, from-shift)
			for ; k < len(before) && before[k] < to-shift; k++ {
				hits = append(hits, before[k]+shift)
			}
		}
		done = to
	}
	if done < len(text) {
		hits = look(m, text, done, len(text), hits)
		looked += len(text) - done
	}
	return hits, looked
}

// look shows text[from:to] and appends the hits as offsets in text, in order,
// each once.
func look(m Matcher, text []byte, from, to int, hits []int) []int {
	n := len(hits)
	hits = m.Lines(text[from:to:to], hits)
	fresh := hits[n:]
	if len(fresh) == 0 {
		return hits
	}
	for i := range fresh {
		fresh[i] = from + min(max(fresh[i], 0), to-from-1)
	}
	if !slices.IsSorted(fresh) {
		slices.Sort(fresh)
	}
	return hits[:n+len(slices.Compact(fresh))]
}
