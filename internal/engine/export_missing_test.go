package engine

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cordon/internal/report"
)

// TestExportGoesOn: what can be read again is exported; the rest is counted,
// told with the reason, and no success. Where nothing can be there is no export.
func TestExportGoesOn(t *testing.T) {
	a, h := offline(t)
	dir, out := t.TempDir(), t.TempDir()
	names := filed(t, dir, 6)
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{dir}}); err != nil {
		t.Fatal(err)
	}
	remove := func(n int) {
		t.Helper()
		if err := os.Remove(names[n]); err != nil {
			t.Fatal(err)
		}
	}
	remove(0)
	remove(4)
	err := a.Export(t.Context(), ExportOptions{Dir: out, Layout: "athena"})
	var no *Refused
	if !errors.As(err, &no) || no.Reason != "export-incomplete" {
		t.Fatalf("an export without two files is a success: %v", err)
	}
	if told := of[report.TrailExported](h); len(told) != 1 || told[0].Events != 40 || told[0].Missing != 20 {
		t.Errorf("%+v", told)
	}
	data, err := os.ReadFile(filepath.Join(out, "events", "_INCOMPLETE"))
	var lost unexported
	if err != nil || json.Unmarshal(data, &lost) != nil || lost.Missing != 20 || len(lost.Reasons) != 2 {
		t.Fatalf("%s: %v", data, err)
	}
	for i, n := range []int{0, 4} {
		if r := lost.Reasons[i]; r.Events != 10 || !strings.Contains(r.Why, names[n]) {
			t.Errorf("%+v", r)
		}
	}
	for _, n := range []int{1, 2, 3, 5} {
		remove(n)
	}
	if err := a.Export(t.Context(), ExportOptions{Dir: out, Layout: "ocsf"}); err == nil || errors.As(err, &no) && no.Reason == "export-incomplete" {
		t.Errorf("an export of nothing: %v", err)
	}
	if left, _ := os.ReadDir(out); len(left) != 1 {
		t.Errorf("it left %v", left)
	}
}
