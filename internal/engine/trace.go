package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"golang.org/x/sync/errgroup"

	"cordon/internal/awsapi"
	"cordon/internal/checks"
	"cordon/internal/event"
	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/lineage"
	"cordon/internal/playbook"
	"cordon/internal/report"
)

// beforeNotice is how long before AWS's quarantine the incident is taken to
// have begun when nobody says: AWS attaches it minutes to hours after a key
// shows up in public.
const beforeNotice = 24 * time.Hour

// historyReach is how far back LookupEvents tells ("Viewing event history").
const historyReach = 90 * 24 * time.Hour

// trailLag is how long a call may take to show in the event history: about 5
// minutes on average, up to 15 (CloudTrail User Guide, "How CloudTrail works").
const trailLag = 15 * time.Minute

// trace follows the suspect credentials through the event history of every
// region until nothing new turns up, and writes what it finds into the
// snapshot's facts. What the case's record of events has is asked too. A region
// whose history cannot be read is a gap.
func (s *Session) trace(ctx context.Context, t *Triage, regions []awsapi.Region, store *evidence.Store) error {
	marks, _, err := marksFor(s.Case, t.Snapshot)
	if err != nil {
		return err
	}
	h := &history{s: s, store: store, bad: map[string]fact.Reading{}}
	for _, r := range regions {
		at := fact.Place{Account: t.Snapshot.Account, Region: r.Name}
		if reading, shut := unread(checks.History, at, r); shut {
			h.bad[r.Name] = reading
			continue
		}
		h.regions = append(h.regions, r.Name)
	}
	seeds := seedsOf(t.Snapshot, marks, s.Case.Notice)
	if len(seeds) == 0 {
		return nil // nothing was asked: the checks that need it say unknown
	}
	h.past = s.openPast(within(t.Header, s.Account.GlobalRegion()))
	defer h.past.close()
	if err := s.window(ctx, t, h); err != nil {
		return err
	}
	t.Header.Since, t.Header.SinceFrom = t.Snapshot.Since, t.Summary.SinceFrom
	grown := lineage.New(seeds, t.Snapshot.Since)
	grown.Know(lineage.Known{Compute: true})
	friends, err := s.friends(ctx, &t.Snapshot)
	if err != nil {
		return err
	}
	for round := 1; ; round++ {
		queries := friends.next(ctx, grown)
		if len(queries) == 0 {
			break
		}
		if err := h.ask(ctx, grown, queries, round); err != nil {
			return err
		}
	}
	lives, err := h.lives(ctx, &t.Snapshot, grown, s.named)
	if err != nil {
		return err
	}
	t.receipts(h, regions)
	t.unfollowed(grown)
	t.untraced(grown.Untraced())
	annotate(&t.Snapshot, grown, s.named, lives)
	t.doubt(grown, s.named)
	t.Ways = grown.Graph(t.Snapshot.At, live(t.Snapshot))
	acts := grown.Acts()
	markReads(&t.Snapshot, acts)
	markGrants(&t.Snapshot, acts)
	t.lag(acts)
	for _, a := range acts {
		if a.Confidence == lineage.Low {
			continue // as likely the owner's own program with the leaked key
		}
		when := a.Event.Time
		if t.Summary.FirstSeen == nil {
			t.Summary.FirstSeen = &when
		}
		t.Summary.LastSeen = &when
	}
	t.Summary.Suspects = len(grown.Suspects())
	return nil
}

// receipts puts into the snapshot how well the history could be read: a
// reading for every region, one for regions that nobody named, and one for the
// time before the history begins.
func (t *Triage) receipts(h *history, regions []awsapi.Region) {
	put := func(r fact.Reading) {
		t.Snapshot.Expected[checks.History] = append(t.Snapshot.Expected[checks.History], r.Place)
		t.Snapshot.Readings = append(t.Snapshot.Readings, r)
	}
	for _, gap := range h.past.gaps(t.Snapshot.Since) {
		put(gap)
	}
	for _, r := range regions {
		reading, bad := h.bad[r.Name]
		if !bad {
			reading = fact.Reading{Kind: checks.History, Place: fact.Place{Account: t.Snapshot.Account, Region: r.Name}, State: fact.Read}
		}
		put(reading)
	}
	if gap, blind := unlisted(checks.History, t.Snapshot.Account, regions); blind {
		put(gap)
	}
	if begins := t.Snapshot.At.Add(-historyReach); t.Snapshot.Since.Before(begins) {
		why := "when the incident began is not known, and the event history begins at "
		if !t.Snapshot.Since.IsZero() {
			why = "the incident began before the event history does, at "
		}
		put(fact.Reading{
			Kind: checks.History, Place: fact.Place{Account: t.Snapshot.Account, Region: fact.Global},
			State: fact.Failed, Why: why + begins.Format(time.RFC3339) + h.past.reach(begins),
		})
	}
}

