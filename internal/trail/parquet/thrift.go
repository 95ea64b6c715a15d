package parquet

import "encoding/binary"

// Wire types of Thrift's compact protocol, as far as Parquet's metadata uses
// them.
const (
	wireTrue   = 1
	wireFalse  = 2
	wireI32    = 5
	wireI64    = 6
	wireBinary = 8
	wireList   = 9
	wireStruct = 12
)

// thrift appends structs in Thrift's compact protocol. Fields are written in
// the order of their numbers; every begin has its end.
type thrift struct {
	out  []byte
	last []int16 // the number of the last field written, of each open struct
}

func (t *thrift) begin() { t.last = append(t.last, 0) }

func (t *thrift) end() {
	t.out = append(t.out, 0)
	t.last = t.last[:len(t.last)-1]
}

func (t *thrift) field(id int16, wire byte) {
	last := &t.last[len(t.last)-1]
	if delta := id - *last; delta > 0 && delta < 16 {
		t.out = append(t.out, byte(delta)<<4|wire)
	} else {
		t.out = binary.AppendVarint(append(t.out, wire), int64(id))
	}
	*last = id
}

func (t *thrift) i32(id int16, v int) {
	t.field(id, wireI32)
	t.out = binary.AppendVarint(t.out, int64(v)) // zigzag is one for all widths
}

func (t *thrift) i64(id int16, v int64) {
	t.field(id, wireI64)
	t.out = binary.AppendVarint(t.out, v)
}

func (t *thrift) yes(id int16, v bool) {
	if v {
		t.field(id, wireTrue)
	} else {
		t.field(id, wireFalse)
	}
}

func (t *thrift) bytes(id int16, v []byte) {
	t.field(id, wireBinary)
	t.out = append(binary.AppendUvarint(t.out, uint64(len(v))), v...)
}

func (t *thrift) text(id int16, v string) { t.bytes(id, []byte(v)) }

// record writes a struct as a field.
func (t *thrift) record(id int16, body func()) {
	t.field(id, wireStruct)
	t.item(body)
}

// item writes a struct as an item of a list.
func (t *thrift) item(body func()) {
	t.begin()
	body()
	t.end()
}

// list opens a list: its items follow.
func (t *thrift) list(id int16, wire byte, size int) {
	t.field(id, wireList)
	if size < 15 {
		t.out = append(t.out, byte(size)<<4|wire)
		return
	}
	t.out = binary.AppendUvarint(append(t.out, 0xf0|wire), uint64(size))
}

func (t *thrift) i32s(id int16, values ...int) {
	t.list(id, wireI32, len(values))
	for _, v := range values {
		t.out = binary.AppendVarint(t.out, int64(v))
	}
}

func (t *thrift) texts(id int16, values []string) {
	t.list(id, wireBinary, len(values))
	for _, v := range values {
		t.out = append(binary.AppendUvarint(t.out, uint64(len(v))), v...)
	}
}
