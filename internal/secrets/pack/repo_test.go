package pack

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cordon/internal/secrets/runs"
)

// A box is a repository that a test makes with git.
type box struct {
	t   testing.TB
	dir string
	now int
}

func newBox(t testing.TB, args ...string) *box {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	b := &box{t: t, dir: t.TempDir(), now: 1_700_000_000}
	b.git(append([]string{"init", "-q", "-b", "main"}, args...)...)
	b.git("config", "user.name", "A U Thor")
	b.git("config", "user.email", "author@example.com")
	b.git("config", "gc.auto", "0")
	b.git("config", "maintenance.auto", "false") // nothing goes on in the background
	return b
}

func (b *box) git(args ...string) string { return b.gitIn("", args...) }

func (b *box) gitIn(stdin string, args ...string) string {
	b.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = b.dir
	cmd.Stdin = strings.NewReader(stdin)
	b.now += 60
	date := fmt.Sprintf("%d +0100", b.now)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date, "LC_ALL=C")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		b.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return strings.TrimSuffix(string(out), "\n")
}

func (b *box) write(path, text string) {
	b.t.Helper()
	full := filepath.Join(b.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *box) commit(message string) ID {
	b.t.Helper()
	b.git("add", "-A")
	b.git("commit", "-q", "--allow-empty", "-m", message)
	return b.id("HEAD")
}

func (b *box) id(rev string) ID {
	b.t.Helper()
	id, err := ParseID(b.git("rev-parse", rev))
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b *box) open() *Repository {
	b.t.Helper()
	r, err := Open(context.Background(), b.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { r.Close() })
	return r
}

// edits makes a history of some files, each edited many times, so that packing
// it makes chains of deltas.
func (b *box) edits(seed uint64, commits int) {
	b.t.Helper()
	r := rand.New(rand.NewPCG(seed, 3))
	files := map[string][]string{}
	for i := range 6 {
		name := []string{"a.txt", "dir/b.txt", "dir/deep/c.txt", "dir/d.txt", "e", "dir/deep/deeper/f"}[i]
		for range 200 {
			files[name] = append(files[name], line(r))
		}
	}
	names := slices.Sorted(func(yield func(string) bool) {
		for k := range files {
			if !yield(k) {
				return
			}
		}
	})
	for c := range commits {
		for range 1 + r.IntN(3) {
			name := names[r.IntN(len(names))]
			files[name] = edit(r, files[name])
			end := "\n"
			if r.IntN(5) == 0 {
				end = ""
			}
			b.write(name, strings.Join(files[name], "\n")+end)
		}
		b.commit("change " + strconv.Itoa(c))
	}
}

func edit(r *rand.Rand, lines []string) []string {
	for range 1 + r.IntN(4) {
		i := r.IntN(len(lines))
		switch r.IntN(4) {
		case 0:
			lines = slices.Insert(slices.Clone(lines), i, line(r))
		case 1:
			if len(lines) > 5 {
				lines = slices.Delete(slices.Clone(lines), i, i+1)
			}
		case 2:
			lines = slices.Clone(lines)
			if l := lines[i]; len(l) > 3 {
				k := r.IntN(len(l))
				lines[i] = l[:k] + string(rune('A'+r.IntN(26))) + l[k:]
			}
		default:
			lines = slices.Clone(lines)
			lines[i] = line(r)
		}
	}
	return lines
}

// line is a text in which, now and then, stands what keyMatcher looks for.
func line(r *rand.Rand) string {
	const words = "the key of a bucket is in the region where nobody looks after AWS RESOURCES 12345 "
	var b strings.Builder
	for range r.IntN(8) {
		k := r.IntN(len(words) - 12)
		b.WriteString(words[k : k+1+r.IntN(11)])
	}
	if r.IntN(15) == 0 {
		b.WriteString("AKIA")
		for range 12 + r.IntN(8) {
			b.WriteByte("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[r.IntN(32)])
		}
	}
	if r.IntN(20) == 0 {
		b.WriteByte('\r')
	}
	return b.String()
}

// A keyMatcher finds runs of twenty capitals and digits with a key id's
// beginning, and reads blobs that begin with "PK" whole.
type keyMatcher struct{ class *runs.Set }

func newKeyMatcher() Matcher { return &keyMatcher{runs.Of("A-Z0-9")} }

func (m *keyMatcher) Lines(text []byte, hits []int) []int {
	for from := 0; ; {
		a, z := m.class.Next(text, from, 20)
		if a < 0 {
			return hits
		}
		if k := bytes.Index(text[a:z], []byte("AKIA")); k >= 0 && z-a-k >= 20 {
			hits = append(hits, a+k)
		}
		from = z
	}
}
func (m *keyMatcher) Whole(head []byte) bool { return bytes.HasPrefix(head, []byte("PK")) }
func (m *keyMatcher) Blob(body []byte) bool  { return bytes.Contains(body, []byte("A\x00K\x00I\x00A")) }
func (m *keyMatcher) Name(name []byte) bool  { return bytes.Contains(name, []byte("AKIA")) }

// catAll is what git itself says is in the repository.
func (b *box) catAll() map[ID][]byte {
	b.t.Helper()
	cmd := exec.Command("git", "cat-file", "--batch-all-objects", "--batch", "--unordered")
	cmd.Dir = b.dir
	out, err := cmd.Output()
	if err != nil {
		b.t.Fatal(err)
	}
	all := map[ID][]byte{}
	in := bufio.NewReader(bytes.NewReader(out))
	for {
		head, err := in.ReadString('\n')
		if err == io.EOF {
			return all
		}
		f := strings.Fields(head)
		size, err := strconv.Atoi(f[2])
		if err != nil {
			b.t.Fatal(err)
		}
		body := make([]byte, size+1)
		if _, err := io.ReadFull(in, body); err != nil {
			b.t.Fatal(err)
		}
		id, err := ParseID(f[0])
		if err != nil {
			b.t.Fatal(err)
		}
		all[id] = append([]byte(f[1]+" "), body[:size]...)
	}
}

// collect walks every store as a scan does and keeps what it sees.
func collect(t testing.TB, r *Repository) map[ID][]byte {
	t.Helper()
	all := map[ID][]byte{}
	n := r.numbers()
	for _, p := range r.packs {
		f := p.grow(r.kind)
		gaps, _, err := f.walk(context.Background(), r, f.roots, 1, true, nil, func(int) visitor {
			return func(w *walker, b, base *built, segments []segment) {
				id := f.id(b.i)
				all[id] = append([]byte(b.kind.String()+" "), b.body...)
			}
		})
		if err != nil || len(gaps)+len(f.gaps) > 0 {
			t.Fatal(err, gaps, f.gaps)
		}
	}
	for _, id := range n.loose {
		kind, body, err := readLoose(r.loose[id])
		if err != nil {
			t.Fatal(err)
		}
		all[id] = append([]byte(kind.String()+" "), body...)
	}
	return all
}

func (b *box) same(r *Repository) {
	b.t.Helper()
	want, got := b.catAll(), collect(b.t, r)
	if len(want) != len(got) || len(want) == 0 {
		b.t.Errorf("%d objects, want %d", len(got), len(want))
	}
	for id, body := range want {
		if !bytes.Equal(got[id], body) {
			b.t.Errorf("%s: %.60q, want %.60q", id, got[id], body)
		}
		kind, again, err := r.Object(context.Background(), id)
		if err != nil || !bytes.Equal(append([]byte(kind.String()+" "), again...), body) {
			b.t.Errorf("%s: %v, or other bytes", id, err)
		}
	}
}
