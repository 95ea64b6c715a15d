package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"cordon/internal/event"
	"cordon/internal/lineage"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// Cost tells what the intruder ran and for how long, as far as events say it:
// quantities, and no prices. An instance whose end no event tells is counted
// until now.
func (q *Inquiry) Cost(ctx context.Context) error {
	if err := q.prepare(ctx); err != nil {
		return err
	}
	type sort struct{ kind, resource, region string }
	type one struct{ from, to time.Time }
	things := map[sort]map[string]*one{}
	events := map[sort][]string{}
	of := map[string]sort{} // id → sort
	for _, in := range q.intruders {
		for _, a := range in.did {
			e := a.Event
			if e.Failed() || in.closure.Lane(e).Who != "intruder" {
				continue
			}
			for id, what := range started(e) {
				s := sort{"ec2.instance", what, e.Region}
				if things[s] == nil {
					things[s] = map[string]*one{}
				}
				things[s][id], of[id] = &one{from: e.Time}, s
				events[s] = append(events[s], e.ID)
			}
			for _, d := range lineage.Made(e) {
				if d.Change == lineage.Created && costly[string(d.Ref.Kind)] && string(d.Ref.Kind) != "ec2.instance" && d.Ref.ID != "" {
					s := sort{string(d.Ref.Kind), d.Ref.ID, e.Region}
					things[s] = map[string]*one{d.Ref.ID: {from: e.Time}}
					of[d.Ref.ID] = s
					events[s] = append(events[s], e.ID)
				}
			}
		}
	}
	if err := q.stops(ctx, func(id string, at time.Time) {
		if s, his := of[id]; his && things[s][id].to.IsZero() {
			things[s][id].to = at
		}
	}); err != nil {
		return err
	}
	var all []report.Cost
	now := q.now()
	for s, ones := range things {
		c := report.Cost{Kind: s.kind, Resource: s.resource, Region: s.region, Count: len(ones), EventIDs: slices.Compact(events[s])}
		for _, id := range slices.Sorted(maps.Keys(ones)) { // sums of hours depend on the order
			o := ones[id]
			end := o.to
			if end.IsZero() {
				c.Running++
				end = now
			}
			c.Hours += max(0, end.Sub(o.from).Hours())
			if c.From.IsZero() || o.from.Before(c.From) {
				c.From = o.from
			}
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b report.Cost) int {
		return cmp.Or(cmp.Compare(b.Hours, a.Hours), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Kind, b.Kind))
	})
	for _, c := range all {
		if err := q.tell(c); err != nil {
			return err
		}
	}
	return q.end("cost", len(all), nil)
}

// costly are the kinds that cost money for as long as they stand.
var costly = map[string]bool{
	"ec2.volume": true, "lambda.function": true, "ecs.cluster": true, "ecs.service": true, "sagemaker.notebook-instance": true,
	"rds.instance": true, "lightsail.instance": true, "eks.cluster": true, "autoscaling.group": true,
}

// started lists the instances that an event started, with their types.
func started(e event.Event) map[string]string {
	if e.Service() != "ec2" || e.BaseName() != "RunInstances" {
		return nil
	}
	out := map[string]string{}
	ids, types := event.Path(e.Response, "instancesSet.items[].instanceId"), event.Path(e.Response, "instancesSet.items[].instanceType")
	for i, id := range ids {
		what := "?"
		if i < len(types) && len(types) == len(ids) {
			what = types[i]
		} else if asked := event.Path(e.Request, "instanceType"); len(asked) > 0 {
			what = asked[0]
		}
		out[id] = what
	}
	return out
}

// stops tells when instances were stopped or terminated, by whomever.
func (q *Inquiry) stops(ctx context.Context, tell func(id string, at time.Time)) error {
	no := false
	ended, err := q.read(ctx, trail.Filter{Calls: []string{"ec2:TerminateInstances", "ec2:StopInstances"}, Failed: &no}, q.lost)
	if err != nil {
		return err
	}
	for _, e := range ended {
		for _, id := range event.Path(e.Response, "instancesSet.items[].instanceId") {
			tell(id, e.Time)
		}
	}
	return nil
}
