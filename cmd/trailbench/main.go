//go:build unix

// Command trailbench measures the trail's store on a corpus of its own: what an
// import costs beside gzip -dc of the same files, with and without rules, what
// the store takes, and what its answers cost. CPU seconds count, of processes of
// their own; only where somebody waits for an import of nothing new, those that
// pass. For make bench-trail; no part of the product.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// Settings of a run.
type settings struct {
	dir     string
	events  int
	rules   int
	rounds  int
	workers int
	full    bool
	strict  bool
	profile string
}

func main() {
	var s settings
	var job string
	flag.StringVar(&s.dir, "dir", "", "where corpora are kept and stores are made (default: trailbench in the user's cache)")
	flag.IntVar(&s.events, "events", 1_500_000, "events of the corpus")
	flag.IntVar(&s.rules, "rules", 700, "generated Sigma rules")
	flag.IntVar(&s.rounds, "rounds", 3, "how often gzip and the imports take turns; the median counts")
	flag.IntVar(&s.workers, "workers", runtime.NumCPU(), "of an import")
	flag.BoolVar(&s.full, "full", false, "also 6,000,000 events")
	flag.BoolVar(&s.strict, "strict", false, "a target that is missed is a failure")
	flag.StringVar(&s.profile, "profile", "", "write the CPU profile of the imports without rules there")
	flag.StringVar(&job, "job", "", "(of a child: what to do, as JSON)")
	flag.Parse()
	err := s.defaults()
	switch {
	case err != nil:
	case job != "":
		err = runJob(job, os.Stdout)
	default:
		err = run(s, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "trailbench:", err)
		os.Exit(1)
	}
}

func (s *settings) defaults() error {
	if s.dir != "" {
		return nil
	}
	cache, err := os.UserCacheDir()
	s.dir = filepath.Join(cache, "trailbench")
	return err
}
