package engine_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/internal/engine"
	"cordon/internal/evidence"
	"cordon/internal/journal"
	"cordon/internal/report"
)

// TestWhatWasDeletedIsDescribedByTheCase: after an eradication the case folder
// says of each deleted resource what it was, with no account at hand.
func TestWhatWasDeletedIsDescribedByTheCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.triage()
	w.apply(w.contain())
	w.triage()
	p, err := w.session().PlanEradicate(t.Context(), engine.PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.apply(p)
	if err := w.Stop(); err != nil {
		t.Fatal(err)
	}

	_, past, err := journal.Open(t.Context(), journal.NewFile(w.Case.Journal()), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	verified := map[string]bool{}
	for _, r := range past {
		if r.Step == journal.Verified && r.Class == "permanent" {
			verified[r.Action] = true
		}
	}
	store, err := evidence.Open(w.Case.Evidence(), evidence.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	deleted, kept := 0, map[string]int{}
	for _, a := range p.Actions {
		if !verified[a.ID] {
			continue
		}
		deleted++
		if err := described(t, w, store, a.Target.Ref.String(), a.Target.ARN, kept); err != nil {
			t.Errorf("%s %s: %v", a.Verb, a.Target.Ref, err)
		}
	}
	if deleted < 20 {
		t.Errorf("only %d resources were deleted: the test shows little", deleted)
	}
	t.Logf("%d resources deleted, pieces kept: %v", deleted, kept)
}

// described says what the case cannot tell of one deleted resource.
func described(t *testing.T, w *world, store *evidence.Store, ref, arn string, kept map[string]int) error {
	h := &heardAll{}
	if err := engine.ShowEvidence(t.Context(), w.Case, engine.ShowOptions{Of: ref, Now: time.Now}, h); err != nil {
		return err
	}
	shown := heardOf[report.Kept](h)
	if len(shown) != 1 {
		return fmt.Errorf("%d descriptions", len(shown))
	}
	m := shown[0]
	switch {
	case m.Ref.String() != ref || m.ARN != arn || !m.Known || m.Lost > 0 || m.Whose == "":
		return fmt.Errorf("described as %+v", m)
	case len(m.Deeds) == 0 || m.Deeds[len(m.Deeds)-1].Class != "permanent":
		return fmt.Errorf("that it was deleted is not told: %+v", m.Deeds)
	}
	configured := false
	for _, piece := range heardOf[report.Evidence](h) {
		data, err := store.Get(t.Context(), evidence.ID(piece.ID))
		if err != nil {
			return err
		}
		kept[piece.Name]++
		configured = configured || piece.Name != "resource.json" && len(data) > 2
	}
	if !configured {
		return errors.New("nothing of its configuration is kept")
	}
	return nil
}

// TestAPieceIsHandedOut: to a new file that only its owner reads, and the custody
// log has it.
func TestAPieceIsHandedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const secret = "hunter2-and-nobody-else"
	store, err := evidence.Open(w.Case.Evidence(), evidence.Options{Who: "claire"})
	if err != nil {
		t.Fatal(err)
	}
	ref := "111122223333/eu-west-1/lambda.function/f"
	var last evidence.ID
	for name, data := range map[string]string{"resource.json": `{"kind":"lambda.function","account":"111122223333","region":"eu-west-1","id":"f"}`, "code.json": `{"password":"` + secret + `"}`} {
		id, err := store.Put(t.Context(), evidence.Item{Name: name, Kind: "lambda.function", Ref: ref, Source: "test", Taken: night}, []byte(data))
		if err != nil {
			t.Fatal(err)
		}
		if name == "code.json" {
			last = id
		}
	}
	file := filepath.Join(t.TempDir(), "out")
	show := func(of, out string) (*heardAll, error) {
		h := &heardAll{}
		return h, engine.ShowEvidence(t.Context(), w.Case, engine.ShowOptions{Of: of, Out: out, Who: "claire", Now: time.Now}, h)
	}
	for of, want := range map[string]string{"f": "evidence-which", "nothing": "no-evidence"} {
		if _, err := show(of, file); !refusedAs(err, want) {
			t.Errorf("%s: %v", of, err)
		}
	}
	h, err := show(string(last[:12]), file)
	if err != nil || len(heardOf[report.HandedOut](h)) != 1 {
		t.Fatal(err, h.all)
	}
	got, err := os.ReadFile(file)
	info, statErr := os.Stat(file)
	if err != nil || statErr != nil || !strings.Contains(string(got), secret) || info.Mode().Perm() != 0o600 {
		t.Errorf("%q %v %v", got, info.Mode(), err)
	}
	if _, err := show(string(last), file); !refusedAs(err, "file-there") {
		t.Errorf("over a file: %v", err)
	}
	custody, err := os.ReadFile(filepath.Join(w.Case.Evidence(), "custody.jsonl"))
	if err != nil || strings.Count(string(custody), `"what":"exported","id":"`+string(last)) != 1 || strings.Contains(string(custody), secret) {
		t.Errorf("%s %v", custody, err)
	}
	h, err = show("f", "")
	if told := fmt.Sprintf("%+v", h.all); err != nil || strings.Contains(told, secret) || !strings.Contains(told, "Members:[password]") {
		t.Errorf("%v %s", err, told)
	}
}

func refusedAs(err error, reason string) bool {
	var r *engine.Refused
	return errors.As(err, &r) && r.Reason == reason
}
