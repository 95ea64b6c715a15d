package awsapi

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// A bucket is AWS's side: so many a second, the rest is throttled.
type bucket struct {
	mu         sync.Mutex
	rate, size float64
	tokens     float64
	at         time.Time
	good, bad  int
}

func (b *bucket) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if b.at.IsZero() {
		b.tokens = b.size
	} else {
		b.tokens = min(b.size, b.tokens+b.rate*now.Sub(b.at).Seconds())
	}
	b.at = now
	if b.tokens < 1 {
		b.bad++
		return false
	}
	b.tokens--
	b.good++
	return true
}

func TestLimiterAdapts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(true)
		var told atomic.Int32
		f := func(service, region string, wait time.Duration) {
			if service != "ec2" || region != "eu-west-1" || wait <= 0 {
				t.Errorf("told %s %s %s", service, region, wait)
			}
			told.Add(1)
		}
		l.throttle.Store(&f)
		server := &bucket{rate: 10, size: 20}
		start := time.Now()
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				for time.Since(start) < 2*time.Minute {
					ln, err := l.acquire(context.Background(), "eu-west-1", "ec2", "DescribeInstances")
					if err != nil {
						t.Error(err)
						return
					}
					ok := server.take()
					time.Sleep(20 * time.Millisecond)
					l.release(ln, "eu-west-1", "ec2", !ok)
				}
			})
		}
		wg.Wait()
		t.Logf("%d answered, %d throttled in two minutes at 10/s; told %d times", server.good, server.bad, told.Load())
		if server.good < 700 || server.bad > server.good/5 || told.Load() == 0 {
			t.Error("the lane does not follow AWS's rate")
		}
	})
}

func TestLimiterWidths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(true)
		var mu sync.Mutex
		now, most := map[string]int{}, map[string]int{}
		count := func(key string, by int) {
			mu.Lock()
			defer mu.Unlock()
			now[key] += by
			most[key] = max(most[key], now[key])
		}
		var wg sync.WaitGroup
		for _, region := range partitions[0].regions {
			for _, svc := range []string{"ec2", "iam", "lambda"} {
				for range 12 {
					wg.Go(func() {
						ln, err := l.acquire(context.Background(), region, svc, "X")
						if err != nil {
							t.Error(err)
							return
						}
						one := svc + " in a region"
						if svc != "iam" {
							one += region
						}
						count("all", 1)
						count(one, 1)
						time.Sleep(time.Second)
						count("all", -1)
						count(one, -1)
						l.release(ln, region, svc, false)
					})
				}
			}
		}
		wg.Wait()
		if most["all"] != 64 || most["iam in a region"] > 8 || most["ec2 in a regionus-east-1"] > 8 || most["lambda in a regionus-east-1"] > 6 {
			t.Errorf("most at once: %v", most)
		}
	})
}

func TestLookupEventsTwoASecond(t *testing.T) {
	for onAWS, want := range map[bool]time.Duration{true: 10 * time.Second, false: 0} {
		synctest.Test(t, func(t *testing.T) {
			l := newLimiter(onAWS)
			start := time.Now()
			var wg sync.WaitGroup
			for range 21 {
				wg.Go(func() {
					ln, err := l.acquire(context.Background(), "us-east-1", "cloudtrail", "LookupEvents")
					if err != nil {
						t.Error(err)
						return
					}
					l.release(ln, "us-east-1", "cloudtrail", false)
				})
			}
			wg.Wait()
			if got := time.Since(start); got != want {
				t.Errorf("on AWS %v: 21 lookups took %s, want %s", onAWS, got, want)
			}
		})
	}
}

func TestLimiterGivesUpWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(true)
		one, err := l.acquire(context.Background(), "us-east-1", "cloudtrail", "LookupEvents")
		if err != nil {
			t.Fatal(err)
		}
		for range 3 { // pacing, then the lane's second slot
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			if _, err := l.acquire(ctx, "us-east-1", "cloudtrail", "LookupEvents"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("err = %v", err)
			}
			cancel()
		}
		l.release(one, "us-east-1", "cloudtrail", false)
		if len(l.total) != 0 || len(one.slots) != 0 {
			t.Error("slots leak")
		}
	})
}

