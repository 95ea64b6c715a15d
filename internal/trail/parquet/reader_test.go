package parquet

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// A small reader of what the writer writes, made from the format's description
// and not from the writer. The real readers are in test/duckdb.

// fields are a Thrift struct: numbers, []byte, []any and fields.
type fields map[int]any

type thriftReader struct {
	in []byte
	at int
}

func (r *thriftReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.in[r.at:])
	r.at += n
	return v
}

func (r *thriftReader) varint() int64 {
	v, n := binary.Varint(r.in[r.at:])
	r.at += n
	return v
}

func (r *thriftReader) object() fields {
	f, last := fields{}, 0
	for {
		head := r.in[r.at]
		r.at++
		if head == 0 {
			return f
		}
		if delta := int(head >> 4); delta != 0 {
			last += delta
		} else {
			last = int(r.varint())
		}
		switch wire := head & 15; wire {
		case wireTrue, wireFalse:
			f[last] = wire == wireTrue
		default:
			f[last] = r.value(wire)
		}
	}
}

func (r *thriftReader) value(wire byte) any {
	switch wire {
	case wireI32, wireI64:
		return r.varint()
	case wireBinary:
		n := int(r.uvarint())
		r.at += n
		return r.in[r.at-n : r.at]
	case wireStruct:
		return r.object()
	case wireList:
		head := r.in[r.at]
		r.at++
		n := int(head >> 4)
		if n == 15 {
			n = int(r.uvarint())
		}
		var out []any
		for range n {
			out = append(out, r.value(head&15))
		}
		return out
	}
	panic(fmt.Sprintf("wire type %d", wire))
}

// A read column: for each entry its levels, and its value or nil.
type readColumn struct {
	kind      int64
	def, rep  []int
	values    []any
	statistic fields
}

type readFile struct {
	rows    int64
	columns map[string]*readColumn
	names   []string
}

func readBack(t *testing.T, path string) readFile {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(data[:4]) != magic || string(data[len(data)-4:]) != magic {
		t.Fatalf("%s is no Parquet file", path)
	}
	size := int(binary.LittleEndian.Uint32(data[len(data)-8:]))
	meta := (&thriftReader{in: data[len(data)-8-size : len(data)-8]}).object()
	out := readFile{rows: meta[3].(int64), columns: map[string]*readColumn{}}
	maxDef, maxRep := levelsOf(meta[2].([]any))
	group := meta[4].([]any)[0].(fields)
	for _, c := range group[1].([]any) {
		m := c.(fields)[3].(fields)
		var path []string
		for _, p := range m[3].([]any) {
			path = append(path, string(p.([]byte)))
		}
		name := strings.Join(path, ".")
		out.names = append(out.names, name)
		out.columns[name] = readChunk(t, data, m, maxDef[name], maxRep[name])
	}
	if n := len(meta[7].([]any)); n != len(out.names) {
		t.Errorf("%d column orders of %d columns", n, len(out.names))
	}
	return out
}

// levelsOf walks the flat schema and tells each leaf's levels.
func levelsOf(elements []any) (maxDef, maxRep map[string]int) {
	maxDef, maxRep = map[string]int{}, map[string]int{}
	at := 1
	var walk func(n int, path []string, def, rep int)
	walk = func(n int, path []string, def, rep int) {
		for range n {
			e := elements[at].(fields)
			at++
			d, r := def, rep
			switch e[3].(int64) {
			case repOptional:
				d++
			case repRepeated:
				d++
				r++
			}
			p := append(path[:len(path):len(path)], string(e[4].([]byte)))
			if children, ok := e[5].(int64); ok {
				walk(int(children), p, d, r)
			} else {
				maxDef[strings.Join(p, ".")], maxRep[strings.Join(p, ".")] = d, r
			}
		}
	}
	walk(int(elements[0].(fields)[5].(int64)), nil, 0, 0)
	return maxDef, maxRep
}

// unzstd is made once: a decoder costs more than the pages here.
var unzstd = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	return d
})

func readChunk(t *testing.T, data []byte, m fields, maxDef, maxRep int) *readColumn {
	t.Helper()
	c := &readColumn{kind: m[1].(int64)}
	c.statistic, _ = m[12].(fields)
	at := m[9].(int64)
	if d, ok := m[11].(int64); ok {
		at = d
	}
	end := at + m[7].(int64)
	var dictionary []any
	for at < end {
		r := &thriftReader{in: data, at: int(at)}
		head := r.object()
		packed := data[r.at : r.at+int(head[3].(int64))]
		at = int64(r.at + len(packed))
		if crc := int32(head[4].(int64)); uint32(crc) != crc32.ChecksumIEEE(packed) {
			t.Fatal("a page's checksum is wrong")
		}
		page, err := unzstd().DecodeAll(packed, nil)
		if err != nil || len(page) != int(head[2].(int64)) {
			t.Fatalf("a page has %d bytes: %v", len(page), err)
		}
		if d, ok := head[7].(fields); ok {
			dictionary, _ = plainValues(page, c.kind, int(d[1].(int64)))
			continue
		}
		d := head[5].(fields)
		c.page(page, int(d[1].(int64)), d[2].(int64), maxDef, maxRep, dictionary)
	}
	if int64(len(c.def)) != m[5].(int64) {
		t.Errorf("%d entries and not %d", len(c.def), m[5])
	}
	return c
}

func (c *readColumn) page(page []byte, n int, encoding int64, maxDef, maxRep int, dictionary []any) {
	levels := func(top int) []int {
		out := make([]int, n)
		if top > 0 {
			size := int(binary.LittleEndian.Uint32(page))
			out = unhybrid(page[4:4+size], n, bits.Len(uint(top)))
			page = page[4+size:]
		}
		return out
	}
	reps, defs := levels(maxRep), levels(maxDef)
	present := 0
	for _, d := range defs {
		if d == maxDef {
			present++
		}
	}
	var values []any
	switch encoding {
	case encodingDictionary:
		for _, code := range unhybrid(page[1:], present, int(page[0])) {
			values = append(values, dictionary[code])
		}
	default:
		values, _ = plainValues(page, c.kind, present)
	}
	for i, d := range defs {
		c.def, c.rep = append(c.def, d), append(c.rep, reps[i])
		if d < maxDef {
			c.values = append(c.values, nil)
			continue
		}
		c.values = append(c.values, values[0])
		values = values[1:]
	}
}

func plainValues(page []byte, kind int64, n int) (out []any, rest []byte) {
	for i := range n {
		switch kind {
		case 0:
			out = append(out, page[i/8]>>(i%8)&1 == 1)
		case 1:
			out = append(out, int64(int32(binary.LittleEndian.Uint32(page[4*i:]))))
		case 2:
			out = append(out, int64(binary.LittleEndian.Uint64(page[8*i:])))
		case 6:
			size := int(binary.LittleEndian.Uint32(page))
			out = append(out, string(page[4:4+size]))
			page = page[4+size:]
		}
	}
	return out, page
}

func unhybrid(in []byte, n, width int) (out []int) {
	r := &thriftReader{in: in}
	for len(out) < n {
		head := r.uvarint()
		if head&1 == 0 {
			v := 0
			for b := 0; b < width; b += 8 {
				v |= int(in[r.at]) << b
				r.at++
			}
			for range head >> 1 {
				out = append(out, v)
			}
			continue
		}
		for i := range int(head>>1) * 8 {
			v := 0
			for b := range width {
				bit := i*width + b
				v |= int(in[r.at+bit/8]>>(bit%8)&1) << b
			}
			out = append(out, v)
		}
		r.at += int(head>>1) * width
	}
	return out[:n]
}
