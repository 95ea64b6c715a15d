package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"cordon/internal/gate"
	"cordon/internal/journal"
	"cordon/internal/plan"
)

func TestApplyThenUndoThenApply(t *testing.T) {
	b := newBench("a", "b", "c")
	p := b.plan("a", "b", "c")
	sum, err := b.apply(t, p)
	if err != nil || sum.Verified != 3 || sum.Failed+sum.Skipped != 0 {
		t.Fatalf("%+v, %v", sum, err)
	}
	if got := b.lamps(); got["a"] || got["b"] || got["c"] {
		t.Fatalf("lamps %v", got)
	}
	if sum, err = b.apply(t, undoOf(p, b)); err != nil || sum.Undone != 3 {
		t.Fatalf("undo %+v, %v: %v", sum, err, b.reasons())
	}
	if got := b.lamps(); !got["a"] || !got["b"] || !got["c"] {
		t.Fatalf("after undo %v", got)
	}
	again := b.plan("a", "b", "c")
	again.Nonce = "again"
	if sum, err = b.apply(t, again); err != nil || sum.Verified != 3 {
		t.Fatalf("again %+v, %v", sum, err)
	}
}

func TestAPlanThatDoesNotFitTouchesNothing(t *testing.T) {
	for name, change := range map[string]func(*gate.Live){
		"account":         func(l *gate.Live) { l.Account = "9" },
		"partition":       func(l *gate.Live) { l.Partition = "aws-cn" },
		"endpoint":        func(l *gate.Live) { l.Endpoint = "http://127.0.0.1:1" },
		"case":            func(l *gate.Live) { l.Case = "C-2" },
		"caller":          func(l *gate.Live) { l.Caller.UniqueID = "AIDAOTHER" },
		"mixed-endpoints": func(l *gate.Live) { l.Mixed = []string{"iam=http://x"} },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench("a")
			p := b.plan("a")
			change(&b.live)
			_, err := b.apply(t, p)
			var m *gate.Misfit
			if !errors.As(err, &m) || m.Reason != name {
				t.Fatalf("err = %v", err)
			}
			if len(b.switched) != 0 || len(b.store.lines) != 0 {
				t.Error("something was touched")
			}
		})
	}
	t.Run("expired", func(t *testing.T) {
		b := newBench("a")
		ok := approve(t, b.plan("a"), b.now())
		b.time = b.time.Add(2 * time.Hour)
		_, err := b.open(t).Apply(t.Context(), ok)
		var m *gate.Misfit
		if !errors.As(err, &m) || m.Reason != "expired" {
			t.Fatalf("err = %v", err)
		}
	})
}

