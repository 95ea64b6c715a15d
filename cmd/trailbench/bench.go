//go:build unix

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cordon/internal/trail/corpus"
)

// A bench is one run.
type bench struct {
	settings
	out    io.Writer
	stores string // a folder of this run's own
	peak   int64
	missed int
}

func run(s settings, out io.Writer) (err error) {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	b := bench{settings: s, out: out}
	if b.stores, err = os.MkdirTemp(s.dir, "stores-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.stores)) }()
	return b.run()
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.out, format+"\n", args...) }

// make makes a corpus, or finds it.
func (b *bench) make(events int) (corpus.Corpus, string, error) {
	dir := filepath.Join(b.dir, fmt.Sprint("corpus-", events))
	cpu, wall := used(), time.Now()
	c, err := corpus.Make(dir, corpus.Scaled(events), b.workers)
	if err == nil {
		b.say("corpus     %d events, %d records in %d files over %d days, %.2f GB of JSON, %.0f MB packed; %.1f s CPU, %.1f s", c.Spec.Events, c.Records, c.Spec.Files, c.Days, float64(c.JSON)/1e9, float64(c.Packed)/1e6, (used() - cpu).Seconds(), time.Since(wall).Seconds())
	}
	return c, dir, err
}

// fill imports a corpus into a fresh store and checks that all of it is there.
func (b *bench) fill(c corpus.Corpus, dir, name string, rules int, profile string) (store string, r result, spent cost, err error) {
	store = filepath.Join(b.stores, name)
	r, spent, err = do(job{Store: store, Corpus: dir, Rules: rules, Workers: b.workers, Profile: profile})
	if err == nil && (r.Events != c.Spec.Events || r.Duplicates != c.Records-c.Spec.Events || r.Damaged > 0 || r.Plain != c.JSON) {
		err = fmt.Errorf("the store has %d events and %d duplicates of %d and %d, %d damaged", r.Events, r.Duplicates, c.Spec.Events, c.Records-c.Spec.Events, r.Damaged)
	}
	b.peak = max(b.peak, spent.peak)
	return store, r, spent, err
}

