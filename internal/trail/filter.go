package trail

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
)

// A codeSet is the codes of one dictionary that a filter wants; nil wants all.
type codeSet []bool

func (s codeSet) has(c uint32) bool { return s == nil || int64(c) < int64(len(s)) && s[c] }

// A query is a filter in codes.
type query struct {
	who, origins, apis, accounts       codeSet
	credentials, principals, addresses codeSet // what who and origins are made of
	ids                                map[[16]byte]bool
	token                              string
	from, to                           uint32 // from ≤ t < to, to 0: open
	writes                             bool
	failed                             *bool
	none                               bool // nothing can match
}

// Rows are the events that a filter wants, by time, then id. A token is looked
// for by its hash: whoever needs to be sure asks Confirm.
func (s *Store) Rows(f Filter) ([]Row, error) {
	return s.state().rows(f), nil
}

func (st *state) rows(f Filter) []Row {
	q := st.compile(f)
	if q.none {
		return nil
	}
	var rows []Row
	for n, seg := range st.segments {
		if seg.rows == 0 || seg.last < q.from || q.to != 0 && seg.first >= q.to {
			continue
		}
		q.rows(seg, func(row uint32) { rows = append(rows, Row{uint32(n), row}) })
	}
	st.sortRows(rows)
	return rows
}

// rows calls f with the rows of a segment.
func (q *query) rows(seg *segment, f func(uint32)) {
	if q.token != "" {
		var rows []uint32
		seg.withToken(hashToken([]byte(q.token)), func(row uint32) { rows = append(rows, row) })
		slices.Sort(rows)
		for _, row := range slices.Compact(rows) {
			if q.wants(seg, int(row)) {
				f(row)
			}
		}
		return
	}
	take := func(i int) {
		if q.wants(seg, i) {
			f(uint32(i))
		}
	}
	switch {
	case !q.mayHave(seg):
	case q.who != nil:
		seg.who.each(q.who, take)
	case q.origins != nil:
		seg.origin.each(q.origins, take)
	case q.apis != nil:
		seg.api.each(q.apis, take)
	default:
		for i := range seg.rows {
			take(i)
		}
	}
}

// mayHave asks the segment's counts, which are few, before its rows.
func (q *query) mayHave(seg *segment) bool {
	if q.principals == nil && q.credentials == nil && q.addresses == nil {
		return true
	}
	for i := range seg.addresses.len() {
		if c := seg.addresses.at(i); q.principals.has(c.a) && q.credentials.has(c.b) && q.addresses.has(c.c) {
			return true
		}
	}
	return false
}

func (q *query) wants(seg *segment, i int) bool {
	if q.who != nil && !q.who.has(seg.who.at(i)) {
		return false
	}
	if q.origins != nil && !q.origins.has(seg.origin.at(i)) {
		return false
	}
	if q.apis != nil && !q.apis.has(seg.api.at(i)) {
		return false
	}
	if q.accounts != nil && !q.accounts.has(seg.account.at(i)) {
		return false
	}
	if t := seg.time.at(i); t < q.from || q.to != 0 && t >= q.to {
		return false
	}
	flags := seg.flags.at(i)
	if q.writes && flags&(flagReadOnly|flagReadOnlyKnown) == flagReadOnly|flagReadOnlyKnown {
		return false
	}
	if q.failed != nil && *q.failed != (flags&flagFailed != 0) {
		return false
	}
	return q.ids == nil || q.ids[[16]byte(seg.id(uint32(i)))]
}

// compile turns values into codes.
func (st *state) compile(f Filter) *query {
	q := &query{token: f.Token, writes: f.Writes, failed: f.Failed}
	q.from, q.to, q.none = window(f.From, f.To)
	n := st.names
	q.credentials, q.principals = n.dicts[dictCredential].set(f.Credentials), n.dicts[dictPrincipal].set(f.Principals)
	q.addresses, q.accounts = n.dicts[dictAddress].set(f.Addresses), n.dicts[dictAccount].set(f.Accounts)
	if len(f.Credentials)+len(f.Principals)+len(f.Users) > 0 {
		q.who = n.wantedIdentities(q, f.Users)
	}
	if len(f.Addresses)+len(f.Agents)+len(f.Regions) > 0 {
		q.origins = n.wantedOrigins(q.addresses, n.dicts[dictRegion].set(f.Regions), n.dicts[dictAgent].set(f.Agents))
	}
	if len(f.Calls) > 0 {
		q.apis = n.wantedCalls(f.Calls)
	}
	if len(f.IDs) > 0 {
		q.ids = map[[16]byte]bool{}
		for _, text := range f.IDs {
			q.ids[idBytes(text)] = true
		}
	}
	return q
}

// idBytes is what an id is kept as.
func idBytes(text string) (id [16]byte) {
	if !uuid(&id, []byte(text)) {
		sum := sha256.Sum256([]byte(text))
		copy(id[:], sum[:])
	}
	return id
}