// within are the regions that a triage was narrowed to, with the one where
// AWS records the calls of global services; nil: it was not narrowed.
func within(h report.Case, global string) []string {
	if !h.Narrowed {
		return nil
	}
	return append(slices.Clone(h.Regions), global)
}

// lag says what the history cannot have yet. While a suspect was active within
// that time his next calls may be under way, and no check over the history can
// end as clear.
func (t *Triage) lag(acts []lineage.Act) {
	t.Summary.TrailLag = int(trailLag / time.Minute)
	if len(acts) == 0 { // they are in the order of time
		return
	}
	last := acts[len(acts)-1].Event.Time
	if t.Snapshot.At.Sub(last) >= trailLag {
		return
	}
	at := fact.Place{Account: t.Snapshot.Account, Region: fact.Global}
	t.Snapshot.Expected[checks.History] = append(t.Snapshot.Expected[checks.History], at)
	t.Snapshot.Readings = append(t.Snapshot.Readings, fact.Reading{
		Kind: checks.History, Place: at, State: fact.Failed,
		Why: fmt.Sprintf("a suspect was active at %s, and calls of the last %d minutes may not be in the event history yet",
			last.UTC().Format(time.RFC3339), t.Summary.TrailLag),
	})
}

// seedsOf names what is held to be the intruder's before the trail is read:
// keys of users that AWS quarantined, the key and the user that AWS's notice
// names, and what the owner marked as not his.
func seedsOf(snap fact.Snapshot, marks map[fact.Ref]playbook.Mark, notice *incident.Notice) (seeds []lineage.Suspect) {
	marked, keys := map[string]bool{}, notice.AllKeys()
	for u := range snap.Of("iam.user") {
		marked[u.ID] = checks.Quarantined(u) != ""
	}
	for _, user := range notice.AllUsers() {
		marked[user] = true
	}
	for _, key := range keys {
		there := func(r fact.Resource) bool { return r.Kind == "iam.access-key" && r.ID == key }
		if !slices.ContainsFunc(snap.Resources, there) { // deleted, or not to be listed
			seeds = append(seeds, lineage.Suspect{Credential: key, Reason: lineage.Seed})
		}
	}
	for k := range snap.Of("iam.access-key") {
		owner := fact.Owner.Or(k, "")
		switch {
		case marks[k.Ref] == playbook.Mine:
		case marks[k.Ref] == playbook.NotMine:
			seeds = append(seeds, lineage.Suspect{Credential: k.ID, Reason: lineage.Marked})
		case marked[owner] || slices.Contains(keys, k.ID):
			seeds = append(seeds, lineage.Suspect{Credential: k.ID, Reason: lineage.Seed})
		}
	}
	for _, kind := range []fact.Kind{"iam.user", "iam.role", "iam.root"} {
		for r := range snap.Of(kind) {
			if marks[r.Ref] == playbook.NotMine {
				seeds = append(seeds, lineage.Suspect{Principal: r.Ref, UniqueID: r.UniqueID, ARN: r.ARN, Reason: lineage.Marked})
			}
		}
	}
	return seeds
}

// window sets when the incident began, if nobody said: a day before AWS's own
// quarantine. Without either the whole history counts, and nothing that the
// owner's use of a leaked key may explain is held to be sure.
func (s *Session) window(ctx context.Context, t *Triage, h *history) error {
	t.Summary.SinceFrom = t.Header.SinceFrom
	if !t.Snapshot.Since.IsZero() {
		return nil
	}
	t.Summary.SinceFrom = "none"
	var events []event.Event
	if len(h.regions) > 0 {
		home := s.Account.GlobalRegion() // where AWS records IAM's calls
		if !slices.Contains(h.regions, home) {
			home = h.regions[0]
		}
		var err error
		events, err = h.lookUp(ctx, home, types.LookupAttributeKeyEventName, quarantining, "quarantine")
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			h.fail(home, err)
			events = nil
		}
	}
	began := quarantined(events, nil)
	if began.IsZero() { // an earlier incident is another: only what still stands counts
		older, _, err := h.past.answer(ctx, filterOf(lineage.Query{By: lineage.ByEventName, Value: quarantining}))
		if err != nil {
			return err
		}
		began = quarantined(older, func(user string) bool {
			for u := range t.Snapshot.Of("iam.user") {
				if u.ID == user && checks.Quarantined(u) != "" {
					return true
				}
			}
			return false
		})
	}
	if !began.IsZero() {
		t.Snapshot.Since, t.Summary.SinceFrom = began.Add(-beforeNotice), "quarantine"
	}
	return nil
}

