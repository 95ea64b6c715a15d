package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// How long the gate goes on before it says that a change does not hold.
const (
	readEvery  = time.Second
	readSlow   = 15 * time.Second       // while AWS works on something
	readFast   = 200 * time.Millisecond // once somebody took the change back: how long his undoing stands
	fightLimit = 3 * time.Minute        // re-applying what somebody takes back
	readErrors = 8                      // consecutive failed reads while verifying
	inUseTries = 12                     // "in use" and "in transition" answers
	inUseWait  = 5 * time.Second
)

// Why a change was not made or did not hold: words of the catalogue.
const (
	reasonGone      = "gone"
	reasonRecreated = "recreated"
	reasonChanged   = "changed"
	reasonAlready   = "already"
	reasonExposed   = "exposed"
	reasonEvidence  = "no-evidence"
	reasonFought    = "taken-back"
	reasonUnread    = "unverified"
	reasonRefused   = "refused"
	reasonPerson    = "person"
	reasonWaiting   = "waiting"
	reasonNoSink    = "no-sink"
)

// one carries a single action from precondition to verified. acted is called
// as soon as its call has returned, so that the next of its lane can begin
// while this one is still being verified.
func (r *run) one(ctx context.Context, j *job, acted func()) bool {
	act := j.act
	if act.Class == plan.Person {
		r.end(ctx, j, journal.Skipped, reasonPerson, nil)
		return false
	}
	if reason := r.refused[act.ID]; reason != "" {
		r.end(ctx, j, journal.Skipped, reason, nil)
		return false
	}
	verb, err := r.verb(act)
	if err == nil {
		if err := r.evidenced(act); err != nil {
			r.end(ctx, j, journal.Skipped, reasonEvidence, err)
			return false
		}
	}
	if err != nil {
		r.end(ctx, j, journal.Failed, reasonRefused, err)
		return false
	}
	if !r.sinks(ctx, j, verb) {
		return false
	}
	if begun := r.past[act.ID]; act.Undoes == nil && act.Class == plan.Permanent && begun.begun {
		return r.do(ctx, j, verb, acted) // it may be gone by our own hand: the reads there tell
	}
	if !r.same(ctx, j, verb) {
		return false
	}
	if act.Undoes != nil {
		return r.undo(ctx, j, verb, acted)
	}
	return r.do(ctx, j, verb, acted)
}

// same checks that the target is still the one that was planned for: names are
// reused, unique ids are not.
func (r *run) same(ctx context.Context, j *job, verb kind.Bound) bool {
	k, _ := r.Kinds(j.act.Target.Kind)
	id, err := k.Identity(ctx, r.read(j, verb.Needs), j.act.Target)
	switch {
	case errors.Is(err, kind.ErrGone):
		r.end(ctx, j, journal.Skipped, reasonGone, nil)
	case err != nil:
		r.end(ctx, j, journal.Failed, string(awsapi.Classify(err)), err)
	case id != j.act.Target.UniqueID:
		r.end(ctx, j, journal.Skipped, reasonRecreated, nil)
	default:
		return true
	}
	return false
}

// sinks finds where the secret goes that the verb makes. Nothing is made whose
// secret would go nowhere.
func (r *run) sinks(ctx context.Context, j *job, verb kind.Bound) bool {
	if !verb.Secret || j.act.Undoes != nil {
		return true
	}
	if r.Sink == nil || j.act.Sink == "" {
		r.end(ctx, j, journal.Skipped, reasonNoSink, nil)
		return false
	}
	var err error
	if j.sink, err = r.Sink(ctx, j.act); err != nil || j.sink == nil {
		r.end(ctx, j, journal.Failed, reasonNoSink, err)
		return false
	}
	return true
}

// ordered is the job of an action that was given at a time.
func (r *run) ordered(j *job, at time.Time) kind.Job {
	return kind.Job{Resource: j.act.Target, At: at, Case: r.plan.Case, Sink: j.sink, Tries: r.tries[j.act.ID]}
}

