package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"cordon/internal/event"
	"cordon/internal/fact"
	"cordon/internal/lineage"
	"cordon/internal/report"
)

// longEnough is how much of the record before a call must be there for its
// silence about a name to say that nothing had it: a job may run once a month.
const longEnough = 31 * 24 * time.Hour

// unnoticed are the kinds that are used without anybody naming them in the record:
// that it does not know one says nothing, and the owner's is dear to him.
var unnoticed = map[fact.Kind]bool{
	"ses.identity": true, "sso.assignment": true, "bedrock.model-access": true, "codebuild.source-credential": true,
}

// deletionTakes is after how long what is deleted and still listed is another.
const deletionTakes = 2 * time.Hour

// lives are what the record tells of the things whose date does not say
// which of several of one name they are.
type lives struct {
	at     time.Time                // of the listing
	begins time.Time                // of the live history
	events map[string][]event.Event // by region, in the order of time
	acts   map[string]bool          // ids of the suspects' calls
	his    map[string]bool          // and of those that are surely the intruder's
	blind  map[string]bool          // regions whose record could not be read
	global string                   // the region that records the calls about what is in none
	ours   string                   // what the agent of this case's own calls holds
	named  map[fact.Ref][]event.Event
}

// livesOf begins with what is known: the intruder's own calls. global is the
// region that records the calls about what is in none, id the case's.
func livesOf(at time.Time, grown *lineage.Closure, global, id string) *lives {
	l := &lives{
		at: at, begins: at.Add(-historyReach), events: map[string][]event.Event{}, acts: map[string]bool{}, his: map[string]bool{}, blind: map[string]bool{},
		global: global, ours: "cordon-" + id, named: map[fact.Ref][]event.Event{},
	}
	for _, a := range grown.Acts() {
		l.acts[a.Event.ID], l.his[a.Event.ID] = true, a.Confidence != lineage.Low
		l.events[a.Event.Region] = append(l.events[a.Event.Region], a.Event)
	}
	for region := range l.events {
		l.add(region)
	}
	return l
}

func (l *lives) add(region string, events ...event.Event) {
	l.events[region] = once(append(l.events[region], events...))
}

// lives asks the history what was done under the names of what the intruder
// created and no date tells: by everybody, and as far back as it goes.
func (h *history) lives(ctx context.Context, s *fact.Snapshot, grown *lineage.Closure, named func(fact.Kind) bool) (*lives, error) {
	l := livesOf(s.At, grown, h.s.Account.GlobalRegion(), h.s.Case.ID)
	asked := map[string]map[lineage.Query]bool{}
	for _, d := range grown.Deeds() {
		if d.Change != lineage.Created || d.Again == "" && !named(d.Ref.Kind) {
			continue
		}
		if d.Again != "" && d.Confidence == lineage.Low {
			continue // no answer would make it his
		}
		r, listed := s.Find(d.Ref)
		if !listed || !dateless(r, d.At) {
			continue
		}
		for _, region := range l.regions(r) {
			for _, q := range questions(r, d.Again != "") {
				ask(asked, region, q)
			}
		}
	}
	return l, l.read(ctx, h, asked)
}

func ask(asked map[string]map[lineage.Query]bool, region string, q lineage.Query) {
	if asked[region] == nil {
		asked[region] = map[lineage.Query]bool{}
	}
	asked[region][q] = true
}

// questions are the look-ups that tell of a thing's life: who made and who
// deleted what has its name; and all that names it, where it may be older.
func questions(r fact.Resource, older bool) (all []lineage.Query) {
	calls := lineage.Naming(r.Kind, lineage.Created, lineage.Deleted)
	if older {
		calls = lineage.Naming(r.Kind)
		for _, name := range namesOf(r) {
			all = append(all, lineage.Query{By: lineage.ByRole, Value: name})
		}
	}
	for _, call := range calls {
		all = append(all, lineage.Query{By: lineage.ByEventName, Value: call})
	}
	return all
}

