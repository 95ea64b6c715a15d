package trail

import (
	"math/rand/v2"
	"testing"
)

// murmur is hashToken as docs/trail-format.md has it, byte by byte.
func murmur(b []byte) uint32 {
	const m = 0xc6a4a7935bd1e995
	h := uint64(len(b)) * m
	for ; len(b) >= 8; b = b[8:] {
		var k uint64
		for i, c := range b[:8] {
			k |= uint64(c) << (8 * i)
		}
		k *= m
		k ^= k >> 47
		h = (h ^ k*m) * m
	}
	if len(b) > 0 {
		var k uint64
		for i, c := range b {
			k |= uint64(c) << (8 * i)
		}
		h = (h ^ k) * m
	}
	h = (h ^ h>>47) * m
	h ^= h >> 47
	return uint32(h>>32) ^ uint32(h)
}

// TestHashOfTokens: what lies on disks is found again.
func TestHashOfTokens(t *testing.T) {
	if h := hashToken([]byte("i-0d041ef209261f8f0")); h != murmur([]byte("i-0d041ef209261f8f0")) {
		t.Fatalf("%08x", h)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		for range 20 {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(r.Uint32())
			}
			if hashToken(b) != murmur(b) {
				t.Fatalf("%x", b)
			}
		}
	}
}

// TestShortly: the short way to a string's end is the long one, or says nothing.
func TestShortly(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	alphabet := []byte("ab\"\\\xa2\xdc!]#")
	found := 0
	for range 100_000 {
		b := make([]byte, r.IntN(20))
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		from := r.IntN(len(b) + 1)
		end, escaped := closing(b, from)
		if got := shortly(b, from); got >= 0 {
			if found++; got != end || escaped {
				t.Fatalf("%q from %d: %d, want %d", b, from, got, end)
			}
		}
	}
	if found < 10_000 {
		t.Fatalf("only %d were short", found)
	}
}
