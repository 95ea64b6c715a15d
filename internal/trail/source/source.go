// Package source finds CloudTrail's files where they lie, in folders and in S3,
// prunes them by account, region and time without opening any, reads them, and
// checks them against CloudTrail's digest files.
package source

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"cordon/internal/trail"
)

// Only says which files are wanted. What a file's path does not tell is not
// held against it.
type Only struct {
	Accounts []string
	Regions  []string
	// From and To are times of events. Files are delivered some minutes later, at
	// times hours: a day more is taken at both ends.
	From, To time.Time
	// Digests wants CloudTrail's digest files, and nothing else.
	Digests bool
	// Marks are of an earlier listing of the same place, the files of which have
	// all been imported: what was complete then is not listed again. S3 only.
	Marks Marks
}

// Damage is what was found and is not among the files.
type Damage struct {
	File string
	Why  string
	Note bool // nothing is wrong: it holds no events
}

const slack = 24 * time.Hour

// sift keeps the wanted files among those found, and counts what is left out.
type sift struct {
	only  Only
	files []trail.File
	notes []Damage
	left  map[string]int // of a kind that holds no events, by its folder
}

func newSift(only Only) *sift { return &sift{only: only, left: map[string]int{}} }

// admits says whether a place that is known in part may hold what is wanted.
func (o Only) admits(p place) bool {
	switch {
	case p.kind != "" && len(o.Accounts) > 0 && !slices.Contains(o.Accounts, p.account):
		return false
	case p.region != "" && len(o.Regions) > 0 && !slices.Contains(o.Regions, p.region):
		return false
	}
	first, last := p.span()
	if first.IsZero() {
		return true
	}
	return (o.From.IsZero() || last.After(o.From.Add(-slack))) && (o.To.IsZero() || first.Before(o.To.Add(slack)))
}

// add takes a file that was found.
func (s *sift) add(f trail.File, p place) {
	f.At = p.at
	switch {
	case !s.only.admits(p):
	case s.only.Digests:
		if p.kind == digests {
			s.files = append(s.files, f)
		}
	case p.kind == digests || p.kind == insights:
		s.left[p.kind]++
	default:
		s.files = append(s.files, f)
	}
}

// done is the files in the order of delivery, those of unknown time first.
func (s *sift) done() ([]trail.File, []Damage) {
	type key struct {
		at   int64
		file int
	}
	keys := make([]key, len(s.files)) // files are large to move about
	for i, f := range s.files {
		keys[i] = key{math.MinInt64, i}
		if !f.At.IsZero() {
			keys[i].at = f.At.UnixNano()
		}
	}
	// Few have the time in common, and their names differ only at the end.
	slices.SortFunc(keys, func(a, b key) int { return cmp.Compare(a.at, b.at) })
	for from := 0; from < len(keys); {
		to := from + 1
		for to < len(keys) && keys[to].at == keys[from].at {
			to++
		}
		slices.SortFunc(keys[from:to], func(a, b key) int { return strings.Compare(s.files[a.file].Name, s.files[b.file].Name) })
		from = to
	}
	sorted := make([]trail.File, len(keys))
	for i, k := range keys {
		sorted[i] = s.files[k.file]
	}
	s.files = sorted
	s.files = slices.CompactFunc(s.files, func(a, b trail.File) bool { return a.Name == b.Name })
	slices.SortFunc(s.notes, func(a, b Damage) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.Why, b.Why))
	})
	return s.files, s.notes
}