func (r *run) do(ctx context.Context, j *job, verb kind.Bound, acted func()) bool {
	was, begun := r.past[j.act.ID]
	j.prior = was.prior
	if begun && was.ended { // by an earlier run of this plan
		j.order = r.ordered(j, was.ordered)
		r.count(func(s *Result) { s.Verified++ })
		r.Tell(Event{Action: j.act, Step: journal.Verified, Reason: reasonAlready})
		return true
	}
	rec := r.record(j)
	if begun { // a run died here: it may have happened
		rec.Prior, rec.Ordered = was.prior, was.ordered
		j.order = r.ordered(j, was.ordered)
		if !r.resume(ctx, j, verb, &rec) {
			return false
		}
	} else {
		prior, ok := r.precondition(ctx, j, verb)
		if !ok || !r.kept(ctx, j, verb) {
			return false
		}
		rec.Prior, rec.Ordered = prior, r.Now().UTC().Round(0)
		j.prior, j.order = prior, r.ordered(j, rec.Ordered)
		if !r.attempt(ctx, j, verb, &rec, journal.Doing) {
			return false
		}
	}
	if !r.mark(ctx, j, rec, journal.Done, "", nil) {
		return false
	}
	j.toActed += j.calls.take()
	acted()
	return r.verify(ctx, j, verb)
}

// resume makes a change that an earlier run began, unless it shows. Where the
// state is neither the one before nor the one after, somebody changed it
// meanwhile, and what he made of it is what is changed now; it is not deleted.
func (r *run) resume(ctx context.Context, j *job, verb kind.Bound, rec *journal.Record) bool {
	cfg := r.read(j, verb.Needs)
	done, err := verb.Done(ctx, cfg, j.order)
	if err == nil && done {
		return true
	}
	var now json.RawMessage
	if err == nil {
		now, err = verb.Prior(ctx, cfg, j.act.Target)
	}
	switch {
	case err != nil:
		r.end(ctx, j, journal.Failed, string(awsapi.Classify(err)), err)
		return false
	case verb.Secret: // what was made and not stored, Do clears away
		return r.attempt(ctx, j, verb, rec, journal.Doing)
	case !plan.Same(now, rec.Prior):
		return r.anew(ctx, j, verb, now)
	case !r.kept(ctx, j, verb):
		return false
	}
	return r.attempt(ctx, j, verb, rec, journal.Doing)
}

// kept asks, before what cannot be undone, whether the copies inside AWS are
// complete: those of the target, and of everything that goes with it.
func (r *run) kept(ctx context.Context, j *job, verb kind.Bound) bool {
	if j.act.Class != plan.Permanent {
		return true
	}
	err := r.copied(ctx, j, verb, j.act.Target)
	if errors.Is(err, kind.ErrGone) {
		r.end(ctx, j, journal.Skipped, reasonGone, nil)
		return false
	}
	for _, part := range j.act.Parts {
		if err == nil {
			err = r.partKept(ctx, j, part)
		}
	}
	switch {
	case err == nil:
		return true
	case errors.Is(err, kind.ErrUnkept):
		r.end(ctx, j, journal.Skipped, reasonEvidence, err)
	default:
		r.end(ctx, j, journal.Failed, string(awsapi.Classify(err)), err)
	}
	return false
}

// partKept asks of a part what would be asked if it were deleted by itself. One
// that is gone has nothing to keep.
func (r *run) partKept(ctx context.Context, j *job, part fact.Resource) error {
	k, ok := r.Kinds(part.Kind)
	if !ok {
		return fmt.Errorf("cannot tell whether %s is kept: this version of cordon has no kind %q", part.Ref, part.Kind)
	}
	for _, v := range k.Verbs() {
		if v.For != kind.Remove {
			continue
		}
		if err := r.copied(ctx, j, v, part); err != nil && !errors.Is(err, kind.ErrGone) {
			return err
		}
	}
	return nil
}

