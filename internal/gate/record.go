package gate

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"cordon/internal/awsapi"
	"cordon/internal/journal"
	"cordon/internal/kind"
)

// past is how far an earlier run of the same plan got with one action.
type past struct {
	begun   bool // a call was journalled
	ended   bool // verified, or undone
	prior   json.RawMessage
	ordered time.Time
}

// replay reads from the journal what an earlier run of this plan began. The
// first "doing" has the prior state; later ones saw our own change. What has
// been undone since is as if never begun.
func replay(recs []journal.Record, digest string) map[string]past {
	out := map[string]past{}
	for _, rec := range recs {
		if of, action, _ := strings.Cut(rec.Of, "/"); rec.Step == journal.Undone && of == digest {
			delete(out, action)
			continue
		}
		if rec.Plan != digest || rec.Action == "" {
			continue
		}
		p, begun := out[rec.Action]
		switch rec.Step {
		case journal.Doing, journal.Undoing:
			if !begun {
				p = past{begun: true, prior: rec.Prior, ordered: rec.Ordered}
			}
		case journal.Verified, journal.Undone:
			p.ended = true
		default:
			if !begun {
				continue
			}
		}
		out[rec.Action] = p
	}
	return out
}

// tries are the times at which each action was begun, by whatever plan, since it
// was last done: an action's id comes from its target and verb. What is done has
// left nothing behind: its secret was handed over, and is no more to be looked for.
// Nor has a try that AWS refused.
func tries(recs []journal.Record) map[string][]kind.Try {
	out, begun := map[string][]kind.Try{}, map[string]time.Time{} // begun by the journal's clock
	for _, rec := range recs {
		all := out[rec.Action]
		switch rec.Step {
		case journal.Doing, journal.Again:
			if !rec.Ordered.IsZero() {
				out[rec.Action], begun[rec.Action] = append(all, kind.Try{At: rec.Ordered}), rec.At
			}
		case journal.Done, journal.Verified:
			delete(out, rec.Action)
		case journal.Failed:
			switch last := len(all) - 1; {
			case last < 0:
			case rec.Refused:
				out[rec.Action] = all[:last]
			case all[last].End.IsZero():
				all[last].End = all[last].At.Add(max(0, rec.At.Sub(begun[rec.Action])))
			}
		}
	}
	return out
}

// unfinished reports that the last run of this plan did not come to its end.
func unfinished(recs []journal.Record, digest string) (died bool) {
	for _, rec := range recs {
		if rec.Plan == digest {
			died = rec.Step != journal.Ended || rec.Reason != ""
		}
	}
	return died
}

func (r *run) record(j *job) journal.Record {
	target, err := json.Marshal(j.act.Target)
	if err != nil {
		panic("internal error: gate: " + err.Error())
	}
	rec := journal.Record{
		Plan: r.digest, Action: j.act.ID, Verb: j.act.Verb, Class: string(j.act.Class),
		Kind: string(j.act.Target.Kind), Target: target, Exposed: j.act.Exposed, By: r.by,
	}
	if u := j.act.Undoes; u != nil {
		rec.Of = u.Plan + "/" + u.Action
	}
	return rec
}

// mark writes one record durably, then tells. When the journal cannot be
// written the run stops: nothing may be done that is not recorded.
func (r *run) mark(ctx context.Context, j *job, rec journal.Record, step journal.Step, reason string, cause error) bool {
	rec.Step, rec.Reason = step, reason
	if cause != nil {
		rec.Err = awsapi.Why(cause)
	}
	// The record of what happened outlives the wish to stop.
	err := r.Journal.Write(context.WithoutCancel(ctx), rec)
	r.mu.Lock()
	if err != nil {
		r.broken = err
	} else {
		r.sum.add(step)
	}
	r.mu.Unlock()
	r.Tell(Event{Action: j.act, Step: step, Reason: reason, Err: cause, After: r.Now().Sub(r.started)})
	return err == nil
}

// end records how an action that did not get through ended.
func (r *run) end(ctx context.Context, j *job, step journal.Step, reason string, cause error) {
	rec := r.record(j)
	rec.Target = nil
	r.mark(ctx, j, rec, step, reason, cause)
}

func (s *Result) add(step journal.Step) {
	switch step {
	case journal.Done:
		s.Done++
	case journal.Verified:
		s.Verified++
	case journal.Skipped:
		s.Skipped++
	case journal.Failed:
		s.Failed++
	case journal.Undone:
		s.Undone++
	}
}

// A counter counts the calls made for one action.
type counter struct{ n atomic.Int32 }

func (c *counter) count(cfg aws.Config) aws.Config {
	cfg = cfg.Copy()
	cfg.APIOptions = append(cfg.APIOptions[:len(cfg.APIOptions):len(cfg.APIOptions)], func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("cordon-count", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			c.n.Add(1)
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
	})
	return cfg
}

func (c *counter) take() int { return int(c.n.Swap(0)) }
