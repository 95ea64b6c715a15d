package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"cordon/internal/durable"
	"cordon/internal/event"
	"cordon/internal/report"
	"cordon/internal/trail"
	"cordon/internal/trail/shape"
	"cordon/internal/trail/source"
)

// ImportOptions say what to import.
type ImportOptions struct {
	Paths    []string  // files and folders, absolute
	Buckets  []string  // s3://bucket/prefix
	Stdin    io.Reader // nil: not asked for
	History  bool      // ask the live event history
	Accounts []string
	Regions  []string
	From, To time.Time
	Session  *Session // for buckets and the history
}

func (o ImportOptions) only() source.Only {
	return source.Only{Accounts: o.Accounts, Regions: o.Regions, From: o.From, To: o.To}
}

// Import reads what is new into the case's record of events.
func (a *Archive) Import(ctx context.Context, o ImportOptions) error {
	if o.History && a.Case.Recipient != "" { // hours of asking for what cannot be read again
		return refuse("history-sealed", nil)
	}
	began := a.now()
	var (
		all, list []trail.File
		notes     []source.Damage
		amiss     error
		done      report.Imported
		listing   sync.WaitGroup
	)
	listing.Go(func() { list, notes, amiss = listed(o.Paths, o.only()) }) // while the store is opened
	store, err := a.events()
	if listing.Wait(); err != nil {
		return err
	}
	if amiss != nil {
		return amiss
	}
	skipped(&done, notes)
	all = append(all, list...)
	if o.Stdin != nil {
		f, err := a.spooled(o.Stdin)
		if err != nil {
			return err
		}
		all = append(all, f)
	}
	var lists []bucketList
	for _, b := range o.Buckets {
		l, err := a.inBucket(ctx, b, o, &done)
		if err != nil {
			return err
		}
		all, lists = append(all, l.files...), append(lists, l)
	}
	note := a.asking(o)
	note.Unlisted = slices.Clone(done.Damaged) // only what was listed has been looked at
	if o.History {
		if err := a.askHistory(ctx, o, &note); err != nil {
			return err
		}
	}
	if known := len(o.Buckets) > 0 && a.marked(o.Buckets); len(all) == 0 && !o.History && !known {
		return refuse("no-files", nil)
	}
	kept, sealed, err := a.kept()
	if sealed > 0 {
		done.Damaged = append(done.Damaged, report.Damage{File: "evidence", Count: sealed, Why: "answers of the event history that are encrypted and cannot be read here"})
	}
	if err == nil {
		kept, err = store.New(kept) // what a triage asked for, and this import
	}
	if err != nil {
		return err
	}
	all = append(all, kept...)
	got, err := store.Import(ctx, all, a.files(), a.options(func(n, total int, events uint64) {
		// Progress may be lost: a full disk shows in what follows it.
		_ = a.Out.Handle(report.Progress{Step: "importing", Done: n, Total: total, What: fmt.Sprint(events)})
	}))
	if err != nil {
		return err
	}
	if err := listedTo(lists, store); err != nil {
		return err
	}
	if err := a.remember(o); err != nil {
		return err
	}
	if err := a.noteAsked(note); err != nil {
		return err
	}
	a.received(&done, store, got)
	done.ElapsedMS = a.now().Sub(began).Milliseconds()
	return a.Out.Handle(done)
}

func (a *Archive) received(done *report.Imported, store *trail.Store, got trail.Receipt) {
	done.Files, done.New, done.Known, done.Events, done.Duplicates = got.Files, got.New, got.Files-got.New, got.Events, got.Duplicates
	done.Bytes, done.Shapes, done.First, done.Last = got.Stored, got.ByShape, got.First, got.Last
	for _, d := range got.Damaged {
		m := report.Damage{File: d.File, Offset: d.Offset, Count: d.Count, Why: d.Why}
		if d.Note {
			done.Skipped = append(done.Skipped, m)
		} else {
			done.Damaged = append(done.Damaged, m)
		}
	}
	if a.Rules == nil {
		return
	}
	done.Rules = a.Rules.Len()
	hits, _ := store.Hits(a.Rules.digest)
	for range hits {
		done.RuleHits++
	}
}

// importKept takes in what the case keeps as evidence and the store does not
// hold yet: the answers of LookupEvents that a triage asked for. It says how
// many of them are encrypted and cannot be read here.
func (a *Archive) importKept(ctx context.Context) (sealed int, err error) {
	kept, sealed, err := a.kept()
	if err != nil || len(kept) == 0 {
		return sealed, err
	}
	store, err := a.events()
	if err != nil {
		return sealed, err
	}
	if kept, err = store.New(kept); err != nil || len(kept) == 0 {
		return sealed, err
	}
	if !a.Case.HasLock() {
		if err := a.Case.Lock("investigate", a.now()); err != nil {
			return sealed, err
		}
		defer func() { _ = a.Case.Unlock() }()
	}
	_, err = store.Import(ctx, kept, a.files(), a.options(nil))
	return sealed, err
}

