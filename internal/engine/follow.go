package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"cordon/internal/awsapi"
	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/lineage"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// every is how often a followed trail is asked: LookupEvents allows two calls
// a second and region, and is minutes late anyway.
const every = 20 * time.Second

// A following is whom the live history is asked for, again and again.
type following struct {
	q    *Inquiry
	who  trail.Filter     // whom --principal names; the zero filter is everybody
	own  *lineage.Closure // what he does and comes by; nil: nobody is named
	told map[string]bool
	last time.Time
}

// following says whom to follow, and refuses where there is nobody: nothing
// would ever be told.
func (q *Inquiry) following(who trail.Filter) (*following, error) {
	f := &following{q: q, who: who, told: map[string]bool{}, last: q.status.Last}
	if q.Principal != "" {
		f.own = lineage.New(f.seeds(), time.Time{})
	}
	if len(f.watched()) == 0 {
		return nil, refuse("follow-nobody", nil)
	}
	return f, nil
}

// seeds are whom --principal names, as a closure begins with them.
func (f *following) seeds() (all []lineage.Suspect) {
	of := func(kind fact.Kind, arn, name string) lineage.Suspect {
		ref := fact.Ref{Kind: kind, Place: fact.Place{Account: f.q.Case.Account, Region: fact.Global}, ID: name}
		return lineage.Suspect{Principal: ref, ARN: arn, Reason: lineage.Marked}
	}
	for _, name := range f.who.Users {
		all = append(all, of("iam.user", "", name))
	}
	for _, arn := range f.who.Principals {
		kind := fact.Kind("iam.user")
		if strings.Contains(arn, ":role/") {
			kind = "iam.role"
		}
		all = append(all, of(kind, arn, arn[strings.LastIndexAny(arn, "/:")+1:]))
	}
	return all
}

func (f *following) closures() (all []*lineage.Closure) {
	for _, in := range f.q.intruders {
		all = append(all, in.closure)
	}
	if f.own != nil {
		all = append(all, f.own)
	}
	return all
}

// watched lists what to ask the live history by, to see what is done next.
func (f *following) watched() (all []lineage.Query) {
	over := f.q.now().Add(-longestSession)
	for _, c := range f.closures() {
		seen := lastSeen(c)
		for _, s := range c.Suspects() {
			if at, known := seen[s.Name()]; known && at.Before(over) && strings.HasPrefix(s.Credential, "ASIA") {
				continue
			}
			ask := lineage.Query{By: lineage.ByUser, Value: s.Principal.ID}
			switch {
			case s.Reason == lineage.HandedTo && s.ARN != "": // compute is given another key each hour
				ask.Value = s.ARN[strings.LastIndexByte(s.ARN, '/')+1:]
			case s.Credential != "":
				ask = lineage.Query{By: lineage.ByAccessKey, Value: s.Credential}
			case s.Principal.Kind == "iam.role": // who takes it on
				ask.By = lineage.ByRole
			}
			if ask.Value != "" && !slices.Contains(all, ask) {
				all = append(all, ask)
			}
		}
	}
	return all
}

// longestSession is how long the longest temporary credential is good for: a
// token of GetSessionToken or GetFederationToken (IAM User Guide, "Compare AWS
// STS credentials").
const longestSession = 36 * time.Hour

// lastSeen is when a suspect was last used or issued.
func lastSeen(c *lineage.Closure) map[string]time.Time {
	used, issued := map[string]time.Time{}, map[string]time.Time{}
	for _, a := range c.Acts() { // in the order of time
		used[a.Event.Credential], issued[a.Event.ID] = a.Event.Time, a.Event.Time
	}
	for _, s := range c.Suspects() {
		if at, known := issued[s.EventID]; known && at.After(used[s.Credential]) {
			used[s.Credential] = at
		}
	}
	delete(used, "")
	return used
}

