package awsapi

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmw "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
)

const (
	attempts   = 6 // unless AWS_MAX_ATTEMPTS or the profile says otherwise
	maxBackoff = 10 * time.Second
)

// A retryer is the SDK's standard one (what is worth a retry, the jittered
// backoff, the retry quota) with a quota per (region, service), so that one
// region's trouble does not use up another's retries.
//
// The SDK's adaptive mode is not used: it keeps one rate per client, which here
// is neither a quota of AWS nor shared, sleeps where nobody can be told why,
// and would pace a second time what the limiter paces. The limiter is the
// adaptive part.
type retryer struct {
	*retry.Standard // answers what is the same everywhere
	max             int
	silent          func(region string) bool // nil: no region ever is
	emulated        bool                     // calls go to somebody's emulator

	mu     sync.Mutex
	quotas map[laneKey]*retry.Standard
}

var _ aws.RetryerV2 = (*retryer)(nil)

func newRetryer(max int) *retryer {
	if max <= 0 {
		max = attempts
	}
	r := &retryer{max: max, quotas: map[laneKey]*retry.Standard{}}
	r.Standard = r.standard()
	return r
}

// IsErrorRetryable is part of aws.Retryer. What an emulator lacks it will lack
// the next time too, though it says "500".
func (r *retryer) IsErrorRetryable(err error) bool {
	if r.emulated && Classify(err) == NotImplemented {
		return false
	}
	return r.Standard.IsErrorRetryable(err)
}

func (r *retryer) standard() *retry.Standard {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = r.max
		o.MaxBackoff = maxBackoff
	})
}

func (r *retryer) quota(ctx context.Context) *retry.Standard {
	key := laneKey{region: awsmw.GetRegion(ctx), service: middleware.GetServiceID(ctx)}
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.quotas[key]
	if q == nil {
		q = r.standard()
		r.quotas[key] = q
	}
	return q
}

// GetAttemptToken is part of aws.RetryerV2.
func (r *retryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	return r.quota(ctx).GetAttemptToken(ctx)
}

// GetRetryToken is part of aws.Retryer. Being throttled costs no quota: the
// limiter sees to it that waiting helps, and a listing that gives up is a gap.
func (r *retryer) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	if throttled(err) {
		return func(error) error { return nil }, nil
	}
	if r.silent != nil && r.silent(awsmw.GetRegion(ctx)) {
		return nil, errSilent
	}
	return r.quota(ctx).GetRetryToken(ctx, err)
}
