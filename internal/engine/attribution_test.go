package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cordon/internal/engine"
	"cordon/internal/report"
)

// archive is the world's record of events, filled from its live history.
func (w *world) archive() (*engine.Archive, *heardAll) {
	w.t.Helper()
	h := &heardAll{}
	s := w.session()
	s.Out = h
	a := &engine.Archive{Case: w.Case, Out: h, Who: "claire", Now: func() time.Time { return night.Add(2 * time.Hour) }, Session: s}
	w.t.Cleanup(func() { _ = a.Close() })
	return a, h
}

type heardAll struct{ all []report.Message }

func (h *heardAll) Handle(m report.Message) error { h.all = append(h.all, m); return nil }
func (h *heardAll) End() error                    { return nil }

func heardOf[T report.Message](h *heardAll) (out []T) {
	for _, m := range h.all {
		if t, ok := m.(T); ok {
			out = append(out, t)
		}
	}
	return out
}

// TestWhoMadeWhatStands: of everything that the intruder planted the record says
// that he did, and of nothing of the owner's that he created it.
func TestWhoMadeWhatStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	a, h := w.archive()
	if err := a.Import(t.Context(), engine.ImportOptions{History: true, Session: a.Session}); err != nil {
		t.Fatal(err)
	}
	q := &engine.Inquiry{Archive: a}
	if err := q.Verdict(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, v := range heardOf[report.Verdict](h) {
		t.Logf("intruder %s: %d calls, %d unsure, %d issued, %d techniques, %d made", v.Credential, v.Events, v.Unsure, len(v.Issued), len(v.Techniques), len(v.Made))
	}
	if n := len(heardOf[report.Verdict](h)); n != 1 {
		t.Errorf("%d verdicts, want one", n)
	}
	mine := func(id string) (creators []report.Creator) {
		h.all = nil
		if err := q.Resource(t.Context(), id); err != nil {
			return nil
		}
		return heardOf[report.Creator](h)
	}
	attributed := 0
	for _, p := range truth.Planted {
		all := mine(p.ID)
		if slices.ContainsFunc(all, func(c report.Creator) bool { return c.Lane == "intruder" && c.Change != "attempted" }) {
			attributed++
			continue
		}
		t.Errorf("%s %s %s (%s) is not attributed to the intruder: %s", p.Kind, p.Region, p.ID, p.What, creatorsText(all))
	}
	blamed := 0
	for _, p := range truth.OwnersThing {
		all := mine(p.ID)
		if i := slices.IndexFunc(all, func(c report.Creator) bool { return c.Lane == "intruder" && c.Change == "created" }); i >= 0 {
			blamed++
			t.Errorf("%s %s %s is the owner's and is said to be made by the intruder: %s", p.Kind, p.Region, p.ID, creatorsText(all[i:i+1]))
		}
	}
	t.Logf("%d of %d planted resources attributed to the intruder, %d of %d of the owner's", attributed, len(truth.Planted), blamed, len(truth.OwnersThing))
}

func creatorsText(all []report.Creator) (s string) {
	for _, c := range all {
		s += fmt.Sprintf(" %s by %s (%s, %s)", c.Call, c.By, c.Lane, c.Confidence)
	}
	return s
}
