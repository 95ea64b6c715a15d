package engine

import (
	"context"
	"fmt"

	"cordon/internal/baseline"
	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/report"
)

// SaveBaseline lists the whole account and saves what it is: to be compared
// with, and put back from, when something happens. Path "" is the account's own
// place beside the cases.
func (s *Session) SaveBaseline(ctx context.Context, path string) error {
	snap, err := s.look(ctx)
	if err != nil {
		return err
	}
	if path == "" {
		path = s.baselinePath()
	}
	b := baseline.Baseline{
		V: 1, At: snap.At, By: s.Account.Caller.ARN, Tool: s.Version, Account: snap.Account, Partition: snap.Partition,
		Resources: snap.Resources, Readings: snap.Readings,
	}
	digest, err := baseline.Save(path, b)
	if err != nil {
		return err
	}
	m := told(b, path)
	m.Digest, m.Saved = digest, true
	return s.Out.Handle(m)
}

func told(b baseline.Baseline, path string) report.Baseline {
	m := report.Baseline{Account: b.Account, At: b.At, By: b.By, File: path, Resources: len(b.Resources)}
	for _, r := range b.Readings {
		if !r.OK() && r.State != fact.Closed {
			m.Gaps++
		}
	}
	return m
}

// DiffBaseline lists the account and tells what is not as the baseline has it.
// What either listing did not read is neither new nor gone; it is a gap.
func (s *Session) DiffBaseline(ctx context.Context, path string) error {
	if path == "" {
		path = s.baselinePath()
	}
	b, err := baseline.Load(path)
	if err != nil {
		return refuse("no-baseline", err, "file", path)
	}
	if b.Account != s.Account.Caller.Account {
		return refuse("baseline-account", fmt.Errorf("cannot compare: the baseline is of account %s", b.Account), "want", b.Account, "have", s.Account.Caller.Account)
	}
	snap, err := s.look(ctx)
	if err != nil {
		return err
	}
	if err := s.Out.Handle(told(b, path)); err != nil {
		return err
	}
	for _, r := range snap.Readings {
		if !r.OK() {
			if err := s.Out.Handle(report.NewGap(r)); err != nil {
				return err
			}
		}
	}
	var sum report.Compared
	for _, c := range b.Diff(snap) {
		switch c.How {
		case "new":
			sum.New++
		case "gone":
			sum.Gone++
		default:
			sum.Changed++
		}
		m := report.Difference{Target: finding.Target{Ref: c.Ref, ARN: c.ARN}, How: c.How, Facts: append([]string{}, c.Facts...), Created: c.Created}
		if err := s.Out.Handle(m); err != nil {
			return err
		}
	}
	return s.Out.Handle(sum)
}

// look lists the whole account without judging it.
func (s *Session) look(ctx context.Context) (fact.Snapshot, error) {
	if err := s.fits(); err != nil {
		return fact.Snapshot{}, err
	}
	regions, err := s.Account.Regions(ctx)
	if err != nil {
		return fact.Snapshot{}, fmt.Errorf("cannot tell which regions the account has: %w", err)
	}
	return s.snapshot(ctx, regions)
}
