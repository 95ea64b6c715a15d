package engine_test

import (
	"slices"
	"testing"

	"cordon/internal/engine"
	"cordon/internal/report"
)

// TestARegionThatRefusedItsHistory: an import goes on without it, and every later
// look at the record tells of it, and that it is the event history alone.
func TestARegionThatRefusedItsHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deny("no-history", "cloudtrail:LookupEvents", `,"Condition":{"StringEquals":{"aws:RequestedRegion":"sa-east-1"}}`)
	a, h := w.archive()
	if err := a.Import(t.Context(), engine.ImportOptions{History: true, Regions: []string{"us-east-1", "sa-east-1"}, Session: a.Session}); err != nil {
		t.Fatal(err)
	}
	if err := a.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	gaps := heardOf[report.TrailStatus](h)[0].Gaps
	for _, want := range []report.RecordGap{
		{Why: "refused-region", Region: "sa-east-1"}, {Why: "only-history"}, {Why: "narrowed-import", Detail: "us-east-1 sa-east-1"},
	} {
		if !slices.Contains(gaps, want) {
			t.Errorf("%+v lacks %+v", gaps, want)
		}
	}
	if slices.ContainsFunc(gaps, func(g report.RecordGap) bool { return g.Region == "us-east-1" || g.Why == "unverified" }) {
		t.Errorf("%+v", gaps)
	}
}
