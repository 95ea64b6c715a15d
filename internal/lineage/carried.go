package lineage

import "time"

// A carrying knows the source identities that suspects' sessions began with. A
// source identity cannot be changed or dropped as one role leads to the next,
// so that it tells of a session whose issue was not recorded.
type carrying map[string]*carrier

type carrier struct {
	owner *Suspect
	r     *reading
	// others: it was in use before, or is used by somebody else.
	others bool
}

func (c *Closure) carried(by index) carrying {
	all := carrying{}
	for _, r := range c.sorted {
		if len(r.minted) == 0 || r.aws {
			continue
		}
		id := findOne(*r.Event, "q:sourceIdentity")
		if id == "" {
			continue
		}
		owners := by.owners(r)
		switch have := all[id]; {
		case len(owners) == 0 && have != nil:
			have.others = true
		case len(owners) == 0:
			all[id] = &carrier{others: true}
		case have == nil:
			all[id] = &carrier{owner: owners[0], r: r}
		case have.owner == nil:
			have.owner, have.r = owners[0], r
		}
	}
	for _, r := range c.sorted {
		if have := all[r.Principal.SourceIdentity]; have != nil && have.r != nil && r.Time.Before(have.r.Time) && len(by.owners(r)) == 0 {
			have.others = true
		}
	}
	return all
}

func (c carrying) edges(r *reading, by index, habits habits) []edge {
	from := c[r.Principal.SourceIdentity]
	if from == nil || from.owner == nil || r.aws || !isTemporary(r.Credential) || len(by.owners(r)) > 0 {
		return nil
	}
	begun := r.Principal.SessionCreated
	if begun.IsZero() {
		begun = r.Time
	}
	if begun.Before(from.r.Time.Truncate(time.Second)) {
		return nil
	}
	confidence := habits.confidence(from.owner, from.r)
	if from.others {
		confidence = Low
	}
	child := Suspect{Credential: r.Credential, Kind: kindOfSession(*r.Event), Principal: speaker(*r.Event), ARN: r.Principal.ARN, Reason: Carried}.withScope()
	return []edge{{from.owner.Name(), child.Name(), r.Time, r.ID, confidence, child, from.r.ID}}
}
