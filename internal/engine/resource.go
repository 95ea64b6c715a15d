package engine

import (
	"context"
	"slices"
	"strings"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/lineage"
	"cordon/internal/report"
	"cordon/internal/trail"
	"cordon/internal/trail/question"
)

// Resource tells who created, changed, shared and deleted a resource.
func (q *Inquiry) Resource(ctx context.Context, id string) error {
	if q.Engine == "athena" {
		return q.Ask(ctx, question.Creators, id)
	}
	if err := q.open(ctx); err != nil {
		return err
	}
	events, err := q.naming(ctx, id)
	if err != nil {
		return err
	}
	deeds := lineage.Attribute(id, events)
	if len(deeds) == 0 { // before all that takes long: an id may be misspelt
		if there, err := q.triagedAs(id); err != nil {
			return err
		} else if !there {
			return refuse("no-such-resource", nil, "id", id)
		}
	}
	if err := q.prepare(ctx); err != nil {
		return err
	}
	lanes, n := map[string]int{}, 0
	at := map[string]event.Event{}
	for _, e := range events {
		at[e.ID] = e
	}
	for _, d := range deeds {
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
		if n, err = q.byTriage(ctx, id, lanes); err != nil {
			return err
		}
	}
	if n == 0 {
		return refuse("no-such-resource", nil, "id", id)
	}
	return q.end("resource", n, lanes)
}

// naming are the events in which a resource stands by its id, its ARN or the
// last part of it; a version's number goes apart from its name.
func (q *Inquiry) naming(ctx context.Context, id string) ([]event.Event, error) {
	tokens := []string{id}
	if isARN(id) {
		tokens = append(tokens, id[strings.LastIndexAny(id, ":/")+1:])
	} else if name, _, versioned := strings.Cut(id, ":"); versioned {
		tokens = append(tokens, name)
	}
	var all []event.Event
	for _, token := range tokens {
		events, err := q.read(ctx, trail.Filter{Token: token, From: q.From, To: q.To}, q.lost)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	return once(all), nil
}

// triagedAs says whether the triage has seen the resource.
func (q *Inquiry) triagedAs(id string) (bool, error) {
	t, there, err := triaged(q.Case)
	return there && slices.ContainsFunc(t.Snapshot.Resources, func(r fact.Resource) bool { return r.ID == id || r.ARN == id }), err
}

// byTriage tells of a resource that no event names, such as the snapshot that an
// image was made of, what the last triage worked out: the event that led to it.
func (q *Inquiry) byTriage(ctx context.Context, id string, lanes map[string]int) (n int, err error) {
	t, there, err := triaged(q.Case)
	if err != nil || !there {
		return 0, err
	}
	for _, r := range t.Snapshot.Resources {
		d, made := fact.Made.Get(r)
		if !made || r.ID != id && r.ARN != id {
			continue
		}
		events, err := q.read(ctx, trail.Filter{IDs: []string{d.EventID}}, q.lost)
		if err != nil || len(events) == 0 {
			return n, err
		}
		c, err := q.creator(ctx, lineage.Deed{Ref: r.Ref, Change: lineage.Created}, events[0])
		if err != nil {
			return n, err
		}
		n++
		lanes[c.Lane]++
		if err := q.tell(c); err != nil {
			return n, err
		}
	}
	return n, nil
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
		if !his || d.Ref.ID == "" || !q.within(d.At) {
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