// namesOf are what records call a resource.
func namesOf(r fact.Resource) (all []string) {
	for _, name := range []string{r.ID, r.ARN, fact.Name.Or(r, "")} {
		if name != "" && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// regions are where a resource's calls are recorded: those about a bucket also
// where S3 has its first endpoint.
func (l *lives) regions(r fact.Resource) []string {
	switch {
	case r.Region == fact.Global:
		return []string{l.global}
	case r.Kind == "s3.bucket" && r.Region != l.global:
		return []string{r.Region, l.global}
	}
	return []string{r.Region}
}

func (l *lives) unread(r fact.Resource) bool {
	return slices.ContainsFunc(l.regions(r), func(region string) bool { return l.blind[region] })
}

// read asks the live history and the case's record of events.
func (l *lives) read(ctx context.Context, h *history, asked map[string]map[lineage.Query]bool) error {
	var (
		g    errgroup.Group
		mu   sync.Mutex
		done int
		live = map[string][]event.Event{}
	)
	g.SetLimit(inFlight)
	total := 0
	open := map[string]bool{}
	for region, queries := range asked {
		if open[region] = slices.Contains(h.regions, region) && !h.hopeless(region); open[region] {
			total += len(queries)
		} else {
			l.blind[region] = true
		}
	}
	for region, queries := range asked {
		if !open[region] {
			continue
		}
		for q := range queries {
			g.Go(func() error {
				events, err := h.lookUp(ctx, region, attribute(q.By), q.Value, "name")
				if err != nil && ctx.Err() == nil {
					h.fail(region, err)
				}
				mu.Lock()
				defer mu.Unlock()
				l.blind[region] = l.blind[region] || err != nil
				live[region] = append(live[region], events...)
				done++
				return h.s.Out.Handle(report.Progress{Step: "history", Done: done, Total: total, What: "names", Region: region})
			})
		}
	}
	if err := errors.Join(g.Wait(), ctx.Err()); err != nil {
		return err
	}
	for region, events := range live {
		l.add(region, events...)
	}
	for _, region := range slices.Sorted(maps.Keys(asked)) {
		f := filterOf(lineage.Query{})
		f.Calls, f.Regions = nil, []string{region}
		for q := range asked[region] {
			if q.By == lineage.ByEventName {
				f.Calls = append(f.Calls, "*:"+q.Value)
			}
		}
		events, _, err := h.past.answer(ctx, f)
		if err != nil {
			return err
		}
		l.add(region, events...)
	}
	return nil
}

// claim gives the intruder what he made by calls that also succeed on what is
// there already, as far as it is new. What hangs on a thing that turns out to be
// his does not speak against another.
func (l *lives) claim(s *fact.Snapshot, unclear []lineage.Deed, target func(lineage.Deed) *fact.Resource) {
	for found := true; found; {
		found = false
		unclear = slices.DeleteFunc(unclear, func(d lineage.Deed) bool {
			r := target(d)
			if d.Confidence == lineage.Low || l.age(s, *r, d) != isNew {
				return false
			}
			found = true
			what := d.Deed
			what.Sure = true
			fact.Made.Set(r, what)
			return true
		})
	}
	for _, d := range unclear {
		r := target(d)
		what := d.Deed
		what.Sure = d.Confidence != lineage.Low
		_, his := fact.Made.Get(*r)
		switch {
		case his:
		case l.age(s, *r, d) == isOld:
			if d.Again == lineage.Overwrites {
				fact.Changed.Set(r, append(fact.Changed.Or(*r, nil), what))
			}
		default:
			what.Found, what.Sure = what.Sure, false
			fact.Made.Set(r, what)
		}
	}
}

// A novelty says whether a thing was there before a call.
type novelty int

const (
	unclearAge novelty = iota
	isNew
	isOld
)

func (l *lives) age(s *fact.Snapshot, r fact.Resource, d lineage.Deed) novelty {
	seen, gone, alien := l.before(r, d)
	switch {
	case d.Stood, seen, !gone && l.held(s, r, d):
		return isOld
	case gone:
		return isNew
	case insideHis(s, r):
		return isNew // what it is a part of is his
	case alien, unnoticed[r.Kind], l.unread(r), d.At.Sub(l.begins) < longEnough:
		return unclearAge
	}
	return isNew
}

// before says whether the record knows of the thing before a call, or that
// what had its name was deleted; alien, that there is something about it that none
// of the intruder's calls put there.
func (l *lives) before(r fact.Resource, d lineage.Deed) (seen, gone, alien bool) {
	var his []event.Event
	for _, e := range l.about(r) {
		if l.his[e.ID] {
			his = append(his, e)
		}
		switch {
		case e.ID == d.EventID:
		case !e.Time.Before(d.At):
			// A later call of the owner's that makes it anew takes it over; what this
			// case puts back does not.
			alien = alien || !l.his[e.ID] && !strings.Contains(e.Agent, l.ours) && did(e, r.Ref, lineage.Created)
		case did(e, r.Ref, lineage.Deleted):
			seen, gone = false, true
		case l.his[e.ID] && !did(e, r.Ref, lineage.Changed) && !did(e, r.Ref, lineage.Shared):
			// He may have named it for something else, or made it; who reads of it may
			// have found it there.
			alien = alien || e.ReadOnly
		default:
			seen, gone = true, false
		}
	}
	return seen, gone, alien || !wholly(r, his)
}

// replaced says that what a call made is not what stands: somebody else made it
// anew, or it was deleted since.
func (l *lives) replaced(r fact.Resource, d lineage.Deed) bool {
	return slices.ContainsFunc(l.about(r), func(e event.Event) bool {
		return e.Time.After(d.At) && slices.ContainsFunc(lineage.Made(e), func(o lineage.Deed) bool {
			return o.Ref == r.Ref && (o.Change == lineage.Deleted && l.at.Sub(e.Time) > deletionTakes ||
				o.Change == lineage.Created && o.Again == "" && !l.acts[e.ID])
		})
	})
}

// another says that a call was about one of the same name, before this one.
func (l *lives) another(r fact.Resource, d lineage.Deed) bool {
	if r.Created.IsZero() {
		return l.replaced(r, d)
	}
	return !moves(r) && d.At.Before(r.Created.Add(-sameAct))
}

func did(e event.Event, ref fact.Ref, change lineage.Change) bool {
	return slices.ContainsFunc(lineage.Made(e), func(d lineage.Deed) bool { return d.Ref == ref && d.Change == change })
}

// about are the calls that name a resource: by its ARN, or by its name where
// the service is its own. What failed names what need not be there.
func (l *lives) about(r fact.Resource) []event.Event {
	if all, known := l.named[r.Ref]; known {
		return all
	}
	sources, called := lineage.Sources(r.Kind), namesOf(r)
	all := []event.Event{}
	var recorded []event.Event
	for _, region := range l.regions(r) {
		recorded = append(recorded, l.events[region]...)
	}
	for _, e := range once(recorded) {
		own := slices.Contains(sources, e.Service())
		says := func(name string) bool {
			return (own || strings.HasPrefix(name, "arn:")) && (says(e.Request, name) || says(e.Response, name))
		}
		of := func(d lineage.Deed) bool { return d.Ref == r.Ref }
		if !e.Failed() && (slices.ContainsFunc(called, says) || own && slices.ContainsFunc(lineage.Made(e), of)) {
			all = append(all, e)
		}
	}
	l.named[r.Ref] = all
	return all
}

// says whether a text has a name that ends where a name ends.
func says(text []byte, name string) bool {
	part := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i] == '-' || text[i] == '_' || text[i] == '.' || text[i] >= '0' && text[i] <= '9' ||
			text[i] >= 'a' && text[i] <= 'z' || text[i] >= 'A' && text[i] <= 'Z')
	}
	for from := 0; ; {
		at := bytes.Index(text[from:], []byte(name))
		if at < 0 {
			return false
		}
		if from += at; !part(from-1) && !part(from+len(name)) {
			return true
		}
		from++
	}
}

