package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cordon/internal/detect"
	"cordon/internal/event"
	"cordon/internal/lineage"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// An Inquiry answers questions about the record of events.
type Inquiry struct {
	*Archive
	Seed      string // key, ARN, user name, address or event id; empty: find one
	Principal string
	Engine    string // "store", "athena"
	From, To  time.Time
	Lanes     []string
	Limit     int // lines for people; 0: all
	Cut       bool
	Follow    bool
	Athena    Athena

	store     *trail.Store
	began     time.Time
	hits      []detect.Hit
	signs     []lineage.Sign
	intruders []*intruder
	gaps      []report.RecordGap
	gone      map[string]bool // sources that are told to be gone
	cited     map[string]trail.Row
	whose     map[string][]*intruder // by event, credential and principal
	mine      map[string]bool        // what the owner marked as his
	ours      map[string]bool        // events that the journal accounts for
	ourCalls  map[string]event.Event // the same, whole
	subjects  map[string][]string    // of the hits, by event
	unjudged  int                    // candidates of detections that could not be read again
	status    trail.Status
	opened    bool
	prepared  bool
	chains    map[string][]report.Link
}

// An intruder is one intrusion: what it began with, and all that grew from it.
type intruder struct {
	number  int
	seed    string
	from    string // "given", "found", "case"
	hint    bool   // by somebody's word alone
	found   lineage.Intruder
	closure *lineage.Closure
	acts    map[string]*lineage.Act // by event id
	did     []*lineage.Act          // of these what lies in the time asked for, in its order
	hits    []detect.Hit            // in his acts
}

// open makes the store ready: answers that the case keeps as evidence and the
// store does not hold yet are imported first.
func (q *Inquiry) open(ctx context.Context) error {
	if q.opened {
		return nil
	}
	q.began, q.gone = q.now(), map[string]bool{}
	sealed, err := q.importKept(ctx)
	if err != nil {
		return err
	}
	if sealed > 0 {
		q.gaps = append(q.gaps, report.RecordGap{Why: "sealed", Detail: fmt.Sprint(sealed)})
	}
	s, err := q.events()
	if err != nil {
		return err
	}
	q.store = s
	if err := q.tell(report.Case{Case: q.Case.ID, Account: q.Case.Account, Partition: q.Case.Partition, Endpoint: q.Case.Endpoint, Caller: q.Case.By}); err != nil {
		return err
	}
	if q.status, err = s.Status(); err != nil {
		return err
	}
	if q.status.Events == 0 {
		return refuse("no-events", nil)
	}
	q.opened = true
	return nil
}

// lost tells once per source that a record is gone.
func (q *Inquiry) lost(e event.Event, err error) {
	key := err.Error()
	if !q.gone[key] {
		q.gone[key] = true
		q.gaps = append(q.gaps, report.RecordGap{Why: "source-gone", Account: e.Account, Region: e.Region, EventID: e.ID, Detail: key})
	}
}

// prepare finds the intruders: detections first, then whose they are, then
// all that each of them reached.
func (q *Inquiry) prepare(ctx context.Context) error {
	if q.prepared {
		return nil
	}
	if err := q.open(ctx); err != nil {
		return err
	}
	if err := q.detect(ctx); err != nil {
		return err
	}
	if err := q.seek(ctx); err != nil {
		return err
	}
	for _, in := range q.intruders {
		if err := q.grow(ctx, in); err != nil {
			return err
		}
	}
	q.merge()
	if err := q.recordGaps(ctx); err != nil {
		return err
	}
	q.prepared = true
	return nil
}

// detect runs the built-in detections and takes the hits of Sigma rules, in
// the order of time.
func (q *Inquiry) detect(ctx context.Context) error {
	whole, columns := detect.Calls()
	rows, err := q.candidates(whole, columns)
	if err != nil {
		return err
	}
	needs := map[string]bool{}
	for _, c := range whole {
		needs[c] = true
	}
	var failed error
	run := func(yield func(event.Event) bool) {
		const chunk = 20_000 // events in memory at a time
		for len(rows) > 0 {
			n := min(chunk, len(rows))
			events, err := q.whole(ctx, q.store, rows[:n], func(e event.Event) bool {
				return needs[e.Service()+":"+e.BaseName()] && !lineage.ByAWS(e)
			}, func(e event.Event, err error) { q.unjudged++; q.lost(e, err) })
			if err != nil {
				failed = err
				return
			}
			for _, e := range events {
				if !yield(e) {
					return
				}
			}
			rows = rows[n:]
		}
	}
	q.hits = detect.Run(run, q.store)
	if failed != nil {
		return failed
	}
	ruled, err := q.ruled(ctx)
	q.hits = append(q.hits, ruled...)
	slices.SortStableFunc(q.hits, func(a, b detect.Hit) int { return a.At.Compare(b.At) })
	return errors.Join(err, q.own(ctx))
}

// candidates are the rows that detections look at: the calls they name, what
// failed, and what was done by identities that they want to see all of.
func (q *Inquiry) candidates(whole, columns []string) ([]trail.Row, error) {
	yes := true
	named, err := q.store.Rows(trail.Filter{Calls: slices.Concat(whole, columns)})
	if err != nil {
		return nil, err
	}
	refused, err := q.store.Rows(trail.Filter{Failed: &yes})
	if err != nil {
		return nil, err
	}
	people := q.store.Picked(func(p event.Principal) bool { return detect.Wanted(p.ARN, "") && !detect.Once(p.ARN) })
	machines := q.store.PickedOnce(func(p event.Principal) bool { return detect.Once(p.ARN) }, func(source, name string) bool {
		return detect.Abroad(event.Event{Source: source, Name: name})
	})
	return q.store.Merge(named, refused, people, machines), nil
}

