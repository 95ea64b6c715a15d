package engine_test

import (
	"path/filepath"
	"slices"
	"testing"

	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/plan"
)

// refusedBack wants a plan that would switch a key on again to be refused as a
// whole, because of whose the key is.
func (w *world) refusedBack(what, key string, p plan.Plan, err error) {
	w.t.Helper()
	var refused *engine.Refused
	if !asRefused(err, &refused) || refused.Reason != "nothing-to-do" || len(p.Actions) != 0 {
		w.t.Errorf("%s: %v, %d actions", what, err, len(p.Actions))
	}
	if !slices.ContainsFunc(p.Refused, func(r plan.Refusal) bool { return r.Action.Target.ID == key && r.Reason == "exposed" }) {
		w.t.Errorf("%s: %s is not refused as exposed: %+v", what, key, p.Refused)
	}
}

// due wants one action on a key.
func (w *world) due(p plan.Plan, err error, verb string) plan.Action {
	w.t.Helper()
	if err != nil || len(p.Actions) != 1 || p.Actions[0].Verb != verb {
		w.t.Fatalf("%s: %v, %+v", verb, err, p.Actions)
	}
	return p.Actions[0]
}

// What a rotation switched off is not switched on again where it is the intruder's:
// neither the key that he made beside the owner's, nor one of which the notice came
// while the rotation was under way.
func TestBackReopensNothingOfTheIntruders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	ctx, dir := t.Context(), t.TempDir()
	to := func(name string) string { return "file:" + filepath.Join(dir, name) }

	p, err := w.session().Rotate(ctx, engine.RotateOptions{User: "svc-reporting", To: to("reporting")})
	a := w.due(p, err, "deactivate")
	if !a.Theirs || !a.Exposed {
		t.Errorf("the intruder's second key: theirs %v, exposed %v", a.Theirs, a.Exposed)
	}
	w.whole(p)
	p, err = w.session().Back(ctx, []string{"svc-reporting"}, engine.RotateOptions{})
	w.refusedBack("back", a.Target.ID, p, err)
	p, err = w.session().PlanUndo(ctx, engine.UndoOptions{All: true})
	w.refusedBack("undo", a.Target.ID, p, err)
	p, err = w.session().Back(ctx, []string{"svc-reporting"}, engine.RotateOptions{EvenIfExposed: true})
	w.due(p, err, "deactivate")

	// Two of the owner's; of one the second key is made and the old one off.
	p, err = w.session().Rotate(ctx, engine.RotateOptions{User: "svc-backup", To: to("backup")})
	off := w.due(p, err, "add-key").Target.ID
	w.whole(p)
	p, err = w.session().Continue(ctx, []string{"svc-backup"}, engine.RotateOptions{})
	if a := w.due(p, err, "deactivate"); a.Exposed {
		t.Errorf("the owner's key is exposed: %+v", a)
	}
	w.whole(p)
	p, err = w.session().Rotate(ctx, engine.RotateOptions{User: "svc-mailer", To: to("mailer")})
	begun := w.due(p, err, "add-key").Target.ID

	p, err = w.session().Back(ctx, []string{"svc-backup"}, engine.RotateOptions{})
	w.due(p, err, "deactivate")
	w.Case.Notice = &incident.Notice{Key: "AKIAIOSFODNN7EXAMPLE", Keys: []string{off, begun}}
	p, err = w.session().Back(ctx, []string{"svc-backup"}, engine.RotateOptions{})
	w.refusedBack("back after the notice", off, p, err)
	p, err = w.session().PlanUndo(ctx, engine.UndoOptions{Actions: []string{"deactivate"}})
	w.refusedBack("undo after the notice", off, p, err)
	p, err = w.session().Continue(ctx, []string{"svc-mailer"}, engine.RotateOptions{})
	if a := w.due(p, err, "deactivate"); a.Target.ID != begun || !a.Exposed {
		t.Errorf("after the notice: %s of %s, exposed %v", a.Verb, a.Target.ID, a.Exposed)
	}
}
