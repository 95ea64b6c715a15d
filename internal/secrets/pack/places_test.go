package pack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// short is a place in a line.
func (b *box) short(p Place) string {
	name := "-"
	if !p.Commit.IsZero() {
		name = b.git("log", "-1", "--format=%s", p.Commit.String())
	}
	s := fmt.Sprintf("%s %q %s %v", name, p.Path, p.Reach, p.Refs)
	if p.InHead {
		s += " head"
	}
	if p.InIndex {
		s += " index"
	}
	return s
}

func TestPlaces(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		for _, packed := range []bool{false, true} {
			t.Run(fmt.Sprint(format, packed), func(t *testing.T) { testPlaces(t, format, packed) })
		}
	}
}

func testPlaces(t *testing.T, format string, packed bool) {
	b := newBox(t, "--object-format="+format)
	ids := map[string]ID{}
	want := map[string][]string{}
	b.write("dir/deep/removed", "removed\n")
	b.write("stays", "stays\n")
	b.write("twice", "twice\n")
	b.commit("one")
	ids["removed"], ids["stays"], ids["twice"] = b.id("HEAD:dir/deep/removed"), b.id("HEAD:stays"), b.id("HEAD:twice")
	b.git("rm", "-q", "dir/deep/removed", "twice")
	b.write("other", "other\n")
	b.commit("two")
	b.git("branch", "side", "HEAD~1")
	b.write("dir/again", "twice\n")
	b.commit("three")
	want["removed"] = []string{`one "dir/deep/removed" ref [HEAD refs/heads/main refs/heads/side refs/tags/v1]`}
	want["stays"] = []string{`one "stays" ref [HEAD refs/heads/main refs/heads/side refs/tags/v1] head index`}
	want["twice"] = []string{`one "twice" ref [HEAD refs/heads/main refs/heads/side refs/tags/v1] head index`, `three "dir/again" ref [HEAD refs/heads/main refs/tags/v1] head index`}
	// What only a merge brought in.
	b.git("checkout", "-q", "side")
	b.write("sidefile", "side\n")
	b.commit("on side")
	b.git("checkout", "-q", "main")
	b.git("merge", "-q", "--no-commit", "side")
	b.write("evil", "only in the merge\n")
	b.commit("merge")
	ids["evil"], ids["side"] = b.id("HEAD:evil"), b.id("HEAD:sidefile")
	want["evil"] = []string{`merge "evil" ref [HEAD refs/heads/main refs/tags/v1] head index`}
	want["side"] = []string{`on side "sidefile" ref [HEAD refs/heads/main refs/heads/side refs/tags/v1] head index`}
	b.git("tag", "-a", "-m", "a tag", "v1")
	ids["tag"] = b.id("v1")
	want["tag"] = []string{`- "" ref [refs/tags/v1]`}
	b.git("tag", "-a", "-m", "of a tree", "tree", b.gitIn(fmt.Sprintf("100644 blob %s\tin a tree\n", b.gitIn("blob of a tree", "hash-object", "-w", "--stdin")), "mktree"))
	ids["in tree"] = b.id("tree^{tree}:in a tree")
	want["in tree"] = []string{`- "in a tree" ref [refs/tags/tree]`}
	// Stash, note, what was amended away, staged, lost.
	b.write("stashed", "stashed\n")
	b.git("add", "stashed")
	b.git("stash", "-q")
	ids["stash"] = b.id("stash:stashed")
	b.git("notes", "add", "-m", "a note", "HEAD")
	ids["note"] = b.id("refs/notes/commits:" + b.id("HEAD").String())
	want["note"] = []string{`Notes added by 'git notes add' "` + b.id("HEAD").String() + `" notes [refs/notes/commits]`}
	b.write("amended", "amended away\n")
	b.commit("to be amended")
	ids["amended"] = b.id("HEAD:amended")
	away := b.id("HEAD")
	b.git("reset", "-q", "--hard", "HEAD~1")
	want["amended"] = []string{`to be amended "amended" reflog [ORIG_HEAD HEAD@{1} refs/heads/main@{1}]`}
	b.write("staged", "staged only\n")
	b.git("add", "staged")
	ids["staged"] = b.id(":staged")
	want["staged"] = []string{`- "" index [] index`}
	lost, err := ParseID(b.gitIn("lost", "hash-object", "-w", "--stdin"))
	if err != nil {
		t.Fatal(err)
	}
	ids["lost"] = lost
	want["lost"] = []string{`- "" nothing []`}
	ids["commit"] = away
	want["commit"] = []string{`to be amended "" reflog [ORIG_HEAD HEAD@{1} refs/heads/main@{1}]`}
	if packed {
		b.git("repack", "-adfq")
	}
	check := func(r *Repository, how string) {
		t.Helper()
		var all []ID
		for _, id := range ids {
			all = append(all, id)
		}
		got, err := r.Places(context.Background(), all)
		if err != nil {
			t.Fatal(err)
		}
		for name, places := range want {
			var lines []string
			for _, p := range got[ids[name]] {
				lines = append(lines, b.short(p))
				if !p.Commit.IsZero() && (p.Author != "A U Thor" || p.Email != "author@example.com" || p.Authored.Unix() < 1_700_000_000) {
					t.Errorf("%s: by %q %q at %v", name, p.Author, p.Email, p.Authored)
				}
			}
			slices.Sort(lines)
			slices.Sort(places)
			if !reflect.DeepEqual(lines, places) {
				t.Errorf("%s, %s:\n%s\nwant\n%s", how, name, strings.Join(lines, "\n"), strings.Join(places, "\n"))
			}
		}
		for _, p := range got[ids["stash"]] {
			if p.Reach != ByStash || !slices.Contains(p.Refs, "refs/stash") || p.Path != "stashed" {
				t.Errorf("%s: stash: %s", how, b.short(p))
			}
		}
		if len(got[ids["stash"]]) == 0 {
			t.Error("the stash has no place")
		}
	}
	check(b.open(), "at once")
	r := b.open()
	o := Options{Cache: filepath.Join(t.TempDir(), "cache"), Rules: "1"}
	scanOf(t, r, o)
	check(r, "after a scan")
	r = b.open()
	scanOf(t, r, o)
	check(r, "from the cache")
	if r.known != nil {
		t.Error("the history was read again")
	}
}

