package kinds

import (
	"context"
	"encoding/json"
	"fmt"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// flip makes a verb of a switch that is turned to one side and back. Prior is
// the bool that is reads. A switch that was on that side already stays there
// when the verb is undone.
func flip[R, W any](
	v kind.Verb[R, W], to bool,
	is func(context.Context, R, fact.Resource) (bool, error),
	turn func(context.Context, W, kind.Job, bool) error,
) kind.Verb[R, W] {
	v.Prior = func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error) {
		return prior(is(ctx, api, r))
	}
	v.Do = func(ctx context.Context, api W, j kind.Job, _ json.RawMessage) error {
		return turn(ctx, api, j, to)
	}
	v.Done = func(ctx context.Context, api R, j kind.Job) (bool, error) {
		on, err := is(ctx, api, j.Resource)
		return err == nil && on == to, err
	}
	v.Undo = func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
		was, err := read[bool](prior)
		if err != nil || was == to {
			return err
		}
		return turn(ctx, api, j, was)
	}
	return v
}

// withdraw makes a verb of a list that is taken away and given back. Prior is
// the list, in a fixed order. take gets only what Prior showed, so that undo
// can give back all of it; Done wants the whole list gone.
func withdraw[R, W, T any](
	v kind.Verb[R, W],
	list func(context.Context, R, fact.Resource) ([]T, error),
	take, give func(context.Context, W, kind.Job, []T) error,
) kind.Verb[R, W] {
	v.Prior = func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error) {
		had, err := list(ctx, api, r)
		return prior(append([]T{}, had...), err)
	}
	apply := func(f func(context.Context, W, kind.Job, []T) error) func(context.Context, W, kind.Job, json.RawMessage) error {
		return func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
			had, err := read[[]T](prior)
			if err != nil || len(had) == 0 {
				return err
			}
			return f(ctx, api, j, had)
		}
	}
	v.Do, v.Undo = apply(take), apply(give)
	v.Done = func(ctx context.Context, api R, j kind.Job) (bool, error) {
		left, err := list(ctx, api, j.Resource)
		return err == nil && len(left) == 0, err
	}
	return v
}

// read decodes a prior state.
func read[T any](prior json.RawMessage) (v T, err error) {
	if err = json.Unmarshal(prior, &v); err != nil {
		err = fmt.Errorf("cannot read the state before: %w", err)
	}
	return v, err
}
