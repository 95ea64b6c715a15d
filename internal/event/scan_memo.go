package event

import (
	"bytes"
	"encoding/binary"
)

// A memo knows values that a View has scanned before by their bytes: most
// records of a log repeat who called, with what, and over which connection. A
// whole object, or a string with its closing quote, cannot be the beginning of
// another one, so that equal bytes end at the same place.
type memo struct {
	tags, origin, kind uint32 // given out
	who                [1024]known
	agent              [64]known
	tls                [512]known
	origins            []run // once it pays
	kinds              [256]run
}

type known struct {
	bytes []byte
	tag   uint32
}

const (
	// memoAfter is how many records a View reads before it remembers any: for one
	// or two it would not pay.
	memoAfter = 8
	// runsAfter is when it remembers origins, which takes a quarter of a megabyte.
	runsAfter = 256
	// memoSize is the largest value that is remembered; all of them together, and
	// the runs, are a few megabytes at most.
	memoSize = 2048
	// maxTags is more than there are different identities in any trail; what comes
	// after that has none.
	maxTags = 1<<32 - 1
	// memoPrime spreads eight bytes over a table.
	memoPrime = 0x9e3779b97f4a7c15
)

// place is where a value at b[i] is to be found: by eight bytes of it at an
// offset where such values differ, and eight more at another one. Nil where there
// are not that many.
func place(table []known, b []byte, i, offset, other int) *known {
	if len(b)-i < other+8 {
		return nil
	}
	h := binary.LittleEndian.Uint64(b[i+offset:]) * memoPrime
	h = (h ^ h>>29 ^ binary.LittleEndian.Uint64(b[i+other:])) * memoPrime
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

// identity reads userIdentity. encoding/json decodes a second one over the
// first: both then stand in one object, as ReadPrincipal does the same.
func (v *View) identity(b []byte, i int) (end int, err error) {
	before := v.Identity
	v.IdentityTag = 0
	var k *known
	if v.memo != nil && b[i] == '{' {
		if k = place(v.memo.who[:], b, i, 48, 64); k != nil {
			if end = k.end(b, i); end > 0 && before == nil {
				v.Identity, v.IdentityTag = b[i:end], k.tag
				return end, nil
			}
		}
	}
	if end, err = raw(&v.Identity, b, i); err != nil {
		return end, err
	}
	if before != nil && v.Identity != nil && before[0] == '{' && b[i] == '{' {
		v.Identity = join(before, v.Identity)
		return end, nil
	}
	if k != nil && before == nil && v.memo.tags < maxTags {
		v.memo.tags++
		v.IdentityTag = v.memo.tags
		k.keep(v.Identity, v.IdentityTag)
	}
	return end, nil
}

// join is one object with the members of two.
func join(a, b []byte) []byte {
	a, b = bytes.TrimSpace(a[1:len(a)-1]), bytes.TrimSpace(b[1:len(b)-1])
	both := append([]byte{'{'}, a...)
	if len(a) > 0 && len(b) > 0 {
		both = append(both, ',')
	}
	return append(append(both, b...), '}')
}

// agent reads userAgent. One that has escapes is not remembered.
func (v *View) agent(b []byte, i int) (end int, err error) {
	var k *known
	if v.memo != nil && b[i] == '"' {
		if k = place(v.memo.agent[:], b, i, 8, 32); k != nil {
			if end = k.end(b, i); end > 0 {
				v.Agent = b[i+1 : end-1]
				return end, nil
			}
		}
	}
	end, err = v.scalar(&v.Agent, b, i)
	if k != nil && err == nil && len(v.Agent) > 0 && &v.Agent[0] == &b[i+1] {
		k.keep(b[i:end], 0)
	}
	return end, err
}

// tls passes over tlsDetails.
func (v *View) tls(b []byte, i int) (end int, err error) {
	var k *known
	if v.memo != nil && b[i] == '{' {
		if k = place(v.memo.tls[:], b, i, 91, 99); k != nil {
			if end = k.end(b, i); end > 0 {
				return end, nil
			}
		}
	}
	end, err = skip(b, i)
	if k != nil && err == nil {
		k.keep(b[i:end], 0)
	}
	return end, err
}
