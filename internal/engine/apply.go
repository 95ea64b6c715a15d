package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/awsapi"
	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/gate"
	"cordon/internal/journal"
	"cordon/internal/plan"
	"cordon/internal/report"
)

// Apply runs an approved plan, or goes on with one that was interrupted. The
// approvals are the case's.
func (s *Session) Apply(ctx context.Context, p plan.Plan) (report.Applied, error) {
	if s.Write == nil {
		return report.Applied{}, errors.New("cannot apply the plan: this session only looks")
	}
	if err := s.fits(); err != nil {
		return report.Applied{}, err
	}
	free, err := s.lock("apply")
	if err != nil {
		return report.Applied{}, err
	}
	defer free()
	ok, err := approved(s.Case, p, s.Account.Clock())
	if err != nil {
		return report.Applied{}, err
	}
	log, past, err := journal.Open(ctx, journalStore(s.Case.Journal()), s.now)
	if err != nil {
		return report.Applied{}, err
	}
	store, err := s.evidence(true)
	if err != nil {
		return report.Applied{}, err
	}
	g := &gate.Gate{
		Kinds: s.kind, Journal: log, Past: past,
		Read:     s.read,
		Write:    func(at fact.Place, needs []string) aws.Config { return s.Write(at.Region, needs) },
		Live:     func(ctx context.Context) (gate.Live, error) { return s.live(ctx, p.Ward.Admins) },
		Now:      s.Account.Clock,
		Wait:     s.wait,
		Verified: evidenced(ctx, store),
	}
	telling := s.teller(p)
	g.Tell = telling.tell
	result, err := g.Apply(ctx, ok)
	if err != nil {
		var m *gate.Misfit
		if errors.As(err, &m) {
			return report.Applied{}, refuse(m.Reason, m, "want", m.Want, "have", m.Have)
		}
		return report.Applied{}, err
	}
	seq, head := log.Head()
	sum := report.Applied{
		Digest: p.Digest(), Kind: p.Type, Verified: result.Verified, Undone: result.Undone, Skipped: result.Skipped,
		Failed: result.Failed, Untouched: result.Untouched, Reapplied: result.Reapplied, Chain: result.Chain,
		ElapsedMS: result.Wall.Milliseconds(), Interrupted: result.Interrupted,
		JournalHead: head, JournalSeq: seq, Journal: s.Case.Journal(), Calls: s.Account.Calls(),
	}
	for _, a := range p.Actions {
		if a.Class == plan.Person {
			sum.People++
		}
	}
	sum.Skipped -= sum.People
	return sum, errors.Join(telling.err, s.Out.Handle(sum))
}

// journalStore is a variable so that tests can kill the process at a line.
var journalStore = func(path string) journal.Store { return journal.NewFile(path) }

func evidenced(ctx context.Context, store *evidence.Store) func([]string) error {
	return func(ids []string) error {
		for _, id := range ids {
			if _, err := store.Get(ctx, evidence.ID(id)); err != nil && !errors.Is(err, evidence.ErrSealed) {
				return fmt.Errorf("cannot verify the evidence %s: %w", id, err)
			}
		}
		return nil
	}
}

// A teller turns the gate's events into messages.
type teller struct {
	s       *Session
	numbers map[string]int
	of      int
	err     error
}

func (s *Session) teller(p plan.Plan) *teller {
	t := &teller{s: s, numbers: map[string]int{}, of: len(p.Actions)}
	for i, a := range p.Actions {
		t.numbers[a.ID] = i + 1
	}
	return t
}

var stepNames = map[journal.Step]string{
	journal.Doing: "start", journal.Again: "again", journal.Done: "done", journal.Verified: "verified",
	journal.Skipped: "skipped", journal.Failed: "failed", journal.Undoing: "start", journal.Undone: "undone",
}

