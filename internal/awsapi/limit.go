package awsapi

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	inFlight = 64 // attempts under way at once, over all services and regions

	slowest  = rate.Limit(0.5)        // an attempt every two seconds: pacing never stops a lane
	firstCut = rate.Limit(4)          // what the first throttle leaves at least
	fast     = rate.Limit(100)        // a lane that recovered this far is not paced any more
	oneBurst = time.Second            // throttles this close together are one signal
	hold     = 2 * time.Second        // calm that must pass before a lane speeds up
	lookups  = rate.Limit(2)          // AWS's published rate of LookupEvents, per account and region
	noRate   = rate.Limit(rate.Inf)   // not paced
	minPause = 100 * time.Millisecond // a shorter wait is not worth telling anyone
)

// A limiter keeps the load polite. Every attempt, retries included, passes
// through the lane of its (region, service): so many at once, and after AWS
// first asks to slow down, so many a second. The rate halves when AWS throttles
// and comes back slowly. An account has one limiter, so the account is not in
// the key. Calls wait in order and give up when their context does.
type limiter struct {
	total    chan struct{}
	onAWS    bool // the real CloudTrail: LookupEvents keeps to its published rate
	throttle atomic.Pointer[func(service, region string, wait time.Duration)]

	mu    sync.Mutex
	lanes map[laneKey]*lane
}

type laneKey struct{ region, service, op string }

func newLimiter(onAWS bool) *limiter {
	return &limiter{total: make(chan struct{}, inFlight), onAWS: onAWS, lanes: map[laneKey]*lane{}}
}

// lane answers the lane of a call. IAM's quota is account-wide, so its lane
// knows no region; LookupEvents has a quota apart from the rest of CloudTrail.
func (l *limiter) lane(region, service, op string) *lane {
	key, width, ceiling := laneKey{region, service, ""}, 6, noRate
	switch service {
	case "iam":
		key.region, width = "", 8
	case "ec2":
		width = 8
	case "sts":
		width = 4
	case "cloudtrail":
		width = 4
		if op == "LookupEvents" && l.onAWS {
			key.op, width, ceiling = op, 2, lookups
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	ln := l.lanes[key]
	if ln == nil {
		ln = &lane{wide: key.region == "", slots: make(chan struct{}, width), ceiling: ceiling, pace: rate.NewLimiter(ceiling, 1)}
		l.lanes[key] = ln
	}
	return ln
}

// acquire waits for leave to send one attempt. It takes the lane's slot, then
// waits for the lane's rate, and only then takes one of the 64: a slow lane
// does not hold up the others. The answer must be released once; on an error
// (always the context's) nothing is held.
func (l *limiter) acquire(ctx context.Context, region, service, op string) (*lane, error) {
	ln := l.lane(region, service, op)
	if err := take(ctx, ln.slots); err != nil {
		return nil, err
	}
	if err := ln.wait(ctx); err != nil {
		<-ln.slots
		return nil, err
	}
	if err := take(ctx, l.total); err != nil {
		<-ln.slots
		return nil, err
	}
	ln.started(time.Now())
	return ln, nil
}

// release gives the slots back and learns from the answer.
func (l *limiter) release(ln *lane, region, service string, throttled bool) {
	<-l.total
	<-ln.slots
	if !throttled {
		ln.calm(time.Now())
		return
	}
	if ln.wide {
		region = ""
	}
	wait, cut := ln.cut(time.Now())
	if f := l.throttle.Load(); cut && f != nil && wait >= minPause {
		(*f)(service, region, wait)
	}
}

func take(ctx context.Context, slots chan struct{}) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A lane is one quota of AWS as far as we can tell it.
type lane struct {
	wide    bool // of the account, not of one region
	slots   chan struct{}
	ceiling rate.Limit
	pace    *rate.Limiter // safe by itself; its limit changes only under mu

	mu        sync.Mutex
	second    time.Time // the second being counted, to know the rate at the first throttle
	now, last int       // attempts in it and in the one before
	cutAt     time.Time
	raisedAt  time.Time
}

// wait spends one token of the lane's rate.
func (ln *lane) wait(ctx context.Context) error {
	r := ln.pace.Reserve()
	d := r.Delay()
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		r.Cancel()
		return ctx.Err()
	}
}

func (ln *lane) started(now time.Time) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	switch gone := now.Sub(ln.second); {
	case gone < time.Second:
		ln.now++
	case gone < 2*time.Second:
		ln.second, ln.last, ln.now = now, ln.now, 1
	default:
		ln.second, ln.last, ln.now = now, 0, 1
	}
}

// cut halves the rate: at the first throttle of the rate that was seen, later
// of the rate that was set. It answers the pause between attempts from now on,
// and false if this throttle belongs to a burst already answered.
func (ln *lane) cut(now time.Time) (time.Duration, bool) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if !ln.cutAt.IsZero() && now.Sub(ln.cutAt) < oneBurst {
		return 0, false
	}
	limit := ln.pace.Limit()
	if limit == noRate {
		// A lane that was quiet says little of what AWS would bear.
		limit = max(rate.Limit(max(ln.now, ln.last)), 2*firstCut)
	}
	limit = max(limit/2, slowest)
	ln.pace.SetLimit(limit)
	ln.cutAt, ln.raisedAt = now, now
	return time.Duration(float64(time.Second) / float64(limit)), true
}

// calm speeds a paced lane up, once a second and by a tenth (at least one
// attempt every two seconds more), up to its ceiling.
func (ln *lane) calm(now time.Time) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	limit := ln.pace.Limit()
	if limit >= ln.ceiling || now.Sub(ln.cutAt) < hold || now.Sub(ln.raisedAt) < time.Second {
		return
	}
	limit += max(limit/10, 0.5)
	if limit >= fast {
		limit = noRate
	}
	ln.pace.SetLimit(min(limit, ln.ceiling))
	ln.raisedAt = now
}
