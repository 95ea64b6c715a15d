package leak

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"
)

// table is All, compiled, and where its words are. It is made on first use: a
// program that scans nothing pays nothing.
var table = onceTable()

type rules struct {
	index *index
	byID  map[string]*compiled
}

func onceTable() func() *rules {
	var t *rules
	var once sync.Once
	return func() *rules {
		once.Do(func() { t = compile(All()) })
		return t
	}
}

func compile(all []Rule) *rules {
	t := &rules{byID: map[string]*compiled{}}
	var list []*compiled
	for _, r := range all {
		c := &compiled{Rule: r}
		list, t.byID[r.ID] = append(list, c), c
	}
	t.index = newIndex(list)
	return t
}

// mostMatch bounds what a pattern is shown of a text.
const mostMatch = 16 << 10

// A text is one text at a certain depth of decoding.
type text struct {
	*Detector
	body    []byte
	through []string
	coded   int // how many layers of base 64 lie outside
	lines   []int
	found   []Found
	doubt   []Found // bare secrets that only a key id beside them makes credible
	decoded int     // up to where base 64 was read
}

// Text finds what stands in one text. What it found is ordered by place.
func (d *Detector) Text(body []byte) []Found { return d.text(body, nil, 0) }

func (d *Detector) text(body []byte, through []string, coded int) []Found {
	t := &text{Detector: d, body: body, through: through, coded: coded}
	t.search()
	if t.escaped() {
		plain := &text{Detector: d, body: unescape(body), through: append(slices.Clone(through), "escapes"), coded: coded}
		plain.search()
		t.join(plain)
	}
	t.keys()
	if d.o.Identifiers {
		t.accounts()
	}
	slices.SortStableFunc(t.found, func(a, b Found) int { return cmp.Compare(a.offset, b.offset) })
	t.pair()
	slices.SortStableFunc(t.found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule))
	})
	return slices.CompactFunc(t.found, func(a, b Found) bool {
		return a.Rule == b.Rule && a.Fingerprint == b.Fingerprint && a.Line == b.Line && a.Column == b.Column
	})
}

// search walks the text once.
func (t *text) search() {
	table().index.walk(t.body, true, func(at int, r *compiled, bare int) bool {
		switch {
		case r != nil:
			t.rule(at, r)
		case bare == 0:
			t.decode(at)
		case bare == bareCoded:
			t.codedSecret(at)
		default:
			t.bare(at, bare)
		}
		return true
	})
}

// rule holds one rule against the text at the word it begins with.
func (t *text) rule(at int, r *compiled) {
	if r.Class == Identifier && !t.o.Identifiers {
		return
	}
	rest := t.body[at:min(len(t.body), at+mostMatch)]
	m := r.find(rest)
	if m == nil {
		return
	}
	whole, value := rest[:m[1]], rest[:m[1]]
	if len(m) >= 4 && m[2] >= 0 {
		value = rest[m[2]:m[3]]
	}
	if end := at + m[1]; end < len(t.body) {
		next := class[t.body[end]]
		if next&upper != 0 || !r.Loose && next&alnum != 0 {
			return // it goes on: another thing
		}
	}
	body := value
	for _, w := range r.Starts {
		w, _, _ = strings.Cut(w, "|")
		if rest, ok := bytes.CutPrefix(body, []byte(w)); ok {
			body = rest
			break
		}
	}
	if entropy(body) < r.Entropy || placeholder(whole) {
		return
	}
	t.add(r, at, string(value))
}

// add notes a credential at an offset.
func (t *text) add(r *compiled, at int, value string) *Found {
	t.found = append(t.found, t.note(r, at, value))
	return &t.found[len(t.found)-1]
}

func (t *text) note(r *compiled, at int, value string) Found {
	line, column := t.place(at)
	f := Found{
		Rule: r.ID, Vendor: r.Vendor, Class: r.Class, Confidence: r.Sure, Line: line, Column: column,
		Last4: last4(value), Fingerprint: Fingerprint(t.o.Key, value), Through: t.through,
		Length: len(value), offset: at, reveal: func() string { return value },
	}
	if r.Class != Secret {
		f.ID = value
	}
	if r.Vendor == "aws" && r.Class == KeyID {
		if !base32Only(value[4:]) {
			f.Confidence = Low
		}
		f.Account = AccountOf(value)
		f.Canary = CanaryOf(f.Account)
	}
	if bytes.Contains(t.line(line), []byte(AllowWord)) {
		f.Allowed = "comment"
	}
	return f
}

// AllowWord in a line says that what stands there is known and harmless.
const AllowWord = "cordon:allow"

// place is the line and column of an offset, from 1.
func (t *text) place(at int) (line, column int) {
	if t.lines == nil {
		t.lines = []int{0}
		for i := 0; ; {
			n := bytes.IndexByte(t.body[i:], '\n')
			if n < 0 {
				break
			}
			i += n + 1
			t.lines = append(t.lines, i)
		}
	}
	i, exact := slices.BinarySearch(t.lines, at)
	if !exact {
		i--
	}
	return i + 1, at - t.lines[i] + 1
}

// line is the text of line n, as far as it is short enough to be read.
func (t *text) line(n int) []byte {
	from, to := t.lines[n-1], len(t.body)
	if n < len(t.lines) {
		to = t.lines[n]
	}
	return t.body[from:min(to, from+4096)]
}

// entropy is Shannon's, in bits per byte.
func entropy(b []byte) float64 {
	if len(b) == 0 {
		return 0
	}
	var n [256]int
	for _, c := range b {
		n[c]++
	}
	sum := 0.0
	for _, k := range n {
		if k > 0 {
			p := float64(k) / float64(len(b))
			sum -= p * math.Log2(p)
		}
	}
	return sum
}

var samples = [][]byte{[]byte("example"), []byte("abcdefghij"), []byte("0123456789"), []byte("1234567890"), []byte("your"), []byte("xxxxxx"), []byte("******"), []byte("changeme")}

// placeholder says whether a match stands for a credential in some manual.
func placeholder(b []byte) bool {
	low := bytes.ToLower(b[:min(len(b), 256)])
	return slices.ContainsFunc(samples, func(s []byte) bool { return bytes.Contains(low, s) })
}

// base32Only says whether an id is of the alphabet that AWS takes for them.
func base32Only(s string) bool {
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}
