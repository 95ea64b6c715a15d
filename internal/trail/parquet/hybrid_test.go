package parquet

import (
	"slices"
	"testing"
)

func FuzzHybrid(f *testing.F) {
	f.Add([]byte{1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 3, 2}, uint8(2))
	f.Add([]byte{}, uint8(1))
	f.Add(slices.Repeat([]byte{7}, 1000), uint8(3))
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}, uint8(3))
	f.Fuzz(func(t *testing.T, raw []byte, bits uint8) {
		width := int(bits%20) + 1
		values := make([]uint32, len(raw))
		for i, b := range raw {
			values[i] = uint32(b) * 4099 & (1<<width - 1)
		}
		got := unhybrid(hybrid(nil, values, width), len(values), width)
		for i := range values {
			if uint32(got[i]) != values[i] {
				t.Fatalf("value %d of %d, width %d: %d and not %d", i, len(values), width, got[i], values[i])
			}
		}
	})
}
