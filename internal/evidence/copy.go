package evidence

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// A Blob is one file of the store. Its ID is the SHA-256 of its bytes.
type Blob struct {
	ID        ID
	Name      string // of the file
	Encrypted bool
}

// Blobs lists every file that the manifest names, each once, in its order.
func (s *Store) Blobs() (all []Blob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	for _, e := range s.entries {
		if name := e.file(); !seen[name] {
			seen[name] = true
			all = append(all, Blob{ID: e.ID, Name: name, Encrypted: e.Encrypted})
		}
	}
	return all
}

// Stored returns a blob's bytes as they lie in the store, encrypted where they
// are, checked against its ID. The error is ErrNotThere, ErrAltered or one of
// the disk's.
func (s *Store) Stored(b Blob) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(s.dir, b.Name))
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = ErrNotThere
	case err == nil && sum(data) != b.ID:
		err = ErrAltered
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read evidence %.12s: %w", b.ID, err)
	}
	return data, nil
}

// A Book is one of the two logs as it is now.
type Book struct {
	Name  string // "manifest.jsonl" or "custody.jsonl"
	Lines int
	Head  ID // hash of the last line
	ID    ID // SHA-256 of Data
	Data  []byte
}

// Stem is the name under which a book of this length and content is kept
// elsewhere: a later one does not take its place.
func (b Book) Stem() string {
	return fmt.Sprintf("%s-%06d-%.12s.jsonl", strings.TrimSuffix(b.Name, ".jsonl"), b.Lines, b.Head)
}

// Books returns the manifest and the custody log. Logs that do not hold are
// ErrBroken.
func (s *Store) Books() (manifest, custody Book, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.breaks) > 0 {
		return Book{}, Book{}, fmt.Errorf("%w: %s", ErrBroken, s.breaks[0])
	}
	if manifest, err = book(s.manifest); err == nil {
		custody, err = book(s.custody)
	}
	return manifest, custody, err
}

// book reads a chain's file. It must end with the line that the chain ends with:
// nobody else wrote meanwhile.
func book(c chain) (Book, error) {
	data, err := os.ReadFile(c.path)
	if err != nil {
		return Book{}, fmt.Errorf("cannot read %s: %w", base(c.path), err)
	}
	data = data[:bytes.LastIndexByte(data, '\n')+1] // a torn tail is none of its lines
	lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	if last := sum(lines[len(lines)-1]); len(lines) != c.lines || last != c.head {
		return Book{}, fmt.Errorf("cannot read %s: %w: it changed meanwhile", base(c.path), ErrBroken)
	}
	return Book{Name: base(c.path), Lines: c.lines, Head: c.head, ID: sum(data), Data: data}, nil
}

// Copying writes into the custody log that the store is about to be copied, and
// Copied that it was: which manifest, and what the note says of the place.
func (s *Store) Copying(note string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log(Custody{What: "copying", Note: note})
}

// Copied: see Copying.
func (s *Store) Copied(manifest Book, note string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log(Custody{What: "copied", Manifest: manifest.Head, Lines: manifest.Lines, Note: note})
}

// ReadIdentities reads a file of age's secret keys, one a line; lines that begin
// with # are remarks.
func ReadIdentities(r io.Reader) (all []age.Identity, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		key, err := age.ParseX25519Identity(line)
		if err != nil {
			return nil, errors.New("cannot read the keys: a line is no secret key of age's") // its text may be one
		}
		all = append(all, key)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("cannot read the keys: %w", err)
	}
	if len(all) == 0 {
		return nil, errors.New("cannot read the keys: there are none")
	}
	return all, nil
}
