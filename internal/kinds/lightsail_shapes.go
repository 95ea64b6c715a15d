package kinds

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lightsail/types"

	"cordon/internal/fact"
)

// tokens yields every page of a listing that has no paginator: call gets the
// token of the page it is to fetch and returns the page with the next one.
func tokens[O any](ctx context.Context, call func(context.Context, *string) (O, *string, error)) iter.Seq2[O, error] {
	return func(yield func(O, error) bool) {
		var token *string
		for {
			page, next, err := call(ctx, token)
			if !yield(page, err) || err != nil || aws.ToString(next) == "" {
				return
			}
			if aws.ToString(next) == aws.ToString(token) {
				yield(page, fmt.Errorf("cannot go on: AWS gave the same page's token again"))
				return
			}
			token = next
		}
	}
}

// lightsailTags notes the tags of a Lightsail resource.
func lightsailTags(r *fact.Resource, all []types.Tag) {
	tags := map[string]string{}
	for _, t := range all {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	noteTags(r, tags)
}
