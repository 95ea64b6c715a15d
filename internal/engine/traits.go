package engine

import (
	"cordon/internal/fact"
	"cordon/internal/plan"
	"cordon/internal/playbook"
)

// traits tells a playbook what a kind can do.
func (s *Session) traits(name fact.Kind) (playbook.Traits, bool) {
	k, ok := s.kind(name)
	if !ok {
		return playbook.Traits{}, false
	}
	t := playbook.Traits{Owns: k.Owns(), Recreates: k.Recreates(), Holds: k.Holds}
	for _, v := range k.Verbs() {
		t.Abilities = append(t.Abilities, playbook.Ability{
			Verb: v.Name, Purpose: string(v.For), Of: v.Of, Class: plan.Class(v.Class), Mends: v.Mends, FromBefore: v.FromBefore,
		})
	}
	return t, true
}

// named says whether a kind's ids are names, which can be given again. The
// trail's ARN is one: it holds the trail's name.
func (s *Session) named(name fact.Kind) bool {
	k, ok := s.kind(name)
	return ok && k.Named()
}
