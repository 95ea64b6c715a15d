package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"golang.org/x/sync/errgroup"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

// pager is what every paginator of the SDK is.
type pager[O, F any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*F)) (*O, error)
}

// pages yields every page, or the error that ends the listing.
func pages[O, F any](ctx context.Context, p pager[O, F]) iter.Seq2[*O, error] {
	return func(yield func(*O, error) bool) {
		for p.HasMorePages() {
			page, err := p.NextPage(ctx)
			if !yield(page, err) || err != nil {
				return
			}
		}
	}
}

// fanOut is how many calls about single resources one listing has under way.
const fanOut = 4

// complete lets more finish each draft with calls of its own and puts them in
// the order of the drafts. One that vanished meanwhile is left out; any other
// error fails the listing.
func complete(ctx context.Context, drafts []fact.Resource, more func(context.Context, *fact.Resource) error, put func(fact.Resource)) error {
	vanished := make([]bool, len(drafts))
	calls, ctx := errgroup.WithContext(ctx)
	calls.SetLimit(fanOut)
	for i := range drafts {
		calls.Go(func() error {
			err := more(ctx, &drafts[i])
			vanished[i] = errors.Is(err, kind.ErrGone)
			if vanished[i] {
				return nil
			}
			return err
		})
	}
	if err := calls.Wait(); err != nil {
		return err
	}
	for i, r := range drafts {
		if !vanished[i] {
			put(r)
		}
	}
	return nil
}

// gone makes an answer that says "not there" a kind.ErrGone and leaves every
// other error as it is.
func gone(err error) error {
	if awsapi.Classify(err) == awsapi.NotFound || awsapi.Code(err) == "InvalidAMIID.Unavailable" {
		return fmt.Errorf("%w: %w", kind.ErrGone, err)
	}
	return err
}

// only returns the single thing that was asked for by its id. More than one is no
// answer to that question, and does not say that it is gone.
func only[T any](all []T, err error) (T, error) {
	var none T
	if err != nil {
		return none, gone(err)
	}
	switch len(all) {
	case 0:
		return none, kind.ErrGone
	case 1:
		return all[0], nil
	}
	return none, fmt.Errorf("cannot tell which is meant: AWS answers with %d where one was asked for", len(all))
}

// whole is every page of a question, put together: AWS may answer a filter with an
// empty page and a token for the next.
func whole[O, F, T any](ctx context.Context, p pager[O, F], of func(*O) []T) (all []T, err error) {
	for page, err := range pages(ctx, p) {
		if err != nil {
			return nil, err
		}
		all = append(all, of(page)...)
	}
	return all, nil
}

// moment reads the times that some services write as text; zero when they do
// not, or in a way unknown to us.
func moment(s *string) time.Time {
	if s == nil {
		return time.Time{}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.999999999-0700"} {
		if t, err := time.Parse(layout, *s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// putJSON keeps one answer of the API as evidence.
func putJSON(put func(string, []byte) error, name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot encode %s: %w", name, err)
	}
	return put(name, b)
}