// wholly says whether the tags and the targets of a thing are what the
// intruder's calls gave it.
func wholly(r fact.Resource, his []event.Event) bool {
	for key, value := range fact.Tags.Or(r, nil) {
		given := func(e event.Event) bool { return says(e.Request, value) }
		if !strings.HasPrefix(key, "aws:") && value != "" && !slices.ContainsFunc(his, given) {
			return false
		}
	}
	if r.Kind != "events.rule" {
		return true
	}
	put := map[string]bool{}
	for _, e := range his {
		switch e.Name {
		case "PutTargets":
			for _, id := range event.Path(e.Request, "targets[].id") {
				put[id] = true
			}
		case "RemoveTargets":
			return false // they may have been the owner's
		}
	}
	var list struct{ All []struct{ ID string } }
	if text := fact.Aspects.Or(r, nil)["targets"]; text != "" && json.Unmarshal([]byte(text), &list) != nil {
		return false
	}
	for _, t := range list.All {
		if !put[t.ID] {
			return false
		}
	}
	return fact.Count.Or(r, 0) <= len(put)
}

// held says that something older, or without a date, that is not the
// intruder's belongs to a thing or refers to it.
func (l *lives) held(s *fact.Snapshot, r fact.Resource, d lineage.Deed) bool {
	for _, x := range s.Resources {
		made, his := fact.Made.Get(x)
		switch {
		case x.Ref == r.Ref, his && made.Sure, x.Created.After(d.At.Add(-sameAct)):
		case slices.ContainsFunc(fact.Changed.Or(x, nil), func(c fact.Deed) bool { return c.Sure }):
		case x.Kind == "sns.subscription" && (x.ARN == "" || l.subscribed(x, r)): // one that waits does so for two days at most
		case refers(x, r):
			return true
		}
	}
	return false
}

