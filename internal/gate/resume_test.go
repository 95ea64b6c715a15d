package gate_test

import (
	"reflect"
	"slices"
	"testing"

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
