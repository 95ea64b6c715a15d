package parquet

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// A column collects the values of one leaf until its file is written. Rows are
// numbered as they came; they are sorted on the way out.
type column struct {
	leaf  *leaf
	defs  []uint8
	reps  []uint8  // of lists only
	first []uint32 // of lists only: where each row begins in defs

	numbers []int64 // one for each entry of defs, nulls too
	codes   []uint32
	values  []byte            // texts, one after the other
	ends    []uint32          // where each text ends
	known   map[string]uint32 // nil once the texts have turned out to differ
}

func newColumn(l *leaf) *column {
	c := &column{leaf: l}
	if l.kind == kindText {
		c.known = map[string]uint32{}
	}
	return c
}

// What a column may put into its dictionary before it gives up.
const (
	dictionaryBytes = 1 << 20
	dictionaryTrial = 1000 // texts before their number is looked at
)

// row begins a new row of a list's column.
func (c *column) row() { c.first = append(c.first, uint32(len(c.defs))) }

// add appends an entry and returns how much memory it took. With a def below
// the leaf's there is no value.
func (c *column) add(def, rep uint8, s string, n int64) (size int) {
	c.defs = append(c.defs, def)
	if c.leaf.list >= 0 {
		c.reps = append(c.reps, rep)
	}
	if c.leaf.kind != kindText {
		c.numbers = append(c.numbers, n)
		return 9
	}
	if int(def) < c.leaf.def {
		c.codes = append(c.codes, 0)
		return 5
	}
	code, known := c.known[s]
	if !known {
		// Engines refuse a column that is not UTF-8, and with it the file.
		if !utf8.ValidString(s) {
			s = strings.ToValidUTF8(s, "\uFFFD")
		}
		code = uint32(len(c.ends))
		c.values = append(c.values, s...)
		c.ends = append(c.ends, uint32(len(c.values)))
		size = len(s) + 4
		if c.known != nil {
			c.known[strings.Clone(s)] = code
			size += len(s) + 48
			if len(c.values) > dictionaryBytes || len(c.ends) > dictionaryTrial && len(c.ends) > len(c.codes)/2 {
				c.known = nil
			}
		}
	}
	c.codes = append(c.codes, code)
	return size + 5
}

func (c *column) value(code uint32) []byte {
	begin := uint32(0)
	if code > 0 {
		begin = c.ends[code-1]
	}
	return c.values[begin:c.ends[code]]
}

// entries are those of one row.
func (c *column) entries(row uint32) (from, to uint32) {
	if c.leaf.list < 0 {
		return row, row + 1
	}
	if int(row)+1 < len(c.first) {
		return c.first[row], c.first[row+1]
	}
	return c.first[row], uint32(len(c.defs))
}

// plain appends the value of one entry in Parquet's PLAIN encoding. Booleans
// are packed by the page.
func (c *column) plain(out []byte, entry uint32) []byte {
	switch c.leaf.kind {
	case kindText:
		v := c.value(c.codes[entry])
		return append(binary.LittleEndian.AppendUint32(out, uint32(len(v))), v...)
	case kindInt:
		return binary.LittleEndian.AppendUint32(out, uint32(c.numbers[entry]))
	default:
		return binary.LittleEndian.AppendUint64(out, uint64(c.numbers[entry]))
	}
}

// longest is how long a text may be to stand in the statistics. Leaving a bound
// out costs a reader nothing but a look.
const longest = 64

// bounds are the smallest and the largest value in PLAIN encoding, nil where
// there is none or it is too long to tell.
func (c *column) bounds() (least, most []byte, nulls int64) {
	low, high := int64(0), int64(0)
	some := false
	for i, def := range c.defs {
		if int(def) < c.leaf.def {
			nulls++
			continue
		}
		if c.leaf.kind != kindText {
			if n := c.numbers[i]; !some {
				low, high = n, n
			} else {
				low, high = min(low, n), max(high, n)
			}
		}
		some = true
	}
	switch {
	case !some:
	case c.leaf.kind == kindText:
		least, most = c.textBounds()
	case c.leaf.kind == kindBool:
		least, most = []byte{byte(low)}, []byte{byte(high)}
	case c.leaf.kind == kindInt:
		least, most = binary.LittleEndian.AppendUint32(nil, uint32(low)), binary.LittleEndian.AppendUint32(nil, uint32(high))
	default:
		least, most = binary.LittleEndian.AppendUint64(nil, uint64(low)), binary.LittleEndian.AppendUint64(nil, uint64(high))
	}
	return least, most, nulls
}

func (c *column) textBounds() (least, most []byte) {
	least, most = c.value(0), c.value(0)
	for code := range c.ends {
		v := c.value(uint32(code))
		if string(v) < string(least) {
			least = v
		}
		if string(v) > string(most) {
			most = v
		}
	}
	if len(least) > longest || len(most) > longest {
		return nil, nil
	}
	return least, most
}
