package lineage

import (
	"maps"
	"slices"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// A reading is an event with what the tables say of it, read once.
type reading struct {
	*event.Event // the caller's: of a million, each is in memory once
	minted       []Credential
	made         []Deed
	handed       []Handing
	aws          bool
	origin       origin
	subject      string
	person       string
}

func newReading(of *event.Event) *reading {
	e := *of
	return &reading{
		Event: of, minted: Minted(e), made: Made(e), handed: Handed(e), aws: ByAWS(e),
		origin: originOf(e), subject: subjectOf(e), person: personOf(e).String(),
	}
}

// bodied says that more is known than an event's columns.
func (r *reading) bodied() bool { return r.Request != nil || r.Response != nil }

// call is what was called, as habits know it.
func (r *reading) call() string { return r.Service() + ":" + r.Name }

// An index finds the suspects that an event may belong to.
type index struct {
	credential map[string]*Suspect
	principal  map[fact.Ref][]*Suspect
	ours       func(*reading) bool
	doors      map[fact.Ref][]change // who set passwords and the like, by time
	where      map[string]bool       // the public addresses of seeds' sure acts, where there are doors
}

func (c *Closure) index() index {
	by := index{map[string]*Suspect{}, map[fact.Ref][]*Suspect{}, c.ours, map[fact.Ref][]change{}, map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(c.suspects)) {
		s := c.suspects[name]
		if s.Scope == OfCredential {
			by.credential[s.Credential] = s
		} else {
			by.principal[s.Principal] = append(by.principal[s.Principal], s)
		}
	}
	c.retaken(by)
	return by
}

// owners are the suspects whose deed the event is; the closest comes first. What
// we did is nobody's, whoever's credential we did it with.
func (by index) owners(r *reading) (all []*Suspect) {
	if r.aws || by.ours(r) {
		return nil
	}
	if s := by.credential[r.Credential]; s != nil && s.covers(*r.Event) {
		all = append(all, s)
	}
	for _, s := range by.principal[speaker(*r.Event)] {
		if s.covers(*r.Event) && !by.shut(s, *r.Event) {
			all = append(all, s)
		}
	}
	return all
}

// twins are the records of the same call in other accounts: who is a stranger
// without a key in the one is named in the other.
func (c *Closure) twins(r *reading) (all []*reading) {
	if r.SharedID == "" {
		return nil
	}
	for _, t := range c.shared[r.SharedID] {
		if t.ID != r.ID && t.Name == r.Name {
			all = append(all, t)
		}
	}
	return all
}
