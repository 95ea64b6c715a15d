package gate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"cordon/internal/kind"
	"cordon/internal/plan"
)

// smash adds the deletion of a lamp to a plan, with its evidence.
func smash(p *plan.Plan, id string, stage int, after ...string) string {
	a := plan.Act(lampRef(id), "smash", plan.Permanent)
	a.Planned, a.Stage, a.After, a.Evidence = json.RawMessage(`"`+id+`"`), stage, after, []string{"kept " + id}
	p.Actions = append(p.Actions, a)
	return a.ID
}

func TestWhatHasNoEvidenceIsNotDeleted(t *testing.T) {
	for why, spoil := range map[string]func(*plan.Action){
		"none":               func(a *plan.Action) { a.Evidence = nil },
		"altered":            func(a *plan.Action) { a.Evidence = []string{"altered"} },
		"of another":         func(a *plan.Action) { a.Evidence = []string{"kept other"} },
		"called reversible":  func(a *plan.Action) { a.Class = plan.Reversible },
		"a verb of no kind":  func(a *plan.Action) { a.Verb = "burn" },
		"of another's birth": func(a *plan.Action) { a.Target.UniqueID = "LAMPother" },
	} {
		b := newBench("a")
		p := b.plan()
		smash(&p, "a", 0)
		spoil(&p.Actions[0])
		if sum, err := b.apply(t, p); err != nil || sum.Verified != 0 || len(b.switched) != 0 {
			t.Errorf("%s: %+v, %v, %v", why, sum, err, b.switched)
		}
	}
}

// The copies inside AWS are asked for at the last moment, by the gate.
func TestWhatHasNoCopyIsNotDeleted(t *testing.T) {
	b := newBench("a", "b")
	b.unkept = func(id string) error {
		if id == "a" {
			return fmt.Errorf("cannot smash: %w: no snapshot", kind.ErrUnkept)
		}
		return nil
	}
	p := b.plan()
	first := smash(&p, "a", 0)
	smash(&p, "b", 0, first)
	sum, err := b.apply(t, p)
	if err != nil || sum.Skipped != 2 || len(b.switched) != 0 {
		t.Fatalf("%+v, %v, %v", sum, err, b.switched)
	}
	if got := b.reasons(); got["a"] != "skipped no-evidence" || got["b"] != "skipped earlier-step-failed" {
		t.Error(got)
	}
}

// A stage begins when every call of those before it has returned.
func TestStagesFollowEachOther(t *testing.T) {
	b := newBench("a", "b", "c", "d")
	p := b.plan("a", "b")
	for i := range p.Actions {
		p.Actions[i].Stage = plan.StageStop
	}
	smash(&p, "c", plan.StageRecreator)
	smash(&p, "d", plan.StageRemove)
	smash(&p, "a", plan.StageIdentity)
	// The first call takes its time: whoever does not wait for it is seen.
	early := make(chan struct{})
	b.fail = func(id string) error {
		switch {
		case id == "a" && len(b.lamps()) == 4:
			select {
			case <-early:
			case <-time.After(50 * time.Millisecond):
			}
		case id == "c":
			close(early)
		}
		return nil
	}
	sum, err := b.apply(t, p)
	b.fail = nil
	if err != nil || sum.Verified != 5 || sum.Reapplied != 0 {
		t.Fatalf("%+v, %v: %v", sum, err, b.reasons())
	}
	at := func(what string) int { return slices.Index(b.switched, what) }
	for _, order := range [][2]string{{"a=false", "c smashed"}, {"b=false", "c smashed"}, {"c smashed", "d smashed"}, {"d smashed", "a smashed"}} {
		if at(order[0]) < 0 || at(order[0]) > at(order[1]) {
			t.Errorf("%s does not come before %s: %v", order[0], order[1], b.switched)
		}
	}
	p.Actions[0], p.Actions[4] = p.Actions[4], p.Actions[0]
	p.Nonce = "disorder"
	if _, err := b.apply(t, p); err == nil {
		t.Error("a plan whose stages are out of order was taken")
	}
}

// What AWS takes long for is left waiting, told, and looked at by the next run,
// which makes no second call.
func TestWhatTakesLongWaits(t *testing.T) {
	b := newBench("a", "b")
	b.slow = func(id string) bool { return id == "a" }
	p := b.plan()
	first := smash(&p, "a", plan.StageRemove)
	smash(&p, "b", plan.StageIdentity, first)
	g := b.open(t)
	g.Patience = 30 * time.Minute
	sum, err := g.Apply(t.Context(), approve(t, p, b.now()))
	if err != nil || sum.Waiting != 1 || sum.Verified != 0 || sum.Failed != 0 {
		t.Fatalf("%+v, %v: %v", sum, err, b.reasons())
	}
	if calls := slices.Clone(b.switched); !reflect.DeepEqual(calls, []string{"a=false"}) {
		t.Fatalf("calls %v", calls)
	}
	b.smash("a") // AWS has come to the end
	sum, err = b.apply(t, p)
	if err != nil || sum.Verified != 2 || sum.Waiting != 0 {
		t.Fatalf("%+v, %v: %v", sum, err, b.reasons())
	}
	if want := []string{"a=false", "a smashed", "b=false", "b smashed"}; !reflect.DeepEqual(b.switched, want) {
		t.Errorf("calls %v", b.switched)
	}
}

// Killed at any line of a deletion, the next run comes to the same end and
// deletes nothing twice.
func TestDeletingKilledAtEveryLine(t *testing.T) {
	for line := 1; ; line++ {
		b := newBench("a", "b")
		p := b.plan("a")
		p.Actions[0].Stage = plan.StageStop
		smash(&p, "a", plan.StageRemove, p.Actions[0].ID)
		smash(&p, "b", plan.StageIdentity)
		b.store.dieAt = line
		ok := approve(t, p, b.now())
		_, err := b.open(t).Apply(t.Context(), ok)
		if err == nil {
			if line < 6 {
				t.Fatalf("died at no line of %d", line)
			}
			return
		}
		if !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		b.store.dieAt, b.store.dead = 0, false
		sum, err := b.open(t).Apply(t.Context(), ok)
		if err != nil || len(b.lamps()) != 0 || sum.Failed != 0 {
			t.Errorf("line %d: %+v, %v, lamps %v: %v", line, sum, err, b.lamps(), b.reasons())
		}
		for _, id := range []string{"a", "b"} {
			n := 0
			for _, s := range b.switched {
				if s == id+" smashed" {
					n++
				}
			}
			if n != 1 {
				t.Errorf("line %d: %s was smashed %d times", line, id, n)
			}
		}
	}
}
