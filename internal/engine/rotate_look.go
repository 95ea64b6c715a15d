package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"golang.org/x/sync/errgroup"

	"cordon/internal/awsapi"
	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/plan"
	"cordon/internal/report"
	"cordon/internal/rotate"
)

// keyUse is one lane of a key's use: what calls, from where.
type keyUse = report.KeyUse

// How far the uses of a key are read back: what calls once a week is seen, and
// what calls a thousand times an hour does not take hours.
const (
	usesBack  = 7 * 24 * time.Hour
	usesPages = 10 // of 50, per region, newest first
)

// look1 reads where a rotation stands and decides what comes next.
func (s *Session) look1(ctx context.Context, r rotate.Rotation, held hold) (t turn, err error) {
	r.Exposed = held.exposed(r)
	t.seen.At = s.Account.Clock().Truncate(time.Second)
	t.seen.Keys, err = s.keysOf(ctx, r.User)
	if awsapi.Classify(err) == awsapi.NotFound {
		t.seen.Keys, err = nil, nil // the user is gone, and its keys with it
	}
	if err != nil {
		return t, err
	}
	if t.seen.Stored, err = s.storedKey(ctx, r, t.seen.Keys); err != nil {
		return t, err
	}
	switched, err := s.switchedOff(ctx)
	if err != nil {
		return t, err
	}
	t.Rotation = r.Note(t.seen, switched)
	t.seen.Calls = map[string]time.Time{}
	for _, off := range t.Off {
		events, _, unseen, err := s.callsOf(ctx, off.Key, off.At.Add(settling))
		if err != nil {
			return t, err
		}
		for _, e := range events {
			if e.Time.After(t.seen.Calls[off.Key]) {
				t.seen.Calls[off.Key] = e.Time
			}
		}
		t.unread(unseen)
	}
	t.next = t.Decide(t.seen)
	if t.next.Step == rotate.Make || t.next.Step == rotate.Switch {
		events, more, unseen, err := s.callsOf(ctx, t.Old, t.seen.At.Add(-usesBack))
		if err != nil {
			return t, err
		}
		t.uses, t.more = lanesOf(events), more
		t.unread(unseen)
	}
	return t, nil
}

// unread notes regions whose event history of one key could not be read: what was
// read of another key there does not make up for it.
func (t *turn) unread(regions []string) {
	t.seen.Unseen = append(t.seen.Unseen, regions...)
	slices.Sort(t.seen.Unseen)
	t.seen.Unseen = slices.Compact(t.seen.Unseen)
}

// settling is how long a key that was switched off may go on working: IAM's
// changes take effect late.
const settling = time.Minute

// storedKey is the user's key whose secret the rotation's sink has.
func (s *Session) storedKey(ctx context.Context, r rotate.Rotation, keys []rotate.Key) (string, error) {
	if r.Retire || r.Sink == "" {
		return "", nil
	}
	sink, err := openSink(ctx, s, plan.Action{Verb: "add-key", Sink: r.Sink})
	if err != nil {
		return "", err
	}
	for _, k := range keys {
		if k.ID == r.Old {
			continue
		}
		has, err := sink.Has(ctx, k.ID)
		if err != nil || has {
			return k.ID, err
		}
	}
	return "", nil
}

