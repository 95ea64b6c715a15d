package engine_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/lab"
	"cordon/internal/plan"
	"cordon/internal/report"
	"cordon/internal/rotate"
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

// remember writes a rotation down as an earlier run would have left it.
func (w *world) remember(r rotate.Rotation) {
	w.t.Helper()
	r.V, r.Begun = 1, time.Now().UTC().Add(-96*time.Hour)
	b, err := json.Marshal(r)
	if err == nil {
		err = w.Case.SaveRotation(r.ID, b)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// keysOf are the ids of a user's keys, in order.
func (w *world) keysOf(user string) (ids []string) {
	w.t.Helper()
	out, err := iam.NewFromConfig(rootConfig(w.Lab)).ListAccessKeys(w.t.Context(), &iam.ListAccessKeysInput{UserName: &user})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, k := range out.AccessKeyMetadata {
		ids = append(ids, *k.AccessKeyId)
	}
	slices.Sort(ids)
	return ids
}

// Two keys are off. What could not be read of the first is not made up for by what
// was read of the second.
func TestAGapOfEitherKeyCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	keys := w.keysOf("svc-reporting")
	if len(keys) != 2 {
		t.Fatalf("keys %v", keys)
	}
	off := rotate.Rotation{ID: "R1", User: "svc-reporting", Old: keys[0], GiveUp: keys[1], Quiet: rotate.Span(rotate.DefaultQuiet)}
	for _, k := range keys {
		_, err := iam.NewFromConfig(rootConfig(w.Lab)).UpdateAccessKey(t.Context(), &iam.UpdateAccessKeyInput{UserName: aws.String("svc-reporting"), AccessKeyId: &k, Status: "Inactive"})
		if err != nil {
			t.Fatal(err)
		}
		off.Off = append(off.Off, rotate.Off{Key: k, At: time.Now().UTC().Add(-72 * time.Hour)})
	}
	w.remember(off)
	w.fault(lab.Fault{Match: map[string]string{"service": "cloudtrail", "op": "LookupEvents"}, Times: 1, Code: "AccessDeniedException", Status: 400})
	w.Told.told = nil
	if err := w.session().Rotations(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, m := range w.Told.told {
		if r, ok := m.(report.Rotation); ok {
			if len(r.Off) != 2 || len(r.Unseen) != 1 {
				t.Errorf("off %v, unseen %v", r.Off, r.Unseen)
			}
			return
		}
	}
	t.Error("no rotation was told")
}

// A rotation was begun when nobody of the intruder's could read its sink. Since then
// the triage has learnt of more: no key is made whose secret would go there.
func TestSinkIsJudgedAgainBeforeTheKeyIsMade(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	old := w.keysOf("svc-backup")[0]
	for i, to := range []string{"secretsmanager:shop/key@eu-west-1", "ssm:/shop/key@eu-west-1"} {
		w.remember(rotate.Rotation{ID: []string{"R1", "R2"}[i], User: "svc-backup", Old: old, Sink: to, Quiet: rotate.Span(rotate.DefaultQuiet)})
		_, err := w.session().Continue(t.Context(), []string{[]string{"R1", "R2"}[i]}, engine.RotateOptions{Unsure: true})
		var refused *engine.Refused
		if !asRefused(err, &refused) || refused.Reason != "rotate-sink-readable" {
			t.Errorf("%s: %v", to, err)
		}
	}
}