// quarantining is AWS's own call when a key has shown up in public.
const quarantining = "AttachUserPolicy"

// quarantined is when AWS first quarantined a user; of users that count alone,
// and of each of them the last time, where counts is not nil.
func quarantined(events []event.Event, counts func(user string) bool) (at time.Time) {
	last := map[string]time.Time{}
	for _, e := range events {
		arn := strings.Join(event.Path(e.Request, "policyArn"), "")
		if !strings.Contains(arn, ":iam::aws:policy/AWSCompromisedKeyQuarantine") || e.Failed() {
			continue
		}
		user := strings.Join(event.Path(e.Request, "userName"), "")
		switch was, known := last[user]; {
		case counts == nil:
			if !known || e.Time.Before(was) {
				last[user] = e.Time
			}
		case counts(user) && (!known || e.Time.After(was)):
			last[user] = e.Time
		}
	}
	for _, t := range last {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	return at
}

// history asks LookupEvents and keeps every answer as evidence.
type history struct {
	s       *Session
	store   *evidence.Store // nil: answers are not kept
	past    *past           // nil: nothing was imported, or it is not asked
	regions []string
	from    time.Time // zero: as far back as it goes
	to      time.Time
	reaches *reaches // nil: what is spooled is not remembered

	mu  sync.Mutex
	bad map[string]fact.Reading
}

func (h *history) fail(region string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := fact.Place{Account: h.s.Account.Caller.Account, Region: region}
	h.bad[region] = failed(fact.Reading{Kind: checks.History, Place: at}, err)
}

// ask makes one round of look-ups: every query in every region that answers and
// that it must reach.
func (h *history) ask(ctx context.Context, grown *lineage.Closure, queries []lineage.Query, round int) error {
	var (
		g    errgroup.Group
		mu   sync.Mutex
		done int
	)
	g.SetLimit(inFlight)
	regions := slices.DeleteFunc(slices.Clone(h.regions), h.hopeless)
	for _, q := range queries {
		grown.Add(q, nil) // asked, wherever it can be
	}
	where, total := make([][]string, len(queries)), 0
	for i, q := range queries {
		where[i] = h.within(regions, grown.Reach(q))
		total += len(where[i])
	}
	for i, q := range queries {
		from := grown.Reach(q).From
		if h.from.After(from) {
			from = h.from
		}
		for _, region := range where[i] {
			g.Go(func() error {
				events, err := h.lookUpFrom(ctx, from, region, attribute(q.By), q.Value, string(q.By))
				if err != nil && ctx.Err() == nil {
					h.fail(region, err)
				}
				mu.Lock()
				defer mu.Unlock()
				grown.Add(q, events)
				done++
				return h.s.Out.Handle(report.Progress{Step: "history", Done: done, Total: total, What: fmt.Sprint(round), Region: region})
			})
		}
	}
	if err := errors.Join(g.Wait(), ctx.Err()); err != nil {
		return err
	}
	for _, q := range queries { // after the live history, whose records are whole
		events, _, err := h.past.answer(ctx, filterOf(q))
		if err != nil {
			return err
		}
		grown.Add(q, events)
	}
	return nil
}

// within are the regions that a look-up must reach, with the one where AWS records
// what is global.
func (h *history) within(regions []string, reach lineage.Reach) []string {
	if len(reach.Regions) == 0 && !reach.Home {
		return regions
	}
	home := h.s.Account.GlobalRegion()
	return slices.DeleteFunc(slices.Clone(regions), func(r string) bool { return r != home && !slices.Contains(reach.Regions, r) })
}

// hopeless says that a region's history will not be told, whatever is asked.
func (h *history) hopeless(region string) bool {
	r, bad := h.bad[region]
	return bad && (r.State == fact.Denied || h.s.Account.Silent(region))
}

func attribute(by lineage.By) types.LookupAttributeKey {
	switch by {
	case lineage.ByAccessKey:
		return types.LookupAttributeKeyAccessKeyId
	case lineage.ByUser:
		return types.LookupAttributeKeyUsername
	case lineage.ByRole:
		return types.LookupAttributeKeyResourceName
	default:
		return types.LookupAttributeKeyEventName
	}
}
