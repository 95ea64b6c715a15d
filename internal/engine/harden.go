package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/plan"
	"cordon/internal/price"
	"cordon/internal/report"
)

// HardenOptions say what is to be set up so that it does not happen again.
type HardenOptions struct {
	Only    []string // items by name
	AllFree bool     // every item that costs nothing
	Regions []string // for what is set in regions that are used; "all" is every one; none: those that the last triage saw used
	Notify  string   // ARN of the topic that the billing alarm tells
	Above   float64  // US dollars in a month
	Bucket  string   // that a new trail writes to; "": a new one
}

// A hardening is one look at all of it.
type hardening struct {
	*Session
	o         HardenOptions
	t         Triage
	triaged   bool
	all, used []string // regions that can be read, and those in use
	home      string
}

// An itemState is how one item stands: where it is so, where it is not and can be
// made so, and where nobody could see.
type itemState struct {
	on, off, unread []string
	actions         []plan.Action
	wants           string // the option without which nothing can be planned
}

// state is the word for it.
func (f itemState) state() string {
	switch {
	case len(f.off) > 0 && len(f.on) > 0:
		return "part"
	case len(f.off) > 0:
		return "off"
	case len(f.unread) > 0 || len(f.on) == 0: // what was looked at nowhere is not on
		return "unread"
	}
	return "on"
}

// Harden tells every item with how it stands, what it costs and what it may
// break. It plans nothing: nothing is on by default.
func (s *Session) Harden(ctx context.Context, o HardenOptions) error {
	h, err := s.hardening(ctx, o)
	if err != nil {
		return err
	}
	found, err := h.look(ctx, hardItems)
	if err != nil {
		return err
	}
	return s.Out.Handle(h.told(hardItems, found))
}

// PlanHarden makes the plan of the items that the owner chose. What is already so
// is no action; what could not be read is told and no action either.
func (s *Session) PlanHarden(ctx context.Context, o HardenOptions) (plan.Plan, error) {
	chosen, err := chooseItems(o)
	if err != nil {
		return plan.Plan{}, err
	}
	free, err := s.lock("plan harden")
	if err != nil {
		return plan.Plan{}, err
	}
	defer free()
	h, err := s.hardening(ctx, o)
	if err != nil {
		return plan.Plan{}, err
	}
	found, err := h.look(ctx, chosen)
	if err != nil {
		return plan.Plan{}, err
	}
	if err := s.Out.Handle(h.told(chosen, found)); err != nil {
		return plan.Plan{}, err
	}
	p := s.newPlan(plan.Harden, h.t)
	if p.Ward, err = s.ward(ctx, admins(h.t.Snapshot, nil)); err != nil {
		return plan.Plan{}, err
	}
	var actions, people []plan.Action
	for i, f := range found {
		if f.wants != "" && !o.AllFree {
			return plan.Plan{}, refuse("harden-wants", nil, "item", chosen[i].id, "option", f.wants)
		}
		if f.wants != "" {
			continue // of --all-free: told above
		}
		for _, a := range f.actions {
			a.Because = []string{"harden-" + chosen[i].id}
			if a.Class == plan.Person {
				people = append(people, a)
			} else {
				actions = append(actions, a)
			}
		}
	}
	p.Actions, p.Refused = plan.Guard(append(actions, people...), p.Ward)
	if err := s.readPlanned(ctx, &p); err != nil {
		return plan.Plan{}, err
	}
	if len(p.Actions) == 0 {
		return p, refuse("nothing-to-do", nil)
	}
	return p, savePlan(s.Case, p)
}

// Proposals are the service control policies that an organisation's management
// account may attach to this account: text to be read and decided on.
func (s *Session) Proposals(ctx context.Context, o HardenOptions) ([]SCP, error) {
	h, err := s.hardening(ctx, o)
	if err != nil {
		return nil, err
	}
	return ProposeSCPs(s.Account.Caller.Partition, h.used)
}

// chooseItems finds the items that the options name.
func chooseItems(o HardenOptions) (chosen []hardItem, err error) {
	for _, name := range o.Only {
		if !slices.ContainsFunc(hardItems, func(i hardItem) bool { return i.id == name }) {
			return nil, refuse("no-such-item", fmt.Errorf("cannot plan: there is no item %q", name), "name", name, "list", strings.Join(HardenItems(), ", "))
		}
	}
	for _, i := range hardItems {
		if slices.Contains(o.Only, i.id) || o.AllFree && i.free {
			chosen = append(chosen, i)
		}
	}
	return chosen, nil
}

// HardenItems names all items, in order.
func HardenItems() (names []string) {
	for _, i := range hardItems {
		names = append(names, i.id)
	}
	return names
}

func (s *Session) hardening(ctx context.Context, o HardenOptions) (*hardening, error) {
	if err := s.fits(); err != nil {
		return nil, err
	}
	h := &hardening{Session: s, o: o, home: s.Account.GlobalRegion()}
	var err error
	if h.t, h.triaged, err = triaged(s.Case); err != nil {
		return nil, err
	}
	regions, err := s.Account.Regions(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot tell which regions the account has: %w", err)
	}
	for _, r := range regions {
		if r.Chosen && r.Usable() {
			h.all = append(h.all, r.Name)
		}
	}
	h.used, err = h.usedRegions()
	return h, err
}

