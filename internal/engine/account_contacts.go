package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cordon/internal/baseline"
	"cordon/internal/fact"
	"cordon/internal/kinds"
	"cordon/internal/plan"
	"cordon/internal/report"
)

// A Contact is what an alternate contact is to be.
type Contact = kinds.Contact

const (
	contactKind = fact.Kind("account.alternate-contact")
	addressKind = fact.Kind("account.contact-information")
)

// ContactSort finds an alternate contact by its name in any case.
func ContactSort(name string) (string, error) {
	sort := strings.ToUpper(name)
	if !slices.Contains(kinds.ContactSorts, sort) {
		return "", refuse("contact-sort", fmt.Errorf("cannot find the contact %q", name), "name", name)
	}
	return sort, nil
}

// PlanContact makes the plan that sets one alternate contact; nil takes it away.
func (s *Session) PlanContact(ctx context.Context, sort string, c *Contact) (plan.Plan, error) {
	want := ""
	if c != nil {
		for _, p := range [...]struct{ name, part string }{{"name", c.Name}, {"title", c.Title}, {"email", c.Email}, {"phone", c.Phone}} {
			if strings.TrimSpace(p.part) == "" {
				return plan.Plan{}, refuse("contact-part", fmt.Errorf("cannot set the contact: it has no %s", p.name), "part", "--"+p.name)
			}
		}
		b, err := json.Marshal(c)
		if err != nil {
			return plan.Plan{}, err
		}
		want = string(b)
	}
	return s.planContacts(ctx, map[fact.Ref]string{s.contactRef(contactKind, sort): want})
}

// PlanContactsBack makes the plan that sets the contacts, and the primary contact
// information, back to what the saved copy has. What the copy does not have, or what
// AWS cannot take away, is left as it is.
func (s *Session) PlanContactsBack(ctx context.Context, path string) (plan.Plan, error) {
	if path == "" {
		path = s.profilePath()
	}
	p, err := baseline.LoadProfile(path)
	if err != nil {
		return plan.Plan{}, refuse("no-account-copy", err, "file", path)
	}
	if p.Account != s.Account.Caller.Account {
		return plan.Plan{}, refuse("baseline-account", errors.New("cannot restore: the copy is of another account"), "want", p.Account, "have", s.Account.Caller.Account)
	}
	wants := map[fact.Ref]string{}
	for _, k := range []fact.Kind{contactKind, addressKind} {
		for _, id := range contactsOf(k) {
			parts, known := p.Fields[contactField(k, id)]
			if !known || k == addressKind && len(parts) == 0 {
				continue
			}
			text := ""
			if len(parts) > 0 {
				b, err := json.Marshal(parts)
				if err != nil {
					return plan.Plan{}, err
				}
				text = string(b)
			}
			wants[s.contactRef(k, id)] = text
		}
	}
	return s.planContacts(ctx, wants)
}

func (s *Session) contactRef(k fact.Kind, id string) fact.Ref {
	return fact.Ref{Kind: k, Place: fact.Place{Account: s.Account.Caller.Account, Region: fact.Global}, ID: id}
}

// planContacts plans what is not so already, and tells what each will be.
func (s *Session) planContacts(ctx context.Context, wants map[fact.Ref]string) (plan.Plan, error) {
	if err := s.fits(); err != nil {
		return plan.Plan{}, err
	}
	free, err := s.lock("account contacts")
	if err != nil {
		return plan.Plan{}, err
	}
	defer free()
	t, _, err := triaged(s.Case)
	if err != nil {
		return plan.Plan{}, err
	}
	p := s.newPlan("contacts", t)
	if p.Ward, err = s.ward(ctx, admins(t.Snapshot, nil)); err != nil {
		return plan.Plan{}, err
	}
	verbs := map[fact.Kind]string{contactKind: "set-contact", addressKind: "set-contact-information"}
	var actions []plan.Action
	for _, k := range []fact.Kind{addressKind, contactKind} {
		for _, id := range contactsOf(k) {
			ref := s.contactRef(k, id)
			want, wanted := wants[ref]
			if !wanted {
				continue
			}
			r := fact.Resource{Ref: ref}
			fact.Before.Set(&r, map[string]string{"contact": want})
			actions = append(actions, plan.Act(r, verbs[k], plan.Reversible))
		}
	}
	p.Actions, p.Refused = plan.Guard(actions, p.Ward)
	if err := s.readPlanned(ctx, &p); err != nil {
		return plan.Plan{}, err
	}
	for _, a := range p.Actions {
		if err := s.Out.Handle(contactWanted(a)); err != nil {
			return plan.Plan{}, err
		}
	}
	if len(p.Actions) == 0 {
		return p, refuse("nothing-to-do", nil)
	}
	return p, savePlan(s.Case, p)
}

// contactWanted is what an action sets, beside what stands there now.
func contactWanted(a plan.Action) report.ContactWanted {
	m := report.ContactWanted{Contact: contactField(a.Target.Kind, a.Target.ID), Parts: []report.AccountPart{}}
	want, _ := partsOf(fact.Before.Or(a.Target, nil)["contact"])
	var prior string
	_ = json.Unmarshal(a.Planned, &prior) // it is shown, not decided upon
	is, _ := partsOf(prior)
	m.Remove = len(want) == 0
	names := map[string]bool{}
	for _, parts := range []map[string]string{want, is} {
		for k := range parts {
			names[k] = true
		}
	}
	for _, k := range sortedParts(names) {
		m.Parts = append(m.Parts, report.AccountPart{Name: k, Value: want[k], Was: is[k], Differs: want[k] != is[k]})
	}
	return m
}
