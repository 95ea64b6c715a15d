package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// format is raised when the generator writes something else.
const format = 5

// generated is the repository of so many commits, made once.
func generated(ctx context.Context, dir string, commits int) (string, error) {
	repo := filepath.Join(dir, fmt.Sprintf("repo-%d-%d.git", format, commits))
	if _, err := os.Stat(filepath.Join(repo, "complete")); err == nil {
		return repo, nil
	}
	if err := os.RemoveAll(repo); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	fmt.Fprintf(os.Stderr, "generating %s (%d commits), once\n", repo, commits)
	if out, err := exec.CommandContext(ctx, "git", "init", "-q", "--bare", "-b", "main", repo).CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot make a repository: %w: %s", err, out)
	}
	in := exec.CommandContext(ctx, "git", "-C", repo, "-c", "core.compression=1", "fast-import", "--quiet", "--depth=50")
	in.Stderr = os.Stderr
	pipe, err := in.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := in.Start(); err != nil {
		return "", fmt.Errorf("cannot make a repository: %w", err)
	}
	w := bufio.NewWriterSize(pipe, 1<<20)
	h := newHistory(w)
	for range commits {
		h.commit()
	}
	h.write()
	if err := errors.Join(w.Flush(), pipe.Close(), in.Wait()); err != nil {
		return "", fmt.Errorf("cannot make a repository: git fast-import: %w", err)
	}
	// As git gc leaves it; the chains of deltas are fast-import's.
	repack := exec.CommandContext(ctx, "git", "-C", repo, "repack", "-q", "-a", "-d", "--depth=50", "--window=10")
	if out, err := repack.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot make a repository: git repack: %w: %s", err, out)
	}
	for _, args := range [][]string{{"pack-refs", "--all"}, {"config", "gc.auto", "0"}, {"config", "user.name", "Bench"}, {"config", "user.email", "bench@example.com"}} {
		if out, err := exec.CommandContext(ctx, "git", append([]string{"-C", repo}, args...)...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("cannot make a repository: git %s: %w: %s", args[0], err, out)
		}
	}
	note := fmt.Sprintf("%d commits, %d blobs, %d bytes, %d keys\n", commits, h.blobs, h.bytes, h.keys)
	return repo, os.WriteFile(filepath.Join(repo, "complete"), []byte(note), 0o600)
}

// A history is code that many people change: some 1,500 files in directories, of
// which a commit changes two or three, each by a few lines. Now and then work goes
// on beside main and is merged. Contents are numbers of lines, so that all
// versions fit in memory and those of one file can be written one after the other,
// the latest first, which is how git stores them best.
type history struct {
	r       *rand.Rand
	w       io.Writer
	words   []string
	lines   [][]byte
	files   []*file
	commits []commit
	now     int64
	side    int // commits left on the branch beside main; 0 is none
	topic   int // the branch's last commit
	onto    map[*file]bool
	main    int
	n       int
	blobs   int
	bytes   int64
	keys    int
}

type file struct {
	path     string
	versions [][]int32
	mark     int // of its first version
}

// A commit, by its place behind the first; parents are counted from one.
type commit struct {
	ref     string
	from    int
	merge   int
	changed []change
	message string
	when    int64
	who     int
	tag     string
}

type change struct {
	f       *file
	version int
}

func newHistory(w io.Writer) *history {
	h := &history{r: rand.New(rand.NewPCG(2026, 11)), w: w, now: 1_500_000_000}
	for range 5000 {
		var b strings.Builder
		for range 1 + h.r.IntN(3) {
			b.WriteString([]string{"re", "source", "con", "fig", "in", "stance", "pro", "vider", "na", "me", "state", "plan", "mod", "ule", "va", "lue", "key", "path", "err", "ctx", "test", "data", "list", "attr", "ib", "ute", "net", "work", "vol", "ume"}[h.r.IntN(30)])
		}
		h.words = append(h.words, b.String())
	}
	dirs := []string{""}
	for range 90 {
		if d := dirs[h.r.IntN(len(dirs))] + h.word() + "/"; strings.Count(d, "/") < 4 {
			dirs = append(dirs, d)
		}
	}
	seen := map[string]bool{}
	for len(h.files) < 1500 {
		path := dirs[h.r.IntN(len(dirs))] + h.word() + "_" + h.word() + []string{".go", ".tf", ".md", ".json"}[h.r.IntN(4)]
		if !seen[path] {
			seen[path] = true
			h.files = append(h.files, &file{path: path})
		}
	}
	return h
}

