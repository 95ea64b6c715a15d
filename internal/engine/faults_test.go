package engine_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"

	"cordon/internal/engine"
	"cordon/internal/lab"
	"cordon/internal/report"
)

// faults are the sorts of trouble; each is put on every call that cordon makes
// while it applies a plan. A call is spoiled fewer times than the SDK makes
// attempts, so that what is tested is the outcome and not luck.
var faults = map[string]lab.Fault{
	"throttled":              {Throttle: true, Times: 1}, // each slows the lane for a while, as it should
	"slow":                   {DelayMS: 400, Times: 3},
	"dropped":                {Drop: true, Times: 2},
	"dropped, but done":      {Drop: true, After: true, Times: 3},
	"answered 500":           {Status: 500, Times: 2},
	"done, but answered 500": {Status: 500, After: true, Times: 2},
}

var reads = regexp.MustCompile("^(Get|List|Describe)")

func TestFaultsWhileApplying(t *testing.T) {
	w := newWorld(t)
	w.triage()
	before := picturedFrom(t, w.Lab)
	p := w.contain()
	w.approve(p)
	clean := w.copyOf(t, t.TempDir())
	ops := clean.ops(t)
	type run struct {
		crashed
		s   *engine.Session
		out *listener
	}
	runs := map[string]run{}
	for name := range faults {
		c := w.copyOf(t, t.TempDir())
		out := &listener{}
		profile, err := profiles.of(truth.Caller)
		if err != nil {
			t.Fatal(err)
		}
		s, err := open(t.Context(), reopen(t, c.dir), c.URL(), out, profile)
		if err != nil {
			t.Fatal(err)
		}
		runs[name] = run{c, s, out}
	}
	sum, _ := clean.child(t, p.Digest(), 0, false)
	if sum.Verified != len(p.Actions) {
		t.Fatalf("the run without faults: %+v", sum)
	}
	want := alike(picturedFrom(t, clean.Lab))
	if len(want.differs(alike(before))) == 0 {
		t.Fatal("the plan changed nothing: this shows nothing")
	}
	for op, n := range clean.ops(t) {
		if ops[op] < n {
			for name, f := range faults {
				f.Match = map[string]string{"op": op, "user_agent": ".*cordon-.*"}
				if f.Prob = 0.6; f.Throttle && reads.MatchString(op) {
					continue // the pace of the writes is what matters to the outcome
				}
				if err := runs[name].AddFault(t.Context(), f); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	var all sync.WaitGroup
	sums := make(map[string]report.Applied)
	var mu sync.Mutex
	slots := make(chan struct{}, 4)
	for name, r := range runs {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			sum, err := r.s.Apply(t.Context(), p)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			sums[name] = sum
		})
	}
	all.Wait()
	for name, r := range runs {
		sum := sums[name]
		struck := r.struck(t)
		if err := r.ClearFaults(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("%-26s struck %3d times; %d verified, %d ms, %d retries", name, struck, sum.Verified, sum.ElapsedMS, r.s.Account.Retries())
		if sum.Verified != len(p.Actions) || sum.Failed+sum.Skipped+sum.Untouched > 0 {
			t.Errorf("%s: %+v\n%s", name, sum, strings.Join(r.out.steps(), "\n"))
		}
		if struck < 5 {
			t.Errorf("%s: only %d calls were spoiled: this shows nothing", name, struck)
		}
		if d := want.differs(alike(picturedFrom(t, r.Lab))); len(d) > 0 {
			t.Errorf("%s: it ended otherwise than without faults:\n%s", name, strings.Join(d, "\n"))
		}
		_ = r.journal(t)
	}
}

// ops counts cordon's calls by operation.
func (c crashed) ops(t *testing.T) map[string]int {
	t.Helper()
	events, err := c.Events(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, e := range events {
		if strings.Contains(e.Lab.UserAgent, "cordon-") && e.Lab.Service != "sts" {
			n[e.Lab.Op]++
		}
	}
	return n
}

// struck counts the calls that a fault spoiled or held up.
func (c crashed) struck(t *testing.T) (n int) {
	t.Helper()
	events, err := c.Events(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Lab.Faulted {
			n++
		}
	}
	return n
}
