package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	leaks "cordon/internal/secrets/scan"
)

// hooks are those of git's that there is a scan for; the first four are
// installed where none is named.
var hooks = []string{"pre-commit", "commit-msg", "prepare-commit-msg", "pre-push", "pre-receive"}

type hookOptions struct {
	dir   string
	only  []string
	force bool
}

func newScanHook(a *app) *cobra.Command {
	var o hookOptions
	install := a.leaf("install [--dir DIR] [--hook NAME]", "scan.hook.install", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runHookInstall(cmd.Context(), a, o)
	})
	f := install.Flags()
	f.StringVar(&o.dir, "dir", ".", "")
	f.StringSliceVar(&o.only, "hook", nil, "")
	f.BoolVar(&o.force, "force", false, "")
	run := a.leaf("run "+strings.Join(hooks, "|")+" [ARGUMENT…]", "scan.hook.run", between(1, -1), func(cmd *cobra.Command, args []string) error {
		return runHook(cmd.Context(), a, args[0], args[1:])
	})
	run.ValidArgs = hooks
	return a.group("hook", "scan.hook", install, run)
}

// runHookInstall writes the hooks. One of somebody else's is not overwritten.
func runHookInstall(ctx context.Context, a *app, o hookOptions) error {
	out, err := exec.CommandContext(ctx, "git", "-C", o.dir, "rev-parse", "--git-path", "hooks").Output()
	if err != nil {
		return &problem{reason: "scan-no-repository", args: []any{"dir", safe(o.dir)}, exit: exitError, err: err}
	}
	folder := strings.TrimRight(string(out), "\r\n")
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(o.dir, folder)
	}
	which := o.only
	if len(which) == 0 {
		which = hooks[:4]
	}
	var done []string
	for _, h := range which {
		if !slices.Contains(hooks, h) {
			return usage("usage.flag-invalid", "name", "hook", "value", safe(h))
		}
		file := filepath.Join(folder, h)
		if info, err := os.Stat(file + ".d"); err == nil && info.IsDir() {
			file = filepath.Join(file+".d", "cordon")
		}
		if err := writeHook(file, h, o.force); err != nil {
			if errors.Is(err, fs.ErrExist) {
				return &problem{reason: "scan-hook-there", args: []any{"file", safe(file)}, exit: exitError, err: err}
			}
			return &problem{reason: "file", args: []any{"file", safe(file)}, exit: exitError, err: err}
		}
		done = append(done, file)
	}
	return a.record("scan_hooks", map[string]any{"files": done}, func() {
		for _, file := range done {
			a.say("screen.scan.hook", "file", safe(file))
		}
	})
}

// writeHook writes one where there is none, or ours. What is there and cannot be
// read is somebody else's; a link is replaced, and what it leads to stays.
func writeHook(file, hook string, force bool) error {
	text := "#!/bin/sh\n# Keeps credentials out of this repository: cordon help scan\nexec cordon scan hook run " + hook + " -- \"$@\"\n"
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	info, err := os.Lstat(file)
	if err == nil {
		if have, err := os.ReadFile(file); err == nil && string(have) == text {
			return os.Chmod(file, 0o755)
		}
		if !force {
			return fs.ErrExist
		}
		if !info.Mode().IsRegular() {
			err = os.Remove(file)
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil { // git runs it as whoever commits
		return err
	}
	return os.Chmod(file, 0o755)
}

// runHook is what git calls. Hooks look at what is new, say nothing where there is
// nothing to say, and keep nothing in a case.
func runHook(ctx context.Context, a *app, hook string, args []string) error {
	if !slices.Contains(hooks, hook) {
		return usage("usage.hook", "name", safe(hook))
	}
	so, err := a.scanning(scanOptions{noCache: true}, []string{"."})
	if err != nil {
		return err
	}
	so.Env = a.sys.Env
	s := leaks.New(so)
	if err := a.hook(ctx, s, hook, args); err != nil {
		return err
	}
	res := s.Result()
	end := scanEnd(res, "medium")
	if end == nil {
		return nil
	}
	a.sys.Out = a.sys.Err // git keeps what a hook says on standard output for some hooks, and not for others
	if err := a.tellScan(res, scanOptions{}, 0); err != nil {
		return err
	}
	if a.human() && classify(end).exit == exitFindings {
		a.say("prose.scan.stopped." + hook)
	}
	return end
}

func (a *app) hook(ctx context.Context, s *leaks.Scan, hook string, args []string) error {
	switch hook {
	case "pre-commit":
		return s.Staged(ctx, ".")
	case "commit-msg":
		if len(args) == 0 {
			return usage("usage.arguments", "command", "cordon scan hook run commit-msg", "use", "cordon scan hook run commit-msg FILE")
		}
		return s.Message(ctx, args[0])
	case "prepare-commit-msg":
		heads, err := mergeHeads(ctx)
		if err != nil || len(heads) == 0 {
			return err
		}
		return s.Merging(ctx, ".", heads)
	}
	pushes, err := leaks.ReadPushes(io.LimitReader(a.sys.In, 64<<20))
	if err != nil {
		return err
	}
	if hook == "pre-receive" {
		return s.Pushed(ctx, ".", pushes, "--not", "--all")
	}
	var known []string
	for _, p := range pushes {
		if strings.Trim(p.Old, "0") != "" {
			known = append(known, "^"+p.Old)
		}
	}
	// What the remote has may not be here: then git could not leave it out.
	known = present(ctx, known)
	if len(args) > 0 {
		known = append(known, held(ctx, args[0])...)
	}
	return s.Pushed(ctx, ".", pushes, known...)
}

// held leaves out what a remote is known to have, where the push goes to one that
// has a name. What another remote has is new to this one.
func held(ctx context.Context, name string) []string {
	out, err := exec.CommandContext(ctx, "git", "remote").Output()
	if err != nil || strings.ContainsAny(name, "*?[") {
		return nil
	}
	all := strings.Fields(string(out))
	within := func(other string) bool { return strings.HasPrefix(other, name+"/") } // its branches would count as this one's
	if !slices.Contains(all, name) || slices.ContainsFunc(all, within) {
		return nil
	}
	return []string{"--not", "--remotes=" + name}
}

// mergeHeads are what a merge under way brings in.
func mergeHeads(ctx context.Context) ([]string, error) {
	out, err := exec.CommandContext(ctx, "git", "rev-parse", "--git-path", "MERGE_HEAD").Output()
	if err != nil {
		return nil, fmt.Errorf("cannot find out whether this is a merge: %w", err)
	}
	body, err := os.ReadFile(strings.TrimRight(string(out), "\r\n"))
	if errors.Is(err, fs.ErrNotExist) {
		return githeads(), nil
	}
	return strings.Fields(string(body)), err
}

// githeads are the commits that git names in the environment while it merges
// without a conflict.
func githeads() (all []string) {
	for _, kv := range os.Environ() {
		if name, _, ok := strings.Cut(kv, "="); ok {
			if id, merge := strings.CutPrefix(name, "GITHEAD_"); merge {
				all = append(all, id)
			}
		}
	}
	return all
}

// present leaves out commits that this repository does not have.
func present(ctx context.Context, known []string) (out []string) {
	for _, k := range known {
		if exec.CommandContext(ctx, "git", "cat-file", "-e", strings.TrimPrefix(k, "^")+"^{commit}").Run() == nil {
			out = append(out, k)
		}
	}
	return out
}