func TestWhatChangedSinceThePlanIsSkipped(t *testing.T) {
	b := newBench("kept", "changed", "gone", "reborn", "already")
	p := b.plan("kept", "changed", "gone", "reborn", "already")
	p.Actions[1].Planned = json.RawMessage(`"otherwise"`)
	delete(b.on, "gone")
	delete(b.born, "gone")
	b.born["reborn"] = "LAMPanother"
	b.on["already"] = false
	sum, err := b.apply(t, p)
	if err != nil || sum.Verified != 1 || sum.Skipped != 4 {
		t.Fatalf("%+v, %v", sum, err)
	}
	want := map[string]string{
		"kept": "verified ", "changed": "skipped changed", "gone": "skipped gone",
		"reborn": "skipped recreated", "already": "skipped already",
	}
	if got := b.reasons(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if !reflect.DeepEqual(b.switched, []string{"kept=false"}) {
		t.Errorf("switched %v", b.switched)
	}
}

func TestTheGuardRunsAgainAtTheGate(t *testing.T) {
	b := newBench("a", "b")
	p := b.plan("a", "b")
	b.live.Ward.Chain = append(b.live.Ward.Chain, plan.Keeper{UniqueID: "LAMPa", ARN: "arn:x"})
	sum, err := b.apply(t, p)
	if err != nil || sum.Verified != 1 || b.reasons()["a"] != "skipped guard.own-principal" {
		t.Fatalf("%+v, %v, %v", sum, err, b.reasons())
	}
}

// An intruder takes each change back within two seconds, three times over.
func TestAnIntruderRacingTheGateLoses(t *testing.T) {
	b := newBench("a")
	fights := 3
	b.touched = func(id string, on bool) {
		if !on && fights > 0 {
			fights--
			b.set(id, true)
		}
	}
	sum, err := b.apply(t, b.plan("a"))
	if err != nil || sum.Verified != 1 || sum.Reapplied != 3 || b.lamps()["a"] {
		t.Fatalf("%+v, %v", sum, err)
	}
	if b.time.Sub(time.Unix(1_800_000_000, 0)) < 5*time.Second {
		t.Error("verified before the settling time had passed")
	}
}

// The last credential standing re-opens the first: only a final look sees it.
func TestTheSweepSeesWhatWasTakenBackLate(t *testing.T) {
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
	sum, err := b.apply(t, p)
	if err != nil || b.lamps()["a"] || b.lamps()["b"] || sum.Reapplied != 1 {
		t.Fatalf("%+v, %v, %v", sum, err, b.lamps())
	}
}

func TestOneWhoNeverGivesUpIsReported(t *testing.T) {
	b := newBench("a", "b")
	b.touched = func(id string, on bool) {
		if id == "a" && !on {
			b.set(id, true)
		}
	}
	sum, err := b.apply(t, b.plan("a", "b"))
	if err != nil || sum.Verified != 1 || b.reasons()["a"] != "failed taken-back" {
		t.Fatalf("%+v, %v, %v", sum, err, b.reasons())
	}
}

func TestLostAnswersAndErrors(t *testing.T) {
	b := newBench("lost", "broken", "busy", "after")
	p := b.plan("lost", "broken", "busy", "after")
	p.Actions[3].After = []string{p.Actions[1].ID}
	busy := 3
	b.fail = func(id string) error {
		switch {
		case id == "broken":
			return apiError{"ServiceFailure"}
		case id == "busy" && busy > 0:
			busy--
			return apiError{"DependencyViolation"}
		}
		return nil
	}
	b.lost = func(id string) error {
		if id == "lost" {
			return apiError{"InternalFailure"}
		}
		return nil
	}
	sum, err := b.apply(t, p)
	got := b.reasons()
	if err != nil || sum.Verified != 2 || sum.Failed != 1 || got["lost"] != "verified " || got["busy"] != "verified " ||
		!strings.HasPrefix(got["broken"], "failed") || got["after"] != "skipped earlier-step-failed" {
		t.Fatalf("%+v, %v, %v", sum, err, got)
	}
}

// What a failed change left is in the journal: it may have got half-way, and
// undo must be able to tell that from somebody else's edit.
func TestAFailedChangeRecordsWhatItLeft(t *testing.T) {
	b := newBench("a")
	b.fail = func(id string) error {
		b.set(id, true)
		return apiError{"ServiceFailure"}
	}
	if _, err := b.apply(t, b.plan("a")); err != nil {
		t.Fatal(err)
	}
	_, recs, err := journal.Open(t.Context(), b.store, b.now)
	if err != nil {
		t.Fatal(err)
	}
	last := recs[len(recs)-2]
	if last.Step != journal.Failed || string(last.After) != "true" {
		t.Errorf("%s leaves %q", last.Step, last.After)
	}
}

func TestReadsThatFailAreNotVerified(t *testing.T) {
	b := newBench("a")
	changed := false
	b.touched = func(string, bool) { changed = true }
	b.blind = func(string) error {
		if changed {
			return apiError{"ServiceFailure"}
		}
		return nil
	}
	sum, err := b.apply(t, b.plan("a"))
	if err != nil || sum.Verified != 0 || sum.Failed != 1 || b.reasons()["a"] != "failed unverified" {
		t.Fatalf("%+v, %v, %v", sum, err, b.reasons())
	}
}

func TestLanesRunInOrder(t *testing.T) {
	b := newBench("a", "b", "c")
	p := b.plan("a", "b", "c")
	for i := range p.Actions {
		p.Actions[i].Lane = "one"
	}
	if _, err := b.apply(t, p); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a=false", "b=false", "c=false"}; !reflect.DeepEqual(b.switched, want) {
		t.Errorf("switched %v", b.switched)
	}
}