func (h *history) word() string { return h.words[h.r.IntN(len(h.words))] }

func (h *history) commit() {
	h.n++
	h.now += int64(30 + h.r.IntN(7200))
	c := commit{ref: "refs/heads/main", from: h.main, when: h.now, who: h.r.IntN(40)}
	switch {
	case h.side == 0 && h.n%25 == 10 && h.main > 0:
		h.side, h.topic, h.onto = 3+h.r.IntN(8), h.main, map[*file]bool{}
	case h.side == 1:
		h.merge(c)
		return
	}
	beside := h.side > 0 && h.r.IntN(2) == 0
	for range 1 + h.r.IntN(4) {
		// A few files change often.
		f := h.files[int(float64(len(h.files))*h.r.Float64()*h.r.Float64())]
		if h.side > 0 && !beside && h.onto[f] || slices.ContainsFunc(c.changed, func(c change) bool { return c.f == f }) {
			continue // one side alone changes a file: merges are then simple
		}
		if beside {
			h.onto[f] = true
		}
		c.changed = append(c.changed, change{f, h.edit(f)})
	}
	c.message = h.sentence() + "\n\n" + h.sentence() + "\n"
	if h.n%6000 == 77 {
		c.message += "rotated " + h.key() + "\n"
	}
	if beside {
		c.ref, c.from = "refs/heads/topic", h.topic
		h.side--
	}
	h.commits = append(h.commits, c)
	if beside {
		h.topic = len(h.commits)
	} else {
		h.main = len(h.commits)
	}
}

// merge brings the branch into main.
func (h *history) merge(c commit) {
	h.side = 0
	c.merge, c.message = h.topic, "Merge branch 'topic'\n"
	if h.topic == h.main {
		c.merge = 0
	}
	for _, f := range h.files { // in their order, not the map's
		if h.onto[f] {
			if len(c.changed) == 0 && h.n%5 == 0 {
				h.edit(f) // what only the merge has
			}
			c.changed = append(c.changed, change{f, len(f.versions) - 1})
		}
	}
	if h.n%400 < 25 {
		c.tag = fmt.Sprintf("v0.%d", h.n)
	}
	h.commits = append(h.commits, c)
	h.main = len(h.commits)
}

// edit changes a few lines, or begins the file, and returns the version's number.
func (h *history) edit(f *file) int {
	var lines []int32
	if len(f.versions) == 0 {
		for range 40 + h.r.IntN(1000) {
			lines = append(lines, h.line())
		}
	} else {
		lines = slices.Clone(f.versions[len(f.versions)-1])
		for range 1 + h.r.IntN(6) {
			at, n := h.r.IntN(len(lines)), 1+h.r.IntN(5)
			switch h.r.IntN(3) {
			case 0:
				for range n {
					lines = slices.Insert(lines, at, h.line())
				}
			case 1:
				if len(lines) > 60 {
					lines = slices.Delete(lines, at, min(len(lines), at+n))
				}
			default:
				lines[at] = h.line()
			}
		}
	}
	if h.n%1500 == 3 {
		h.keys++
		h.lines = append(h.lines, []byte("  access_key = \""+h.key()+"\"\n  secret_key = \""+h.secret()+"\"\n"))
		lines = slices.Insert(lines, h.r.IntN(len(lines)), int32(len(h.lines)-1))
	}
	f.versions = append(f.versions, lines)
	return len(f.versions) - 1
}

