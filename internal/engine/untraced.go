package engine

import (
	"time"

	"cordon/internal/checks"
	"cordon/internal/event"
	"cordon/internal/fact"
)

// untraced says by which of the intruder's calls somebody may come in whom no
// look-up finds: no check over the history can end as clear.
func (t *Triage) untraced(calls []event.Event) {
	at := fact.Place{Account: t.Snapshot.Account, Region: fact.Global}
	for _, e := range calls {
		t.Snapshot.Expected[checks.History] = append(t.Snapshot.Expected[checks.History], at)
		t.Snapshot.Readings = append(t.Snapshot.Readings, fact.Reading{
			Kind: checks.History, Place: at, State: fact.Failed,
			Why: "a suspect called " + e.Service() + ":" + e.BaseName() + " at " + e.Time.UTC().Format(time.RFC3339) + ", and who came in by it cannot be looked up",
		})
	}
}
