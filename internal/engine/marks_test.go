package engine_test

import (
	"encoding/json"
	"slices"
	"testing"

	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/playbook"
)

// A mark says nothing of a user that was made again under the name.
func TestAMarkGoesWithWhatItWasPutOn(t *testing.T) {
	c, err := incident.Create(t.TempDir(), incident.Info{Account: "111122223333", Partition: "aws", Opened: night, By: "claire", Tool: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ref := func(kind fact.Kind, id string) fact.Ref {
		return fact.Ref{Kind: kind, Place: fact.Place{Account: "111122223333", Region: fact.Global}, ID: id}
	}
	ann, bob, gone, key := ref("iam.user", "ann"), ref("iam.user", "bob"), ref("iam.user", "gone"), ref("iam.access-key", "AKIA1")
	seen := func(unique string) fact.Snapshot {
		return fact.Snapshot{Resources: []fact.Resource{{Ref: ann, UniqueID: unique}, {Ref: bob, UniqueID: "AIDABOB"}, {Ref: key}}}
	}
	first := seen("AIDAANN")
	first.Resources = append(first.Resources, fact.Resource{Ref: gone, UniqueID: "AIDAGONE"})
	b, err := json.Marshal(engine.Triage{Snapshot: first})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.SaveSnapshot(b); err != nil {
		t.Fatal(err)
	}
	for _, r := range []fact.Ref{ann, gone, key} {
		if _, err := engine.Mark(c, r.String(), incident.Mine, "claire", "", night); err != nil {
			t.Fatal(err)
		}
	}
	// A record from before marks had ids.
	if err := c.AddMark(incident.Mark{Ref: bob.String(), Mark: incident.NotMine, By: "claire", At: night}); err != nil {
		t.Fatal(err)
	}
	for _, now := range []struct {
		unique string
		mark   playbook.Mark
		stale  []fact.Ref
	}{
		{"AIDAANN", playbook.Mine, nil},
		{"AIDAEVE", "", []fact.Ref{ann}},
		{"", playbook.Mine, nil}, // not known to be another
	} {
		marks, stale, err := engine.MarksFor(c, seen(now.unique))
		if err != nil || marks[ann] != now.mark || !slices.Equal(stale, now.stale) {
			t.Errorf("%q: %v, stale %v, %v", now.unique, marks, stale, err)
		}
		if marks[bob] != playbook.NotMine || marks[gone] != playbook.Mine || marks[key] != playbook.Mine {
			t.Errorf("%q: %v", now.unique, marks)
		}
	}
}
