package kinds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

// A storeCopy is a snapshot that cordon made of a resource.
type storeCopy struct {
	ID       string `json:"id"`
	Case     string `json:"case"`
	Complete bool   `json:"-"` // Prior must not change while AWS copies
}

// storeCopying makes the verb that copies a resource inside AWS. list shows cordon's
// copies of it, of every case. start begins one under storeCopyName and takes "there
// is one already" for done; drop deletes that one. stands is kind.ErrGone when what
// was copied is not there any more, or is about to go: then its copy stays.
func storeCopying[R, W any](
	v kind.Verb[R, W],
	list func(context.Context, R, fact.Resource) ([]storeCopy, error),
	start, drop, stands func(context.Context, W, kind.Job) error,
) kind.Verb[R, W] {
	v.Class, v.For = kind.Reversible, kind.Copy
	v.Prior = func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error) {
		all, err := list(ctx, api, r)
		slices.SortFunc(all, func(a, b storeCopy) int { return strings.Compare(a.ID, b.ID) })
		return prior(append([]storeCopy{}, all...), err)
	}
	unlessThere := func(f func(context.Context, W, kind.Job) error) func(context.Context, W, kind.Job, json.RawMessage) error {
		return func(ctx context.Context, api W, j kind.Job, prior json.RawMessage) error {
			had, err := read[[]storeCopy](prior)
			if err != nil || slices.ContainsFunc(had, func(c storeCopy) bool { return c.Case == j.Case }) {
				return err // an earlier plan of this case made it
			}
			return f(ctx, api, j)
		}
	}
	v.Do = unlessThere(start)
	v.Undo = unlessThere(func(ctx context.Context, api W, j kind.Job) error {
		if err := sourceStands(j, stands(ctx, api, j)); err != nil {
			return err
		}
		if err := gone(drop(ctx, api, j)); !errors.Is(err, kind.ErrGone) {
			return err
		}
		return nil
	})
	v.Done = func(ctx context.Context, api R, j kind.Job) (bool, error) {
		all, err := list(ctx, api, j.Resource)
		return slices.ContainsFunc(all, func(c storeCopy) bool { return c.Case == j.Case && c.Complete }), err
	}
	return v
}

// sourceStands refuses to undo a copy whose source is gone, by err: it is all that is
// left of it.
func sourceStands(j kind.Job, err error) error {
	if errors.Is(err, kind.ErrGone) {
		return fmt.Errorf("cannot delete the copy of %s: what was copied is gone: %w", j.Ref, kind.ErrUnkept)
	}
	return err
}

// sameSource is the error for what stands under the name now: kind.ErrGone when it is
// being deleted, or was made at another time than what was copied.
func sameSource(j kind.Job, status string, made *time.Time) error {
	if strings.EqualFold(status, "deleting") || !aws.ToTime(made).Equal(j.Created) {
		return kind.ErrGone
	}
	return nil
}

// storeKept is the Kept of a resource whose data only a complete copy of the
// same case preserves.
func storeKept[R any](list func(context.Context, R, fact.Resource) ([]storeCopy, error)) func(context.Context, R, kind.Job) error {
	return func(ctx context.Context, api R, j kind.Job) error {
		all, err := list(ctx, api, j.Resource)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(c storeCopy) bool { return c.Case == j.Case && c.Complete }) {
			return nil
		}
		return fmt.Errorf("cannot delete %s: no snapshot of it is complete in case %s: %w", j.Ref, j.Case, kind.ErrUnkept)
	}
}

// storeCopyName is what the copy of a resource is called: the same whenever it is
// asked for again, and legal wherever AWS wants letters, digits and hyphens.
func storeCopyName(j kind.Job) string {
	sum := sha256.Sum256([]byte(j.Ref.String()))
	return "cordon-" + strings.ToLower(j.Case) + "-" + hex.EncodeToString(sum[:5])
}

// storeThere takes AWS's "exists already" for success.
func storeThere(err error, codes ...string) error {
	if slices.Contains(codes, awsapi.Code(err)) {
		return nil
	}
	return err
}

// storeAbsent says whether err is one of the codes by which a service says that
// something was never set up on a resource that is there.
func storeAbsent(err error, codes ...string) bool { return slices.Contains(codes, awsapi.Code(err)) }

// storeForm writes a structure of the SDK as JSON: members that are not set are left
// out, keys are in order. It is the form of an aspect.
func storeForm(v any) (string, error) {
	b, err := json.Marshal(setMembers(reflect.ValueOf(v)))
	if err != nil {
		return "", fmt.Errorf("cannot write a %T: %w", v, err)
	}
	return string(b), nil
}

// storeUnform reads what storeForm wrote.
func storeUnform[T any](text string) (v T, err error) {
	if err = json.Unmarshal([]byte(text), &v); err != nil {
		err = fmt.Errorf("cannot read a %T: %w", v, err)
	}
	return v, err
}

// setMembers is what is set in v; nil when nothing is. A pointer to "" is.
func setMembers(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		if s, ok := v.Interface().(*string); ok {
			return *s
		}
		if made := setMembers(v.Elem()); made != nil {
			return made
		}
		return map[string]any{}
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			return t.UTC().Format(time.RFC3339)
		}
		made := map[string]any{}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && !f.Anonymous {
				if one := setMembers(v.Field(i)); one != nil {
					made[f.Name] = one
				}
			}
		}
		return made
	case reflect.Slice:
		if v.Len() == 0 {
			return nil
		}
		made := make([]any, v.Len())
		for i := range made {
			made[i] = setMembers(v.Index(i))
		}
		return made
	case reflect.String:
		if v.Len() == 0 {
			return nil
		}
	}
	return v.Interface()
}
