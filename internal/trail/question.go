package trail

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
)

func moment(t uint32) time.Time { return time.Unix(int64(t), 0).UTC() }

// Timeline is every call of a credential, from ≤ time < to.
func (s *Store) Timeline(key string, from, to time.Time) []Call {
	if key == "" {
		return nil
	}
	return s.CallsOf(Filter{Credentials: []string{key}, From: from, To: to})
}

// CallsOf is every call that a filter wants, as a timeline has it. A token is
// looked for by its hash alone.
func (s *Store) CallsOf(f Filter) []Call {
	st := s.state()
	rows := st.rows(f)
	calls := make([]Call, len(rows))
	for i, r := range rows {
		calls[i] = st.call(r)
	}
	return calls
}

// Call is one row as a timeline has it.
func (s *Store) Call(r Row) (Call, error) {
	st := s.state()
	if _, err := st.row(r); err != nil {
		return Call{}, err
	}
	return st.call(r), nil
}

func (st *state) call(r Row) Call {
	seg, i, n := st.segments[r.Segment], int(r.Row), st.names
	o := n.originAt(seg.origin.at(i))
	source, name := n.api(seg.api.at(i))
	return Call{
		Time: moment(seg.time.at(i)), ID: seg.idText(r.Row), Source: source, Name: name,
		Region: n.dicts[dictRegion].text(o.region), Address: n.dicts[dictAddress].text(o.address), Agent: n.dicts[dictAgent].text(o.agent),
		Principal: n.dicts[dictPrincipal].text(n.idAt(seg.who.at(i)).principal), Error: n.failure(seg.err.at(i)).Code,
	}
}

// Uses is how often, first and last every principal called every API in every
// region.
func (s *Store) Uses() []Use {
	st := s.state()
	return st.usesOf(st.sum(func(seg *segment) cellsAt { return seg.uses }))
}

// UsesOf is Uses of the events that a filter wants: each row is looked at, which
// takes longer than the sums that are kept.
func (s *Store) UsesOf(f Filter) []Use {
	st := s.state()
	return st.usesOf(st.used(f))
}

// used adds up the rows that a filter wants as segments keep their uses.
func (st *state) used(f Filter) []cell {
	var r rollup
	for _, row := range st.rows(f) {
		seg, i := st.segments[row.Segment], int(row.Row)
		t := seg.time.at(i)
		c := cell{a: st.names.idAt(seg.who.at(i)).principal, b: seg.api.at(i), c: st.names.originAt(seg.origin.at(i)).region, count: 1, first: t, last: t}
		if seg.flags.at(i)&flagFailed != 0 {
			c.failed = 1
		}
		r.add(c)
	}
	return r.cells
}

func (st *state) usesOf(cells []cell) []Use {
	cells = st.order(cells, dictPrincipal, dictAPI, dictRegion)
	n := st.names
	var apis, regions texts
	uses := make([]Use, len(cells))
	var principal string
	for i, c := range cells {
		if i == 0 || c.a != cells[i-1].a {
			principal = n.dicts[dictPrincipal].text(c.a)
		}
		source, name, _ := strings.Cut(apis.of(n.dicts[dictAPI], c.b), "\x00")
		uses[i] = Use{principal, source, name, regions.of(n.dicts[dictRegion], c.c), uint64(c.count), uint64(c.failed), moment(c.first), moment(c.last)}
	}
	return uses
}

// texts remembers the strings of codes.
type texts map[uint32]string

func (t *texts) of(d *dict, c uint32) string {
	if *t == nil {
		*t = texts{}
	}
	s, ok := (*t)[c]
	if !ok {
		s = d.text(c)
		(*t)[c] = s
	}
	return s
}

// sum adds up the cells of all segments.
func (st *state) sum(of func(*segment) cellsAt) []cell {
	return st.sumAs(of, func(c cell) cell { return c })
}

// sumAs adds up cells by other codes than they have.
func (st *state) sumAs(of func(*segment) cellsAt, as func(cell) cell) []cell {
	var r rollup
	for _, seg := range st.segments {
		cells := of(seg)
		for i := range cells.len() {
			r.add(as(cells.at(i)))
		}
	}
	return r.cells
}

