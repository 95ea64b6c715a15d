package engine

import (
	"testing"
	"time"

	"cordon/internal/incident"
	"cordon/internal/plan"
)

// The last plan is the one that was made last, also of those of one second, and
// where the clocks of the runs that made them disagree a little.
func TestTheLastPlanIsTheOneMadeLast(t *testing.T) {
	c, err := incident.Create(t.TempDir(), incident.Info{Account: "111122223333", Partition: "aws", Opened: time.Now(), By: "claire", Tool: "test"})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 9, 3, 10, 0, 0, 300e6, time.UTC)
	for i, off := range []time.Duration{0, 0, 200 * time.Millisecond, -900 * time.Millisecond, 0, 100 * time.Microsecond, -time.Second} {
		p := plan.Plan{V: 1, Type: plan.Contain, Case: c.ID, MadeAt: after(c, now.Add(off)), Nonce: string(rune('a' + i*7%5))}
		if err := savePlan(c, p); err != nil {
			t.Fatal(err)
		}
		last, err := LoadPlan(c, "last")
		if err != nil || last.Digest() != p.Digest() {
			t.Errorf("after the plan %d of %s, the last one is that of %s: %v", i, p.MadeAt, last.MadeAt, err)
		}
		if d := p.MadeAt.Sub(now.Add(off)); d > clockError || d < -time.Millisecond {
			t.Errorf("the plan %d is dated %s beside its time", i, d)
		}
	}
	// A clock that was quite wrong once does not date all that follows.
	if made := after(c, now.Add(-time.Hour)); !made.Equal(now.Add(-time.Hour)) {
		t.Errorf("dated %s", made)
	}
}
