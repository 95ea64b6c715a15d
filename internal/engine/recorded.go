package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"golang.org/x/sync/errgroup"

	"cordon/internal/awsapi"
	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/journal"
	"cordon/internal/lineage"
	"cordon/internal/report"
)

// recorded looks calls up in the event history by their names, the newest first,
// and keeps the answers as evidence. A region that did not answer all of them
// is in unseen with what AWS said.
func (s *Session) recorded(ctx context.Context, regions, names []string) (all []event.Event, unseen []report.Unread, err error) {
	store, err := s.evidence(false)
	if err != nil {
		return nil, nil, err
	}
	h := &history{s: s, store: store, bad: map[string]fact.Reading{}}
	var (
		g  errgroup.Group
		mu sync.Mutex
	)
	g.SetLimit(inFlight)
	for _, region := range regions {
		for _, name := range names {
			g.Go(func() error {
				if h.hopelessNow(region) {
					return nil
				}
				events, err := h.lookUp(ctx, region, types.LookupAttributeKeyEventName, name, string(lineage.ByEventName))
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if err != nil {
					h.fail(region, err)
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, events...)
				return nil
			})
		}
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(all, func(a, b event.Event) int { return cmp.Or(b.Time.Compare(a.Time), strings.Compare(a.ID, b.ID)) })
	all = slices.CompactFunc(all, func(a, b event.Event) bool { return a.ID == b.ID })
	for _, region := range regions {
		if r, bad := h.bad[region]; bad {
			unseen = append(unseen, report.Unread{What: "event-history", Where: region, Why: r.Why, Permission: r.Permission})
		}
	}
	return all, unseen, nil
}

func (h *history) hopelessNow(region string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hopeless(region)
}

// usable are the regions whose history can be asked.
func (s *Session) usable(ctx context.Context) (names []string, err error) {
	regions, err := s.Account.Regions(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range regions {
		if r.Usable() {
			names = append(names, r.Name)
		}
	}
	return names, nil
}

// A laneBook says whose calls are, by what the last triage held to be the
// intruder's.
type laneBook struct {
	triaged     bool
	since       time.Time
	credentials map[string]bool // → whether it is sure
	principals  map[string]bool // by ARN
	mark        string
	ours        []accounted // by the journal
}

// lanesNow reads the last triage of the case.
func (s *Session) lanesNow(ctx context.Context) (laneBook, error) {
	b := laneBook{credentials: map[string]bool{}, principals: map[string]bool{}, mark: appMark(s.Case.ID)}
	var err error
	if b.ours, err = accounts(ctx, s.Case); err != nil && !errors.Is(err, journal.ErrBroken) { // what was altered accounts for nothing
		return b, err
	}
	t, there, err := triaged(s.Case)
	if err != nil || !there {
		return b, err
	}
	b.triaged, b.since = true, t.Snapshot.Since
	for _, r := range t.Snapshot.Resources {
		for _, d := range fact.Sessions.Or(r, nil) {
			b.credentials[d.Credential] = d.Sure
		}
		d, suspect := fact.Suspect.Get(r)
		made, his := fact.Made.Get(r)
		sure := suspect && d.Sure || his && made.Sure
		switch {
		case !suspect && !his:
		case r.Kind == "iam.access-key":
			b.credentials[r.ID] = sure
		case r.Kind == "iam.user", r.Kind == "iam.role":
			b.principals[r.ARN] = sure
		}
	}
	return b, nil
}

// appMark is what our own calls of a case have in their user agent.
func appMark(id string) string { return "app/cordon-" + strings.ToLower(id) }

// of says whose a call is. Ours is only what the journal accounts for, whoever
// else has the responder's credentials and our mark; an intruder's, what a triage
// held to be his and surely so; the owner's, what nothing speaks against after a
// triage.
func (b laneBook) of(e event.Event) string {
	arn := e.Principal.ARN
	if e.Principal.Issuer.ARN != "" {
		arn = e.Principal.Issuer.ARN
	}
	byKey, key := b.credentials[e.Credential]
	byWho, who := b.principals[arn]
	before := !b.since.IsZero() && e.Time.Before(b.since)
	marked := strings.Contains(strings.ToLower(e.Agent), b.mark)
	switch {
	case lineage.ByAWS(e):
		return lineage.ByAmazon
	case marked && slices.ContainsFunc(b.ours, func(a accounted) bool { return a.could(e) && a.about(e) }):
		return lineage.ByResponder
	case (key && byKey || who && byWho) && !before:
		return lineage.ByIntruder
	case key, who:
		return lineage.ByUnknown
	case marked: // anybody can write our mark
		return lineage.ByUnknown
	case b.triaged:
		return lineage.ByOwner
	}
	return lineage.ByUnknown
}

func (b laneBook) caller(e event.Event) report.Caller {
	return report.Caller{ARN: e.Principal.ARN, Credential: e.Credential, Address: e.Address, Lane: b.of(e), EventID: e.ID}
}

// unread words what could not be read.
func unreadOf(what, where string, err error) report.Unread {
	return report.Unread{What: what, Where: where, Why: awsapi.Why(err), Permission: awsapi.Permission(err)}
}