func (t *teller) tell(e gate.Event) {
	m := report.Step{
		ID: e.Action.ID, Number: t.numbers[e.Action.ID], Of: t.of, Verb: e.Action.Verb,
		Target: finding.Target{Ref: e.Action.Target.Ref, ARN: e.Action.Target.ARN},
		Step:   stepNames[e.Step], Undoes: e.Action.Undoes != nil, Reason: e.Reason, ElapsedMS: e.After.Milliseconds(),
	}
	if e.Err != nil {
		m.Code, m.Err = awsapi.Code(e.Err), awsapi.Why(e.Err)
	}
	t.err = errors.Join(t.err, t.s.Out.Handle(m))
}

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
	t, err := LoadTriage(s.Case)
	if err != nil {
		return plan.Plan{}, err
	}
	_, past, err := journal.Open(ctx, journalStore(s.Case.Journal()), s.now)
	if err != nil {
		return plan.Plan{}, err
	}
	p := s.newPlan(plan.Undo, t)
	p.Reopens = o.EvenIfExposed
	if p.Ward, err = s.ward(ctx, admins(t.Snapshot)); err != nil {
		return plan.Plan{}, err
	}
	for _, u := range standing(past, o) {
		a, reason, err := s.undoing(ctx, u)
		if err != nil {
			return plan.Plan{}, err
		}
		if reason == "" && a.Exposed && !o.EvenIfExposed {
			reason = "exposed"
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
	return p, savePlan(s.Case, p)
}

// A change is one journalled action that has not been taken back.
type change struct {
	first journal.Record // its first "doing": the state before
	after journal.Record // its last "verified", if any
}

// standing lists what the journal shows as begun and not undone, newest first.
// An action begun and never ended counts: it may have happened.
func standing(past []journal.Record, o UndoOptions) (out []change) {
	byKey, undone, order := map[string]*change{}, map[string]bool{}, []string(nil)
	lastPlan := ""
	for _, r := range past {
		key := r.Plan + "/" + r.Action
		switch r.Step {
		case journal.Doing:
			if r.Of == "" && byKey[key] == nil {
				byKey[key] = &change{first: r}
				order = append(order, key)
				lastPlan = r.Plan
			}
		case journal.Verified:
			if c := byKey[key]; c != nil {
				c.after = r
			}
		case journal.Undone:
			undone[r.Of] = true
		}
	}
	for i := len(order) - 1; i >= 0; i-- {
		c := byKey[order[i]]
		switch {
		case undone[order[i]]:
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

// undoing makes the action that takes a change back, and reads whether the
// account still shows what cordon left.
func (s *Session) undoing(ctx context.Context, c change) (plan.Action, string, error) {
	target, err := decode[fact.Resource](c.first.Target)
	if err != nil {
		return plan.Action{}, "", fmt.Errorf("cannot read the journal: the target of line %d: %w", c.first.Seq+1, err)
	}
	a := plan.Act(target, c.first.Verb, plan.Class(c.first.Class))
	a.ID = plan.ActionID(target.Ref, c.first.Plan+" "+c.first.Verb, true)
	a.Exposed = c.first.Exposed
	a.Undoes = &plan.Undoes{Plan: c.first.Plan, Action: c.first.Action, At: c.first.Ordered, Prior: c.first.Prior}
	a.Lane = string(target.Kind) + "/" + target.ID
	k, ok := s.kind(target.Kind)
	if !ok {
		return a, "refused", nil
	}
	verb, ok := k.Verb(c.first.Verb)
	if !ok || !verb.Undoable {
		return a, "refused", nil
	}
	now, err := verb.Prior(ctx, s.read(target.Place, verb.Needs), target)
	switch {
	case err != nil && ctx.Err() != nil:
		return a, "", ctx.Err()
	case err != nil && awsapi.Classify(err) == awsapi.NotFound:
		return a, "gone", nil
	case err != nil:
		return a, "unread." + string(awsapi.Classify(err)), nil
	case plan.Same(now, c.first.Prior):
		return a, "already", nil
	case len(c.after.After) > 0 && !plan.Same(now, c.after.After):
		return a, "changed-since", nil
	}
	a.Planned = now
	return a, "", nil
}
