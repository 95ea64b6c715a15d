package trail

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
)

// A segment is up to maxRows events, sealed: nothing in its file changes any
// more. Reading is safe for many at once, and safe from any bytes in the file.
type segment struct {
	number      uint32
	rows        int
	first, last uint32 // seconds since 1970
	data        []byte
	table       []byte // of the sections
	file        int    // number of the first file of its commit

	time, api, origin, who, err, account, kind, flags, offset column
	ids                                                       []byte
	tokens                                                    []byte
	tokenBits                                                 int
	uses, addresses, agents, places                           cellsAt
	hours, hits                                               []byte
	spans                                                     []span
	odd                                                       []oddID
	rules                                                     string
}

var errSegment = errors.New("the segment is damaged")

func segmentName(dir string, number uint32) string {
	return filepath.Join(dir, fmt.Sprintf("segment-%06d", number))
}

// openSegment maps a segment. What it points to is checked here for lying within
// the file; checksums of sections are for verify.
func openSegment(dir string, number uint32) (*segment, error) {
	name := segmentName(dir, number)
	data, err := mapFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot open the trail: %w", err)
	}
	s, err := readSegment(data)
	if err != nil {
		unmapFile(data)
		return nil, fmt.Errorf("cannot open the trail: %s: %w", filepath.Base(name), err)
	}
	s.number = number
	return s, nil
}

// rest gives back the memory in which the segment's file lies mapped. What is
// asked for again comes back by itself: an import that has many segments does
// not hold them all.
func (s *segment) rest() { restFile(s.data) }

// headSum is the checksum that the head has and the one it should have.
func headSum(data []byte) (has, should uint32) {
	h := slices.Clone(data[:segmentHead+maxSections*sectionEntry])
	has = binary.LittleEndian.Uint32(h[28:])
	clear(h[28:32])
	return has, checksum(h)
}

func readSegment(data []byte) (*segment, error) {
	le := binary.LittleEndian
	if len(data) < segmentHead+maxSections*sectionEntry || string(data[:8]) != segmentMagic {
		return nil, errSegment
	}
	if v := le.Uint32(data[8:]); v != segmentFormat {
		return nil, fmt.Errorf("format %d is not known to this cordon", v)
	}
	if has, should := headSum(data); has != should {
		return nil, errSegment
	}
	s := &segment{rows: int(le.Uint32(data[12:])), first: le.Uint32(data[20:]), last: le.Uint32(data[24:]), data: data}
	sections := le.Uint32(data[16:])
	if sections > maxSections || s.rows > maxRows || le.Uint64(data[32:]) != uint64(len(data)) {
		return nil, errSegment
	}
	s.table = data[segmentHead : segmentHead+int(sections)*sectionEntry]
	for i := range int(sections) {
		id, width, b, ok := s.section(i)
		if !ok || !s.take(id, width, b) {
			return nil, errSegment
		}
	}
	for _, c := range []column{s.time, s.api, s.origin, s.who, s.err, s.account, s.kind, s.flags, s.offset} {
		if c.len() != s.rows {
			return nil, errSegment
		}
	}
	if len(s.ids) != 16*s.rows {
		return nil, errSegment
	}
	return s, nil
}

func (s *segment) section(i int) (id, width int, b []byte, ok bool) {
	le := binary.LittleEndian
	e := s.table[i*sectionEntry:]
	at, size := le.Uint64(e[8:]), le.Uint64(e[16:])
	if at > uint64(len(s.data)) || size > uint64(len(s.data))-at {
		return 0, 0, nil, false
	}
	return int(le.Uint32(e)), int(le.Uint32(e[4:])), s.data[at : at+size : at+size], true
}

// take puts a section where it belongs. One of a later version is passed over.
func (s *segment) take(id, width int, b []byte) bool {
	cells := func(to *cellsAt) bool { *to = b; return len(b)%cellSize == 0 }
	switch id {
	case secTime:
		return s.time.set(width, b)
	case secAPI:
		return s.api.set(width, b)
	case secOrigin:
		return s.origin.set(width, b)
	case secWho:
		return s.who.set(width, b)
	case secError:
		return s.err.set(width, b)
	case secAccount:
		return s.account.set(width, b)
	case secKind:
		return s.kind.set(width, b)
	case secFlags:
		return s.flags.set(width, b)
	case secOffset:
		return s.offset.set(width, b)
	case secID:
		s.ids = b
	case secSpans:
		return s.readSpans(b)
	case secTokens:
		return s.readTokens(b)
	case secUses:
		return cells(&s.uses)
	case secAddresses:
		return cells(&s.addresses)
	case secAgents:
		return cells(&s.agents)
	case secPlaces:
		return cells(&s.places)
	case secHours:
		s.hours = b
		return len(b)%hourSize == 0
	case secHits:
		s.hits = b
		return len(b)%8 == 0
	case secOdd:
		return s.readOdd(b)
	case secRules:
		s.rules = string(b)
	}
	return true
}

