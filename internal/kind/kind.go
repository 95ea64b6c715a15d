// Package kind says what it takes to add one sort of AWS resource: how to list
// it, what to keep of it as evidence, and which changes can be made and undone.
package kind

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/fact"
)

// A Spec declares one kind over two interfaces that its own file writes with
// just the calls it makes: R has only reading methods; W has the changing
// ones. Listing cannot change the account: it is never handed a W.
type Spec[R, W any] struct {
	Name   fact.Kind
	Global bool // one control plane for all regions
	Reader func(aws.Config) R
	Writer func(aws.Config) W // nil when there are no verbs

	// Needs names the calls that List, Identity and Keep make, as
	// "iam:ListUsers" or, where IAM's action has another name,
	// "s3:ListObjectsV2=s3:ListBucket". Any other call is refused before it is
	// signed, and the IAM policies cordon prints are made from the same list.
	Needs []string
	// Carry names the facts that the verbs read: all that a plan takes along.
	Carry []string

	// List puts every resource in one place, or returns an error. It never
	// skips one it could not describe. A page that fails fails the listing.
	List func(ctx context.Context, api R, at fact.Place, put func(fact.Resource)) error
	// Identity re-reads the id that AWS never reuses, for kinds whose names
	// are reused. A resource that is gone is ErrGone. Nil: the ID is unique.
	Identity func(ctx context.Context, api R, r fact.Resource) (string, error)
	// Holds names what cannot be deleted while this resource stands.
	Holds func(fact.Resource) []fact.Ref
	// Keep reads what a change or a deletion would destroy and puts it as
	// named blobs. It only reads.
	Keep func(ctx context.Context, api R, r fact.Resource, put func(name string, b []byte) error) error

	Verbs []Verb[R, W]
}

// ErrGone reports a resource that is no longer there. Kinds wrap it.
var ErrGone = errGone{}

type errGone struct{}

func (errGone) Error() string { return "the resource is no longer there" }

// A Class says what a verb costs when it was wrong.
type Class string

// The classes, mildest first.
const (
	Reversible Class = "reversible" // can be undone, and nothing of the owner's should stop
	Disruptive Class = "disruptive" // can be undone, but something stops meanwhile
	Permanent  Class = "permanent"  // for good
	Person     Class = "person"     // only a person can do it
)

// A Job is one verb about to be done, or that was done, to one resource.
type Job struct {
	fact.Resource
	At   time.Time // when it was ordered, by AWS's clock; the same again after a crash
	Case string
}

// A Verb is one change to one resource. Do and Undo are written to mirror each
// other. Do is idempotent: after a lost answer it is called again.
type Verb[R, W any] struct {
	Name  string
	Class Class
	Needs []string // calls of Prior, Do, Done and Undo beyond the Spec's own
	// Settle is how long fresh reads must go on agreeing before the change
	// counts as verified. IAM lets an intruder race a change for about 4 s.
	Settle time.Duration
	// Reach is set for a change that holds for what came before a moment only:
	// how long after the job's time it still reaches. The gate orders it afresh
	// when another call of the run took effect later than that.
	Reach time.Duration
	// Prior reads the state that Do will change, enough to undo it and equal
	// (as JSON) whenever nothing changed. It is read when planning, just
	// before doing, and after verifying.
	Prior func(ctx context.Context, api R, r fact.Resource) (json.RawMessage, error)
	Do    func(ctx context.Context, api W, j Job, prior json.RawMessage) error
	// Done reads again whether the change shows.
	Done func(ctx context.Context, api R, j Job) (bool, error)
	// Undo restores exactly prior. Nil: the change is for good.
	Undo func(ctx context.Context, api W, j Job, prior json.RawMessage) error
	// Tidies says that Undo clears something away after prior is back: after a
	// crash it is called again although prior shows already.
	Tidies bool
}

// A Kind is a Spec with its client types closed over.
type Kind interface {
	Name() fact.Kind
	Global() bool
	Needs() []string
	List(ctx context.Context, read aws.Config, at fact.Place, put func(fact.Resource)) error
	// Identity returns the unique id read now, or "" when the kind has none.
	Identity(ctx context.Context, read aws.Config, r fact.Resource) (string, error)
	Holds(fact.Resource) []fact.Ref
	Keep(ctx context.Context, read aws.Config, r fact.Resource, put func(name string, b []byte) error) error
	Trim(fact.Resource) fact.Resource
	Verb(name string) (Bound, bool)
	Verbs() []Bound
}

