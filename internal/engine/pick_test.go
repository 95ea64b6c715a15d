package engine

import (
	"testing"

	"cordon/internal/plan"
)

// An action is named by its number in the plan or by its id, which can be all
// digits.
func TestPickByIDOfDigits(t *testing.T) {
	all := []plan.Action{{ID: "0a1b2c3d4e5f", Verb: "stop"}, {ID: "868957353286", Verb: "deactivate"}}
	for name, want := range map[string]string{"868957353286": "868957353286", "1": "0a1b2c3d4e5f", "2": "868957353286", "0a1b2c3d4e5f": "0a1b2c3d4e5f", "3": "", "868957353287": ""} {
		got, err := pick(all, PlanOptions{Only: []string{name}})
		if want == "" {
			if err == nil {
				t.Errorf("%s: %v", name, got)
			}
			continue
		}
		if err != nil || len(got) != 1 || got[0].ID != want {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}
