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
