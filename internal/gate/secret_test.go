package gate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/fact"
	"cordon/internal/gate"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// A locksmith cuts keys whose secret is told once. He has no AWS in him, and can
// die between cutting a key and handing it over.
type locksmith struct {
	*bench
	keys   map[string]time.Time // that fit the door, by id, with when they were cut
	cut    int
	safe   map[string]string // what was handed over: the sink
	full   error             // instead of storing
	dieIn  int               // the storing with this number kills the process
	stored int
	hasErr error
	// refusal is the answer to the next cutting; nothing is cut then.
	refusal error
}

func newLocksmith() *locksmith {
	return &locksmith{bench: newBench("door"), keys: map[string]time.Time{"old": {}}, safe: map[string]string{}}
}

func (l *locksmith) Put(_ context.Context, id string, secret []byte) error {
	if l.stored++; l.stored == l.dieIn {
		l.store.dead = true
		panic(errKilled)
	}
	if l.full != nil {
		return l.full
	}
	l.safe[id] = string(secret)
	return nil
}

func (l *locksmith) Has(_ context.Context, id string) (bool, error) {
	_, has := l.safe[id]
	return has, l.hasErr
}

func (l *locksmith) spare(sink kind.Sink) (spare []string, err error) {
	for id := range l.keys {
		has := false
		if sink != nil {
			if has, err = sink.Has(context.Background(), id); err != nil {
				return nil, err
			}
		}
		if id != "old" && !has {
			spare = append(spare, id)
		}
	}
	return spare, nil
}

func (l *locksmith) make(j kind.Job) error {
	spare, err := l.spare(j.Sink)
	if err != nil {
		return err
	}
	for _, id := range spare {
		ours := false
		for _, try := range j.Tries[:len(j.Tries)-1] {
			early := try.End.IsZero() || !l.keys[id].After(try.End)
			ours = ours || early && !l.keys[id].Before(try.At) && l.keys[id].Before(try.At.Add(time.Minute))
		}
		if !ours {
			return fmt.Errorf("cannot cut a key: %s is somebody else's", id)
		}
		delete(l.keys, id)
	}
	if len(l.keys) > 1 {
		return errors.New("cannot cut a key: there are two")
	}
	if l.refusal != nil {
		err := l.refusal
		l.refusal = nil
		return err
	}
	l.cut++
	id := fmt.Sprint("new", l.cut)
	l.keys[id] = l.now()
	if err := j.Sink.Put(context.Background(), id, []byte("secret-of-"+id)); err != nil {
		delete(l.keys, id)
		return err
	}
	return nil
}

// ring is the kind whose verb makes a secret.
func (l *locksmith) ring() kind.Kind {
	list := func() (all []string) {
		for id := range l.keys {
			all = append(all, id)
		}
		return all
	}
	return kind.Of(kind.Spec[reader, writer]{
		Name: "ring", Needs: []string{"ring:List"},
		Reader: func(aws.Config) reader { return l },
		Writer: func(aws.Config) writer { return l },
		List:   func(context.Context, reader, fact.Place, func(fact.Resource)) error { return nil },
		Verbs: []kind.Verb[reader, writer]{{
			Name: "cut", Class: kind.Reversible, Needs: []string{"ring:Cut"}, Settle: 5 * time.Second, Secret: true,
			Prior: func(context.Context, reader, fact.Resource) (json.RawMessage, error) {
				return json.Marshal(len(list()))
			},
			Do: func(_ context.Context, _ writer, j kind.Job, _ json.RawMessage) error { return l.make(j) },
			Done: func(_ context.Context, _ reader, j kind.Job) (bool, error) {
				spare, err := l.spare(j.Sink)
				return j.Sink != nil && len(spare) == 0 && len(l.keys) == 2, err
			},
			Undo: func(context.Context, writer, kind.Job, json.RawMessage) error {
				for _, id := range list() {
					if id != "old" {
						delete(l.keys, id)
					}
				}
				return nil
			},
		}},
	})
}

