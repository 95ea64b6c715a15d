package kinds

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// A shown is a resource of which one listing call tells everything: it serves
// for listing, for the evidence, and to see whether it is still there.
type shown[R, T any] struct {
	what string // in errors: "subnets"
	file string // of the evidence
	// ask yields the pages of what has these ids, of everything without ids.
	ask func(ctx context.Context, api R, ids []string) iter.Seq2[[]T, error]
	of  func(at fact.Place, t T) fact.Resource
	// over says that it has ended for good, although AWS shows it for a while:
	// it is not listed and counts as gone. Nil: AWS does not show such.
	over func(T) bool
}

// asked makes of a paginator what shown.ask returns.
func asked[O, F, T any](ctx context.Context, p pager[O, F], items func(*O) []T) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		for page, err := range pages(ctx, p) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(items(page), nil) {
				return
			}
		}
	}
}

// answered is asked for a call without pages.
func answered[O, T any](out *O, err error, items func(*O) []T) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		if err != nil {
			yield(nil, err)
			return
		}
		yield(items(out), nil)
	}
}

// most is the size of a page; EC2 takes none together with ids.
func most(ids []string, size int32) *int32 {
	if len(ids) > 0 {
		return nil
	}
	return &size
}

func (s shown[R, T]) drafts(ctx context.Context, api R, at fact.Place) (all []fact.Resource, err error) {
	for page, err := range s.ask(ctx, api, nil) {
		if err != nil {
			return nil, fmt.Errorf("cannot list %s: %w", s.what, err)
		}
		for _, t := range page {
			if s.over == nil || !s.over(t) {
				all = append(all, s.of(at, t))
			}
		}
	}
	return all, nil
}

func (s shown[R, T]) list(ctx context.Context, api R, at fact.Place, put func(fact.Resource)) error {
	all, err := s.drafts(ctx, api, at)
	for _, r := range all {
		put(r)
	}
	return err
}

func (s shown[R, T]) one(ctx context.Context, api R, id string) (T, error) {
	var all []T
	for page, err := range s.ask(ctx, api, []string{id}) {
		if err != nil {
			return only(all, err)
		}
		all = append(all, page...)
	}
	if s.over != nil {
		all = slices.DeleteFunc(all, s.over)
	}
	return only(all, nil)
}

func (s shown[R, T]) keep(ctx context.Context, api R, r fact.Resource, put func(string, []byte) error) error {
	t, err := s.one(ctx, api, r.ID)
	if err != nil {
		return err
	}
	return putJSON(put, s.file, t)
}

// An identity is what a resource never changes.
type identity struct {
	ID      string    `json:"id"`
	ARN     string    `json:"arn,omitempty"`
	Created time.Time `json:"created,omitzero"`
}

// look is for remove.
func (s shown[R, T]) look(ctx context.Context, api R, r fact.Resource) (any, error) {
	t, err := s.one(ctx, api, r.ID)
	if err != nil {
		return nil, err
	}
	is := s.of(r.Place, t)
	return identity{is.ID, is.ARN, is.Created}, nil
}

// holds notes what AWS does not delete while r stands. Without an id there is
// nothing to note.
func holds(r *fact.Resource, k fact.Kind, ids ...string) {
	all := fact.Holding.Or(*r, nil)
	for _, id := range ids {
		ref := fact.Ref{Kind: k, Place: r.Place, ID: id}
		if id != "" && !slices.Contains(all, ref) {
			all = append(all, ref)
		}
	}
	if len(all) > 0 {
		fact.Holding.Set(r, all)
	}
}

func holding(r fact.Resource) []fact.Ref { return fact.Holding.Or(r, nil) }

// setDefault marks what AWS made with the account or with its network.
func setDefault(r *fact.Resource, is bool) {
	fact.Default.Set(r, is)
	if is {
		fact.Detail.Set(r, "default")
	}
}

// refused makes an error of a refusal that stands in an answer of success.
func refused(code, message *string) error {
	return &smithy.GenericAPIError{Code: cmp.Or(aws.ToString(code), "Refused"), Message: aws.ToString(message)}
}

// unsuccessful is the first item of a call that was refused for another reason
// than that it is gone.
func unsuccessful(items []types.UnsuccessfulItem) error {
	for _, i := range items {
		err := refused(nil, nil)
		if i.Error != nil {
			err = refused(i.Error.Code, i.Error.Message)
		}
		if !errors.Is(gone(err), kind.ErrGone) {
			return err
		}
	}
	return nil
}

func groupIDs(groups []types.GroupIdentifier) []string {
	ids := []string{}
	for _, g := range groups {
		ids = append(ids, aws.ToString(g.GroupId))
	}
	return ids
}
