package pack

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"
	"time"
)

// An answer is what was kept of one of Places, read where it lies: counts, then
// tables of records of one width each, then the texts that they point to. All
// numbers are little-endian.
type answer struct {
	hash    int
	state   [32]byte // memory's
	lineage [32]byte // the sum of the lineage that it was made with
	packs   []byte   // ids of those that there were
	loose   []byte   // the same, in order

	named   int
	commits []byte // of named commits, in order of their ids
	tips    []byte // of them, those that refs stood at
	rows    []byte // by tip: a bit for each named commit that it comes from
	answers []byte // of objects, in order of their ids
	intros  int
	places  []byte
	text    string
}

// Widths of records beside the id.
const (
	whoWidth    = 8 + 1 + 12 + 12 + 8 + 8 // date, known, authored, committed, name, address
	answerWidth = 4 + 4 + 4               // first introduction, how many, how many more
	introWidth  = 4 + 4 + 4               // commit, path
)

// maxRows bounds the bits of which commit comes from which: with more, nothing is
// kept.
const maxRows = 1 << 26

func (e *encoder) u32(v int)   { e.b = binary.LittleEndian.AppendUint32(e.b, uint32(v)) }
func (e *encoder) u64(v int64) { e.b = binary.LittleEndian.AppendUint64(e.b, uint64(v)) }

// u32 reads a number. What is larger than any file that is read here stays so, and
// the sum of two is a number still where an int has 32 bits.
func u32(b []byte) int   { return int(min(binary.LittleEndian.Uint32(b), 1<<30-1)) }
func u64(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }

// texts are strings, each written once.
type texts struct {
	at  map[string]int
	all []byte
}

func (t *texts) put(e *encoder, s string) {
	at, ok := t.at[s]
	if !ok {
		at = len(t.all)
		t.at[s] = at
		t.all = append(t.all, s...)
	}
	e.u32(at)
	e.u32(len(s))
}

// answer writes what remember keeps, nil where it is too much.
func (q *question) answer(k *memory, lineage [32]byte) *encoder {
	l := q.lin
	var some []int32 // that a place may name
	for i, id := range q.ids {
		if c := l.find(id); c >= 0 {
			some = append(some, c)
		}
		for _, in := range q.intro[i] {
			some = append(some, in.commit)
		}
	}
	slices.Sort(some)
	some = slices.Compact(some)
	var tips []int32
	for i := range q.refs {
		if c := l.find(q.refs[i].Peeled); c >= 0 {
			tips = append(tips, c)
		}
	}
	slices.Sort(tips)
	tips = slices.Compact(tips)
	named := slices.Concat(some, tips)
	slices.SortFunc(named, func(a, b int32) int { return bytes.Compare(l.raw(a), l.raw(b)) })
	named = slices.Compact(named)
	if len(named)*len(tips) > maxRows {
		return nil
	}
	at := make(map[int32]int, len(named))
	for i, c := range named {
		at[c] = i
	}

	e, t := &encoder{}, &texts{at: map[string]int{}}
	e.b = append(append(e.b, k.state[:]...), lineage[:]...)
	intros := 0
	for _, list := range q.intro {
		intros += len(list)
	}
	for _, n := range []int{len(q.r.packs), len(q.n.loose), len(named), len(tips), len(q.ids), intros} {
		e.u32(n)
	}
	for _, sum := range sums(q.r.packs) {
		e.b = append(e.b, sum.b[:l.hash]...)
	}
	for _, id := range q.n.loose {
		e.b = append(e.b, id.b[:l.hash]...)
	}
	for _, c := range named {
		e.b = append(e.b, l.raw(c)...)
		e.u64(l.dates[c])
		_, is := slices.BinarySearch(some, c)
		q.keepWho(e, t, c, is, k.m)
	}
	for _, c := range tips {
		e.u32(at[c])
	}
	width := (len(named) + 7) / 8
	rows := make([]byte, len(tips)*width)
	l.held(some, func(c int32, by func(tip int32) bool) {
		for i, tip := range tips {
			if by(tip) {
				rows[i*width+at[c]/8] |= 1 << (at[c] % 8)
			}
		}
	})
	e.b = append(e.b, rows...)
	first := 0
	for i, id := range q.ids {
		e.b = append(e.b, id.b[:l.hash]...)
		e.u32(first)
		e.u32(len(q.intro[i]))
		e.u32(q.more[i])
		first += len(q.intro[i])
	}
	for _, list := range q.intro {
		for _, in := range list {
			e.u32(at[in.commit])
			path := in.path
			if telling(k.m, path) {
				path = ""
			}
			t.put(e, path)
		}
	}
	e.b = append(e.b, t.all...)
	return e
}

