package leak

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// TestPiecewise: wherever a text is cut, its pieces show what the whole does: pairs,
// keys over many lines, and nothing twice or in part.
func TestPiecewise(t *testing.T) {
	quiet := strings.Repeat("a line of nothing that matters, over and over\n", 700)
	text := []byte(strings.Join([]string{
		fill("id AKIA{u16}\nsecret = {b40}\n", 1), fill("AKIA{u16}\n\n\n{b40}\n", 2), fill("ghp_{w36} and ghp_{w76}\n", 3),
		fill("-----BEGIN RSA "+"PRIVATE KEY-----\nMIIEpAIBAAKC{b48}\n"+strings.Repeat("{b64}\n", 300)+"-----END RSA "+"PRIVATE KEY-----\n", 4),
		fill("aws_secret_access_key: >-\n  secret {b40}\n", 5), fill("aws_session_token = IQoJb3JpZ2lu{b220}", 6) + strings.Repeat(" wide", 30_000) + fill("AKIA{u16} {b40}\n", 7),
	}, quiet))
	type seen struct {
		rule, fingerprint, pair string
		line, column            int
	}
	brief := func(list []Found) (all []seen) {
		for _, f := range list {
			all = append(all, seen{f.Rule, f.Fingerprint, f.Pair, f.Line, f.Column})
		}
		return all
	}
	want := brief(detector().Text(text))
	if len(want) < 10 {
		t.Fatal("the test is about nothing")
	}
	cuts := []int{64<<10 + 1, 1 << 17, len(text) - 1}
	for _, f := range detector().Text(text) {
		cuts = append(cuts, f.offset-1, f.offset+Seam, f.offset+2*Seam-7, f.offset+17)
	}
	for _, cut := range cuts {
		if cut < 2*Seam || cut >= len(text) {
			continue
		}
		w := detector().Piecewise()
		begin := cut - 2*Seam
		w.Add(text[:cut], 0, 1, 1, false)
		w.Add(text[begin:], 2*Seam, 1+bytes.Count(text[:begin], []byte("\n")), begin-bytes.LastIndexByte(text[:begin], '\n'), true)
		if got, gaps := w.End(); !reflect.DeepEqual(brief(got), want) || len(gaps) > 0 {
			t.Fatalf("cut at %d:\n%+v\nwant\n%+v\ngaps %v", cut, brief(got), want, gaps)
		}
	}
}
