package leak

import (
	"bytes"
	"strings"
)

// mostKey bounds the body of a private key.
const mostKey = 32 << 10

// keys finds private keys by their armour. One that a passphrase protects is
// not told: it opens nothing by itself.
func (t *text) keys() {
	r := table().byID[rulePrivate]
	word, begin, end := []byte("PRIVATE KEY"), []byte("-----BEGIN "), []byte("-----END ")
	for from := 0; ; {
		n := bytes.Index(t.body[from:], word)
		if n < 0 {
			return
		}
		at := from + n
		from = at + len(word)
		head := t.body[max(0, at-40):at]
		k := bytes.LastIndex(head, begin)
		if k < 0 || bytes.Contains(head[k:], []byte("ENCRYPTED")) {
			continue
		}
		rest := bytes.TrimPrefix(t.body[from:min(len(t.body), from+mostKey)], []byte(" BLOCK"))
		if !bytes.HasPrefix(rest, []byte("-----")) {
			continue
		}
		rest = rest[5:]
		if k := bytes.Index(rest, end); k >= 0 {
			rest = rest[:k]
		}
		if bytes.Contains(rest, []byte("ENCRYPTED")) {
			continue
		}
		if body := armoured(rest); len(body) >= 64 && entropy([]byte(body)) >= 4 {
			t.add(r, max(0, at-40)+k, body)
		}
	}
}

// armoured is the base 64 inside an armour, however its lines are written: as
// lines, as \n in a string, or quoted and joined.
func armoured(b []byte) string {
	text := strings.NewReplacer(`\r`, " ", `\n`, " ", `\\n`, " ").Replace(string(b))
	var out strings.Builder
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r > 127 || class[byte(r)]&secret == 0 && r != '=' }) {
		if len(part) >= 16 || out.Len() > 0 && strings.HasSuffix(part, "=") {
			out.WriteString(part)
		}
	}
	return out.String()
}
