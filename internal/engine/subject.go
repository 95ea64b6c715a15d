package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
	"cordon/internal/lineage"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// Subject tells everything about one key, user, role, session or address on
// one page, and its events.
func (q *Inquiry) Subject(ctx context.Context, kind, id string) error {
	if err := q.open(ctx); err != nil {
		return err
	}
	f, err := q.subjectFilter(kind, id)
	if err != nil {
		return err
	}
	rows, err := q.store.Rows(f)
	if err != nil {
		return err
	}
	if kind == "role" || kind == "session" {
		rows = slices.DeleteFunc(rows, func(r trail.Row) bool { return !q.speaksFor(r, kind, id) })
	}
	if kind == "key" {
		if err := q.leaksOf(id); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return refuse("no-such-subject", nil, "kind", kind, "id", id)
	}
	if err := q.prepare(ctx); err != nil {
		return err
	}
	page := report.Subject{Kind: kind, ID: id, Hours: make([]int, 24), Gaps: q.gaps}
	t := newTallies()
	lanes := map[string]int{}
	var events []report.Event
	for _, row := range rows {
		e, err := q.known(row)
		if err != nil {
			return err
		}
		lane, number := q.lane(e)
		lanes[lane.Who]++
		t.add(&page, e, lane.Who)
		if q.Limit == 0 || len(events) < q.Limit {
			events = append(events, q.event(e, lane, number))
		}
	}
	t.fill(&page)
	if page.Chain, err = q.chain(ctx, page, kind, id); err != nil {
		return err
	}
	if err := q.tell(page); err != nil {
		return err
	}
	if q.Limit == 0 { // programs read the events too
		for _, e := range events {
			if err := q.tell(e); err != nil {
				return err
			}
		}
	}
	return q.end(kind, len(rows), lanes)
}

func (q *Inquiry) subjectFilter(kind, id string) (trail.Filter, error) {
	f := trail.Filter{From: q.From, To: q.To}
	switch {
	case isARN(id):
		f.Principals = []string{id}
	case kind == "key":
		f.Credentials = []string{id}
	case kind == "ip":
		f.Addresses = []string{id}
	case kind == "session" && isKey(id):
		f.Credentials = []string{id}
	case kind == "role":
		for _, p := range q.store.Principals() {
			if strings.HasSuffix(p.Name, "/"+id) && strings.Contains(p.Name, ":role/") {
				f.Principals = append(f.Principals, p.Name)
			}
		}
		if len(f.Principals) == 0 {
			return f, refuse("no-such-subject", nil, "kind", kind, "id", id)
		}
	default:
		f.Users = []string{id}
	}
	return f, nil
}

// speaksFor sorts out what only has the same name: a user called as a role
// session is, or the other way round.
func (q *Inquiry) speaksFor(row trail.Row, kind, id string) bool {
	e, err := q.store.Light(row)
	switch {
	case err != nil:
		return false
	case kind == "role":
		return e.Principal.Type == "AssumedRole" || e.Principal.Issuer.Type == "Role"
	case isKey(id) || isARN(id):
		return true
	}
	return e.Principal.Type != "IAMUser"
}

// tallies count the events of a subject by everything that tells people apart.
type tallies struct {
	services, calls, regions, addresses, agents, keys map[string]*tally
	lanes                                             map[string]*tally
}

type tally struct {
	report.Tally
	lanes counter
}

func newTallies() *tallies {
	m := func() map[string]*tally { return map[string]*tally{} }
	return &tallies{m(), m(), m(), m(), m(), m(), m()}
}

func (t *tallies) add(page *report.Subject, e event.Event, lane string) {
	page.Events++
	if e.Failed() {
		page.Failed++
	}
	if page.First.IsZero() || e.Time.Before(page.First) {
		page.First = e.Time
	}
	if e.Time.After(page.Last) {
		page.Last = e.Time
	}
	page.Principal = cmp.Or(page.Principal, principalOf(e))
	page.Hours[e.Time.UTC().Hour()]++
	for m, value := range map[*map[string]*tally]string{
		&t.services: e.Service(), &t.calls: e.Service() + ":" + e.BaseName(), &t.regions: e.Region, &t.addresses: e.Address,
		&t.agents: e.Agent, &t.keys: e.Credential, &t.lanes: lane,
	} {
		if value == "" {
			continue
		}
		one := (*m)[value]
		if one == nil {
			one = &tally{report.Tally{Value: value, First: e.Time}, counter{}}
			(*m)[value] = one
		}
		one.Events++
		one.Last = e.Time
		if e.Failed() {
			one.Failed++
		}
		one.lanes.add(lane)
	}
}

func (t *tallies) fill(page *report.Subject) {
	page.Services, page.Calls, page.Regions = tallied(t.services), tallied(t.calls), tallied(t.regions)
	page.Addresses, page.Agents, page.Keys, page.Lanes = tallied(t.addresses), tallied(t.agents), tallied(t.keys), tallied(t.lanes)
}