// TestPlacesSince: after new commits the kept answer, carried on, is the one made
// anew.
func TestPlacesSince(t *testing.T) {
	b := newBox(t)
	b.edits(1, 25)
	b.write("AKIAIOSFODNN7AAAAAAA/in", "some text with AKIAIOSFODNN7BBBBBBB\n")
	b.commit("a name")
	b.git("repack", "-adfq")
	o := Options{Cache: filepath.Join(t.TempDir(), "cache"), Rules: "1"}
	var ids []ID
	first := b.open()
	for _, h := range scanOf(t, first, o).Hits {
		ids = append(ids, h.ID)
	}
	if _, err := first.Places(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	for i, step := range []func(){
		func() {},
		func() { b.write("AKIAIOSFODNN7CCCCCCC", "some text with AKIAIOSFODNN7BBBBBBB\n"); b.commit("moved") },
		func() {
			b.git("checkout", "-q", "-b", "old", "HEAD~7")
			b.write("copy", "some text with AKIAIOSFODNN7BBBBBBB\n")
			b.commit("on an old branch")
		},
		func() { b.git("merge", "-q", "--no-edit", "main") },
		func() { b.git("checkout", "-q", "main"); b.git("branch", "-q", "-D", "old") },
		func() { b.git("commit", "-q", "--amend", "-m", "amended") },
	} {
		step()
		r, fresh := b.open(), b.open()
		scanOf(t, r, o)
		got, err := r.Places(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		if r.known != nil {
			t.Errorf("step %d: the history was read again", i)
		}
		want, err := fresh.Places(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			key := func(list []Place) (lines []string) {
				for _, p := range list {
					lines = append(lines, fmt.Sprintf("%s %v %v %v", b.short(p), p.RefCount, p.Commit, p.Authored.Unix()))
				}
				slices.Sort(lines)
				return lines
			}
			if g, w := key(got[id]), key(want[id]); !reflect.DeepEqual(g, w) {
				t.Errorf("step %d, %s:\n%s\nwant\n%s", i, id, strings.Join(g, "\n"), strings.Join(w, "\n"))
			}
		}
	}
}

// TestTouching compares with what git log says of every commit.
func TestTouching(t *testing.T) {
	b := newBox(t)
	b.edits(3, 30)
	b.git("checkout", "-q", "-b", "side", "HEAD~10")
	b.edits(4, 8)
	b.git("checkout", "-q", "main")
	b.git("merge", "-q", "-s", "ours", "side")
	b.git("tag", "-a", "-m", "tagged", "v1", "HEAD~3")
	b.edits(5, 5)
	for _, pack := range []bool{false, true} {
		if pack {
			b.git("repack", "-adfq")
		}
		r := b.open()
		var ids []ID
		for _, h := range scanOf(t, r, Options{}).Hits {
			ids = append(ids, h.ID)
		}
		for _, some := range [][]ID{ids, ids[:1], ids[len(ids)/2 : len(ids)/2+3], nil} {
			want := b.touching(some)
			got, err := r.Touching(t.Context(), some)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d of %d blobs: %d commits, want %d: %v\n%v", len(some), len(ids), len(got), len(want), got, want)
			}
		}
	}
}

func (b *box) touching(ids []ID) (list []ID) {
	var now ID
	for line := range strings.Lines(b.git("log", "--all", "--no-merges", "--raw", "--no-renames", "--no-abbrev", "--root", "--format=commit %H")) {
		f := strings.Fields(line)
		switch {
		case len(f) == 2 && f[0] == "commit":
			id, err := ParseID(f[1])
			if err != nil {
				b.t.Fatal(err)
			}
			now = id
		case len(f) >= 5 && strings.HasPrefix(f[0], ":"):
			for _, digits := range f[2:4] {
				if id, err := ParseID(digits); err == nil && slices.Contains(ids, id) && !slices.Contains(list, now) {
					list = append(list, now)
				}
			}
		}
	}
	return list
}

// TestCacheDamaged: what was kept and then changed in any byte is not believed.
func TestCacheDamaged(t *testing.T) {
	b := newBox(t)
	b.edits(1, 12)
	b.git("repack", "-adfq")
	b.edits(2, 3)
	dir := filepath.Join(t.TempDir(), "cache")
	o := Options{Cache: dir, Rules: "1"}
	first := scanOf(t, b.open(), o)
	again := scanOf(t, b.open(), o)
	if again.Cached != again.Objects || again.Bytes != 0 || !reflect.DeepEqual(first.Hits, again.Hits) || first.Objects != again.Objects {
		t.Errorf("%d of %d objects were known, %d bytes were read", again.Cached, again.Objects, again.Bytes)
	}
	if other := scanOf(t, b.open(), Options{Cache: dir, Rules: "2"}); other.Cached != 0 {
		t.Error("verdicts by other rules were taken")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(whole), "AKIA") {
			t.Errorf("%s holds what was looked for", path)
		}
		for i := 0; i < len(whole); i += 1 + len(whole)/25 {
			bad := slices.Clone(whole)
			bad[i] ^= 4
			for _, b2 := range [][]byte{bad, whole[:i]} {
				if err := os.WriteFile(path, b2, 0o600); err != nil {
					t.Fatal(err)
				}
				if s := scanOf(t, b.open(), o); !reflect.DeepEqual(s.Hits, first.Hits) || len(s.Gaps) > 0 || s.Objects != first.Objects {
					t.Fatalf("%s, byte %d: %d hits, want %d", path, i, len(s.Hits), len(first.Hits))
				}
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
