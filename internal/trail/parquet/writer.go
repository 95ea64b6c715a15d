// Package parquet exports the trail in the layouts that Athena, Trino, DuckDB
// and Security Lake read.
//
// The format's writer is our own, because what there is cannot be linked: both
// parquet-go and Apache's arrow-go look methods up by name through reflection,
// upon which the linker keeps every operation of the AWS SDK (20 MB become 70
// and 91). It writes what is needed and no more: one row group for each file,
// data pages of version 1, dictionaries, zstd, bounds of every column.
//
// What is exported holds no secrets: bodies come from package event, which takes
// them out.
package parquet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"cordon/internal/durable"
	"cordon/internal/event"
)

// A Layout says which columns there are and which folders they lie in: Athena,
// or OCSF of a source.
type Layout struct {
	name   string
	root   string // the one folder that the export makes in its directory
	tables []table
}

// String is the layout's name: "athena", "ocsf".
func (l Layout) String() string { return l.name }

type table struct {
	rows   func(r *record) bool
	folder func(r *record) string
	fields []node
	sorted string // the column that files are sorted by
}

// Options bound what the writer takes. Zero values are the defaults.
type Options struct {
	Memory  int64  // bytes collected before the largest file is written; 96 MB
	Open    int    // folders collected at the same time; 128
	Rows    int    // of one file; 131,072
	Creator string // goes into every file
}

// A Receipt says what was written.
type Receipt struct {
	Dir         string    `json:"dir"` // the folder that holds all of it
	Layout      string    `json:"layout"`
	Files       int       `json:"files"`
	Events      int64     `json:"events"`
	Bytes       int64     `json:"bytes"`
	Unplaced    int64     `json:"unplaced"` // without an account or region that may stand in a path: under "unknown"
	First, Last time.Time // of events
}

// fileBytes is what one file collects before it is written, unpacked.
const fileBytes = 64 << 20

// A Writer collects events by folder, and writes a file when one is full or
// memory is short. Files lie in a hidden folder until Close gives all of them
// their place at once: an export is there as Close left it or not at all. Not for
// concurrent use.
type Writer struct {
	layout  Layout
	schemas []*schema
	options Options
	dir     string
	staging string
	open    map[string]*part
	files   map[string]int // how many each folder has
	size    int64
	clock   int64
	pager   pager
	receipt Receipt
	missing []byte // what Incomplete was given
	err     error  // the first; nothing is written after it
}

// ErrUsed says that the folder holds an export of this layout.
var ErrUsed = errors.New("is there already")

// NewWriter begins an export in dir, which is made where it does not exist. One
// that already holds an export of this layout is an error.
func NewWriter(dir string, layout Layout, options Options) (*Writer, error) {
	fail := func(err error) (*Writer, error) { return nil, fmt.Errorf("cannot export to %s: %w", dir, err) }
	if len(layout.tables) == 0 {
		return fail(errors.New("no layout was given"))
	}
	if options.Memory <= 0 {
		options.Memory = 96 << 20
	}
	if options.Open <= 0 {
		options.Open = 128
	}
	if options.Rows <= 0 {
		options.Rows = 131072
	}
	if options.Creator == "" {
		options.Creator = "cordon"
	}
	if err := os.MkdirAll(dir, durable.DirMode); err != nil {
		return fail(err)
	}
	if err := vacant(filepath.Join(dir, layout.root)); err != nil {
		return fail(err)
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return fail(err)
	}
	staging, err := os.MkdirTemp(dir, durable.TempPrefix+"export-")
	if err != nil {
		return fail(err)
	}
	w := &Writer{
		layout: layout, options: options, dir: dir, staging: staging, open: map[string]*part{}, files: map[string]int{},
		pager: pager{zstd: enc}, receipt: Receipt{Dir: filepath.Join(dir, layout.root), Layout: layout.name},
	}
	for _, t := range layout.tables {
		w.schemas = append(w.schemas, compile(t.fields))
	}
	return w, nil
}

