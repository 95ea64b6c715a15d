// Package gate is the only place that changes an account. Everything else can
// look, decide and tell; nothing else is given a writing configuration.
package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/fact"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// A Gate applies approved plans, and undo plans, to one account.
type Gate struct {
	Kinds   func(fact.Kind) (kind.Kind, bool)
	Journal *journal.Journal
	Past    []journal.Record // what the journal held when it was opened
	// Read and Write give configurations that may make only the named calls.
	Read, Write func(at fact.Place, needs []string) aws.Config
	// Live reads who the caller is now and what must survive.
	Live func(context.Context) (Live, error)
	// Now is AWS's clock. Wait sleeps or returns early with the context's error.
	Now  func() time.Time
	Wait func(context.Context, time.Duration) error
	// Verified refuses when one of the ids is not evidence of this resource, is
	// missing or was altered. Permanent verbs are not done without it.
	Verified func(of fact.Ref, ids []string) error
	// Sink gives the place to which the secret goes that a verb makes, as the action
	// names it. Without it no such verb is done.
	Sink func(context.Context, plan.Action) (kind.Sink, error)
	// Patience is how long a run waits for what AWS is working on after all calls
	// are made; 0 is 10 minutes.
	Patience time.Duration
	Tell     func(Event)
	Workers  int // actions under way at once; 0 is 16
}

// Live is what the gate compares a plan with before it touches anything.
type Live struct {
	Account, Partition, Endpoint, Case string
	// Mixed names services whose endpoint differs from the others': writing
	// to two worlds at once is refused.
	Mixed  []string
	Caller plan.Principal
	// Org is who acts in the organisation's management account; nil: nobody.
	Org  *plan.Principal
	Ward plan.Ward
}

// An Event is one step of one action, for whoever watches. A face may lose it
// without harm: the journal has it.
type Event struct {
	Action plan.Action
	Step   journal.Step
	Reason string // a word of the catalogue
	Err    error
	After  time.Duration // since the run began
}

// A Result sums a run up.
type Result struct {
	Done, Verified, Skipped, Failed, Undone, Untouched int
	// Waiting are changes that were made and that AWS is still working on: the
	// same plan, applied again, looks whether they have come to their end.
	Waiting int
	// Chain is the longest run of calls that waited for one another, from the
	// approval to the last verified change.
	Chain       int
	Wall        time.Duration
	Interrupted bool
	Reapplied   int // changes that somebody took back and that were made again
}

// A Misfit is a plan that is not for here and now.
type Misfit struct {
	Reason string // "account", "partition", "endpoint", "case", "caller", "org", "expired", "mixed-endpoints"
	Want   string
	Have   string
}

func (m *Misfit) Error() string {
	return fmt.Sprintf("cannot apply the plan: it does not fit the %s: planned %q, now %q", m.Reason, m.Want, m.Have)
}

// fit refuses a plan made for something else.
func fit(p plan.Plan, l Live, now time.Time) error {
	for _, m := range []Misfit{
		{"account", p.Account, l.Account},
		{"partition", p.Partition, l.Partition},
		{"endpoint", p.Endpoint, l.Endpoint},
		{"case", p.Case, l.Case},
		{"caller", p.Caller.ARN, l.Caller.ARN},
		{"caller", p.Caller.UniqueID, l.Caller.UniqueID},
	} {
		if m.Want != m.Have {
			return &m
		}
	}
	if p.Org != nil {
		var org plan.Principal
		if l.Org != nil {
			org = *l.Org
		}
		if org != *p.Org {
			return &Misfit{"org", p.Org.ARN, org.ARN}
		}
	}
	if len(l.Mixed) > 0 {
		return &Misfit{"mixed-endpoints", l.Endpoint, fmt.Sprint(l.Mixed)}
	}
	if !now.Before(p.Expires) {
		return &Misfit{"expired", p.Expires.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)}
	}
	return nil
}

