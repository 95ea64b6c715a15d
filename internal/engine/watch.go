package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cordon/internal/checks"
	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/journal"
	"cordon/internal/lineage"
	"cordon/internal/plan"
	"cordon/internal/report"
)

// How a watch goes when nobody says: AWS's playbooks look for half an hour at
// whether the intruder still calls (AWS Incident Response Playbooks, credential
// compromise, 3.4).
const (
	quietEnough = 30 * time.Minute
	watchEvery  = time.Minute
)

// The states of a watch.
const (
	Watching = "watching"
	Quiet    = "quiet"   // silence for as long as was wanted: no proof
	Active   = "active"  // a call of his was let through: contain again
	Unseen   = "unseen"  // silence, where it could be heard
	Stopped  = "stopped" // by whoever ran it
)

// WatchOptions say how long is quiet, and how often the history is asked.
type WatchOptions struct {
	Quiet, Every time.Duration // 0: half an hour, a minute
}

// A watch is the silence meter under way.
type watch struct {
	*Session
	o         WatchOptions
	t         Triage
	contained time.Time
	seeds     []lineage.Suspect
	grown     *lineage.Closure
	asked     []lineage.Query
	read      time.Time            // when all that can be read was read last; zero: all of it must be, from the beginning
	unseen    []string             // the last time
	fresh     []report.NewIdentity // made since
}

// Watch looks at the event history again and again, and tells each time what the
// intruder did since the account was contained. It ends when he was quiet for long
// enough, counted up to what AWS has delivered by then, or when he is back. It only
// reads. Stopped early it tells how it stood.
func (s *Session) Watch(ctx context.Context, o WatchOptions) (report.Watch, error) {
	w, err := s.watch(ctx, o)
	if err != nil {
		return report.Watch{}, err
	}
	var m report.Watch
	for round := 1; ; round++ {
		now, err := w.look(ctx, round)
		if err == nil {
			m = now
			if err = s.Out.Handle(m); err == nil && m.State == Watching {
				err = s.wait(ctx, w.o.Every)
			}
		}
		switch {
		case ctx.Err() != nil && m.Round > 0:
			m.State = Stopped
			return m, errors.Join(s.Out.Handle(m), ctx.Err())
		case err != nil || m.State != Watching:
			return m, err
		}
	}
}

func (s *Session) watch(ctx context.Context, o WatchOptions) (*watch, error) {
	if err := s.fits(); err != nil {
		return nil, err
	}
	w := &watch{Session: s, o: o}
	if w.o.Quiet <= 0 {
		w.o.Quiet = quietEnough
	}
	if w.o.Every <= 0 {
		w.o.Every = watchEvery
	}
	var err error
	if w.t, err = LoadTriage(s.Case); err != nil {
		return nil, err
	}
	if w.contained, err = s.containedAt(ctx); err != nil {
		return nil, err
	}
	marks, _, err := marksFor(s.Case, w.t.Snapshot)
	if err != nil {
		return nil, err
	}
	if w.seeds = seedsOf(w.t.Snapshot, marks, s.Case.Notice); len(w.seeds) == 0 {
		return nil, refuse("watch-nobody", nil)
	}
	return w, nil
}

// containedAt is when the last change of a contain plan was verified.
func (s *Session) containedAt(ctx context.Context) (at time.Time, err error) {
	past, err := journalled(ctx, s.Case, s.now())
	if err != nil {
		return at, err
	}
	contains := map[string]bool{}
	for _, r := range past {
		if r.Step != journal.Verified || r.Plan == "" {
			continue
		}
		is, known := contains[r.Plan]
		if !known {
			p, err := LoadPlan(s.Case, r.Plan)
			if err != nil {
				return at, err
			}
			is = p.Type == plan.Contain
			contains[r.Plan] = is
		}
		if is && r.At.After(at) {
			at = r.At
		}
	}
	if at.IsZero() {
		return at, refuse("watch-not-contained", nil)
	}
	return at, nil
}