func (l *locksmith) plan(nonce string) plan.Plan {
	p := l.bench.plan()
	p.Nonce, p.MadeAt, p.Expires = nonce, l.now(), l.now().Add(4*time.Hour)
	a := plan.Act(fact.Resource{Ref: fact.Ref{Kind: "ring", Place: fact.Place{Account: "111122223333", Region: fact.Global}, ID: "old"}}, "cut", plan.Reversible)
	a.Sink, a.Planned = "safe", json.RawMessage(fmt.Sprint(len(l.keys)))
	p.Actions = []plan.Action{a}
	return p
}

// apply runs a plan in a process that may die where it stores.
func (l *locksmith) apply(t *testing.T, p plan.Plan) (sum gate.Result, err error) {
	t.Helper()
	g := l.open(t)
	g.Kinds = func(k fact.Kind) (kind.Kind, bool) { return l.ring(), k == "ring" }
	g.Sink = func(_ context.Context, a plan.Action) (kind.Sink, error) {
		if a.Sink != "safe" {
			return nil, errors.New("cannot open the safe")
		}
		return dying{l}, nil
	}
	return g.Apply(t.Context(), approve(t, p, l.now()))
}

// dying turns the death of the process into an error of everything after it: a
// goroutine of the gate cannot be killed alone.
type dying struct{ *locksmith }

func (d dying) Put(ctx context.Context, id string, secret []byte) (err error) {
	defer func() {
		if recover() != nil {
			d.keys["kept "+id] = d.keys[id] // make's own clearing away would need a living process
			err = errKilled
		}
	}()
	return d.locksmith.Put(ctx, id, secret)
}

// left renames what a death left back to what it is.
func (l *locksmith) left() {
	for id, at := range l.keys {
		if real, dead := strings.CutPrefix(id, "kept "); dead {
			delete(l.keys, id)
			l.keys[real] = at
		}
	}
	l.store.dead, l.store.dieAt = false, 0
}

// revive is another process on another day: what the dead one wrote is what
// there is.
func (l *locksmith) revive(days int) {
	l.left()
	_ = l.wait(context.Background(), time.Duration(days)*24*time.Hour)
}

func (l *locksmith) sound(t *testing.T, where string) {
	t.Helper()
	if len(l.keys) != 2 {
		t.Errorf("%s: keys %v", where, l.keys)
	}
	for id := range l.keys {
		if _, has := l.safe[id]; id != "old" && !has {
			t.Errorf("%s: nobody has the secret of %s", where, id)
		}
	}
	for _, line := range l.store.lines {
		if strings.Contains(string(line), "secret-of") {
			t.Errorf("%s: the journal holds a secret: %s", where, line)
		}
	}
}

func TestASecretIsStoredOrItsKeyGoes(t *testing.T) {
	for _, days := range []int{0, 2} { // the same plan, or a new one: the first has expired
		for die := 0; die <= 6; die++ { // 6 is between making and storing
			l, where := newLocksmith(), fmt.Sprintf("killed at %d, resumed after %d days", die, days)
			p := l.plan("n")
			if die == 6 {
				l.dieIn = 1
			} else {
				l.store.dieAt = die
			}
			_, _ = l.apply(t, p)
			if die == 6 && len(l.safe) > 0 {
				t.Fatalf("%s: it was stored", where)
			}
			l.revive(days)
			if days > 0 {
				p = l.plan("later")
			}
			if days > 0 && len(l.safe) > 0 {
				continue // the engine sees that it is made and plans no more
			}
			if sum, err := l.apply(t, p); err != nil || sum.Verified != 1 {
				t.Errorf("%s: %+v, %v, %v", where, sum, err, l.reasons())
			}
			l.sound(t, where)
		}
	}
}

func TestASecretNeedsASink(t *testing.T) {
	l := newLocksmith()
	p := l.plan("n")
	p.Actions[0].Sink = ""
	if sum, err := l.apply(t, p); err != nil || sum.Skipped != 1 || l.reasons()["old"] != "skipped no-sink" {
		t.Errorf("%+v, %v, %v", sum, err, l.reasons())
	}
	p = l.plan("m")
	p.Actions[0].Sink = "elsewhere"
	if sum, err := l.apply(t, p); err != nil || sum.Failed != 1 || l.reasons()["old"] != "failed no-sink" {
		t.Errorf("%+v, %v, %v", sum, err, l.reasons())
	}
	if len(l.keys) != 1 {
		t.Errorf("keys %v", l.keys)
	}
}

