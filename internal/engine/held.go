package engine

import (
	"context"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
	"cordon/internal/report"
)

// held lists what the case stopped, has since put back to what it was and still
// holds: it does not run, and only its owner says when it shall.
func (s *Session) held(ctx context.Context) (out []report.Held, err error) {
	past, err := journalled(ctx, s.Case, s.now())
	if err != nil {
		return nil, err
	}
	for _, c := range standing(past, UndoOptions{All: true}) {
		target, err := decode[fact.Resource](c.first.Target)
		if v, known := s.verb(target.Kind, c.first.Verb); err != nil || !known || v.For != kind.Disable || !s.mended(past, c) {
			continue
		}
		_, reason, err := s.undoing(ctx, c, map[string]undone{})
		if err != nil {
			return nil, err
		}
		if reason == "" { // else what was put back has ended it
			out = append(out, report.Held{Action: c.first.Action, Verb: c.first.Verb, Target: finding.Target{Ref: target.Ref, ARN: target.ARN}})
		}
	}
	return out, nil
}

// mended says whether the target of a change was put back after it to what it
// was, with nothing of what other plans were to do to it left undone. What failed
// or was skipped has no target in its record: an action's id tells.
func (s *Session) mended(past []journal.Record, c change) bool {
	target, err := decode[fact.Resource](c.first.Target)
	if err != nil {
		return false
	}
	back, left := map[string]bool{}, map[string]bool{}
	for _, r := range past[min(c.first.Seq+1, len(past)):] {
		if r.Step == journal.Undone {
			delete(back, r.Of)
		}
		if r.Of != "" || r.Plan == c.first.Plan || r.Action != plan.ActionID(target.Ref, r.Verb, false) {
			continue
		}
		switch v, known := s.verb(target.Kind, r.Verb); {
		case known && v.For == kind.Copy: // mends nothing
		case r.Step == journal.Verified:
			delete(left, r.Action)
			if known && v.For == kind.Restore {
				back[r.Plan+"/"+r.Action] = true
			}
		case r.Step == journal.Skipped && r.Reason == "already": // it shows all the same
			delete(left, r.Action)
		case r.Step == journal.Skipped || r.Step == journal.Failed:
			left[r.Action] = true
		}
	}
	return len(back) > 0 && len(left) == 0
}

func (s *Session) verb(k fact.Kind, name string) (kind.Bound, bool) {
	known, ok := s.kind(k)
	if !ok {
		return kind.Bound{}, false
	}
	return known.Verb(name)
}
