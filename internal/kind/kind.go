// Package kind says what it takes to add one sort of AWS resource: how to list
// it, what to keep of it as evidence, and which changes can be made and undone.
package kind

import (
	"context"
	"encoding/json"
	"errors"
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
	// Carry names the facts that the verbs read: all that a plan takes along,
	// with fact.Before and fact.Vouched.
	Carry []string

	// List puts every resource in one place, or returns an error. It never
	// skips one it could not describe. A page that fails fails the listing.
	List func(ctx context.Context, api R, at fact.Place, put func(fact.Resource)) error
	// Identity re-reads the id that AWS never reuses, for kinds whose names
	// are reused. A resource that is gone is ErrGone. Nil: the ID is unique.
	Identity func(ctx context.Context, api R, r fact.Resource) (string, error)
	// Cost is what List declares to cost, in calls; kindtest and the triage's
	// budget hold it to that.
	Cost Cost
	// Covers names the rows of the attacker catalogue (package catalogue) that
	// this kind's state shows, such as "B1".
	Covers []string
	// Named says that the ID is a name that can be given again once the resource
	// is gone: a record counts for it only near its date of creation.
	Named bool
	// Owns says that removing the resource removes its parts with it (see
	// fact.PartOf), as a stack does: they are not removed one by one.
	Owns bool
	// Recreates says that it makes, by itself, what somebody deletes, or runs
	// code that does: it is disabled before anything else is removed.
	Recreates bool
	// Holds names what cannot be deleted while this resource stands.
	Holds func(fact.Resource) []fact.Ref
	// Keep reads what a change or a deletion would destroy and puts it as
	// named blobs. It only reads. A kind with a Remove verb has one.
	Keep func(ctx context.Context, api R, r fact.Resource, put func(name string, b []byte) error) error
	// Recollect mends what history and baselines told of fact.Before with what
	// stands in the listed resource: it adds what that shows beyond doubt, and
	// forgets what nothing is left of to be put back. Pure.
	Recollect func(r fact.Resource, before map[string]string)

	Verbs []Verb[R, W]
}

// A Cost is the most calls that listing one place takes: Fixed, and one for
// each Page resources begun after the first page, and Each for every resource.
type Cost struct {
	Fixed int `json:"fixed"`          // calls for an empty place
	Page  int `json:"page,omitempty"` // resources per further call; 0: never a further call
	Each  int `json:"each,omitempty"` // calls per resource
}

// Calls is the budget for n resources in one place.
func (c Cost) Calls(n int) int {
	calls := c.Fixed + c.Each*n
	if c.Page > 0 && n > 0 {
		calls += (n - 1) / c.Page
	}
	return calls
}

// ErrGone reports a resource that is no longer there. Kinds wrap it.
var ErrGone = errGone{}

type errGone struct{}

func (errGone) Error() string { return "the resource is no longer there" }

// ErrUnkept reports that what would be destroyed has no complete copy.
var ErrUnkept = errors.New("there is no complete copy of it")

// A Class says what a verb costs when it was wrong.
type Class string

// The classes, mildest first.
const (
	Reversible Class = "reversible" // can be undone, and nothing of the owner's should stop
	Disruptive Class = "disruptive" // can be undone, but something stops meanwhile
	Permanent  Class = "permanent"  // for good
	Person     Class = "person"     // only a person can do it
)

// A Purpose says what a verb is for, so that a plan finds it without knowing
// the kind.
type Purpose string

// The purposes, in the order in which an account is cleaned.
const (
	// Disable ends what the resource does or starts, and can be undone: a group
	// stops launching, a rule stops firing, an instance is stopped.
	Disable Purpose = "disable"
	// Close takes away the access of outsiders that a resource gives.
	Close Purpose = "close"
	// Copy makes evidence inside AWS: a snapshot. Its Done is true only when the
	// copy is complete.
	Copy Purpose = "copy"
	// Lift takes away the protection named in Of that stands in the way of
	// removing (see fact.Protections).
	Lift Purpose = "lift"
	// Restore puts back what somebody changed.
	Restore Purpose = "restore"
	// Remove deletes the resource. Its Prior shows only what no other action
	// of a plan changes: ids and the date of creation, never a status.
	Remove Purpose = "remove"
	// Protect sets up what keeps it from happening again. The owner chooses it; no
	// clean-up plans it.
	Protect Purpose = "protect"
)

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

	For Purpose // "": only a playbook that knows the kind plans it
	// Of is the protection that a Lift takes away, or the aspect that a Restore
	// puts back: the key into fact.Before.
	Of string
	// Mends names the calls whose effect a Restore or Close takes back, such as
	// "PutBucketPolicy". A Restore reads what to put back from
	// fact.Before[Of] of the job; "" there means that there was nothing.
	Mends []string
	// FromBefore says that a Restore cannot be done without a value in
	// fact.Before: another, such as starting a trail again, needs none.
	FromBefore bool
	// Recall reads from a recorded call of Mends what it set: the value for
	// fact.Before[Of] when that call was the owner's last one. Request and
	// response are the record's JSON objects. ok is false when the record does
	// not tell.
	Recall func(call string, request, response json.RawMessage) (value string, ok bool)
	// Kept reads whether what Remove destroys stands complete elsewhere in AWS,
	// for what Keep cannot read, such as a disk. It returns an error that wraps
	// ErrUnkept, and the gate refuses, when it does not.
	Kept func(ctx context.Context, api R, j Job) error
	// Takes is set where AWS goes on working after the call: how long that may
	// be. Until then Done being false means wait, and not that somebody took
	// the change back.
	Takes time.Duration

	// Rest is for a verb of several calls whose Prior shows what some of them left:
	// whether now is such a rest of first. A change that broke off there is made
	// again from first. Nil: Prior shows just the whole change.
	Rest func(first, now json.RawMessage) bool
	// Tidies says that Undo clears something away after prior is back: after a
	// crash it is called again although prior shows already.
	Tidies bool
	// Secret says that Do makes a credential and hands its secret to the job's
	// Sink. Do clears away first what an earlier of the job's Tries made and did
	// not store, and Done is true only for what the Sink has. The gate does not do
	// it without a Sink, and does not make it anew within a run.
	Secret bool
}