// living are the kinds whose presence says that a region is in use: what the
// settings of a region are about.
var living = []fact.Kind{"ec2.instance", "ec2.volume", "ec2.snapshot", "ec2.image", "ec2.launch-template", "autoscaling.group", "lambda.function", "rds.instance", "ecs.service"}

// usedRegions are the regions that the owner names, or those in which the last
// triage saw something that runs, and the one that cordon was started for. Without
// a triage nobody knows, and all are.
func (h *hardening) usedRegions() (used []string, err error) {
	switch {
	case len(h.o.Regions) == 1 && h.o.Regions[0] == "all", len(h.o.Regions) == 0 && !h.triaged:
		return h.all, nil
	case len(h.o.Regions) > 0:
		for _, name := range h.o.Regions {
			if !slices.Contains(h.all, name) {
				return nil, refuse("harden-region", fmt.Errorf("cannot plan: the account has no region %q that can be read", name), "name", name)
			}
		}
		return h.o.Regions, nil
	}
	in := map[string]bool{}
	for _, r := range h.t.Snapshot.Resources {
		in[r.Region] = in[r.Region] || slices.Contains(living, r.Kind)
	}
	for _, name := range h.all {
		if in[name] || name == h.Account.Home {
			used = append(used, name)
		}
	}
	return used, nil
}

// look reads how the items stand, side by side.
func (h *hardening) look(ctx context.Context, items []hardItem) ([]itemState, error) {
	found := make([]itemState, len(items))
	ctx = kind.WithShared(ctx)
	var g errgroup.Group
	g.SetLimit(4) // each reads many regions at once
	for i, item := range items {
		g.Go(func() (err error) {
			found[i], err = item.look(ctx, h)
			return errors.Join(err, ctx.Err())
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return found, nil
}

func (h *hardening) told(items []hardItem, found []itemState) report.Hardening {
	m := report.Hardening{AsOf: price.AsOf, Chosen: len(h.o.Only) > 0 || h.o.AllFree, Used: h.used, Items: []report.HardenItem{}}
	for i, f := range found {
		m.Items = append(m.Items, report.HardenItem{
			ID: items[i].id, State: f.state(), Free: items[i].free, On: f.on, Off: f.off, Unread: f.unread, Wants: f.wants, Actions: len(f.actions),
			Person: slices.ContainsFunc(f.actions, func(a plan.Action) bool { return a.Class == plan.Person }), Proposal: items[i].id == "scp",
		})
	}
	return m
}

// everywhere runs look in each place at once and puts together what it answers, in
// the order of the places.
func everywhere(ctx context.Context, places []string, look func(ctx context.Context, place string) (itemState, error)) (itemState, error) {
	all := make([]itemState, len(places))
	var g errgroup.Group
	g.SetLimit(16)
	for i, place := range places {
		g.Go(func() error {
			one, err := look(ctx, place)
			if err != nil {
				one = itemState{unread: []string{place + ": " + string(awsapi.Classify(err))}}
			}
			all[i] = one
			return ctx.Err()
		})
	}
	err := g.Wait()
	var sum itemState
	for _, one := range all {
		sum.on, sum.off, sum.unread = append(sum.on, one.on...), append(sum.off, one.off...), append(sum.unread, one.unread...)
		sum.actions = append(sum.actions, one.actions...)
	}
	return sum, err
}

// act makes the action of a verb, with the class that the kind gives it.
func (h *hardening) act(r fact.Resource, verb string) (plan.Action, kind.Bound, error) {
	k, ok := h.kind(r.Kind)
	if ok {
		if v, ok := k.Verb(verb); ok {
			return plan.Act(r, verb, plan.Class(v.Class)), v, nil
		}
	}
	return plan.Action{}, kind.Bound{}, fmt.Errorf("cannot plan: %s has no verb %q", r.Kind, verb)
}

// byVerb asks the verb itself whether what it does shows already.
func (h *hardening) byVerb(ctx context.Context, r fact.Resource, verb, name string) (itemState, error) {
	a, v, err := h.act(r, verb)
	if err != nil {
		return itemState{}, err
	}
	done, err := v.Done(ctx, h.read(r.Place, v.Needs), kind.Job{Resource: r, At: h.Account.Clock(), Case: h.Case.ID})
	switch {
	case err != nil:
		return itemState{}, err
	case done:
		return itemState{on: []string{name}}, nil
	}
	return itemState{off: []string{name}, actions: []plan.Action{a}}, nil
}

// listIn reads one kind in one place.
func (h *hardening) listIn(ctx context.Context, name fact.Kind, region string) (all []fact.Resource, err error) {
	k, ok := h.kind(name)
	if !ok {
		return nil, fmt.Errorf("cannot list %s: there is no such kind", name)
	}
	at := h.at(region)
	err = k.List(ctx, h.read(at, k.Needs()), at, func(r fact.Resource) { all = append(all, r) })
	return all, err
}

func (h *hardening) at(region string) fact.Place {
	return fact.Place{Account: h.Account.Caller.Account, Region: region}
}
