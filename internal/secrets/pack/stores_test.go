package pack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStores(t *testing.T) {
	shapes := map[string]func(b *box){
		"loose":    func(b *box) {},
		"one pack": func(b *box) { b.git("gc", "-q", "--aggressive") },
		"deep":     func(b *box) { b.git("repack", "-adfq", "--depth=250", "--window=250") },
		"many packs": func(b *box) {
			b.git("repack", "-dq")
			b.edits(7, 8)
			b.git("repack", "-dq")
			b.edits(8, 8)
			b.git("repack", "-dq")
			b.edits(9, 3)
		},
		"twice":       func(b *box) { b.git("repack", "-adq"); b.edits(7, 8); b.git("repack", "-aq") },
		"delta by id": func(b *box) { b.git("-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq") },
		"index 1":     func(b *box) { b.git("-c", "pack.indexVersion=1", "repack", "-adfq") },
		"index of many": func(b *box) {
			b.git("repack", "-dq")
			b.edits(7, 8)
			b.git("repack", "-dq")
			b.git("multi-pack-index", "write")
		},
		"tags": func(b *box) {
			b.git("tag", "-a", "-m", "of a tree", "t1", "HEAD^{tree}")
			b.git("tag", "-a", "-m", "of a blob", "t2", "HEAD:a.txt")
			b.git("tag", "-a", "-m", "of a tag", "t3", "t1")
			b.git("gc", "-q")
		},
	}
	for name, shape := range shapes {
		for _, format := range []string{"sha1", "sha256"} {
			t.Run(name+" "+format, func(t *testing.T) {
				if format == "sha256" && testing.Short() {
					t.Skip("short")
				}
				b := newBox(t, "--object-format="+format)
				b.edits(1, 20)
				shape(b)
				b.same(b.open())
			})
		}
	}
}

func TestAlternates(t *testing.T) {
	a := newBox(t)
	a.edits(1, 12)
	a.git("gc", "-q")
	b := &box{t: t, dir: filepath.Join(t.TempDir(), "clone"), now: a.now}
	a.git("clone", "-q", "--shared", a.dir, b.dir)
	b.git("config", "user.name", "B")
	b.git("config", "user.email", "b@example.com")
	b.edits(2, 6)
	b.git("repack", "-dlq")
	b.edits(3, 2)
	b.same(b.open())
	if r := b.open(); len(r.dirs) != 2 || len(r.packs) != 2 {
		t.Errorf("%d folders, %d packs", len(r.dirs), len(r.packs))
	}
	// Of an alternate that is gone it is told.
	if err := os.WriteFile(filepath.Join(b.dir, ".git/objects/info/alternates"), []byte("/nonexistent/objects\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := b.open(); len(r.odd) != 1 || !strings.Contains(r.odd[0].Why, "nonexistent") {
		t.Errorf("%v", r.odd)
	}
}

func TestOpen(t *testing.T) {
	b := newBox(t)
	b.edits(1, 14)
	b.git("worktree", "add", "-q", filepath.Join(b.dir, "linked"), "-b", "other")
	b.git("clone", "-q", "--bare", b.dir, filepath.Join(b.dir, "bare.git"))
	for dir, want := range map[string]string{
		"": "", "dir/deep": "", "a.txt": "", ".git": "", "linked": "linked", "linked/dir": "linked", "bare.git": "-", ".git/worktrees/linked": "-",
	} {
		r, err := Open(t.Context(), filepath.Join(b.dir, dir))
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		tree := filepath.Join(b.dir, want)
		if want == "-" {
			tree = ""
		}
		if r.WorkTree() != tree {
			t.Errorf("%s: work tree %q, want %q", dir, r.WorkTree(), tree)
		}
		if kind, _, err := r.Object(t.Context(), b.id("HEAD")); err != nil || kind != Commit {
			t.Errorf("%s: %v %v", dir, kind, err)
		}
		r.Close()
	}
	if _, err := Open(t.Context(), t.TempDir()); err == nil || !strings.HasPrefix(err.Error(), "cannot open repository") {
		t.Error(err)
	}
}