// A Kind is a Spec with its client types closed over.
type Kind interface {
	Name() fact.Kind
	Global() bool
	Needs() []string
	List(ctx context.Context, read aws.Config, at fact.Place, put func(fact.Resource)) error
	// Identity returns the unique id read now, or "" when the kind has none.
	Identity(ctx context.Context, read aws.Config, r fact.Resource) (string, error)
	Cost() Cost
	Covers() []string
	Named() bool
	Owns() bool
	Recreates() bool
	Holds(fact.Resource) []fact.Ref
	// Keeps says whether there is a Keep.
	Keeps() bool
	Keep(ctx context.Context, read aws.Config, r fact.Resource, put func(name string, b []byte) error) error
	Recollect(r fact.Resource, before map[string]string)
	Trim(fact.Resource) fact.Resource
	Verb(name string) (Bound, bool)
	Verbs() []Bound
}

// A Bound verb is ready for the gate.
type Bound struct {
	Name     string
	Class    Class
	Needs    []string // with the kind's
	Own      []string // without them
	Settle   time.Duration
	Reach    time.Duration
	Undoable bool
	Tidies   bool
	Secret   bool
	For      Purpose
	Of       string
	Mends    []string
	Takes    time.Duration

	FromBefore bool

	Recall func(call string, request, response json.RawMessage) (value string, ok bool) // or nil
	Kept   func(ctx context.Context, read aws.Config, j Job) error                      // or nil
	Rest   func(first, now json.RawMessage) bool                                        // or nil
	Prior  func(ctx context.Context, read aws.Config, r fact.Resource) (json.RawMessage, error)
	Do     func(ctx context.Context, write aws.Config, j Job, prior json.RawMessage) error
	Done   func(ctx context.Context, read aws.Config, j Job) (bool, error)
	Undo   func(ctx context.Context, write aws.Config, j Job, prior json.RawMessage) error
}

// Of closes a Spec. It panics on a Spec that no one should be able to ship.
func Of[R, W any](spec Spec[R, W]) Kind {
	s := &spec
	k := &closed{
		name: s.Name, global: s.Global, needs: s.Needs, cost: s.Cost, covers: s.Covers, named: s.Named, owns: s.Owns, recreates: s.Recreates,
		holds: s.Holds, carry: slices.Concat(s.Carry, alwaysCarried), writes: s.Writer != nil, recollect: s.Recollect,
	}
	if s.List != nil && s.Reader != nil {
		k.list = func(ctx context.Context, cfg aws.Config, at fact.Place, put func(fact.Resource)) error {
			return s.List(ctx, s.Reader(cfg), at, put)
		}
	}
	if s.Identity != nil {
		k.identity = func(ctx context.Context, cfg aws.Config, r fact.Resource) (string, error) {
			return s.Identity(ctx, s.Reader(cfg), r)
		}
	}
	if s.Keep != nil {
		k.keep = func(ctx context.Context, cfg aws.Config, r fact.Resource, put func(string, []byte) error) error {
			return s.Keep(ctx, s.Reader(cfg), r, put)
		}
	}
	for i := range s.Verbs {
		k.verbs = append(k.verbs, bind(s, &s.Verbs[i]))
	}
	k.check()
	return k
}

