package engine

import (
	"errors"
	"fmt"
	"path/filepath"

	"cordon/internal/baseline"
	"cordon/internal/fact"
	"cordon/internal/judge"
	"cordon/internal/playbook"
)

// judgeWhose writes into the snapshot whose each resource is held to be. A
// baseline counts only when it is older than the incident: a later one holds
// the intruder's own things.
func (s *Session) judgeWhose(snap *fact.Snapshot, marks map[fact.Ref]playbook.Mark) error {
	in := judge.Input{Snapshot: *snap, Marks: marks}
	b, err := s.baseline(snap)
	if err != nil {
		return err
	}
	if b != nil {
		in.Baseline = func(r fact.Resource) (there, same bool) {
			was, known := b.Find(r)
			if !known {
				return false, false
			}
			return true, len(baseline.Differs(was, r)) == 0
		}
	}
	judge.All(in)
	return nil
}

// baseline is the saved one of this account, if there is one that is older than
// the incident; nil otherwise.
func (s *Session) baseline(snap *fact.Snapshot) (*baseline.Baseline, error) {
	b, err := baseline.Load(s.baselinePath())
	if errors.Is(err, baseline.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if b.Account != snap.Account {
		return nil, fmt.Errorf("cannot use the baseline: it is of account %s", b.Account)
	}
	if snap.Since.IsZero() || !b.At.Before(snap.Since) {
		return nil, nil
	}
	return &b, nil
}

func (s *Session) baselinePath() string {
	return baseline.Path(filepath.Dir(s.Case.Dir), s.Case.Account)
}
