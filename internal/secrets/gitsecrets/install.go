package gitsecrets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// install writes the hooks into a repository, or into a directory that new
// repositories are made from.
func (r *run) install(dir string) int {
	hooks, code := r.hooksDir(dir)
	if code != 0 {
		return code
	}
	if err := os.MkdirAll(r.at(hooks), 0o777); err != nil {
		fmt.Fprintf(r.Err, "mkdir: cannot create directory '%s': %s\n", r.blocked(hooks), reason(err))
		return r.refuse("Could not create dir: %s", strings.TrimSuffix(hooks, "/hooks"))
	}
	for _, h := range []struct{ name, command string }{
		{"commit-msg", "commit_msg_hook"}, {"pre-commit", "pre_commit_hook"}, {"prepare-commit-msg", "prepare_commit_msg_hook"},
	} {
		if code := r.installHook(hooks, h.name, h.command); code != 0 {
			return code
		}
	}
	return 0
}

// blocked is the first part of a name that is there and is no directory, or the
// first that is not there.
func (r *run) blocked(name string) string {
	for i := 1; i <= len(name); i++ {
		if (i == len(name) || name[i] == '/') && !isDir(r.at(name[:i])) {
			return name[:i]
		}
	}
	return name
}

// hooksDir is where the hooks go. Without a directory it is where git will look
// for them: core.hooksPath, and for a linked work tree the repository's own; the
// original knows neither.
func (r *run) hooksDir(dir string) (string, int) {
	if dir == "" {
		out, code := r.told("rev-parse", "--git-dir")
		if code != 0 {
			return "", r.refuse("Not in a Git repository")
		}
		if !r.compat() {
			if p, ok := r.hooksElsewhere(line(out)); ok {
				return p, 0
			}
		}
		return line(out) + "/hooks", 0
	}
	if isDir(join(r.at(dir), ".git")) {
		dir += "/.git"
	}
	return dir + "/hooks", 0
}

// hooksElsewhere asks git where it looks for hooks, when that is not in the git
// directory.
func (r *run) hooksElsewhere(gitDir string) (string, bool) {
	out, code := r.git(nil, "rev-parse", "--git-path", "hooks")
	if code != 0 {
		return "", false
	}
	if same(r.at(line(out)), r.at(join(gitDir, "hooks"))) {
		return "", false
	}
	return line(out), true
}

func (r *run) installHook(hooks, name, command string) int {
	dest := hooks + "/" + name
	if isDir(r.at(dest + ".d")) {
		dest += ".d/git-secrets"
	}
	if info, err := os.Stat(r.at(dest)); err == nil && info.Mode().IsRegular() && !r.force {
		return r.refuse("%s already exists. Use -f to force", dest)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r.refuse("git-secrets: cannot write %s: %v", dest, err)
	}
	text := "#!/usr/bin/env bash\ngit secrets --" + command + " -- \"$@\"\n"
	if err := os.WriteFile(r.at(dest), []byte(text), 0o777); err != nil {
		return r.refuse("git-secrets: cannot write %s: %v", dest, err)
	}
	if info, err := os.Stat(r.at(dest)); err == nil && info.Mode()&0o111 != 0o111 {
		if err := os.Chmod(r.at(dest), info.Mode()|0o111); err != nil {
			return r.refuse("git-secrets: cannot make %s a program: %v", dest, err)
		}
	}
	if r.OutTTY && r.env("TERM") != "" {
		fmt.Fprint(r.Out, "\x1b[32m✓\x1b(B\x1b[m ")
	}
	fmt.Fprintf(r.Out, "Installed %s hook to %s\n", name, dest)
	return 0
}
