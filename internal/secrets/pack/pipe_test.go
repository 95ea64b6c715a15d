//go:build unix

package pack

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestPipes: a pipe in the place of an object or of a pack is a gap. Nobody waits
// for somebody to write to it.
func TestPipes(t *testing.T) {
	b := newBox(t)
	b.edits(1, 3)
	id := handID(7)
	for _, name := range []string{b.loose(id), "objects/pack/pack-1.idx", "objects/pack/pack-1.pack", "objects/pack/pack-2.idx"} {
		path := filepath.Join(b.dir, ".git", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Skip(err)
		}
	}
	b.write(".git/objects/pack/pack-2.pack", "PACK")
	told := make(chan string, 1)
	go func() {
		text := ""
		for _, g := range scanOf(t, b.open(), Options{}).Gaps {
			text += g.ID.String() + " " + g.Pack + " " + g.Why + "\n"
		}
		if _, _, err := b.open().Object(t.Context(), id); err != nil {
			text += err.Error() + "\n"
		}
		told <- text
	}()
	select {
	case text := <-told:
		if strings.Count(text, errFile.Error()) != 4 || !strings.Contains(text, id.String()) || !strings.Contains(text, "pack-1.pack") || !strings.Contains(text, "pack-2.pack") {
			t.Error(text)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the scan waits for a pipe")
	}
}
