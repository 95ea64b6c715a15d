package gate_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"cordon/internal/fact"
	"cordon/internal/gate"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// A house is an account of lamps: a kind with no AWS in it. Everything about
// it can go wrong on purpose.
type house struct {
	mu       sync.Mutex
	on       map[string]bool
	born     map[string]string // unique ids
	dated    map[string]time.Time
	switched []string // every change, in order
	// touched is called, unlocked, after each change.
	touched func(id string, on bool)
	fail    func(id string) error // instead of the change
	lost    func(id string) error // after the change: the answer is lost
	blind   func(id string) error // instead of a read
	slow    func(id string) bool  // smashing goes on after the call
	unkept  func(id string) error // what the copies inside AWS are like
	takes   time.Duration         // how long AWS may go on smashing
	wired   map[string]string
}

type reader interface {
	GetLamp(id string) (bool, error)
	GetDate(id string) time.Time
}
type writer interface {
	Switch(id string, on bool) error
	Date(id string, at time.Time) error
}

func newHouse(ids ...string) *house {
	h := &house{on: map[string]bool{}, born: map[string]string{}, dated: map[string]time.Time{}, takes: time.Hour, wired: map[string]string{}}
	for _, id := range ids {
		h.on[id], h.born[id] = true, "LAMP"+id
	}
	return h
}

func (h *house) GetLamp(id string) (bool, error) {
	if h.blind != nil {
		if err := h.blind(id); err != nil {
			return false, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	on, ok := h.on[id]
	if !ok {
		return false, fmt.Errorf("lamp %s: %w", id, kind.ErrGone)
	}
	return on, nil
}

func (h *house) Switch(id string, on bool) error {
	if h.fail != nil {
		if err := h.fail(id); err != nil {
			return err
		}
	}
	h.set(id, on)
	h.mu.Lock()
	h.switched = append(h.switched, fmt.Sprintf("%s=%v", id, on))
	h.mu.Unlock()
	if h.touched != nil {
		h.touched(id, on)
	}
	if h.lost != nil {
		return h.lost(id)
	}
	return nil
}

func (h *house) GetDate(id string) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.dated[id]
}

func (h *house) Date(id string, at time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dated[id] = at
	h.switched = append(h.switched, "date "+id)
	return nil
}

func (h *house) set(id string, on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.on[id] = on
}

func (h *house) lamps() map[string]bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[string]bool{}
	for id, on := range h.on {
		out[id] = on
	}
	return out
}

func (h *house) kind() kind.Kind {
	return kind.Of(kind.Spec[reader, writer]{
		Name: "lamp", Needs: []string{"lamp:GetLamp"},
		Reader: func(aws.Config) reader { return h },
		Writer: func(aws.Config) writer { return h },
		List:   func(context.Context, reader, fact.Place, func(fact.Resource)) error { return nil },
		Identity: func(_ context.Context, _ reader, r fact.Resource) (string, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			id, ok := h.born[r.ID]
			if !ok {
				return "", kind.ErrGone
			}
			return id, nil
		},
		Verbs: []kind.Verb[reader, writer]{{
			Name: "off", Class: kind.Reversible, Needs: []string{"lamp:Switch"}, Settle: 5 * time.Second,
			Prior: func(_ context.Context, api reader, r fact.Resource) (json.RawMessage, error) {
				on, err := api.GetLamp(r.ID)
				if err != nil {
					return nil, err
				}
				return json.Marshal(on)
			},
			Do: func(_ context.Context, api writer, j kind.Job, _ json.RawMessage) error {
				return api.Switch(j.ID, false)
			},
			Done: func(_ context.Context, api reader, j kind.Job) (bool, error) {
				on, err := api.GetLamp(j.ID)
				return !on, err
			},
			Undo: func(_ context.Context, api writer, j kind.Job, prior json.RawMessage) error {
				var was bool
				if err := json.Unmarshal(prior, &was); err != nil {
					return err
				}
				return api.Switch(j.ID, was)
			},
		}, dating, h.smashing(), h.wiring()},
		Keep: func(context.Context, reader, fact.Resource, func(string, []byte) error) error { return nil },
	})
}

