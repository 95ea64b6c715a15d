package engine

import (
	"context"
	"slices"

	"cordon/internal/event"
	"cordon/internal/lineage"
)

// sessionsOf reads what the sessions of a role did that is wholly an intruder's;
// nothing of others. A session that began before the record, or in an account that
// is not in it, no record names by its role.
func (q *Inquiry) sessionsOf(ctx context.Context, suspects []lineage.Suspect, role string) ([]event.Event, error) {
	var his []lineage.Suspect
	for _, s := range suspects {
		if s.Scope == lineage.OfPrincipal && s.Principal.Kind == "iam.role" && s.Principal.ID == role {
			his = append(his, s)
		}
	}
	if len(his) == 0 {
		return nil, nil
	}
	rows := q.store.Picked(func(p event.Principal) bool {
		who := lineage.SuspectOf(event.Event{Principal: p}).Principal
		return slices.ContainsFunc(his, func(s lineage.Suspect) bool { return s.Principal == who })
	})
	return q.whole(ctx, q.store, rows, bodied, q.lost)
}
