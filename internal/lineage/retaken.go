package lineage

import (
	"strings"
	"time"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// A change is one setting of what lets somebody in: of a password, of a provider.
type change struct {
	at  time.Time
	his bool
}

// isDoor: what such a thing lets in is the intruder's from when he set it until
// its owner does.
func isDoor(of fact.Kind) bool {
	switch of {
	case loginProfile, samlProvider, oidcProvider, trustAnchor, anywhere, directoryUser:
		return true
	}
	return false
}

// restores says whether a call of the owner's leaves nothing of what was set before.
func restores(e event.Event) bool {
	switch e.Name {
	case "ChangePassword": // whoever knows the old one can
		return false
	case "UpdateLoginProfile":
		return true
	case "UpdateSAMLProvider":
		return findOne(e, "q:sAMLMetadataDocument") != ""
	case "UpdateTrustAnchor":
		return findOne(e, "q:source.sourceType") != ""
	}
	return strings.HasPrefix(e.Name, "Create") || strings.HasPrefix(e.Name, "Delete")
}

// doors lists what of this sort the event set.
func doors(r *reading) (all []fact.Ref) {
	for _, d := range r.made {
		if isDoor(d.Ref.Kind) && d.Ref.ID != "" && d.Change != Attempted {
			all = append(all, d.Ref)
		}
	}
	return all
}

// passwordOf names the password of a user or root as deeds do.
func passwordOf(who fact.Ref) fact.Ref {
	who.Kind = loginProfile
	return who
}

// retaken reads who set each door when, in the order of time: whose a call is can
// depend on a password that was set before it.
//
// The owner took a door back where somebody set it who is no suspect, speaks for
// no principal of which the intruder has a credential, and calls from nowhere that
// he was sure to call from; or where we did. Of a principal that both use it must
// come from an address that it was used to before.
func (c *Closure) retaken(by index) {
	changing := false
	for _, r := range c.sorted {
		changing = changing || len(doors(r)) > 0
	}
	if !changing {
		return
	}
	who, where := map[fact.Ref]bool{}, map[string]bool{}
	for _, r := range c.sorted {
		owners := by.owners(r)
		for _, s := range owners {
			who[speaker(*r.Event)] = true
			if c.habit.confidence(s, r) == High {
				where[r.origin.address] = isPublic(r.origin.address)
				by.where[r.origin.address] = by.where[r.origin.address] || isPublic(r.origin.address) && (s.Reason == Seed || s.Reason == Marked)
			}
		}
		all := doors(r)
		if len(all) == 0 || len(owners) == 0 && !c.takesBack(r, who, where) {
			continue
		}
		for _, ref := range all {
			by.doors[ref] = append(by.doors[ref], change{r.Time, len(owners) > 0})
		}
	}
}

func (c *Closure) takesBack(r *reading, who map[fact.Ref]bool, where map[string]bool) bool {
	if c.ours(r) {
		return restores(*r.Event)
	}
	self := speaker(*r.Event)
	if r.aws || self.ID == "" || !restores(*r.Event) || where[r.origin.address] {
		return false
	}
	return !who[self] || c.usedTo(r, r.Time)
}

// usedTo says whether the caller's principal was used to the call's address before
// the intrusion began, and before a moment.
func (c *Closure) usedTo(r *reading, before time.Time) bool {
	if !c.since.IsZero() && c.since.Before(before) {
		before = c.since
	}
	c.read()
	s := c.book.subjects[r.subject]
	return s != nil && s.person.addresses[r.origin.address].established(before)
}

// open says whether a door was, at a moment, as a suspect had set it; since is when
// he first did. Records tell whole seconds: within one the owner came first.
func (by index) open(door fact.Ref, since, at time.Time) bool {
	var his, back time.Time = since, time.Time{}
	for _, c := range by.doors[door] {
		switch {
		case c.his && !c.at.After(at) && c.at.After(his):
			his = c.at
		case !c.his && c.at.Before(at):
			back = c.at
		}
	}
	return !back.After(his)
}

// shut says whether this suspect is a password that was set anew before the
// session began that the event is of.
func (by index) shut(s *Suspect, e event.Event) bool {
	if s.Scope != OfConsole || s.Reason != PasswordSet {
		return false
	}
	began := e.Principal.SessionCreated
	if began.IsZero() {
		began = e.Time
	}
	return !by.open(passwordOf(s.Principal), s.At, began)
}

// settings are the calls that set passwords, to be asked for where one was set by
// a suspect: by name, since nothing else in them is sure to be his.
func settings(of fact.Kind) (all []Query) {
	for _, r := range rules {
		if r.kind == of && !strings.HasPrefix(r.name, "Change") {
			all = append(all, Query{ByEventName, r.name})
		}
	}
	return all
}

// over says whether a password that a suspect set lets nobody in any more; at zero:
// by the end of what is known.
func (c *Closure) over(s Suspect, at time.Time) bool {
	if at.IsZero() && len(c.sorted) > 0 {
		at = c.sorted[len(c.sorted)-1].Time.Add(time.Second)
	}
	return c.by.shut(&s, event.Event{Time: at})
}
