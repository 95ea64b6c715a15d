package kinds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

// unique is what tells a resource from one made later under its name.
type unique struct {
	ID   string    `json:"id,omitempty"`
	Made time.Time `json:"made,omitzero"`
}

// uniquely is unique as AWS's answers have it.
func uniquely(id *string, made *time.Time) unique {
	return unique{aws.ToString(id), aws.ToTime(made).UTC()}
}

// named is the draft of a resource whose ID is a name or an id of its own.
func named(k fact.Kind, at fact.Place, id, arn *string, made *time.Time) fact.Resource {
	return fact.Resource{
		Ref: fact.Ref{Kind: k, Place: at, ID: aws.ToString(id)}, ARN: aws.ToString(arn), Created: aws.ToTime(made).UTC(),
	}
}

// uses is Holds of kinds that set fact.Uses.
func uses(r fact.Resource) []fact.Ref { return fact.Uses.Or(r, nil) }

// using notes one resource that must not go before this one; "" is none.
func using(r *fact.Resource, k fact.Kind, id string) {
	if id == "" {
		return
	}
	one := fact.Ref{Kind: k, Place: r.Place, ID: id}
	if all := fact.Uses.Or(*r, nil); !slices.Contains(all, one) {
		fact.Uses.Set(r, append(all, one))
	}
}

// kept is Keep of a resource that one answer of the API describes whole.
func kept[R, O any](name string, describe func(context.Context, R, fact.Resource) (O, error)) func(context.Context, R, fact.Resource, func(string, []byte) error) error {
	return func(ctx context.Context, api R, r fact.Resource, put func(string, []byte) error) error {
		out, err := describe(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, name, out)
	}
}

// sagemakerGone reads SageMaker's way of saying "not there": for most of its
// resources it is a ValidationException, and only the sentence tells.
func sagemakerGone(err error) error {
	if awsapi.Code(err) != "ValidationException" {
		return gone(err)
	}
	said := strings.ToLower(err.Error())
	for _, sentence := range []string{"could not find", "recordnotfound", "not found", "does not exist", "no notebook instance lifecycle config"} {
		if strings.Contains(said, sentence) {
			return fmt.Errorf("%w: %w", kind.ErrGone, err)
		}
	}
	return err
}

// isGone says whether err is that the resource is not there.
func isGone(err error) bool { return errors.Is(err, kind.ErrGone) }
