package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cordon/internal/detect"
	"cordon/internal/event"
	"cordon/internal/incident"
	"cordon/internal/lineage"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// Verdict tells, for every intruder, who it is, since when, what he did and
// what he had issued; then his events and who made what he touched. The cited
// records are kept as evidence.
func (q *Inquiry) Verdict(ctx context.Context) error {
	if err := q.prepare(ctx); err != nil {
		return err
	}
	lanes, matched := map[string]int{}, 0
	var ids []string
	if len(q.intruders) == 0 { // nobody is accused; what looked odd is told all the same
		if _, _, err := q.tellDetections(); err != nil {
			return err
		}
	}
	for _, in := range q.intruders {
		v := q.verdict(in)
		if err := q.tell(v); err != nil {
			return err
		}
	}
	for _, in := range q.intruders {
		for _, a := range in.did {
			lane := in.closure.Lane(a.Event)
			m := q.event(a.Event, lane, in.number)
			lanes[m.Lane]++
			matched++
			ids = append(ids, a.Event.ID)
			if err := q.tell(m); err != nil {
				return err
			}
		}
		if err := q.creators(ctx, in); err != nil {
			return err
		}
	}
	if err := q.cite(ctx, ids); err != nil {
		return err
	}
	return q.end("verdict", matched, lanes)
}

// cite keeps the records of the intruders' events.
func (q *Inquiry) cite(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := q.store.Rows(trail.Filter{IDs: ids})
	if err != nil {
		return err
	}
	unread, err := q.keep(ctx, "events that the verdict cites", rows)
	if unread > 0 {
		q.gaps = append(q.gaps, report.RecordGap{Why: "source-gone", Detail: fmt.Sprintf("%d cited records were not copied into the evidence now", unread)})
	}
	var held *incident.Locked
	if errors.As(err, &held) {
		q.gaps = append(q.gaps, report.RecordGap{Why: "not-kept", Detail: err.Error()})
		return nil
	}
	return err
}

func (q *Inquiry) verdict(in *intruder) report.Verdict {
	seed := in.found.Seeds[0]
	v := report.Verdict{
		Number: in.number, Seed: in.seed, SeedFrom: in.from, Gaps: q.gaps, Confidence: in.found.Confidence,
		Credential: seed.Credential, Kind: string(seed.Kind), Principal: seed.ARN,
	}
	addresses, agents, regions := counter{}, counter{}, counter{}
	for _, a := range in.did {
		switch in.closure.Lane(a.Event).Who {
		case lineage.ByIntruder:
		case lineage.ByUnknown:
			v.Unsure++
			continue
		default:
			continue
		}
		e := a.Event
		v.Events++
		if e.Failed() {
			v.Attempted++
		}
		if v.First.IsZero() || e.Time.Before(v.First) {
			v.First = e.Time
		}
		if e.Time.After(v.Last) {
			v.Last = e.Time
		}
		addresses.add(e.Address)
		agents.add(e.Agent)
		regions.add(e.Region)
		if v.Principal == "" || v.Credential == "" && v.Credential != e.Credential && v.Events == 1 {
			v.Principal = e.Principal.ARN
		}
	}
	v.Addresses, v.Agents, v.Regions = addresses.most(), agents.most(), regions.most()
	v.Issued = issued(in)
	v.Techniques = q.techniques(in)
	v.Made, v.Undo = q.made(in)
	for _, s := range in.found.Why {
		v.Why = append(v.Why, report.VerdictSign{Word: s.Word, EventIDs: s.EventIDs})
	}
	return v
}

// issued lists the credentials that the intruder's own calls brought forth.
func issued(in *intruder) (all []report.IssuedCred) {
	uses := map[string]int{}
	for _, a := range in.closure.Acts() {
		uses[a.Event.Credential]++
	}
	seen := map[string]bool{}
	for _, a := range in.did {
		if in.closure.Lane(a.Event).Who != lineage.ByIntruder {
			continue
		}
		for _, m := range lineage.Minted(a.Event) {
			if m.ID == "" || seen[m.ID] || m.Kind == lineage.LoginProfile || m.Kind == lineage.MFADevice {
				continue
			}
			seen[m.ID] = true
			all = append(all, report.IssuedCred{
				ID: m.ID, Kind: string(m.Kind), Principal: cmp.Or(m.ARN, m.Principal.ID), By: m.By, EventID: m.EventID, At: m.At,
				Used: uses[m.ID] > 0, Events: uses[m.ID],
			})
		}
	}
	return all
}

