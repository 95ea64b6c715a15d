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

	"cordon/internal/evidence"
	"cordon/internal/trail"
)

// historySettles is after what time the event history is taken to have all calls: AWS
// promises none, and four times what it says is asked again each time.
const historySettles = 4 * trailLag

// A reach is a time of which all that AWS answers to one question is kept, from
// the first of its seconds to the last.
type reach struct {
	From time.Time     `json:"from"`
	To   time.Time     `json:"to"`
	Kept []evidence.ID `json:"kept,omitempty"`
}

// Reaches are how far the event history was asked, by question: hours of asking
// are not to be lost by an interruption, nor repeated by the next import.
type reaches struct {
	mu   sync.Mutex
	all  map[string][]reach // in the order of time, apart from each other
	save func(map[string][]reach) error
	// held says where the record has one of these events from the evidence.
	held func(ids []string) (map[string]evidence.ID, error)
}

// reaches are those of the case.
func (a *Archive) reaches() (*reaches, error) {
	r := &reaches{all: map[string][]reach{}, save: func(all map[string][]reach) error { return a.save(historyFile, all) }}
	s, err := a.events()
	if err != nil {
		return nil, err
	}
	r.held = func(ids []string) (map[string]evidence.ID, error) { return heldOf(s, ids) }
	return r, a.load(historyFile, &r.all)
}

func heldOf(s *trail.Store, ids []string) (map[string]evidence.ID, error) {
	rows, err := s.Rows(trail.Filter{IDs: ids})
	if err != nil {
		return nil, err
	}
	held := map[string]evidence.ID{}
	for _, row := range rows {
		name, err := s.SourceOf(row)
		if err != nil {
			return nil, err
		}
		e, err := s.Light(row)
		if err != nil {
			return nil, err
		}
		if id, kept := strings.CutPrefix(name, inEvidence); kept {
			held[e.ID] = evidence.ID(id)
		}
	}
	return held, nil
}

// of are the reaches of a question whose evidence is all there to be read.
func (r *reaches) of(question string, store *evidence.Store) []reach {
	there := map[evidence.ID]bool{}
	for _, e := range store.List() {
		there[e.ID] = there[e.ID] || !e.Encrypted && store.Has(e.ID)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.all[question]), func(k reach) bool {
		return slices.ContainsFunc(k.Kept, func(id evidence.ID) bool { return !there[id] })
	})
}

// put keeps what is reached of a question.
func (r *reaches) put(question string, all []reach) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[question] = all
	return r.save(r.all)
}

// united are reaches in the order of time, those that touch as one.
func united(all []reach) (out []reach) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b reach) int { return a.From.Compare(b.From) })
	for _, k := range all {
		n := len(out) - 1
		if n < 0 || k.From.After(out[n].To) {
			out = append(out, k)
			continue
		}
		if k.To.After(out[n].To) {
			out[n].To = k.To
		}
		out[n].Kept = slices.Compact(slices.Sorted(slices.Values(slices.Concat(out[n].Kept, k.Kept))))
	}
	return out
}

// A stretch is a time to ask for. Its ends are asked for too, and zero ends are
// open; floor is then how far down it goes.
type stretch struct{ from, to, floor time.Time }

// holes are what of a time is not reached, the newest first. What AWS tells no
// more is no hole.
func holes(from, to, now time.Time, known []reach) (all []stretch) {
	low, high := from, to
	if begins := now.Add(-historyReach); low.Before(begins) && (to.IsZero() || to.After(begins)) {
		low = begins
	}
	for _, k := range slices.Backward(known) {
		if k.To.Before(low) || !high.IsZero() && !k.From.Before(high) {
			continue
		}
		if high.IsZero() || k.To.Before(high) {
			all = append(all, stretch{k.To, high, k.To})
		}
		if high = k.From; !high.After(low) {
			return all
		}
	}
	return append(all, stretch{from, high, low})
}