func (r *run) copied(ctx context.Context, j *job, verb kind.Bound, of fact.Resource) error {
	if verb.Kept == nil {
		return nil
	}
	cfg := j.calls.count(r.Read(of.Place, verb.Needs))
	return verb.Kept(ctx, cfg, kind.Job{Resource: of, At: r.plan.MadeAt, Case: r.plan.Case})
}

// precondition reads the state again and compares it with what was planned.
func (r *run) precondition(ctx context.Context, j *job, verb kind.Bound) (json.RawMessage, bool) {
	prior, err := verb.Prior(ctx, r.read(j, verb.Needs), j.act.Target)
	if errors.Is(err, kind.ErrGone) {
		r.end(ctx, j, journal.Skipped, reasonGone, nil)
		return nil, false
	}
	if err != nil {
		r.end(ctx, j, journal.Failed, string(awsapi.Classify(err)), err)
		return nil, false
	}
	if plan.Same(prior, j.act.Planned) {
		return prior, true
	}
	now := kind.Job{Resource: j.act.Target, At: r.plan.MadeAt, Case: r.plan.Case}
	if done, err := verb.Done(ctx, r.read(j, verb.Needs), now); err == nil && done && j.act.Undoes == nil {
		r.end(ctx, j, journal.Skipped, reasonAlready, nil)
		return nil, false
	}
	r.end(ctx, j, journal.Skipped, reasonChanged, nil)
	return nil, false
}

// attempt journals the intention, makes the call, and settles an unclear answer
// by reading. It reports whether the change was made.
func (r *run) attempt(ctx context.Context, j *job, verb kind.Bound, rec *journal.Record, step journal.Step) bool {
	if verb.Secret { // each try has its own time: what it left is known by it
		rec.Ordered = r.Now().UTC().Round(0)
		j.order.Tries = append(slices.Clone(j.order.Tries), kind.Try{At: rec.Ordered})
	}
	if !r.mark(ctx, j, *rec, step, "", nil) {
		return false
	}
	whole := context.WithoutCancel(ctx) // a call that was begun is finished
	err := r.call(ctx, func() error { return verb.Do(whole, r.write(j, verb.Needs), j.order, rec.Prior) })
	if !j.redated {
		r.called(verb)
	}
	if err == nil {
		return true
	}
	if done, readErr := verb.Done(whole, r.read(j, verb.Needs), j.order); readErr == nil && done {
		return true // the answer was lost, the change was not
	}
	// A verb of several calls may have made some of them: what it left is what
	// an undo must find.
	failed := r.record(j)
	failed.Target, failed.Ordered, failed.Refused = nil, j.order.At, verb.Secret && kind.HasLeftNothing(err)
	if left, readErr := verb.Prior(whole, r.read(j, verb.Needs), j.act.Target); readErr == nil {
		failed.After = left
	}
	r.mark(ctx, j, failed, journal.Failed, string(awsapi.Classify(err)), err)
	return false
}

// call retries while AWS says that something else is in the way just now. When
// ctx ends it waits no more.
func (r *run) call(ctx context.Context, f func() error) error {
	for try := 1; ; try++ {
		err := f()
		if err == nil || !passing(err) || try == inUseTries {
			return err
		}
		if r.Wait(ctx, inUseWait) != nil {
			return err
		}
	}
}

// passing reports an answer that is another one a little later: in use, in
// transition, or being changed by somebody else at this moment.
func passing(err error) bool {
	switch awsapi.Code(err) {
	case "IncorrectInstanceState", "EntityTemporarilyUnmodifiable", "ConcurrentModification", "ConcurrentModificationException":
		return true
	}
	return awsapi.Classify(err) == awsapi.InUse
}

