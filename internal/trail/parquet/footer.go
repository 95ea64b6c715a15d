package parquet

import "encoding/binary"

// Numbers of the format.
const (
	convertedUTF8   = 0
	convertedMap    = 1
	convertedList   = 3
	convertedMillis = 9
)

const magic = "PAR1"

// physical are the numbers of the types on disk.
var physical = map[kind]int{kindText: 6, kindLong: 2, kindInt: 1, kindBool: 0, kindInstant: 2}

// footer closes a file of one row group that is sorted by the leaf numbered
// sorted.
func footer(out []byte, s *schema, chunks []chunk, rows int64, sorted int, creator string) []byte {
	var t thrift
	t.item(func() {
		t.i32(1, 2)
		t.list(2, wireStruct, len(s.elements))
		for i, e := range s.elements {
			t.item(func() { e.write(&t, i == 0) })
		}
		t.i64(3, rows)
		t.list(4, wireStruct, 1)
		t.item(func() { rowGroup(&t, s, chunks, rows, sorted) })
		t.text(6, creator)
		// Bounds count only where their order is named; all are of their type.
		t.list(7, wireStruct, len(s.leaves))
		for range s.leaves {
			t.item(func() { t.record(1, func() {}) })
		}
	})
	out = append(out, t.out...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(t.out)))
	return append(out, magic...)
}

func (e element) write(t *thrift, root bool) {
	if e.leaf {
		t.i32(1, physical[e.kind])
	}
	if !root {
		t.i32(3, e.repetition)
	}
	t.text(4, e.name)
	if !e.leaf {
		t.i32(5, e.children)
	}
	switch {
	case e.leaf && e.kind == kindText:
		t.i32(6, convertedUTF8)
		t.record(10, func() { t.record(1, func() {}) })
	case e.leaf && e.kind == kindInstant:
		t.i32(6, convertedMillis)
		t.record(10, func() {
			t.record(8, func() {
				t.yes(1, true)                                 // UTC
				t.record(2, func() { t.record(1, func() {}) }) // milliseconds
			})
		})
	case e.converted == convertedMap+1:
		t.i32(6, convertedMap)
		t.record(10, func() { t.record(2, func() {}) })
	case e.converted == convertedList+1:
		t.i32(6, convertedList)
		t.record(10, func() { t.record(3, func() {}) })
	}
}

func rowGroup(t *thrift, s *schema, chunks []chunk, rows int64, sorted int) {
	unpacked, compressed := int64(0), int64(0)
	t.list(1, wireStruct, len(chunks))
	for i, k := range chunks {
		unpacked += k.unpacked
		compressed += k.compressed
		t.item(func() {
			t.i64(2, k.begin)
			t.record(3, func() { k.write(t, &s.leaves[i]) })
		})
	}
	t.i64(2, unpacked)
	t.i64(3, rows)
	t.list(4, wireStruct, 1)
	t.item(func() {
		t.i32(1, sorted)
		t.yes(2, false)
		t.yes(3, false)
	})
	t.i64(5, chunks[0].begin)
	t.i64(6, compressed)
}

func (k chunk) write(t *thrift, l *leaf) {
	t.i32(1, physical[l.kind])
	if k.dictionary {
		t.i32s(2, encodingPlain, encodingRLE, encodingDictionary)
	} else {
		t.i32s(2, encodingPlain, encodingRLE)
	}
	t.texts(3, l.path)
	t.i32(4, codecZstd)
	t.i64(5, k.entries)
	t.i64(6, k.unpacked)
	t.i64(7, k.compressed)
	t.i64(9, k.data)
	if k.dictionary {
		t.i64(11, k.begin)
	}
	t.record(12, func() {
		t.i64(3, k.nulls)
		if k.least != nil {
			t.bytes(5, k.most)
			t.bytes(6, k.least)
		}
	})
}
