package kinds

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// soon is up to how many days an expiration counts as a clock that runs against
// the owner: ransom notes give him up to seven.
const soon = 7

// expiresSoon says whether a rule deletes objects, or their old versions,
// within days, or on a date.
func expiresSoon(r types.LifecycleRule) bool {
	within := func(days *int32) bool { return days != nil && *days >= 1 && *days <= soon }
	return r.Status == types.ExpirationStatusEnabled &&
		(r.Expiration != nil && (within(r.Expiration.Days) || r.Expiration.Date != nil) ||
			r.NoncurrentVersionExpiration != nil && within(r.NoncurrentVersionExpiration.NoncurrentDays))
}

// withoutExpiry is the lifecycle with these rules disabled, and whether there
// were any. Rules that do nothing else than expire slowly go on.
func withoutExpiry(lifecycle string) (now string, changed bool, err error) {
	if lifecycle == "" {
		return "", false, nil
	}
	c, err := storeUnform[types.BucketLifecycleConfiguration](lifecycle)
	if err != nil {
		return "", false, err
	}
	for i := range c.Rules {
		if expiresSoon(c.Rules[i]) {
			c.Rules[i].Status, changed = types.ExpirationStatusDisabled, true
		}
	}
	now, err = storeForm(c)
	return now, changed, err
}

// stopExpiry stops the clock: S3 acts on lifecycle rules once a day, and what
// they deleted from a bucket without versions is lost.
var stopExpiry = kind.Verb[bucketReader, bucketWriter]{
	Name: "stop-expiry", Class: kind.Reversible, For: kind.Disable, Mends: []string{"PutBucketLifecycle", "PutBucketLifecycleConfiguration"},
	Needs: aspectOfBucket("lifecycle").needs,
	Prior: func(ctx context.Context, api bucketReader, r fact.Resource) (json.RawMessage, error) {
		return prior(getBucketLifecycle(ctx, api, r.ID))
	},
	Do: func(ctx context.Context, api bucketWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[string](prior)
		if err != nil {
			return err
		}
		now, changed, err := withoutExpiry(was)
		if err != nil || !changed {
			return err
		}
		return setBucketLifecycle(ctx, api, j.ID, now)
	},
	Done: func(ctx context.Context, api bucketReader, j kind.Job) (bool, error) {
		is, err := getBucketLifecycle(ctx, api, j.ID)
		if err != nil {
			return false, err
		}
		_, changed, err := withoutExpiry(is)
		return err == nil && !changed, err
	},
	Undo: func(ctx context.Context, api bucketWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[string](prior)
		if err != nil {
			return err
		}
		return setBucketLifecycle(ctx, api, j.ID, was)
	},
}
