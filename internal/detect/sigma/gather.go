package sigma

import (
	"fmt"
	"strings"
)

// gather puts alternatives that can be one test into one.
func gather(tests []test) (out []test) {
	at := map[kind]int{}
	for _, t := range tests {
		i, ok := at[t.kind]
		if !ok || t.kind == regular || t.kind == reference {
			at[t.kind] = len(out)
			out = append(out, t)
			continue
		}
		out[i].patterns = append(out[i].patterns[:len(out[i].patterns):len(out[i].patterns)], t.patterns...)
		out[i].nets = append(out[i].nets[:len(out[i].nets):len(out[i].nets)], t.nets...)
		out[i].numbers = append(out[i].numbers[:len(out[i].numbers):len(out[i].numbers)], t.numbers...)
	}
	return out
}

// manyWords is from how many exact words on a map is faster than comparing.
const manyWords = 4

// field numbers a field; the same name has the same number.
func (b *builder) field(name string) int32 {
	if i, ok := b.fields[name]; ok {
		return i
	}
	i := int32(len(b.set.fields))
	b.set.fields = append(b.set.fields, fieldOf(name))
	b.fields[name] = i
	return i
}

// leaf numbers a test of a field; the same test has the same number.
func (b *builder) leaf(f int32, t test) *node {
	l := leaf{field: f, other: -1, class: b.set.fields[f].class, test: t}
	if t.kind == reference {
		for name := range t.words {
			l.other = b.field(name)
		}
		l.test.words = nil
		if other := b.set.fields[l.other].class; other != l.class {
			if l.class = max(l.class, other); l.class > byMessage {
				l.class = max(l.class, byBody) // no one code decides it
			}
		}
	}
	if b.set.fields[f].name == "errorMessage" && (t.kind == missing || t.kind == there) {
		l.class = byMessage
	}
	key := l.key()
	i, ok := b.leaves[key]
	if !ok {
		l.test.index()
		i = int32(len(b.set.leaves))
		b.set.leaves = append(b.set.leaves, l)
		b.leaves[key] = i
	}
	return &node{op: is, leaf: i, cost: l.class}
}

// index moves exact words into a map, where there are many.
func (t *test) index() {
	if t.kind != textual || len(t.patterns) < manyWords {
		return
	}
	t.words = map[string]struct{}{}
	var rest []pattern
	for _, p := range t.patterns {
		if p.shape == exact {
			t.words[string(p.text)] = struct{}{}
		} else {
			rest = append(rest, p)
		}
	}
	t.patterns = rest
}

// key says everything that a leaf tests.
func (l *leaf) key() string {
	t := &l.test
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d %d %t %d %d", l.field, l.other, t.kind, t.cased, t.compare, t.part)
	for _, p := range t.patterns {
		fmt.Fprintf(&b, " %d%q", p.shape, p.text)
		for _, q := range p.parts {
			fmt.Fprintf(&b, " %d%q", q.wild, q.text)
		}
		b.WriteByte(';')
	}
	for _, n := range t.nets {
		b.WriteString(" " + n.String())
	}
	for _, n := range t.numbers {
		b.WriteString(" " + n.text)
	}
	if t.re != nil {
		fmt.Fprintf(&b, " %q", t.re.String())
	}
	return b.String()
}
