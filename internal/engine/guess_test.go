package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/checks"
	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/judge"
	"cordon/internal/lab"
)

// Who had the key for days before AWS quarantined it is not the owner because
// of that: what he made then is nobody's for sure, and nothing ends as clear
// until somebody says when it began.
func TestAGuessedBeginningMayBeLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const region = "us-east-1"
	group := w.group(region)
	guess := engine.TriageOptions{SinceFrom: "none"}
	tri, whose := w.whose(guess, group)
	if tri.Summary.SinceFrom != "quarantine" {
		t.Fatalf("the beginning is from %q", tri.Summary.SinceFrom)
	}
	calls := func(tri engine.Triage) string { r, _ := reading(tri, checks.History, fact.Global); return r.Why }
	told := func(tri engine.Triage, at time.Time) bool {
		return slices.ContainsFunc(tri.Snapshot.Readings, func(r fact.Reading) bool {
			return r.Kind == checks.History && r.State == fact.Failed && strings.Contains(r.Why, "--since "+at.Format(time.RFC3339))
		})
	}
	since := tri.Snapshot.Since
	if whose.Whose == judge.Intruder || calls(tri) != "" {
		t.Fatalf("before: %+v %s", whose, calls(tri))
	}
	record := w.hisGroup(region, group)
	// He is at work from there in the night, too.
	work := w.recorded(func(e lab.Event) bool {
		return e.Lab.AccessKeyID == truth.LeakedKey && e.Name == "CreateUser" && e.ErrorCode == "" && e.Time.After(truth.Since)
	})
	record["sourceIPAddress"] = work["sourceIPAddress"]
	early := since.Add(-4 * 24 * time.Hour)
	record["eventTime"] = early.Format(time.RFC3339)
	w.imported(w.delivered(region, record))

	tri, whose = w.whose(guess, group)
	if whose.Whose != judge.Unknown || !slices.Contains(whose.Reasons, judge.MadePerhaps) {
		t.Errorf("what he made before the guess is %+v", whose)
	}
	if !told(tri, early) {
		t.Errorf("nobody says that he may have come earlier: %+v", tri.Snapshot.Readings)
	}
	neverClear(t, tri, checks.History)
	tri, whose = w.whose(engine.TriageOptions{Since: early, SinceFrom: "flag"}, group)
	if whose.Whose != judge.Intruder || told(tri, early) {
		t.Errorf("with the time that was named it is %+v", whose)
	}
}