// keepWho writes who made a commit that places name, unless the matcher sees
// something there.
func (q *question) keepWho(e *encoder, t *texts, c int32, is bool, m Matcher) {
	var p Place
	if is {
		p = q.made(c)
		is = !telling(m, p.Author) && !telling(m, p.Email)
	}
	if !is {
		p = Place{}
	}
	e.b = append(e.b, bit(is))
	for _, when := range []time.Time{p.Authored, p.Committed} {
		_, zone := when.Zone()
		e.u64(when.Unix())
		e.u32(zone + 24*3600)
	}
	t.put(e, p.Author)
	t.put(e, p.Email)
}

// readAnswer reads one that was kept, nil where it is none. Whatever the bytes
// are: every number in what it returns is of something that is there.
func readAnswer(d *decoder, hash int) *answer {
	if d == nil || len(d.b) < 64+6*4 {
		return nil
	}
	a := &answer{hash: hash}
	copy(a.state[:], d.take(32))
	copy(a.lineage[:], d.take(32))
	var n [6]int
	for i := range n {
		n[i] = u32(d.take(4))
	}
	a.named, a.intros = n[2], n[5]
	for _, part := range []struct {
		to       *[]byte
		n, width int
	}{
		{&a.packs, n[0], hash}, {&a.loose, n[1], hash}, {&a.commits, n[2], hash + whoWidth}, {&a.tips, n[3], 4}, {&a.rows, n[3], (n[2] + 7) / 8},
		{&a.answers, n[4], hash + answerWidth}, {&a.places, n[5], introWidth},
	} {
		if part.width > 0 && part.n > len(d.b)/part.width {
			return nil
		}
		*part.to = d.take(part.n * part.width)
	}
	a.text = string(d.b)
	ok := true
	within := func(b []byte) { ok = ok && u32(b)+u32(b[4:]) <= len(a.text) }
	for i := range a.named {
		r := a.commit(i)
		ok = ok && u32(r[17:]) <= 48*3600 && u32(r[29:]) <= 48*3600
		within(r[33:])
		within(r[41:])
	}
	for b := a.tips; len(b) > 0; b = b[4:] {
		ok = ok && u32(b) < a.named
	}
	for i := range n[4] {
		first, list, _ := a.at(i)
		ok = ok && list <= MaxPlaces && first+list <= a.intros
	}
	for b := a.places; len(b) > 0; b = b[introWidth:] {
		ok = ok && u32(b) < a.named
		within(b[4:])
	}
	if !ok {
		return nil
	}
	return a
}

func (a *answer) id(i int) ID            { return rawID(a.commits[i*(a.hash+whoWidth):][:a.hash]) }
func (a *answer) commit(i int) []byte    { return a.commits[i*(a.hash+whoWidth)+a.hash:][:whoWidth] }
func (a *answer) string(b []byte) string { return a.text[u32(b) : u32(b)+u32(b[4:])] }

// who is who made a commit and when, where that was kept.
func (a *answer) who(i int) (p Place, ok bool) {
	r := a.commit(i)
	if r[8] == 0 {
		return p, false
	}
	when := func(b []byte) time.Time {
		return time.Unix(u64(b), 0).In(time.FixedZone("", u32(b[8:])-24*3600))
	}
	return Place{Author: a.string(r[33:]), Email: a.string(r[41:]), Authored: when(r[9:]), Committed: when(r[21:])}, true
}

