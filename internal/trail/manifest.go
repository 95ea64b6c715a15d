package trail

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The files of a store.
const (
	manifestName = "manifest"
	namesName    = "names"
	lockName     = "lock"
	tempSuffix   = ".tmp"

	fileMode = 0o600
	dirMode  = 0o700

	manifestFormat = 1
	manifestMagic  = "cordon trail"
	recordHead     = 12
)

var errManifest = errors.New("the manifest is damaged")

// A Damage is what could not be read of a file. Count records, or pieces of
// them, from Offset of the inflated file on have the same cause.
type Damage struct {
	File   string `json:"file"`
	Offset int64  `json:"offset"`
	Count  int    `json:"count"`
	Why    string `json:"why"`
	// Note: no damage, but what was left out on purpose, such as an Insight record,
	// or what the shape of the file does not carry.
	Note bool `json:"note,omitempty"`
}

// A source is one file that was imported, or that could not be read.
type source struct {
	name, version string
	size          int64
	at            int64 // delivery, seconds since 1970; 0: unknown
	sum           [32]byte
	shape         string
	gz            bool
	unread        bool // nothing is known of what it holds: it is tried again
	events, dups  int
	plain         int64 // bytes, inflated
	damage        []Damage
}

// A commit is what became part of the store at once.
type commit struct {
	names    uint64 // length of the names log with it
	segments []segmentRef
	first    int // number of its first file
	files    int
	blob     []byte // its files, encoded
}

type segmentRef struct {
	number uint32
	size   uint64
	head   uint32 // checksum of its head
}

func (s *source) encode(e *encoder, before string) {
	shared := 0
	for shared < len(s.name) && shared < len(before) && s.name[shared] == before[shared] {
		shared++
	}
	e.uint(uint64(shared))
	e.string(s.name[shared:])
	e.string(s.version)
	e.int(s.size)
	e.int(s.at)
	e.raw(s.sum[:])
	e.string(s.shape)
	flags := uint64(0)
	if s.gz {
		flags |= 1
	}
	if s.unread {
		flags |= 2
	}
	e.uint(flags)
	e.uint(uint64(s.events))
	e.uint(uint64(s.dups))
	e.int(s.plain)
	e.uint(uint64(len(s.damage)))
	for _, d := range s.damage {
		e.int(d.Offset)
		e.uint(uint64(d.Count))
		e.string(d.Why)
		note := uint64(0)
		if d.Note {
			note = 1
		}
		e.uint(note)
	}
}

func (s *source) decode(d *decoder, before string) {
	shared := d.uint()
	if shared > uint64(len(before)) {
		d.fail()
		return
	}
	s.name = before[:shared] + d.string()
	s.version, s.size, s.at = d.string(), d.int(), d.int()
	copy(s.sum[:], d.take(32))
	s.shape = d.string()
	flags := d.uint()
	s.gz, s.unread = flags&1 != 0, flags&2 != 0
	s.events, s.dups, s.plain = int(d.uint32()), int(d.uint32()), d.int()
	for range d.count() {
		s.damage = append(s.damage, Damage{File: s.name, Offset: d.int(), Count: int(d.uint32()), Why: d.string(), Note: d.uint() != 0})
	}
}

// record is a commit as the manifest has it: length, checksum, checksum of
// these two, payload.
func (c *commit) record(files []source) []byte {
	e := encoder{make([]byte, recordHead, 4096)}
	e.uint(c.names)
	e.uint(uint64(len(c.segments)))
	for _, s := range c.segments {
		e.uint(uint64(s.number))
		e.uint(s.size)
		e.fixed(s.head)
	}
	e.uint(uint64(len(files)))
	before := ""
	for i := range files {
		files[i].encode(&e, before)
		before = files[i].name
	}
	return framed(e.b)
}

func framed(b []byte) []byte {
	le := binary.LittleEndian
	le.PutUint32(b, uint32(len(b)-recordHead))
	le.PutUint32(b[4:], checksum(b[recordHead:]))
	le.PutUint32(b[8:], checksum(b[:8]))
	return b
}

func headRecord() []byte {
	e := encoder{make([]byte, recordHead, 64)}
	e.string(manifestMagic)
	e.uint(manifestFormat)
	return framed(e.b)
}

