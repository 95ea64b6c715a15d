package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, text := range []string{"one", "two"} {
		if err := Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%q", got)
		}
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != FileMode {
		t.Errorf("mode %v", info.Mode())
	}
	if err := Create(path, []byte("three")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created what was there: %v", err)
	}
	if err := Create(path+"2", []byte("three")); err != nil {
		t.Error(err)
	}
	if got, _ := os.ReadFile(path); string(got) != "two" {
		t.Errorf("%q", got)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), TempPrefix+"*")); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	if err := Write(filepath.Join(path, "below a file"), nil); err == nil {
		t.Error("wrote below a file")
	}
}

func TestAppendCutsTornTail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	long := strings.Repeat("x", 10_000)
	for _, torn := range []string{"", "half", long} {
		os.Remove(path)
		for _, line := range []string{"one", long} {
			if err := Append(path, []byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		f, _ := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		f.WriteString(torn)
		f.Close()
		lines, rest, err := Lines(path)
		if err != nil || len(lines) != 2 || string(rest) != torn {
			t.Fatalf("%d lines, rest %q, %v", len(lines), rest, err)
		}
		if err := Append(path, []byte("three")); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != "one\n"+long+"\nthree\n" {
			t.Errorf("after torn %q: %q", torn, got)
		}
	}
	if err := Append(path, []byte("a\nb")); err == nil {
		t.Error("appended two lines as one")
	}
}

func TestClose(t *testing.T) {
	dir := t.TempDir()
	os.Chmod(dir, 0o755)
	path := filepath.Join(dir, "f")
	os.WriteFile(path, nil, 0o644)
	exposed, err := Close(dir)
	if err != nil || len(exposed) != 2 {
		t.Fatalf("%v, %v", exposed, err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != FileMode {
		t.Errorf("mode %v", info.Mode())
	}
	if exposed, _ = Close(dir); len(exposed) != 0 {
		t.Errorf("still exposed: %v", exposed)
	}
}