func TestASinkThatFailsLeavesNoKey(t *testing.T) {
	l := newLocksmith()
	l.full = errors.New("cannot store the key: the safe is full")
	sum, err := l.apply(t, l.plan("n"))
	if err != nil || sum.Failed != 1 || len(l.keys) != 1 {
		t.Errorf("%+v, %v: keys %v", sum, err, l.keys)
	}
}

// What somebody else made meanwhile is not cleared away.
func TestAForeignKeyStays(t *testing.T) {
	l := newLocksmith()
	p := l.plan("n")
	l.store.dieAt = 3 // after "doing", at the end of the call
	_, _ = l.apply(t, p)
	l.revive(1)
	for id := range l.safe {
		delete(l.safe, id)
		delete(l.keys, id)
	}
	l.keys["stranger"] = l.now()
	if sum, err := l.apply(t, l.plan("later")); err != nil || sum.Failed != 1 {
		t.Errorf("%+v, %v", sum, err)
	}
	if _, there := l.keys["stranger"]; !there {
		t.Error("it was taken away")
	}
}

// A key that a colleague made by hand when a try had failed is his: while the call of
// one that AWS refused was under way, and after that of one whose answer was lost.
func TestAColleaguesKeyStays(t *testing.T) {
	for name, c := range map[string]struct {
		refusal error
		later   time.Duration // than the try
	}{
		"refused":         {kind.LeftNothing(errors.New("cannot cut a key: not you")), 0},
		"failed, unclear": {errors.New("cannot cut a key: connection reset"), 20 * time.Second},
	} {
		l := newLocksmith()
		l.refusal = c.refusal
		if sum, err := l.apply(t, l.plan("n")); err != nil || sum.Failed != 1 || len(l.keys) != 1 {
			t.Fatalf("%s: %+v, %v, keys %v", name, sum, err, l.keys)
		}
		_ = l.wait(t.Context(), c.later)
		l.keys["colleague's"] = l.now()
		l.revive(1)
		if sum, err := l.apply(t, l.plan("later")); err != nil || sum.Failed != 1 {
			t.Errorf("%s: %+v, %v, %v", name, sum, err, l.reasons())
		}
		if _, there := l.keys["colleague's"]; !there || l.cut != 0 {
			t.Errorf("%s: keys %v, %d cut", name, l.keys, l.cut)
		}
	}
}

// A key that was handed over stays, although its secret was moved out of the sink
// and nobody has used it yet: somebody has it.
func TestAKeyHandedOverStays(t *testing.T) {
	l := newLocksmith()
	if sum, err := l.apply(t, l.plan("n")); err != nil || sum.Verified != 1 {
		t.Fatalf("%+v, %v", sum, err)
	}
	delete(l.safe, "new1")
	l.revive(1)
	if sum, err := l.apply(t, l.plan("later")); err != nil || sum.Failed != 1 {
		t.Errorf("%+v, %v, %v", sum, err, l.reasons())
	}
	if _, there := l.keys["new1"]; !there || l.cut != 1 {
		t.Errorf("keys %v, %d cut", l.keys, l.cut)
	}
}

// A read that comes late makes no second key; undoing takes away the one made.
func TestMadeOnceAndUndone(t *testing.T) {
	l := newLocksmith()
	p := l.plan("n")
	if sum, err := l.apply(t, p); err != nil || sum.Verified != 1 || l.cut != 1 {
		t.Fatalf("%+v, %v, cut %d", sum, err, l.cut)
	}
	l.hasErr = errors.New("cannot read the safe")
	if sum, err := l.apply(t, p); err != nil || sum.Verified+sum.Failed != 1 || l.cut != 1 {
		t.Errorf("again: %+v, %v, cut %d", sum, err, l.cut)
	}
	l.hasErr = nil
	for _, r := range records(t, l) {
		if r.Step == journal.Doing && r.Ordered.IsZero() {
			t.Error("a try without its time")
		}
	}
}

func records(t *testing.T, l *locksmith) []journal.Record {
	t.Helper()
	_, recs, err := journal.Open(t.Context(), l.store, l.now)
	if err != nil {
		t.Fatal(err)
	}
	return recs
}
