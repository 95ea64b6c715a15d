package kindtest

import (
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"cordon/internal/awsapi"
)

// seen are the calls that were made of each "kind verb" while it was applied:
// by Identity, Prior, Do and Done, before and after the change.
var seen = struct {
	sync.Mutex
	calls map[string][]string
}{calls: map[string][]string{}}

// Seen tells which calls applying each verb made in the tests that ran, by
// "kind verb", in order.
func Seen() map[string][]string {
	seen.Lock()
	defer seen.Unlock()
	out := map[string][]string{}
	for verb, calls := range seen.calls {
		out[verb] = slices.Clone(calls)
	}
	return out
}

// watch notes the calls of a configuration under a verb.
func watch(cfg aws.Config, verb string) aws.Config {
	note := func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		call := awsapi.Called(ctx)
		seen.Lock()
		if i, there := slices.BinarySearch(seen.calls[verb], call); !there {
			seen.calls[verb] = slices.Insert(seen.calls[verb], i, call)
		}
		seen.Unlock()
		return next.HandleInitialize(ctx, in)
	}
	cfg.APIOptions = append(slices.Clone(cfg.APIOptions), func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("CordonSeen", note), middleware.Before)
	})
	return cfg
}
