package engine

import (
	"context"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/journal"
	"cordon/internal/kind"
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
// was, with nothing of that plan left undone.
func (s *Session) mended(past []journal.Record, c change) bool {
	target, err := decode[fact.Resource](c.first.Target)
	if err != nil {
		return false
	}
	back, left := false, ""
	for _, r := range past[min(c.first.Seq+1, len(past)):] {
		to, err := decode[fact.Resource](r.Target)
		if r.Of != "" || r.Plan == c.first.Plan || err != nil || to.Ref != target.Ref {
			continue
		}
		v, known := s.verb(to.Kind, r.Verb)
		switch {
		case r.Step == journal.Verified:
			back = back || known && v.For == kind.Restore
			if left == r.Action {
				left = ""
			}
		case r.Step == journal.Skipped || r.Step == journal.Failed:
			left = r.Action
		}
	}
	return back && left == ""
}

func (s *Session) verb(k fact.Kind, name string) (kind.Bound, bool) {
	known, ok := s.kind(k)
	if !ok {
		return kind.Bound{}, false
	}
	return known.Verb(name)
}