func tallied(m map[string]*tally) []report.Tally {
	out := make([]report.Tally, 0, len(m))
	for _, one := range m {
		one.Lane = append(one.lanes.most(), "")[0]
		out = append(out, one.Tally)
	}
	slices.SortFunc(out, func(a, b report.Tally) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Value, b.Value))
	})
	return out
}

// chain is how the credential of a page came to be.
func (q *Inquiry) chain(ctx context.Context, page report.Subject, kind, id string) ([]report.Link, error) {
	credential := id
	if !isKey(id) {
		if kind != "session" || len(page.Keys) == 0 {
			return nil, nil
		}
		credential = page.Keys[0].Value
	}
	return q.links(ctx, credential)
}

// links follows a credential back to the one that everything began with, its
// own step last.
func (q *Inquiry) links(ctx context.Context, credential string) (out []report.Link, err error) {
	if links, known := q.chains[credential]; known {
		return links, nil
	}
	var events []event.Event
	asked := map[string]bool{}
	for at := credential; at != "" && !asked[at] && len(asked) < 50; {
		asked[at] = true
		for _, f := range []trail.Filter{{Token: at, Calls: lineage.Minting()}, {Credentials: []string{at}, Calls: []string{"*:ConsoleLogin"}}} {
			more, err := q.read(ctx, f, q.lost)
			if err != nil {
				return nil, err
			}
			events = append(events, more...)
		}
		use, err := q.store.Rows(trail.Filter{Credentials: []string{at}})
		if err != nil {
			return nil, err
		}
		if len(use) > 0 {
			e, err := q.store.Light(use[0])
			if err != nil {
				return nil, err
			}
			events = append(events, e)
		}
		events = once(events)
		at = lineage.NewRecord(events).Since(q.status.First).Chain(credential)[0].Credential
	}
	for _, s := range lineage.NewRecord(events).Since(q.status.First).Chain(credential) {
		out = append(out, report.Link{Credential: s.Credential, Principal: s.Principal.ID, Call: s.Call, EventID: s.EventID, At: s.At, Why: s.Why})
	}
	if q.chains == nil {
		q.chains = map[string][]report.Link{}
	}
	q.chains[credential] = out
	return out, nil
}

// impactReach is how far back the owner's use of a credential is looked at.
const impactReach = 90 * 24 * time.Hour

// Impact tells which of the owner's programs stop when a key, user or role is
// disabled.
func (q *Inquiry) Impact(ctx context.Context, id string) error {
	if err := q.open(ctx); err != nil {
		return err
	}
	if _, err := q.using(id); err != nil { // at any time
		return err
	}
	if err := q.prepare(ctx); err != nil {
		return err
	}
	if q.From.IsZero() {
		q.From = q.status.Last.Add(-impactReach)
	}
	rows, err := q.using(id)
	if err != nil {
		return err
	}
	type use struct{ agent, address, lane string }
	at := map[use]*report.Impact{}
	services, hours := map[use]counter{}, map[use]map[int64]bool{}
	lanes := map[string]int{}
	for _, row := range rows {
		e, err := q.known(row)
		if err != nil {
			return err
		}
		lane, _ := q.lane(e)
		if lane.Who == "aws" {
			continue
		}
		lanes[lane.Who]++
		u := use{lineage.AgentOf(e.Agent).Family, e.Address, lane.Who}
		m := at[u]
		if m == nil {
			m = &report.Impact{Subject: id, Principal: principalOf(e), Agent: u.agent, Address: u.address, Lane: u.lane}
			at[u], services[u], hours[u] = m, counter{}, map[int64]bool{}
		}
		m.Events++
		m.Last = e.Time
		services[u].add(e.Service())
		hours[u][e.Time.Unix()/3600] = true
	}
	var all []report.Impact
	for u, m := range at {
		m.Services, m.PerHour = services[u].most(), float64(m.Events)/float64(len(hours[u]))
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b report.Impact) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.Lane, b.Lane))
	})
	for _, m := range all {
		if err := q.tell(m); err != nil {
			return err
		}
	}
	return q.end("impact", len(all), lanes)
}

// using are the events of a key, else of a user, else of a role of that name.
func (q *Inquiry) using(id string) (rows []trail.Row, err error) {
	kinds := []string{"user", "role"}
	if isKey(id) {
		kinds = []string{"key"}
	}
	for _, kind := range kinds {
		f, err := q.subjectFilter(kind, id)
		if err != nil {
			return nil, err
		}
		if rows, err = q.store.Rows(f); err != nil || len(rows) > 0 {
			return rows, err
		}
	}
	return nil, refuse("no-such-subject", nil, "kind", kinds[0], "id", id)
}
