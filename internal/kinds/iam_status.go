package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// A statusPrior is the state a credential was in.
type statusPrior struct {
	Status types.StatusType `json:"status"`
}

// deactivate sets one of a user's credentials to Inactive: it stops working,
// keeps its id for the trail, and can be turned on again. find reads it as it
// is now, or kind.ErrGone. An expired credential is left as it is: IAM does
// not let its status be changed.
func deactivate[R, W, T any](needs string,
	find func(ctx context.Context, api R, r fact.Resource) (T, error), status func(T) types.StatusType,
	set func(ctx context.Context, api W, owner, id string, to types.StatusType) error,
) kind.Verb[R, W] {
	state := func(ctx context.Context, api R, r fact.Resource) (statusPrior, error) {
		is, err := find(ctx, api, r)
		return statusPrior{status(is)}, err
	}
	change := func(ctx context.Context, api W, r fact.Resource, prior json.RawMessage, to func(was types.StatusType) types.StatusType) error {
		owner, err := ownerOf(r)
		if err != nil {
			return err
		}
		was, err := read[statusPrior](prior)
		if err != nil || was.Status == types.StatusTypeExpired {
			return err
		}
		return set(ctx, api, owner, r.ID, to(was.Status))
	}
	return kind.Verb[R, W]{
		Name:   "deactivate",
		Class:  kind.Disruptive,
		Needs:  []string{needs},
		Settle: iamSettle,
		Prior: func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error) {
			return prior(state(ctx, api, r))
		},
		Do: func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
			return change(ctx, api, j.Resource, prior, func(types.StatusType) types.StatusType { return types.StatusTypeInactive })
		},
		Done: func(ctx context.Context, api R, j kind.Job) (bool, error) {
			is, err := state(ctx, api, j.Resource)
			if errors.Is(err, kind.ErrGone) { // the id is never given out again
				return true, nil
			}
			return err == nil && is.Status != types.StatusTypeActive, err
		},
		Undo: func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
			return change(ctx, api, j.Resource, prior, func(was types.StatusType) types.StatusType { return was })
		},
	}
}

// listStatuses lists credentials with a status, which IAM tells of one user at
// a time: read gives a user's, tell what is known of one.
func listStatuses[T any](
	ctx context.Context, api iam.ListUsersAPIClient, at fact.Place, k fact.Kind, put func(fact.Resource),
	read func(ctx context.Context, owner string) ([]T, error), tell func(T) (id *string, made *time.Time, status types.StatusType),
) error {
	users, err := iamUsers(ctx, api, at)
	if err != nil {
		return err
	}
	owned, err := perUser(ctx, users, read)
	if err != nil {
		return err
	}
	var all []fact.Resource
	for owner, of := range owned {
		for _, one := range of {
			id, made, status := tell(one)
			r := iamCredential(k, at, aws.ToString(id), owner)
			r.Created = aws.ToTime(made)
			setStatus(&r, status)
			all = append(all, r)
		}
	}
	putSorted(all, put)
	return nil
}

// findOwned picks one credential out of its owner's, as read now.
func findOwned[T any](r fact.Resource, read func(owner string) ([]T, error), id func(T) *string) (found T, err error) {
	owner, err := ownerOf(r)
	if err != nil {
		return found, err
	}
	all, err := read(owner)
	if err != nil {
		return found, orGone(err, "user "+owner)
	}
	for _, one := range all {
		if s := id(one); s != nil && *s == r.ID {
			return one, nil
		}
	}
	return found, fmt.Errorf("cannot find %s %s of %s: %w", r.Kind, r.ID, owner, kind.ErrGone)
}
