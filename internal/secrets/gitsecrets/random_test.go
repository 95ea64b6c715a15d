package gitsecrets_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRandomHistories makes repositories in which files with keys are changed,
// moved, copied, renamed, emptied, made links and binaries of, and compares what
// is printed with git log -G and git grep.
func TestRandomHistories(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newSandbox(t, "", true)
			w := &writer{t: t, dir: filepath.Join(s.root, "work"), random: rand.New(rand.NewPCG(seed, 7))}
			s.run("git init -q . && git-secrets --add 'KEY[0-9]+'")
			for i := range 40 {
				w.change(seed%3 == 2)
				line := fmt.Sprintf("git add -A && git commit -qm %d --allow-empty", i)
				if i == 15 {
					line += " && git checkout -q -b side HEAD~3 && touch side && git add side && git commit -qm side"
				}
				if i == 25 {
					line += " && git checkout -q main && git merge -q --no-edit -X ours side >/dev/null 2>&1 || { git add -A; git commit -qm merged; }; git repack -qad"
				}
				s.run(line)
			}
			want := s.run(`LC_ALL=C git grep -nwHEI 'KEY[0-9]+' $(git log --all -G'KEY[0-9]+' --pretty=%H) >&2; exit 0`)
			for _, how := range []string{"", "CORDON_TEST_GIT_LOG=1 "} {
				if got := s.run(how + `git-secrets --scan-history 2>&1 | sed '/^$/,$d' >&2; exit 0`); got != want {
					t.Errorf("%sgot %d lines, want %d: %s", how, strings.Count(got, "\n"), strings.Count(want, "\n"), commitsOf(got, want))
				}
			}
			if strings.Count(want, "KEY") < 20 {
				t.Errorf("the history holds nothing to compare: %s", want)
			}
		})
	}
}

// commitsOf tells the commits that only one of two outputs has.
func commitsOf(a, b string) string {
	set := func(text string) (all []string) {
		for l := range strings.Lines(text) {
			if id, _, ok := strings.Cut(l, ":"); ok && len(id) == 40 && !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
		return all
	}
	x, y := set(a), set(b)
	return fmt.Sprint("more ", slices.DeleteFunc(slices.Clone(x), func(id string) bool { return slices.Contains(y, id) }),
		" less ", slices.DeleteFunc(slices.Clone(y), func(id string) bool { return slices.Contains(x, id) }))
}

// A writer changes a work tree.
type writer struct {
	t      *testing.T
	dir    string
	random *rand.Rand
}

func (w *writer) path(n int) string {
	return filepath.Join(w.dir, []string{"", "sub", "sub/deep"}[n%3], fmt.Sprintf("f%d", n%7))
}

func (w *writer) line() string {
	if n := w.random.IntN(10); n < 2 {
		return fmt.Sprintf("%sKEY%d end", []string{"", "x", "a "}[w.random.IntN(3)], w.random.IntN(4))
	}
	return fmt.Sprintf("line %d", w.random.IntN(30))
}

// change does a few things to a few files.
func (w *writer) change(odd bool) {
	for range 1 + w.random.IntN(3) {
		p := w.path(w.random.IntN(21))
		_ = os.MkdirAll(filepath.Dir(p), 0o755)
		info, err := os.Lstat(p)
		if err != nil || info.Mode()&os.ModeSymlink != 0 {
			_ = os.Remove(p)
			w.write(p, w.lines(10+w.random.IntN(20)))
			continue
		}
		body, err := os.ReadFile(p)
		if err != nil {
			w.t.Fatal(err)
		}
		all := strings.SplitAfter(string(body), "\n")
		at := w.random.IntN(len(all))
		switch w.random.IntN(9) {
		case 0:
			_ = os.Remove(p)
		case 1:
			to := w.path(w.random.IntN(21))
			_ = os.MkdirAll(filepath.Dir(to), 0o755)
			_ = os.Remove(to)
			_ = os.Rename(p, to)
		case 2:
			w.write(p, append(all[at:len(all):len(all)], all[:at]...))
		case 3:
			w.write(p, slices.Delete(all, at, at+1))
		case 4:
			if odd {
				w.write(p, slices.Insert(all, 0, "\x00\n"))
			}
		case 5:
			if odd {
				_ = os.Remove(p)
				_ = os.Symlink("KEY1", p)
			}
		case 6:
			if odd {
				w.write(filepath.Join(w.dir, ".gitattributes"), []string{fmt.Sprintf("f%d -diff\n", w.random.IntN(9))})
			}
		default:
			w.write(p, slices.Insert(all, at, w.lines(1+w.random.IntN(2))...))
		}
	}
}

func (w *writer) lines(n int) (all []string) {
	for range n {
		all = append(all, w.line()+"\n")
	}
	return all
}

func (w *writer) write(p string, lines []string) {
	if err := os.WriteFile(p, []byte(strings.Join(lines, "")), 0o644); err != nil {
		w.t.Fatal(err)
	}
}
