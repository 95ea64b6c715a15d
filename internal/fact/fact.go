// Package fact holds the words every other package shares: what a resource is,
// what was read of it, and what could not be read. It imports only the
// standard library.
package fact

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"
)

// A Kind names a sort of AWS resource, such as "iam.access-key".
type Kind string

// A Place is one region of one account. Region is Global for services that
// have a single control plane.
type Place struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// Global is the region of services that have none.
const Global = "global"

// A Ref names one resource.
type Ref struct {
	Kind Kind `json:"kind"`
	Place
	ID string `json:"id"`
}

// String is stable and unambiguous enough to be a map key and a mark's name:
// account/region/kind/id.
func (r Ref) String() string {
	return fmt.Sprintf("%s/%s/%s/%s", r.Account, r.Region, r.Kind, r.ID)
}

// A Resource is what one listing said of one resource at one moment. It never
// carries the raw answer: that may hold secrets and lives in evidence only.
type Resource struct {
	Ref
	ARN string `json:"arn,omitempty"`
	// UniqueID is the id that AWS never gives out twice (AIDA…, AROA…); names
	// of users and roles are reused. Empty where the ID itself is unique.
	UniqueID string                     `json:"unique_id,omitempty"`
	Created  time.Time                  `json:"created,omitzero"` // zero: the API does not say
	Facts    map[string]json.RawMessage `json:"facts,omitempty"`
}

// A Key names one fact and its type, so that a misspelt or mistyped fact is a
// compile error in the kind that sets it and in the check that reads it.
type Key[T any] string

// Set records the fact.
func (k Key[T]) Set(r *Resource, v T) {
	if r.Facts == nil {
		r.Facts = map[string]json.RawMessage{}
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic("internal error: fact " + string(k) + ": " + err.Error())
	}
	r.Facts[string(k)] = b
}

// Get reports the fact and whether it was read at all. Not read is not false.
func (k Key[T]) Get(r Resource) (v T, known bool) {
	b, ok := r.Facts[string(k)]
	if !ok {
		return v, false
	}
	return v, json.Unmarshal(b, &v) == nil
}

// Or is Get for readers to whom "not read" and def mean the same. Checks that
// may say "clear" use Get.
func (k Key[T]) Or(r Resource, def T) T {
	if v, known := k.Get(r); known {
		return v
	}
	return def
}

// With returns the resource cut down to the named facts: what a plan carries.
func (r Resource) With(keys ...string) Resource {
	facts := map[string]json.RawMessage{}
	for _, k := range keys {
		if v, ok := r.Facts[k]; ok {
			facts[k] = v
		}
	}
	r.Facts = facts
	if len(facts) == 0 {
		r.Facts = nil
	}
	return r
}

// A State says how well one kind was read in one place.
type State string

// The states of a reading. Only Read and Absent support "nothing is there".
const (
	Read    State = "read"    // whole list, every page
	Denied  State = "denied"  // the caller may not
	Failed  State = "failed"  // throttled out, broken, cut short, unreachable
	Absent  State = "absent"  // the service is not offered there
	Skipped State = "skipped" // not asked for: --regions narrowed the scan
	Closed  State = "closed"  // the region is disabled; what was made there before may still stand
)

// A Reading is the receipt for one listing.
type Reading struct {
	Kind Kind `json:"kind"`
	Place
	State      State  `json:"state"`
	Count      int    `json:"count"`
	Why        string `json:"why,omitempty"`        // the API's own words when Denied or Failed
	Permission string `json:"permission,omitempty"` // the IAM action that would open it
}

// OK reports whether the reading supports the claim that nothing else is there.
func (r Reading) OK() bool { return r.State == Read || r.State == Absent }

// A Snapshot is everything one triage saw and everything it could not see.
type Snapshot struct {
	At        time.Time `json:"at"`
	Account   string    `json:"account"`
	Partition string    `json:"partition"`
	Endpoint  string    `json:"endpoint,omitempty"`
	// Since is when the incident began, as far as known; zero is not known.
	Since time.Time `json:"since,omitzero"`
	// Expected lists, per kind, every place that must have a reading before
	// "clear" may be said.
	Expected  map[Kind][]Place `json:"expected"`
	Resources []Resource       `json:"resources"`
	Readings  []Reading        `json:"readings"`
	// Lost is what the record says that the intruder deleted and no listing
	// shows: its deed is in Changed.
	Lost []Resource `json:"lost,omitempty"`
}

// Of yields the resources of one kind, in listing order.
func (s Snapshot) Of(k Kind) iter.Seq[Resource] {
	return func(yield func(Resource) bool) {
		for _, r := range s.Resources {
			if r.Kind == k && !yield(r) {
				return
			}
		}
	}
}

// Find returns the resource with this reference.
func (s Snapshot) Find(ref Ref) (Resource, bool) {
	i := slices.IndexFunc(s.Resources, func(r Resource) bool { return r.Ref == ref })
	if i < 0 {
		return Resource{}, false
	}
	return s.Resources[i], true
}

// Gaps returns what is missing before these kinds support "nothing is there":
// every reading that is not good, and a Skipped one for every expected place
// that has none. A kind that nothing was expected of is a gap too.
func (s Snapshot) Gaps(kinds ...Kind) (gaps []Reading) {
	type cell struct {
		Kind
		Place
	}
	good := map[cell]bool{}
	for _, r := range s.Readings {
		if !slices.Contains(kinds, r.Kind) {
			continue
		}
		good[cell{r.Kind, r.Place}] = true
		if !r.OK() {
			gaps = append(gaps, r)
		}
	}
	for _, k := range kinds {
		if len(s.Expected[k]) == 0 {
			gaps = append(gaps, Reading{Kind: k, State: Skipped, Why: "never asked"})
		}
		for _, p := range s.Expected[k] {
			if !good[cell{k, p}] {
				gaps = append(gaps, Reading{Kind: k, Place: p, State: Skipped, Why: "never asked"})
			}
		}
	}
	return gaps
}
