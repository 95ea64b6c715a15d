package trail

import (
	"cmp"
	"maps"
	"slices"

	"cordon/internal/event"
)

// Picked are the rows of the identities that want picks, by time, then id. It
// is asked once per identity, and not once per event.
func (s *Store) Picked(want func(event.Principal) bool) []Row {
	st := s.state()
	picked, some := st.names.picked(want)
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

// PickedOnce are, of the identities that want picks, the first row with each
// origin (region, address and agent) among the calls that counts; by time, then
// id.
func (s *Store) PickedOnce(want func(event.Principal) bool, counts func(source, name string) bool) []Row {
	st := s.state()
	picked, some := st.names.picked(want)
	if !some {
		return nil
	}
	calls := make(codeSet, st.names.dicts[dictAPI].len())
	for c := range calls {
		calls[c] = counts(st.names.api(uint32(c)))
	}
	type use struct{ who, origin uint32 }
	first := map[use]Row{}
	q := &query{who: picked, apis: calls}
	for n, seg := range st.segments {
		q.rows(seg, func(row uint32) {
			u, r := use{seg.who.at(int(row)), seg.origin.at(int(row))}, Row{uint32(n), row}
			if was, known := first[u]; !known || st.before(r, was) {
				first[u] = r
			}
		})
	}
	rows := slices.Collect(maps.Values(first))
	st.sortRows(rows)
	return rows
}

// picked is the set of the identities that want picks, and whether there are some.
func (n *names) picked(want func(event.Principal) bool) (set codeSet, some bool) {
	set = make(codeSet, n.ids.len())
	for c := range set {
		p, _ := n.who(uint32(c))
		set[c] = want(p)
		some = some || set[c]
	}
	return set, some
}

// before says whether a row comes before another one in time, then id.
func (st *state) before(a, b Row) bool {
	at, bt := st.segments[a.Segment].time.at(int(a.Row)), st.segments[b.Segment].time.at(int(b.Row))
	return at < bt || at == bt && st.compareIDs(a, b) < 0
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