// order sorts cells by the texts behind their codes, member after member: by
// counting, since the texts' ranks are dense.
func (st *state) order(cells []cell, dicts ...int) []cell {
	for member := len(dicts) - 1; member >= 0; member-- {
		rank, most := st.names.ranks(dicts[member], cells, member)
		at := make([]uint32, most+2)
		for i := range cells {
			at[rank.of(cells[i].code(member))+1]++
		}
		for i := 1; i < len(at); i++ {
			at[i] += at[i-1]
		}
		sorted := make([]cell, len(cells))
		for i := range cells {
			k := rank.of(cells[i].code(member))
			sorted[at[k]] = cells[i]
			at[k]++
		}
		cells = sorted
	}
	return cells
}

func (c *cell) code(member int) uint32 {
	switch member {
	case 0:
		return c.a
	case 1:
		return c.b
	}
	return c.c
}

// ranks are the places of codes in the order of their texts. Codes that no
// dictionary has, which only a damaged store has, are like the empty text.
type ranks []uint32

func (r ranks) of(c uint32) uint32 {
	if int64(c) < int64(len(r)) {
		return r[c]
	}
	return 0
}

// ranks compares only the texts that the cells have.
func (n *names) ranks(which int, cells []cell, member int) (r ranks, most uint32) {
	d := n.dicts[which]
	r = make(ranks, d.len())
	codes := []uint32{0}
	for i := range cells {
		if c := cells[i].code(member); int64(c) < int64(len(r)) && c > 0 && r[c] == 0 {
			r[c] = 1
			codes = append(codes, c)
		}
	}
	slices.SortFunc(codes, func(x, y uint32) int { return bytes.Compare(d.get(x), d.get(y)) })
	for i, c := range codes {
		r[c] = uint32(i)
	}
	return r, uint32(len(codes))
}

// Creators are the calls that made or changed something, did not fail, and
// whose response names the resource.
func (s *Store) Creators(ctx context.Context, resource string, from Files) ([]Creator, error) {
	return s.CreatorsOf(ctx, resource, Filter{}, from, nil)
}

// CreatorsOf is Creators among the events that a filter wants. A record that
// cannot be read again is told by lost and left out; where lost is nil it is the
// error.
func (s *Store) CreatorsOf(ctx context.Context, resource string, f Filter, from Files, lost func(Row, error)) ([]Creator, error) {
	if resource == "" {
		return nil, nil
	}
	st := s.state()
	f.Token, f.Writes, f.Failed = resource, true, new(bool)
	rows := slices.DeleteFunc(st.rows(f), func(r Row) bool {
		return st.segments[r.Segment].flags.at(int(r.Row))&flagResponse == 0
	})
	bad := st.ends(rows)
	if lost != nil { // only what is gone is left out
		bad = func(i int, err error) error { lost(rows[i], err); return nil }
	}
	found, err := st.confirm(ctx, rows, from, func(v *event.View) bool { return mentions(v.Response, resource) }, bad)
	if err != nil {
		return nil, err
	}
	creators := make([]Creator, len(found))
	for i, r := range found {
		c := st.call(r)
		id := st.names.idAt(st.segments[r.Segment].who.at(int(r.Row)))
		creators[i] = Creator{c.Time, c.ID, c.Source, c.Name, c.Principal, st.names.dicts[dictCredential].text(id.credential), c.Address}
	}
	return creators, nil
}

// Confirm leaves the rows in whose request, response, resources or shared id
// the token really stands. Rows that cannot be read again are left out, and told
// by bad; the error is the same for all of a file.
func (s *Store) Confirm(ctx context.Context, rows []Row, token string, from Files, bad func(Row, error)) ([]Row, error) {
	return s.state().confirm(ctx, rows, from, func(v *event.View) bool {
		return mentions(v.Request, token) || mentions(v.Response, token) || mentions(v.Resources, token) || string(v.SharedID) == token
	}, func(i int, err error) error {
		bad(rows[i], fmt.Errorf("cannot read again: %w", err))
		return nil
	})
}