func (s *segment) readSpans(b []byte) bool {
	d := decoder{b: b}
	for len(d.b) > 0 {
		p := span{d.uint32(), d.uint32(), d.uint()}
		if n := len(s.spans); d.bad || n > 0 && p.row < s.spans[n-1].row {
			return false
		}
		s.spans = append(s.spans, p)
	}
	return !d.bad
}

func (s *segment) readOdd(b []byte) bool {
	d := decoder{b: b}
	for len(d.b) > 0 {
		o := oddID{d.uint32(), d.string()}
		if n := len(s.odd); d.bad || n > 0 && o.row < s.odd[n-1].row {
			return false
		}
		s.odd = append(s.odd, o)
	}
	return !d.bad
}

func (s *segment) readTokens(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	width := binary.LittleEndian.Uint32(b)
	if width > 16 || len(b) < 4+4*(1<<width+1) {
		return false
	}
	s.tokenBits, s.tokens = int(width), b[4:]
	return true
}

// withToken calls f with each row that may hold the token of a hash.
func (s *segment) withToken(h uint32, f func(row uint32)) {
	if s.tokens == nil {
		return
	}
	le := binary.LittleEndian
	at := int(h >> (32 - s.tokenBits))
	size := 1<<s.tokenBits + 1
	from, to := le.Uint32(s.tokens[4*at:]), le.Uint32(s.tokens[4*at+4:])
	entries := s.tokens[4*size:]
	if from > to || uint64(to)*4 > uint64(len(entries)) {
		return
	}
	want := tokenEntry(h, s.tokenBits)
	for i := from; i < to; i++ {
		if e := le.Uint32(entries[4*i:]); e>>rowBits<<rowBits == want && int(e&(maxRows-1)) < s.rows {
			f(e & (maxRows - 1))
		}
	}
}

// id is a row's 16 bytes.
func (s *segment) id(row uint32) []byte { return s.ids[16*row : 16*row+16 : 16*row+16] }

// place is the file that a row is from, and its offset there.
func (s *segment) place(row uint32) (file int, offset int64, ok bool) {
	i := sort.Search(len(s.spans), func(i int) bool { return s.spans[i].row > row }) - 1
	if i < 0 {
		return 0, 0, false
	}
	return s.file + int(s.spans[i].file), int64(s.spans[i].base + uint64(s.offset.at(int(row)))), true
}

// oddText is the text of an id that is no UUID.
func (s *segment) oddText(row uint32) string {
	i := sort.Search(len(s.odd), func(i int) bool { return s.odd[i].row >= row })
	if i == len(s.odd) || s.odd[i].row != row {
		return ""
	}
	return s.odd[i].text
}

// A column is one code per row, each of 1, 2 or 4 bytes.
type column struct {
	data  []byte
	width int
}

func (c *column) set(width int, b []byte) bool {
	*c = column{b, width}
	return (width == 1 || width == 2 || width == 4) && len(b)%width == 0
}

func (c column) len() int {
	if c.width == 0 {
		return 0
	}
	return len(c.data) / c.width
}

func (c column) at(i int) uint32 {
	switch c.width {
	case 1:
		return uint32(c.data[i])
	case 2:
		return uint32(binary.LittleEndian.Uint16(c.data[2*i:]))
	}
	return binary.LittleEndian.Uint32(c.data[4*i:])
}

// each calls f with the rows whose code is in the set.
func (c column) each(set codeSet, f func(row int)) {
	switch c.width {
	case 1:
		for i, v := range c.data {
			if int(v) < len(set) && set[v] {
				f(i)
			}
		}
	case 2:
		for i, b := 0, c.data; len(b) >= 2; i, b = i+1, b[2:] {
			if v := binary.LittleEndian.Uint16(b); int(v) < len(set) && set[v] {
				f(i)
			}
		}
	case 4:
		for i, b := 0, c.data; len(b) >= 4; i, b = i+1, b[4:] {
			if v := binary.LittleEndian.Uint32(b); int64(v) < int64(len(set)) && set[v] {
				f(i)
			}
		}
	}
}

// writeSegment puts a segment on the disk, whole or not at all.
func writeSegment(dir string, number uint32, data []byte) error {
	name := segmentName(dir, number)
	temp := name + tempSuffix
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, fileMode)
	if err != nil {
		return fmt.Errorf("cannot write a segment: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(temp, name)
	}
	if err != nil {
		return fmt.Errorf("cannot write a segment: %w", err)
	}
	return nil
}
