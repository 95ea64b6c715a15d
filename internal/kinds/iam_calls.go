package kinds

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"golang.org/x/sync/errgroup"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// iamPageSize is the most that IAM puts on one page. It may put fewer there
// while more follow, so only IsTruncated says where a listing ends.
const iamPageSize = 1000

// iamFanOut is how many users are read at the same time.
const iamFanOut = 8

// errCutShort reports a page that says more follow but not where.
var errCutShort = errors.New("the answer is cut short")

// noWriter is the writer of a kind without verbs.
type noWriter struct{}

// iamPages reads every page; one that fails fails the listing, and so does one
// that says more follow where the paginator sees no way on.
func iamPages[O, T any](ctx context.Context, what string, p pager[O, iam.Options], items func(*O) []T) (all []T, err error) {
	for page, err := range pages(ctx, p) {
		if err != nil {
			return nil, fmt.Errorf("cannot list %s: %w", what, err)
		}
		all = append(all, items(page)...)
		if truncated := reflect.ValueOf(page).Elem().FieldByName("IsTruncated"); truncated.IsValid() && truncated.Bool() && !p.HasMorePages() {
			return nil, fmt.Errorf("cannot list %s: %w", what, errCutShort)
		}
	}
	return all, nil
}

type iamUsersOf struct{ fact.Place }

// iamUsers lists the account's users once for all the kinds that ask.
func iamUsers(ctx context.Context, api iam.ListUsersAPIClient, at fact.Place) ([]types.User, error) {
	return kind.Shared(ctx, iamUsersOf{at}, func() ([]types.User, error) {
		p := iam.NewListUsersPaginator(api, &iam.ListUsersInput{MaxItems: aws.Int32(iamPageSize)})
		return iamPages(ctx, "users", p, func(o *iam.ListUsersOutput) []types.User { return o.Users })
	})
}

// perUser reads what IAM tells of one user at a time, for all users, by name.
// A user that was deleted since the users were listed is not in the answer.
func perUser[T any](ctx context.Context, users []types.User, read func(ctx context.Context, name string) ([]T, error)) (map[string][]T, error) {
	found, gone := make([][]T, len(users)), make([]bool, len(users))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(iamFanOut)
	for i, u := range users {
		g.Go(func() (err error) {
			found[i], err = read(ctx, aws.ToString(u.UserName))
			if gone[i] = notThere(err); gone[i] {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	all := map[string][]T{}
	for i, u := range users {
		if !gone[i] {
			all[aws.ToString(u.UserName)] = found[i]
		}
	}
	return all, nil
}

// flatten puts together what perUser read.
func flatten[T any](perUser map[string][]T) (all []T) {
	for _, of := range perUser {
		all = append(all, of...)
	}
	return all
}

// iamCredential starts the resource for one credential of a user.
func iamCredential(k fact.Kind, at fact.Place, id, owner string) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: k, Place: at, ID: id}}
	fact.Owner.Set(&r, owner)
	return r
}

// setStatus sets AWS's word for a credential's state and what it means.
func setStatus(r *fact.Resource, s types.StatusType) {
	fact.Status.Set(r, string(s))
	fact.Active.Set(r, s == types.StatusTypeActive)
}

// setTags sets the tags, also when there are none.
func setTags(r *fact.Resource, tags []types.Tag) {
	all := map[string]string{}
	for _, t := range tags {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	fact.Tags.Set(r, all)
}

// putSorted puts the resources by id, whatever order the answers came in.
func putSorted(all []fact.Resource, put func(fact.Resource)) {
	slices.SortFunc(all, byID)
	for _, r := range all {
		put(r)
	}
}

func byID(a, b fact.Resource) int { return strings.Compare(a.ID, b.ID) }

// holdsOwner names the user that cannot be deleted while its credential stands.
func holdsOwner(r fact.Resource) []fact.Ref {
	owner := fact.Owner.Or(r, "")
	if owner == "" {
		return nil
	}
	return []fact.Ref{{Kind: "iam.user", Place: r.Place, ID: owner}}
}

// ownerOf is the user to name in a call. Without a UserName IAM takes the
// caller's own, so that a missing owner must never reach it.
func ownerOf(r fact.Resource) (string, error) {
	owner := fact.Owner.Or(r, "")
	if owner == "" {
		return "", fmt.Errorf("cannot tell whose %s %s is", r.Kind, r.ID)
	}
	return owner, nil
}

// notThere reports IAM's answer for what does not exist.
func notThere(err error) bool {
	var e *types.NoSuchEntityException
	return errors.As(err, &e)
}

// orGone makes IAM's answer for what does not exist the one the gate knows.
func orGone(err error, what string) error {
	if notThere(err) {
		return fmt.Errorf("cannot read %s: %w", what, kind.ErrGone)
	}
	return err
}

// told takes what an answer should hold out of it.
func told[T any](v *T, what string) (T, error) {
	if v == nil {
		var none T
		return none, fmt.Errorf("cannot read %s: the answer does not hold it", what)
	}
	return *v, nil
}

// document decodes a policy: IAM sends them URL-encoded by RFC 3986, where a
// plus sign is a plus sign (IAM API reference, GetUserPolicy).
func document(encoded *string) (string, error) {
	plain, err := url.PathUnescape(aws.ToString(encoded))
	if err != nil {
		return "", fmt.Errorf("cannot decode policy document: %w", err)
	}
	return plain, nil
}
