package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"cordon/internal/awsapi"
	"cordon/internal/catalogue"
	"cordon/internal/checks"
	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/incident"
	"cordon/internal/kind"
	"cordon/internal/lineage"
	"cordon/internal/report"
)

// inFlight bounds the listings under way at once.
const inFlight = 64

// TriageOptions say what the owner already knows.
type TriageOptions struct {
	Since     time.Time // when the incident began; zero is not known
	SinceFrom string    // "flag", "case" or ""
}

// A Triage is one look at the whole account and what follows from it.
type Triage struct {
	Header   report.Case       `json:"header"`
	Snapshot fact.Snapshot     `json:"snapshot"`
	Findings []finding.Finding `json:"findings"`
	Summary  report.Summary    `json:"summary"`
	// Ways is how the intruder can still act, as far as the history tells.
	Ways lineage.Graph `json:"ways"`
}

// Triage lists every kind in every region, reads the event history of what is
// held to be the intruder's, judges, saves all of it in the case and tells it.
// It makes reading calls only. What could not be read becomes a gap, never an
// error: an error means that there is no triage.
func (s *Session) Triage(ctx context.Context, o TriageOptions) (Triage, error) {
	if err := s.fits(); err != nil {
		return Triage{}, err
	}
	free, err := s.lock("triage")
	if err != nil {
		return Triage{}, err
	}
	defer free()
	began := s.now()
	regions, err := s.Account.Regions(ctx)
	if err != nil {
		return Triage{}, fmt.Errorf("cannot tell which regions the account has: %w", err)
	}
	t := Triage{Header: s.header(regions, o)}
	if err := s.Out.Handle(t.Header); err != nil {
		return Triage{}, err
	}
	t.Snapshot, err = s.snapshot(ctx, regions)
	if err != nil {
		return Triage{}, err
	}
	t.Snapshot.Since = o.Since
	store, err := s.evidence(false)
	if err != nil {
		return Triage{}, err
	}
	if err := s.trace(ctx, &t, regions, store); err != nil {
		return Triage{}, err
	}
	judgeAdmins(&t.Snapshot)
	marks, _, err := marksFor(s.Case, t.Snapshot)
	if err != nil {
		return Triage{}, err
	}
	if err := s.judgeWhose(&t.Snapshot, marks); err != nil {
		return Triage{}, err
	}
	t.Findings = finding.Run(t.Snapshot, checks.All())
	t.summarise(s, began)
	if err := s.save(t); err != nil {
		return Triage{}, err
	}
	return t, t.tellResults(s.Case, s.Out)
}

func (s *Session) header(regions []awsapi.Region, o TriageOptions) report.Case {
	c := s.Account.Caller
	h := report.Case{
		Case: s.Case.ID, Account: c.Account, Partition: c.Partition, Endpoint: s.Account.Endpoint,
		Caller: c.ARN, Source: c.Source, Since: o.Since, SinceFrom: o.SinceFrom,
	}
	for _, r := range regions {
		h.AllCount++
		switch {
		case !r.Chosen:
			h.Narrowed = true
		case !r.Usable():
			h.Closed = append(h.Closed, r.Name)
		default:
			h.Regions = append(h.Regions, r.Name)
		}
	}
	if due := s.Case.Notice.Due(); !due.IsZero() {
		h.Deadline = &due
	}
	return h
}

// A cell is one listing: one kind in one place.
type cell struct {
	kind kind.Kind
	at   fact.Place
}

