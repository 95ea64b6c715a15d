package engine_test

import (
	"slices"
	"strings"
	"testing"

	"cordon/internal/catalogue"
	"cordon/internal/fact"
	"cordon/internal/finding"
)

func TestTriageFindsWhatWasPlanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before, err := w.Events(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	tri := w.triage()
	hits := map[string][]string{}
	for _, f := range tri.Findings {
		if f.Outcome == finding.Found {
			for _, h := range f.Hits {
				k := string(h.Kind) + " " + h.Region + " " + h.ID
				hits[k] = append(hits[k], f.Check)
			}
		}
	}
	found := 0
	for _, p := range truth.Planted {
		k := p.Kind + " " + p.Region + " " + p.ID
		if len(hits[k]) == 0 {
			t.Errorf("not found: %s (%s)", k, p.What)
			continue
		}
		found++
	}
	owners := 0
	for _, p := range truth.OwnersThing {
		if len(hits[p.Kind+" "+p.Region+" "+p.ID]) > 0 {
			owners++
		}
	}
	for _, f := range tri.Findings {
		t.Logf("%-8s %-20s %3d hits %3d gaps", f.Outcome, f.Check, len(f.Hits), len(f.Gaps))
	}
	t.Logf("found %d of %d planted; %d of %d owner's resources are targets too; calls %v; %d ms; suspects %d",
		found, len(truth.Planted), owners, len(truth.OwnersThing), tri.Summary.Calls, tri.Summary.ElapsedMS, tri.Summary.Suspects)

	if blind := catalogue.Blind(); !slices.Equal(tri.Summary.NotChecked, blind) || len(blind) == 0 {
		t.Errorf("said not to be seen: %v; the catalogue: %v", tri.Summary.NotChecked, blind)
	}
	after, err := w.Events(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range after[len(before):] {
		if strings.Contains(e.Lab.UserAgent, "cordon-"+w.Case.ID) && !e.ReadOnly && e.Lab.Op != "GenerateCredentialReport" {
			t.Errorf("triage made a changing call: %s", e.Lab.Op)
		}
	}
	missing, err := w.Missing(t.Context())
	if err != nil || len(missing) > 0 {
		t.Errorf("calls that nobody answered: %v, %v", missing, err)
	}
	for _, r := range tri.Snapshot.Readings {
		if !r.OK() && r.State != fact.Closed {
			t.Errorf("gap: %+v", r)
		}
	}
}
