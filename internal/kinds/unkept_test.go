package kinds

import (
	"errors"
	"testing"
	"time"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

// undoneOnlyWhileItStands fails unless undoing a copy leaves it alone once what was
// copied is gone, and also when another stands under its name.
func undoneOnlyWhileItStands(t *testing.T, w kindtest.World, k kind.Kind, r fact.Resource, again func()) {
	t.Helper()
	copies, _ := k.Verb("snapshot")
	removal, _ := k.Verb("delete")
	cfg, j := w.Config(here), kind.Job{Resource: k.Trim(r), At: time.Now(), Case: "C-20260101-A"}
	prior := must[[]byte](t)(copies.Prior(t.Context(), cfg, j.Resource))
	if err := copies.Do(t.Context(), cfg, j, prior); err != nil {
		t.Fatal(err)
	}
	if err := removal.Do(t.Context(), cfg, j, nil); err != nil {
		t.Fatal(err)
	}
	stays := func(when string) {
		t.Helper()
		if err := copies.Undo(t.Context(), cfg, j, prior); !errors.Is(err, kind.ErrUnkept) {
			t.Errorf("%s the copy is undone: %v", when, err)
		}
		if done, err := copies.Done(t.Context(), cfg, j); err != nil || !done {
			t.Errorf("%s the copy is gone: %v", when, err)
		}
	}
	stays("after the deletion")
	if k.Name() == "rds.cluster" {
		return // the lab's automated snapshot is in the way of another of its name
	}
	again()
	if now := listed(t, w, k, r.ID); !now.Created.Equal(r.Created) {
		stays("with another of its name")
	}
}

func TestTheLastCopyIsNotUndone(t *testing.T) {
	for _, c := range []struct {
		kind kind.Kind
		make func(*testing.T, kindtest.World) string
	}{{dbInstance, makeDB}, {dbCluster, makeDBCluster}, {table, makeTable}, {warehouse, makeWarehouse}, {lightsailInstance, makeLightsail}} {
		t.Run(string(c.kind.Name()), func(t *testing.T) {
			w := kindtest.NewWorld(t)
			undoneOnlyWhileItStands(t, w, c.kind, listed(t, w, c.kind, c.make(t, w)), func() { c.make(t, w) })
		})
	}
}
