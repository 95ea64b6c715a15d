// Package source finds CloudTrail's files where they lie, in folders and in S3,
// prunes them by account, region and time without opening any, reads them, and
// checks them against CloudTrail's digest files.
package source

import (
	"cmp"
	"path/filepath"
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
	case p.kind == lake:
		return true
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
	case filepath.Base(f.Name) == lakeSign:
		s.left[lakeSign]++
	case p.kind == digests || p.kind == insights:
		s.left[p.kind]++
	default:
		s.files = append(s.files, f)
	}
}

// done is the files in the order of delivery, those of unknown time first.
func (s *sift) done() ([]trail.File, []Damage) {
	sorted := byTime(s.files)
	// Few have the time in common, and their names differ only at the end.
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && sorted[to].At.Equal(sorted[from].At) {
			to++
		}
		slices.SortFunc(sorted[from:to], func(a, b trail.File) int { return strings.Compare(a.Name, b.Name) })
		from = to
	}
	s.files = sorted
	s.files = slices.CompactFunc(s.files, func(a, b trail.File) bool { return a.Name == b.Name })
	slices.SortFunc(s.notes, func(a, b Damage) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.Why, b.Why))
	})
	return s.files, s.notes
}

// byTime puts files in the order of their times, which are whole seconds of the
// years that four digits can write. Numbers sort several times faster than files,
// of which there may be hundreds of thousands.
func byTime(files []trail.File) []trail.File {
	const (
		fileBits = 25
		least    = 1 << 36 // seconds from 1970 back to before the year 0
	)
	sorted := make([]trail.File, len(files))
	if len(files) > 1<<fileBits {
		copy(sorted, files)
		slices.SortFunc(sorted, func(a, b trail.File) int { return a.At.Compare(b.At) })
		return sorted
	}
	keys := make([]uint64, len(files))
	for i := range files {
		keys[i] = uint64(files[i].At.Unix()+least)<<fileBits | uint64(i)
	}
	slices.Sort(keys)
	for i, k := range keys {
		sorted[i] = files[k&(1<<fileBits-1)]
	}
	return sorted
}