// techniques groups the hits of the time asked for by detection and outcome, the
// gravest first.
func (q *Inquiry) techniques(in *intruder) []report.Technique {
	type group struct{ id, status string }
	type technique struct {
		report.Technique
		ids unique
	}
	at := map[group]*technique{}
	var order []group
	for _, h := range in.hits {
		g := group{h.Detection + h.Rule, h.Status}
		for _, id := range h.EventIDs {
			a, his := in.acts[id]
			if !his || !q.within(a.Event.Time) || in.closure.Lane(a.Event).Who != lineage.ByIntruder {
				continue
			}
			t := at[g]
			if t == nil {
				t = &technique{Technique: report.Technique{
					ID: cmp.Or(h.Detection, h.Rule), Name: title(h), Author: h.Author, Severity: h.Severity.String(), Status: h.Status, First: h.At,
					Attack: strings.Join(h.Attack, " "), Args: arguments(h),
				}}
				if !q.within(h.At) {
					t.First = a.Event.Time
				}
				at[g], order = t, append(order, g)
			}
			t.ids.add(id)
		}
	}
	var out []report.Technique
	for _, g := range order {
		t := at[g]
		t.EventIDs, t.Count = t.ids.list, len(t.ids.list)
		out = append(out, t.Technique)
	}
	slices.SortStableFunc(out, func(a, b report.Technique) int {
		return cmp.Or(cmp.Compare(grave(b.Severity), grave(a.Severity)), strings.Compare(b.Status, a.Status), a.First.Compare(b.First))
	})
	return out
}

var severities = []string{"info", "low", "medium", "high", "critical"}

func grave(s string) int { return slices.Index(severities, s) }

// made lists what the intruder did to resources in the time asked for, and the
// calls that would take it back.
func (q *Inquiry) made(in *intruder) (things []report.MadeThing, undo []report.UndoCall) {
	for _, d := range in.closure.Deeds() {
		if d.Confidence == lineage.Low || d.Ref.ID == "" || !q.within(d.At) {
			continue
		}
		things = append(things, report.MadeThing{
			Resource: d.Ref.ID, Kind: string(d.Ref.Kind), Region: d.Ref.Region, Change: string(d.Change), Call: d.Call, At: d.At, EventID: d.EventID,
		})
	}
	for _, a := range in.did {
		if a.Confidence == lineage.Low || a.Event.Failed() {
			continue
		}
		if u, ok := lineage.TakeBack(a.Event); ok {
			undo = append(undo, report.UndoCall{Call: u.Call, Resource: u.Resource, EventID: u.EventID})
		}
	}
	return things, undo
}

func (q *Inquiry) event(e event.Event, l lineage.Lane, number int) report.Event {
	m := report.Event{
		ID: e.ID, Time: e.Time, Name: e.Name, Source: e.Source, Region: e.Region, Account: e.Account,
		Principal: principalOf(e), Credential: e.Credential, Address: e.Address, Agent: e.Agent, Error: e.Error.Code,
		ReadOnly: e.ReadOnly && e.ReadOnlyKnown, Lane: l.Who, Confidence: l.Confidence, Why: append([]string{}, l.Why...), Verdict: number,
	}
	if m.Error == "" && e.Failed() {
		m.Error = cmp.Or(e.Error.Message, "Failure")
	}
	for _, d := range lineage.Made(e) {
		m.Grants = m.Grants || d.Grants
		if m.Resource == "" {
			m.Resource = d.Ref.ID
		}
	}
	return m
}

// principalOf is the ARN that answers group by: of the issuer of a session,
// else the caller's own, else the service that made the call.
func principalOf(e event.Event) string {
	return cmp.Or(e.Principal.Issuer.ARN, e.Principal.ARN, e.Principal.InvokedBy)
}

// A counter counts values.
type counter map[string]int

func (c counter) add(s string) {
	if s != "" {
		c[s]++
	}
}

// most lists the values, most counted first.
func (c counter) most() []string {
	out := make([]string, 0, len(c))
	for v := range c {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(c[b], c[a]), cmp.Compare(a, b)) })
	return out
}

// title is the English name of what a hit shows.
func title(h detect.Hit) string {
	if h.Rule != "" {
		return h.Rule
	}
	return report.DetectionTitle(h.Detection)
}

func arguments(h detect.Hit) (args []any) {
	for _, k := range sortedKeys(h.Args) {
		args = append(args, k, h.Args[k])
	}
	return args
}

func sortedKeys(m map[string]string) (out []string) {
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