// subscribed says whether a subscription to a topic can only be one that the
// intruder asked for: no record tells who confirmed it by following a link.
func (l *lives) subscribed(x, topic fact.Resource) bool {
	protocol, _, _ := strings.Cut(fact.Detail.Or(x, ""), " ")
	his, others := false, false
	for _, e := range l.about(topic) {
		if e.Name == "Subscribe" && slices.Equal(event.Path(e.Request, "protocol"), []string{protocol}) {
			his, others = his || l.his[e.ID], others || !l.his[e.ID]
		}
	}
	return fact.AttachedTo.Or(x, "") == topic.ARN && his && !others
}

// refers says whether a thing is a part of another or names it.
func refers(x, r fact.Resource) bool {
	if slices.Contains(fact.PartOf.Or(x, nil), r.Ref) || x.Place == r.Place && service(x.Kind) == service(r.Kind) && strings.HasPrefix(x.ID, r.ID+"/") {
		return true
	}
	for _, value := range x.Facts {
		if r.ARN != "" && says(value, r.ARN) {
			return true
		}
	}
	return false
}

func service(k fact.Kind) string {
	name, _, _ := strings.Cut(string(k), ".")
	return name
}

// insideHis says that a thing's id holds that of one that the intruder surely made:
// it cannot be older.
func insideHis(s *fact.Snapshot, r fact.Resource) bool {
	return slices.ContainsFunc(s.Resources, func(x fact.Resource) bool {
		made, his := fact.Made.Get(x)
		return his && made.Sure && x.Ref != r.Ref && len(x.ID) >= 8 &&
			(says([]byte(r.ID), x.ID) || x.ARN != "" && says([]byte(r.ID), x.ARN))
	})
}
