package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cordon/internal/checks"
	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/plan"
	"cordon/internal/playbook"
	"cordon/internal/rotate"
)

// RotateOptions say whose key is replaced, and how.
type RotateOptions struct {
	Key, User string
	All       bool
	To        string        // the sink; {user} and {key} stand for those
	Retire    bool          // nobody uses the key: no second one is made
	GiveUp    string        // the user's other key, which goes first
	Quiet     time.Duration // 0: a day
	Unsure    bool          // store where it is not known whether the intruder can read
	Unseen    bool          // delete although a part of the event history could not be read
	// EvenIfExposed switches a key on again that is in somebody else's hands.
	EvenIfExposed bool
}

// A turn is a rotation with what was seen of it just now.
type turn struct {
	rotate.Rotation
	seen rotate.Seen
	next rotate.Next
	uses []keyUse
	more bool // there are more uses than were read
}

// Rotate begins rotations and makes the plan of their first step. Where a key is
// being rotated already it goes on with that.
func (s *Session) Rotate(ctx context.Context, o RotateOptions) (plan.Plan, error) {
	return s.rotating(ctx, "rotate", func(t Triage, all []rotate.Rotation, next string) ([]rotate.Rotation, error) {
		wanted, err := s.wantedKeys(ctx, t, o)
		if err != nil {
			return nil, err
		}
		var begun []rotate.Rotation
		for _, w := range wanted {
			if i := slices.IndexFunc(all, func(r rotate.Rotation) bool { return r.Ended.IsZero() && r.Old == w.key.ID }); i >= 0 {
				begun = append(begun, all[i])
				continue
			}
			r, err := s.begin(ctx, t, o, w, next)
			if err != nil {
				return nil, err
			}
			begun = append(begun, r)
			next = fmt.Sprint("R", numberOf(next)+1)
		}
		return begun, nil
	}, o)
}

// Continue makes the plan of the next step of one rotation, or of all where a
// step is due.
func (s *Session) Continue(ctx context.Context, names []string, o RotateOptions) (plan.Plan, error) {
	return s.rotating(ctx, "rotate continue", func(_ Triage, all []rotate.Rotation, _ string) ([]rotate.Rotation, error) {
		return pickRotations(all, names)
	}, o)
}

// Rotations looks at rotations and tells where each stands. It plans nothing.
func (s *Session) Rotations(ctx context.Context, names []string) error {
	if err := s.fits(); err != nil {
		return err
	}
	free, err := s.lock("rotate status")
	if err != nil {
		return err
	}
	defer free()
	all, _, err := loadRotations(s.Case)
	if err == nil && len(all) == 0 {
		return refuse("no-rotation", nil)
	}
	if err == nil {
		all, err = pickRotations(all, names)
	}
	if err != nil {
		return err
	}
	held, err := s.holding()
	if err != nil {
		return err
	}
	for _, r := range all {
		t, err := s.look1(ctx, r, held)
		if err != nil {
			return err
		}
		if err := s.Out.Handle(t.message()); err != nil {
			return err
		}
	}
	return nil
}

// Back makes the plan that switches a rotation's key on again: one call.
func (s *Session) Back(ctx context.Context, names []string, o RotateOptions) (plan.Plan, error) {
	all, _, err := loadRotations(s.Case)
	if err != nil {
		return plan.Plan{}, err
	}
	if all, err = pickRotations(all, names); err != nil {
		return plan.Plan{}, err
	}
	var ids []string
	for _, r := range all {
		for _, k := range []string{r.Old, r.GiveUp} {
			if k != "" && r.Ended.IsZero() {
				ids = append(ids, plan.ActionID(s.keyRef(k), "deactivate", false))
			}
		}
	}
	if len(ids) == 0 {
		return plan.Plan{}, refuse("no-rotation", nil)
	}
	return s.PlanUndo(ctx, UndoOptions{Actions: ids, EvenIfExposed: o.EvenIfExposed})
}