// look reads the history once: everything at first, and then what was delivered
// since the last time that all of it could be read.
func (w *watch) look(ctx context.Context, round int) (report.Watch, error) {
	now := w.Account.Clock()
	regions, err := w.Account.Regions(ctx)
	if err != nil {
		return report.Watch{}, fmt.Errorf("cannot tell which regions the account has: %w", err)
	}
	h := &history{s: w.Session, bad: map[string]fact.Reading{}}
	for _, r := range regions {
		switch {
		case r.Chosen && r.Usable():
			h.regions = append(h.regions, r.Name)
		case r.Usable():
			h.bad[r.Name] = fact.Reading{Kind: checks.History, State: fact.Skipped}
		}
	}
	friends, err := w.friends(ctx, &w.t.Snapshot) // an apply may be under way
	if err != nil {
		return report.Watch{}, err
	}
	if w.read.IsZero() {
		w.grown, w.asked = lineage.New(w.seeds, w.t.Snapshot.Since), nil
		w.grown.Know(lineage.Known{Compute: true})
	} else {
		h.from = w.read.Add(-2 * trailLag) // what was late then
		if err := h.ask(ctx, w.grown, w.asked, round); err != nil {
			return report.Watch{}, err
		}
		h.from = time.Time{}
	}
	for { // what turned up for the first time is asked for from the beginning
		queries := friends.next(ctx, w.grown)
		if len(queries) == 0 {
			break
		}
		if err := h.ask(ctx, w.grown, queries, round); err != nil {
			return report.Watch{}, err
		}
		for _, q := range queries {
			if !slices.Contains(w.asked, q) { // one that must reach further comes again
				w.asked = append(w.asked, q)
			}
		}
	}
	if err := w.identities(ctx, h); err != nil {
		return report.Watch{}, err
	}
	w.settle(h, now)
	return measure(w.grown.Acts(), w.fresh, w.unseen, report.Watch{
		Round: round, At: now, Contained: w.contained, Lag: trailLag, Wanted: w.o.Quiet, Every: w.o.Every,
	}), nil
}

// settle notes what could be read this time. A region that failed, or that can be
// read again, is read from the beginning the next time; one that may not be read is
// not asked for ninety days every minute.
func (w *watch) settle(h *history, now time.Time) {
	var unseen []string
	w.read = now
	for region, r := range h.bad {
		unseen = append(unseen, region)
		if r.State == fact.Failed {
			w.read = time.Time{}
		}
	}
	for _, region := range w.unseen {
		if _, still := h.bad[region]; !still {
			w.read = time.Time{}
		}
	}
	slices.Sort(unseen)
	w.unseen = unseen
}

// doors are the calls after which somebody can come in who could not before, and
// where their records name who: in the answer, or in the request.
var doors = []struct{ call, answer, request string }{
	{"CreateUser", "", "userName"}, {"CreateRole", "", "roleName"}, {"CreateAccessKey", "accessKey.accessKeyId", "userName"},
	{"CreateLoginProfile", "", "userName"}, {"UpdateLoginProfile", "", "userName"}, {"UpdateAssumeRolePolicy", "", "roleName"},
	{"CreateServiceSpecificCredential", "", "userName"}, {"CreateSAMLProvider", "", "name"}, {"CreateOpenIDConnectProvider", "", "url"},
}

func whatMade(e event.Event, answer, request string) string {
	return strings.Join(append(event.Path(e.Request, request), event.Path(e.Response, answer)...), " ")
}

// identities looks up what lets somebody in and was made since, by whomever: an
// intruder whom nobody knows of shows by it.
func (w *watch) identities(ctx context.Context, h *history) error {
	home := w.Account.GlobalRegion() // where AWS records IAM's calls
	from := h.from
	h.from = w.contained
	defer func() { h.from = from }()
	var fresh []report.NewIdentity
	for _, m := range doors {
		events, err := h.lookUp(ctx, home, attribute(lineage.ByEventName), m.call, "made")
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			h.fail(home, err)
		}
		for _, e := range events {
			if !e.Failed() && e.Time.After(w.contained) && e.Principal.ARN != w.Account.Caller.ARN {
				fresh = append(fresh, report.NewIdentity{At: e.Time, Call: m.call, What: whatMade(e, m.answer, m.request), By: e.Principal.ARN, Theirs: w.theirs(e)})
			}
		}
	}
	slices.SortStableFunc(fresh, func(a, b report.NewIdentity) int { return a.At.Compare(b.At) })
	w.fresh = fresh
	return nil
}

func (w *watch) theirs(e event.Event) bool {
	return slices.ContainsFunc(w.grown.Acts(), func(a lineage.Act) bool { return a.Event.ID == e.ID && a.Confidence != lineage.Low })
}