// vacant is an error where an export, or anything else, stands already. Adding
// to it would count every event twice.
func vacant(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s: %w", path, ErrUsed)
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// Add exports an event. What event.Event does not have (resources, request id,
// category) stays empty: AddRaw knows it.
func (w *Writer) Add(e event.Event) error {
	r := of(e)
	return w.add(&r)
}

// AddRaw exports a record as CloudTrail delivered it. One that cannot be read is
// an error of the record, not of the export: the caller counts it and goes on.
func (w *Writer) AddRaw(raw []byte) error {
	if w.err != nil {
		return w.err
	}
	r, err := read(raw)
	if err != nil {
		return err
	}
	return w.add(&r)
}

func (w *Writer) add(r *record) error {
	if w.err != nil {
		return w.err
	}
	for i, t := range w.layout.tables {
		if t.rows(r) {
			return w.place(i, r)
		}
	}
	return nil
}

func (w *Writer) place(number int, r *record) error {
	t := w.layout.tables[number]
	folder := t.folder(r)
	p := w.open[folder]
	if p == nil {
		if len(w.open) >= w.options.Open {
			if w.flush(w.oldest()); w.err != nil {
				return w.err
			}
		}
		p = newPart(folder, w.schemas[number], t.sorted)
		w.open[folder] = p
	}
	w.clock++
	p.used = w.clock
	w.size += p.add(r)
	w.count(r)
	if p.rows >= w.options.Rows || p.size >= fileBytes {
		w.flush(p)
	} else if w.size > w.options.Memory {
		w.flush(w.largest())
	}
	return w.err
}

func (w *Writer) count(r *record) {
	w.receipt.Events++
	if safe(r.Account) == "unknown" || w.layout.name == "ocsf" && safe(r.Region) == "unknown" {
		w.receipt.Unplaced++
	}
	if w.receipt.First.IsZero() || r.Time.Before(w.receipt.First) {
		w.receipt.First = r.Time
	}
	if r.Time.After(w.receipt.Last) {
		w.receipt.Last = r.Time
	}
}

func (w *Writer) oldest() (p *part) {
	for _, q := range w.open {
		if p == nil || q.used < p.used {
			p = q
		}
	}
	return p
}

func (w *Writer) largest() (p *part) {
	for _, q := range w.open {
		if p == nil || q.size > p.size || q.size == p.size && q.folder < p.folder {
			p = q
		}
	}
	return p
}

// flush writes one file and forgets what it held.
func (w *Writer) flush(p *part) {
	delete(w.open, p.folder)
	w.size -= p.size
	data := p.encode(&w.pager, w.options.Creator)
	dir := filepath.Join(w.staging, w.layout.root, filepath.FromSlash(p.folder))
	name := filepath.Join(dir, fmt.Sprintf("part-%d.parquet", w.files[p.folder]))
	if err := os.MkdirAll(dir, durable.DirMode); err != nil {
		w.err = fmt.Errorf("cannot export to %s: %w", w.dir, err)
		return
	}
	if err := durable.Write(name, data); err != nil {
		w.err = fmt.Errorf("cannot export to %s: %w", w.dir, err)
		return
	}
	w.files[p.folder]++
	w.receipt.Files++
	w.receipt.Bytes += int64(len(data))
}

// Err is why the export itself cannot go on; nil: it can, whatever AddRaw said of
// a record.
func (w *Writer) Err() error { return w.err }

// incomplete is what an export has beside its folders where events are missing.
// Readers of tables pass over names that begin so.
const incomplete = "_INCOMPLETE"

// Incomplete has Close mark the export as one in which events are missing. The
// note says which, for a program.
func (w *Writer) Incomplete(note []byte) { w.missing = note }

// Close writes what is left and puts the export in its place. After an error
// there is none.
func (w *Writer) Close() (Receipt, error) {
	var rest []*part
	for _, p := range w.open {
		rest = append(rest, p)
	}
	slices.SortFunc(rest, func(a, b *part) int { return int(a.used - b.used) })
	for _, p := range rest {
		if w.err == nil {
			w.flush(p)
		}
	}
	staged := filepath.Join(w.staging, w.layout.root)
	if w.err == nil {
		w.err = os.MkdirAll(staged, durable.DirMode) // of no events
	}
	if w.err == nil && w.missing != nil {
		w.err = durable.Write(filepath.Join(staged, incomplete), w.missing)
	}
	if w.err == nil {
		if w.err = vacant(w.receipt.Dir); w.err == nil {
			w.err = os.Rename(staged, w.receipt.Dir)
		}
		if w.err != nil {
			w.err = fmt.Errorf("cannot export to %s: %w", w.dir, w.err)
		}
	}
	if w.err != nil {
		return Receipt{}, errors.Join(w.err, w.Abort())
	}
	return w.receipt, w.Abort()
}

// Abort takes back what was not closed. After Close it does nothing.
func (w *Writer) Abort() error {
	w.open = nil
	if w.err == nil {
		w.err = errors.New("cannot export: the export is closed")
	}
	if err := os.RemoveAll(w.staging); err != nil {
		return fmt.Errorf("cannot clear %s: %w", w.staging, err)
	}
	return nil
}