// The whole path: throttled answers are retried, paced, told and counted.
func TestThrottledCallsComeThrough(t *testing.T) {
	cleanEnv(t, "")
	synctest.Test(t, func(t *testing.T) {
		server := &bucket{rate: 5, size: 5}
		f := &fakeAWS{}
		a := open(t, f, Options{})
		f.set(func(w http.ResponseWriter, r request) bool {
			if r.Op != "ListUsers" || server.take() {
				return false
			}
			w.WriteHeader(400)
			w.Write([]byte(`<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>`))
			return true
		})
		var told atomic.Int32
		a.OnThrottle(func(svc, region string, _ time.Duration) {
			if svc != "iam" || region != "" {
				t.Errorf("told %s %q", svc, region)
			}
			told.Add(1)
		})
		var wg sync.WaitGroup
		for range 60 {
			wg.Go(func() {
				_, err := iam.NewFromConfig(a.Read(Global, []Need{"iam:ListUsers"})).ListUsers(context.Background(), &iam.ListUsersInput{})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		sent := len(f.ops("ListUsers"))
		if a.CallsByOp()["iam:ListUsers"] != 60 || a.Calls()["iam"] != 60 || a.Attempts()["iam"] != sent || a.Retries() != sent-60 || sent <= 60 || told.Load() == 0 {
			t.Errorf("%d sent, calls %v, attempts %v, retries %d, told %d", sent, a.CallsByOp(), a.Attempts(), a.Retries(), told.Load())
		}
	})
}

func TestCounterIsExactAndBounded(t *testing.T) {
	cleanEnv(t, "")
	t.Setenv("AWS_MAX_ATTEMPTS", "4")
	synctest.Test(t, func(t *testing.T) {
		f := &fakeAWS{}
		a := open(t, f, Options{})
		f.set(func(w http.ResponseWriter, r request) bool {
			if r.Op == "LookupEvents" {
				w.WriteHeader(503)
			}
			return r.Op == "LookupEvents"
		})
		var wg sync.WaitGroup
		for range 30 { // 90 retries: within the quota of a hundred in a row
			wg.Go(func() {
				_, err := cloudtrail.NewFromConfig(a.Read("us-west-2", []Need{"cloudtrail:LookupEvents"})).LookupEvents(context.Background(), &cloudtrail.LookupEventsInput{})
				if Classify(err) != Broken {
					t.Errorf("%v is %q", err, Classify(err))
				}
			})
		}
		wg.Wait()
		if a.Calls()["cloudtrail"] != 30 || a.Attempts()["cloudtrail"] != 120 || a.Retries() != 90 || len(f.ops("LookupEvents")) != 120 {
			t.Errorf("calls %v, attempts %v, retries %d", a.Calls(), a.Attempts(), a.Retries())
		}
	})
}

func TestClock(t *testing.T) {
	cleanEnv(t, "")
	skew := 7*time.Minute + 300*time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		f := &fakeAWS{date: time.Now().Add(skew)}
		a := open(t, f, Options{})
		for range 40 {
			time.Sleep(130 * time.Millisecond)
			f.mu.Lock()
			f.date = time.Now().Add(skew) // cut to the second in the header
			f.mu.Unlock()
			if _, err := iam.NewFromConfig(a.Read(Global, []Need{"iam:ListUsers"})).ListUsers(context.Background(), &iam.ListUsersInput{}); err != nil {
				t.Fatal(err)
			}
		}
		if d := (a.Skew() - skew).Abs(); d > 100*time.Millisecond {
			t.Errorf("skew %s, want %s", a.Skew(), skew)
		}
		if d := a.Clock().Sub(time.Now().Add(skew)).Abs(); d > 100*time.Millisecond {
			t.Errorf("clock is off by %s", d)
		}
		var c clock
		c.observe(time.Unix(100, 0), time.Unix(100, 0), time.Unix(200, 0))
		c.observe(time.Unix(101, 0), time.Unix(101, 0), time.Unix(101, 0)) // our clock was set right meanwhile
		if got := c.skew(); got < 0 || got > time.Second {
			t.Errorf("after a clock change: %s", got)
		}
	})
}
