package trail

import (
	"cmp"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Status says what a store holds.
type Status struct {
	Files      int            `json:"files"`
	Events     int            `json:"events"`
	Duplicates int            `json:"duplicates"`
	Segments   int            `json:"segments"`
	Disk       int64          `json:"disk_bytes"`
	Stored     int64          `json:"stored_bytes"` // of the sources
	Plain      int64          `json:"plain_bytes"`
	First      time.Time      `json:"first"`
	Last       time.Time      `json:"last"`
	ByShape    map[string]int `json:"by_shape"`
	Accounts   []Seen         `json:"accounts"`
	Regions    []Seen         `json:"regions"`
	Places     []Place        `json:"places"`
	Gaps       []Gap          `json:"gaps"` // hours without any event, between the first and the last
	Damaged    []Damage       `json:"damaged"`
	Unread     int            `json:"unread_files"`
	Rules      []string       `json:"rules,omitempty"` // the rule sets that events were matched with
}

// A Place is one account in one region.
type Place struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Seen
}

// A Gap is a time without any event, From ≤ time < To.
type Gap struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Status reads what the store knows of itself.
func (s *Store) Status() (Status, error) {
	st := s.state()
	out := Status{Segments: len(st.segments), ByShape: map[string]int{}}
	have, err := st.latest()
	if err != nil {
		return out, err
	}
	for _, f := range have {
		out.Files++
		out.Stored += f.size
		out.Plain += f.plain
		out.ByShape[f.shape]++
		for _, d := range f.damage {
			if !d.Note || d.Why != nameless { // copies are no damage
				out.Damaged = append(out.Damaged, d)
			}
		}
		if f.unread {
			out.Unread++
		}
	}
	delete(out.ByShape, "")
	for i := range st.files {
		out.Duplicates += st.files[i].dups
	}
	sortDamage(out.Damaged)
	for _, seg := range st.segments {
		if seg.rows == 0 {
			continue
		}
		out.Events += seg.rows
		if first := moment(seg.first); out.First.IsZero() || first.Before(out.First) {
			out.First = first
		}
		if last := moment(seg.last); last.After(out.Last) {
			out.Last = last
		}
		if seg.rules != "" && !slices.Contains(out.Rules, seg.rules) {
			out.Rules = append(out.Rules, seg.rules)
		}
	}
	st.places(&out)
	out.Gaps = gaps(st.segments)
	out.Disk, err = diskUse(s.dir)
	return out, err
}

// Ended are the places that were steadily recorded and are not any more while
// others are: their trail was cut, or nobody imported the rest. A place counts
// calls for a week at least, and then none for more than a long weekend and for
// twenty times what usually lay between two. One that always was rare has a long
// time between two, and a single visit, however busy, does not last a week.
func (st Status) Ended() (all []Place) {
	const (
		week    = 7 * 24 * time.Hour
		weekend = 4 * 24 * time.Hour
		least   = 100
	)
	for _, p := range st.Places {
		seen, since := p.Last.Sub(p.First), st.Last.Sub(p.Last)
		if p.Region == "" || p.Count < least || seen < week || since <= weekend {
			continue
		}
		if between := seen / time.Duration(p.Count-1); since > 20*between {
			all = append(all, p)
		}
	}
	return all
}

func sortDamage(all []Damage) {
	slices.SortFunc(all, func(a, b Damage) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset), strings.Compare(a.Why, b.Why))
	})
}

// places adds up accounts and regions.
func (st *state) places(out *Status) {
	n := st.names
	cells := st.sum(func(seg *segment) cellsAt { return seg.places })
	accounts, regions := map[uint32]*Seen{}, map[uint32]*Seen{}
	sum := func(m map[uint32]*Seen, code uint32, name string, c cell) {
		if m[code] == nil {
			m[code] = &Seen{Name: name}
		}
		m[code].join(c)
	}
	for _, c := range cells {
		p := Place{Account: n.dicts[dictAccount].text(c.a), Region: n.dicts[dictRegion].text(c.b)}
		p.join(c)
		out.Places = append(out.Places, p)
		sum(accounts, c.a, p.Account, c)
		sum(regions, c.b, p.Region, c)
	}
	slices.SortFunc(out.Places, func(a, b Place) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region))
	})
	list := func(m map[uint32]*Seen) (all []Seen) {
		for _, s := range m {
			all = append(all, *s)
		}
		slices.SortFunc(all, func(a, b Seen) int { return strings.Compare(a.Name, b.Name) })
		return all
	}
	out.Accounts, out.Regions = list(accounts), list(regions)
}

// gaps are the whole hours without any event between others that have some.
func gaps(segments []*segment) (all []Gap) {
	var hours []uint32
	for _, seg := range segments {
		for b := seg.hours; len(b) >= hourSize; b = b[hourSize:] {
			hours = append(hours, binary.LittleEndian.Uint32(b))
		}
	}
	slices.Sort(hours)
	for i := 1; i < len(hours); i++ {
		if hours[i] > hours[i-1]+1 {
			all = append(all, Gap{time.Unix(int64(hours[i-1]+1)*3600, 0).UTC(), time.Unix(int64(hours[i])*3600, 0).UTC()})
		}
	}
	return all
}

// diskUse is how many bytes the store's files have.
func diskUse(dir string) (n int64, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // an import is running
		}
		if err != nil {
			return n, err
		}
		n += info.Size()
	}
	return n, err
}

// Sources are the files that the store was made from, as last read, by name.
func (s *Store) Sources() ([]File, error) {
	have, err := s.state().latest()
	if err != nil {
		return nil, err
	}
	files := make([]File, 0, len(have))
	for _, f := range have {
		files = append(files, File{Name: f.name, Size: f.size, Version: f.version, At: f.delivered()})
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// Unread are the names of the files that could not be read when last tried.
func (s *Store) Unread() (map[string]bool, error) {
	all, err := s.state().unread()
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool, len(all))
	for name := range all {
		names[name] = true
	}
	return names, nil
}

// SourceOf is the name of the file that an event was read from.
func (s *Store) SourceOf(r Row) (string, error) {
	st := s.state()
	seg, err := st.row(r)
	if err != nil {
		return "", err
	}
	files, err := st.sources()
	if err != nil {
		return "", err
	}
	n, _, ok := seg.place(r.Row)
	if !ok || n >= len(files) {
		return "", errSegment
	}
	return filepath.ToSlash(files[n].name), nil
}
