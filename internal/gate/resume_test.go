package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"

	"cordon/internal/fact"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// another puts a new lamp in the place of one that was smashed.
func (h *house) another(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.on[id], h.born[id] = true, "LAMPanother"
}

// However the first try of a deletion ended: what the owner has made under the
// name since is not what was to be deleted.
func TestWhatWasMadeAgainIsNotDeleted(t *testing.T) {
	for name, first := range map[string]func(*bench){
		"AWS took long":  func(b *bench) { b.slow = func(string) bool { return true } },
		"the try failed": func(b *bench) { b.fail = func(string) error { return apiError{"ServiceFailure"} } },
		"killed before the call": func(b *bench) {
			b.store.dieAt = 3 // opened, doing
			b.fail = func(string) error { return errKilled }
		},
	} {
		b := newBench("a")
		p := b.plan()
		smash(&p, "a", plan.StageRemove)
		first(b)
		_, _ = b.open(t).Apply(t.Context(), approve(t, p, b.now()))
		b.store = &memory{lines: b.store.lines}
		b.slow, b.fail = nil, nil
		b.smash("a") // in the end, or by somebody else
		b.another("a")
		calls := len(b.switched)
		sum, err := b.apply(t, p)
		if err != nil || sum.Skipped != 1 || sum.Verified != 0 || b.reasons()["a"] != "skipped recreated" {
			t.Errorf("%s: %+v, %v: %v", name, sum, err, b.reasons())
		}
		if !b.lamps()["a"] || len(b.switched) != calls {
			t.Errorf("%s: the new lamp was touched: %v", name, b.switched[calls:])
		}
	}
}

// Nor is it while the deletion is being verified.
func TestWhatIsMadeAgainWhileVerifyingIsNotDeleted(t *testing.T) {
	b := newBench("a")
	b.takes = 0
	b.blind = func(id string) error {
		if slices.Contains(b.switched, "a smashed") && b.lamps()["a"] == false {
			b.another("a")
		}
		return nil
	}
	p := b.plan()
	smash(&p, "a", plan.StageRemove)
	sum, err := b.apply(t, p)
	if err != nil || sum.Verified != 0 || b.reasons()["a"] != "skipped recreated" || !b.lamps()["a"] {
		t.Errorf("%+v, %v: %v, lamps %v", sum, err, b.reasons(), b.lamps())
	}
	if want := []string{"a=false", "a smashed"}; !reflect.DeepEqual(b.switched, want) {
		t.Errorf("calls %v", b.switched)
	}
}

// wiring lays a cable in two calls, and refuses where somebody else began one.
func (h *house) wiring() kind.Verb[reader, writer] {
	is := func(id string) json.RawMessage { return json.RawMessage(`"` + h.wired[id] + `"`) }
	return kind.Verb[reader, writer]{
		Name: "wire", Class: kind.Reversible, For: kind.Protect, Needs: []string{"lamp:Switch"},
		Prior: func(_ context.Context, _ reader, r fact.Resource) (json.RawMessage, error) { return is(r.ID), nil },
		Rest:  func(first, now json.RawMessage) bool { return string(first) == `""` && string(now) == `"half"` },
		Do: func(_ context.Context, api writer, j kind.Job, prior json.RawMessage) error {
			if string(prior) != `""` {
				return errors.New("there is one already")
			}
			h.wired[j.ID] = "half"
			if err := api.Switch(j.ID, true); err != nil {
				return err
			}
			h.wired[j.ID] = "whole"
			return nil
		},
		Done: func(_ context.Context, _ reader, j kind.Job) (bool, error) { return h.wired[j.ID] == "whole", nil },
		Undo: func(_ context.Context, _ writer, j kind.Job, _ json.RawMessage) error {
			h.wired[j.ID] = ""
			return nil
		},
	}
}

// What broke off between two calls is finished by the next run, and undone to
// what was there before the first.
func TestAChangeOfTwoCallsIsFinished(t *testing.T) {
	for name, first := range map[string]func(*bench){
		"failed": func(*bench) {},
		"killed": func(b *bench) { b.store.dieAt = 3 }, // opened, doing
	} {
		b := newBench("a")
		p := b.plan()
		a := plan.Act(lampRef("a"), "wire", plan.Reversible)
		a.Planned = json.RawMessage(`""`)
		p.Actions = append(p.Actions, a)
		b.fail = func(string) error { return apiError{"Throttling"} }
		first(b)
		_, _ = b.open(t).Apply(t.Context(), approve(t, p, b.now()))
		if b.wired["a"] != "half" {
			t.Fatalf("%s: %q", name, b.wired["a"])
		}
		b.store, b.fail = &memory{lines: b.store.lines}, nil
		sum, err := b.apply(t, p)
		if err != nil || sum.Verified != 1 || b.wired["a"] != "whole" {
			t.Errorf("%s: %+v, %v: %v", name, sum, err, b.reasons())
		}
		again := slices.DeleteFunc(b.steps(t, a.ID), func(r journal.Record) bool { return r.Step != journal.Again })
		if len(again) != 1 || string(again[0].Prior) != `""` {
			t.Errorf("%s: made again from %+v", name, again)
		}
		u := undoOf(p, b)
		u.Actions[0].Planned, u.Actions[0].Undoes.Prior = json.RawMessage(`"whole"`), a.Planned
		if sum, err := b.apply(t, u); err != nil || sum.Undone != 1 || b.wired["a"] != "" {
			t.Errorf("%s: undo %+v, %v: %v", name, sum, err, b.reasons())
		}
	}
}
