package sigma

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"cordon/internal/event"
)

func textsAt(raw []byte, name string) (bool, []string) {
	f := fieldOf(name)
	var x values
	x.fill(&f, &event.View{Request: raw, Raw: raw})
	var out []string
	for _, s := range x.text {
		out = append(out, string(s))
	}
	for i, s := range x.folded() { // must be there, one for each
		if i >= len(out) || string(lower(nil, x.text[i])) != string(s) {
			return false, []string{"folding is wrong"}
		}
	}
	return x.present, out
}

func TestWalk(t *testing.T) {
	deep := strings.Repeat("[", 200) + `"x"` + strings.Repeat("]", 200)
	for _, c := range []struct {
		raw, path string
		present   bool
		want      []string
	}{
		{`{ "a" : { "b" : [ 1 , "two" , null , true , {"c":3} ] } }`, "a.b", true, []string{"1", "two", "true", `{"c":3}`}},
		{`{"a":[{"b":1},{"b":[2,3]},{"c":4}]}`, "a.b", true, []string{"1", "2", "3"}},
		{`{"a":"x","a":"y"}`, "a", true, []string{"x"}},
		{`{"A":"x","a":"y"}`, "a", true, []string{"y"}},
		{`{"A":"x","B":"y"}`, "a", true, []string{"x"}},
		{`{"\u0061":"\u00e9\ud83d\ude00\ud800\n"}`, "a", true, []string{"é😀\ufffd\n"}},
		{`"{\"a\":\"in \\\"text\\\"\"}"`, "a", true, []string{`in "text"`}},
		{`"just text"`, "a", false, nil},
		{`null`, "a", false, nil},
		{` `, "a", false, nil},
		{`{"a":null}`, "a", false, nil},
		{`{"a":[null]}`, "a", true, nil},
		{`{"a":{}}`, "a", true, []string{"{}"}},
		{`{"a":` + deep + `}`, "a", true, nil},
		{`{"a":"no end`, "a", true, []string{"no en"}},
		{`{"a":`, "a", false, nil},
		{`{"a"`, "a", false, nil},
		{`{"a":1,,"b":2}`, "b", false, nil},
		{`{"a":]`, "a", false, nil},
		{`[`, "a", false, nil},
	} {
		present, got := textsAt([]byte(c.raw), "requestParameters."+c.path)
		if present != c.present || !slices.Equal(got, c.want) {
			t.Errorf("%s at %s: %v %q, want %v %q", c.raw, c.path, present, got, c.present, c.want)
		}
	}
	if _, got := textsAt([]byte(`{"a" : "x\"y", "b":[ 1 ]}`), "requestParameters"); !slices.Equal(got, []string{`{"a":"x\"y","b":[1]}`, `{"a":"x"y","b":[1]}`}) {
		t.Errorf("an object's texts are %q", got)
	}
}

// TestALargeRecordIsLetGo: what it needed is not kept for the next.
func TestALargeRecordIsLetGo(t *testing.T) {
	f, x := fieldOf("requestParameters"), values{}
	large := []byte(`{"a":"` + strings.Repeat("A", 2*keep) + `"}`)
	for _, raw := range [][]byte{large, []byte(`{"a":"B"}`)} {
		x.fill(&f, &event.View{Request: raw})
		if len(x.folded()) != 1 {
			t.Fatal(len(x.text))
		}
	}
	if cap(x.bytes)+cap(x.lows) > keep {
		t.Errorf("%d bytes are kept", cap(x.bytes)+cap(x.lows))
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"075.050.255.67": "75.50.255.67", "10.0.0.1": "10.0.0.1", "::ffff:10.0.0.1": "10.0.0.1", "2001:db8::1": "2001:db8::1", "fe80::1%eth0": "fe80::1",
		"AWS Internal": "", "10.0.0": "", "10.0.0.256": "", "10.0.0.+1": "", "10.0.0.": "", "": "", "ec2.amazonaws.com": "", "000000000.0.0.1": "",
	} {
		got := ""
		if a, ok := address(text); ok {
			got = a.String()
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"10.1.2.3/8": "10.0.0.0/8", "010.1.2.3/8": "10.0.0.0/8", "10.0.0.1": "10.0.0.1/32", "::ffff:10.0.0.0/104": "10.0.0.0/8", "2001:db8::/32": "2001:db8::/32", "10.0.0.0/33": "", "10.0.0.0/-1": "", "/8": "", "10.0.0.0/+8": "", "::ffff:10.0.0.0/8": ""} {
		got := ""
		if p, ok := prefixOf(text); ok {
			got = p.String()
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestGlob(t *testing.T) {
	hostile := strings.Repeat("a", 5000)
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"a*b*c", "aXbXc", true}, {"a*b*c", "aXcXb", false}, {"*ab*ab", "ababab", true}, {"*a?c*", "xxabcxx", true}, {"?", "é", true}, {"??", "é", false},
		{"*?", "", false}, {"*?", "x", true}, {"**", "", true}, {"a**b", "ab", true}, {"*aa*b", "aaab", true}, {"a?*b", "ab", false}, {"*é?b*", "xéxbx", true},
		{strings.Repeat("*a", 30) + "*b", hostile, false}, {strings.Repeat("a*", 30), hostile, true},
	} {
		p := compile(pieces(c.pattern), true)
		if got := p.match([]byte(c.text)); got != c.want {
			t.Errorf("%.40s on %.20s: %v", c.pattern, c.text, got)
		}
	}
}

// FuzzWalk: whatever the bytes are, the walk ends; where they are JSON as the
// standard library writes it, it finds what a walk over the decoded value does.
func FuzzWalk(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":"x\ny"},{"B":2.50}],"c":null}`), "a.b")
	f.Add([]byte(`"{\"a\":1}"`), "a")
	f.Add([]byte(`{"a":"\ud83d`), "a")
	f.Add([]byte(`{"a":{"a":{"a":[[[true]]]}}}`), "a.a")
	f.Fuzz(func(t *testing.T, raw []byte, path string) {
		present, got := textsAt(raw, "requestParameters."+path)
		textsAt(raw, "")
		textsAt(raw, path)
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		var v any
		if dec.Decode(&v) != nil {
			return
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if enc.Encode(v) != nil || strings.TrimSpace(b.String()) != string(raw) || raw[0] != '{' || bytes.Count(raw, []byte("[")) > deepest {
			return
		}
		if want, texts := find(v, strings.Split(path, ".")); want != present || !ambiguous(v) && !slices.Equal(got, texts) {
			t.Errorf("%s at %q: %v %q, want %v %q", raw, path, present, got, want, texts)
		}
	})
}

// ambiguous says whether names differ only in case somewhere.
func ambiguous(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, ambiguous)
	case map[string]any:
		var names []string
		for name, m := range v {
			if ambiguous(m) || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
				return true
			}
			names = append(names, name)
		}
	}
	return false
}
