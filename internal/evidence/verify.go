package evidence

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	manifestFile = "manifest.jsonl"
	custodyFile  = "custody.jsonl"
)

// Break is a line of a chain that does not hold.
type Break struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Why  string `json:"why"`
}

func (b Break) String() string { return fmt.Sprintf("%s line %d: %s", b.File, b.Line, b.Why) }

// Report is what Verify found.
type Report struct {
	Entries int   `json:"entries"`
	Blobs   int   `json:"blobs"` // different ones
	Bytes   int64 `json:"bytes"`

	Missing  []ID     `json:"missing,omitempty"`  // listed, not there
	Altered  []ID     `json:"altered,omitempty"`  // there, with other bytes
	Breaks   []Break  `json:"breaks,omitempty"`   // lines of the two logs that do not hold
	Unlisted []string `json:"unlisted,omitempty"` // files that no line lists: left by a crash, or put there
	Torn     []string `json:"torn,omitempty"`     // logs whose last line was cut by a crash
	Exposed  []string `json:"exposed,omitempty"`  // files that others than the owner may read

	Manifest ID `json:"manifest"` // the heads, to be compared with those written down elsewhere
	Custody  ID `json:"custody"`
}

// Sound says that nothing that was kept is lost or altered. Unlisted files, a
// torn last line and open modes are worth a look but no loss.
func (r Report) Sound() bool {
	return len(r.Missing) == 0 && len(r.Altered) == 0 && len(r.Breaks) == 0
}

// Verify reads everything again, from the disk, and writes into the custody
// log that it did. The error is the disk's; what does not hold is in the
// report.
func (s *Store) Verify(ctx context.Context) (Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return Report{}, fmt.Errorf("cannot verify the evidence: %w", err)
	}
	r := Report{Entries: len(s.entries), Breaks: slices.Clone(s.breaks), Torn: slices.Clone(s.torn)}
	known := map[string]bool{manifestFile: true, custodyFile: true}
	for _, e := range s.entries {
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
		if known[e.file()] {
			continue
		}
		known[e.file()] = true
		r.Blobs++
		r.Bytes += e.Size
		_, err := s.read(e)
		if errors.Is(err, ErrSealed) {
			err = nil // its stored hash holds; only its reader can check more
		}
		switch {
		case errors.Is(err, ErrNotThere):
			r.Missing = append(r.Missing, e.ID)
		case errors.Is(err, ErrAltered):
			r.Altered = append(r.Altered, e.ID)
		case err != nil:
			return Report{}, fmt.Errorf("cannot verify the evidence: %w", err)
		}
	}
	if err := s.look(&r, known); err != nil {
		return Report{}, fmt.Errorf("cannot verify the evidence: %w", err)
	}
	note := "sound"
	if !r.Sound() {
		note = fmt.Sprintf("missing %d, altered %d, breaks %d", len(r.Missing), len(r.Altered), len(r.Breaks))
	}
	err := s.log(Custody{What: "verified", Note: note})
	r.Manifest, r.Custody = s.manifest.head, s.custody.head
	return r, err
}

// look compares the directory with what is known to be in it.
func (s *Store) look(r *Report, known map[string]bool) error {
	files, err := os.ReadDir(s.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		if !known[f.Name()] {
			r.Unlisted = append(r.Unlisted, f.Name())
		}
		if info, err := f.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
			r.Exposed = append(r.Exposed, f.Name())
		}
	}
	return nil
}

// load reads both chains and compares them: custody holds the hash of every
// line of the manifest, the last one too.
func (s *Store) load() error {
	s.entries, s.byPlain, s.byID, s.breaks = nil, map[ID]Entry{}, map[ID]Entry{}, nil
	var hashes []ID
	var torn, tornCustody []byte
	var err error
	s.manifest, torn, s.breaks, err = walk(filepath.Join(s.dir, manifestFile), func(line []byte, hash ID) error {
		hashes = append(hashes, hash)
		var e Entry
		if err := decode(line, &e); err != nil {
			return err
		}
		if len(e.ID) != 64 || strings.Trim(string(e.ID), "0123456789abcdef") != "" {
			return fmt.Errorf("its id is no hash")
		}
		s.index(e)
		return nil
	})
	if err != nil {
		return err
	}
	logged := map[int]bool{}
	var breaks []Break
	s.custody, tornCustody, breaks, err = walk(filepath.Join(s.dir, custodyFile), func(line []byte, _ ID) error {
		var c Custody
		if err := decode(line, &c); err != nil {
			return err
		}
		if c.Manifest == "" {
			return nil
		}
		logged[c.Lines] = true
		if c.Lines < 1 || c.Lines > len(hashes) {
			return fmt.Errorf("it knows line %d of the manifest, which is gone", c.Lines)
		}
		if hashes[c.Lines-1] != c.Manifest {
			return fmt.Errorf("line %d of the manifest is not the one that was written", c.Lines)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.breaks = append(s.breaks, breaks...)
	for i, tail := range [...][]byte{torn, tornCustody} {
		name := [...]string{manifestFile, custodyFile}[i]
		if len(tail) > 0 && !slices.Contains(s.torn, name) {
			s.torn = append(s.torn, name) // stays, though the next line written cuts the tail off
			s.cut = append(s.cut, fmt.Sprintf("%s ended in %d torn bytes", name, len(tail)))
		}
	}
	slices.Sort(s.torn)
	return s.recover(hashes, logged)
}

// recover writes the custody line of a manifest line whose writer died before
// it: only the last can lack it. Any other was taken out of the log.
func (s *Store) recover(hashes []ID, logged map[int]bool) error {
	for i, hash := range hashes {
		n := i + 1
		switch {
		case logged[n]:
		case n < len(hashes):
			s.breaks = append(s.breaks, Break{File: manifestFile, Line: n, Why: "custody does not know it"})
		case !s.opts.ReadOnly && len(s.breaks) == 0:
			if err := s.log(Custody{What: "recovered", ID: s.entries[i].ID, Manifest: hash, Lines: n}); err != nil {
				return err
			}
		}
	}
	return nil
}
