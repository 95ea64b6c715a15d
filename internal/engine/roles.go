package engine

import (
	"context"
	"slices"

	"cordon/internal/event"
	"cordon/internal/lineage"
)

// answer looks up what an intruder's closure asks for. Of a role that is wholly
// his also what its sessions did is read: a session that began before the record,
// or in an account that is not in it, no record names by its role.
func (q *Inquiry) answer(ctx context.Context, in *intruder, asked lineage.Query) ([]event.Event, error) {
	events, err := q.read(ctx, filterOf(asked), q.lost)
	if err != nil || asked.By != lineage.ByRole {
		return events, err
	}
	his := slices.DeleteFunc(in.closure.Suspects(), func(s lineage.Suspect) bool {
		return s.Scope != lineage.OfPrincipal || s.Principal.Kind != "iam.role" || s.Principal.ID != asked.Value
	})
	if len(his) == 0 {
		return events, nil
	}
	rows := q.store.Picked(func(p event.Principal) bool {
		who := lineage.SuspectOf(event.Event{Principal: p}).Principal
		return slices.ContainsFunc(his, func(s lineage.Suspect) bool { return s.Principal == who })
	})
	sessions, err := q.whole(ctx, q.store, rows, bodied, q.lost)
	return once(append(events, sessions...)), err
}
