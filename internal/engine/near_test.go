package engine

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

// TestAStatusSignsNobodyIn: what the record holds is told by what lies here, and a
// look at it ends with the look.
func TestAStatusSignsNobodyIn(t *testing.T) {
	a, _ := offline(t)
	a.Open = func(context.Context) (*Session, error) {
		t.Error("somebody was to sign in")
		return nil, errors.New("nobody")
	}
	here := filepath.Join(t.TempDir(), "one.jsonl")
	write(t, here, []byte(askedRecords[0]+"\n"))
	a.near = true
	if _, err := a.files().Load(t.Context(), "s3://logs/one.json.gz", nil, 1<<20); !errors.Is(err, errFar) {
		t.Errorf("a file in a bucket: %v", err)
	}
	if b, err := a.files().Load(t.Context(), here, nil, 1<<20); err != nil || len(b) == 0 {
		t.Errorf("a file here: %v", err)
	}
	a.near = false
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{here}}); err != nil {
		t.Fatal(err)
	}
	if err := a.Status(t.Context()); err != nil || a.near {
		t.Errorf("%v, %v", err, a.near)
	}
}
