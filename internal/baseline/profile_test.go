package baseline_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"cordon/internal/baseline"
)

func TestProfile(t *testing.T) {
	path := baseline.ProfilePath(filepath.Join(t.TempDir(), "cases"), "111122223333")
	if _, err := baseline.LoadProfile(path); !errors.Is(err, baseline.ErrNone) {
		t.Errorf("none: %v", err)
	}
	p := baseline.Profile{V: 1, At: then, By: "arn", Account: "111122223333", Fields: map[string]map[string]string{"security": {"email": "a@example.com"}, "billing": {}}}
	if err := baseline.SaveProfile(path, p); err != nil {
		t.Fatal(err)
	}
	got, err := baseline.LoadProfile(path)
	if err != nil || got.Fields["security"]["email"] != "a@example.com" || got.Fields["billing"] == nil || len(got.Fields) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, bytes.Replace(raw, []byte("a@example.com"), []byte("x@example.com"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := baseline.LoadProfile(path); !errors.Is(err, baseline.ErrAltered) {
		t.Errorf("altered: %v", err)
	}
}