func (b *bench) run() error {
	c, dir, err := b.make(b.events)
	if err != nil {
		return err
	}
	var files []string
	err = filepath.WalkDir(filepath.Join(dir, "AWSLogs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	if _, err := gunzip(files, b.workers); err != nil { // so that all files are in memory
		return err
	}
	var zips, plains, ruled []cost
	var store string
	for round := range max(1, b.rounds) {
		zip, err := gunzip(files, b.workers)
		if err != nil {
			return err
		}
		if store != "" {
			if err := os.RemoveAll(store); err != nil {
				return err
			}
		}
		var plain, rules cost
		var r result
		if store, _, plain, err = b.fill(c, dir, "plain", 0, b.profile); err != nil {
			return err
		}
		withRules := ""
		if withRules, r, rules, err = b.fill(c, dir, "rules", b.rules, ""); err != nil {
			return err
		}
		if err := os.RemoveAll(withRules); err != nil {
			return err
		}
		zips, plains, ruled = append(zips, zip), append(plains, plain), append(ruled, rules)
		b.say("round %d    gzip -dc %.2f s; import %.2f s (wall %.2f, peak %d MB); with %d rules %.2f s (wall %.2f, peak %d MB, %d hits)", round+1,
			zip.cpu.Seconds(), plain.cpu.Seconds(), plain.wall.Seconds(), plain.peak>>20, b.rules, rules.cpu.Seconds(), rules.wall.Seconds(), rules.peak>>20, r.Hits)
	}
	return b.report(c, dir, store, median(zips), median(plains), median(ruled))
}

func (b *bench) report(c corpus.Corpus, dir, store string, zip, plain, ruled cost) error {
	size, err := sizeOf(store)
	if err != nil {
		return err
	}
	again, err := b.again(dir, store)
	if err != nil {
		return err
	}
	if err := b.questions(c, store); err != nil {
		return err
	}
	if err := b.sizes(c, plain); err != nil {
		return err
	}
	events := float64(c.Spec.Events)
	ratio, rate, rulesRate := plain.cpu.Seconds()/zip.cpu.Seconds(), events/plain.cpu.Seconds(), events/ruled.cpu.Seconds()
	bytes, peak := float64(size)/events, float64(b.peak)/(1<<20)
	b.target("import / gzip -dc", ratio, 0.8, false)
	b.target("events/s per core", rate, 250_000, true)
	b.target("events/s per core, rules", rulesRate, 200_000, true)
	b.target("bytes per event", bytes, 80, false)
	b.target("import of nothing new, s of wall time", again.wall.Seconds(), 0.2, false)
	b.target("peak memory, MB", peak, 300, false)
	b.say("bench-trail: import_vs_gzip=%.2f events_per_s_core=%.0f rules_events_per_s_core=%.0f bytes_per_event=%.1f reimport_s=%.3f peak_mb=%.0f", ratio, rate, rulesRate, bytes, again.wall.Seconds(), peak)
	if b.strict && b.missed > 0 {
		return fmt.Errorf("%d targets are missed", b.missed)
	}
	return nil
}

// again imports what the store has, as often as all else is done. Who waits for it
// counts the seconds that pass: the median of those is told.
func (b *bench) again(dir, store string) (cost, error) {
	var all []cost
	for range max(1, b.rounds) {
		r, spent, err := do(job{Store: store, Corpus: dir, Workers: b.workers})
		if err == nil && r.Events+r.Duplicates > 0 {
			err = fmt.Errorf("%d events were new", r.Events+r.Duplicates)
		}
		if err != nil {
			return cost{}, err
		}
		b.say("again      %.3f s, %.3f s CPU", spent.wall.Seconds(), spent.cpu.Seconds())
		all = append(all, spent)
	}
	slices.SortFunc(all, func(a, b cost) int { return cmp.Compare(a.wall, b.wall) })
	return all[len(all)/2], nil
}

// questions asks a store that no process has open.
func (b *bench) questions(c corpus.Corpus, store string) error {
	r, _, err := do(job{Ask: true, Store: store, Truth: c.Truth})
	if err != nil {
		return err
	}
	for _, t := range r.Took {
		limit := 20.0
		if t.What == "open" {
			limit = 150
		}
		b.target(fmt.Sprintf("%s, ms (%d)", t.What, t.Answer), float64(t.CPU.Microseconds())/1000, limit, false)
	}
	return nil
}

// sizes imports smaller and larger corpora, as often as all else is done: the cost
// of an event is to stay the same.
func (b *bench) sizes(c corpus.Corpus, usual cost) error {
	all := []int{100_000}
	if b.full {
		all = append(all, 6_000_000)
	}
	least := usual.cpu.Seconds() / float64(c.Spec.Events)
	most := least
	b.say("size       %8d events %.2f us each", c.Spec.Events, least*1e6)
	for _, events := range all {
		c, dir, err := b.make(events)
		if err != nil {
			return err
		}
		var rounds []cost
		for range b.rounds {
			store, _, spent, err := b.fill(c, dir, fmt.Sprint("of-", events), 0, "")
			if err != nil {
				return err
			}
			if err := os.RemoveAll(store); err != nil {
				return err
			}
			rounds = append(rounds, spent)
		}
		spent := median(rounds)
		each := spent.cpu.Seconds() / float64(events)
		least, most = min(least, each), max(most, each)
		b.say("size       %8d events %.2f us each (peak %d MB)", events, each*1e6, spent.peak>>20)
	}
	b.target("cost of an event, most / least", most/least, 1.5, false)
	return nil
}

func (b *bench) target(what string, got, want float64, atLeast bool) {
	sign, kept := "<=", got <= want
	if atLeast {
		sign, kept = ">=", got >= want
	}
	verdict := "kept"
	if !kept {
		verdict = "MISSED"
		b.missed++
	}
	b.say("%-48s %12.2f  %s %-9.5g %s", what, got, sign, want, verdict)
}

func median(all []cost) cost {
	slices.SortFunc(all, func(a, b cost) int { return cmp.Compare(a.cpu, b.cpu) })
	return all[len(all)/2]
}

func sizeOf(dir string) (n int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	return n, err
}
