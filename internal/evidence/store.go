// Package evidence keeps what was seen, as it was seen: each piece under the
// hash of its bytes, listed in a chained manifest, with a chained log of who
// took, read, verified or exported it. A delete may be planned only after the
// evidence of the deleted thing stands here and verifies.
package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"cordon/internal/durable"
)

// ID is the SHA-256, in hex, of the bytes as they are stored. It names the
// blob's file: <id>, or <id>.age when it is encrypted.
type ID string

// Item says what a piece of evidence is.
type Item struct {
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`
	Ref       string    `json:"ref,omitempty"` // the resource it shows
	Source    string    `json:"source"`        // the API call or the file it came from
	MediaType string    `json:"media_type,omitempty"`
	Taken     time.Time `json:"taken"`
}

// Entry is one line of the manifest.
type Entry struct {
	link
	Item
	ID        ID        `json:"id"`
	Plain     ID        `json:"plain"` // SHA-256 before encryption; the ID itself when there is none
	Size      int64     `json:"size"`  // before encryption
	Encrypted bool      `json:"encrypted,omitempty"`
	Put       time.Time `json:"put"`
}

// file is the name of the entry's blob.
func (e Entry) file() string { return fileOf(e.ID, e.Encrypted) }

func fileOf(id ID, encrypted bool) string {
	if encrypted {
		return string(id) + ".age"
	}
	return string(id)
}

// Custody is one line of the custody log.
type Custody struct {
	link
	At       time.Time `json:"at"`
	Who      string    `json:"who"`
	What     string    `json:"what"` // created, read, verified, exported, copying, copied, recovered
	ID       ID        `json:"id,omitempty"`
	Manifest ID        `json:"manifest,omitempty"` // hash of the manifest's line, when created, copied or recovered
	Lines    int       `json:"lines,omitempty"`    // number of that line
	Note     string    `json:"note,omitempty"`
}

// Options for Open.
type Options struct {
	Who        string           // for the custody log
	Recipients []string         // age public keys; with any, every blob is encrypted
	Identities []age.Identity   // to read encrypted blobs back
	ReadOnly   bool             // for a process without the case's lock: writes nothing, logs nothing
	Now        func() time.Time // the clock; time.Now if nil
}

// What Get and Put return besides a failing disk.
var (
	ErrNotThere = errors.New("no such evidence")
	ErrAltered  = errors.New("the evidence is not what was stored")
	ErrSealed   = errors.New("the evidence is encrypted and no key that fits was given")
	ErrReadOnly = errors.New("the store was opened for reading")
	ErrBroken   = errors.New("the manifest or the custody log does not hold")
)

// Store is an open evidence store. It is safe for concurrent use in one
// process; the case's lock keeps a second writing process away.
type Store struct {
	dir        string
	opts       Options
	recipients []age.Recipient

	mu       sync.Mutex
	manifest chain
	custody  chain
	entries  []Entry
	byPlain  map[ID]Entry
	byID     map[ID]Entry
	torn     []string
	cut      []string // torn tails that the custody log does not mention yet
	breaks   []Break
}

// Open opens the store in dir, creating it. A store whose chains do not hold
// opens, so that it can be verified and read, but takes nothing more: Put
// returns ErrBroken. A torn last line is no break; it is reported by Verify
// and cut off by the next Put.
func Open(dir string, opts Options) (*Store, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Store{dir: dir, opts: opts}
	for _, r := range opts.Recipients {
		parsed, err := age.ParseX25519Recipient(r)
		if err != nil {
			return nil, fmt.Errorf("cannot use the evidence key %q: %w", r, err)
		}
		s.recipients = append(s.recipients, parsed)
	}
	if !opts.ReadOnly {
		if err := durable.MkdirAll(dir); err != nil {
			return nil, fmt.Errorf("cannot open the evidence store: %w", err)
		}
	}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("cannot open the evidence store: %w", err)
	}
	return s, nil
}

// Put keeps data and returns its ID. It is on the disk and in the manifest
// when Put returns. What is already kept is not written again, only listed
// again with its new item.
//
// The order is blob, manifest, custody: a crash in between leaves a blob that
// nobody lists, or a line that custody does not know yet, never a line whose
// blob is missing. The next Open writes the missing custody line.
func (s *Store) Put(ctx context.Context, item Item, data []byte) (ID, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if s.opts.ReadOnly {
		return "", ErrReadOnly
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.breaks) > 0 {
		return "", fmt.Errorf("cannot keep %s: %w: %s", item.Name, ErrBroken, s.breaks[0])
	}
	e := Entry{Item: item, Plain: sum(data), Size: int64(len(data)), Encrypted: len(s.recipients) > 0, Put: s.opts.Now().UTC()}
	if known, ok := s.byPlain[e.Plain]; ok && known.Encrypted == e.Encrypted && s.holds(known) {
		e.ID = known.ID
	} else if err := s.writeBlob(&e, data); err != nil {
		return "", fmt.Errorf("cannot keep %s: %w", item.Name, err)
	}
	e.link = s.manifest.next()
	hash, err := s.manifest.append(e)
	if err != nil {
		return "", fmt.Errorf("cannot keep %s: %w", item.Name, err)
	}
	s.index(e)
	err = s.log(Custody{What: "created", ID: e.ID, Manifest: hash, Lines: e.Seq})
	return e.ID, err
}

// holds says whether the blob of e is there and unaltered.
func (s *Store) holds(e Entry) bool {
	got, err := sumFile(filepath.Join(s.dir, e.file()))
	return err == nil && got == e.ID
}

func (s *Store) writeBlob(e *Entry, data []byte) error {
	stored := data
	if e.Encrypted {
		var b bytes.Buffer
		w, err := age.Encrypt(&b, s.recipients...)
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		stored = b.Bytes()
	}
	e.ID = sum(stored)
	path := filepath.Join(s.dir, e.file())
	if got, err := sumFile(path); err == nil {
		if got == e.ID {
			return nil // left by a crash before the manifest's line
		}
		// Somebody altered the blob. What he left is evidence too.
		if err := os.Rename(path, path+".altered-"+string(got[:8])); err != nil {
			return err
		}
	}
	return durable.Write(path, stored)
}

// Get returns the bytes as they were given to Put, checked against both
// hashes, and writes into the custody log that they were read. The error is
// ErrNotThere, ErrAltered, ErrSealed or one of the disk's.
func (s *Store) Get(ctx context.Context, id ID) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.byID[id]
	if !ok {
		return nil, fmt.Errorf("cannot read evidence %.12s: %w", id, ErrNotThere)
	}
	data, err := s.read(e)
	if err != nil {
		return nil, fmt.Errorf("cannot read evidence %.12s (%s): %w", id, e.Name, err)
	}
	if err := s.log(Custody{What: "read", ID: id}); err != nil {
		return nil, err
	}
	return data, nil
}

func (s *Store) read(e Entry) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(s.dir, e.file()))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotThere
	}
	if err != nil {
		return nil, err
	}
	if sum(data) != e.ID {
		return nil, ErrAltered
	}
	if e.Encrypted {
		if len(s.opts.Identities) == 0 {
			return nil, ErrSealed
		}
		if data, err = unseal(data, s.opts.Identities); err != nil {
			return nil, err
		}
	}
	if sum(data) != e.Plain {
		return nil, ErrAltered
	}
	return data, nil
}

// unseal decrypts. Bytes whose stored hash holds and that still do not decrypt
// were written wrong.
func unseal(sealed []byte, keys []age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), keys...)
	var other *age.NoIdentityMatchError
	if errors.As(err, &other) {
		return nil, ErrSealed
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	return data, nil
}

// List returns the manifest in the order in which it was written.
func (s *Store) List() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Entry(nil), s.entries...)
}

// Has says whether id is listed and its blob is there, unaltered.
func (s *Store) Has(id ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.byID[id]
	return ok && s.holds(e)
}

// Exported writes into the custody log that the store was handed out.
func (s *Store) Exported(note string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log(Custody{What: "exported", Note: note})
}

// Handed writes into the custody log that one piece was handed out.
func (s *Store) Handed(id ID, note string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log(Custody{What: "exported", ID: id, Note: note})
}

// Heads are the hashes of the last lines of the manifest and of the custody
// log. Written down elsewhere, they hold the whole store.
func (s *Store) Heads() (manifest, custody ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.manifest.head, s.custody.head
}

func (s *Store) log(c Custody) error {
	if s.opts.ReadOnly || len(s.breaks) > 0 {
		return nil // nothing is put behind a chain that does not hold
	}
	c.link, c.At, c.Who = s.custody.next(), s.opts.Now().UTC(), s.opts.Who
	if len(s.cut) > 0 {
		c.Note = strings.TrimPrefix(c.Note+"; "+strings.Join(s.cut, ", "), "; ")
		s.cut = nil
	}
	if _, err := s.custody.append(c); err != nil {
		return fmt.Errorf("cannot write the custody log: %w", err)
	}
	return nil
}

func (s *Store) index(e Entry) {
	s.entries = append(s.entries, e)
	s.byPlain[e.Plain] = e
	s.byID[e.ID] = e
}

func sum(data []byte) ID {
	h := sha256.Sum256(data)
	return ID(hex.EncodeToString(h[:]))
}

func sumFile(path string) (ID, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return ID(hex.EncodeToString(h.Sum(nil))), nil
}

func base(path string) string { return filepath.Base(path) }

var errUnknownField = errors.New("it is no record of this file")

// decode reads one line strictly: a name that nobody knows is no record.
func decode(line []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if dec.Decode(into) != nil {
		return errUnknownField
	}
	return nil
}
