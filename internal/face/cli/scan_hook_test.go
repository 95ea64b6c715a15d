package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWriteHook: only where nothing is, or what we wrote, a hook is written
// without being told to; a link is never written through.
func TestWriteHook(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode fs.FileMode) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	ours := func(file string) bool {
		body, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(body), "exec cordon scan hook run pre-commit")
	}
	fresh := filepath.Join(dir, "fresh")
	for range 2 {
		if err := writeHook(fresh, "pre-commit", false); err != nil || !ours(fresh) {
			t.Fatal(err)
		}
	}
	theirs := write("theirs", "# mine\n", 0o755)
	far := write("far", "# shared by many\n", 0o755)
	link, dangling, nowhere := filepath.Join(dir, "link"), filepath.Join(dir, "dangling"), filepath.Join(dir, "nowhere")
	folder := filepath.Join(dir, "folder")
	if err := errors.Join(os.Symlink(far, link), os.Symlink(nowhere, dangling), os.Mkdir(folder, 0o755)); err != nil {
		t.Skip(err)
	}
	for _, file := range []string{theirs, link, dangling, folder} {
		if err := writeHook(file, "pre-commit", false); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", file, err)
		}
	}
	// Nobody may read it: root may, and then it is somebody else's all the same.
	closed := write("closed", "# mine\n", 0o300)
	if err := writeHook(closed, "pre-commit", false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("one that cannot be read: %v", err)
	}
	for _, file := range []string{theirs, link, dangling} {
		if err := writeHook(file, "pre-commit", true); err != nil || !ours(file) {
			t.Errorf("%s, told to: %v", file, err)
		}
	}
	if ours(far) {
		t.Error("the hook was written through a link")
	}
	if _, err := os.Lstat(nowhere); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was made at the end of a link: %v", err)
	}
}
