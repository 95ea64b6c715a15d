package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"cordon/internal/awsapi"
	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/gate"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
	"cordon/internal/report"
)

// Apply runs an approved plan, or goes on with one that was interrupted. The
// approvals are the case's.
func (s *Session) Apply(ctx context.Context, p plan.Plan) (report.Applied, error) {
	if s.Write == nil {
		return report.Applied{}, errors.New("cannot apply the plan: this session only looks")
	}
	if err := errors.Join(s.fits(), s.reaches(p)); err != nil {
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
		Write:    s.write,
		Live:     func(ctx context.Context) (gate.Live, error) { return s.live(ctx, p.Ward.Admins) },
		Now:      s.Account.Clock,
		Wait:     s.wait,
		Patience: s.Patience,
		Verified: evidenced(ctx, store),
		Sink:     func(ctx context.Context, a plan.Action) (kind.Sink, error) { return openSink(ctx, s, a) },
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
		Failed: result.Failed, Untouched: result.Untouched, Reapplied: result.Reapplied, Waiting: result.Waiting, Chain: result.Chain,
		ElapsedMS: result.Wall.Milliseconds(), Interrupted: result.Interrupted,
		JournalHead: head, JournalSeq: seq, Journal: s.Case.Journal(), Calls: s.Account.Calls(),
	}
	sum.People = telling.people
	if p.Type == plan.Eradicate {
		if sum.Held, err = s.held(ctx); err != nil {
			return sum, err
		}
	}
	sum.Skipped -= sum.People
	return sum, errors.Join(telling.err, s.Out.Handle(sum))
}

// journalStore is a variable so that tests can kill the process at a line.
var journalStore = func(path string) journal.Store { return journal.NewFile(path) }

// evidenced answers what the gate asks before it destroys something: whether the
// evidence named for it is evidence of it, and reads as it was stored.
func evidenced(ctx context.Context, store *evidence.Store) func(fact.Ref, []string) error {
	of := map[string]map[string]bool{}
	for _, e := range store.List() {
		if of[string(e.ID)] == nil {
			of[string(e.ID)] = map[string]bool{}
		}
		of[string(e.ID)][e.Ref] = true
	}
	return func(ref fact.Ref, ids []string) error {
		for _, id := range ids {
			if !of[id][ref.String()] {
				return fmt.Errorf("cannot verify the evidence %s: it is none of %s", id, ref)
			}
			if _, err := store.Get(ctx, evidence.ID(id)); err != nil && !errors.Is(err, evidence.ErrSealed) {
				return fmt.Errorf("cannot verify the evidence %s: %w", id, err)
			}
		}
		return nil
	}
}

// A teller turns the gate's events, which come from many actions at once, into
// messages, which go out one by one.
type teller struct {
	s       *Session
	numbers map[string]int
	of      int
	mu      sync.Mutex
	people  int // steps that were left to a person
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
		m.Code, m.Err, m.Permission = awsapi.Code(e.Err), awsapi.Why(e.Err), awsapi.Permission(e.Err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.Action.Class == plan.Person && e.Step == journal.Skipped {
		t.people++
	}
	t.err = errors.Join(t.err, t.s.Out.Handle(m))
}