// verify reads until the reads have agreed for the verb's settling time, and
// makes the change again whenever they do not: IAM takes effect late, and an
// intruder may race it.
func (r *run) verify(ctx context.Context, j *job, verb kind.Bound) bool {
	began, since, failed, pause := r.Now(), time.Time{}, 0, readEvery
	for {
		done, err := verb.Done(ctx, r.read(j, verb.Needs), j.order)
		switch now := r.Now(); {
		case errors.Is(err, kind.ErrGone):
			r.end(ctx, j, journal.Skipped, reasonGone, nil)
			return false
		case err != nil && ctx.Err() != nil:
			return false // done and journalled as done; not yet verified
		case err != nil:
			if failed++; failed == readErrors || now.Sub(began) > fightLimit {
				r.end(ctx, j, journal.Failed, reasonUnread, err)
				return false
			}
			since = time.Time{}
		case done && since.IsZero():
			since, failed = now, 0
			if verb.Settle == 0 {
				return r.verified(ctx, j, verb)
			}
		case done:
			failed = 0
			if now.Sub(since) >= verb.Settle {
				return r.verified(ctx, j, verb)
			}
		case verb.Takes > 0 && now.Sub(began) > min(verb.Takes, r.patience()):
			return r.waiting(j)
		case verb.Takes > 0:
			since, failed, pause = time.Time{}, 0, min(2*pause, readSlow)
		case now.Sub(began) > fightLimit:
			r.end(ctx, j, journal.Failed, reasonFought, nil)
			return false
		case verb.Secret: // a late read must not make a second one
			since, failed, pause = time.Time{}, 0, readEvery
		default:
			since, failed, pause = time.Time{}, 0, readFast
			if !r.again(ctx, j, verb) {
				return false
			}
		}
		if r.Wait(ctx, pause) != nil {
			return false // done and journalled as done; not yet verified
		}
	}
}

// waiting leaves a change to AWS, which is still working on it. The journal has
// it as done; a later run of the plan reads whether it has come to its end.
func (r *run) waiting(j *job) bool {
	r.count(func(s *Result) { s.Waiting++ })
	r.Tell(Event{Action: j.act, Step: journal.Done, Reason: reasonWaiting, After: r.Now().Sub(r.started)})
	return false
}

func (r *run) patience() time.Duration {
	if r.Patience == 0 {
		return 10 * time.Minute
	}
	return r.Patience
}

// again re-applies a change that no longer shows.
func (r *run) again(ctx context.Context, j *job, verb kind.Bound) bool {
	prior, err := verb.Prior(ctx, r.read(j, verb.Needs), j.act.Target)
	if err != nil {
		r.end(ctx, j, journal.Failed, string(awsapi.Classify(err)), err)
		return false
	}
	return r.anew(ctx, j, verb, prior)
}

// anew makes a change once more to what stands now. What a change of several
// calls left half-way is no state of anybody's: it is made from the first. What
// is not the thing that was to be deleted stays, for Prior of a removal is its
// identity: somebody made another under the name.
func (r *run) anew(ctx context.Context, j *job, verb kind.Bound, prior json.RawMessage) bool {
	rest := verb.Rest != nil && verb.Rest(j.prior, prior)
	switch forGood := j.act.Class == plan.Permanent; {
	case forGood && !rest && !plan.Same(prior, j.prior):
		reason := reasonChanged
		if verb.For == kind.Remove && verb.Rest == nil {
			reason = reasonRecreated
		}
		r.end(ctx, j, journal.Skipped, reason, nil)
		return false
	case forGood && rest && !r.kept(ctx, j, verb):
		return false
	case rest:
		prior = j.prior
	}
	rec := r.record(j)
	rec.Prior, rec.Ordered = prior, j.order.At
	r.count(func(s *Result) { s.Reapplied++ })
	return r.attempt(ctx, j, verb, &rec, journal.Again)
}

func (r *run) verified(ctx context.Context, j *job, verb kind.Bound) bool {
	after, err := verb.Prior(ctx, r.read(j, verb.Needs), j.act.Target)
	if err != nil && !errors.Is(err, kind.ErrGone) {
		r.end(ctx, j, journal.Failed, reasonUnread, err)
		return false
	}
	rec := r.record(j)
	rec.Ordered, rec.After = j.order.At, after
	j.toEnded = j.toActed + j.calls.take()
	return r.mark(ctx, j, rec, journal.Verified, "", nil)
}
