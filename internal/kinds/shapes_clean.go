package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/policy"
)

// remove makes the verb that deletes a resource for good. look re-reads it and
// returns what identifies it for ever, such as its ARN and the date it was made
// on: never a status or a list, which other actions of the same plan change. It
// returns kind.ErrGone when the resource is not there any more. A resource
// that is gone when del comes to it counts as deleted.
func remove[R, W any](
	v kind.Verb[R, W],
	look func(context.Context, R, fact.Resource) (fixed any, err error),
	del func(context.Context, W, kind.Job) error,
) kind.Verb[R, W] {
	v.Class, v.For = kind.Permanent, kind.Remove
	v.Prior = func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error) {
		return prior(look(ctx, api, r))
	}
	v.Do = func(ctx context.Context, api W, j kind.Job, _ json.RawMessage) error {
		if err := gone(del(ctx, api, j)); !errors.Is(err, kind.ErrGone) {
			return err
		}
		return nil
	}
	v.Done = func(ctx context.Context, api R, j kind.Job) (bool, error) {
		_, err := look(ctx, api, j.Resource)
		if errors.Is(err, kind.ErrGone) {
			return true, nil
		}
		return false, err
	}
	return v
}

// restore makes the verb that puts the aspect v.Of back to what fact.Before
// says. get reads it as it is now, "" when there is none; set writes it, and
// takes it away when it is "". Both use one form, which v.Recall returns too.
// What is JSON is compared as JSON.
func restore[R, W any](
	v kind.Verb[R, W],
	get func(context.Context, R, fact.Resource) (string, error),
	set func(context.Context, W, kind.Job, string) error,
) kind.Verb[R, W] {
	v.For, v.FromBefore = kind.Restore, true
	v.Prior = func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error) {
		return prior(get(ctx, api, r))
	}
	v.Do = func(ctx context.Context, api W, j kind.Job, _ json.RawMessage) error {
		want, err := before(j.Resource, v.Of)
		if err != nil {
			return err
		}
		return set(ctx, api, j, want)
	}
	v.Done = func(ctx context.Context, api R, j kind.Job) (bool, error) {
		want, err := before(j.Resource, v.Of)
		if err != nil {
			return false, err
		}
		is, err := get(ctx, api, j.Resource)
		return err == nil && sameText(is, want), err
	}
	v.Undo = func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
		was, err := read[string](prior)
		if err != nil {
			return err
		}
		return set(ctx, api, j, was)
	}
	return v
}

// sameText compares two forms of an aspect: policies by what they say, other
// JSON as JSON.
func sameText(a, b string) bool {
	if a == b || policy.Normal(a) == policy.Normal(b) {
		return true
	}
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

// before is what an aspect is to be put back to.
func before(r fact.Resource, aspect string) (string, error) {
	value, known := fact.Before.Or(r, nil)[aspect]
	if !known {
		return "", fmt.Errorf("cannot restore the %s of %s: nobody knows what it was before", aspect, r.Ref)
	}
	return value, nil
}

// closePolicy makes the verb that takes strangers out of a resource's policy;
// the accounts of fact.Vouched stay. get reads the policy, "" when there is none;
// set writes it, and deletes it when it is "".
func closePolicy[R, W any](
	v kind.Verb[R, W],
	get func(context.Context, R, fact.Resource) (string, error),
	set func(context.Context, W, kind.Job, string) error,
) kind.Verb[R, W] {
	v.For = kind.Close
	closed := func(r fact.Resource, doc string) (string, bool, error) {
		return policy.CloseResource(doc, r.Account, fact.Vouched.Or(r, nil))
	}
	v.Prior = func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error) {
		return prior(get(ctx, api, r))
	}
	v.Do = func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
		was, err := read[string](prior)
		if err != nil {
			return err
		}
		now, changed, err := closed(j.Resource, was)
		if err != nil || !changed {
			return err
		}
		return set(ctx, api, j, now)
	}
	v.Done = func(ctx context.Context, api R, j kind.Job) (bool, error) {
		is, err := get(ctx, api, j.Resource)
		if err != nil {
			return false, err
		}
		_, changed, err := closed(j.Resource, is)
		return err == nil && !changed, err
	}
	v.Undo = func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
		was, err := read[string](prior)
		if err != nil {
			return err
		}
		return set(ctx, api, j, was)
	}
	return v
}

// setAspect notes what an aspect is now, for a baseline and for the reader.
func setAspect(r *fact.Resource, aspect, value string) {
	all := fact.Aspects.Or(*r, nil)
	if all == nil {
		all = map[string]string{}
	}
	all[aspect] = value
	fact.Aspects.Set(r, all)
}

// partOf notes one more resource that this one is a part of.
func partOf(r *fact.Resource, k fact.Kind, id string) {
	if id == "" {
		return
	}
	whole := fact.Ref{Kind: k, Place: r.Place, ID: id}
	fact.PartOf.Set(r, append(fact.PartOf.Or(*r, nil), whole))
}

// his says that the record shows beyond doubt that the intruder made a resource:
// nothing of the owner's was in it before.
func his(r fact.Resource) bool {
	deed, known := fact.Made.Get(r)
	return known && deed.Sure
}
