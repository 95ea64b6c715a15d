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
	if err := q.prepare(ctx); err != nil {
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
	if len(rows) == 0 {
		return refuse("no-such-subject", nil, "kind", kind, "id", id)
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
	page.Services, page.Calls, page.Regions = listed(t.services), listed(t.calls), listed(t.regions)
	page.Addresses, page.Agents, page.Keys, page.Lanes = listed(t.addresses), listed(t.agents), listed(t.keys), listed(t.lanes)
}

func listed(m map[string]*tally) []report.Tally {
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
		at = lineage.NewRecord(events).Chain(credential)[0].Credential
	}
	for _, s := range lineage.NewRecord(events).Chain(credential) {
		out = append(out, report.Link{Credential: s.Credential, Principal: s.Principal.ID, Call: s.Call, EventID: s.EventID, At: s.At, Why: s.Why})
	}
	if q.chains == nil {
		q.chains = map[string][]report.Link{}
	}
	q.chains[credential] = out
	return out, nil
}

// Resource tells who created, changed, shared and deleted a resource.
func (q *Inquiry) Resource(ctx context.Context, id string) error {
	if q.Engine == "athena" {
		return q.Ask(ctx, "creator", id)
	}
	if err := q.prepare(ctx); err != nil {
		return err
	}
	name := id
	if isARN(id) {
		name = id[strings.LastIndexAny(id, ":/")+1:]
	}
	events, err := q.read(ctx, trail.Filter{Token: id, From: q.From, To: q.To}, q.lost)
	if err != nil {
		return err
	}
	if name != id {
		more, err := q.read(ctx, trail.Filter{Token: name, From: q.From, To: q.To}, q.lost)
		if err != nil {
			return err
		}
		events = once(append(events, more...))
	}
	lanes, n := map[string]int{}, 0
	at := map[string]event.Event{}
	for _, e := range events {
		at[e.ID] = e
	}
	for _, d := range lineage.Attribute(id, events) {
		c, err := q.creator(ctx, d, at[d.EventID])
		if err != nil {
			return err
		}
		n++
		lanes[c.Lane]++
		if err := q.tell(c); err != nil {
			return err
		}
	}
	if n == 0 {
		return refuse("no-such-resource", nil, "id", id)
	}
	return q.end("resource", n, lanes)
}

func (q *Inquiry) creator(ctx context.Context, d lineage.Deed, e event.Event) (report.Creator, error) {
	lane, _ := q.lane(e)
	c := report.Creator{
		Resource: d.Ref.ID, Change: string(d.Change), Call: e.Name, By: principalOf(e), Credential: e.Credential, Address: e.Address, Agent: e.Agent,
		Region: e.Region, At: e.Time, EventID: e.ID, Lane: lane.Who, Confidence: lane.Confidence, Error: e.Error.Code,
	}
	if e.Credential == "" {
		return c, nil
	}
	var err error
	c.Chain, err = q.links(ctx, e.Credential)
	return c, err
}

// creators tells who made what an intruder's acts made.
func (q *Inquiry) creators(ctx context.Context, in *intruder) error {
	for _, d := range in.closure.Deeds() {
		a, his := in.acts[d.EventID]
		if !his || d.Ref.ID == "" {
			continue
		}
		c, err := q.creator(ctx, d, a.Event)
		if err != nil {
			return err
		}
		if err := q.tell(c); err != nil {
			return err
		}
	}
	return nil
}

// Graph tells the ways that the intruder has, and with Cut the smallest set of
// credentials and trusts whose cutting closes all of them.
func (q *Inquiry) Graph(ctx context.Context) error {
	if err := q.prepare(ctx); err != nil {
		return err
	}
	n := 0
	for _, in := range q.intruders {
		g := in.closure.Graph(q.status.Last, nil)
		for _, l := range g.Links {
			n++
			if err := q.tell(report.Edge{From: l.From, To: l.To, What: l.What, EventIDs: append([]string{}, l.EventIDs...)}); err != nil {
				return err
			}
		}
		if !q.Cut {
			continue
		}
		if err := q.tellCut(g); err != nil {
			return err
		}
	}
	return q.end("graph", n, nil)
}

func (q *Inquiry) tellCut(g lineage.Graph) error {
	cuts, open := lineage.Cut(g)
	paths := 0
	for _, c := range cuts {
		paths += len(c.Paths)
	}
	var still []string
	for _, way := range open {
		still = append(still, strings.Join(way[1:], " → "))
	}
	if len(cuts) == 0 && len(still) > 0 {
		return q.tell(report.Cut{Kind: "none", Open: still})
	}
	for _, c := range cuts {
		m := report.Cut{Target: c.Node.ID, Kind: c.Node.Kind, Of: len(cuts), Paths: paths, Open: still}
		for _, p := range c.Paths {
			m.Closes = append(m.Closes, strings.Join(p[1:], " → "))
		}
		if err := q.tell(m); err != nil {
			return err
		}
	}
	return nil
}

// waysText is one way as its nodes' names, without the intruder himself.
func waysText(g lineage.Graph, ids []string) string {
	var names []string
	for _, id := range ids {
		if id == g.Start {
			continue
		}
		name := id
		if i := slices.IndexFunc(g.Nodes, func(n lineage.Node) bool { return n.ID == id }); i >= 0 {
			name = g.Nodes[i].Kind + " " + cmp.Or(g.Nodes[i].Name, id)
		}
		names = append(names, name)
	}
	return strings.Join(names, " → ")
}

// impactReach is how far back the owner's use of a credential is looked at.
const impactReach = 90 * 24 * time.Hour

// Impact tells which of the owner's programs stop when a key, user or role is
// disabled.
func (q *Inquiry) Impact(ctx context.Context, id string) error {
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
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Agent, b.Agent))
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
