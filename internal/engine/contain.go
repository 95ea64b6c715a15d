package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"cordon/internal/awsapi"
	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/kind"
	"cordon/internal/plan"
	"cordon/internal/playbook"
	"cordon/internal/report"
)

// planLife is how long a plan may wait for approval and being applied.
const planLife = 4 * time.Hour

// PlanOptions narrow a plan.
type PlanOptions struct {
	Only, Except []string // action numbers, ids, verbs or kinds
	StopSpend    bool     // contain: stop too what only costs money
}

// PlanContain makes the plan that cuts the intruder off, from the last triage
// and the marks. It reads each target's state now, keeps evidence of it, and
// saves the plan in the case. It changes nothing in the account.
func (s *Session) PlanContain(ctx context.Context, o PlanOptions) (plan.Plan, error) {
	if err := s.fits(); err != nil {
		return plan.Plan{}, err
	}
	free, err := s.lock("plan contain")
	if err != nil {
		return plan.Plan{}, err
	}
	defer free()
	t, err := LoadTriage(s.Case)
	if err != nil {
		return plan.Plan{}, err
	}
	marks, stale, err := marksFor(s.Case, t.Snapshot)
	if err != nil {
		return plan.Plan{}, err
	}
	for _, r := range stale {
		gap := report.Gap{Kind: r.Kind, Account: r.Account, Region: r.Region, State: fact.Skipped, Why: "the mark on " + r.ID + " was for another resource of this name"}
		if err := s.Out.Handle(gap); err != nil {
			return plan.Plan{}, err
		}
	}
	p := s.newPlan(plan.Contain, t)
	if err := s.judgeWhose(&t.Snapshot, marks); err != nil {
		return plan.Plan{}, err
	}
	if err := s.Out.Handle(spending(t.Snapshot)); err != nil {
		return plan.Plan{}, err
	}
	actions := playbook.Contain(playbook.Input{Snapshot: t.Snapshot, Findings: t.Findings, Marks: marks, Traits: s.traits, SpendToo: o.StopSpend})
	if actions, err = plan.Order(actions); err != nil {
		return plan.Plan{}, err
	}
	if p.Ward, err = s.ward(ctx, admins(t.Snapshot, marks)); err != nil {
		return plan.Plan{}, err
	}
	if actions, err = s.fromAbove(ctx, &t.Snapshot, actions, marks, p.Ward, o); err != nil {
		return plan.Plan{}, err
	}
	p.Actions, p.Refused = plan.Guard(actions, p.Ward)
	p.Org = s.orgOf(p.Actions)
	wanted := slices.Clone(p.Actions)
	if err := s.readPlanned(ctx, &p); err != nil {
		return plan.Plan{}, err
	}
	p.Open = closing(p, wanted, t.Ways)
	if p.Evidence, p.Unkept, err = s.keep(ctx, t.Snapshot, p.Actions); err != nil {
		return plan.Plan{}, err
	}
	if len(p.Actions) == 0 {
		return p, refuse("nothing-to-do", nil)
	}
	return p, savePlan(s.Case, p)
}

func (s *Session) newPlan(kind string, t Triage) plan.Plan {
	made := after(s.Case, s.Account.Clock())
	var nonce [8]byte
	_, _ = rand.Read(nonce[:]) // never fails: crypto/rand
	return plan.Plan{
		V: 1, Type: kind, Case: s.Case.ID,
		Account: s.Account.Caller.Account, Partition: s.Account.Caller.Partition, Endpoint: s.Account.Endpoint,
		Caller: s.principal(), Snapshot: t.Digest(),
		MadeAt: made, Expires: made.Add(planLife), Nonce: hex.EncodeToString(nonce[:]),
	}
}

func savePlan(c *incident.Case, p plan.Plan) error {
	b, err := plan.Canonical(struct {
		Digest string    `json:"digest"`
		Plan   plan.Plan `json:"plan"`
	}{p.Digest(), p})
	if err != nil {
		return fmt.Errorf("cannot save the plan: %w", err)
	}
	if err := c.SavePlan(p.Digest(), b); err != nil {
		return fmt.Errorf("cannot save the plan: %w", err)
	}
	return nil
}

// pick narrows a plan to what the person named. A name that matches nothing is
// an error: a plan that silently lacks an action is dangerous.
func pick(actions []plan.Action, o PlanOptions) ([]plan.Action, error) {
	for _, name := range slices.Concat(o.Only, o.Except) {
		if !slices.ContainsFunc(actions, func(a plan.Action) bool { return named(actions, a, name) }) {
			return nil, refuse("no-such-action", fmt.Errorf("cannot narrow the plan: no action is called %q", name), "name", name)
		}
	}
	var out []plan.Action
	for _, a := range actions {
		match := func(name string) bool { return named(actions, a, name) }
		if len(o.Only) > 0 && !slices.ContainsFunc(o.Only, match) || slices.ContainsFunc(o.Except, match) {
			continue
		}
		out = append(out, a)
	}
	return out, nil
}

