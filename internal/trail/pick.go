package trail

import (
	"cmp"
	"slices"

	"cordon/internal/event"
)

// Picked are the rows of the identities that want picks, by time, then id. It
// is asked once per identity, and not once per event.
func (s *Store) Picked(want func(event.Principal) bool) []Row {
	st := s.state()
	picked := make(codeSet, st.names.ids.len())
	some := false
	for c := range picked {
		p, _ := st.names.who(uint32(c))
		picked[c] = want(p)
		some = some || picked[c]
	}
	if !some {
		return nil
	}
	q := &query{who: picked}
	var rows []Row
	for n, seg := range st.segments {
		q.rows(seg, func(row uint32) { rows = append(rows, Row{uint32(n), row}) })
	}
	st.sortRows(rows)
	return rows
}

// Merge puts rows of several questions together, by time, then id, each once.
func (s *Store) Merge(all ...[]Row) []Row {
	rows := slices.Concat(all...)
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Row, b.Row)) })
	rows = slices.Compact(rows)
	s.state().sortRows(rows)
	return rows
}

// New are the files that the store has not read as they are now.
func (s *Store) New(files []File) ([]File, error) {
	todo, err := s.state().unknown(files)
	if err != nil {
		return nil, err
	}
	unknown := make([]File, len(todo))
	for i, n := range todo {
		unknown[i] = files[n]
	}
	return unknown, nil
}
