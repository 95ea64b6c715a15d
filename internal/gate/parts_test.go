package gate_test

import (
	"errors"
	"fmt"
	"testing"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// What goes with a whole is asked for as if it were deleted by itself; a part that
// is gone has nothing to keep.
func TestAWholeIsNotDeletedWithAPartThatIsNotKept(t *testing.T) {
	of := func(k fact.Kind, id string) fact.Resource {
		r := lampRef(id)
		r.Kind = k
		return r
	}
	for _, c := range []struct {
		why   string
		part  fact.Resource
		state error // what the copies of the part are like
		want  string
	}{
		{"kept", lampRef("part"), nil, "verified "},
		{"gone", lampRef("part"), fmt.Errorf("part: %w", kind.ErrGone), "verified "},
		{"no copy", lampRef("part"), fmt.Errorf("cannot smash: %w", kind.ErrUnkept), "skipped no-evidence"},
		{"not read", lampRef("part"), errors.New("no answer"), "failed broken"},
		{"of a kind that nobody knows", of("candle", "part"), nil, "failed broken"},
	} {
		b := newBench("whole")
		asked := 0
		b.unkept = func(id string) error {
			if id == "part" {
				asked++
				return c.state
			}
			return nil
		}
		p := b.plan()
		smash(&p, "whole", plan.StageRemove)
		p.Actions[0].Parts = []fact.Resource{c.part}
		if _, err := b.apply(t, p); err != nil || b.reasons()["whole"] != c.want {
			t.Errorf("%s: %v, %v", c.why, b.reasons(), err)
		}
		if stands := b.lamps()["whole"]; stands != (c.want != "verified ") {
			t.Errorf("%s: the whole stands: %t", c.why, stands)
		}
		if c.part.Kind == "lamp" && asked != 1 {
			t.Errorf("%s: asked %d times", c.why, asked)
		}
	}
}

// Nor when the deletion is gone on with.
func TestPartsAreAskedForAgain(t *testing.T) {
	b := newBench("whole")
	p := b.plan()
	smash(&p, "whole", plan.StageRemove)
	p.Actions[0].Parts = []fact.Resource{lampRef("part")}
	b.fail = func(string) error { return apiError{"ServiceFailure"} }
	if _, err := b.apply(t, p); err != nil {
		t.Fatal(err)
	}
	b.fail, b.unkept = nil, func(id string) error {
		if id == "part" {
			return kind.ErrUnkept
		}
		return nil
	}
	if sum, err := b.apply(t, p); err != nil || sum.Skipped != 1 || !b.lamps()["whole"] {
		t.Errorf("%+v, %v: %v", sum, err, b.reasons())
	}
}
