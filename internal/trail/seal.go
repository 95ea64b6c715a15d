package trail

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// A segment file is a head, a table of sections, and the sections, each aligned
// to eight bytes.
const (
	segmentMagic  = "cordseg1"
	segmentHead   = 64
	sectionEntry  = 32
	maxSections   = 64
	segmentFormat = 1
)

// The sections of a segment.
const (
	secTime = iota + 1
	secAPI
	secOrigin
	secWho
	secError
	secAccount
	secKind
	secFlags
	secID
	secOffset
	secSpans     // varints
	secTokens    // bits, buckets, entries
	secUses      // cells: principal, api, region
	secAddresses // cells: principal, credential, address
	secAgents    // cells: principal, agent, 0
	secPlaces    // cells: account, region, 0
	secHours     // hour, events, failed
	secHits      // row, rule
	secOdd       // varints
	secRules     // the name of the rule set that hits are of
)

// A sealer turns parts into the bytes of segments. Its memory is used again.
type sealer struct {
	out     []byte
	table   []byte
	bucket  []uint32
	uses    rollup
	pairs   rollup // identity, origin, account
	derived rollup
	hours   map[uint32]*[2]uint32
	ids     pages[identity]
	origins []origin
}

// seal writes the first n rows of p. The bytes hold until the next seal.
func (s *sealer) seal(p *part, n int, names *names, rules string) []byte {
	names.mu.Lock()
	s.ids, s.origins = names.ids, names.origins // elements never change
	names.mu.Unlock()
	s.out = append(s.out[:0], make([]byte, segmentHead+maxSections*sectionEntry)...)
	s.table = s.table[:0]

	s.column(secTime, p.time[:n], 4)
	s.column(secAPI, p.api[:n], 0)
	s.column(secOrigin, p.origin[:n], 0)
	s.column(secWho, p.who[:n], 0)
	s.column(secError, p.err[:n], 0)
	s.column(secAccount, p.account[:n], 0)
	s.column(secKind, p.kind[:n], 0)
	s.section(secFlags, 1, func(b []byte) []byte { return append(b, p.flags[:n]...) })
	s.section(secID, 16, func(b []byte) []byte { return append(b, p.ids[:16*n]...) })
	s.column(secOffset, p.offset[:n], 4)
	s.section(secSpans, 0, func(b []byte) []byte { return appendSpans(b, p.spans, n) })
	s.tokens(&p.tokens, n)
	s.rollups(p, n)
	s.section(secHits, 8, func(b []byte) []byte {
		for _, h := range p.hits {
			if int(h.row) < n {
				b = binary.LittleEndian.AppendUint32(b, h.row)
				b = binary.LittleEndian.AppendUint32(b, h.rule)
			}
		}
		return b
	})
	s.section(secOdd, 0, func(b []byte) []byte {
		e := encoder{b}
		for _, o := range p.odd {
			if int(o.row) < n {
				e.uint(uint64(o.row))
				e.string(o.text)
			}
		}
		return e.b
	})
	s.section(secRules, 0, func(b []byte) []byte { return append(b, rules...) })
	s.finish(n, slices.Min(p.time[:n]), slices.Max(p.time[:n]))
	return s.out
}

// finish fills in the head and the table.
func (s *sealer) finish(rows int, first, last uint32) {
	h := s.out[:segmentHead+maxSections*sectionEntry]
	copy(h[segmentHead:], s.table)
	le := binary.LittleEndian
	copy(h, segmentMagic)
	le.PutUint32(h[8:], segmentFormat)
	le.PutUint32(h[12:], uint32(rows))
	le.PutUint32(h[16:], uint32(len(s.table)/sectionEntry))
	le.PutUint32(h[20:], first)
	le.PutUint32(h[24:], last)
	le.PutUint64(h[32:], uint64(len(s.out)))
	le.PutUint32(h[28:], checksum(h)) // over the head with this field zero
}

// section appends what write appends.
func (s *sealer) section(id, width int, write func([]byte) []byte) {
	for len(s.out)%8 != 0 {
		s.out = append(s.out, 0)
	}
	at := len(s.out)
	s.out = write(s.out)
	var e [sectionEntry]byte
	le := binary.LittleEndian
	le.PutUint32(e[0:], uint32(id))
	le.PutUint32(e[4:], uint32(width))
	le.PutUint64(e[8:], uint64(at))
	le.PutUint64(e[16:], uint64(len(s.out)-at))
	le.PutUint32(e[24:], checksum(s.out[at:]))
	s.table = append(s.table, e[:]...)
}

