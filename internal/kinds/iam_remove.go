package kinds

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// lastingFacts are what no action changes of a resource: its id and its date.
type lastingFacts struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created,omitzero"`
}

func lasting(id *string, made *time.Time) lastingFacts {
	return lastingFacts{aws.ToString(id), aws.ToTime(made).UTC()}
}

// removeOwned deletes one credential of a user for good.
func removeOwned[R, W, T any](needs string,
	find func(context.Context, R, fact.Resource) (T, error), made func(T) *time.Time,
	del func(ctx context.Context, api W, owner, id string) error,
) kind.Verb[R, W] {
	return remove(kind.Verb[R, W]{Name: "delete", Needs: []string{needs}, Settle: iamSettle},
		func(ctx context.Context, api R, r fact.Resource) (any, error) {
			one, err := find(ctx, api, r)
			return lasting(&r.ID, made(one)), err
		},
		func(ctx context.Context, api W, j kind.Job) error {
			owner, err := ownerOf(j.Resource)
			if err != nil {
				return err
			}
			return del(ctx, api, owner, j.ID)
		})
}

// takeEach does to all that a listing gave what takes one away. What is gone
// already is done.
func takeEach[T any](all []T, err error, take func(T) error) error {
	if err != nil {
		return err
	}
	for _, one := range all {
		if err := unlessGone(take(one)); err != nil {
			return err
		}
	}
	return nil
}

// unlessGone is the error of one step of a removal of many.
func unlessGone(err error) error {
	if notThere(err) {
		return nil
	}
	return err
}

// strip takes everything from a principal that keeps it from being deleted:
// first what gives it rights, then what denies it, so that a session that is
// still open never gets more than it had, and its boundary last.
func (p principal[R, W]) strip(ctx context.Context, api W, name string) error {
	is, err := p.holdings(ctx, p.reader(api), name)
	if err != nil {
		return err
	}
	give := is.grants()
	leave := func(g string) error { return p.leave(ctx, api, name, g) }
	detach := func(arn string) error { return p.detach(ctx, api, name, arn) }
	drop := func(policy string) error { return p.delete(ctx, api, name, policy) }
	if err := takeEach(is.groups, nil, leave); err != nil {
		return err
	}
	if err := takeEach(give.Attached, nil, detach); err != nil {
		return err
	}
	if err := takeEach(keysInOrder(give.Inline), nil, drop); err != nil {
		return err
	}
	if err := takeEach(lacking(is.attached, give.Attached), nil, detach); err != nil {
		return err
	}
	if err := takeEach(lacking(keysInOrder(is.inline), keysInOrder(give.Inline)), nil, drop); err != nil {
		return err
	}
	if is.boundary == "" {
		return nil
	}
	return unlessGone(p.bound(ctx, api, name, ""))
}

// stripping are the calls that strip makes beyond the Spec's.
func (p principal[R, W]) stripping() (needs []string) {
	for _, c := range p.changing() {
		if !slices.Contains(append(p.calls("iam:Put*Policy", "iam:Attach*Policy", "iam:Put*PermissionsBoundary"), "iam:AddUserToGroup"), c) {
			needs = append(needs, c)
		}
	}
	return needs
}
