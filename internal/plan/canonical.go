package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Canonical encodes v as JSON with sorted member names, no insignificant
// space and no HTML escaping, so that equal values have equal bytes. Numbers
// keep their spelling; cordon's records hold only integers.
func Canonical(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("cannot encode: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var plain any
	if err := dec.Decode(&plain); err != nil {
		return nil, fmt.Errorf("cannot encode: %w", err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(plain); err != nil {
		return nil, fmt.Errorf("cannot encode: %w", err)
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// Same reports whether two JSON texts say the same.
func Same(a, b json.RawMessage) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	ca, errA := Canonical(a)
	cb, errB := Canonical(b)
	return errA == nil && errB == nil && bytes.Equal(ca, cb)
}
