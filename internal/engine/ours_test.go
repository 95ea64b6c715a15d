package engine_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/engine"
	"cordon/internal/lineage"
	"cordon/internal/report"
)

// Cordon's own clean-up stands in the record that is imported after it. Whom the
// verdict names is the same as before, and none of it is held against the
// responder: his lane has what the journal accounts for.
func TestOwnCleanUpIsNobodysIntrusion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	named, _ := w.investigated()
	began := time.Now().UTC().Truncate(time.Second)
	w.whole(w.contain())
	w.triage()
	w.apply(w.eradicate())
	after, h := w.investigated()
	if !slices.Equal(named, after) || len(named) == 0 {
		t.Errorf("after the clean-up the verdict names %v, before %v", after, named)
	}
	ours := map[string]bool{}
	for _, e := range heardOf[report.Event](h) {
		if e.Lane == lineage.ByResponder {
			ours[e.ID] = true
		}
	}
	for _, d := range heardOf[report.Detection](h) {
		if slices.ContainsFunc(d.EventIDs, func(id string) bool { return ours[id] }) {
			t.Errorf("%s fires at what cordon did", d.ID)
		}
	}
	made, missed := w.accountedFor(began, ours)
	for _, e := range missed {
		t.Errorf("not accounted for: %s", e)
	}
	t.Logf("%v: %d of %d changes of cordon's are in the responder's lane, of %d events there", after, made-len(missed), made, len(ours))
}

// investigated imports the history and tells whom the verdict names, then what
// the timeline and the detections say.
func (w *world) investigated() (named []string, h *heardAll) {
	w.t.Helper()
	a, h := w.archive()
	if err := a.Import(w.t.Context(), engine.ImportOptions{History: true, Session: a.Session}); err != nil {
		w.t.Fatal(err)
	}
	q := &engine.Inquiry{Archive: a}
	if err := q.Verdict(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	for _, v := range heardOf[report.Verdict](h) {
		named = append(named, v.Credential+" "+v.Principal)
	}
	h.all = nil
	if err := q.Timeline(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if err := q.Detections(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return named, h
}

// accountedFor counts the changes that the lab saw cordon make, and names those
// that are not among ours.
func (w *world) accountedFor(since time.Time, ours map[string]bool) (made int, missed []string) {
	w.t.Helper()
	all, err := w.Events(w.t.Context(), false)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range all {
		var id struct {
			ID string `json:"eventID"`
		}
		if err := json.Unmarshal(e.Raw, &id); err != nil {
			w.t.Fatal(err)
		}
		if e.ReadOnly || e.Time.Before(since) || e.Lab.Op == "GenerateCredentialReport" || !strings.Contains(e.Lab.UserAgent, "app/cordon-"+w.Case.ID) {
			continue
		}
		if made++; !ours[id.ID] {
			missed = append(missed, e.Region+" "+e.Name+" "+e.ErrorCode+" "+string(e.Parameters))
		}
	}
	return made, missed
}