// find is an object's place among the answers.
func (a *answer) find(id ID) (int, bool) {
	width := a.hash + answerWidth
	return sort.Find(len(a.answers)/width, func(i int) int { return bytes.Compare(id.b[:a.hash], a.answers[i*width:][:a.hash]) })
}

// at says which introductions are an answer's, and how many more there were.
func (a *answer) at(i int) (first, n, more int) {
	r := a.answers[i*(a.hash+answerWidth)+a.hash:]
	return u32(r), u32(r[4:]), u32(r[8:])
}

func (a *answer) introduction(i int) (commit int32, path string) {
	r := a.places[i*introWidth:]
	return int32(u32(r)), a.string(r[4:])
}

func (a *answer) hadPack(sum ID) bool {
	for b := a.packs; len(b) > 0; b = b[a.hash:] {
		if bytes.Equal(b[:a.hash], sum.b[:a.hash]) {
			return true
		}
	}
	return false
}

func (a *answer) hadLoose(id ID) bool {
	_, had := sort.Find(len(a.loose)/a.hash, func(i int) int { return bytes.Compare(id.b[:a.hash], a.loose[i*a.hash:][:a.hash]) })
	return had
}

// A brief is of a lineage what a rescan needs: the commits that places name, those
// that refs stood at, and which of the former each of the latter comes from. That
// never changes.
type brief struct {
	a     *answer
	rows  [][]byte      // by place: nil for what no ref stood at
	fresh func(ID) bool // may have come since
	ids   []ID          // of those that did, behind the answer's
	dates []int64
	late  map[ID]int32
}

func (a *answer) brief() *brief {
	b := &brief{a: a, rows: make([][]byte, a.named), late: map[ID]int32{}}
	width := (a.named + 7) / 8
	for i := range len(a.tips) / 4 {
		b.rows[u32(a.tips[4*i:])] = a.rows[i*width:][:width:width]
	}
	return b
}

func (b *brief) find(id ID) int32 {
	if i, ok := sort.Find(b.a.named, func(i int) int {
		return bytes.Compare(id.b[:b.a.hash], b.a.commits[i*(b.a.hash+whoWidth):][:b.a.hash])
	}); ok {
		return int32(i)
	}
	if i, ok := b.late[id]; ok {
		return i
	}
	return -1
}

func (b *brief) id(i int32) ID {
	if int(i) < b.a.named {
		return b.a.id(int(i))
	}
	return b.ids[int(i)-b.a.named]
}

func (b *brief) date(i int32) int64 {
	if int(i) < b.a.named {
		return u64(b.a.commit(int(i)))
	}
	return b.dates[int(i)-b.a.named]
}

// known says whether it can be told of a commit that is not found here that it is
// new.
func (b *brief) known(id ID) bool { return b.fresh(id) }

// add puts a commit behind all others. It fails where it is not known what a
// parent comes from.
func (b *brief) add(id ID, date int64, parents []int32, _ bool) (int32, bool) {
	i := int32(len(b.rows))
	row := make([]byte, i/8+1)
	for _, p := range parents {
		if b.rows[p] == nil {
			return 0, false
		}
		for k, bits := range b.rows[p] {
			row[k] |= bits
		}
	}
	row[i/8] |= 1 << (i % 8)
	b.rows, b.ids, b.dates, b.late[id] = append(b.rows, row), append(b.ids, id), append(b.dates, date), i
	return i, true
}

func (b *brief) held(some []int32, yield func(commit int32, by func(tip int32) bool)) {
	for _, i := range some {
		yield(i, func(tip int32) bool {
			row := b.rows[tip]
			return int(i/8) < len(row) && row[i/8]>>(i%8)&1 != 0
		})
	}
}
