package awsapi

import (
	"maps"
	"sync"
	"time"
)

// A counter says what left this machine. A call counts when its first attempt
// is sent, so a call that was refused, or gave up waiting, never counts.
type counter struct {
	mu       sync.Mutex
	calls    map[string]int // "iam:ListUsers"
	attempts map[string]int
}

func newCounter() *counter {
	return &counter{calls: map[string]int{}, attempts: map[string]int{}}
}

func (c *counter) sent(service, op string, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := service + ":" + op
	if first {
		c.calls[key]++
	}
	c.attempts[key]++
}

// Calls answers how many API calls were sent, by service. The calls that
// obtain credentials (STS, SSO) are counted too.
func (a *Account) Calls() map[string]int { return a.count.byService(false) }

// Attempts is Calls with every retry counted.
func (a *Account) Attempts() map[string]int { return a.count.byService(true) }

// CallsByOp answers how many API calls were sent, by "service:Operation".
func (a *Account) CallsByOp() map[string]int {
	a.count.mu.Lock()
	defer a.count.mu.Unlock()
	return maps.Clone(a.count.calls)
}

// Retries answers how many attempts were not a call's first.
func (a *Account) Retries() int {
	a.count.mu.Lock()
	defer a.count.mu.Unlock()
	n := 0
	for op, attempts := range a.count.attempts {
		n += attempts - a.count.calls[op]
	}
	return n
}

func (c *counter) byService(attempts bool) map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := c.calls
	if attempts {
		from = c.attempts
	}
	out := map[string]int{}
	for op, n := range from {
		out[svcOf(op)] += n
	}
	return out
}

// A clock knows how far AWS's clock is from ours. A Date header is cut to the
// second and is read some time after it was written, so one answer only bounds
// the difference: Date-received <= skew < Date+1s-sent. Many answers bound it
// to a fraction of a second.
type clock struct {
	mu     sync.Mutex
	known  bool
	lo, hi time.Duration
}

func (c *clock) observe(sent, received, date time.Time) {
	lo, hi := date.Sub(received), date.Add(time.Second).Sub(sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	// Bounds that do not meet: a clock was set meanwhile, so what we knew is void.
	if !c.known || lo > c.hi || hi < c.lo {
		c.known, c.lo, c.hi = true, lo, hi
		return
	}
	c.lo, c.hi = max(c.lo, lo), min(c.hi, hi)
}

func (c *clock) skew() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lo + (c.hi-c.lo)/2
}

// Skew answers AWS's clock less ours, as the Date headers of the answers tell
// it. It is zero before the first answer.
func (a *Account) Skew() time.Duration { return a.clock.skew() }

// Clock answers what time it is at AWS.
func (a *Account) Clock() time.Time { return a.now().Add(a.Skew()).UTC() }
