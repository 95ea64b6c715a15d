package engine

import (
	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
	"cordon/internal/report"
)

// held lists what a plan put back to what it was and what an earlier plan of
// the case stopped: it does not run yet, and only its owner says when. Steps
// that ended verified are in ended; past is the journal before the plan.
func (s *Session) held(p plan.Plan, past []journal.Record, ended map[string]bool) (out []report.Held) {
	mended := map[fact.Ref]bool{}
	for _, a := range p.Actions {
		if v, known := s.verb(a.Target.Kind, a.Verb); known && v.For == kind.Restore && ended[a.ID] && a.Undoes == nil {
			mended[a.Target.Ref] = true
		}
	}
	for _, a := range p.Actions { // what is left to be put back is not for running
		if !ended[a.ID] {
			delete(mended, a.Target.Ref)
		}
	}
	for _, c := range standing(past, UndoOptions{All: true}) {
		target, err := decode[fact.Resource](c.first.Target)
		v, known := s.verb(target.Kind, c.first.Verb)
		if err == nil && known && v.For == kind.Disable && mended[target.Ref] {
			out = append(out, report.Held{
				Action: c.first.Action, Verb: c.first.Verb,
				Target: finding.Target{Ref: target.Ref, ARN: target.ARN},
			})
		}
	}
	return out
}

func (s *Session) verb(k fact.Kind, name string) (kind.Bound, bool) {
	known, ok := s.kind(k)
	if !ok {
		return kind.Bound{}, false
	}
	return known.Verb(name)
}
