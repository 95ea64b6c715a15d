package gate

import (
	"context"
	"errors"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// undoLimit is how long a restored state may take to show: an instance takes
// minutes to start.
const undoLimit = 5 * time.Minute

// undo restores what the journal recorded before the change. What somebody
// else changed since is left alone, and what is exposed stays shut unless the
// plan says otherwise.
func (r *run) undo(ctx context.Context, j *job, verb kind.Bound, acted func()) bool {
	u := j.act.Undoes
	if !verb.Undoable {
		r.end(ctx, j, journal.Skipped, reasonRefused, errors.New("this verb is for good"))
		return false
	}
	if j.act.Exposed && !r.plan.Reopens {
		r.end(ctx, j, journal.Skipped, reasonExposed, nil)
		return false
	}
	rec := r.record(j)
	rec.Prior, rec.Ordered = u.Prior, u.At
	j.order = kind.Job{Resource: j.act.Target, At: u.At, Case: r.plan.Case}

	earlier, begun := r.past[j.act.ID]
	if begun && earlier.ended {
		r.count(func(s *Result) { s.Undone++ })
		r.Tell(Event{Action: j.act, Step: journal.Undone, Reason: reasonAlready})
		return true
	}
	now, err := verb.Prior(ctx, r.read(j, verb.Needs), j.act.Target)
	switch {
	case errors.Is(err, kind.ErrGone):
		r.end(ctx, j, journal.Skipped, reasonGone, nil)
		return false
	case err != nil:
		r.end(ctx, j, journal.Failed, string(awsapi.Classify(err)), err)
		return false
	}
	if back := plan.Same(now, u.Prior); !back || begun && verb.Tidies {
		if !back && !begun && !plan.Same(now, j.act.Planned) {
			r.end(ctx, j, journal.Skipped, reasonChanged, nil)
			return false
		}
		if !r.mark(ctx, j, rec, journal.Undoing, "", nil) {
			return false
		}
		whole := context.WithoutCancel(ctx)
		err := r.call(ctx, func() error { return verb.Undo(whole, r.write(j, verb.Needs), j.order, u.Prior) })
		if err != nil {
			back, readErr := verb.Prior(whole, r.read(j, verb.Needs), j.act.Target)
			if readErr != nil || !plan.Same(back, u.Prior) {
				r.end(ctx, j, journal.Failed, string(awsapi.Classify(err)), err)
				return false
			}
		}
	}
	j.toActed += j.calls.take()
	acted()
	return r.restored(ctx, j, verb, rec)
}

// restored waits until the prior state reads back.
func (r *run) restored(ctx context.Context, j *job, verb kind.Bound, rec journal.Record) bool {
	for began := r.Now(); ; {
		now, err := verb.Prior(ctx, r.read(j, verb.Needs), j.act.Target)
		if err == nil && plan.Same(now, rec.Prior) {
			j.toEnded = j.toActed + j.calls.take()
			return r.mark(ctx, j, rec, journal.Undone, "", nil)
		}
		if errors.Is(err, kind.ErrGone) {
			r.end(ctx, j, journal.Skipped, reasonGone, nil)
			return false
		}
		if ctx.Err() == nil && r.Now().Sub(began) > undoLimit {
			r.end(ctx, j, journal.Failed, reasonUnread, err)
			return false
		}
		if r.Wait(ctx, readEvery) != nil {
			return false
		}
	}
}
