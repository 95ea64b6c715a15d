package scan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

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
	ID    string       `json:"o"`
	Kind  pack.Kind    `json:"k,omitempty"`
	Head  int          `json:"h,omitempty"`
	Short bool         `json:"s,omitempty"` // may be the target of a symbolic link
	Found []leak.Found `json:"f,omitempty"`
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
	for dec := json.NewDecoder(bytes.NewReader(body)); ; {
		var r remembered
		if dec.Decode(&r) != nil {
			return m // the end, or what is not ours: then it is read anew
		}
		m.known[r.ID] = r
	}
}

// recall is what a candidate is known to hold. Where values are needed only one
// that holds nothing is known.
func (m *memory) recall(id pack.ID, values bool) (remembered, bool) {
	if len(m.known) == 0 {
		return remembered{}, false
	}
	r, ok := m.known[id.String()]
	return r, ok && (!values || len(r.Found) == 0)
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
	m.known[o.id.String()] = remembered{ID: o.id.String(), Kind: o.kind, Head: o.head, Short: o.short, Found: o.found}
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
	enc := json.NewEncoder(&b)
	for _, r := range m.known {
		if enc.Encode(r) != nil {
			return
		}
	}
	if err := os.MkdirAll(filepath.Dir(m.file), durable.DirMode); err == nil {
		_ = durable.Write(m.file, b.Bytes())
	}
}
