package gate

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"cordon/internal/fact"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// sweeps is how often the verified changes are looked at again at the end.
const sweeps = 5

// sweep reads every verified change once more after the last one was cut: an
// intruder whose last credential was still alive may have taken an earlier
// change back, or got himself a session that an earlier revocation does not
// reach. It ends when one pass finds nothing.
func (r *run) sweep(ctx context.Context) {
	gone := r.removed()
	for range sweeps {
		var (
			wg    sync.WaitGroup
			again atomic.Bool
			slots = make(chan struct{}, r.workers())
		)
		for _, act := range r.plan.Actions {
			j := r.jobs[act.ID]
			if !j.ok || act.Undoes != nil || act.Class == plan.Person || gone[act.Target.Ref] && act.Class != plan.Permanent {
				continue
			}
			wg.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				if !r.stopping(ctx) && r.look(ctx, j) {
					again.Store(true)
				}
			})
		}
		wg.Wait()
		if !again.Load() {
			return
		}
	}
}

// removed are the targets that this run deleted: what was done to them before
// shows no more.
func (r *run) removed() map[fact.Ref]bool {
	gone := map[fact.Ref]bool{}
	for _, j := range r.jobs {
		if j.ok && j.act.Class == plan.Permanent {
			gone[j.act.Target.Ref] = true
		}
	}
	return gone
}

// look reads one verified change again, and makes it again when it is not as
// it should be. It reports whether there was something to do.
func (r *run) look(ctx context.Context, j *job) bool {
	verb, err := r.verb(j.act)
	if err != nil {
		return false // it was there a moment ago
	}
	late := r.late(j, verb)
	done, err := verb.Done(ctx, r.read(j, verb.Needs), j.order)
	if errors.Is(err, kind.ErrGone) || err == nil && done && !late {
		return false
	}
	r.count(func(s *Result) { s.Verified-- })
	j.ok = (!late || r.afresh(ctx, j, verb)) && r.verify(ctx, j, verb)
	return true
}

// called notes when a call returned that changes who can get credentials: its
// effect is only enforced a while later.
func (r *run) called(verb kind.Bound) {
	if verb.Settle == 0 {
		return
	}
	now := r.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.After(r.cut) {
		r.cut = now
	}
}

// late reports a change that reaches to a moment, when something that it was
// to follow was enforced only after that moment.
func (r *run) late(j *job, verb kind.Bound) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return verb.Reach > 0 && !r.cut.IsZero() && r.cut.Add(verb.Settle).After(j.order.At.Add(verb.Reach))
}

// afresh orders a change anew, as of now.
func (r *run) afresh(ctx context.Context, j *job, verb kind.Bound) bool {
	prior, err := verb.Prior(ctx, r.read(j, verb.Needs), j.act.Target)
	if err != nil {
		r.end(ctx, j, journal.Failed, reasonUnread, err)
		return false
	}
	j.order.At = r.Now().UTC().Round(0)
	rec := r.record(j)
	rec.Prior, rec.Ordered = prior, j.order.At
	j.redated = true
	defer func() { j.redated = false }()
	return r.attempt(ctx, j, verb, &rec, journal.Again)
}