// Stopped before the second lamp, the run ends cleanly and goes on later.
func TestInterruptAndGoOn(t *testing.T) {
	b := newBench("a", "b", "c")
	p := b.plan("a", "b", "c")
	for i := range p.Actions {
		p.Actions[i].Lane = "one"
	}
	ctx, stop := context.WithCancel(t.Context())
	b.touched = func(string, bool) { stop() }
	sum, err := b.open(t).Apply(ctx, approve(t, p, b.now()))
	if err != nil || !sum.Interrupted || len(b.switched) != 1 || sum.Untouched != 2 {
		t.Fatalf("%+v, %v, switched %v", sum, err, b.switched)
	}
	b.touched = nil
	if sum, err = b.apply(t, p); err != nil || sum.Verified != 3 || len(b.switched) != 3 {
		t.Fatalf("%+v, %v, switched %v", sum, err, b.switched)
	}
}

func TestKilledAtEveryLine(t *testing.T) {
	whole := newBench("a", "b", "c")
	if _, err := whole.apply(t, whole.plan("a", "b", "c")); err != nil {
		t.Fatal(err)
	}
	lines := len(whole.store.lines)
	if lines < 11 {
		t.Fatalf("a whole run writes %d lines", lines)
	}
	for at := 1; at <= lines; at++ {
		b := newBench("a", "b", "c")
		p := b.plan("a", "b", "c")
		b.store.dieAt = at
		_, err := b.apply(t, p)
		if !errors.Is(err, errKilled) {
			t.Fatalf("line %d: err = %v", at, err)
		}
		b.store = &memory{lines: b.store.lines}
		sum, err := b.apply(t, p)
		if err != nil || sum.Verified != 3 || sum.Failed+sum.Skipped != 0 {
			t.Fatalf("killed at line %d, resumed: %+v, %v, %v", at, sum, err, b.reasons())
		}
		if got := b.lamps(); got["a"] || got["b"] || got["c"] {
			t.Fatalf("killed at line %d: lamps %v", at, got)
		}
		if len(b.switched) != 3 {
			t.Fatalf("killed at line %d: something was done twice: %v", at, b.switched)
		}
		// Undo after all that restores what was there before the first run.
		if sum, err := b.apply(t, undoOf(p, b)); err != nil || sum.Undone != 3 {
			t.Fatalf("killed at line %d, undone: %+v, %v", at, sum, err)
		}
	}
}

func TestUndoLeavesOthersWorkAndWhatIsExposed(t *testing.T) {
	b := newBench("mine", "edited", "exposed", "back")
	p := b.plan("mine", "edited", "exposed", "back")
	if _, err := b.apply(t, p); err != nil {
		t.Fatal(err)
	}
	u := undoOf(p, b)
	u.Actions[1].Planned = json.RawMessage(`"what cordon left"`) // and somebody changed it since
	u.Actions[2].Exposed = true
	b.set("back", true)
	sum, err := b.apply(t, u)
	want := map[string]string{
		"mine": "undone ", "edited": "skipped changed", "exposed": "skipped exposed", "back": "undone ",
	}
	if got := b.reasons(); err != nil || sum.Undone != 2 || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v, %v", sum, err, got)
	}
	u.Nonce, u.Reopens = "v", true
	if _, err = b.apply(t, u); err != nil || !b.lamps()["exposed"] || b.lamps()["edited"] {
		t.Fatalf("%v, %v", err, b.lamps())
	}
}

func TestNothingIsDoneThatIsNotRecorded(t *testing.T) {
	b := newBench("a")
	b.store.dieAt = 2 // the first "doing"
	_, err := b.apply(t, b.plan("a"))
	if !errors.Is(err, errKilled) || len(b.switched) != 0 {
		t.Fatalf("err = %v, switched %v", err, b.switched)
	}
}

func TestTheJournalTellsTheStory(t *testing.T) {
	b := newBench("a")
	p := b.plan("a")
	if _, err := b.apply(t, p); err != nil {
		t.Fatal(err)
	}
	_, recs, err := journal.Open(t.Context(), b.store, b.now)
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, r := range recs {
		steps = append(steps, string(r.Step))
	}
	if got := strings.Join(steps, " "); got != "opened doing done verified ended" {
		t.Errorf("steps %q", got)
	}
	if string(recs[1].Prior) != "true" || string(recs[3].After) != "false" || recs[1].By != "ann" {
		t.Errorf("records %+v", recs)
	}
}