// Apply runs an approved plan: lanes side by side, actions of one lane in
// order. Called again after a crash it goes on where the journal ends. It
// returns a *Misfit before anything is touched when the plan is not for this
// account, endpoint, case, caller or time. Failures of single actions are told
// and counted, not returned. When ctx ends, calls under way are finished and
// recorded, and nothing new is begun.
func (g *Gate) Apply(ctx context.Context, a plan.Approved) (Result, error) {
	p := a.Plan()
	if err := wellFormed(p.Actions); err != nil {
		return Result{}, fmt.Errorf("cannot apply the plan: %w", err)
	}
	live, err := g.Live(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("cannot apply the plan: cannot read who the caller is: %w", err)
	}
	if err := fit(p, live, g.Now()); err != nil {
		return Result{}, err
	}
	r := g.begin(a, live)
	by, _ := a.By()
	opened := journal.Record{Step: journal.Opened, Plan: r.digest, Kind: p.Type, By: by}
	if err := g.Journal.Write(ctx, opened); err != nil {
		return Result{}, err
	}
	r.all(ctx)
	r.sweep(ctx)
	ended := journal.Record{Step: journal.Ended, Plan: r.digest}
	if ctx.Err() != nil {
		ended.Reason = "interrupted"
	}
	err = g.Journal.Write(context.WithoutCancel(ctx), ended)
	return r.result(ctx), errors.Join(err, r.journalErr())
}

// wellFormed refuses a list in which an action would wait for itself or for a
// later one: it would never end.
func wellFormed(actions []plan.Action) error {
	all, seen, stage := map[string]bool{}, map[string]bool{}, 0
	for _, a := range actions {
		if all[a.ID] {
			return fmt.Errorf("action %s is there twice", a.ID)
		}
		if a.Stage < stage {
			return fmt.Errorf("action %s stands after those of a later stage", a.ID)
		}
		all[a.ID], stage = true, a.Stage
	}
	for _, a := range actions {
		for _, id := range slices.Concat(a.After, a.Behind) {
			if all[id] && !seen[id] {
				return fmt.Errorf("action %s waits for %s, which does not come before it", a.ID, id)
			}
		}
		seen[a.ID] = true
	}
	return nil
}

// A run is one Apply.
type run struct {
	*Gate
	plan    plan.Plan
	digest  string
	by      string
	live    Live
	started time.Time
	refused map[string]string // action id → guard's reason
	past    map[string]past
	tries   map[string][]kind.Try // action id → when it was begun, by any plan
	jobs    map[string]*job

	mu     sync.Mutex
	broken error // the journal could not be written: nothing more may be done
	sum    Result
	cut    time.Time // when the last call returned that may have come too late for a dated one
}

// A job is one action under way. acted closes when its call has returned,
// ended when it is verified, skipped or failed.
type job struct {
	act          plan.Action
	before       *job // in the same lane
	acted, ended chan struct{}
	ok           bool // set before ended closes
	redated      bool // a change that stands is being made anew: nobody gets in meanwhile
	order        kind.Job
	prior        json.RawMessage // what was there before the first try
	sink         kind.Sink
	calls        counter
	// Calls that had to be made one after another before acted closed, and
	// before ended closed.
	toActed, toEnded int
}

func (g *Gate) begin(a plan.Approved, live Live) *run {
	r := &run{Gate: g, plan: a.Plan(), digest: a.Digest(), live: live, started: g.Now()}
	r.by, _ = a.By()
	r.past = replay(g.Past, r.digest)
	r.tries = tries(g.Past)
	if unfinished(g.Past, r.digest) {
		r.cut = r.started // nobody watched since the earlier run died
	}
	r.refused = map[string]string{}
	_, refused := plan.Guard(r.plan.Actions, live.Ward)
	for _, f := range refused {
		r.refused[f.Action.ID] = "guard." + f.Reason
	}
	r.jobs = map[string]*job{}
	lanes := map[string]*job{}
	for _, act := range r.plan.Actions {
		j := &job{act: act, acted: make(chan struct{}), ended: make(chan struct{})}
		if act.Lane != "" {
			j.before, lanes[act.Lane] = lanes[act.Lane], j
		}
		r.jobs[act.ID] = j
	}
	return r
}

