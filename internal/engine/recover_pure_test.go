package engine

import (
	"slices"
	"testing"
	"time"

	"cordon/internal/fact"
	"cordon/internal/plan"
)

// A password that was set in this case is left as it is, and told, until somebody else
// is known to have changed it or made it again.
func TestRecoverSetsAgainWhatWasChangedSince(t *testing.T) {
	at := time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	place := fact.Place{Account: "111122223333", Region: fact.Global}
	var live, triaged fact.Snapshot
	for name, c := range map[string]struct{ made, changed time.Time }{
		"unset": {}, "kept": {made: at.Add(-time.Hour)}, "before": {changed: at.Add(-time.Hour)}, "changed": {changed: at.Add(time.Hour)}, "again": {made: at.Add(time.Hour)},
	} {
		r := fact.Resource{Ref: fact.Ref{Kind: "iam.login-profile", Place: place, ID: name}, Created: c.made}
		fact.Owner.Set(&r, name)
		live.Resources = append(live.Resources, r)
		seen := fact.Resource{Ref: r.Ref, Created: c.made}
		if !c.changed.IsZero() {
			fact.Changed.Set(&seen, []fact.Deed{{EventID: "e", At: c.changed, Sure: true}})
		}
		triaged.Resources = append(triaged.Resources, seen)
	}
	done := map[string]time.Time{"kept": at, "before": at, "changed": at, "again": at}
	var set []string
	for _, a := range recoverActions(live, triaged, plan.Ward{}, "file:/x", done) {
		set = append(set, a.Target.ID)
	}
	left := leftOut(live, triaged, done)
	slices.Sort(set)
	slices.Sort(left)
	if !slices.Equal(set, []string{"again", "changed", "unset"}) || !slices.Equal(left, []string{"before", "kept"}) {
		t.Errorf("set %q, left as they are %q", set, left)
	}
}