// rotating chooses rotations, looks at them, tells where they stand and makes the
// plan of the steps that are due.
func (s *Session) rotating(ctx context.Context, name string, choose func(Triage, []rotate.Rotation, string) ([]rotate.Rotation, error), o RotateOptions) (plan.Plan, error) {
	if err := s.fits(); err != nil {
		return plan.Plan{}, err
	}
	free, err := s.lock(name)
	if err != nil {
		return plan.Plan{}, err
	}
	defer free()
	t, err := LoadTriage(s.Case)
	if err != nil {
		return plan.Plan{}, err
	}
	if err := s.NotQuarantined(ctx); err != nil {
		return plan.Plan{}, err
	}
	all, next, err := loadRotations(s.Case)
	if err != nil {
		return plan.Plan{}, err
	}
	chosen, err := choose(t, all, next)
	if err != nil {
		return plan.Plan{}, err
	}
	held, err := s.holdOf(t)
	if err != nil {
		return plan.Plan{}, err
	}
	var turns []turn
	for _, r := range chosen {
		one, err := s.look1(ctx, r, held)
		if err != nil {
			return plan.Plan{}, err
		}
		if o.Unseen && one.next.Why == "unseen" {
			one.seen.Unseen = nil
			one.next = one.Decide(one.seen)
		}
		turns = append(turns, one)
		if err := s.Out.Handle(one.message()); err != nil {
			return plan.Plan{}, err
		}
	}
	for i, one := range turns {
		if turns[i].Unsure = one.Unsure || o.Unsure; one.next.Step != rotate.Make {
			continue
		}
		// Who could read the sink was asked when the rotation was begun: days ago.
		sink, err := rotate.ParseSink(one.Sink, "", "")
		if err == nil && sink.Kind != rotate.SinkFile {
			err = s.sinkHides(ctx, t, sink, turns[i].Unsure)
		}
		if err != nil {
			return plan.Plan{}, err
		}
	}
	return s.planTurns(ctx, t, turns)
}

// planTurns makes one plan of the steps that are due now.
func (s *Session) planTurns(ctx context.Context, t Triage, turns []turn) (plan.Plan, error) {
	p := s.newPlan(plan.Rotate, t)
	snap := fact.Snapshot{Account: t.Snapshot.Account}
	var actions []plan.Action
	for _, one := range turns {
		a, r, due := s.step(one)
		if due {
			actions, snap.Resources = append(actions, a), append(snap.Resources, r)
		}
	}
	var err error
	if p.Ward, err = s.ward(ctx, admins(t.Snapshot, nil)); err != nil {
		return plan.Plan{}, err
	}
	p.Actions, p.Refused = plan.Guard(actions, p.Ward)
	if err := s.readPlanned(ctx, &p); err != nil {
		return plan.Plan{}, err
	}
	if err := s.keepEach(ctx, snap, &p); err != nil {
		return plan.Plan{}, err
	}
	if len(p.Actions) == 0 {
		// What was just begun is remembered all the same: it waits, or is refused.
		for _, one := range turns {
			if err := saveRotation(s.Case, one.Rotation); err != nil {
				return plan.Plan{}, err
			}
		}
		return p, refuse("nothing-due", nil)
	}
	if err := savePlan(s.Case, p); err != nil {
		return plan.Plan{}, err
	}
	for _, one := range turns {
		if slices.ContainsFunc(p.Actions, func(a plan.Action) bool { return a.Target.ID == one.next.Key }) {
			one.Plans = append(one.Plans, rotate.Planned{Step: one.next.Step, Digest: p.Digest(), At: p.MadeAt})
		}
		if err := saveRotation(s.Case, one.Rotation); err != nil {
			return plan.Plan{}, err
		}
	}
	return p, nil
}

// step is the action of the step that is due, on the key as it is now.
func (s *Session) step(t turn) (a plan.Action, r fact.Resource, due bool) {
	i := slices.IndexFunc(t.seen.Keys, func(k rotate.Key) bool { return k.ID == t.next.Key })
	if i < 0 {
		return a, r, false
	}
	r = s.keyResource(t.seen.Keys[i], t.User)
	switch t.next.Step {
	case rotate.Make:
		a = plan.Act(r, "add-key", plan.Reversible)
		a.Sink = t.Sink
	case rotate.Switch:
		a = plan.Act(r, "deactivate", plan.Disruptive)
		a.Exposed = t.Exposed != "" && r.ID == t.Old || t.Theirs && r.ID == t.GiveUp
	case rotate.Delete:
		a = plan.Act(r, "delete-inactive", plan.Permanent)
	default:
		return a, r, false
	}
	a.Lane, a.Because, a.Theirs = "iam.user/"+t.User, []string{"rotate"}, t.Theirs && r.ID == t.GiveUp
	return a, r, true
}