// window is a span of time in seconds.
func window(from, to time.Time) (a, b uint32, none bool) {
	if !from.IsZero() {
		switch t := from.Unix(); {
		case t > math.MaxUint32:
			return 0, 0, true
		case t > 0:
			a = uint32(t)
			if from.Nanosecond() > 0 { // seconds are all that is kept
				a++
			}
		}
	}
	if !to.IsZero() {
		t := to.Unix()
		if to.Nanosecond() > 0 {
			t++
		}
		switch {
		case t <= 0:
			return 0, 0, true
		case t <= math.MaxUint32:
			b = uint32(t)
		}
	}
	return a, b, b != 0 && a >= b
}

// set is the codes of values; of none it is nil, which wants all.
func (d *dict) set(values []string) codeSet {
	if len(values) == 0 {
		return nil
	}
	s := make(codeSet, d.len())
	want := make(map[string]bool, len(values))
	lengths := map[int]bool{}
	for _, v := range values {
		b := clip([]byte(v))
		want[string(b)], lengths[len(b)] = true, true
	}
	for c := range s {
		if v := d.get(uint32(c)); lengths[len(v)] {
			s[c] = want[string(v)]
		}
	}
	return s
}

func (n *names) wantedIdentities(q *query, users []string) codeSet {
	s := make(codeSet, n.ids.len())
	for c := range s {
		id := n.ids.at(uint32(c))
		s[c] = q.credentials.has(id.credential) && q.principals.has(id.principal) &&
			(len(users) == 0 || slices.Contains(users, n.user(id)))
	}
	return s
}

// user is the name as LookupEvents has it: the user's own, a session's, or root.
func (n *names) user(id *identity) string {
	text := n.dicts[dictText]
	if name := text.get(id.text[textUser]); len(name) > 0 {
		return string(name)
	}
	if _, session, found := bytes.Cut(text.get(id.text[textID]), []byte(":")); found {
		return string(session)
	}
	if string(text.get(id.text[textType])) == "Root" {
		return "root"
	}
	return ""
}

func (n *names) wantedOrigins(addresses, regions, agents codeSet) codeSet {
	s := make(codeSet, len(n.origins))
	for c, o := range n.origins {
		s[c] = regions.has(o.region) && addresses.has(o.address) && agents.has(o.agent)
	}
	return s
}

// wantedCalls reads "iam:CreateUser" and "*:CreateUser".
func (n *names) wantedCalls(calls []string) codeSet {
	want := make(map[string]bool, len(calls))
	for _, c := range calls {
		want[c] = true
	}
	s := make(codeSet, n.dicts[dictAPI].len())
	for c := range s {
		source, name := n.api(uint32(c))
		e := event.Event{Source: source, Name: name}
		for _, name := range []string{name, e.BaseName()} {
			s[c] = s[c] || want[e.Service()+":"+name] || want["*:"+name]
		}
	}
	return s
}

// sortRows puts rows in the order of time and id.
func (st *state) sortRows(rows []Row) {
	type key struct {
		time uint32
		row  Row
	}
	keys := make([]key, len(rows))
	for i, r := range rows {
		keys[i] = key{st.segments[r.Segment].time.at(int(r.Row)), r}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.time, b.time), st.compareIDs(a.row, b.row))
	})
	for i := range keys {
		rows[i] = keys[i].row
	}
}

// compareIDs compares ids as texts. UUIDs sort as their bytes do.
func (st *state) compareIDs(a, b Row) int {
	x, y := st.segments[a.Segment], st.segments[b.Segment]
	if (x.flags.at(int(a.Row))|y.flags.at(int(b.Row)))&flagOddID == 0 {
		return bytes.Compare(x.id(a.Row), y.id(b.Row))
	}
	return strings.Compare(x.idText(a.Row), y.idText(b.Row))
}

// idText is a row's id.
func (s *segment) idText(row uint32) string {
	if s.flags.at(int(row))&flagOddID != 0 {
		return s.oddText(row)
	}
	const digits = "0123456789abcdef"
	var t [36]byte
	at := 0
	for _, c := range s.id(row) {
		if at == 8 || at == 13 || at == 18 || at == 23 {
			t[at] = '-'
			at++
		}
		t[at], t[at+1] = digits[c>>4], digits[c&15]
		at += 2
	}
	return string(t[:])
}

// row checks a Row that a caller gives.
func (st *state) row(r Row) (*segment, error) {
	if int64(r.Segment) >= int64(len(st.segments)) || int64(r.Row) >= int64(st.segments[r.Segment].rows) {
		return nil, fmt.Errorf("cannot read event: there is no row %d in segment %d", r.Row, r.Segment)
	}
	return st.segments[r.Segment], nil
}
