package scan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"cordon/internal/durable"
	"cordon/internal/secrets/leak"
	"cordon/internal/secrets/pack"
)

// A memory has what candidates turned out to hold, by their ids, so that they are
// not read again. It has no value of a secret: fingerprints, ids, last fours and
// lengths. What it says holds for one set of rules and one key of fingerprints.
type memory struct {
	file  string
	known map[string]remembered
	fresh bool
}

// remembered is one candidate; most hold nothing.
type remembered struct {
	kind  pack.Kind
	head  int
	short bool // may be the target of a symbolic link
	found []leak.Found
}

// mostRemembered bounds the file; beyond it nothing more is remembered.
const mostRemembered = 100_000

func (s *Scan) memory() *memory {
	m := &memory{known: map[string]remembered{}}
	if s.o.Cache == "" {
		return m
	}
	key := sha256.Sum256(s.o.Key)
	m.file = filepath.Join(s.o.Cache, "found-"+s.o.leak().RulesHash()+"-"+hex.EncodeToString(key[:6]))
	body, err := os.ReadFile(m.file)
	if err != nil {
		return m // there is none yet, or everything is read anew
	}
	for _, line := range strings.Split(string(body), "\n") {
		if id, r, ok := readLine(line); ok { // what is not ours is read anew
			m.known[id] = r
		}
	}
	return m
}

// A line is the object's id, its kind, head and short, and sixteen columns for
// each thing found. No value of them has a tab: ids are letters and digits, the
// rest are words of this program's.
const columns = 16

func writeLine(b *bytes.Buffer, id string, r remembered) {
	fmt.Fprintf(b, "%s\t%d\t%d\t%t", id, r.kind, r.head, r.short)
	for _, f := range r.found {
		fmt.Fprintf(b, "\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d", f.Rule, f.Vendor, f.Class, f.Confidence, f.Line, f.Column,
			f.ID, f.Last4, f.Fingerprint, strings.Join(f.Through, ","), f.Account, f.Canary, f.Allowed, f.Pair, f.Distance, f.Length)
	}
	b.WriteByte('\n')
}

func readLine(line string) (id string, r remembered, ok bool) {
	c := strings.Split(line, "\t")
	if len(c) < 4 || (len(c)-4)%columns != 0 {
		return "", r, false
	}
	ok = true
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		ok = ok && err == nil
		return n
	}
	r.kind, r.head, r.short = pack.Kind(number(c[1])), number(c[2]), c[3] == "true"
	for f := c[4:]; len(f) > 0; f = f[columns:] {
		x := leak.Found{
			Rule: f[0], Vendor: f[1], Class: leak.Class(f[2]), Confidence: leak.Confidence(f[3]), Line: number(f[4]), Column: number(f[5]), ID: f[6], Last4: f[7],
			Fingerprint: f[8], Account: f[10], Canary: f[11], Allowed: f[12], Pair: f[13], Distance: number(f[14]), Length: number(f[15]),
		}
		if f[9] != "" {
			x.Through = strings.Split(f[9], ",")
		}
		r.found = append(r.found, x)
	}
	return c[0], r, ok
}

// recall is what a candidate is known to hold. Where values are needed only one
// that holds nothing is known.
func (m *memory) recall(id pack.ID, values bool) (remembered, bool) {
	if len(m.known) == 0 {
		return remembered{}, false
	}
	r, ok := m.known[id.String()]
	return r, ok && (!values || len(r.found) == 0)
}

// keep remembers a candidate that was read without a gap. What stands in an
// archive is not remembered: the names in it may hold secrets themselves.
func (m *memory) keep(o object) {
	if m.file == "" || len(m.known) >= mostRemembered {
		return
	}
	for _, f := range o.found {
		if slices.ContainsFunc(f.Through, func(t string) bool { return !slices.Contains(plainSteps, t) }) {
			return
		}
	}
	m.known[o.id.String()] = remembered{o.kind, o.head, o.short, o.found}
	m.fresh = true
}

// plainSteps of decoding name nothing that stands in a repository.
var plainSteps = []string{"base64", "escapes", "utf-16le", "utf-16be", "gzip", "zstd", "bzip2"}

// save writes what was learnt. That it could not be written costs the next scan
// time, and nothing else.
func (m *memory) save() {
	if !m.fresh {
		return
	}
	var b bytes.Buffer
	for id, r := range m.known {
		writeLine(&b, id, r)
	}
	if err := os.MkdirAll(filepath.Dir(m.file), durable.DirMode); err == nil {
		_ = durable.Write(m.file, b.Bytes())
	}
}