// write gives fast-import the blobs, file by file, and then the commits.
func (h *history) write() {
	mark := 0
	for _, f := range h.files {
		f.mark = mark + 1
		mark += len(f.versions)
		for v, lines := range slices.Backward(f.versions) {
			size := 0
			for _, l := range lines {
				size += len(h.lines[l])
			}
			fmt.Fprintf(h.w, "blob\nmark :%d\ndata %d\n", f.mark+v, size)
			for _, l := range lines {
				h.w.Write(h.lines[l])
			}
			fmt.Fprintln(h.w)
			h.blobs++
			h.bytes += int64(size)
		}
	}
	for i, c := range h.commits {
		fmt.Fprintf(h.w, "commit %s\nmark :%d\n", c.ref, mark+1+i)
		for _, as := range []string{"author", "committer"} {
			fmt.Fprintf(h.w, "%s Person %d <person%d@example.com> %d +0000\n", as, c.who, c.who, c.when)
		}
		fmt.Fprintf(h.w, "data %d\n%s\n", len(c.message), c.message)
		if c.from > 0 {
			fmt.Fprintf(h.w, "from :%d\n", mark+c.from)
		}
		if c.merge > 0 {
			fmt.Fprintf(h.w, "merge :%d\n", mark+c.merge)
		}
		for _, ch := range c.changed {
			fmt.Fprintf(h.w, "M 100644 :%d %s\n", ch.f.mark+ch.version, ch.f.path)
		}
		fmt.Fprintln(h.w)
		if c.tag != "" {
			fmt.Fprintf(h.w, "tag %s\nfrom :%d\ntagger Release <release@example.com> %d +0000\ndata 8\nrelease\n\n", c.tag, mark+1+i, c.when)
		}
	}
}

func (h *history) key() string {
	b := []byte("AKIA")
	for range 16 {
		b = append(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[h.r.IntN(32)])
	}
	return string(b)
}

func (h *history) secret() string {
	var b []byte
	for range 40 {
		b = append(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[h.r.IntN(64)])
	}
	return string(b)
}

func (h *history) sentence() string {
	var b strings.Builder
	for range 4 + h.r.IntN(8) {
		b.WriteString(h.word() + " ")
	}
	return strings.TrimSpace(b.String())
}

// line is one of code: calls, names, comments, now and then a hash, a number, a
// long path or an encoded value, over which searches for secrets stumble.
func (h *history) line() int32 {
	var b bytes.Buffer
	b.WriteString(strings.Repeat("\t", h.r.IntN(4)))
	switch h.r.IntN(24) {
	case 0:
		b.WriteString("}")
	case 1:
	case 2, 3:
		fmt.Fprintf(&b, "// %s.", h.sentence())
	case 4, 5, 6:
		fmt.Fprintf(&b, "if %s, err := %s.%s(ctx, %q); err != nil {", h.word(), h.word(), h.word(), h.word())
	case 7:
		fmt.Fprintf(&b, "%q: %d,", h.word(), h.r.IntN(1<<30))
	case 8:
		fmt.Fprintf(&b, "github.com/%s/%s v1.%d.%d h1:%s=", h.word(), h.word(), h.r.IntN(30), h.r.IntN(9), h.secret()+"ab")
	case 9:
		if h.r.IntN(4) == 0 {
			fmt.Fprintf(&b, "%s = %q // %016x%016x%08x", h.word(), h.word(), h.r.Uint64(), h.r.Uint64(), h.r.Uint32())
		} else {
			fmt.Fprintf(&b, "const %s = %q", strings.ToUpper(h.word()+"_"+h.word()), h.word())
		}
	case 10:
		fmt.Fprintf(&b, "arn:aws:iam::%012d:role/%s", h.r.IntN(1<<39), h.word())
	case 11:
		fmt.Fprintf(&b, "import %q", "internal/"+h.word()+"/"+h.word()+"/"+h.word()+"/"+h.word())
	case 12, 13:
		fmt.Fprintf(&b, "func (%s *%s) %s(%s %s) (%s, error) {", h.word(), h.word(), h.word(), h.word(), h.word(), h.word())
	case 14, 15:
		fmt.Fprintf(&b, "return %s(%s.%s, %s[%d])", h.word(), h.word(), h.word(), h.word(), h.r.IntN(100))
	default:
		fmt.Fprintf(&b, "%s.%s = append(%s, %s{%s: %q})", h.word(), h.word(), h.word(), h.word(), h.word(), h.word())
	}
	b.WriteByte('\n')
	h.lines = append(h.lines, b.Bytes())
	return int32(len(h.lines) - 1)
}
