// Package plan turns decisions into an ordered list of actions that a person
// can approve. It is pure; what is applied is described entirely by the Plan.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cordon/internal/fact"
)

// The types of plan.
const (
	Contain   = "contain"
	Preserve  = "preserve"
	Eradicate = "eradicate"
	Undo      = "undo"
	Rotate    = "rotate"
	Recover   = "recover"
	Harden    = "harden"
)

// The stages of a plan that cleans up. A stage begins when every call of the
// stages before it has returned; what must have succeeded stands in After.
const (
	StageStop      = 1 + iota // what starts, makes or runs by itself stops, and clocks that run
	StageCopy                 // evidence inside AWS
	StageLift                 // protections
	StageRestore              // what he changed
	StageRecreator            // what would make again what is deleted next
	StageRemove
	StageIdentity // who and what it acted as, last
)

// A Class repeats kind.Class for a package that may not know kinds.
type Class string

// The classes, mildest first.
const (
	Reversible Class = "reversible"
	Disruptive Class = "disruptive"
	Permanent  Class = "permanent"
	Person     Class = "person"
)

// An Action is one verb on one resource, or the undoing of one.
type Action struct {
	ID     string        `json:"id"` // from target, verb and direction: the same plan has the same ids
	Verb   string        `json:"verb"`
	Class  Class         `json:"class"`
	Target fact.Resource `json:"target"` // with only the facts the verb reads
	// Because names the checks whose findings ask for it.
	Because []string `json:"because,omitempty"`
	// Closes says which of the intruder's ways this closes, as references.
	Closes []string `json:"closes,omitempty"`
	// Cut marks what is of the smallest set that severs every way there is.
	Cut   bool     `json:"cut,omitempty"`
	After []string `json:"after,omitempty"` // ids that must have succeeded first
	// Behind are ids whose call must have returned first, whatever came of it.
	Behind []string `json:"behind,omitempty"`
	// Stage is when it may begin; 0 is with the first.
	Stage int `json:"stage,omitempty"`
	// Evidence are the ids of what was kept of the target: without them the gate
	// does not delete it.
	Evidence []string `json:"evidence,omitempty"`
	// Parts are what AWS deletes along with the target and what its kind cannot keep
	// by reading: the gate asks of each whether it is kept. A plan made before they
	// were carried has none.
	Parts []fact.Resource `json:"parts,omitempty"`
	// Sink is where the secret goes that the verb makes, such as "file:/home/li/key":
	// what people approve says where.
	Sink string `json:"sink,omitempty"`
	// Lane is the principal it belongs to: actions of one lane run in order,
	// lanes run side by side.
	Lane string `json:"lane,omitempty"`
	// Planned is the state read when planning. An action whose target no
	// longer reads so is skipped.
	Planned json.RawMessage `json:"planned,omitempty"`
	// Exposed marks a credential or principal held to be the intruder's: undo
	// does not re-open it unasked.
	Exposed bool `json:"exposed,omitempty"`
	// Theirs marks what the intruder made or the owner disowned: no way of the
	// owner's runs through it.
	Theirs bool `json:"theirs,omitempty"`
	// Undoes is set in an undo plan: what in the journal it takes back.
	Undoes *Undoes `json:"undoes,omitempty"`
}

// Undoes points at the journalled action that an undo action takes back.
type Undoes struct {
	Plan   string          `json:"plan"` // digest
	Action string          `json:"action"`
	At     time.Time       `json:"at"`    // when it was ordered
	Prior  json.RawMessage `json:"prior"` // what to restore
}

// ActionID derives the id of a verb on a target.
func ActionID(r fact.Ref, verb string, undo bool) string {
	s := r.String() + " " + verb
	if undo {
		s = "undo " + s
	}
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:6])
}

// Act makes an action with its content-derived id.
func Act(r fact.Resource, verb string, class Class, because ...string) Action {
	return Action{ID: ActionID(r.Ref, verb, false), Verb: verb, Class: class, Target: r, Because: because}
}

// A Principal is an identity that acts: who runs cordon, or who made a plan.
type Principal struct {
	ARN      string `json:"arn"`
	UniqueID string `json:"unique_id"`
}

