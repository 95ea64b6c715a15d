package engine

import (
	"context"
	"net/netip"
	"regexp"
	"slices"
	"time"

	"cordon/internal/event"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// around is how much before and after the intruder's time a person is shown
// when he names no time himself.
const around = time.Hour

// Timeline tells events in the order of time, each with whose it is.
func (q *Inquiry) Timeline(ctx context.Context) error {
	if err := q.open(ctx); err != nil {
		return err
	}
	f, err := q.whom() // before all that takes long: a name may be misspelt
	if err != nil {
		return err
	}
	if err := q.prepare(ctx); err != nil {
		return err
	}
	var live *following
	if q.Follow {
		if live, err = q.following(f); err != nil {
			return err
		}
	}
	f.From, f.To = q.From, q.To
	for _, in := range q.intruders {
		if err := q.tell(q.verdict(in)); err != nil {
			return err
		}
	}
	var spanFrom, spanTo time.Time // what a person is shown who names no time
	if q.Limit > 0 && f.From.IsZero() && f.To.IsZero() && len(q.intruders) > 0 {
		spanFrom, spanTo = q.span()
		f.From, f.To = spanFrom, spanTo
	}
	rows, err := q.store.Rows(f)
	if err != nil {
		return err
	}
	lanes, matched, shown := map[string]int{}, 0, 0
	for _, row := range rows {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e, err := q.known(row)
		if err != nil {
			return err
		}
		lane, number := q.lane(e)
		if len(q.Lanes) > 0 && !slices.Contains(q.Lanes, lane.Who) {
			continue
		}
		matched++
		lanes[lane.Who]++
		if q.Limit > 0 && shown >= q.Limit {
			continue
		}
		shown++
		if err := q.tell(q.event(e, lane, number)); err != nil {
			return err
		}
	}
	if !spanFrom.IsZero() {
		if err := q.tell(report.Span{From: spanFrom, To: spanTo}); err != nil {
			return err
		}
	}
	if err := q.end("timeline", matched, lanes); err != nil || live == nil {
		return err
	}
	return live.run(ctx)
}

// known is the event as an intruder's closure read it, or whole where it is ours,
// else from its columns.
func (q *Inquiry) known(row trail.Row) (event.Event, error) {
	e, err := q.store.Light(row)
	if call, ours := q.ourCalls[e.ID]; ours {
		return call, err
	}
	for _, in := range q.intruders {
		if a, his := in.acts[e.ID]; his {
			return a.Event, err
		}
	}
	return e, err
}

// span is the time of all intruders, with some around it.
func (q *Inquiry) span() (from, to time.Time) {
	for _, in := range q.intruders {
		for _, a := range in.acts {
			if in.closure.Lane(a.Event).Who != "intruder" {
				continue
			}
			if from.IsZero() || a.Event.Time.Before(from) {
				from = a.Event.Time
			}
			if a.Event.Time.After(to) {
				to = a.Event.Time
			}
		}
	}
	if from.IsZero() {
		return from, to
	}
	return from.Add(-around), to.Add(around)
}

// whom is the filter of whom --principal names: an ARN, a user or session by its
// name, else a role by its name. A name that the record does not know is refused:
// an empty page would say that nothing was done.
func (q *Inquiry) whom() (f trail.Filter, err error) {
	switch {
	case q.Principal == "":
		return f, nil
	case isARN(q.Principal):
		f.Principals = []string{q.Principal}
	default:
		f.Users = []string{q.Principal}
	}
	rows, err := q.store.Rows(f)
	if err != nil || len(rows) > 0 {
		return f, err
	}
	unknown := refuse("no-such-principal", nil, "name", q.Principal)
	switch {
	case isARN(q.Principal) && q.Follow: // he may come yet
		return f, nil
	case isARN(q.Principal):
		return f, unknown
	}
	role, err := q.subjectFilter("role", q.Principal)
	if err != nil {
		return f, unknown
	}
	return trail.Filter{Principals: role.Principals}, nil
}

var keyForm = regexp.MustCompile(`^A[A-Z0-9]{15,127}$`)

func isKey(s string) bool { return keyForm.MatchString(s) }

func isARN(s string) bool { return len(s) > 4 && s[:4] == "arn:" }

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// Detections lists the groups of hits: one line for a detection, a principal
// and an hour.
func (q *Inquiry) Detections(ctx context.Context) error {
	if err := q.prepare(ctx); err != nil {
		return err
	}
	n, lanes, err := q.tellDetections()
	if err != nil {
		return err
	}
	return q.end("detections", n, lanes)
}

func (q *Inquiry) tellDetections() (n int, lanes map[string]int, err error) {
	type group struct {
		id, principal, status string
		hour                  time.Time
	}
	type line struct {
		report.Detection
		ids unique
	}
	at := map[group]*line{}
	var order []*line
	for _, h := range q.hits {
		if !q.within(h.At) {
			continue
		}
		g := group{h.Detection + "\x00" + h.Rule, h.Principal, h.Status, h.At.Truncate(time.Hour)}
		d := at[g]
		if d == nil {
			d = &line{Detection: report.Detection{
				ID: h.Detection, Title: title(h), Severity: h.Severity.String(), Confidence: string(h.Confidence), Status: h.Status, Attack: h.Attack,
				Principal: h.Principal, Credential: h.Credential, Address: h.Address, Region: h.Region, First: h.At, Rule: h.Rule, Author: h.Author, Args: arguments(h),
			}}
			d.Lane = q.laneOf(h.EventIDs)
			at[g], order = d, append(order, d)
		}
		d.Last = h.At
		for _, id := range h.EventIDs {
			d.ids.add(id)
		}
	}
	slices.SortStableFunc(order, func(a, b *line) int { return grave(b.Severity) - grave(a.Severity) })
	lanes = map[string]int{}
	for i, d := range order {
		lanes[d.Lane]++
		if q.Limit > 0 && i >= q.Limit {
			continue
		}
		d.EventIDs, d.Count = d.ids.list, len(d.ids.list)
		if err := q.tell(d.Detection); err != nil {
			return 0, nil, err
		}
	}
	return len(order), lanes, nil
}

// laneOf is whose the first of these events is.
func (q *Inquiry) laneOf(ids []string) string {
	if q.cited == nil {
		q.cited = map[string]trail.Row{}
		var all []string
		for _, h := range q.hits {
			all = append(all, h.EventIDs...)
		}
		rows, err := q.store.Rows(trail.Filter{IDs: all})
		if err != nil {
			return "unknown"
		}
		for _, row := range rows {
			if e, err := q.store.Light(row); err == nil {
				q.cited[e.ID] = row
			}
		}
	}
	if len(ids) == 0 {
		return "unknown"
	}
	row, ok := q.cited[ids[0]]
	if !ok {
		return "unknown"
	}
	e, err := q.known(row)
	if err != nil {
		return "unknown"
	}
	l, _ := q.lane(e)
	return l.Who
}