// smashing deletes a lamp for good. What is slow takes AWS an hour.
func (h *house) smashing() kind.Verb[reader, writer] {
	return kind.Verb[reader, writer]{
		Name: "smash", Class: kind.Permanent, For: kind.Remove, Needs: []string{"lamp:Switch"}, Takes: h.takes,
		Prior: func(_ context.Context, api reader, r fact.Resource) (json.RawMessage, error) {
			_, err := api.GetLamp(r.ID)
			h.mu.Lock()
			defer h.mu.Unlock()
			return json.RawMessage(`"` + strings.TrimPrefix(h.born[r.ID], "LAMP") + `"`), err
		},
		Do: func(_ context.Context, api writer, j kind.Job, _ json.RawMessage) error {
			if err := api.Switch(j.ID, false); err != nil {
				return err
			}
			if h.slow == nil || !h.slow(j.ID) {
				h.smash(j.ID)
			}
			return nil
		},
		Done: func(_ context.Context, api reader, j kind.Job) (bool, error) {
			_, err := api.GetLamp(j.ID)
			if errors.Is(err, kind.ErrGone) {
				return true, nil
			}
			return false, err
		},
		Kept: func(_ context.Context, _ reader, j kind.Job) error {
			if h.unkept != nil {
				return h.unkept(j.ID)
			}
			return nil
		},
	}
}

func (h *house) smash(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.on, id)
	delete(h.born, id)
	h.switched = append(h.switched, id+" smashed")
}

// dating holds for what came before a moment only, as a revocation does.
var dating = kind.Verb[reader, writer]{
	Name: "date", Class: kind.Reversible, Needs: []string{"lamp:Switch"}, Settle: 5 * time.Second, Reach: 15 * time.Second,
	Prior: func(_ context.Context, api reader, r fact.Resource) (json.RawMessage, error) {
		return json.Marshal(api.GetDate(r.ID))
	},
	Do: func(_ context.Context, api writer, j kind.Job, _ json.RawMessage) error { return api.Date(j.ID, j.At) },
	Done: func(_ context.Context, api reader, j kind.Job) (bool, error) {
		return !api.GetDate(j.ID).Before(j.At), nil
	},
	Undo: func(_ context.Context, api writer, j kind.Job, prior json.RawMessage) error {
		var was time.Time
		if err := json.Unmarshal(prior, &was); err != nil {
			return err
		}
		return api.Date(j.ID, was)
	},
}

// memory is a journal store that can die at a line.
type memory struct {
	mu    sync.Mutex
	lines [][]byte
	dieAt int // the append with this number kills the process; 0 never
	dead  bool
	seen  int
}

var errKilled = errors.New("killed")

func (m *memory) Append(_ context.Context, line []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen++
	if m.dead || m.dieAt == m.seen {
		m.dead = true
		return errKilled
	}
	m.lines = append(m.lines, append([]byte(nil), line...))
	return nil
}

func (m *memory) Lines(context.Context) ([][]byte, []byte, error) { return m.lines, nil, nil }

// A bench is a gate over a house with a clock of its own.
type bench struct {
	*house
	store *memory
	mu    sync.Mutex
	time  time.Time
	live  gate.Live
	told  []gate.Event
}

func newBench(ids ...string) *bench {
	b := &bench{house: newHouse(ids...), store: &memory{}, time: time.Unix(1_800_000_000, 0).UTC()}
	b.live = gate.Live{
		Account: "111122223333", Partition: "aws", Case: "C-1",
		Caller: plan.Principal{ARN: "arn:aws:iam::111122223333:user/owner", UniqueID: "AIDAOWNER"},
		Ward:   plan.Ward{Chain: []plan.Keeper{{ARN: "arn:aws:iam::111122223333:user/owner", UniqueID: "AIDAOWNER"}}},
	}
	return b
}

