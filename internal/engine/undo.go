package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// UndoOptions choose what to take back. Nothing chosen is the last plan.
type UndoOptions struct {
	All, Last bool
	Actions   []string // action ids, targets or verbs
	Since     time.Time
	// EvenIfExposed re-opens what is held to be the intruder's.
	EvenIfExposed bool
}

// PlanUndo makes the plan that takes changes back, newest first, from the
// journal. What somebody else changed since, and what is exposed, is listed as
// refused with its reason.
func (s *Session) PlanUndo(ctx context.Context, o UndoOptions) (plan.Plan, error) {
	if err := s.fits(); err != nil {
		return plan.Plan{}, err
	}
	free, err := s.lock("plan undo")
	if err != nil {
		return plan.Plan{}, err
	}
	defer free()
	t, _, err := triaged(s.Case) // what was changed without one can be taken back too
	if err != nil {
		return plan.Plan{}, err
	}
	_, past, err := journal.Open(ctx, journalStore(s.Case.Journal()), s.now)
	if err != nil {
		return plan.Plan{}, err
	}
	p := s.newPlan(plan.Undo, t)
	p.Reopens = o.EvenIfExposed
	if p.Ward, err = s.ward(ctx, admins(t.Snapshot, nil)); err != nil {
		return plan.Plan{}, err
	}
	held, err := s.holdOf(t)
	if err != nil {
		return plan.Plan{}, err
	}
	newer := map[string]undone{}
	for _, u := range standing(past, o) {
		a, reason, err := s.undoing(ctx, u, newer)
		if err != nil {
			return plan.Plan{}, err
		}
		a.Exposed = a.Exposed && !s.mended(past, u) || held.reopens(a)
		if reason == "" && a.Exposed && !o.EvenIfExposed {
			reason = "exposed"
		}
		switch reason {
		case "":
			newer[stateOf(a)] = undone{state: a.Undoes.Prior, after: []string{a.ID}}
		case "already":
			newer[stateOf(a)] = undone{state: a.Planned, after: a.After}
		default:
			newer[stateOf(a)] = undone{reason: reason}
		}
		if reason != "" {
			p.Refused = append(p.Refused, plan.Refusal{Action: a, Reason: reason})
			continue
		}
		p.Actions = append(p.Actions, a)
	}
	var refused []plan.Refusal
	p.Actions, refused = plan.Guard(p.Actions, p.Ward)
	p.Refused = append(p.Refused, refused...)
	if len(p.Actions) == 0 {
		return p, refuse("nothing-to-do", nil)
	}
	p.Org = s.orgOf(p.Actions)
	return p, savePlan(s.Case, p)
}

// A change is one journalled action that has not been taken back.
type change struct {
	first journal.Record // its first "doing": the state before
	after journal.Record // its last "verified", or what it left when it failed
}

// standing lists what the journal shows as begun and not undone, newest first.
// An action begun and never ended counts: it may have happened.
func standing(past []journal.Record, o UndoOptions) (out []change) {
	byKey, order := map[string]*change{}, []*change(nil)
	lastPlan := ""
	for _, r := range past {
		key := r.Plan + "/" + r.Action
		switch r.Step {
		case journal.Doing:
			if r.Of == "" && byKey[key] == nil {
				byKey[key] = &change{first: r}
				order = append(order, byKey[key])
				lastPlan = r.Plan
			}
		case journal.Verified, journal.Failed: // a change may have failed half-way
			if c := byKey[key]; c != nil && (r.Step == journal.Verified || len(r.After) > 0) {
				c.after = r
			}
		case journal.Undone: // it may be done once more after that
			order = slices.DeleteFunc(order, func(c *change) bool { return c == byKey[r.Of] })
			delete(byKey, r.Of)
		}
	}
	for i := len(order) - 1; i >= 0; i-- {
		c := order[i]
		switch {
		case len(o.Actions) > 0 && !c.named(o.Actions):
		case !o.Since.IsZero() && c.first.At.Before(o.Since):
		case o.All || len(o.Actions) > 0 || !o.Since.IsZero() || c.first.Plan == lastPlan:
			out = append(out, *c)
		}
	}
	return out
}

func (c change) named(names []string) bool {
	target, _ := decode[fact.Resource](c.first.Target)
	for _, n := range names {
		if strings.HasPrefix(c.first.Action, n) || n == c.first.Verb || n == target.ID || n == target.ARN {
			return true
		}
	}
	return false
}

// undone is what an undo plan leaves of one state, as far as it is made: newer
// changes of the same state come first.
type undone struct {
	state  json.RawMessage
	after  []string // the action that leaves it so
	reason string   // why the newer change is not taken back
}

// stateOf names the state that an action changes.
func stateOf(a plan.Action) string { return a.Target.Ref.String() + " " + a.Verb }

// undoing makes the action that takes a change back, and reads whether the
// account still shows what cordon left. Of two changes of the same state, the
// older is taken back after the newer, and not without it.
func (s *Session) undoing(ctx context.Context, c change, newer map[string]undone) (plan.Action, string, error) {
	target, err := decode[fact.Resource](c.first.Target)
	if err != nil {
		return plan.Action{}, "", fmt.Errorf("cannot read the journal: the target of line %d: %w", c.first.Seq+1, err)
	}
	a := plan.Act(target, c.first.Verb, plan.Class(c.first.Class))
	a.ID = plan.ActionID(target.Ref, c.first.Plan+" "+c.first.Verb, true)
	a.Exposed = c.first.Exposed
	a.Undoes = &plan.Undoes{Plan: c.first.Plan, Action: c.first.Action, At: c.first.Ordered, Prior: c.first.Prior}
	a.Lane = string(target.Kind) + "/" + target.ID
	if !s.holds(target.Place) {
		return a, "org", nil
	}
	k, ok := s.kind(target.Kind)
	if !ok {
		return a, "refused", nil
	}
	verb, ok := k.Verb(c.first.Verb)
	if !ok || !verb.Undoable {
		return a, "refused", nil
	}
	cfg := s.read(target.Place, verb.Needs)
	now, err := verb.Prior(ctx, cfg, target)
	if err != nil {
		return s.unread(ctx, a, err)
	}
	if n, stacked := newer[stateOf(a)]; stacked {
		if n.reason != "" {
			return a, n.reason, nil
		}
		now, a.After = n.state, n.after
	}
	a.Planned = now
	if plan.Same(now, c.first.Prior) {
		return a, "already", nil
	}
	if len(c.after.After) > 0 {
		if !plan.Same(now, c.after.After) {
			return a, "changed-since", nil
		}
		return a, "", nil
	}
	// Never verified: what cordon left was not read, only whether it shows now.
	done, err := verb.Done(ctx, cfg, kind.Job{Resource: target, At: c.first.Ordered, Case: s.Case.ID})
	if err != nil {
		return s.unread(ctx, a, err)
	}
	if !done {
		return a, "changed-since", nil
	}
	return a, "", nil
}

func (s *Session) unread(ctx context.Context, a plan.Action, err error) (plan.Action, string, error) {
	switch {
	case ctx.Err() != nil:
		return a, "", ctx.Err()
	case errors.Is(err, kind.ErrGone) || awsapi.Classify(err) == awsapi.NotFound:
		return a, "gone", nil
	}
	return a, "unread." + string(awsapi.Classify(err)), nil
}
