package kinds

import (
	"errors"
	"testing"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

// What AWS keeps no copy of is deleted only when the record shows that the intruder
// made it.
func TestWhatHasNoCopy(t *testing.T) {
	for _, c := range []struct {
		kind kind.Kind
		make func(*testing.T, kindtest.World) string
	}{{notebook, makeNotebook}, {mailOrganization, makeMailOrganization}} {
		t.Run(string(c.kind.Name()), func(t *testing.T) {
			w := kindtest.NewWorld(t)
			r := listed(t, w, c.kind, c.make(t, w))
			removal, _ := c.kind.Verb("delete")
			kept := func() error {
				return removal.Kept(t.Context(), w.Config(here), kind.Job{Resource: c.kind.Trim(r)})
			}
			if err := kept(); !errors.Is(err, kind.ErrUnkept) {
				t.Errorf("nobody knows who made it: %v", err)
			}
			fact.Made.Set(&r, fact.Deed{Call: "Create", Sure: false})
			if err := kept(); !errors.Is(err, kind.ErrUnkept) {
				t.Errorf("the owner may have made it: %v", err)
			}
			fact.Made.Set(&r, fact.Deed{Call: "Create", Sure: true})
			if err := kept(); err != nil {
				t.Errorf("the intruder made it: %v", err)
			}
		})
	}
}
