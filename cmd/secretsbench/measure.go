package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A figure is what a command cost at the least.
type figure struct {
	cpu, wall time.Duration
	anon      int64 // bytes, at the most
	out       string
}

// cost runs a command and drops what it prints but for its last line.
func cost(ctx context.Context, dir, name string, args ...string) (figure, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_PAGER=cat")
	var tail tail
	cmd.Stdout = &tail
	if strings.HasPrefix(filepath.Base(name), "git") {
		cmd.Stdout = nil // /dev/null: nobody pays for a pipe
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return figure{}, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var f figure
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			f.wall = time.Since(start)
			if err != nil && cmd.ProcessState.ExitCode() != 1 { // gitleaks and cordon: something was found
				return f, fmt.Errorf("%s: %w: %s", name, err, errs.String())
			}
			f.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			said := strings.TrimSpace(string(tail.b))
			f.out = said[strings.LastIndexByte(said, '\n')+1:]
			return f, nil
		case <-tick.C:
			f.anon = max(f.anon, anonymous(cmd.Process.Pid))
		}
	}
}

// A tail keeps the end of what is written.
type tail struct{ b []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.b = append(t.b, b...)
	if len(t.b) > 4000 {
		t.b = t.b[len(t.b)-2000:]
	}
	return len(b), nil
}

var _ io.Writer = (*tail)(nil)

// anonymous is the memory of a process that is no file's.
func anonymous(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, ok := bytes.Cut(b, []byte("RssAnon:"))
	f := bytes.Fields(rest)
	if !ok || len(f) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(string(f[0]), 10, 64)
	return n << 10
}

// A contest is commands that are run in turn.
type contest struct {
	ctx    context.Context
	rounds int
	names  []string
	run    map[string]func() (figure, error)
	best   map[string]figure
}

func (c *contest) add(name string, run func() (figure, error)) {
	c.names = append(c.names, name)
	c.run[name] = run
}

func (c *contest) hold() error {
	for round := range c.rounds {
		for _, name := range c.names {
			f, err := c.run[name]()
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			old, ok := c.best[name]
			anon := max(old.anon, f.anon)
			if !ok || f.cpu < old.cpu {
				old = f
			}
			old.anon = anon
			c.best[name] = old
			fmt.Fprintf(os.Stderr, "round %d  %-22s %8.3f s CPU %8.3f s wall %5d MB anon  %s\n", round+1, name, f.cpu.Seconds(), f.wall.Seconds(), f.anon>>20, f.out)
		}
	}
	return nil
}

func measure(ctx context.Context, s settings, repo string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	about, err := os.ReadFile(filepath.Join(repo, "complete"))
	if err != nil {
		return err
	}
	fmt.Print("repository: ", string(about))
	cache, err := os.MkdirTemp("", "secretsbench-cache-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache)
	scan := func(dir string) (figure, error) {
		if s.cordon != "" {
			for _, name := range []string{"XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"} {
				if err := os.Setenv(name, filepath.Join(dir, name)); err != nil {
					return figure{}, err
				}
			}
			return cost(ctx, "", s.cordon, "scan", "--no-archives", "--fail-on", "none", repo)
		}
		return cost(ctx, "", self, "-child", repo, "-cache", dir)
	}
	c := &contest{ctx: ctx, rounds: s.rounds, run: map[string]func() (figure, error){}, best: map[string]figure{}}
	round := 0
	dir := ""
	c.add("scan", func() (figure, error) {
		round++
		dir = filepath.Join(cache, strconv.Itoa(round))
		return scan(dir)
	})
	c.add("rescan", func() (figure, error) {
		undo, err := oneMore(ctx, repo, round)
		if err != nil {
			return figure{}, err
		}
		f, err := scan(dir)
		if other := undo(); err == nil {
			err = other
		}
		return f, err
	})
	c.add("git cat-file", func() (figure, error) {
		return cost(ctx, repo, "git", "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer")
	})
	leaks, missing := exec.LookPath("gitleaks")
	if err := c.hold(); err != nil {
		return err
	}
	if !s.nolog { // long: once is enough
		slow := &contest{ctx: ctx, rounds: 1, run: map[string]func() (figure, error){}, best: c.best}
		slow.add("git log -p", func() (figure, error) { return cost(ctx, repo, "git", "log", "-p", "-U0", "--all") })
		if missing == nil {
			slow.add("gitleaks", func() (figure, error) {
				return cost(ctx, repo, leaks, "git", "--no-banner", "--redact", "--exit-code", "0", ".")
			})
		}
		if err := slow.hold(); err != nil {
			return err
		}
	}
	c.table()
	return nil
}

func (c *contest) table() {
	scan := c.best["scan"]
	fmt.Printf("%-16s %10s %10s %10s %14s\n", "least of each", "CPU s", "wall s", "anon MB", "CPU / scan")
	for _, name := range []string{"scan", "rescan", "git cat-file", "git log -p", "gitleaks"} {
		f, ok := c.best[name]
		if !ok {
			fmt.Printf("%-16s %10s\n", name, "absent")
			continue
		}
		fmt.Printf("%-16s %10.3f %10.3f %10d %14.3f\n", name, f.cpu.Seconds(), f.wall.Seconds(), f.anon>>20, f.cpu.Seconds()/scan.cpu.Seconds())
	}
	again := c.best["rescan"]
	fmt.Printf("a rescan after one commit: %.1f times less CPU, %.1f times less wall\n", scan.cpu.Seconds()/again.cpu.Seconds(), scan.wall.Seconds()/again.wall.Seconds())
	leaks := "absent"
	if f, ok := c.best["gitleaks"]; ok {
		leaks = fmt.Sprintf("%.3f", scan.cpu.Seconds()/f.cpu.Seconds())
	}
	fmt.Printf("bench-secrets: scan_vs_catfile=%.2f scan_vs_gitleaks=%s rescan_ratio=%.1f anon_mb=%d\n",
		scan.cpu.Seconds()/c.best["git cat-file"].cpu.Seconds(), leaks, scan.cpu.Seconds()/again.cpu.Seconds(), scan.anon>>20)
}