// column appends codes in as few bytes each as the largest needs.
func (s *sealer) column(id int, codes []uint32, width int) {
	if width == 0 {
		width = widthOf(slices.Max(codes))
	}
	s.section(id, width, func(b []byte) []byte {
		at := len(b)
		b = slices.Grow(b, width*len(codes))[:at+width*len(codes)]
		to := b[at:]
		switch width {
		case 1:
			for i, c := range codes {
				to[i] = byte(c)
			}
		case 2:
			for i, c := range codes {
				binary.LittleEndian.PutUint16(to[2*i:], uint16(c))
			}
		default:
			for i, c := range codes {
				binary.LittleEndian.PutUint32(to[4*i:], c)
			}
		}
		return b
	})
}

func widthOf(most uint32) int {
	switch {
	case most <= math.MaxUint8:
		return 1
	case most <= math.MaxUint16:
		return 2
	}
	return 4
}

func appendSpans(b []byte, spans []span, n int) []byte {
	e := encoder{b}
	for _, s := range spans {
		if int(s.row) < n {
			e.uint(uint64(s.row))
			e.uint(uint64(s.file))
			e.uint(s.base)
		}
	}
	return e.b
}

// tokens writes the token index: tokens fall into 2^width buckets by the upper
// bits of their hash; within a bucket each is the next 15 bits above its row.
func (s *sealer) tokens(t *tokens, n int) {
	count := t.before(uint32(n))
	width := min(max(bits.Len(uint(count/4)), 4), 16)
	size := 1<<width + 1
	s.bucket = append(s.bucket[:0], make([]uint32, size)...)
	down := 32 - width
	for _, h := range t.hash[:count] {
		s.bucket[h>>down+1]++
	}
	for i := 1; i < size; i++ {
		s.bucket[i] += s.bucket[i-1]
	}
	s.section(secTokens, 4, func(b []byte) []byte {
		le := binary.LittleEndian
		b = le.AppendUint32(b, uint32(width))
		for _, v := range s.bucket {
			b = le.AppendUint32(b, v)
		}
		at := len(b)
		b = slices.Grow(b, 4*count)[:at+4*count]
		to := b[at:]
		for i, h := range t.hash[:count] {
			k := s.bucket[h>>down]
			s.bucket[h>>down]++
			le.PutUint32(to[4*k:], tokenEntry(h, width)|t.row[i])
		}
		return b
	})
}

// tokenEntry is what an entry has above its row.
func tokenEntry(h uint32, width int) uint32 {
	return h << width >> rowBits << rowBits
}

// rollups writes the counts that answer the standing questions.
func (s *sealer) rollups(p *part, n int) {
	s.uses.reset()
	s.pairs.reset()
	s.hours = map[uint32]*[2]uint32{}
	var hour *[2]uint32
	now := uint32(math.MaxUint32)
	for i := range n {
		t, failed := p.time[i], uint32(p.flags[i]/flagFailed&1)
		id, from := s.ids.at(p.who[i]), p.origin[i]
		s.uses.add(cell{id.principal, p.api[i], s.origins[from].region, 1, failed, t, t})
		s.pairs.add(cell{p.who[i], from, p.account[i], 1, failed, t, t})
		if t/3600 != now {
			now = t / 3600
			if hour = s.hours[now]; hour == nil {
				hour = new([2]uint32)
				s.hours[now] = hour
			}
		}
		hour[0]++
		hour[1] += failed
	}
	cells := func(id int, from *rollup) {
		s.section(id, cellSize, func(b []byte) []byte { return appendCells(b, from.sorted()) })
		from.reset()
	}
	cells(secUses, &s.uses)
	for _, d := range []struct {
		section int
		codes   func(*identity, origin, cell) (a, b, c uint32)
	}{
		{secAddresses, func(id *identity, o origin, _ cell) (a, b, c uint32) { return id.principal, id.credential, o.address }},
		{secAgents, func(id *identity, o origin, _ cell) (a, b, c uint32) { return id.principal, o.agent, 0 }},
		{secPlaces, func(_ *identity, o origin, x cell) (a, b, c uint32) { return x.c, o.region, 0 }},
	} {
		s.derived.reset()
		for _, x := range s.pairs.cells {
			y := x
			y.a, y.b, y.c = d.codes(s.ids.at(x.a), s.origins[x.b], x)
			s.derived.add(y)
		}
		cells(d.section, &s.derived)
	}
	s.section(secHours, hourSize, s.appendHours)
}

func (s *sealer) appendHours(b []byte) []byte {
	hours := make([]uint32, 0, len(s.hours))
	for h := range s.hours {
		hours = append(hours, h)
	}
	slices.Sort(hours)
	for _, h := range hours {
		b = binary.LittleEndian.AppendUint32(b, h)
		b = binary.LittleEndian.AppendUint32(b, s.hours[h][0])
		b = binary.LittleEndian.AppendUint32(b, s.hours[h][1])
	}
	return b
}
