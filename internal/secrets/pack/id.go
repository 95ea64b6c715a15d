package pack

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// An ID names an object: 20 bytes of SHA-1 or 32 of SHA-256. It is comparable;
// the zero ID names nothing.
type ID struct {
	b [32]byte
	n uint8
}

// ParseID reads 40 or 64 hexadecimal digits.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 40 && len(s) != 64 {
		return id, fmt.Errorf("cannot read object id: %d characters in place of 40 or 64", len(s))
	}
	if _, err := hex.Decode(id.b[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("cannot read object id: %w", err)
	}
	id.n = uint8(len(s) / 2)
	return id, nil
}

// rawID takes 20 or 32 bytes as they are.
func rawID(b []byte) (id ID) {
	if n := copy(id.b[:], b); n == 20 || n == 32 {
		id.n = uint8(n)
	}
	return id
}

// IsZero says whether id names nothing: unset, or all zeros as git writes it for
// "no object".
func (id ID) IsZero() bool { return id.b == [32]byte{} }

// Bytes are the 20 or 32 bytes.
func (id ID) Bytes() []byte { return append([]byte(nil), id.b[:id.n]...) }

func (id ID) String() string { return hex.EncodeToString(id.b[:id.n]) }

// Names says whether this is the id of a body of some kind.
func (id ID) Names(kind Kind, body []byte) bool {
	h := hasher(int(id.n))
	fmt.Fprintf(h, "%s %d\x00", kind, len(body))
	h.Write(body)
	return bytes.Equal(h.Sum(nil), id.b[:id.n])
}

// Compare orders ids by their bytes.
func (id ID) Compare(other ID) int { return bytes.Compare(id.b[:id.n], other.b[:other.n]) }