// check panics on what a kind must not be. It is not generic, as little as
// possible is.
func (c *closed) check() {
	if c.name == "" || c.list == nil || len(c.needs) == 0 {
		panic(fmt.Sprintf("kind %q: name, reader, list and needs are required", c.name))
	}
	if len(c.verbs) > 0 && !c.writes {
		panic(fmt.Sprintf("kind %q: verbs need a writer", c.name))
	}
	for _, v := range c.verbs {
		switch {
		case v.Name == "" || v.Class == "" || v.Prior == nil || v.Do == nil || v.Done == nil || len(v.Needs) == len(c.needs):
			panic(fmt.Sprintf("kind %q: verb %q: name, class, needs, prior, do and done are required", c.name, v.Name))
		case v.Undoable == (v.Class == Permanent):
			panic(fmt.Sprintf("kind %q: verb %q: exactly the permanent verbs have no undo", c.name, v.Name))
		case v.Class == Permanent && c.keep == nil:
			panic(fmt.Sprintf("kind %q: verb %q: what is deleted is kept first: Keep is required", c.name, v.Name))
		case (v.For == Lift || v.For == Restore) != (v.Of != ""):
			panic(fmt.Sprintf("kind %q: verb %q: exactly what lifts or restores says what", c.name, v.Name))
		}
	}
}

// alwaysCarried are the facts that the common shapes of verbs read.
var alwaysCarried = []string{string(fact.Before), string(fact.Vouched)}

// closed is a Spec without its client types. It is not generic: what is made
// for each pair of them is made a hundred and fifty times over.
type closed struct {
	name                           fact.Kind
	global, named, owns, recreates bool
	writes                         bool
	needs, covers, carry           []string
	cost                           Cost
	holds                          func(fact.Resource) []fact.Ref
	list                           func(context.Context, aws.Config, fact.Place, func(fact.Resource)) error
	identity                       func(context.Context, aws.Config, fact.Resource) (string, error)
	keep                           func(context.Context, aws.Config, fact.Resource, func(string, []byte) error) error
	recollect                      func(fact.Resource, map[string]string)
	verbs                          []Bound
}

func (c *closed) Name() fact.Kind  { return c.name }
func (c *closed) Global() bool     { return c.global }
func (c *closed) Needs() []string  { return slices.Clone(c.needs) }
func (c *closed) Cost() Cost       { return c.cost }
func (c *closed) Covers() []string { return slices.Clone(c.covers) }
func (c *closed) Named() bool      { return c.named }
func (c *closed) Owns() bool       { return c.owns }
func (c *closed) Recreates() bool  { return c.recreates }
func (c *closed) Keeps() bool      { return c.keep != nil }
func (c *closed) Verbs() []Bound   { return slices.Clone(c.verbs) }

func (c *closed) List(ctx context.Context, cfg aws.Config, at fact.Place, put func(fact.Resource)) error {
	return c.list(ctx, cfg, at, put)
}

func (c *closed) Identity(ctx context.Context, cfg aws.Config, r fact.Resource) (string, error) {
	if c.identity == nil {
		return "", nil
	}
	return c.identity(ctx, cfg, r)
}

func (c *closed) Holds(r fact.Resource) []fact.Ref {
	if c.holds == nil {
		return nil
	}
	return c.holds(r)
}

func (c *closed) Keep(ctx context.Context, cfg aws.Config, r fact.Resource, put func(string, []byte) error) error {
	if c.keep == nil {
		return nil
	}
	return c.keep(ctx, cfg, r, put)
}

func (c *closed) Recollect(r fact.Resource, before map[string]string) {
	if c.recollect != nil {
		c.recollect(r, before)
	}
}

func (c *closed) Trim(r fact.Resource) fact.Resource { return r.With(c.carry...) }

func (c *closed) Verb(name string) (Bound, bool) {
	i := slices.IndexFunc(c.verbs, func(v Bound) bool { return v.Name == name })
	if i < 0 {
		return Bound{}, false
	}
	return c.verbs[i], true
}

func bind[R, W any](s *Spec[R, W], v *Verb[R, W]) Bound {
	b := Bound{
		Name: v.Name, Class: v.Class, Settle: v.Settle, Reach: v.Reach, Undoable: v.Undo != nil, Tidies: v.Tidies, Secret: v.Secret,
		For: v.For, Of: v.Of, Mends: v.Mends, Takes: v.Takes, Recall: v.Recall, FromBefore: v.FromBefore, Rest: v.Rest,
		Needs: slices.Concat(s.Needs, v.Needs), Own: v.Needs,
	}
	if v.Prior != nil {
		b.Prior = func(ctx context.Context, cfg aws.Config, r fact.Resource) (json.RawMessage, error) {
			return v.Prior(ctx, s.Reader(cfg), r)
		}
	}
	if v.Do != nil {
		b.Do = func(ctx context.Context, cfg aws.Config, j Job, prior json.RawMessage) error {
			return v.Do(ctx, s.Writer(cfg), j, prior)
		}
	}
	if v.Done != nil {
		b.Done = func(ctx context.Context, cfg aws.Config, j Job) (bool, error) { return v.Done(ctx, s.Reader(cfg), j) }
	}
	if v.Undo != nil {
		b.Undo = func(ctx context.Context, cfg aws.Config, j Job, prior json.RawMessage) error {
			return v.Undo(ctx, s.Writer(cfg), j, prior)
		}
	}
	if v.Kept != nil {
		b.Kept = func(ctx context.Context, cfg aws.Config, j Job) error { return v.Kept(ctx, s.Reader(cfg), j) }
	}
	return b
}
