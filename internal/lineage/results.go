package lineage

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Suspects lists what is held to be the intruder's, nearest to the seeds
// first.
func (c *Closure) Suspects() []Suspect {
	c.grow()
	out := make([]Suspect, 0, len(c.suspects))
	for _, s := range c.suspects {
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(a.Depth, b.Depth), cmp.Compare(a.Name(), b.Name()))
	})
	return out
}

// Acts lists every event of the intruder's, also those that the table of
// deeds does not know, in the order of time. It is the closure's own: to be
// read only. What is added later makes a new list.
func (c *Closure) Acts() []Act {
	c.grow()
	return slices.Clip(c.acts)
}

// Deeds lists what the intruder made and changed, in the order of time. Reason
// is the suspect's, and Confidence is Low where it may be the owner's program.
func (c *Closure) Deeds() (all []Deed) {
	c.grow()
	for _, a := range c.acts {
		for _, d := range Made(a.Event) {
			d.Confidence, d.Sure = a.Confidence, a.Confidence == High
			d.Reason = string(c.suspects[a.By].Reason)
			all = append(all, d)
		}
	}
	return all
}

// Indirect lists what AWS services made or changed with a suspect's rights,
// such as the instances of a stack he created. They are AWS's acts and no
// deeds; whether the resources are the intruder's is for others to say.
func (c *Closure) Indirect() (all []Deed) {
	c.grow()
	by := c.index()
	for _, r := range c.sorted {
		if !r.aws || OnBehalf(*r.Event) == "" {
			continue
		}
		mine := *r
		mine.aws = false
		owners := by.owners(&mine)
		if len(owners) == 0 {
			continue
		}
		for _, d := range r.made {
			d.Confidence, d.Reason = Low, string(owners[0].Reason)
			all = append(all, d)
		}
	}
	return all
}

// An Address is where the intruder's calls came from.
type Address struct {
	Address     string
	Count       int // calls of the intruder's
	Low         int // of these, with low confidence
	Credentials []string
	First, Last time.Time
}

// Addresses counts the intruder's calls by address, most first.
func (c *Closure) Addresses() []Address {
	c.grow()
	found := map[string]*Address{}
	for _, a := range c.acts {
		e := a.Event
		at := found[e.Address]
		if at == nil {
			at = &Address{Address: e.Address, First: e.Time}
			found[e.Address] = at
		}
		at.Count++
		at.Last = e.Time
		if a.Confidence == Low {
			at.Low++
		}
		if e.Credential != "" && !slices.Contains(at.Credentials, e.Credential) {
			at.Credentials = append(at.Credentials, e.Credential)
		}
	}
	out := make([]Address, 0, len(found))
	for _, name := range slices.Sorted(maps.Keys(found)) {
		slices.Sort(found[name].Credentials)
		out = append(out, *found[name])
	}
	slices.SortStableFunc(out, func(a, b Address) int { return cmp.Compare(b.Count, a.Count) })
	return out
}