// run asks until it is interrupted, or until nobody is signed in any more.
func (f *following) run(ctx context.Context) error {
	q := f.q
	if q.Session == nil {
		if q.Open == nil {
			return refuse("follow-offline", nil)
		}
		s, err := q.Open(ctx)
		if err != nil {
			return err
		}
		q.Session = s
	}
	for {
		events, err := f.ask(ctx)
		if err != nil {
			return err
		}
		if err := f.tell(events); err != nil {
			return err
		}
		// Silence can be told from a standstill.
		if err := q.tell(report.Progress{Step: "following", At: q.Session.Account.Clock()}); err != nil {
			return err
		}
		if err := q.Session.wait(ctx, every); err != nil {
			return err
		}
	}
}

// tell tells what is new of events. All of them are known to every intruder
// before the first is told: what one of them hands out, another uses.
func (f *following) tell(events []event.Event) error {
	q := f.q
	if err := f.stored(events); err != nil {
		return err
	}
	events = slices.DeleteFunc(events, func(e event.Event) bool {
		known := f.told[e.ID]
		f.told[e.ID] = true
		return known
	})
	if len(events) == 0 {
		return nil
	}
	for _, c := range f.closures() {
		c.Add(lineage.Query{}, events)
	}
	q.concerns()
	for _, e := range events {
		if e.Time.After(f.last) {
			f.last = e.Time
		}
		lane, number := q.lane(e)
		if !f.about(e) || len(q.Lanes) > 0 && !slices.Contains(q.Lanes, lane.Who) {
			continue
		}
		if err := q.tell(q.event(e, lane, number)); err != nil {
			return err
		}
	}
	return nil
}

// stored notes as told what the record has of events.
func (f *following) stored(events []event.Event) error {
	var ids []string
	for _, e := range events {
		if !f.told[e.ID] {
			ids = append(ids, e.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := f.q.store.Rows(trail.Filter{IDs: ids})
	if err != nil {
		return err
	}
	for _, row := range rows {
		e, err := f.q.store.Light(row)
		if err != nil {
			return err
		}
		f.told[e.ID] = true
	}
	return nil
}

// about says whether an event is of whom --principal names.
func (f *following) about(e event.Event) bool {
	switch {
	case len(f.who.Principals) > 0:
		return slices.Contains(f.who.Principals, trail.PrincipalOf(e.Principal))
	case len(f.who.Users) > 0:
		_, session, _ := strings.Cut(e.Principal.ID, ":")
		return slices.Contains(f.who.Users, e.Principal.User) || slices.Contains(f.who.Users, session)
	}
	return true
}

// ask asks what those who are watched did since the last time. Nothing is kept:
// what matters is imported when somebody asks for it.
func (f *following) ask(ctx context.Context) ([]event.Event, error) {
	q := f.q
	h, _, err := q.liveHistory(ctx, q.Session, nil)
	if err != nil {
		return nil, err
	}
	h.from = f.last.Add(-trailLag)
	var (
		g    errgroup.Group
		mu   sync.Mutex
		out  []event.Event
		shut = map[string]error{} // regions that take the credentials no more
	)
	g.SetLimit(inFlight)
	for _, asked := range f.watched() {
		for _, region := range h.regions {
			g.Go(func() error {
				events, err := h.lookUp(ctx, region, attribute(asked.By), asked.Value, string(asked.By))
				mu.Lock()
				out = append(out, events...)
				if awsapi.Classify(err) == awsapi.Unauthenticated {
					shut[region] = err
				}
				mu.Unlock()
				if err != nil && ctx.Err() == nil {
					h.fail(region, err)
					return nil
				}
				return ctx.Err()
			})
		}
	}
	err = g.Wait()
	if err == nil && len(shut) > 0 && len(shut) == len(h.regions) {
		return nil, refuse("follow-signed-out", fmt.Errorf("cannot follow any longer: %w", shut[h.regions[0]]))
	}
	for _, region := range slices.Sorted(maps.Keys(h.bad)) {
		if !q.gone["live "+region] {
			q.gone["live "+region] = true
			err = errors.Join(err, q.tell(report.NewGap(h.bad[region])))
		}
	}
	return once(out), err
}
