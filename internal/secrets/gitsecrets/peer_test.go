package gitsecrets_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"cordon/internal/secrets/gitsecrets"
	"cordon/internal/secrets/history"
)

// TestMain is git-secrets when it is called so: the tests put this very program
// under that name on a path.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "git-secrets" {
		dir, err := os.Getwd()
		if err != nil {
			panic(err)
		}
		os.Exit(gitsecrets.Run(gitsecrets.System{
			Args: os.Args[1:], In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Environ(), Dir: dir, History: finder(),
		}))
	}
	os.Exit(m.Run())
}

// finder is the reader of objects, unless the test wants git to be asked.
func finder() gitsecrets.History {
	if os.Getenv("CORDON_TEST_GIT_LOG") != "" {
		return nil
	}
	return history.Find
}

// original finds the program that is compared with.
var original = sync.OnceValues(func() (string, error) {
	cmd := exec.Command("../../../scripts/git-secrets-peer.sh")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", errors.New(strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(string(out)), nil
})

func needOriginal(t *testing.T) string {
	t.Helper()
	if raced {
		t.Skip("the comparison is of programs, which the race detector only makes slow")
	}
	if out, err := exec.Command("grep", "--version").Output(); err != nil || !bytes.Contains(out, []byte("GNU grep")) {
		t.Skip("GNU grep is not here: nothing was compared with the original")
	}
	path, err := original()
	if err != nil {
		t.Skip("nothing was compared with the original: ", err)
	}
	return path
}

// A sandbox is a home, a place to work in and a path on which git-secrets is one
// program or the other.
type sandbox struct {
	t    *testing.T
	root string
	env  []string
}

func newSandbox(t *testing.T, program string, strict bool) *sandbox {
	t.Helper()
	s := &sandbox{t: t, root: t.TempDir()}
	for _, dir := range []string{"bin", "home", "work"} {
		if err := os.Mkdir(filepath.Join(s.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if program == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		program = self
	}
	if err := os.Symlink(program, filepath.Join(s.root, "bin", "git-secrets")); err != nil {
		t.Fatal(err)
	}
	system := "[init]\n\tdefaultBranch = main\n[user]\n\tname = a\n\temail = a@example.org\n[advice]\n\tdetachedHead = false\n" +
		"[maintenance]\n\tauto = false\n" // nothing goes on in the background
	if strict {
		system += "[secrets]\n\tcompat = strict\n"
	}
	file := filepath.Join(s.root, "system")
	if err := os.WriteFile(file, []byte(system), 0o644); err != nil {
		t.Fatal(err)
	}
	s.env = []string{
		"PATH=" + filepath.Join(s.root, "bin") + ":" + os.Getenv("PATH"), "HOME=" + filepath.Join(s.root, "home"), "GIT_CONFIG_SYSTEM=" + file,
		"LC_ALL=C", "GIT_AUTHOR_DATE=2024-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2024-01-01T00:00:00Z", "TERM=dumb", "GIT_CEILING_DIRECTORIES=" + s.root,
	}
	return s
}

var (
	bashLine   = regexp.MustCompile(`(?m)^\S*git-secrets: line \d+: `)
	bashNull   = regexp.MustCompile(`(?m)^git-secrets: warning: command substitution: ignored null byte in input\n`)
	compatLine = regexp.MustCompile(`(?m)^secrets\.(compat strict|patterns (ABSK|bedrock).*)\n`)
)

// run runs one line of shell and tells all that came of it.
func (s *sandbox) run(line string) string {
	s.t.Helper()
	cmd := exec.Command("bash", "-c", line)
	cmd.Dir, cmd.Env = filepath.Join(s.root, "work"), s.env
	var out, fault bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fault
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	tidy := func(text string) string {
		text = strings.ReplaceAll(text, s.root, "ROOT")
		text = bashLine.ReplaceAllString(text, "git-secrets: ")
		return compatLine.ReplaceAllString(bashNull.ReplaceAllString(text, ""), "")
	}
	return fmt.Sprintf("exit %d\n--- out\n%s--- err\n%s", cmd.ProcessState.ExitCode(), tidy(out.String()), tidy(fault.String()))
}

// same runs lines in both programs' sandboxes and compares after each. In a third
// one nothing is strict: whatever the original finds, the default finds as well.
func same(t *testing.T, lines []string) {
	t.Helper()
	program := needOriginal(t)
	theirs, ours, better := newSandbox(t, program, true), newSandbox(t, "", true), newSandbox(t, "", false)
	for _, line := range lines {
		want := theirs.run(line)
		if got := ours.run(line); want != got {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
		got := better.run(line)
		for l := range strings.Lines(want) {
			if strings.Contains(l, key) && strings.Contains(line, "--scan") && !strings.Contains(got, l) {
				t.Errorf("%s\nby default lost %q: %s", line, l, got)
			}
		}
	}
}
