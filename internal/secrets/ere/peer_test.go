package ere_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cordon/internal/secrets/ere"
)

// peers are the programs whose reading of expressions this is. Where one is not
// here, or is not GNU's, its half is skipped, loudly.
type peers struct{ grep, git bool }

func findPeers(t testing.TB) (p peers) {
	out, err := exec.Command("grep", "--version").Output()
	p.grep = err == nil && bytes.Contains(out, []byte("GNU grep"))
	out, err = exec.Command("git", "--version").Output()
	p.git = err == nil && !bytes.Contains(out, []byte("Apple"))
	if !p.grep {
		t.Log("GNU grep is not here: grep's reading was not compared")
	}
	if !p.git {
		t.Log("git is not here: git's reading was not compared")
	}
	return p
}

// answer is what a program did with an expression: the numbers of lines, or the
// words for what is wrong.
type answer struct {
	lines  string
	fault  string
	warned string
}

var numbers = regexp.MustCompile(`(?m)^(?:\x01f:)?(\d+):`)

func run(t testing.TB, dir, file string, args ...string) (out, fault string, code int) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "HOME="+dir, "POSIXLY_CORRECT_=")
	var o, e bytes.Buffer
	cmd.Stdout, cmd.Stderr = &o, &e
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return o.String(), e.String(), cmd.ProcessState.ExitCode()
}

// peer asks grep or git grep, over one file.
func peer(t testing.TB, dir string, d ere.Dialect, word bool, pattern string) answer {
	args := []string{"grep", "-anE"}
	if d == ere.Git {
		args = []string{"git", "grep", "--no-index", "-anhE"}
	}
	if word {
		args = append(args, "-w")
	}
	if strings.HasPrefix(pattern, "-") || d == ere.Git {
		args = append(args, "-e", pattern, "--", "text")
	} else {
		args = append(args, "-e", pattern, "text")
	}
	out, fault, code := run(t, dir, "text", args...)
	var a answer
	if code > 1 {
		first, _, _ := strings.Cut(fault, "\n")
		for strings.HasPrefix(first, "grep: warning") {
			_, fault, _ = strings.Cut(fault, "\n")
			first, _, _ = strings.Cut(fault, "\n")
		}
		if i := strings.LastIndex(first, "': "); d == ere.Git && i >= 0 {
			first = first[i+3:]
		}
		a.fault = strings.TrimPrefix(first, "grep: ")
		return a
	}
	for _, m := range numbers.FindAllStringSubmatch(out, -1) {
		a.lines += m[1] + " "
	}
	if d == ere.Grep {
		a.warned = strings.ReplaceAll(fault, "grep: warning: ", "")
	}
	return a
}

// ours is the same from this package.
func ours(d ere.Dialect, word bool, pattern string, text []byte) answer {
	re, err := ere.Compile(ere.Split(pattern), ere.Options{Dialect: d, Word: word})
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return answer{fault: first}
	}
	var a answer
	for _, at := range re.Lines(text, nil) {
		a.lines += fmt.Sprint(bytes.Count(text[:at], []byte{'\n'})+1, " ")
	}
	for _, w := range re.Warnings() {
		a.warned += w + "\n"
	}
	return a
}

func compare(t testing.TB, dir string, p peers, pattern string, text []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "text"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, d := range []ere.Dialect{ere.Grep, ere.Git} {
		if d == ere.Grep && !p.grep || d == ere.Git && !p.git {
			continue
		}
		// git looks ahead over all that is left of a file: its \` and \' are the
		// file's beginning and end as often as a line's.
		if d == ere.Git && (strings.Contains(pattern, "\\`") || strings.Contains(pattern, `\'`)) {
			continue
		}
		for _, word := range []bool{false, true} {
			want, got := peer(t, dir, d, word, pattern), ours(d, word, pattern, text)
			if word {
				want.warned, got.warned = "", ""
			}
			if want != got {
				t.Errorf("%s word %v %q\nover %q:\n got %+v\nwant %+v", map[ere.Dialect]string{ere.Grep: "grep", ere.Git: "git grep"}[d], word, pattern, text, got, want)
			}
		}
	}
}