// spool reads all pages of one question in one region and only keeps them, a
// part at a time: a region's changes of 90 days need not fit into memory. What an
// earlier run kept is not asked for again. told hears how many events are kept.
// Records that are no events are kept too: the import counts them as damage.
func (h *history) spool(ctx context.Context, region string, key types.LookupAttributeKey, value, name string, told func(events int) error) error {
	now := h.s.Account.Clock()
	s := spooling{
		history: h, now: now, told: told, name: questionName(region, name, value), region: region, key: key, value: value,
		question: fmt.Sprintf("%s %s %s %s", h.s.Account.Caller.Account, region, key, value),
	}
	if h.reaches != nil {
		s.known = h.reaches.of(s.question, h.store)
	}
	again := len(s.known) > 0
	for _, hole := range holes(h.from, h.to, now, s.known) {
		if err := s.fill(ctx, hole, again); err != nil {
			return err
		}
	}
	return nil
}

// A spooling is one question of one region on its way through its holes.
type spooling struct {
	*history
	now                    time.Time
	told                   func(int) error
	name, question, region string
	key                    types.LookupAttributeKey
	value                  string
	known                  []reach // those that are done
	read                   int
}

// fill reads a hole. The newest comes first: with each part that is kept the
// reach grows down to the second before which the part's oldest lies, as more of
// that second may follow. Where AWS keeps to no order nothing is reached before
// the end.
func (s *spooling) fill(ctx context.Context, hole stretch, again bool) error {
	now := reach{To: s.now.Add(-historySettles).Truncate(time.Second)}
	if !hole.to.IsZero() && hole.to.Before(now.To) {
		now.To = hole.to
	}
	var (
		part  []recorded
		last  time.Time
		falls = true
		at    int
		odd   *oddRecords
	)
	flush := func() error {
		kept, err := s.keepNew(ctx, part, again)
		if err != nil {
			return err
		}
		part, now.Kept = nil, append(now.Kept, kept...)
		if now.From = (time.Time{}); falls && !last.IsZero() {
			now.From = last.Truncate(time.Second).Add(time.Second)
		}
		return s.reached(now)
	}
	err := s.pages(ctx, s.region, s.key, s.value, hole.from, hole.to, func(page []recorded) error {
		for _, r := range page {
			falls = falls && !r.at.IsZero() && (last.IsZero() || !r.at.After(last))
			last = r.at
		}
		part, s.read = append(part, page...), s.read+len(page)
		if at++; at%flushed > 0 {
			return nil
		}
		return errors.Join(flush(), s.told(s.read))
	})
	if errors.As(err, &odd) {
		err = nil
	}
	if err = errors.Join(err, flush()); err != nil {
		return err
	}
	now.From = hole.floor
	if err := s.reached(now); err != nil {
		return err
	}
	s.known = s.with(now)
	return nil
}

// with are the known reaches with one more, if it is one.
func (s *spooling) with(now reach) []reach {
	if now.From.IsZero() || !now.From.Before(now.To) {
		return s.known
	}
	return united(append(slices.Clone(s.known), now))
}

func (s *spooling) reached(now reach) error {
	if s.reaches == nil {
		return nil
	}
	return s.reaches.put(s.question, s.with(now))
}

// keepNew keeps a part, where it is asked again without what the record has from
// earlier parts, and says in which pieces of evidence it all is.
func (s *spooling) keepNew(ctx context.Context, part []recorded, again bool) (kept []evidence.ID, err error) {
	var held map[string]evidence.ID
	if again && s.reaches != nil {
		ids := make([]string, 0, len(part))
		for _, r := range part {
			ids = append(ids, r.event.ID)
		}
		if held, err = s.reaches.held(ids); err != nil {
			return nil, err
		}
	}
	raw := raws(slices.DeleteFunc(slices.Clone(part), func(r recorded) bool {
		id, there := held[r.event.ID]
		if !there || !s.store.Has(id) {
			return false
		}
		if !slices.Contains(kept, id) {
			kept = append(kept, id)
		}
		return true
	}))
	id, err := s.keep(ctx, raw, s.name)
	if id != "" {
		kept = append(kept, id)
	}
	return kept, err
}
