package lineage

import (
	"slices"

	"cordon/internal/event"
)

// SuspectOf is the principal of an event as a seed: its user or role, or root.
func SuspectOf(e event.Event) Suspect {
	return Suspect{Principal: speaker(e), UniqueID: uniqueOf(e), ARN: e.Principal.ARN, Scope: OfPrincipal, Reason: Seed}
}

// Minting lists the calls that bring credentials, as "sts:AssumeRole".
func Minting() (calls []string) {
	for _, m := range mints {
		calls = append(calls, m.source+":"+m.name)
	}
	slices.Sort(calls)
	return slices.Compact(calls)
}