// confirm keeps the rows that the record itself bears out, in their order.
func (st *state) confirm(ctx context.Context, rows []Row, from Files, is func(*event.View) bool, bad func(int, error) error) ([]Row, error) {
	good := make([]bool, len(rows))
	err := st.reread(ctx, rows, from, taker{
		atOnce: func(i int, v *event.View) error {
			good[i] = is(v)
			return nil
		},
		bad: bad,
	})
	if err != nil {
		return nil, err
	}
	var kept []Row
	for i, r := range rows {
		if good[i] {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// mentions says whether a token stands in a body, as collect finds tokens.
func mentions(body []byte, token string) bool {
	var t tokens
	t.collect(0, body, event.Texts{})
	return slices.Contains(t.hash, hashToken([]byte(token))) && (bytes.Contains(body, []byte(token)) || bytes.IndexByte(body, '\\') >= 0)
}

// News are the regions and services that a principal used for the first time at
// since or later.
func (s *Store) News(since time.Time) []First {
	st := s.state()
	return st.newsOf(st.sum(func(seg *segment) cellsAt { return seg.uses }), since)
}

// NewsOf is News of the events that a filter wants: what it leaves out was never
// called.
func (s *Store) NewsOf(f Filter, since time.Time) []First {
	st := s.state()
	return st.newsOf(st.used(f), since)
}

func (st *state) newsOf(uses []cell, since time.Time) []First {
	n := st.names
	services := make([]uint32, n.dicts[dictAPI].len()) // of every API, a code of its source
	sources := newDict()
	for c := range services {
		source, _, _ := bytes.Cut(n.dicts[dictAPI].get(uint32(c)), []byte{0})
		services[c] = sources.put(source)
	}
	var regions, calls rollup
	for _, c := range uses {
		regions.add(cell{a: c.a, b: c.c, first: c.first, last: c.last})
		if int64(c.b) < int64(len(services)) {
			calls.add(cell{a: c.a, b: services[c.b], first: c.first, last: c.last})
		}
	}
	var news []First
	from, _, none := window(since, time.Time{})
	add := func(cells []cell, what string, values *dict) {
		for _, c := range cells {
			if c.first >= from && !none {
				news = append(news, First{n.dicts[dictPrincipal].text(c.a), what, values.text(c.b), moment(c.first)})
			}
		}
	}
	add(regions.cells, "region", n.dicts[dictRegion])
	add(calls.cells, "service", sources)
	slices.SortFunc(news, func(a, b First) int {
		return cmp.Or(strings.Compare(a.Principal, b.Principal), strings.Compare(a.What, b.What), strings.Compare(a.Value, b.Value))
	})
	return news
}

// Hours counts events and failures by the hour.
func (s *Store) Hours() []Hour {
	sums := map[uint32]*Hour{}
	for _, seg := range s.state().segments {
		for b := seg.hours; len(b) >= hourSize; b = b[hourSize:] {
			h := binary.LittleEndian.Uint32(b)
			sum := sums[h]
			if sum == nil {
				sum = &Hour{Hour: time.Unix(int64(h)*3600, 0).UTC()}
				sums[h] = sum
			}
			sum.Events += uint64(binary.LittleEndian.Uint32(b[4:]))
			sum.Failed += uint64(binary.LittleEndian.Uint32(b[8:]))
		}
	}
	return ordered(sums)
}

// HoursOf is Hours of the events that a filter wants.
func (s *Store) HoursOf(f Filter) []Hour {
	st := s.state()
	sums := map[uint32]*Hour{}
	for _, row := range st.rows(f) {
		seg, i := st.segments[row.Segment], int(row.Row)
		h := seg.time.at(i) / 3600
		sum := sums[h]
		if sum == nil {
			sum = &Hour{Hour: time.Unix(int64(h)*3600, 0).UTC()}
			sums[h] = sum
		}
		sum.Events++
		if seg.flags.at(i)&flagFailed != 0 {
			sum.Failed++
		}
	}
	return ordered(sums)
}

func ordered(sums map[uint32]*Hour) []Hour {
	hours := make([]Hour, 0, len(sums))
	for _, h := range sums {
		hours = append(hours, *h)
	}
	slices.SortFunc(hours, func(a, b Hour) int { return a.Hour.Compare(b.Hour) })
	return hours
}
