package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"cordon/internal/checks"
	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/trail"
)

// A past is the case's record of events: what was imported may reach further
// back than AWS's event history. It answers beside the live history and stands
// for nothing of it. A nil past, of a case without a record, answers nothing.
type past struct {
	archive *Archive
	store   *trail.Store
	account string
	regions []string // empty: all

	mu     sync.Mutex
	live   map[string]bool // events that the live history told
	gone   map[string]lostRecord
	broken error // the record itself could not be asked
}

type lostRecord struct {
	at  time.Time
	why error
}

// openPast opens the record of a case, nil where there is none. One that cannot
// be opened is a past too: it answers nothing and says so.
func (s *Session) openPast(regions []string) *past {
	p := &past{
		archive: &Archive{Case: s.Case, Out: s.Out, Who: s.Who, Now: s.now, Session: s},
		account: s.Account.Caller.Account, regions: regions,
		live: map[string]bool{}, gone: map[string]lostRecord{},
	}
	p.broken = contained(func() (err error) {
		p.store, err = p.archive.events()
		return err
	})
	if p.broken == nil && p.store.Len() == 0 {
		p.close()
		return nil
	}
	return p
}

func (p *past) close() {
	if p != nil {
		_ = p.archive.Close()
	}
}

// told notes what the live history told: of that nothing is lost.
func (p *past) told(events []event.Event) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range events {
		p.live[e.ID] = true
	}
}

// answer reads the account's events that a filter asks for, in the order of time,
// and of which of them the record cannot be read again. What goes wrong is in
// gaps; an error means that the context has ended.
func (p *past) answer(ctx context.Context, f trail.Filter) (events []event.Event, lost map[string]bool, err error) {
	if p == nil || p.store == nil {
		return nil, nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	f.Accounts, lost = []string{p.account}, map[string]bool{}
	if len(f.Regions) == 0 {
		f.Regions = p.regions
	}
	err = contained(func() (err error) {
		events, err = p.archive.read(ctx, f, func(e event.Event, why error) {
			lost[e.ID], p.gone[e.ID] = true, lostRecord{e.Time, why}
		})
		return err
	})
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	p.broken = errors.Join(p.broken, err)
	return events, lost, nil
}

// gaps are the readings of what the record should have told since a time.
func (p *past) gaps(since time.Time) (all []fact.Reading) {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	put := func(why string) {
		all = append(all, fact.Reading{
			Kind: checks.History, Place: fact.Place{Account: p.account, Region: fact.Global}, State: fact.Failed, Why: why,
		})
	}
	if p.broken != nil {
		put("the imported record of events could not be read: " + p.broken.Error())
	}
	var first lostRecord
	n := 0
	for _, id := range slices.Sorted(maps.Keys(p.gone)) {
		r := p.gone[id]
		if p.live[id] || r.at.Before(since) {
			continue
		}
		if n++; n == 1 || r.at.Before(first.at) {
			first = r
		}
	}
	if n > 0 {
		put(fmt.Sprintf("%d imported records could not be read again, the first of %s: %v", n, first.at.UTC().Format(time.RFC3339), first.why))
	}
	return all
}

// reach says what tells of the time before the event history begins; "" where
// nothing does.
func (p *past) reach(begins time.Time) string {
	if p == nil || p.store == nil {
		return ""
	}
	var first, last time.Time
	_ = contained(func() error {
		st, err := p.store.Status()
		for _, place := range st.Places {
			if place.Account != p.account || !place.First.Before(begins) {
				continue
			}
			if first.IsZero() || place.First.Before(first) {
				first = place.First
			}
			if place.Last.After(last) {
				last = place.Last
			}
		}
		return err
	})
	if first.IsZero() {
		return ""
	}
	if last.After(begins) {
		last = begins
	}
	return fmt.Sprintf("; of what was before, only imported records tell, from %s to %s, and they may not be all",
		first.UTC().Format(time.RFC3339), last.UTC().Format(time.RFC3339))
}

// unbroken is from when on, up to until, the record has all that happened in a
// region: from the last day of which it has nothing. Only log files that a trail
// delivered count, as whatever else was imported may have been picked; and where
// any file is damaged or unread nothing does.
func (p *past) unbroken(ctx context.Context, region string, from, until time.Time) (time.Time, error) {
	if p == nil || p.store == nil {
		return until, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	whole, last := from, from
	err := contained(func() error {
		st, err := p.store.Status()
		if err != nil {
			return err
		}
		if st.Unread > 0 || len(st.Damaged) > 0 {
			return errors.New("a file of it is damaged or was not read; what things were before is not taken from it")
		}
		rows, err := p.store.Rows(trail.Filter{Accounts: []string{p.account}, Regions: []string{region}, From: from, To: until})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			name, err := p.store.SourceOf(row)
			if err != nil {
				return err
			}
			if !delivered(name) {
				continue
			}
			e, err := p.store.Light(row)
			if err != nil {
				return err
			}
			if e.Time.Sub(last) >= quiet {
				whole = e.Time
			}
			last = e.Time
		}
		return nil
	})
	if ctx.Err() != nil {
		return until, ctx.Err()
	}
	if err != nil {
		if p.broken == nil {
			p.broken = err
		}
		return until, nil
	}
	if until.Sub(last) >= quiet {
		return until, nil
	}
	return whole, nil
}

// delivered says whether a source has the name of a log file of a trail.
func delivered(source string) bool {
	return strings.Contains(path.Base(source), "_CloudTrail_")
}
