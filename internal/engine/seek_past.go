package engine

import (
	"context"
	"slices"
	"strings"
	"time"

	"cordon/internal/detect"
	"cordon/internal/event"
	"cordon/internal/lineage"
	"cordon/internal/trail"
)

// suspicious lists all events of the credentials that signs stand at, and what
// shows the habits of those who change them.
func (q *Inquiry) suspicious(ctx context.Context) ([]event.Event, error) {
	var credentials, principals []string
	for _, h := range q.hits {
		credentials = append(credentials, h.Credential)
		if h.Credential == "" || habitual(h) {
			principals = append(principals, h.Principal)
		}
	}
	events, err := q.ofAll(ctx, credentials, principals)
	if err != nil {
		return nil, err
	}
	usual, err := q.usual(ctx, func(string) bool { return true }, time.Time{})
	return once(append(events, usual...)), err
}

// habitual says whether what somebody is used to shows in what the principal did
// and not in the credential: a user, or root, signs in with another each day. So
// does who takes a role: see usual.
func habitual(h detect.Hit) bool {
	return strings.HasPrefix(h.Credential, "ASIA") && (strings.Contains(h.Principal, ":user/") || strings.HasSuffix(h.Principal, ":root"))
}

// pastOf reads what the principals of an intruder's temporary credentials did at
// all times, and those who took roles before he came: with it the closure can
// tell their owner.
func (q *Inquiry) pastOf(ctx context.Context, in *intruder) ([]event.Event, error) {
	var principals []string
	seed := func(credential string) bool {
		return credential != "" && slices.ContainsFunc(in.found.Seeds, func(s lineage.Suspect) bool { return s.Credential == credential })
	}
	for _, h := range q.hits {
		if seed(h.Credential) && habitual(h) {
			principals = append(principals, h.Principal)
		}
	}
	events, err := q.ofAll(ctx, nil, principals)
	if err != nil || in.found.Since.IsZero() {
		return events, err
	}
	usual, err := q.usual(ctx, seed, in.found.Since)
	return once(append(events, usual...)), err
}

// weighty is from how much on, in all, signs are worth a look into the past of who
// took a role: with less nobody is accused.
const weighty = 0.5

// usual reads what shows the habits of those who took the roles whose sessions
// signs stand at, among the credentials that are wanted, up to a time: a person of
// a directory by the name of the session, a pipeline by its role. It can be most
// of the record: of one day, place, agent and call the first is enough, and columns.
func (q *Inquiry) usual(ctx context.Context, wanted func(credential string) bool, until time.Time) ([]event.Event, error) {
	worth := map[string]float64{}
	for _, h := range q.hits {
		if strings.HasPrefix(h.Credential, "ASIA") && strings.Contains(h.Principal, ":role/") && wanted(h.Credential) {
			worth[h.Credential] += lineage.Weights[h.Severity]
		}
	}
	var sessions []string
	for credential, sum := range worth {
		if sum >= weighty {
			sessions = append(sessions, credential)
		}
	}
	if len(sessions) == 0 {
		return nil, nil
	}
	rows, err := q.store.Rows(trail.Filter{Credentials: distinct(sessions)})
	if err != nil {
		return nil, err
	}
	whose := map[string]bool{}
	for _, row := range rows {
		e, err := q.store.Light(row)
		if err != nil {
			return nil, err
		}
		if taker := lineage.Taker(e.Principal); taker != "" {
			whose[taker] = true
		}
	}
	var out []event.Event
	type habit struct{ day, taker, address, agent, region, source, name string }
	seen := map[habit]bool{}
	for _, row := range q.store.Picked(func(p event.Principal) bool { return whose[lineage.Taker(p)] }) {
		e, err := q.store.Light(row)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if !until.IsZero() && !e.Time.Before(until) {
			break // they are in the order of time
		}
		h := habit{e.Time.UTC().Format(time.DateOnly), lineage.Taker(e.Principal), e.Address, e.Agent, e.Region, e.Source, e.Name}
		if !seen[h] {
			seen[h] = true
			out = append(out, e)
		}
	}
	return out, nil
}
