package engine

import (
	"testing"
	"time"

	"cordon/internal/checks"
	"cordon/internal/event"
	"cordon/internal/fact"
)

// A way in whose users nobody can look up is a gap of the history.
func TestAWayThatCannotBeFollowedIsAGap(t *testing.T) {
	tri := Triage{Snapshot: fact.Snapshot{Account: "111122223333", Expected: map[fact.Kind][]fact.Place{}}}
	tri.untraced([]event.Event{{Source: "sso-directory.amazonaws.com", Name: "UpdatePassword", Time: time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC)}})
	if r := tri.Snapshot.Readings; len(r) != 1 || r[0].OK() || r[0].Kind != checks.History || len(tri.Snapshot.Expected[checks.History]) != 1 ||
		r[0].Why != "a suspect called sso-directory:UpdatePassword at 2026-09-02T08:00:00Z, and who came in by it cannot be looked up" {
		t.Errorf("%+v", r)
	}
}