// A Refusal is an action that the guard took out, and why. Reason is a word of
// the catalogue: "guard.<Reason>".
type Refusal struct {
	Action Action `json:"action"`
	Reason string `json:"reason"`
}

// A Plan is a list of actions, each after the ones it depends on, bound to one
// account, endpoint, case and caller, and to a time.
type Plan struct {
	V         int       `json:"v"`
	Type      string    `json:"type"`
	Case      string    `json:"case"`
	Account   string    `json:"account"`
	Partition string    `json:"partition"`
	Endpoint  string    `json:"endpoint"` // "": AWS itself
	Caller    Principal `json:"caller"`
	// Org is who acts in the organisation's management account, where an action
	// of the plan is done there.
	Org      *Principal `json:"org,omitempty"`
	Snapshot string     `json:"snapshot"` // digest of the snapshot it was made from
	Evidence []string   `json:"evidence,omitempty"`
	// Unkept names the targets of which no evidence could be kept.
	Unkept []string `json:"unkept,omitempty"`
	// Open are the intruder's ways that stay open when all of it is done.
	Open    []string  `json:"open,omitempty"`
	MadeAt  time.Time `json:"made_at"`
	Expires time.Time `json:"expires"`
	Nonce   string    `json:"nonce"`
	// Reopens allows an undo plan to re-open what is exposed.
	Reopens bool      `json:"reopens,omitempty"`
	Actions []Action  `json:"actions"`
	Refused []Refusal `json:"refused,omitempty"`
	Ward    Ward      `json:"ward"`
}

// Digest identifies exactly what would be done: SHA-256 over the canonical
// JSON of the whole plan, in hex.
func (p Plan) Digest() string {
	b, err := Canonical(p)
	if err != nil {
		panic("internal error: plan: " + err.Error())
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// crockford is base32 without letters that are mistaken for digits.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Code is 30 bits of a digest to be read over the telephone, such as
// "K7Q-2MF". It protects against mistakes only: software compares the digest.
func Code(digest string) string {
	raw, err := hex.DecodeString(digest)
	if err != nil || len(raw) < 4 {
		return ""
	}
	n := uint32(raw[0])<<24 | uint32(raw[1])<<16 | uint32(raw[2])<<8 | uint32(raw[3])
	var b strings.Builder
	for i := range 6 {
		if i == 3 {
			b.WriteByte('-')
		}
		b.WriteByte(crockford[n>>27])
		n <<= 5
	}
	return b.String()
}

// ErrCycle reports actions that wait for each other.
var ErrCycle = errors.New("actions wait for each other")

// Order sorts actions so that each comes after those it waits for, keeping the
// given order where there is a choice. An edge to an action not in the list is
// dropped here and nowhere else.
func Order(in []Action) ([]Action, error) {
	have := map[string]bool{}
	for _, a := range in {
		if have[a.ID] {
			return nil, fmt.Errorf("cannot order the plan: action %s is there twice", a.ID)
		}
		have[a.ID] = true
	}
	done, out, left := map[string]bool{}, []Action(nil), slices.Clone(in)
	slices.SortStableFunc(left, func(a, b Action) int { return a.Stage - b.Stage })
	for len(left) > 0 {
		var next []Action
		for _, a := range left {
			waits := func(id string) bool { return have[id] && !done[id] }
			if slices.ContainsFunc(a.After, waits) || slices.ContainsFunc(a.Behind, waits) {
				next = append(next, a)
				continue
			}
			absent := func(id string) bool { return !have[id] }
			a.After = slices.DeleteFunc(slices.Clone(a.After), absent)
			a.Behind = slices.DeleteFunc(slices.Clone(a.Behind), absent)
			out, done[a.ID] = append(out, a), true
		}
		if len(next) == len(left) {
			var names []string
			for _, a := range left {
				names = append(names, a.Verb+" "+a.Target.Ref.String())
			}
			return nil, fmt.Errorf("cannot order the plan: %w: %s", ErrCycle, strings.Join(names, ", "))
		}
		left = next
	}
	return out, nil
}
