package pack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// remove deletes what a pattern below the git directory matches.
func (b *box) remove(pattern string) {
	b.t.Helper()
	list, err := filepath.Glob(filepath.Join(b.dir, ".git", pattern))
	if err != nil || len(list) == 0 {
		b.t.Fatal(pattern, list, err)
	}
	for _, f := range list {
		if err := os.RemoveAll(f); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *box) loose(id ID) string {
	hex := id.String()
	return "objects/" + hex[:2] + "/" + hex[2:]
}

// TestNothingLeft: where a ref, the index or a tag names what is not here, it is
// told, also where nothing at all is left that could name it.
func TestNothingLeft(t *testing.T) {
	lostID := func(b *box, name string) (string, func(*box)) {
		id := b.id(name)
		return id.String(), func(b *box) { b.remove(b.loose(id)) }
	}
	for name, prepare := range map[string]func(b *box) (want string, breaks func(b *box)){
		"every object": func(b *box) (string, func(*box)) {
			return b.id("HEAD").String(), func(b *box) { b.remove("objects/??"); b.remove("index") }
		},
		"the index of the pack": func(b *box) (string, func(*box)) {
			b.git("repack", "-adq")
			return b.id("HEAD").String(), func(b *box) { b.remove("objects/pack/*.idx") }
		},
		"a pack without its index": func(b *box) (string, func(*box)) {
			b.git("repack", "-adq")
			return "the pack has no index", func(b *box) { b.remove("objects/pack/*.idx") }
		},
		"packs that only an index of many covers": func(b *box) (string, func(*box)) {
			b.git("repack", "-adq")
			b.git("multi-pack-index", "write")
			return "the pack has no index", func(b *box) { b.remove("objects/pack/*.idx") }
		},
		"a branch of another name": func(b *box) (string, func(*box)) {
			b.git("checkout", "-q", "--orphan", "other")
			b.git("commit", "-q", "-m", "other")
			want, breaks := lostID(b, "HEAD")
			b.git("checkout", "-q", "main")
			return want, breaks
		},
		"what a tag stands for": func(b *box) (string, func(*box)) {
			b.git("tag", "-a", "-m", "of a blob", "t", b.gitIn("tagged\n", "hash-object", "-w", "--stdin"))
			return lostID(b, "t^{}")
		},
		"what is staged": func(b *box) (string, func(*box)) {
			b.write("staged", "and in no commit\n")
			b.git("add", "staged")
			return lostID(b, ":staged")
		},
		"alternates that cannot be read": func(b *box) (string, func(*box)) {
			return "alternates", func(b *box) {
				if err := os.MkdirAll(filepath.Join(b.dir, ".git/objects/info/alternates"), 0o755); err != nil {
					b.t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			b.edits(1, 3)
			want, breaks := prepare(b)
			if s := scanOf(t, b.open(), Options{}); len(s.Gaps) > 0 {
				t.Fatalf("before: %v", s.Gaps)
			}
			breaks(b)
			cache := t.TempDir()
			for range 2 { // what was judged before is known to be incomplete too
				told := ""
				for _, g := range scanOf(t, b.open(), Options{Cache: cache, Rules: "r"}).Gaps {
					told += g.ID.String() + " " + g.Why + "\n"
				}
				if !strings.Contains(told, want) {
					t.Errorf("not told: %s; told:\n%s", want, told)
				}
			}
		})
	}
}

// TestNothingYet: what has no commit, or is to be added, is not lost.
func TestNothingYet(t *testing.T) {
	b := newBox(t)
	if s := scanOf(t, b.open(), Options{}); len(s.Gaps) > 0 {
		t.Errorf("without a commit: %v", s.Gaps)
	}
	b.write("later", "text\n")
	b.git("add", "-N", "later")
	if s := scanOf(t, b.open(), Options{}); len(s.Gaps) > 0 {
		t.Errorf("with a file to be added: %v", s.Gaps)
	}
	b.git("update-index", "--split-index")
	if s := scanOf(t, b.open(), Options{}); len(s.Gaps) > 0 {
		t.Errorf("with a split index: %v", s.Gaps)
	}
}