// A Bound verb is ready for the gate.
type Bound struct {
	Name     string
	Class    Class
	Needs    []string
	Settle   time.Duration
	Reach    time.Duration
	Undoable bool
	Tidies   bool
	Prior    func(ctx context.Context, read aws.Config, r fact.Resource) (json.RawMessage, error)
	Do       func(ctx context.Context, write aws.Config, j Job, prior json.RawMessage) error
	Done     func(ctx context.Context, read aws.Config, j Job) (bool, error)
	Undo     func(ctx context.Context, write aws.Config, j Job, prior json.RawMessage) error
}

// Of closes a Spec. It panics on a Spec that no one should be able to ship.
func Of[R, W any](s Spec[R, W]) Kind {
	if s.Name == "" || s.Reader == nil || s.List == nil || len(s.Needs) == 0 {
		panic(fmt.Sprintf("kind %q: name, reader, list and needs are required", s.Name))
	}
	if len(s.Verbs) > 0 && s.Writer == nil {
		panic(fmt.Sprintf("kind %q: verbs need a writer", s.Name))
	}
	for _, v := range s.Verbs {
		if v.Name == "" || v.Class == "" || v.Prior == nil || v.Do == nil || v.Done == nil || len(v.Needs) == 0 {
			panic(fmt.Sprintf("kind %q: verb %q: name, class, needs, prior, do and done are required", s.Name, v.Name))
		}
		if (v.Undo == nil) != (v.Class == Permanent) {
			panic(fmt.Sprintf("kind %q: verb %q: exactly the permanent verbs have no undo", s.Name, v.Name))
		}
	}
	return closed[R, W]{s}
}

type closed[R, W any] struct{ s Spec[R, W] }

func (c closed[R, W]) Name() fact.Kind { return c.s.Name }
func (c closed[R, W]) Global() bool    { return c.s.Global }
func (c closed[R, W]) Needs() []string { return slices.Clone(c.s.Needs) }

func (c closed[R, W]) List(ctx context.Context, cfg aws.Config, at fact.Place, put func(fact.Resource)) error {
	return c.s.List(ctx, c.s.Reader(cfg), at, put)
}

func (c closed[R, W]) Identity(ctx context.Context, cfg aws.Config, r fact.Resource) (string, error) {
	if c.s.Identity == nil {
		return "", nil
	}
	return c.s.Identity(ctx, c.s.Reader(cfg), r)
}

func (c closed[R, W]) Holds(r fact.Resource) []fact.Ref {
	if c.s.Holds == nil {
		return nil
	}
	return c.s.Holds(r)
}

func (c closed[R, W]) Keep(ctx context.Context, cfg aws.Config, r fact.Resource, put func(string, []byte) error) error {
	if c.s.Keep == nil {
		return nil
	}
	return c.s.Keep(ctx, c.s.Reader(cfg), r, put)
}

func (c closed[R, W]) Trim(r fact.Resource) fact.Resource { return r.With(c.s.Carry...) }

func (c closed[R, W]) Verb(name string) (Bound, bool) {
	i := slices.IndexFunc(c.s.Verbs, func(v Verb[R, W]) bool { return v.Name == name })
	if i < 0 {
		return Bound{}, false
	}
	return c.bind(c.s.Verbs[i]), true
}

func (c closed[R, W]) Verbs() []Bound {
	out := make([]Bound, 0, len(c.s.Verbs))
	for _, v := range c.s.Verbs {
		out = append(out, c.bind(v))
	}
	return out
}

func (c closed[R, W]) bind(v Verb[R, W]) Bound {
	b := Bound{Name: v.Name, Class: v.Class, Settle: v.Settle, Reach: v.Reach, Undoable: v.Undo != nil, Tidies: v.Tidies}
	b.Needs = append(slices.Clone(c.s.Needs), v.Needs...)
	b.Prior = func(ctx context.Context, cfg aws.Config, r fact.Resource) (json.RawMessage, error) {
		return v.Prior(ctx, c.s.Reader(cfg), r)
	}
	b.Do = func(ctx context.Context, cfg aws.Config, j Job, prior json.RawMessage) error {
		return v.Do(ctx, c.s.Writer(cfg), j, prior)
	}
	b.Done = func(ctx context.Context, cfg aws.Config, j Job) (bool, error) {
		return v.Done(ctx, c.s.Reader(cfg), j)
	}
	if v.Undo != nil {
		b.Undo = func(ctx context.Context, cfg aws.Config, j Job, prior json.RawMessage) error {
			return v.Undo(ctx, c.s.Writer(cfg), j, prior)
		}
	}
	return b
}