func (b *bench) now() time.Time {
	b.house.mu.Lock()
	defer b.house.mu.Unlock()
	return b.time
}

func (b *bench) wait(ctx context.Context, d time.Duration) error {
	b.house.mu.Lock()
	b.time = b.time.Add(d)
	b.house.mu.Unlock()
	return ctx.Err()
}

func lampRef(id string) fact.Resource {
	return fact.Resource{
		Ref:      fact.Ref{Kind: "lamp", Place: fact.Place{Account: "111122223333", Region: fact.Global}, ID: id},
		UniqueID: "LAMP" + id,
	}
}

func (b *bench) plan(ids ...string) plan.Plan {
	p := plan.Plan{V: 1, Type: plan.Contain, Case: "C-1", Account: "111122223333", Partition: "aws", Caller: b.live.Caller,
		MadeAt: b.time, Expires: b.time.Add(time.Hour), Nonce: "n"}
	for _, id := range ids {
		a := plan.Act(lampRef(id), "off", plan.Reversible)
		a.Planned = json.RawMessage(`true`)
		p.Actions = append(p.Actions, a)
	}
	return p
}

var approver = ed25519.NewKeyFromSeed(make([]byte, 32))

func approve(t *testing.T, p plan.Plan, now time.Time) plan.Approved {
	t.Helper()
	pub := base64.StdEncoding.EncodeToString(approver.Public().(ed25519.PublicKey))
	a := plan.Sign(p.Digest(), "ann", now, pub, func(purpose string, m []byte) []byte {
		return ed25519.Sign(approver, append([]byte("cordon "+purpose+"\x00"), m...))
	})
	ok, err := plan.Approve(p, []plan.Approval{a}, []string{pub}, 1, now)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// open makes the gate as a new process would: from what the journal holds.
func (b *bench) open(t *testing.T) *gate.Gate {
	t.Helper()
	log, past, err := journal.Open(t.Context(), b.store, b.now)
	if err != nil {
		t.Fatal(err)
	}
	config := func(fact.Place, []string) aws.Config { return aws.Config{} }
	return &gate.Gate{
		Kinds:   func(k fact.Kind) (kind.Kind, bool) { return b.kind(), k == "lamp" },
		Journal: log, Past: past, Read: config, Write: config,
		Live: func(context.Context) (gate.Live, error) { return b.live, nil },
		Now:  b.now, Wait: b.wait,
		Verified: func(of fact.Ref, ids []string) error {
			if ids[0] != "kept "+of.ID {
				return errors.New("altered")
			}
			return nil
		},
		Tell: func(e gate.Event) { b.mu.Lock(); b.told = append(b.told, e); b.mu.Unlock() },
	}
}

func (b *bench) apply(t *testing.T, p plan.Plan) (gate.Result, error) {
	t.Helper()
	return b.open(t).Apply(t.Context(), approve(t, p, b.now()))
}

// reasons lists how each action ended.
func (b *bench) reasons() map[string]string {
	out := map[string]string{}
	for _, e := range b.told {
		out[e.Action.Target.ID] = string(e.Step) + " " + e.Reason
	}
	return out
}

func undoOf(p plan.Plan, b *bench) plan.Plan {
	u := b.plan()
	u.Type, u.Nonce = plan.Undo, "u"
	for _, a := range p.Actions {
		back := a
		back.ID = plan.ActionID(a.Target.Ref, a.Verb, true)
		back.Planned = json.RawMessage(`false`)
		back.Undoes = &plan.Undoes{Plan: p.Digest(), Action: a.ID, Prior: json.RawMessage(`true`)}
		u.Actions = append(u.Actions, back)
	}
	return u
}

// apiError is an answer of AWS.
type apiError struct{ code string }

func (e apiError) Error() string                 { return "api error " + e.code }
func (e apiError) ErrorCode() string             { return e.code }
func (e apiError) ErrorMessage() string          { return e.code }
func (e apiError) ErrorFault() smithy.ErrorFault { return smithy.FaultServer }
