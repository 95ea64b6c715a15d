package leak

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// A Matcher chooses, quickly, what is worth a Detector's time. It fits
// pack.Matcher: one is for one goroutine, and what it says of a line depends on
// that line alone. It may choose too much, and never too little of what shows in
// one line.
type Matcher struct {
	x    *index
	d    *Detector
	ids  bool
	deep bool
}

// Matcher returns a matcher for these options.
func (o Options) Matcher() *Matcher {
	return &Matcher{x: table().index, d: New(o), ids: o.Identifiers, deep: o.Depth >= 0}
}

// Lines appends where candidate lines begin to be of interest.
func (m *Matcher) Lines(text []byte, hits []int) []int {
	from := len(hits)
	m.x.walk(text, false, func(at int, r *compiled, _ int) bool {
		if r != nil && (r.Class == Identifier && !m.ids || !r.likely(text, at)) {
			return true
		}
		hits = append(hits, at)
		return false // one hit is enough for a line
	})
	if m.ids {
		hits = accountLine(text, hits)
	}
	slices.Sort(hits[from:])
	return hits
}

// likely is a cheap look at what follows the word of a key id: the letters ASIA
// alone are common.
func (r *compiled) likely(text []byte, at int) bool {
	if r.Vendor != "aws" || r.Class == Secret {
		return true
	}
	const id = 20
	if at+id > len(text) {
		return false
	}
	for _, c := range text[at : at+id] {
		if class[c]&upper == 0 {
			return false
		}
	}
	return true
}

// Whole says whether a blob has to be unpacked, or has two bytes a character.
func (m *Matcher) Whole(head []byte) bool {
	f := form(head)
	return f != "" && m.deep || f == "" && (wide(head[:min(len(head), 1024)]) != "" || m.deep && launched(head))
}

// Blob says whether there is anything in such a blob, be it only a gap.
func (m *Matcher) Blob(body []byte) bool {
	if form(body) == "" && wide(body[:min(len(body), 1024)]) == "" && !zipEnd(body) {
		return len(m.Lines(body, nil)) > 0 // a program that ends as one
	}
	found, gaps := m.d.File(body)
	return len(found)+len(gaps) > 0
}

// Name says whether a name in a tree is worth a closer look.
func (m *Matcher) Name(name []byte) bool { return len(m.Lines(name, nil)) > 0 }

// RulesHash changes when an answer may change: with the rules, the code and the
// options.
func (o Options) RulesHash() string {
	h := sha256.New()
	fmt.Fprintln(h, "engine 4", o.Identifiers, o.Depth)
	for _, r := range All() {
		fmt.Fprintln(h, r.ID, r.Class, r.Starts, r.Pattern, r.Entropy, r.Loose)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
