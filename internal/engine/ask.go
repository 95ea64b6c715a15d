package engine

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"cordon/internal/event"
	"cordon/internal/report"
	"cordon/internal/trail"
	"cordon/internal/trail/question"
)

// Ask answers one standing question as a table, from the store or, with the
// very SQL that is tested against it, from Athena. What Athena answered is kept
// in the case, and not paid for twice. A table of the store carries what the
// record cannot tell: without rows it would read as if nothing had happened.
func (q *Inquiry) Ask(ctx context.Context, name, value string) error {
	args := question.Args{Value: value, From: q.From, To: q.To}
	if name == question.News {
		since, err := time.Parse(time.DateOnly, value)
		if value == "" || err != nil {
			return refuse("ask-since", err, "value", value)
		}
		args.Value, args.Since = "", since
	}
	if err := question.Check(name, args); err != nil {
		return misasked(name, err)
	}
	if q.Engine == "athena" {
		return q.askAthena(ctx, name, args)
	}
	if err := q.open(ctx); err != nil {
		return err
	}
	a, err := q.stored(ctx, name, args)
	if err != nil {
		return err
	}
	if err := q.recordGaps(ctx); err != nil {
		return err
	}
	a.Shown = q.Limit
	if err := q.tell(a); err != nil {
		return err
	}
	return q.end(name, len(a.Rows), nil)
}

// misasked is a question that nobody can answer, with what is wrong about it.
func misasked(name string, err error) error {
	switch {
	case errors.Is(err, question.ErrUnknown):
		return refuse("no-such-question", err, "name", name, "all", strings.Join(question.All(), ", "))
	case errors.Is(err, question.ErrNoValue):
		return refuse("ask-value", err, "name", name)
	case errors.Is(err, question.ErrValue):
		return refuse("ask-no-value", err, "name", name)
	case errors.Is(err, question.ErrSince):
		return refuse("ask-since-from", err)
	}
	return err
}

// stored answers from the store: of all time by the sums that it keeps, where
// there are any, else by rows.
func (q *Inquiry) stored(ctx context.Context, name string, args question.Args) (report.Answer, error) {
	a := report.Answer{Question: name, Engine: "store", Columns: question.Columns(name), Rows: [][]string{}}
	of := trail.Filter{From: args.From, To: args.To}
	always := args.From.IsZero() && args.To.IsZero()
	switch name {
	case question.Timeline, question.Impact, question.Issued:
		of.Credentials = []string{args.Value}
	case question.ByPrincipal:
		of.Principals = []string{args.Value}
	case question.ByAddress:
		of.Addresses = []string{args.Value}
	}
	switch name {
	case question.Timeline, question.ByPrincipal, question.ByAddress:
		calls(&a, q.store.CallsOf(of))
	case question.Uses, question.Callers:
		uses(&a, q.uses(of, always, args.Value))
	case question.Impact:
		of.Writes = true
		uses(&a, q.store.UsesOf(of))
	case question.Creators:
		return a, q.creating(ctx, &a, args.Value, of)
	case question.Issued:
		return a, q.issuing(ctx, &a, of)
	case question.News:
		news := q.store.News
		if !always {
			news = func(since time.Time) []trail.First { return q.store.NewsOf(of, since) }
		}
		for _, f := range news(args.Since) {
			a.Rows = append(a.Rows, []string{f.Principal, f.What, f.Value, at(f.First)})
		}
	case question.Hours:
		hours := q.store.Hours
		if !always {
			hours = func() []trail.Hour { return q.store.HoursOf(of) }
		}
		for _, h := range hours() {
			a.Rows = append(a.Rows, []string{at(h.Hour), count(h.Events), count(h.Failed)})
		}
	}
	return a, nil
}

// uses are those of everything, or of one service where one is named.
func (q *Inquiry) uses(of trail.Filter, always bool, service string) []trail.Use {
	var all []trail.Use
	if always {
		all = q.store.Uses()
	} else {
		all = q.store.UsesOf(of)
	}
	return slices.DeleteFunc(all, func(u trail.Use) bool { return service != "" && u.Source != service })
}

func calls(a *report.Answer, all []trail.Call) {
	for _, c := range all {
		a.Rows = append(a.Rows, []string{at(c.Time), c.ID, c.Source, c.Name, c.Region, c.Principal, c.Address, c.Agent, c.Error})
	}
}

func uses(a *report.Answer, all []trail.Use) {
	for _, u := range all {
		a.Rows = append(a.Rows, []string{u.Principal, u.Source, u.Name, u.Region, count(u.Count), count(u.Failed), at(u.First), at(u.Last)})
	}
}

// creating are the calls whose response names a resource. A source that is gone
// is told as a gap.
func (q *Inquiry) creating(ctx context.Context, a *report.Answer, resource string, of trail.Filter) error {
	all, err := q.store.CreatorsOf(ctx, resource, of, q.files(), func(row trail.Row, why error) {
		e, err := q.store.Light(row)
		if err != nil {
			why = errors.Join(why, err)
		}
		q.lost(e, why)
	})
	for _, c := range all {
		a.Rows = append(a.Rows, []string{at(c.Time), c.ID, c.Source, c.Name, c.Principal, c.Credential, c.Address})
	}
	return err
}

// issuing are the credentials that the calls of one brought forth, by their
// responses: the record has to be read again.
func (q *Inquiry) issuing(ctx context.Context, a *report.Answer, of trail.Filter) error {
	of.Failed = new(bool)
	rows, err := q.store.Rows(of)
	if err != nil {
		return err
	}
	const chunk = 20_000 // events in memory at a time
	for part := range slices.Chunk(rows, chunk) {
		events, err := q.whole(ctx, q.store, part, func(event.Event) bool { return true }, q.lost)
		if err != nil {
			return err
		}
		for _, e := range events {
			id := firstOf(e, "credentials.accessKeyId", "accessKey.accessKeyId")
			if id == "" {
				continue
			}
			arn := firstOf(e, "assumedRoleUser.arn", "federatedUser.arn", "accessKey.userName")
			a.Rows = append(a.Rows, []string{at(e.Time), e.ID, e.Name, id, arn})
		}
	}
	return nil
}

// firstOf is the first of these paths that a response has.
func firstOf(e event.Event, paths ...string) string {
	for _, path := range paths {
		if found := event.Path(e.Response, path); len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

func at(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func count(n uint64) string { return strconv.FormatUint(n, 10) }
