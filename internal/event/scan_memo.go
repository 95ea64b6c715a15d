package event

import "encoding/binary"

// A memo knows values that a View has scanned before by their bytes: most
// records of a log repeat who called, with what, and over which connection. A
// whole object, or a string with its closing quote, cannot be the beginning of
// another one, so that equal bytes end at the same place.
type memo struct {
	tags  uint32 // given out
	who   [256]known
	agent [64]known
	tls   [64]known
}

type known struct {
	bytes []byte
	tag   uint32
}

const (
	// memoAfter is how many records a View reads before it remembers any: for one
	// or two it would not pay.
	memoAfter = 8
	// memoSize is the largest value that is remembered; all of them together are
	// less than a megabyte.
	memoSize = 2048
	// maxTags is more than there are different identities in any trail; what comes
	// after that has none.
	maxTags = 1<<32 - 1
	// memoPrime spreads eight bytes over a table.
	memoPrime = 0x9e3779b97f4a7c15
)

// place is where a value at b[i] is to be found: by eight bytes of it at an
// offset where such values differ. Nil where there are not that many.
func place(table []known, b []byte, i, offset int) *known {
	if len(b)-i < offset+8 {
		return nil
	}
	h := binary.LittleEndian.Uint64(b[i+offset:]) * memoPrime
	return &table[h>>32&uint64(len(table)-1)]
}

// end is where the value at b[i] ends, if it is the one that is known; else 0.
func (k *known) end(b []byte, i int) int {
	n := len(k.bytes)
	if n == 0 || len(b)-i < n || string(b[i:i+n]) != string(k.bytes) {
		return 0
	}
	return i + n
}

func (k *known) keep(value []byte, tag uint32) {
	if len(value) <= memoSize {
		k.bytes, k.tag = append(k.bytes[:0], value...), tag
	}
}
