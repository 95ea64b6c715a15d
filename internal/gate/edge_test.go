package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/journal"
	"cordon/internal/plan"
)

// steps lists the journal's steps of one action.
func (b *bench) steps(t *testing.T, action string) (out []journal.Record) {
	t.Helper()
	_, recs, err := journal.Open(t.Context(), &memory{lines: b.store.lines}, b.now)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recs {
		if r.Action == action {
			out = append(out, r)
		}
	}
	return out
}

func TestAListThatWouldWaitForEverIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*plan.Plan){
		"itself": func(p *plan.Plan) { p.Actions[0].After = []string{p.Actions[0].ID} },
		"each other": func(p *plan.Plan) {
			p.Actions[0].Behind, p.Actions[1].After = []string{p.Actions[1].ID}, []string{p.Actions[0].ID}
		},
		"a later": func(p *plan.Plan) { p.Actions[0].After = []string{p.Actions[1].ID} },
		"twice":   func(p *plan.Plan) { p.Actions[1] = p.Actions[0] },
	} {
		b := newBench("a", "b")
		p := b.plan("a", "b")
		spoil(&p)
		if _, err := b.apply(t, p); err == nil || len(b.store.lines) != 0 || len(b.switched) != 0 {
			t.Errorf("%s: %v, %d lines, switched %v", name, err, len(b.store.lines), b.switched)
		}
	}
}

// Lanes, After and Behind in one knot, with one worker: all come to their end,
// whatever came of those that they wait for.
func TestWhatWaitsForASkippedOrFailedOneGoesOn(t *testing.T) {
	b := newBench("skipped", "next", "failed", "behind", "after", "last")
	p := b.plan("skipped", "next", "failed", "behind", "after", "last")
	p.Actions[0].Planned = json.RawMessage(`"otherwise"`)
	for i := range p.Actions {
		p.Actions[i].Lane = []string{"one", "one", "two", "one", "two", "two"}[i]
	}
	p.Actions[3].Behind = []string{p.Actions[2].ID}
	p.Actions[4].After = []string{p.Actions[2].ID}
	p.Actions[5].Behind = []string{p.Actions[3].ID, p.Actions[4].ID, "not there"}
	b.fail = func(id string) error {
		if id == "failed" {
			return apiError{"ServiceFailure"}
		}
		return nil
	}
	for _, workers := range []int{1, 2, 16} {
		g := b.open(t)
		g.Workers = workers
		p.Nonce = strings.Repeat("n", workers)
		sum, err := g.Apply(t.Context(), approve(t, p, b.now()))
		want := map[string]string{
			"skipped": "skipped changed", "next": "verified ", "failed": "failed broken",
			"behind": "verified ", "after": "skipped earlier-step-failed", "last": "verified ",
		}
		if got := b.reasons(); err != nil || sum.Verified != 3 || sum.Skipped != 2 || sum.Failed != 1 || !reflect.DeepEqual(got, want) {
			t.Fatalf("%d workers: %+v, %v, %v", workers, sum, err, got)
		}
		for id := range b.on {
			b.set(id, true)
		}
	}
}

// Interrupted while the reads have yet to agree: done, not verified. The next
// run does not do it again.
func TestInterruptedWhileVerifying(t *testing.T) {
	b := newBench("a", "b")
	p := b.plan("a", "b")
	p.Actions[1].After = []string{p.Actions[0].ID}
	ctx, stop := context.WithCancel(t.Context())
	g := b.open(t)
	g.Wait = func(ctx context.Context, d time.Duration) error { stop(); return b.wait(ctx, d) }
	sum, err := g.Apply(ctx, approve(t, p, b.now()))
	if err != nil || !sum.Interrupted || sum.Done != 1 || sum.Verified != 0 || sum.Untouched != 1 || sum.Skipped+sum.Failed != 0 {
		t.Fatalf("%+v, %v, %v", sum, err, b.reasons())
	}
	if sum, err = b.apply(t, p); err != nil || sum.Verified != 2 || !reflect.DeepEqual(b.switched, []string{"a=false", "b=false"}) {
		t.Fatalf("%+v, %v, switched %v", sum, err, b.switched)
	}
}