// kept lists the answers of LookupEvents in the evidence, and counts those that
// are encrypted.
func (a *Archive) kept() (all []trail.File, sealed int, err error) {
	if _, err := os.Stat(a.Case.Evidence()); errors.Is(err, os.ErrNotExist) {
		return nil, 0, nil
	}
	held, err := a.evidence()
	if err != nil {
		return nil, 0, err
	}
	for _, e := range held.List() {
		switch {
		case e.Kind != "cloudtrail.events":
		case e.Encrypted:
			sealed++
		default:
			all = append(all, trail.File{Name: inEvidence + string(e.ID), Size: e.Size, Version: string(e.ID), At: e.Taken})
		}
	}
	return all, sealed, nil
}

// spooled copies standard input into the case, under its hash: a record must
// be there to be read again.
func (a *Archive) spooled(in io.Reader) (trail.File, error) {
	fail := func(err error) (trail.File, error) {
		return trail.File{}, fmt.Errorf("cannot keep standard input: %w", err)
	}
	if err := durable.MkdirAll(a.spool()); err != nil {
		return fail(err)
	}
	f, err := os.CreateTemp(a.spool(), "new-")
	if err != nil {
		return fail(err)
	}
	defer os.Remove(f.Name()) // gone once it is renamed
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, hash), in)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fail(err)
	}
	name := hex.EncodeToString(hash.Sum(nil))
	if err := os.Rename(f.Name(), filepath.Join(a.spool(), name)); err != nil {
		return fail(err)
	}
	return trail.File{Name: inSpool + name, Size: n, Version: name}, durable.SyncDir(a.spool())
}

// AccountOf reads the account and the partition that the first readable record
// of these files names.
func AccountOf(ctx context.Context, paths []string) (account, partition string, err error) {
	files, _, err := listed(paths, source.Only{})
	if err != nil {
		return "", "", err
	}
	if len(files) == 0 {
		return "", "", refuse("no-files", nil)
	}
	account, partition = "unknown", "aws" // records without an account are records too
	for i, f := range files {
		if i == 50 || ctx.Err() != nil {
			break
		}
		e, ok := firstEvent(f.Name)
		if !ok {
			continue
		}
		switch {
		case strings.HasPrefix(e.Region, "cn-"):
			partition = "aws-cn"
		case strings.HasPrefix(e.Region, "us-gov-"):
			partition = "aws-us-gov"
		}
		if e.Account != "" {
			return e.Account, partition, nil
		}
	}
	return account, partition, ctx.Err()
}

// listed lists files; a path that is not there is refused in words.
func listed(paths []string, only source.Only) ([]trail.File, []source.Damage, error) {
	for _, p := range paths {
		if _, err := os.Stat(p); errors.Is(err, os.ErrNotExist) {
			return nil, nil, refuse("no-such-path", err, "path", p)
		}
	}
	return source.Local(paths, only)
}

func firstEvent(name string) (e event.Event, ok bool) {
	f, err := os.Open(name)
	if err != nil {
		return e, false
	}
	defer f.Close()
	plain, _, err := shape.Open(f)
	if err != nil {
		return e, false
	}
	r, err := shape.NewSniffed(name, plain)
	if err != nil {
		return e, false
	}
	for range 100 {
		item, err := r.Next()
		if err != nil {
			return e, ok
		}
		if item.Damage != nil {
			continue
		}
		if e, err = event.Parse(item.Record); err == nil {
			ok = true
			if e.Account != "" {
				return e, true
			}
		}
	}
	return e, ok
}

// quiet is how long nothing at all must be recorded to be worth telling: accounts
// have hours without any call, rarely days.
const quiet = 24 * time.Hour

// Status tells what the store holds and what it cannot tell.
func (a *Archive) Status(ctx context.Context) error {
	sealed, err := a.importKept(ctx)
	if err != nil {
		return err
	}
	s, err := a.events()
	if err != nil {
		return err
	}
	st, err := s.Status()
	if err != nil {
		return err
	}
	m := report.TrailStatus{Files: st.Files, Events: st.Events, Bytes: st.Disk, First: st.First, Last: st.Last, Rules: strings.Join(st.Rules, " ")}
	for _, p := range st.Places {
		m.Places = append(m.Places, report.Reach{Account: p.Account, Region: p.Region, Events: int(p.Count), First: p.First, Last: p.Last})
	}
	if sealed > 0 {
		m.Gaps = append(m.Gaps, report.RecordGap{Why: "sealed", Detail: fmt.Sprint(sealed)})
	}
	a.near = true
	known, err := a.storeGaps(ctx, s, st, func(event.Event, error) {}) // what is gone answers from columns
	a.near = false
	if err != nil {
		return err
	}
	m.Gaps = append(m.Gaps, known...)
	for _, d := range st.Damaged {
		m.Damaged = append(m.Damaged, report.Damage{File: d.File, Offset: d.Offset, Count: d.Count, Why: d.Why})
	}
	v, err := a.verified()
	if err != nil {
		return err
	}
	if v != nil {
		m.Verified = &v.TrailVerified
	}
	return a.Out.Handle(m)
}