// snapshot lists every kind everywhere it should be, at once.
func (s *Session) snapshot(ctx context.Context, regions []awsapi.Region) (fact.Snapshot, error) {
	ctx = kind.WithShared(ctx)
	c := s.Account.Caller
	snap := fact.Snapshot{
		At: s.Account.Clock(), Account: c.Account, Partition: c.Partition, Endpoint: s.Account.Endpoint,
		Expected: map[fact.Kind][]fact.Place{},
	}
	var cells []cell
	for _, k := range s.kinds() {
		if k.Global() {
			at := fact.Place{Account: c.Account, Region: fact.Global}
			snap.Expected[k.Name()] = []fact.Place{at}
			cells = append(cells, cell{k, at})
			continue
		}
		for _, r := range regions {
			at := fact.Place{Account: c.Account, Region: r.Name}
			snap.Expected[k.Name()] = append(snap.Expected[k.Name()], at)
			if reading, shut := unread(k.Name(), at, r); shut {
				snap.Readings = append(snap.Readings, reading)
				continue
			}
			cells = append(cells, cell{k, at})
		}
		if gap, blind := unlisted(k.Name(), c.Account, regions); blind {
			snap.Expected[k.Name()] = append(snap.Expected[k.Name()], gap.Place)
			snap.Readings = append(snap.Readings, gap)
		}
	}
	found := make([][]fact.Resource, len(cells))
	readings := make([]fact.Reading, len(cells))
	var (
		g    errgroup.Group
		mu   sync.Mutex
		done int
	)
	g.SetLimit(inFlight)
	for i, c := range cells {
		g.Go(func() error {
			found[i], readings[i] = s.list(ctx, c)
			mu.Lock()
			defer mu.Unlock()
			done++
			return s.Out.Handle(report.Progress{Step: "listing", Done: done, Total: len(cells), What: string(c.kind.Name()), Region: c.at.Region})
		})
	}
	if err := errors.Join(g.Wait(), ctx.Err()); err != nil {
		return fact.Snapshot{}, fmt.Errorf("cannot finish the triage: %w", err)
	}
	for i := range cells {
		snap.Resources = append(snap.Resources, found[i]...)
		snap.Readings = append(snap.Readings, readings[i])
	}
	handOver(&snap)
	return snap, nil
}

// unread is the receipt for a region that is not asked at all.
func unread(k fact.Kind, at fact.Place, r awsapi.Region) (fact.Reading, bool) {
	switch {
	case !r.Chosen:
		return fact.Reading{Kind: k, Place: at, State: fact.Skipped, Why: "--regions leaves it out"}, true
	case !r.Usable():
		return fact.Reading{Kind: k, Place: at, State: fact.Closed, Why: string(r.Status)}, true
	}
	return fact.Reading{}, false
}

// elsewhere is the place of what may stand in regions that nobody named.
const elsewhere = "elsewhere"

// unlisted is the receipt for the regions that AWS may have and did not tell:
// the tool's own list is as old as the tool.
func unlisted(k fact.Kind, account string, regions []awsapi.Region) (fact.Reading, bool) {
	for _, r := range regions {
		if r.Source != "builtin" || r.Why == "" { // without a reason: named by --regions
			continue
		}
		gap := fact.Reading{
			Kind: k, Place: fact.Place{Account: account, Region: elsewhere}, State: fact.Failed,
			Why: "AWS did not tell its regions (" + r.Why + "); one that is newer than this program was not looked at",
		}
		if len(r.Missing) > 0 {
			gap.State, gap.Permission = fact.Denied, r.Missing[0]
		}
		return gap, true
	}
	return fact.Reading{}, false
}

// list makes one listing. A list that broke off counts for nothing: its
// resources are shown, its reading is not good. Nor is it where one of its calls
// is not offered in a region that answered another.
func (s *Session) list(ctx context.Context, c cell) (out []fact.Resource, _ fact.Reading) {
	ctx, answers := kind.WithAnswers(ctx)
	err := contained(func() error {
		return c.kind.List(ctx, answers.Watch(s.read(c.at, c.kind.Needs())), c.at, func(r fact.Resource) { out = append(out, r) })
	})
	slices.SortFunc(out, func(a, b fact.Resource) int { return strings.Compare(a.ID, b.ID) })
	reading := fact.Reading{Kind: c.kind.Name(), Place: c.at, State: fact.Read, Count: len(out)}
	if err == nil {
		return out, reading
	}
	reading = failed(reading, err)
	if reading.State == fact.Absent && (len(out) > 0 || answers.Any()) && !awsapi.Optional(err) {
		reading.State = fact.Failed
	}
	return out, reading
}

// contained makes a panic an error: one answer that nobody thought of costs
// one reading, not the triage.
func contained(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot make sense of the answer: internal error: %v", p)
		}
	}()
	return f()
}

