//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"cordon/internal/detect/sigma"
	"cordon/internal/event"
	"cordon/internal/trail"
	"cordon/internal/trail/corpus"
	"cordon/internal/trail/source"
)

// A job is what a child process does.
type job struct {
	Ask     bool // else import
	Store   string
	Corpus  string
	Rules   int
	Workers int
	Profile string
	Truth   corpus.Truth
}

// A result is what it answers.
type result struct {
	Events, Duplicates, Damaged int
	Hits                        int
	Plain, Stored               int64
	Took                        []took
}

// A took is what one step of a job cost.
type took struct {
	What   string
	Wall   time.Duration
	CPU    time.Duration
	Answer int // how many
}

// A cost is what a process cost, with its children.
type cost struct {
	cpu, wall time.Duration
	peak      int64 // bytes
}

// measure runs a process.
func measure(cmd *exec.Cmd) (c cost, err error) {
	var said bytes.Buffer
	cmd.Stderr = &said
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return c, fmt.Errorf("cannot run %s: %w: %s", filepath.Base(cmd.Path), err, said.Bytes())
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	c = cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), time.Since(start), usage.Maxrss}
	if runtime.GOOS != "darwin" {
		c.peak *= 1024
	}
	return c, nil
}

// do runs a job in a child process.
func do(j job) (r result, c cost, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, c, err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return r, c, err
	}
	var out bytes.Buffer
	cmd := exec.Command(self, "-dir", "-", "-job", string(text))
	cmd.Stdout = &out
	if c, err = measure(cmd); err != nil {
		return r, c, err
	}
	return r, c, json.Unmarshal(out.Bytes(), &r)
}

// gunzip is gzip -dc of files to nowhere, on as many cores as an import: two
// that share caches each take longer than one alone.
func gunzip(files []string, workers int) (cost, error) {
	cmd := exec.Command("xargs", "-0", "-n", "500", "-P", strconv.Itoa(workers), "gzip", "-dc")
	cmd.Stdin = strings.NewReader(strings.Join(files, "\x00"))
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return cost{}, err
	}
	defer nowhere.Close() //nolint:errcheck // nothing was kept
	cmd.Stdout = nowhere
	return measure(cmd)
}

func runJob(text string, out io.Writer) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return err
	}
	work := j.doImport
	if j.Ask {
		work = j.ask
	}
	r, err := work(context.Background())
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

// matcher is a sigma.Matcher as the store calls it.
type matcher struct{ *sigma.Matcher }

func (m matcher) Match(v *event.View, c trail.Codes) []int32 {
	return m.Matcher.Match(v, sigma.Codes{API: c.API, Error: c.Error, Origin: c.Origin, Identity: c.Identity})
}

func (j job) doImport(ctx context.Context) (r result, err error) {
	if j.Profile != "" {
		f, err := os.Create(j.Profile)
		if err != nil {
			return r, err
		}
		defer f.Close() //nolint:errcheck // a profile that is cut short is seen when it is read
		if err := pprof.StartCPUProfile(f); err != nil {
			return r, err
		}
		defer pprof.StopCPUProfile()
	}
	opt := trail.Options{Workers: j.Workers}
	if j.Rules > 0 {
		set, problems, err := sigma.Load(sigma.Generate(j.Rules, 1))
		if err != nil {
			return r, err
		}
		if len(problems) > 0 || set.Len() != j.Rules {
			return r, fmt.Errorf("%d rules of %d, %v", set.Len(), j.Rules, problems)
		}
		opt.Rules, opt.Match = fmt.Sprint("generated ", j.Rules), func() trail.Matcher { return matcher{set.Matcher()} }
	}
	var (
		files   []trail.File
		notes   []source.Damage
		amiss   error
		listing sync.WaitGroup
	)
	listing.Go(func() {
		files, notes, amiss = source.Local([]string{filepath.Join(j.Corpus, "AWSLogs")}, source.Only{})
	})
	store, err := trail.Open(j.Store)
	listing.Wait()
	if err = errors.Join(err, amiss); err != nil {
		return r, err
	}
	defer store.Close() //nolint:errcheck // everything is on the disk when Import returns
	receipt, err := store.Import(ctx, files, source.Disk{}, opt)
	if err != nil {
		return r, err
	}
	r = result{Events: receipt.Events, Duplicates: receipt.Duplicates, Damaged: len(receipt.Damaged) + len(notes), Plain: receipt.Plain, Stored: receipt.Stored}
	if j.Rules > 0 && receipt.Events > 0 {
		hits, missing := store.Hits(opt.Rules)
		if missing > 0 {
			return r, fmt.Errorf("%d segments were not matched", missing)
		}
		for range hits {
			r.Hits++
		}
	}
	return r, nil
}

// ask opens a store and asks the five questions once each.
func (j job) ask(ctx context.Context) (r result, err error) {
	var store *trail.Store
	step := func(what string, f func() (int, error)) {
		if err != nil {
			return
		}
		wall, cpu := time.Now(), used()
		n := 0
		n, err = f()
		r.Took = append(r.Took, took{what, time.Since(wall), used() - cpu, n})
	}
	step("open", func() (n int, err error) {
		if store, err = trail.Open(j.Store); err == nil {
			n = store.Len()
		}
		return n, err
	})
	step("timeline of a key", func() (int, error) {
		calls := store.Timeline(j.Truth.Key, time.Time{}, time.Time{})
		stolen := 0
		for _, c := range calls {
			for _, a := range j.Truth.Addresses {
				if c.Address == a {
					stolen++
				}
			}
		}
		if stolen != j.Truth.Events {
			return 0, fmt.Errorf("the timeline has %d of the intruder's %d calls", stolen, j.Truth.Events)
		}
		return len(calls), nil
	})
	step("first and last use of every call", func() (int, error) { return len(store.Uses()), nil })
	step("creator of a resource", func() (int, error) {
		creators, err := store.Creators(ctx, j.Truth.Instance, source.Disk{})
		if err == nil && (len(creators) != 1 || creators[0].ID != j.Truth.Creator) {
			err = fmt.Errorf("%d creators of %s", len(creators), j.Truth.Instance)
		}
		return len(creators), err
	})
	step("new regions and services", func() (int, error) { return len(store.News(j.Truth.First)), nil })
	step("events of every hour", func() (int, error) { return len(store.Hours()), nil })
	if store != nil {
		defer store.Close() //nolint:errcheck // read only
	}
	return r, err
}

// used is the CPU time of this process until now.
func used() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