func named(all []plan.Action, a plan.Action, name string) bool {
	if n, err := strconv.Atoi(name); err == nil && len(name) < len(a.ID) { // an id can be all digits
		return n >= 1 && n <= len(all) && all[n-1].ID == a.ID
	}
	return name == a.ID || name == a.Verb || name == string(a.Target.Kind) || name == a.Target.ID || name == a.Target.ARN
}

// readPlanned reads every target's state: what the gate will insist on. An
// action whose change shows already, or whose target is gone, is left out; one
// whose state cannot be read stays, refused, so that nobody believes it done.
func (s *Session) readPlanned(ctx context.Context, p *plan.Plan) error {
	type answer struct {
		drop   bool
		reason string
	}
	answers := make([]answer, len(p.Actions))
	var g errgroup.Group
	g.SetLimit(16)
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Class == plan.Person {
			continue
		}
		g.Go(func() error {
			k, ok := s.kind(a.Target.Kind)
			verb, known := kind.Bound{}, false
			if ok {
				verb, known = k.Verb(a.Verb)
			}
			if !known {
				return fmt.Errorf("cannot plan: %s has no verb %q", a.Target.Kind, a.Verb)
			}
			a.Target = k.Trim(a.Target)
			cfg := s.read(a.Target.Place, verb.Needs)
			prior, err := verb.Prior(ctx, cfg, a.Target)
			done := false
			if err == nil {
				done, err = verb.Done(ctx, cfg, kind.Job{Resource: a.Target, At: p.MadeAt, Case: s.Case.ID})
			}
			switch {
			case errors.Is(err, kind.ErrGone):
				answers[i].drop = true
			case err != nil && ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				answers[i].reason = "unread." + string(awsapi.Classify(err))
			case done:
				answers[i].drop = true
			default:
				a.Planned = prior
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var keep []plan.Action
	for i, a := range p.Actions {
		switch {
		case answers[i].reason != "":
			p.Refused = append(p.Refused, plan.Refusal{Action: a, Reason: answers[i].reason})
		case !answers[i].drop:
			keep = append(keep, a)
		}
	}
	ordered, err := plan.Order(keep) // drops edges to what was left out
	p.Actions = ordered
	return err
}

// keep stores what the plan's targets are now, before anything is changed. A
// target that cannot be read is named, and does not stop the plan: what a plan
// does can be undone from the journal alone. What deletes asks the gate.
func (s *Session) keep(ctx context.Context, snap fact.Snapshot, actions []plan.Action) (ids, unkept []string, err error) {
	store, err := s.evidence(false)
	if err != nil {
		return nil, nil, err
	}
	var targets []fact.Resource
	for _, a := range actions {
		r, listed := snap.Find(a.Target.Ref)
		if listed && !slices.ContainsFunc(targets, func(t fact.Resource) bool { return t.Ref == r.Ref }) {
			targets = append(targets, r)
		}
	}
	var (
		g    errgroup.Group
		mu   sync.Mutex
		done int
	)
	g.SetLimit(8)
	for _, r := range targets {
		g.Go(func() error {
			blobs, readErr, err := s.keepOne(ctx, store, r)
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			ids = append(ids, blobs...)
			if readErr != nil && !errors.Is(readErr, kind.ErrGone) {
				unkept = append(unkept, r.Ref.String()+" ("+string(awsapi.Classify(readErr))+")")
			}
			done++
			return s.Out.Handle(report.Progress{Step: "keeping", Done: done, Total: len(targets), What: string(r.Kind), Region: r.Region})
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	slices.Sort(ids)
	slices.Sort(unkept)
	return slices.Compact(ids), unkept, nil
}

// keepOne tells an account that cannot be read from a store that cannot be
// written: only the second is an error.
func (s *Session) keepOne(ctx context.Context, store *evidence.Store, r fact.Resource) (ids []string, unread, err error) {
	k, ok := s.kind(r.Kind)
	if !ok {
		return nil, nil, nil
	}
	var mu sync.Mutex // a kind may read several things at once
	put := func(name string, b []byte) error {
		id, putErr := store.Put(ctx, evidence.Item{
			Name: name, Kind: string(r.Kind), Ref: r.Ref.String(), Source: "plan", Taken: s.Account.Clock(),
		}, b)
		mu.Lock()
		defer mu.Unlock()
		ids, err = append(ids, string(id)), errors.Join(err, putErr)
		return putErr
	}
	listed, bad := json.MarshalIndent(r, "", "  ")
	if bad == nil {
		bad = put("resource.json", listed)
	}
	if err = errors.Join(err, bad); err == nil {
		unread = k.Keep(ctx, s.read(r.Place, k.Needs()), r, put)
	}
	if err != nil {
		err = fmt.Errorf("cannot keep evidence of %s: %w", r.Ref, err)
	}
	return ids, unread, err
}
