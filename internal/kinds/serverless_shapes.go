package kinds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/fact"
)

// everyToken reads a list whose pages are asked for by tokens, where the SDK
// has no paginator.
func everyToken[T any](ctx context.Context, page func(ctx context.Context, token *string) ([]T, *string, error)) (all []T, err error) {
	var token *string
	for {
		some, next, err := page(ctx, token)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if aws.ToString(next) == "" {
			return all, nil
		}
		token = next
	}
}

// describeMany asks for things by their names, at most size at a time, and
// gives them in the order of the names. AWS leaves out what is gone.
func describeMany[T any](ctx context.Context, names []string, size int, describe func(context.Context, []string) ([]T, error)) (all []T, err error) {
	for some := range slices.Chunk(names, size) {
		got, err := describe(ctx, some)
		if err != nil {
			return nil, err
		}
		all = append(all, got...)
	}
	return all, nil
}

// setServiceTags notes the tags of a resource, and the stack that AWS says it
// belongs to: nobody else can set tags that begin with "aws:".
func setServiceTags(r *fact.Resource, tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	fact.Tags.Set(r, tags)
	partOf(r, "cloudformation.stack", tags["aws:cloudformation:stack-name"])
}

// pastMark is what follows the mark in an ARN, or all of what has no such mark.
func pastMark(mark, s string) string {
	if _, rest, ok := strings.Cut(s, mark); ok {
		return rest
	}
	return s
}

// leanJSON is the JSON of an answer without what it leaves out: one text for one
// state, whatever the SDK's version knows of.
func leanJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	var plain any
	if err == nil {
		err = json.Unmarshal(b, &plain)
	}
	if err == nil {
		b, err = json.Marshal(withoutNull(plain))
	}
	if err != nil {
		return "", fmt.Errorf("cannot encode what was read: %w", err)
	}
	return string(b), nil
}

// fingerprint stands for what may hold a secret where only its being the same
// matters.
func fingerprint(v any) (string, error) {
	text, err := leanJSON(v)
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:]), err
}

func withoutNull(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if value == nil || value == "" {
				delete(v, key)
				continue
			}
			v[key] = withoutNull(value)
		}
	case []any:
		for i := range v {
			v[i] = withoutNull(v[i])
		}
	}
	return v
}
