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
	"strings"
)

// format is raised when the generator writes something else.
const format = 4

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
	in := exec.CommandContext(ctx, "git", "-C", repo, "-c", "core.compression=1", "fast-import", "--quiet")
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
	if err := errors.Join(w.Flush(), pipe.Close(), in.Wait()); err != nil {
		return "", fmt.Errorf("cannot make a repository: git fast-import: %w", err)
	}
	// As git gc --aggressive leaves it.
	repack := exec.CommandContext(ctx, "git", "-C", repo, "repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=10")
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
// on beside main and is merged.
type history struct {
	r     *rand.Rand
	w     io.Writer
	words []string
	files []*file
	mark  int
	now   int64
	side  int // commits left on the branch beside main; 0 is none
	topic int // its mark
	onto  map[*file]bool
	main  int
	n     int
	blobs int
	bytes int64
	keys  int
}

type file struct {
	path  string
	lines [][]byte
	size  int
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
	for range 220 {
		dirs = append(dirs, dirs[h.r.IntN(len(dirs))]+h.word()+"/")
	}
	seen := map[string]bool{}
	for range 1500 {
		path := dirs[h.r.IntN(len(dirs))] + h.word() + "_" + h.word() + []string{".go", ".tf", ".md", ".json"}[h.r.IntN(4)]
		if seen[path] || strings.Count(path, "/") > 7 {
			continue
		}
		seen[path] = true
		h.files = append(h.files, &file{path: path})
	}
	return h
}

func (h *history) word() string { return h.words[h.r.IntN(len(h.words))] }

// commit writes one to fast-import.
func (h *history) commit() {
	h.n++
	h.now += int64(30 + h.r.IntN(7200))
	switch {
	case h.side == 0 && h.n%25 == 10:
		h.side, h.topic, h.onto = 3+h.r.IntN(8), h.main, map[*file]bool{}
	case h.side == 1:
		h.merge()
		return
	}
	beside := h.side > 0 && h.r.IntN(2) == 0
	var changed []*file
	for range 1 + h.r.IntN(4) {
		// A few files change often.
		k := int(float64(len(h.files)) * h.r.Float64() * h.r.Float64())
		f := h.files[k]
		if h.side > 0 && beside != h.onto[f] && (beside && f.lines != nil || !beside) && h.onto[f] {
			continue // only one side changes a file: merges are then simple
		}
		if beside {
			h.onto[f] = true
		} else if h.side > 0 && h.onto[f] {
			continue
		}
		h.edit(f)
		changed = append(changed, f)
	}
	var blobs []int
	for _, f := range changed {
		blobs = append(blobs, h.blob(f))
	}
	h.mark++
	ref, parent := "refs/heads/main", h.main
	if beside {
		ref, parent = "refs/heads/topic", h.topic
		h.side--
	}
	message := h.sentence() + "\n\n" + h.sentence() + "\n"
	if h.n%6000 == 77 {
		message += "rotated " + h.key() + "\n"
	}
	h.head(ref, message)
	if parent > 0 {
		fmt.Fprintf(h.w, "from :%d\n", parent)
	}
	for i, f := range changed {
		fmt.Fprintf(h.w, "M 100644 :%d %s\n", blobs[i], f.path)
	}
	if fmt.Fprintln(h.w); beside {
		h.topic = h.mark
	} else {
		h.main = h.mark
	}
}

func (h *history) head(ref, message string) {
	fmt.Fprintf(h.w, "commit %s\nmark :%d\n", ref, h.mark)
	who := h.r.IntN(40)
	fmt.Fprintf(h.w, "author Person %d <person%d@example.com> %d +0000\ncommitter Person %d <person%d@example.com> %d +0000\n", who, who, h.now, who, who, h.now)
	fmt.Fprintf(h.w, "data %d\n%s\n", len(message), message)
}

// merge brings the branch into main.
func (h *history) merge() {
	h.side = 0
	if h.topic == 0 || h.main == 0 || h.topic == h.main {
		h.commit()
		return
	}
	names := make([]string, 0, len(h.onto))
	marks := make([]int, 0, len(h.onto))
	for _, f := range h.files { // in their order, not the map's
		if h.onto[f] {
			if len(names) == 0 && h.n%5 == 0 {
				h.edit(f) // what only the merge has
			}
			names, marks = append(names, f.path), append(marks, h.blob(f))
		}
	}
	h.mark++
	h.head("refs/heads/main", "Merge branch 'topic'\n")
	fmt.Fprintf(h.w, "from :%d\nmerge :%d\n", h.main, h.topic)
	for i := range names {
		fmt.Fprintf(h.w, "M 100644 :%d %s\n", marks[i], names[i])
	}
	fmt.Fprintln(h.w)
	h.main = h.mark
	if h.n%400 < 25 {
		fmt.Fprintf(h.w, "tag v0.%d\nfrom :%d\ntagger Release <release@example.com> %d +0000\ndata 8\nrelease\n\n", h.n, h.main, h.now)
	}
}

func (h *history) blob(f *file) int {
	h.mark++
	size := 0
	for _, l := range f.lines {
		size += len(l)
	}
	fmt.Fprintf(h.w, "blob\nmark :%d\ndata %d\n", h.mark, size)
	for _, l := range f.lines {
		h.w.Write(l)
	}
	fmt.Fprintln(h.w)
	h.blobs++
	h.bytes += int64(size)
	return h.mark
}

// edit changes a few lines, or begins the file.
func (h *history) edit(f *file) {
	if f.lines == nil {
		for range 40 + h.r.IntN(1000) {
			f.lines = append(f.lines, h.line(f.path))
		}
		return
	}
	lines := append([][]byte(nil), f.lines...)
	for range 1 + h.r.IntN(6) {
		at := h.r.IntN(len(lines))
		n := 1 + h.r.IntN(5)
		switch h.r.IntN(3) {
		case 0:
			for range n {
				lines = append(lines[:at], append([][]byte{h.line(f.path)}, lines[at:]...)...)
			}
		case 1:
			if len(lines) > 60 {
				lines = append(lines[:at], lines[min(len(lines), at+n):]...)
			}
		default:
			lines[at] = h.line(f.path)
		}
	}
	if h.n%1500 == 3 {
		h.keys++
		at := h.r.IntN(len(lines))
		planted := []byte("  access_key = \"" + h.key() + "\"\n  secret_key = \"" + h.secret() + "\"\n")
		lines = append(lines[:at], append([][]byte{planted}, lines[at:]...)...)
	}
	f.lines = lines
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
func (h *history) line(path string) []byte {
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
	return b.Bytes()
}
