package kinds

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// restoreOr is restore for what stands one way wherever nobody interfered,
// such as a key that is enabled: where nobody knows what it was before, it is
// put back to usual.
func restoreOr[R, W any](
	v kind.Verb[R, W], usual string,
	get func(context.Context, R, fact.Resource) (string, error),
	set func(context.Context, W, kind.Job, string) error,
) kind.Verb[R, W] {
	v = restore(v, get, set)
	v.FromBefore = false
	known := func(j kind.Job) kind.Job {
		all := fact.Before.Or(j.Resource, nil)
		if _, ok := all[v.Of]; ok {
			return j
		}
		all = maps.Clone(all)
		if all == nil {
			all = map[string]string{}
		}
		all[v.Of] = usual
		j.Facts = maps.Clone(j.Facts) // the caller's copy shares it
		fact.Before.Set(&j.Resource, all)
		return j
	}
	do, done := v.Do, v.Done
	v.Do = func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
		return do(ctx, api, known(j), prior)
	}
	v.Done = func(ctx context.Context, api R, j kind.Job) (bool, error) { return done(ctx, api, known(j)) }
	return v
}

// recallField reads what a recorded call set from one text in its request, by
// the name of the call; a call that stands there with "" took it away.
func recallField(fields map[string]string) func(string, json.RawMessage, json.RawMessage) (string, bool) {
	return func(call string, request, _ json.RawMessage) (string, bool) {
		field, ok := fields[call]
		if !ok || field == "" {
			return "", ok
		}
		var all map[string]json.RawMessage
		if json.Unmarshal(request, &all) != nil || all[field] == nil {
			return "", false
		}
		var text string
		if json.Unmarshal(all[field], &text) == nil {
			return text, text != ""
		}
		return string(all[field]), string(all[field]) != "null" // a number, or an object
	}
}

// recallTo says that each of these calls leaves one state behind.
func recallTo(states map[string]string) func(string, json.RawMessage, json.RawMessage) (string, bool) {
	return func(call string, _, _ json.RawMessage) (string, bool) {
		state, ok := states[call]
		return state, ok
	}
}

// setTagFacts notes the tags, and the stack that made it: only CloudFormation
// can set tags that begin with "aws:".
func setTagFacts[T any](r *fact.Resource, tags []T, pair func(T) (key, value *string)) {
	all := make(map[string]string, len(tags))
	for _, t := range tags {
		k, v := pair(t)
		all[aws.ToString(k)] = aws.ToString(v)
	}
	fact.Tags.Set(r, all)
	partOf(r, "cloudformation.stack", all["aws:cloudformation:stack-name"])
}

// when sets a fact of time that AWS tells only where there is one.
func when(k fact.Key[time.Time], r *fact.Resource, t *time.Time) {
	if t != nil {
		k.Set(r, t.UTC())
	}
}

// madeOn is what never changes about a resource: what its removal looks for.
type madeOn struct {
	ARN     string    `json:"arn"`
	Created time.Time `json:"created,omitzero"`
}

func onlyMade(arn string, created *time.Time) madeOn {
	return madeOn{arn, aws.ToTime(created).UTC().Truncate(time.Second)}
}

// setOnePolicy records whom a resource's only policy lets in; "" is none.
func setOnePolicy(r *fact.Resource, body string) {
	policies := map[string]string{}
	if body != "" {
		policies[""] = body
	}
	setPolicySharing(r, policies, true)
}

// putPolicy keeps a policy, where there is one.
func putPolicy(put func(string, []byte) error, body string) error {
	if body == "" {
		return nil
	}
	return put("policy.json", []byte(body))
}
