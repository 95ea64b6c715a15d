package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/durable"
)

func newSecrets(a *app) *cobra.Command {
	return a.group("secrets COMMAND", "secrets", newInstallLink(a))
}

func newInstallLink(a *app) *cobra.Command {
	var (
		dir   string
		force bool
	)
	c := a.leaf("install-link [--dir DIR] [--force]", "secrets.install-link", between(0, 0), func(*cobra.Command, []string) error {
		return runInstallLink(a, dir, force)
	})
	f := c.Flags()
	f.StringVar(&dir, "dir", "", "")
	f.BoolVar(&force, "force", false, "")
	return c
}

// runInstallLink puts this program on the path under git's name for it: git runs
// "git-secrets" when somebody types "git secrets".
func runInstallLink(a *app, dir string, force bool) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program: %w", err)
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return fmt.Errorf("cannot find this program: %w", err)
	}
	if dir == "" {
		dir = filepath.Dir(self)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("cannot find directory: %w", err)
	}
	link := filepath.Join(dir, "git-secrets"+exe())
	there, own, err := ownLink(link, self)
	if err != nil {
		return fmt.Errorf("cannot look at %s: %w", link, err)
	}
	if there && !own && !force {
		return &problem{reason: "link-foreign", args: []any{"path", safe(link)}, exit: exitError, fix: "cordon secrets install-link --force"}
	}
	if err := makeLink(link, self); err != nil {
		return fmt.Errorf("cannot make %s: %w", link, err)
	}
	onPath := slices.Contains(filepath.SplitList(a.sys.Env("PATH")), dir)
	return a.record("git-secrets-link", map[string]any{"path": link, "program": self, "on_path": onPath}, func() {
		a.say("screen.secrets.linked", "path", safe(link))
		if !onPath {
			a.say("prose.secrets.not-on-path", "dir", safe(dir))
		}
	})
}

func exe() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// ownLink says whether something has the name, and whether it is a cordon: a link
// to one, or this program's copy.
func ownLink(link, self string) (there, own bool, err error) {
	info, err := os.Lstat(link)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, false, nil
	case err != nil:
		return false, false, err
	case info.Mode()&fs.ModeSymlink != 0:
		to, err := os.Readlink(link)
		return true, strings.TrimSuffix(filepath.Base(to), ".exe") == "cordon" || filepath.Base(to) == filepath.Base(self), err
	case !info.Mode().IsRegular():
		return true, false, errors.New("it is neither a file nor a link")
	}
	ours, err := os.Stat(self)
	if err != nil || ours.Size() != info.Size() {
		return true, false, err
	}
	a, err := os.ReadFile(link)
	if err != nil {
		return true, false, err
	}
	b, err := os.ReadFile(self)
	return true, bytes.Equal(a, b), err
}

// makeLink makes the link beside its place and moves it there, so that the name is
// never missing. Windows gets a copy: links need a right there that few have.
func makeLink(link, self string) error {
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		body, err := os.ReadFile(self)
		if err != nil {
			return err
		}
		return durable.Write(link, body)
	}
	target := self
	if filepath.Dir(link) == filepath.Dir(self) {
		target = filepath.Base(self)
	}
	part := fmt.Sprintf("%s.%d", link, os.Getpid())
	if err := os.Symlink(target, part); err != nil {
		return err
	}
	if err := os.Rename(part, link); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return nil
}
