package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cordon/internal/fact"
	"cordon/internal/plan"
	"cordon/internal/playbook"
)

// inOrg says whether a place is the organisation's and not the case's account.
func (s *Session) inOrg(at fact.Place) bool {
	return s.Org != nil && at.Account == s.Org.Caller.Account && at.Account != s.Account.Caller.Account
}

// holds says whether this session has credentials of a place's account.
func (s *Session) holds(at fact.Place) bool {
	return at.Account == "" || at.Account == s.Account.Caller.Account || s.inOrg(at)
}

// reaches refuses a plan of which an action is in an account whose credentials
// are not at hand: the calls would go to the wrong one.
func (s *Session) reaches(p plan.Plan) error {
	for _, a := range p.Actions {
		if a.Class != plan.Person && !s.holds(a.Target.Place) {
			return refuse("org-profile", fmt.Errorf("cannot apply the plan: %s is in account %s, and no credentials of it are given: name its profile with --org-profile", a.Target.Ref, a.Target.Account), "account", a.Target.Account)
		}
	}
	return nil
}

// mixed names what would send calls to two worlds, the organisation's included.
func (s *Session) mixed() []string {
	all := slices.Clone(s.Account.MixedEndpoints)
	if s.Org == nil {
		return all
	}
	all = append(all, s.Org.MixedEndpoints...)
	if s.Org.Endpoint != s.Account.Endpoint {
		all = append(all, "organization="+s.Org.Endpoint)
	}
	return all
}

// orgPrincipal is who acts in the organisation, as plans name it.
func (s *Session) orgPrincipal() *plan.Principal {
	if s.Org == nil {
		return nil
	}
	return &plan.Principal{ARN: s.Org.Caller.Binding(), UniqueID: s.Org.Caller.UniqueID}
}

// orgOf binds a plan to who acts in the organisation, if anything is done there.
func (s *Session) orgOf(actions []plan.Action) *plan.Principal {
	if slices.ContainsFunc(actions, func(a plan.Action) bool { return s.inOrg(a.Target.Place) }) {
		return s.orgPrincipal()
	}
	return nil
}

// fromAbove plans, before everything else, the denial by a service control
// policy of what the plan denies, where the organisation is at hand: nobody in
// the account can take it back, its root user included. Where the account is the
// management account, which no such policy binds, a person's step says so. It
// narrows the plan to what the person named: what is left out is not denied from
// above either. The account as the organisation lists it comes into the snapshot.
func (s *Session) fromAbove(ctx context.Context, snap *fact.Snapshot, actions []plan.Action, marks map[fact.Ref]playbook.Mark, w plan.Ward, o PlanOptions) ([]plan.Action, error) {
	member, there, err := s.membership(ctx, snap)
	if err != nil {
		return nil, err
	}
	if !there {
		return pick(actions, o)
	}
	in := playbook.Input{Snapshot: *snap, Marks: marks, Traits: s.traits}
	above := func(of []plan.Action) []plan.Action {
		kept, _ := plan.Guard(of, w)
		return playbook.FromAbove(in, member, kept, actions, w)
	}
	all := above(actions)
	picked, err := pick(all, o)
	i := indexOf(picked, playbook.DenyAbove)
	if err != nil || i < 0 || len(o.Except) == 0 {
		return picked, err
	}
	again := above(slices.DeleteFunc(slices.Clone(actions), func(a plan.Action) bool {
		return slices.ContainsFunc(o.Except, func(name string) bool { return named(all, a, name) })
	}))
	if j := indexOf(again, playbook.DenyAbove); j >= 0 {
		picked[i] = again[j]
		return picked, nil
	}
	return slices.Delete(picked, i, i+1), nil
}

func indexOf(actions []plan.Action, verb string) int {
	return slices.IndexFunc(actions, func(a plan.Action) bool { return a.Verb == verb })
}

// membership finds the case's account as its organisation lists it: through the
// credentials of --org-profile, or in the triage, where the account itself may
// list.
func (s *Session) membership(ctx context.Context, snap *fact.Snapshot) (fact.Resource, bool, error) {
	if s.Org == nil {
		for r := range snap.Of("organizations.account") {
			if r.ID == snap.Account {
				return r, true, nil
			}
		}
		return fact.Resource{}, false, nil
	}
	org := s.Org.Caller
	if org.Partition != s.Account.Caller.Partition {
		return fact.Resource{}, false, refuse("org-partition", nil, "have", org.Partition)
	}
	k, ok := s.kind("organizations.account")
	if !ok {
		return fact.Resource{}, false, errors.New("cannot plan a denial from above: this version of cordon has no kind organizations.account")
	}
	at := fact.Place{Account: org.Account, Region: fact.Global}
	var found []fact.Resource
	if err := k.List(ctx, s.Org.Read(at.Region, k.Needs()), at, func(r fact.Resource) {
		if r.ID == snap.Account {
			found = append(found, r)
		}
	}); err != nil {
		return fact.Resource{}, false, refuse("org-unread", fmt.Errorf("cannot plan a denial from above: %w", err), "account", org.Account)
	}
	if len(found) == 0 {
		return fact.Resource{}, false, refuse("org-stranger", nil, "org", org.Account, "account", snap.Account)
	}
	if _, listed := snap.Find(found[0].Ref); !listed {
		snap.Resources = append(snap.Resources, found[0])
	}
	return found[0], true, nil
}