// callsOf reads what the event history has of a key since a time, in no order, in
// every region that can be asked. A region that does not answer is named.
func (s *Session) callsOf(ctx context.Context, key string, since time.Time) (all []event.Event, more bool, unseen []string, err error) {
	regions, err := s.Account.Regions(ctx)
	if err != nil {
		return nil, false, nil, err
	}
	var (
		g  errgroup.Group
		mu sync.Mutex
	)
	g.SetLimit(inFlight)
	for _, r := range regions {
		if !r.Usable() {
			continue
		}
		if !r.Chosen {
			mu.Lock()
			unseen = append(unseen, r.Name)
			mu.Unlock()
			continue
		}
		g.Go(func() error {
			events, cut, err := s.callsIn(ctx, r.Name, key, since)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				unseen = append(unseen, r.Name)
				return nil
			}
			all, more = append(all, events...), more || cut
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, false, nil, err
	}
	slices.Sort(unseen)
	return all, more, unseen, nil
}

func (s *Session) callsIn(ctx context.Context, region, key string, since time.Time) (events []event.Event, more bool, err error) {
	api := cloudtrail.NewFromConfig(s.read(fact.Place{Account: s.Account.Caller.Account, Region: region}, historyNeeds))
	pages := cloudtrail.NewLookupEventsPaginator(api, &cloudtrail.LookupEventsInput{
		LookupAttributes: []types.LookupAttribute{{AttributeKey: types.LookupAttributeKeyAccessKeyId, AttributeValue: &key}}, StartTime: &since,
	})
	for n := 0; pages.HasMorePages(); n++ {
		if n == usesPages {
			return events, true, nil
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, false, err
		}
		for _, r := range page.Events {
			e, err := event.Parse([]byte(aws.ToString(r.CloudTrailEvent)))
			if err != nil {
				return nil, false, err
			}
			if e.Time.Before(since) {
				continue
			}
			events = append(events, e)
		}
	}
	return events, false, nil
}

// lanesOf groups calls by where they come from.
func lanesOf(events []event.Event) []keyUse {
	at := map[[2]string]*keyUse{}
	for _, e := range events {
		lane := [2]string{e.Address, e.Agent}
		u := at[lane]
		if u == nil {
			u = &keyUse{Source: e.Address, Agent: e.Agent, Host: host(e.Address, e.Agent), Services: []string{}, Regions: []string{}}
			at[lane] = u
		}
		u.Calls++
		if e.Failed() {
			u.Refused++
		}
		if e.Time.After(u.Last) {
			u.Last = e.Time
		}
		u.Services, u.Regions = adding(u.Services, e.Service()), adding(u.Regions, e.Region)
	}
	var lanes []*keyUse // pointers: a sort of its own for each struct makes the program big
	for _, u := range at {
		slices.Sort(u.Services)
		slices.Sort(u.Regions)
		lanes = append(lanes, u)
	}
	slices.SortFunc(lanes, func(a, b *keyUse) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Source, b.Source), strings.Compare(a.Agent, b.Agent))
	})
	out := []keyUse{}
	for _, u := range lanes {
		out = append(out, *u)
	}
	return out
}

func adding(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// host says where a program runs, by what its SDK tells of itself: a word under
// "rotate.move.". It is a hint: a caller writes his user agent himself.
func host(source, agent string) string {
	for _, h := range [][2]string{
		{"AWS_ECS", "ecs"}, {"AWS_Lambda", "lambda"}, {"github-actions", "github"}, {"GitHub-Actions", "github"},
		{"configure-aws-credentials", "github"}, {"EC2", "ec2"}, {"Jenkins", "jenkins"}, {"aws-cli", "cli"},
	} {
		if strings.Contains(agent, h[0]) {
			return h[1]
		}
	}
	if strings.HasPrefix(source, "10.") || strings.HasPrefix(source, "172.31.") {
		return "ec2"
	}
	return ""
}

// message is what is told of a rotation.
func (t turn) message() report.Rotation {
	m := report.Rotation{
		ID: t.ID, User: t.User, Old: t.Old, New: t.New, Sink: t.Sink, Retire: t.Retire, GiveUp: t.GiveUp, Theirs: t.Theirs, Exposed: t.Exposed,
		Quiet: time.Duration(t.Quiet), Begun: t.Begun, Ended: t.Ended, Next: t.next, Keys: t.seen.Keys, Off: t.Off,
		Uses: t.uses, MoreUses: t.more, Unseen: append([]string{}, t.seen.Unseen...),
	}
	if m.Uses == nil {
		m.Uses = []keyUse{}
	}
	return m
}
