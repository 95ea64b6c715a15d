package trail

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cordon/internal/event"
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

// TestTextsAreTokens: what the view lists, and what is found without it, are the
// same tokens, also where the list ends within a value.
func TestTextsAreTokens(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pieces := []string{`"a":`, `"userName":`, `"i-0%d"`, `"say \"x-%d\\\""`, `{}`, `[`, `]`, `{`, `}`, `,`, ` `, `null`, `17.5e3`, `"plain"`, `"arn:aws:iam::1:role/r-%d"`}
	var v event.View
	listed := 0
	for range 20_000 {
		body := `{"x":[` // closed below, however crooked it is within
		for range r.IntN(30) {
			p := pieces[r.IntN(len(pieces))]
			if p == `]` || p == `}` || p == `{` || p == `[` {
				p = `[{"d-1":"e-2"}]`
			}
			body += strings.ReplaceAll(p, "%d", strings.Repeat("7", r.IntN(12)))
		}
		body += `]}`
		record := `{"eventName":"a","requestParameters":` + body + `,"eventID":"x"}`
		if _, err := v.Scan([]byte(record)); err != nil || string(v.Request) != body {
			t.Fatalf("%s: %v", record, err)
		}
		var alone tokens
		alone.collect(1, v.Request, event.Texts{})
		listed += len(v.RequestTexts.List)
		for n := range len(v.RequestTexts.List) + 1 {
			texts := event.Texts{List: v.RequestTexts.List[:n], Rest: v.RequestTexts.Rest}
			if n < len(v.RequestTexts.List) {
				texts.Rest = 0
				if n > 0 {
					texts.Rest = int(texts.List[n-1].To) + 1
				}
			}
			var k tokens
			k.collect(1, v.Request, texts)
			if !slices.Equal(k.hash, alone.hash) {
				t.Fatalf("%s: after %d of %d strings other tokens", body, n, len(v.RequestTexts.List))
			}
		}
	}
	if listed < 50_000 {
		t.Fatalf("only %d strings were listed", listed)
	}
}