// Taken back between two runs: whether verified before or not, it is made
// again, and the first prior state stays the one to restore.
func TestTakenBackBetweenRuns(t *testing.T) {
	for lines := 3; lines <= 5; lines++ { // opened doing done verified ended
		b := newBench("a")
		p := b.plan("a")
		b.store.dieAt = lines + 1
		_, _ = b.apply(t, p)
		b.store = &memory{lines: b.store.lines}
		b.set("a", true)
		sum, err := b.apply(t, p)
		if err != nil || sum.Verified != 1 || sum.Failed+sum.Skipped != 0 || b.lamps()["a"] {
			t.Errorf("after %d lines: %+v, %v, %v", lines, sum, err, b.reasons())
		}
	}
}

func TestTheFirstPriorStateIsKept(t *testing.T) {
	b := newBench("a")
	p := b.plan("a")
	log, _, err := journal.Open(t.Context(), b.store, b.now)
	if err != nil {
		t.Fatal(err)
	}
	id := p.Actions[0].ID
	for _, r := range []journal.Record{
		{Step: journal.Doing, Prior: json.RawMessage(`"as the owner had it"`)},
		{Step: journal.Done},
		{Step: journal.Again, Prior: json.RawMessage(`"as the intruder left it"`)},
	} {
		r.Plan, r.Action = p.Digest(), id
		if err := log.Write(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.apply(t, p); err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, r := range b.steps(t, id) {
		steps = append(steps, string(r.Step)+" "+string(r.Prior))
	}
	// Only the first "doing" is what an undo restores; what the intruder made of
	// it meanwhile is what is changed now.
	want := []string{
		`doing "as the owner had it"`, "done ", `again "as the intruder left it"`, "again true", `done "as the owner had it"`, "verified ",
	}
	if !reflect.DeepEqual(steps, want) {
		t.Errorf("steps %q", steps)
	}
}

// After its undo the very same plan does its work anew.
func TestTheSamePlanAfterItsUndo(t *testing.T) {
	b := newBench("a")
	p := b.plan("a")
	for _, n := range []string{"first", "second"} {
		if sum, err := b.apply(t, p); err != nil || sum.Verified != 1 || b.lamps()["a"] {
			t.Fatalf("%s: %+v, %v", n, sum, err)
		}
		u := undoOf(p, b)
		u.Nonce = n
		if sum, err := b.apply(t, u); err != nil || sum.Undone != 1 || !b.lamps()["a"] {
			t.Fatalf("%s undo: %+v, %v", n, sum, err)
		}
	}
	doing := slices.DeleteFunc(b.steps(t, p.Actions[0].ID), func(r journal.Record) bool { return r.Step != journal.Doing })
	if len(doing) != 2 {
		t.Errorf("%d intentions are journalled for two runs", len(doing))
	}
}

// The journal fails at each line in turn, with three lanes under way: whatever
// was done has its intention in the journal, and the run says that it failed.
func TestTheJournalFailsMidRun(t *testing.T) {
	for at := 1; at <= 11; at++ {
		b := newBench("a", "b", "c")
		p := b.plan("a", "b", "c")
		b.store.dieAt = at
		if _, err := b.apply(t, p); !errors.Is(err, errKilled) {
			t.Fatalf("line %d: %v", at, err)
		}
		intended := 0
		for _, a := range p.Actions {
			for _, r := range b.steps(t, a.ID) {
				if r.Step == journal.Doing {
					intended++
				}
			}
		}
		if len(b.switched) > intended {
			t.Errorf("line %d: %d intended, done %v", at, intended, b.switched)
		}
	}
}

func TestTheSweepCountsAChangeOnce(t *testing.T) {
	b := newBench("a", "b")
	p := b.plan("a", "b")
	p.Actions[1].After = []string{p.Actions[0].ID}
	once := true
	b.touched = func(id string, on bool) {
		if id == "b" && once {
			once = false
			b.set("a", true)
		}
	}
	if sum, err := b.apply(t, p); err != nil || sum.Verified != 2 || sum.Reapplied != 1 {
		t.Fatalf("%+v, %v", sum, err)
	}
}

func TestGoneWhileVerifying(t *testing.T) {
	b := newBench("a")
	b.touched = func(id string, _ bool) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.house.mu.Lock()
		defer b.house.mu.Unlock()
		delete(b.on, id)
	}
	if sum, err := b.apply(t, b.plan("a")); err != nil || sum.Skipped != 1 || b.reasons()["a"] != "skipped gone" {
		t.Fatalf("%+v, %v, %v", sum, err, b.reasons())
	}
}

// Every other read fails: that is never settled, and it has an end.
func TestReadsThatFailNowAndThenEnd(t *testing.T) {
	b := newBench("a")
	changed, n := false, 0
	b.touched = func(string, bool) { changed = true }
	b.blind = func(string) error {
		if n++; changed && n%2 == 0 {
			return apiError{"ServiceFailure"}
		}
		return nil
	}
	if sum, err := b.apply(t, b.plan("a")); err != nil || sum.Failed != 1 || b.reasons()["a"] != "failed unverified" {
		t.Fatalf("%+v, %v, %v", sum, err, b.reasons())
	}
}

// What is in the way is waited for, and no longer once the run is to end.
func TestWaitingForWhatIsInTheWay(t *testing.T) {
	for code, goesOn := range map[string]bool{"IncorrectInstanceState": true, "DeleteConflict": true, "ServiceFailure": false} {
		b, tries := newBench("a"), 0
		b.fail = func(string) error {
			if tries++; tries < 4 {
				return apiError{code}
			}
			return nil
		}
		if sum, err := b.apply(t, b.plan("a")); err != nil || (sum.Verified == 1) != goesOn {
			t.Errorf("%s: %+v, %v", code, sum, err)
		}
	}
	b, tries := newBench("a"), 0
	ctx, stop := context.WithCancel(t.Context())
	b.fail = func(string) error { tries++; stop(); return apiError{"DeleteConflict"} }
	if _, err := b.open(t).Apply(ctx, approve(t, b.plan("a"), b.now())); err != nil || tries != 1 {
		t.Errorf("%v after %d tries", err, tries)
	}
}

// dates makes a plan that dates lamp "a" and then switches lamp "b" off.
func (b *bench) dates() plan.Plan {
	p := b.plan("a", "b")
	d := plan.Act(lampRef("a"), "date", plan.Reversible)
	d.Planned, _ = json.Marshal(time.Time{})
	p.Actions[0] = d
	return p
}

// A change that holds for what came before a moment is ordered afresh when
// another took effect too late for it, and only then.
func TestADatedChangeIsOrderedAfresh(t *testing.T) {
	for _, c := range []struct {
		slow time.Duration
		want int
	}{{time.Second, 1}, {time.Minute, 2}} {
		b := newBench("a", "b")
		p := b.dates()
		p.Actions[1].Behind = []string{p.Actions[0].ID}
		b.touched = func(string, bool) { _ = b.wait(context.Background(), c.slow) }
		sum, err := b.apply(t, p)
		dated := slices.DeleteFunc(slices.Clone(b.switched), func(s string) bool { return s != "date a" })
		if err != nil || sum.Verified != 2 || sum.Reapplied != 0 || len(dated) != c.want {
			t.Errorf("%s: %+v, %v, %v", c.slow, sum, err, b.switched)
		}
		if at := b.GetDate("a"); c.want == 2 && at.Before(b.time.Add(-30*time.Second)) {
			t.Errorf("dated %s, it is %s", at, b.time)
		}
	}
}

// Between a run that died and the next one nobody watched.
func TestADatedChangeAfterACrash(t *testing.T) {
	for _, c := range []struct {
		away time.Duration
		want int
	}{{time.Second, 1}, {time.Hour / 2, 2}} {
		b := newBench("a", "b")
		p := b.dates()
		p.Actions[1].After = []string{p.Actions[0].ID}
		b.store.dieAt = 5 // opened, doing, done, verified of "a"
		_, _ = b.apply(t, p)
		b.store = &memory{lines: b.store.lines}
		_ = b.wait(t.Context(), c.away)
		sum, err := b.apply(t, p)
		dated := slices.DeleteFunc(slices.Clone(b.switched), func(s string) bool { return s != "date a" })
		if err != nil || sum.Verified != 2 || len(dated) != c.want {
			t.Errorf("away for %s: %+v, %v, %v", c.away, sum, err, b.switched)
		}
		n := len(b.switched)
		_ = b.wait(t.Context(), time.Minute)
		if sum, err = b.apply(t, p); err != nil || sum.Verified != 2 || len(b.switched) != n {
			t.Errorf("a run that came to its end was repeated: %+v, %v, %v", sum, err, b.switched)
		}
	}
}