// all runs every action and returns when each has ended.
func (r *run) all(ctx context.Context) {
	slots := make(chan struct{}, r.workers())
	var wg sync.WaitGroup
	for _, act := range r.plan.Actions {
		j := r.jobs[act.ID]
		wg.Go(func() {
			defer close(j.ended)
			acted := sync.OnceFunc(func() { close(j.acted) })
			defer acted()
			if !r.ready(ctx, j) {
				return
			}
			slots <- struct{}{}
			free := sync.OnceFunc(func() { <-slots })
			defer free()
			j.ok = r.one(ctx, j, func() { acted(); free() })
		})
	}
	wg.Wait()
}

func (r *run) workers() int {
	if r.Workers == 0 {
		return 16
	}
	return r.Workers
}

// ready waits for what the action depends on: the call of the one before it in
// its lane and of those it is Behind, whatever came of them, and the verified
// end of those it is After.
func (r *run) ready(ctx context.Context, j *job) bool {
	chain := 0
	for _, earlier := range r.jobs {
		if earlier.act.Stage < j.act.Stage {
			<-earlier.acted
		}
	}
	if j.before != nil {
		<-j.before.acted
		chain = j.before.toActed
	}
	for _, id := range j.act.Behind {
		if earlier := r.jobs[id]; earlier != nil {
			<-earlier.acted
			chain = max(chain, earlier.toActed)
		}
	}
	for _, id := range j.act.After {
		earlier := r.jobs[id]
		if earlier == nil {
			continue
		}
		<-earlier.ended
		if !earlier.ok && !r.stopping(ctx) {
			r.end(ctx, j, journal.Skipped, "earlier-step-failed", nil)
			return false
		}
		chain = max(chain, earlier.toEnded)
	}
	j.toActed = chain
	if r.stopping(ctx) {
		r.count(func(s *Result) { s.Untouched++ })
		return false
	}
	return true
}

// stopping reports that nothing new may be begun.
func (r *run) stopping(ctx context.Context) bool { return ctx.Err() != nil || r.journalErr() != nil }

func (r *run) verb(act plan.Action) (kind.Bound, error) {
	k, ok := r.Kinds(act.Target.Kind)
	if !ok {
		return kind.Bound{}, fmt.Errorf("this version of cordon has no kind %q", act.Target.Kind)
	}
	v, ok := k.Verb(act.Verb)
	if !ok {
		return kind.Bound{}, fmt.Errorf("%s has no verb %q", act.Target.Kind, act.Verb)
	}
	if string(v.Class) != string(act.Class) {
		return kind.Bound{}, fmt.Errorf("the plan calls %q %s, it is %s", act.Verb, act.Class, v.Class)
	}
	return v, nil
}

func (r *run) read(j *job, needs []string) aws.Config {
	return j.calls.count(r.Read(j.act.Target.Place, needs))
}

func (r *run) write(j *job, needs []string) aws.Config {
	return j.calls.count(r.Write(j.act.Target.Place, needs))
}

func (r *run) count(f func(*Result)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.sum)
}

func (r *run) journalErr() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.broken
}

func (r *run) result(ctx context.Context) Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sum.Wall = r.Now().Sub(r.started)
	r.sum.Interrupted = ctx.Err() != nil
	for _, j := range r.jobs {
		if j.ok {
			r.sum.Chain = max(r.sum.Chain, j.toEnded)
		}
	}
	return r.sum
}

// evidenced reports what is missing before the target may be destroyed: the
// evidence of it, whole and unaltered.
func (r *run) evidenced(act plan.Action) error {
	if act.Class != plan.Permanent {
		return nil
	}
	if r.Verified == nil || len(act.Evidence) == 0 {
		return errors.New("no evidence is kept of what would be destroyed")
	}
	return r.Verified(act.Target.Ref, slices.Clone(act.Evidence))
}
