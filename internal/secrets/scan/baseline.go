package scan

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cordon/internal/durable"
	"cordon/internal/secrets/leak"
)

// A Baseline is what a team has seen and decided to live with. It is made to be
// committed: it has a salt of its own, so that everybody's scan knows the same
// fingerprints, and these say nothing about a secret that cannot be guessed.
// Lines and commits are no part of it: moving a file changes nothing.
type Baseline struct {
	V       int     `json:"v"`
	Salt    string  `json:"salt"`
	Entries []Known `json:"entries"`

	salt  []byte
	known map[string]bool
}

// Known is one credential of a baseline. Where says to people what is meant.
type Known struct {
	Rule  string `json:"rule"`
	Mark  string `json:"mark"`
	Where string `json:"where"`
}

// NewBaseline makes an empty one.
func NewBaseline() (*Baseline, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return nil, fmt.Errorf("cannot make a baseline: %w", err)
	}
	return &Baseline{V: 1, Salt: hex.EncodeToString(salt), Entries: []Known{}, salt: salt, known: map[string]bool{}}, nil
}

// ReadBaseline reads one that a person named. That there is none is
// fs.ErrNotExist.
func ReadBaseline(path string) (*Baseline, error) { return readBaseline(path, os.ReadFile) }

// FindBaseline reads one that lies in what is scanned, and that nobody vouches
// for: a link, or what is no file of a reasonable size, is ErrOdd.
func FindBaseline(path string) (*Baseline, error) {
	return readBaseline(path, func(path string) ([]byte, error) { return bounded(path, mostBaseline) })
}

func readBaseline(path string, read func(string) ([]byte, error)) (*Baseline, error) {
	body, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the baseline: %w", err)
	}
	b := &Baseline{known: map[string]bool{}}
	if err := json.Unmarshal(body, b); err != nil {
		return nil, fmt.Errorf("cannot read the baseline %s: %w", path, err)
	}
	if b.salt, err = hex.DecodeString(b.Salt); err != nil || len(b.salt) < 16 || b.V != 1 {
		return nil, fmt.Errorf("cannot read the baseline %s: it is not one of this program's, version 1", path)
	}
	for _, k := range b.Entries {
		b.known[k.Rule+" "+k.Mark] = true
	}
	return b, nil
}

// Has says whether a finding is known.
func (b *Baseline) Has(f *Finding) bool {
	return b != nil && len(b.known) > 0 && b.known[f.Rule+" "+b.mark(f)]
}

func (b *Baseline) mark(f *Finding) string { return leak.Fingerprint(b.salt, f.value()) }

// Add makes what a scan found known, and says how many were not yet.
func (b *Baseline) Add(all []Finding) (fresh int) {
	for i := range all {
		f := &all[i]
		if f.Allowed != "" || b.Has(f) {
			continue
		}
		k := Known{Rule: f.Rule, Mark: b.mark(f), Where: strings.TrimPrefix(f.Places[0].Path, "./")}
		b.known[k.Rule+" "+k.Mark] = true
		b.Entries = append(b.Entries, k)
		fresh++
	}
	slices.SortFunc(b.Entries, func(x, y Known) int { return strings.Compare(x.Rule+x.Where+x.Mark, y.Rule+y.Where+y.Mark) })
	return fresh
}

// Write saves it.
func (b *Baseline) Write(path string) error {
	body, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write the baseline: %w", err)
	}
	if err := durable.Write(path, append(body, '\n')); err != nil {
		return fmt.Errorf("cannot write the baseline: %w", err)
	}
	return nil
}

// keyFile holds the key of this person's fingerprints.
const keyFile = "scan.key"

// Key reads the key of this person's fingerprints, or makes one. It never leaves
// the machine: fingerprints of two people cannot be compared.
func Key(dir string) ([]byte, error) {
	path := filepath.Join(dir, keyFile)
	key, err := os.ReadFile(path)
	if err == nil && len(key) == 32 {
		return key, nil
	}
	if err == nil {
		return nil, fmt.Errorf("cannot read the key of fingerprints: %s is damaged; without it a new one is made, and fingerprints change", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the key of fingerprints: %w", err)
	}
	key = make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("cannot make the key of fingerprints: %w", err)
	}
	if err := durable.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("cannot keep the key of fingerprints: %w", err)
	}
	if err := durable.Create(path, key); errors.Is(err, fs.ErrExist) {
		return os.ReadFile(path) // another scan was first
	} else if err != nil {
		return nil, fmt.Errorf("cannot keep the key of fingerprints: %w", err)
	}
	return key, nil
}
