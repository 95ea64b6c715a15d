package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// strengthen makes the verb that sets something to what is recommended, and back.
// get reads it as a text, "" when it was never set; better says what it becomes
// of what it is, and leaves alone what is at least as strict: better of better is
// the same. set writes it, and takes it away when it is "".
func strengthen[R, W any](
	v kind.Verb[R, W],
	better func(is string) (string, error),
	get func(context.Context, R, fact.Resource) (string, error),
	set func(context.Context, W, kind.Job, string) error,
) kind.Verb[R, W] {
	v.For = kind.Protect
	v.Prior = func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error) {
		return prior(get(ctx, api, r))
	}
	v.Do = func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
		was, err := read[string](prior)
		if err != nil {
			return err
		}
		to, err := better(was)
		if err != nil || sameText(was, to) {
			return err
		}
		return set(ctx, api, j, to)
	}
	v.Done = func(ctx context.Context, api R, j kind.Job) (bool, error) {
		is, err := get(ctx, api, j.Resource)
		if err != nil {
			return false, err
		}
		to, err := better(is)
		return err == nil && sameText(is, to), err
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

// atLeast is the better that does not depend on what is: one of ok is left alone,
// everything else becomes the first of them.
func atLeast(ok ...string) func(string) (string, error) {
	return func(is string) (string, error) {
		for _, fine := range ok {
			if sameText(is, fine) {
				return is, nil
			}
		}
		return ok[0], nil
	}
}

// establish makes the verb that creates what is not there, and its mirror that
// takes it away again. is tells what is there, "" when nothing is; stands whether
// that is all of it. create is called again after a lost answer, and where it
// broke off half-way; drop takes away only what Prior did not show.
func establish[R, W any](
	v kind.Verb[R, W],
	is func(context.Context, R, fact.Resource) (string, error),
	stands func(string) bool,
	create, drop func(context.Context, W, kind.Job) error,
) kind.Verb[R, W] {
	v.Class, v.For = kind.Reversible, kind.Protect
	v.Prior = func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error) {
		return prior(is(ctx, api, r))
	}
	v.Do = func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
		was, err := read[string](prior)
		switch {
		case err != nil || was != "" && stands(was):
			return err
		case was != "": // somebody else's, and nobody knows how to put it back
			return fmt.Errorf("cannot make %s: there is one already, and it is not what it should be", j.Ref)
		}
		return create(ctx, api, j)
	}
	v.Rest = func(first, now json.RawMessage) bool {
		was, err := read[string](first)
		is, readErr := read[string](now)
		return err == nil && readErr == nil && was == "" && is != "" && !stands(is)
	}
	v.Undo = func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
		was, err := read[string](prior)
		if err != nil || was != "" {
			return err
		}
		if err := gone(drop(ctx, api, j)); !errors.Is(err, kind.ErrGone) {
			return err
		}
		return nil
	}
	v.Done = func(ctx context.Context, api R, j kind.Job) (bool, error) {
		now, err := is(ctx, api, j.Resource)
		return err == nil && now != "" && stands(now), err
	}
	return v
}

// thatIsAll is the stands of what is there or not.
func thatIsAll(string) bool { return true }
