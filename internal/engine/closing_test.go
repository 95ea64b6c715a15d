package engine_test

import (
	"slices"
	"strings"
	"testing"

	"cordon/internal/engine"
)

// TestAPlanClosesEveryWay: the plan of the night says of each cut which of the
// intruder's ways it closes, and leaves none open; without one cut it says which.
func TestAPlanClosesEveryWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	p := w.contain()
	if len(p.Open) > 0 {
		t.Errorf("ways stay open: %q", p.Open)
	}
	trust, least := -1, 0
	for i, a := range p.Actions {
		if a.Cut {
			if least++; len(a.Closes) == 0 {
				t.Errorf("%s %s is of the smallest cut and closes nothing", a.Verb, a.Target.ID)
			}
		}
		if a.Verb == "close-trust" && a.Target.ID == "support-integration" { // the role that he made himself
			trust = i
		}
		if a.Verb == "deactivate" && a.Target.Kind == "iam.access-key" && len(a.Closes) == 0 {
			t.Errorf("deactivating %s closes nothing", a.Target.ID)
		}
	}
	if least == 0 {
		t.Error("no action is of the smallest cut")
	}
	if trust < 0 || !slices.ContainsFunc(p.Actions[trust].Closes, func(s string) bool { return strings.HasPrefix(s, "trust support-integration") }) {
		t.Fatal("the trust of the intruder's own role is not closed")
	}
	s := w.session()
	p, err := s.PlanContain(t.Context(), engine.PlanOptions{Except: []string{"support-integration"}})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(p.Open, func(s string) bool { return strings.Contains(s, "trust support-integration") }) {
		t.Errorf("without it the plan says of open ways: %q", p.Open)
	}
}