// failed turns an error into the state it means.
func failed(r fact.Reading, err error) fact.Reading {
	r.Why = awsapi.Why(err)
	switch awsapi.Classify(err) {
	case awsapi.Denied:
		r.State, r.Permission = fact.Denied, awsapi.Permission(err)
	case awsapi.AbsentInRegion:
		r.State = fact.Absent
	default:
		r.State = fact.Failed
	}
	return r
}

func (t *Triage) summarise(s *Session, began time.Time) {
	m := &t.Summary
	m.Calls, m.Retries = s.Account.Calls(), s.Account.Retries()
	m.ElapsedMS = s.now().Sub(began).Milliseconds()
	m.Regions, m.Resources = len(t.Header.Regions), len(t.Snapshot.Resources)
	for _, f := range t.Findings {
		switch f.Outcome {
		case finding.Found:
			m.Found++
		case finding.Clear:
			m.Clear++
		case finding.Unknown:
			m.Unknown++
		}
	}
	for _, r := range t.Snapshot.Readings {
		if !r.OK() {
			m.Gaps++
		}
	}
	running := map[string]bool{}
	for r := range t.Snapshot.Of("ec2.instance") {
		if _, made := fact.Made.Get(r); made && fact.RunState.Or(r, "") == "running" {
			m.Running++
			running[r.Region] = true
		}
	}
	m.RunningIn = len(running)
	m.NotChecked = catalogue.Blind()
}

// save puts the triage into the case.
func (s *Session) save(t Triage) error {
	b, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("cannot save the triage: %w", err)
	}
	if _, err := s.Case.SaveSnapshot(b); err != nil {
		return fmt.Errorf("cannot save the triage: %w", err)
	}
	var lines []byte
	for _, f := range t.Findings {
		b, err := json.Marshal(f)
		if err != nil {
			return fmt.Errorf("cannot save the findings: %w", err)
		}
		lines = append(append(lines, b...), '\n')
	}
	if _, err := s.Case.SaveFindings(lines); err != nil {
		return fmt.Errorf("cannot save the findings: %w", err)
	}
	return nil
}

// Digest identifies the triage that a plan was made from.
func (t Triage) Digest() string {
	b, err := json.Marshal(t)
	if err != nil {
		panic("internal error: triage: " + err.Error())
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// LoadTriage reads the case's last triage; it needs no credentials.
func LoadTriage(c *incident.Case) (Triage, error) {
	b, _, err := c.LoadSnapshot(0)
	if errors.Is(err, incident.ErrNotThere) {
		return Triage{}, refuse("no-triage", err)
	}
	if err != nil {
		return Triage{}, fmt.Errorf("cannot read the last triage: %w", err)
	}
	t, err := decode[Triage](b)
	if err != nil {
		return Triage{}, fmt.Errorf("cannot read the last triage: %w", err)
	}
	return t, nil
}

// triaged is the last triage, where there has been one.
func triaged(c *incident.Case) (t Triage, there bool, err error) {
	t, err = LoadTriage(c)
	var refused *Refused
	if errors.As(err, &refused) && refused.Reason == "no-triage" {
		return Triage{}, false, nil
	}
	return t, err == nil, err
}

// Tell tells a saved triage again, as when it was made.
func (t Triage) Tell(c *incident.Case, out report.Handler) error {
	if err := out.Handle(t.Header); err != nil {
		return err
	}
	return t.tellResults(c, out)
}

func (t Triage) tellResults(c *incident.Case, out report.Handler) error {
	for _, r := range t.Snapshot.Readings {
		if !r.OK() {
			if err := out.Handle(report.NewGap(r)); err != nil {
				return err
			}
		}
	}
	marks, _, err := marksFor(c, t.Snapshot)
	if err != nil {
		return err
	}
	for _, f := range t.Findings {
		m := report.Finding{Finding: f}
		for _, h := range f.Hits {
			if mark, ok := marks[h.Ref]; ok {
				if m.Marks == nil {
					m.Marks = map[string]string{}
				}
				m.Marks[h.Ref.String()] = string(mark)
			}
		}
		if err := out.Handle(m); err != nil {
			return err
		}
	}
	if err := tellLeaks(c, &t.Snapshot, "", out); err != nil {
		return err
	}
	return out.Handle(t.Summary)
}