// signs are hits as lineage weighs them. It is never nil: somebody looked. What
// only was attempted is a step less grave already.
func signs(hits []detect.Hit) []lineage.Sign {
	all := []lineage.Sign{}
	for _, h := range hits {
		for _, id := range h.EventIDs {
			all = append(all, lineage.Sign{EventID: id, What: h.Detection + h.Rule, Weight: lineage.Weights[h.Severity], Confidence: string(h.Confidence)})
		}
	}
	return all
}

// grow follows an intruder until nothing new turns up. Where nothing he did goes
// with his seeds, as when a console session that began before is used from
// elsewhere, the credentials that the signs stand at are the seeds.
func (q *Inquiry) grow(ctx context.Context, in *intruder) error {
	if err := q.reach(ctx, in); err != nil || len(in.acts) > 0 {
		return err
	}
	signed := map[string]bool{}
	for _, why := range in.found.Why {
		for _, id := range why.EventIDs {
			signed[id] = true
		}
	}
	var seeds []lineage.Suspect
	for _, h := range q.hits {
		known := slices.ContainsFunc(seeds, func(s lineage.Suspect) bool { return s.Credential == h.Credential })
		if h.Credential != "" && !known && slices.ContainsFunc(h.EventIDs, func(id string) bool { return signed[id] }) {
			seeds = append(seeds, lineage.Suspect{Credential: h.Credential, Reason: lineage.Seed, At: in.found.Since})
		}
	}
	if len(seeds) == 0 {
		return nil
	}
	in.found.Seeds = seeds
	return q.reach(ctx, in)
}

func (q *Inquiry) reach(ctx context.Context, in *intruder) error {
	in.closure, in.did = lineage.New(in.found.Seeds, in.found.Since), nil
	known := lineage.Known{Signs: q.signsOf(in), Ours: q.ours, Compute: true, First: q.firstFrom}
	if in.hint { // somebody pointed here, and detections say nothing either way
		known.Signs = nil
	}
	in.closure.Know(known)
	past, err := q.pastOf(ctx, in)
	if err != nil {
		return err
	}
	in.closure.Add(lineage.Query{}, past)
	for asked := in.closure.Next(); len(asked) > 0; asked = in.closure.Next() {
		if err := q.look(ctx, in.closure, asked); err != nil {
			return err
		}
	}
	acts := in.closure.Acts()
	in.acts = make(map[string]*lineage.Act, len(acts))
	for i := range acts {
		a := &acts[i]
		if in.acts[a.Event.ID] = a; q.within(a.Event.Time) {
			in.did = append(in.did, a)
		}
	}
	return nil
}

// firstFrom is when the caller of an event first came from its address.
func (q *Inquiry) firstFrom(e event.Event) time.Time {
	at, _ := q.store.First(trail.PrincipalOf(e.Principal), trail.DidAddress, e.Address)
	return at
}

// look answers what a closure asks. Of one sort, all that can be asked for
// together is: a look at the store costs more than what it finds.
func (q *Inquiry) look(ctx context.Context, c *lineage.Closure, asked []lineage.Query) error {
	suspects := c.Suspects() // once: what is added makes them anew
	for len(asked) > 0 {
		f, n := filterOf(asked[0]), 1
		if f.Token == "" {
			for n < len(asked) && asked[n].By == asked[0].By {
				one := filterOf(asked[n])
				f.Credentials, f.Users, f.Calls = append(f.Credentials, one.Credentials...), append(f.Users, one.Users...), append(f.Calls, one.Calls...)
				n++
			}
		}
		events, err := q.read(ctx, f, q.lost)
		if err == nil && asked[0].By == lineage.ByRole {
			var more []event.Event
			more, err = q.sessionsOf(ctx, suspects, asked[0].Value)
			events = once(append(events, more...))
		}
		if err != nil {
			return err
		}
		for _, one := range asked[:n] { // which of them an event answers is the closure's to tell
			c.Add(one, events)
			events = nil
		}
		asked = asked[n:]
	}
	return nil
}

// within says whether a time is asked for.
func (q *Inquiry) within(t time.Time) bool {
	return (q.From.IsZero() || !t.Before(q.From)) && (q.To.IsZero() || t.Before(q.To))
}

func filterOf(q lineage.Query) trail.Filter {
	switch q.By {
	case lineage.ByAccessKey:
		return trail.Filter{Credentials: []string{q.Value}}
	case lineage.ByUser:
		return trail.Filter{Users: []string{q.Value}}
	case lineage.ByRole:
		return trail.Filter{Token: q.Value}
	}
	return trail.Filter{Calls: []string{"*:" + q.Value}}
}

func (q *Inquiry) tell(m report.Message) error { return q.Out.Handle(m) }

// end closes the answer.
func (q *Inquiry) end(question string, matched int, lanes map[string]int) error {
	st := q.status
	return q.tell(report.Inquiry{
		Question: question, Events: st.Events, Matched: matched, Verdicts: len(q.intruders), Lanes: lanes,
		First: st.First, Last: st.Last, Gaps: q.gaps, Unjudged: q.unjudged, ElapsedMS: q.now().Sub(q.began).Milliseconds(),
	})
}

// once leaves out events that stand twice and sorts the rest by time.
func once(all []event.Event) []event.Event {
	seen := map[string]bool{}
	all = slices.DeleteFunc(all, func(e event.Event) bool {
		was := seen[e.ID]
		seen[e.ID] = true
		return was
	})
	slices.SortStableFunc(all, func(a, b event.Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
	return all
}
