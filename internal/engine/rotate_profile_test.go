package engine

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What another program wrote meanwhile stands, and what a killed process left of a
// secret goes; another program's half file stays.
func TestProfileWritten(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	names := func() (all []string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return all
	}
	write("credentials", "as shown")
	write(".tmp-1", "aws_access_key_id=AKIANEW secret")
	write(".tmp-2", "another program's")
	c := ProfileChange{File: at("credentials"), Backup: at("credentials.before"), old: []byte("as shown"), new: []byte("new"), keys: []string{"AKIAOLD", "AKIANEW"}, mode: 0o640}
	if err := c.Write(); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(at("credentials")); string(b) != "new" {
		t.Errorf("%q", b)
	}
	if got := names(); !slices.Equal(got, []string{".tmp-2", "credentials", "credentials.before"}) {
		t.Errorf("the folder holds %v", got)
	}
	write("credentials", "written by another program")
	c.Backup = at("credentials.before2")
	var refused *Refused
	if err := c.Write(); !errors.As(err, &refused) || refused.Reason != "profile-changed" {
		t.Errorf("%v", err)
	}
	if b, _ := os.ReadFile(at("credentials")); string(b) != "written by another program" {
		t.Errorf("%q", b)
	}
	if got := names(); slices.ContainsFunc(got, func(n string) bool { return n != ".tmp-2" && n[0] == '.' || n == "credentials.before2" }) {
		t.Errorf("the folder holds %v", got)
	}
}