// readManifest gives the commits of a manifest and how much of it holds whole
// records. What follows them is the torn end of a write that never counted;
// anything else that is wrong is an error, so that nothing after it is lost
// unseen.
func readManifest(b []byte) (commits []commit, whole int, err error) {
	files := 0
	for at, n := 0, 0; at < len(b); n++ {
		payload, torn, err := nextRecord(b[at:])
		if err != nil {
			return nil, 0, fmt.Errorf("%w at byte %d", err, at)
		}
		if torn {
			return commits, at, nil
		}
		d := decoder{b: payload}
		if n == 0 {
			if magic := d.string(); magic != manifestMagic || d.bad {
				return nil, 0, errManifest
			}
			if v := d.uint(); v != manifestFormat {
				return nil, 0, fmt.Errorf("format %d is not known to this cordon", v)
			}
		} else {
			c := commit{first: files}
			if !c.decode(&d) {
				return nil, 0, fmt.Errorf("%w at byte %d", errManifest, at)
			}
			files += c.files
			commits = append(commits, c)
		}
		at += recordHead + len(payload)
		whole = at
	}
	return commits, whole, nil
}

// nextRecord takes one record from the front. A write that the machine's end
// cut leaves less than a record, or zeros where it was to be.
func nextRecord(b []byte) (payload []byte, torn bool, err error) {
	if len(b) < recordHead {
		return nil, true, nil
	}
	le := binary.LittleEndian
	size, sum := le.Uint32(b), le.Uint32(b[4:])
	if checksum(b[:8]) != le.Uint32(b[8:]) {
		if unwritten(b[recordHead:]) && b[recordHead-1] == 0 {
			return nil, true, nil
		}
		return nil, false, errManifest
	}
	rest := b[recordHead:]
	if uint64(size) > uint64(len(rest)) {
		return nil, true, nil
	}
	if checksum(rest[:size]) != sum {
		if unwritten(rest[size:]) {
			return nil, true, nil
		}
		return nil, false, errManifest
	}
	return rest[:size:size], false, nil
}

// unwritten says whether there are only zeros: a file may have got its length
// before its content.
func unwritten(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c != 0 })
}

func (c *commit) decode(d *decoder) bool {
	c.names = d.uint()
	for range d.count() {
		c.segments = append(c.segments, segmentRef{d.uint32(), d.uint(), d.fixed()})
	}
	c.files = d.count()
	c.blob = d.b
	return !d.bad
}

// sources decodes the files of a commit.
func (c *commit) sources() ([]source, error) {
	d := decoder{b: c.blob}
	all := make([]source, c.files)
	before := ""
	for i := range all {
		all[i].decode(&d, before)
		before = all[i].name
	}
	if d.bad || len(d.b) > 0 {
		return nil, fmt.Errorf("cannot read the trail: %w", errManifest)
	}
	return all, nil
}

// eachFile is sources, without making any: f gets bytes that hold until it
// returns.
func (c *commit) eachFile(f func(name, version []byte, size int64, unread bool)) error {
	d := decoder{b: c.blob}
	var name []byte
	for range c.files {
		shared := d.uint()
		if shared > uint64(len(name)) {
			d.fail()
			break
		}
		name = append(name[:shared], d.bytes()...)
		version, size := d.bytes(), d.int()
		d.int()
		d.take(32)
		d.bytes()
		unread := d.uint()&2 != 0
		d.uint32()
		d.uint32()
		d.int()
		for range d.count() {
			d.int()
			d.uint32()
			d.bytes()
			d.uint()
		}
		if d.bad {
			break
		}
		f(name, version, size, unread)
	}
	if d.bad || len(d.b) > 0 {
		return fmt.Errorf("cannot read the trail: %w", errManifest)
	}
	return nil
}

func (s *source) delivered() time.Time {
	if s.at == 0 {
		return time.Time{}
	}
	return time.Unix(s.at, 0).UTC()
}

// appendSynced writes b at offset at of a file that has just that length, and
// returns when it is on the disk.
func appendSynced(f *os.File, at int64, b []byte) error {
	if _, err := f.WriteAt(b, at); err != nil {
		return err
	}
	return f.Sync()
}

// openLog opens a log for appending behind its first whole bytes; what is
// beyond them is cut off.
func openLog(dir, name string, whole int64) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_RDWR, fileMode)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() > whole {
		err = f.Truncate(whole)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
