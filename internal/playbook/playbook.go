// Package playbook is the table finding → actions. It is pure.
package playbook

import (
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/plan"
)

// A Mark is what the owner said of one resource.
type Mark string

// The marks. What is the owner's is never touched; what he is not sure of is
// touched by nothing that a finding alone asks for.
const (
	Mine    Mark = "mine"
	NotMine Mark = "not-mine"
	Unsure  Mark = "unsure"
)

// An Input is all that a playbook may look at.
type Input struct {
	Snapshot fact.Snapshot
	Findings []finding.Finding
	Marks    map[fact.Ref]Mark
	// Traits says what a kind can do; nil knows of none.
	Traits func(fact.Kind) (Traits, bool)
	// SpendToo adds what stops cost but cuts no access.
	SpendToo bool
}

// Contain answers every finding that has an answer, and every mark not-mine,
// with reversible actions: first what gives the intruder access, then what
// works for him, then what he switched off. Two answers that ask for the same
// verb on the same resource are one action with both reasons.
func Contain(in Input) []plan.Action {
	b := &book{Input: in, at: map[string]int{}}
	for _, f := range in.Findings {
		if f.Outcome != finding.Found {
			continue
		}
		answer, ok := answers[f.Answer]
		if !ok {
			continue
		}
		for _, h := range f.Hits {
			if m := in.Marks[h.Ref]; m == Mine || m == Unsure {
				continue
			}
			if r, ok := b.find(h.Ref); ok && (sure(r) || !strings.HasPrefix(f.Check, "suspect-") || in.Marks[h.Ref] == NotMine) {
				b.because = f.Check
				answer(b, r)
			}
		}
	}
	for _, r := range in.Snapshot.Resources {
		if in.Marks[r.Ref] == NotMine {
			b.because = byOwner
			byKind(b, r)
			continue
		}
		// What AWS made for something of the intruder's.
		if whose, _ := fact.Judgement.Get(r); whose.Whose == "intruder" && slices.Contains(whose.Reasons, "part-of-his") {
			b.because = becauseHis
			stop(b, r)
		}
	}
	b.redundant()
	b.after()
	slices.SortStableFunc(b.out, func(x, y plan.Action) int { return stage(x) - stage(y) })
	return b.out
}

// sure says whether the trail leaves no innocent reading of at least one deed.
// What the owner's own program may have done with a leaked key is shown, and
// acted on only when he says that it is not his.
func sure(r fact.Resource) bool {
	deeds := slices.Concat(fact.Changed.Or(r, nil), fact.Sessions.Or(r, nil))
	for _, k := range []fact.Key[fact.Deed]{fact.Made, fact.Suspect} {
		if d, known := k.Get(r); known {
			deeds = append(deeds, d)
		}
	}
	return slices.ContainsFunc(deeds, func(d fact.Deed) bool { return d.Sure })
}

// stage orders a plan for the reader and inside each lane: the principal is
// denied before its keys, keys before roles, people's steps last.
func stage(a plan.Action) int {
	switch {
	case a.Class == plan.Person:
		return 9
	case a.Verb == "deny-all":
		return 0
	case a.Verb == "deactivate":
		return 1
	case a.Target.Kind == "iam.user":
		return 2
	case a.Verb == "close-trust":
		return 3
	case a.Verb == "isolate":
		return 4
	case a.Verb == "revoke-sessions":
		return 5
	case a.Verb == "start" || a.Verb == "enable":
		return 6
	default:
		return 7
	}
}

// byOwner is the reason of an action that a mark asks for.
const byOwner = "marked"

type book struct {
	Input
	out     []plan.Action
	at      map[string]int // action id → place in out
	because string
	links   []link
}

// A link orders two actions, if both are in the plan.
type link struct {
	first, then string
	soft        bool // only the call must have returned, whatever came of it
}

func (b *book) find(ref fact.Ref) (fact.Resource, bool) {
	if r, ok := b.Snapshot.Find(ref); ok {
		return r, true
	}
	return fact.Resource{Ref: ref}, ref.Kind == "iam.root"
}

// do adds one action, or one more reason to an action that is there.
func (b *book) do(r fact.Resource, verb string, class plan.Class, lane string, exposed bool) string {
	a := plan.Act(r, verb, class, b.because)
	if i, there := b.at[a.ID]; there {
		if !slices.Contains(b.out[i].Because, b.because) {
			b.out[i].Because = append(b.out[i].Because, b.because)
		}
		b.out[i].Exposed = b.out[i].Exposed || exposed
		return a.ID
	}
	a.Lane, a.Exposed, a.Theirs = lane, exposed, b.theirs(r)
	b.at[a.ID] = len(b.out)
	b.out = append(b.out, a)
	return a.ID
}

// spared says that the owner claims it, or is not sure: nothing that follows
// from another finding touches it either.
func (b *book) spared(r fact.Resource) bool {
	return b.Marks[r.Ref] == Mine || b.Marks[r.Ref] == Unsure
}

// theirs says that the intruder made it, or that the owner disowned it or the
// user it belongs to.
func (b *book) theirs(r fact.Resource) bool {
	if d, made := fact.Made.Get(r); made && d.Sure || b.Marks[r.Ref] == NotMine {
		return true
	}
	if d, suspect := fact.Suspect.Get(r); suspect && d.Sure && (d.Reason == "minted" || d.Reason == "created") {
		return true
	}
	owner := fact.Ref{Kind: "iam.user", Place: r.Place, ID: fact.Owner.Or(r, "")}
	return owner.ID != "" && b.Marks[owner] == NotMine
}

// order lets then wait until first is verified; behind, until it was tried.
func (b *book) order(first, then string)  { b.links = append(b.links, link{first, then, false}) }
func (b *book) behind(first, then string) { b.links = append(b.links, link{first, then, true}) }

// redundant drops what a stronger action on the same principal does anyway.
func (b *book) redundant() {
	denied := map[fact.Ref]bool{}
	for _, a := range b.out {
		denied[a.Target.Ref] = denied[a.Target.Ref] || a.Verb == "deny-all"
	}
	b.out = slices.DeleteFunc(b.out, func(a plan.Action) bool {
		return a.Target.Kind == "iam.user" && denied[a.Target.Ref] && (a.Verb == "revoke-sessions" || a.Verb == "deny-sessions")
	})
	clear(b.at)
	for i, a := range b.out {
		b.at[a.ID] = i
	}
}

func (b *book) after() {
	for _, l := range b.links {
		i, ok := b.at[l.then]
		if _, both := b.at[l.first]; !ok || !both || l.first == l.then {
			continue
		}
		edges := &b.out[i].After
		if l.soft {
			edges = &b.out[i].Behind
		}
		if !slices.Contains(*edges, l.first) {
			*edges = append(*edges, l.first)
		}
	}
}
