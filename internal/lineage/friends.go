package lineage

import (
	"maps"
	"slices"
	"strings"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/policy"
)

// Friends are the owner's own people, as far as they are known by more than what
// the intruder may have written.
type Friends struct {
	// Ours are the ids of events that record our own requests, beside Known.Ours.
	Ours map[string]bool
	// Self are the ids of the credentials that we ask with.
	Self map[string]bool
	// Accounts are those that we come from, and the organisation's that we have
	// credentials of.
	Accounts map[string]bool
	// Management is the organisation's management account by the account's own
	// word: not believed where a suspect had the account join one.
	Management string
	// Let are the accounts that a role let in before the incident, by a baseline.
	Let map[fact.Ref][]string
}

// Befriend tells the closure who the owner's people are. What they begin in a role
// that the intruder opened is held with Low confidence: it is open to both. A
// session that we ask with ourselves is no suspect.
func (c *Closure) Befriend(f Friends) {
	c.friends, c.suspects, c.self = f, nil, nil
}

// Marked lists the events that bear our mark, for whoever knows which are ours.
func (c *Closure) Marked() (all []event.Event) {
	c.sort()
	for _, r := range c.sorted {
		if isMarked(r) {
			all = append(all, *r.Event)
		}
	}
	return all
}

// isSelf says whether a credential is ours. One that made calls of ours was: of a
// role's session that a foreigner began that is enough.
func (c *Closure) isSelf(id string, opened bool) bool {
	if c.self == nil {
		c.self = map[string]bool{}
		for _, r := range c.sorted {
			if c.ours(r) {
				c.self[r.Credential] = true
			}
		}
	}
	return id != "" && (c.friends.Self[id] || opened && c.self[id])
}

// LetSomebodyIn says whether another account came in by a role that a suspect
// opened.
func (c *Closure) LetSomebodyIn() bool {
	c.grow()
	by := c.index()
	return slices.ContainsFunc(c.sorted, func(r *reading) bool {
		return slices.ContainsFunc(r.minted, func(m Credential) bool {
			return slices.ContainsFunc(by.principal[m.Principal], func(s *Suspect) bool { return s.Reason == Opened && s.lets(*r.Event, m) })
		})
	})
}

// isPartner says whether a role that a suspect opened let in a foreign account
// that may be the owner's: one that had assumed it before, that the organisation
// or our own way in shows, or that the role's trust named before by the owner's own
// hand. What the role trusts now shows nothing: the suspect may have written it.
func (c *Closure) isPartner(e edge) bool {
	parent, by := c.suspects[e.parent], c.events[e.eventID]
	if parent.Scope != OfRole || by == nil || by.Principal.Account == "" {
		return false
	}
	account := by.Principal.Account
	if c.began(account, func(r *reading, m Credential) bool {
		return r.Time.Before(parent.At) && m.Principal == parent.Principal
	}) {
		return true
	}
	return parent.Reason == Opened && (c.isFriend(account) || slices.Contains(c.friends.Let[parent.Principal], account) || slices.Contains(c.namedBefore(parent), account))
}

// isFriend says whether an account is the organisation's, or one that we came from.
func (c *Closure) isFriend(account string) bool {
	if c.friends.Accounts[account] || c.friends.Management == account && !c.joined() {
		return true
	}
	return c.began(account, func(_ *reading, m Credential) bool { return c.isSelf(m.ID, true) })
}

// began says whether a foreign account began a session of which this is true.
func (c *Closure) began(account string, is func(*reading, Credential) bool) bool {
	return slices.ContainsFunc(c.sorted, func(r *reading) bool {
		return r.Principal.Account == account && slices.ContainsFunc(r.minted, func(m Credential) bool {
			return m.Kind == RoleSession && isForeign(*r.Event, m.Principal.Account) && is(r, m)
		})
	})
}

// joined says whether a suspect had the account join an organisation: it may be his.
func (c *Closure) joined() bool {
	by := c.index()
	return slices.ContainsFunc(c.sorted, func(r *reading) bool {
		return r.Service() == "organizations" && r.Name == "AcceptHandshake" && len(by.owners(r)) > 0
	})
}

// namedBefore are the accounts that the last trust document named which the owner
// wrote before a suspect did. One that was written with a seed counts only from
// where its owner was used to work: the intruder may have had it for longer.
func (c *Closure) namedBefore(opened *Suspect) (accounts []string) {
	for _, r := range c.sorted {
		if !r.Time.Before(opened.At) {
			break
		}
		if r.Failed() || c.isSeeds(r) {
			continue
		}
		for _, d := range r.made {
			if d.Ref == opened.Principal && trustIn(*r.Event) != "" {
				accounts = LetIn(trustIn(*r.Event), opened.Principal.Account)
			}
		}
	}
	return accounts
}

// isSeeds says whether a call from before the intrusion was made with a seed, and
// not from where its owner was used to work.
func (c *Closure) isSeeds(r *reading) bool {
	later := *r.Event
	return slices.ContainsFunc(c.seeds, func(s Suspect) bool {
		later.Time = s.At
		return s.covers(later) && (s.Reason == Marked || c.habit.confidence(&s, r) == High)
	})
}

// LetIn are the foreign accounts that a trust document names; a wildcard names none.
func LetIn(document, home string) []string {
	doc, err := policy.Parse(document)
	if err != nil {
		return nil
	}
	all := map[string]bool{}
	for _, id := range policy.Foreign(doc, home) {
		if in := accountIn(id); in != "" {
			id = in
		}
		all[id] = !strings.ContainsAny(id, "*?")
	}
	maps.DeleteFunc(all, func(_ string, named bool) bool { return !named })
	return slices.Sorted(maps.Keys(all))
}

// trustIn is the trust document that a call wrote.
func trustIn(e event.Event) string {
	switch e.Name {
	case "CreateRole":
		return findOne(e, "q:assumeRolePolicyDocument")
	case "UpdateAssumeRolePolicy":
		return findOne(e, "q:policyDocument")
	}
	return ""
}