func (s *Session) keyRef(id string) fact.Ref {
	return fact.Ref{Kind: "iam.access-key", Place: fact.Place{Account: s.Account.Caller.Account, Region: fact.Global}, ID: id}
}

func (s *Session) keyResource(k rotate.Key, owner string) fact.Resource {
	r := fact.Resource{Ref: s.keyRef(k.ID), Created: k.Created}
	fact.Owner.Set(&r, owner)
	status := "Inactive"
	if k.Active {
		status = "Active"
	}
	fact.Status.Set(&r, status)
	if !k.Used.IsZero() {
		fact.LastUsed.Set(&r, k.Used)
		fact.LastUsedWhere.Set(&r, k.Where)
	}
	return r
}

// Note looks again at the rotations whose plan was carried out, writes down what
// AWS will not tell again, and tells where they stand.
func (s *Session) Note(ctx context.Context, digest string, names []string) error {
	free, err := s.lock("rotate status")
	if err != nil {
		return err
	}
	defer free()
	all, _, err := loadRotations(s.Case)
	if err != nil {
		return err
	}
	planned := func(r rotate.Rotation) bool {
		return slices.ContainsFunc(r.Plans, func(p rotate.Planned) bool { return p.Digest == digest })
	}
	held, err := s.holding()
	if err != nil {
		return err
	}
	every := len(names) == 0 && !slices.ContainsFunc(all, planned) // the undoing of all that are under way
	for _, r := range all {
		if !planned(r) && !named1(r, names) && !(every && r.Ended.IsZero()) {
			continue
		}
		t, err := s.look1(ctx, r, held)
		if err == nil {
			err = errors.Join(saveRotation(s.Case, t.Rotation), s.Out.Handle(t.message()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A hold is what the case knows of keys today: a notice or a mark may have come
// since a key was switched off.
type hold struct {
	s     *Session
	t     Triage
	marks map[fact.Ref]playbook.Mark
}

func (s *Session) holdOf(t Triage) (h hold, err error) {
	h = hold{s: s, t: t}
	h.marks, _, err = marksFor(s.Case, t.Snapshot)
	return h, err
}

// holding is holdOf of the last triage, if there was one.
func (s *Session) holding() (hold, error) {
	t, _, err := triaged(s.Case)
	if err != nil {
		return hold{}, err
	}
	return s.holdOf(t)
}

// exposed says today why a rotation's key is held to be in somebody else's hands.
// What was once said of it stays, until its owner says that it is his.
func (h hold) exposed(r rotate.Rotation) string {
	ref := h.s.keyRef(r.Old)
	why := exposed(h.t, h.s.Case, h.marks, ref, r.User)
	if why == "" && h.marks[ref] != playbook.Mine {
		why = r.Exposed
	}
	return why
}

// reopens reports that taking an action back would give a key to whom it is held
// to be known to, today, whatever was held when it was switched off.
func (h hold) reopens(a plan.Action) bool {
	ref := a.Target.Ref
	if ref.Kind != "iam.access-key" || a.Verb != "deactivate" || h.marks[ref] == playbook.Mine {
		return false
	}
	r, _ := h.t.Snapshot.Find(ref)
	return theirs(r) || exposed(h.t, h.s.Case, h.marks, ref, fact.Owner.Or(a.Target, "")) != ""
}

// exposed is why a key is held to be in somebody else's hands: a word under
// "rotate.exposed.", or "".
func exposed(t Triage, c *incident.Case, marks map[fact.Ref]playbook.Mark, ref fact.Ref, owner string) string {
	if marks[ref] == playbook.Mine {
		return ""
	}
	r, _ := t.Snapshot.Find(ref)
	d, suspect := fact.Suspect.Get(r)
	u, _ := t.Snapshot.Find(fact.Ref{Kind: "iam.user", Place: ref.Place, ID: owner})
	switch {
	case marks[ref] == playbook.NotMine:
		return "marked"
	case slices.Contains(c.Notice.AllKeys(), ref.ID) || slices.Contains(c.Notice.AllUsers(), owner):
		return "notice"
	case suspect && d.Sure:
		return "suspect"
	case checks.Quarantined(u) != "":
		return "quarantine"
	}
	return ""
}
