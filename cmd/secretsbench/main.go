// Command secretsbench measures what scanning a whole history costs: reading
// every object with the AWS rules, and saying where each finding came in, beside
// git printing the same objects, git log -p, and gitleaks where it is installed.
// The repository is generated, always the same, and kept. The last line is for
// whoever compares.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "secretsbench:", err)
		os.Exit(1)
	}
}

// settings are the options.
type settings struct {
	dir     string
	commits int
	rounds  int
	cordon  string
	child   string
	cache   string
	profile string
	nolog   bool
	repeat  int
}

func run(ctx context.Context) error {
	var s settings
	flag.StringVar(&s.dir, "dir", filepath.Join(os.TempDir(), "cordon-secretsbench"), "where the generated repository is kept")
	flag.IntVar(&s.commits, "commits", 20_500, "how many commits to generate")
	flag.IntVar(&s.rounds, "rounds", 3, "how often to measure; the least counts")
	flag.StringVar(&s.cordon, "cordon", "", "measure this program's scan command, process start and all, in place of the package alone")
	flag.BoolVar(&s.nolog, "quick", false, "leave out git log -p and gitleaks")
	flag.StringVar(&s.child, "child", "", "scan this repository and exit (used by the measurement itself)")
	flag.StringVar(&s.cache, "cache", "", "with -child: the folder for verdicts")
	flag.StringVar(&s.profile, "profile", "", "with -child: write a CPU profile there")
	flag.IntVar(&s.repeat, "repeat", 1, "with -child: how often, for a profile")
	flag.Parse()
	if s.child != "" {
		return child(ctx, s)
	}
	repo, err := generated(ctx, s.dir, s.commits)
	if err != nil {
		return err
	}
	fmt.Printf("on %d processors, %s\n", runtime.NumCPU(), runtime.Version())
	return measure(ctx, s, repo)
}
