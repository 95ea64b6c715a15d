package playbook

import (
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/plan"
)

// Traits are what a playbook knows of a kind without knowing the kind.
type Traits struct {
	Abilities       []Ability
	Owns, Recreates bool
	Holds           func(fact.Resource) []fact.Ref
}

// An Ability is one verb of a kind and what it is for: kind.Verb's fields.
type Ability struct {
	Verb, Purpose, Of string
	Class             plan.Class
	Mends             []string
	FromBefore        bool
}

// The purposes, as kind.Purpose has them.
const (
	disables = "disable"
	closes   = "close"
	copies   = "copy"
	lifts    = "lift"
	restores = "restore"
	removes  = "remove"
)

// The reasons of actions that a judgement asks for.
const (
	becauseHis      = "judged-intruder"
	becauseTampered = "judged-tampered"
	becauseDeleted  = "suspect-deleted" // the check that shows it
)

// review is the step left to a person where no verb takes a change back.
const review = "review-change"

// Eradicate removes what is judged the intruder's and puts back what he changed
// on the owner's things. What is unknown it leaves alone. First everything that
// starts or makes other things is stopped, then copies are made, protections
// lifted, changes taken back, and at last removed: re-creators before what they
// made, what holds before what is held, identities last.
func Eradicate(in Input) []plan.Action {
	b := &book{Input: in, at: map[string]int{}}
	c := &cleaning{book: b, last: map[fact.Ref]string{}, stops: map[fact.Ref][]string{}, copied: map[fact.Ref][]string{}}
	for _, r := range in.Snapshot.Resources {
		switch whose, _ := fact.Judgement.Get(r); whose.Whose {
		case "intruder":
			b.because = becauseHis
			c.clean(r)
		case "tampered":
			b.because = becauseTampered
			c.mend(r)
		}
	}
	for _, r := range in.Snapshot.Lost {
		b.because = becauseDeleted
		c.regain(r)
	}
	c.edges()
	b.after()
	slices.SortStableFunc(b.out, func(x, y plan.Action) int { return x.Stage - y.Stage })
	return b.out
}

// Preserve copies, inside AWS, what is the intruder's or was changed by him.
func Preserve(in Input) []plan.Action {
	b := &book{Input: in, at: map[string]int{}}
	for _, r := range in.Snapshot.Resources {
		whose, _ := fact.Judgement.Get(r)
		if whose.Whose != "intruder" && whose.Whose != "tampered" || b.copiedWithWhole(r) {
			continue
		}
		b.because = becauseHis
		if whose.Whose == "tampered" {
			b.because = becauseTampered
		}
		for _, a := range b.can(r, copies) {
			b.do(r, a.Verb, a.Class, lane(r), false)
		}
	}
	return b.out
}

// can lists the abilities of a resource's kind for one purpose.
func (b *book) can(r fact.Resource, purpose string) (all []Ability) {
	for _, a := range b.traits(r.Kind).Abilities {
		if a.Purpose == purpose {
			all = append(all, a)
		}
	}
	return all
}

func (b *book) traits(k fact.Kind) Traits {
	if b.Traits == nil {
		return Traits{}
	}
	t, _ := b.Traits(k)
	return t
}

// A cleaning is one Eradicate under way.
type cleaning struct {
	*book
	gone   []fact.Resource       // what is removed
	last   map[fact.Ref]string   // resource → the action that removes it
	stops  map[fact.Ref][]string // resource → the actions that stop it
	copied map[fact.Ref][]string
}

// put adds one action in its stage. What stops nothing of the owner's has a lane
// of its own: order comes from stages and edges.
func (c *cleaning) put(r fact.Resource, a Ability, stage int) string {
	id := c.do(r, a.Verb, a.Class, "", true)
	c.out[c.at[id]].Stage = stage
	return id
}

// clean stops, copies and removes one resource of the intruder's.
func (c *cleaning) clean(r fact.Resource) {
	for _, a := range c.can(r, disables) {
		c.stops[r.Ref] = append(c.stops[r.Ref], c.put(r, a, plan.StageStop))
	}
	if !c.copiedWithWhole(r) {
		for _, a := range c.can(r, copies) {
			id := c.put(r, a, plan.StageCopy)
			c.copied[r.Ref] = append(c.copied[r.Ref], id)
		}
	}
	removal := c.can(r, removes)
	if len(removal) == 0 {
		if len(c.can(r, disables)) == 0 && r.Kind != "account.other" {
			c.person(r)
		}
		return
	}
	if c.takesOwners(r) {
		c.person(r)
		return
	}
	if c.ownedByHis(r) {
		return // it goes away with the whole
	}
	stage := plan.StageRemove
	switch {
	case strings.HasPrefix(string(r.Kind), "iam."):
		stage = plan.StageIdentity
	case c.goesFirst(r):
		stage = plan.StageRecreator
	}
	id := c.put(r, removal[0], stage)
	for _, a := range c.can(r, lifts) {
		if slices.Contains(fact.Protections.Or(r, nil), a.Of) {
			c.order(c.put(r, a, plan.StageLift), id)
		}
	}
	for _, copy := range c.copied[r.Ref] {
		c.order(copy, id)
	}
	for _, stop := range c.stops[r.Ref] {
		c.order(stop, id)
	}
	c.gone, c.last[r.Ref] = append(c.gone, r), id
}

func (c *cleaning) person(r fact.Resource) {
	id := c.do(r, review, plan.Person, "", false)
	c.out[c.at[id]].Stage = plan.StageIdentity
}

// goesFirst says that a resource must be removed before what it made: it would
// make it again, or take it along.
func (c *cleaning) goesFirst(r fact.Resource) bool {
	t := c.traits(r.Kind)
	return t.Recreates && (t.Owns || len(c.can(r, disables)) == 0)
}

// copiedWithWhole says that the copy of a whole that is removed has this in it:
// an instance's disks are copied in one call, all of one moment.
func (b *book) copiedWithWhole(r fact.Resource) bool {
	return slices.ContainsFunc(fact.PartOf.Or(r, nil), func(ref fact.Ref) bool {
		whole, listed := b.Snapshot.Find(ref)
		whose, _ := fact.Judgement.Get(whole)
		return listed && whose.Whose == "intruder" && b.traits(ref.Kind).Owns && len(b.can(whole, copies)) > 0
	})
}

// ownedByHis says that the resource goes away with a whole that is removed.
func (c *cleaning) ownedByHis(r fact.Resource) bool {
	return slices.ContainsFunc(fact.PartOf.Or(r, nil), func(ref fact.Ref) bool {
		whole, listed := c.Snapshot.Find(ref)
		whose, _ := fact.Judgement.Get(whole)
		return listed && whose.Whose == "intruder" && c.traits(ref.Kind).Owns && len(c.can(whole, removes)) > 0 && !c.takesOwners(whole)
	})
}

// takesOwners says that AWS would delete something along with a resource that is
// not known to be the intruder's: an instance that he attached to his group, a disk
// to his instance, a part that the owner is not sure of. Such a whole is a person's
// to take apart.
func (c *cleaning) takesOwners(r fact.Resource) bool {
	return c.taking(r, map[fact.Ref]bool{})
}

func (c *cleaning) taking(r fact.Resource, seen map[fact.Ref]bool) bool {
	if !c.traits(r.Kind).Owns || seen[r.Ref] {
		return false
	}
	seen[r.Ref] = true
	return slices.ContainsFunc(c.Snapshot.Resources, func(part fact.Resource) bool {
		if !slices.Contains(fact.PartOf.Or(part, nil), r.Ref) {
			return false
		}
		whose, _ := fact.Judgement.Get(part)
		return whose.Whose != "intruder" || c.taking(part, seen)
	})
}

// early moves what holds something that goes first to the same stage: AWS
// deletes no compute environment that a job queue stands on.
func (c *cleaning) early() {
	stage := func(ref fact.Ref) *int {
		if id := c.last[ref]; id != "" {
			return &c.out[c.at[id]].Stage
		}
		return new(int)
	}
	for moved := true; moved; {
		moved = false
		for _, r := range c.gone {
			holds, at := c.traits(r.Kind).Holds, stage(r.Ref)
			if holds == nil || *at != plan.StageRemove {
				continue
			}
			if slices.ContainsFunc(holds(r), func(held fact.Ref) bool { return *stage(held) == plan.StageRecreator }) {
				*at, moved = plan.StageRecreator, true
			}
		}
	}
}

// edges orders removals between resources.
func (c *cleaning) edges() {
	c.early()
	for _, r := range c.Snapshot.Resources {
		for _, ref := range fact.PartOf.Or(r, nil) {
			c.whole(r, ref)
		}
	}
	for _, r := range c.gone {
		if holds := c.traits(r.Kind).Holds; holds != nil {
			for _, held := range holds(r) {
				c.before(r.Ref, held)
			}
		}
		if owner := fact.Owner.Or(r, ""); owner != "" && strings.HasPrefix(string(r.Kind), "iam.") {
			c.before(r.Ref, fact.Ref{Kind: "iam.user", Place: r.Place, ID: owner})
		}
	}
}

// before lets the removal of held wait for that of holder.
func (c *cleaning) before(holder, held fact.Ref) {
	first, then := c.last[holder], c.last[held]
	if first != "" && then != "" && c.out[c.at[first]].Stage <= c.out[c.at[then]].Stage {
		c.safely(first, then, false)
	}
}

// safely adds an edge unless it would close a circle: two security groups that
// name each other hold each other. The edge that came first stays; AWS's answer
// "in use" and the next plan do the rest.
func (c *cleaning) safely(first, then string, soft bool) {
	seen := map[string]bool{}
	var reaches func(from string) bool
	reaches = func(from string) bool {
		if from == first {
			return true
		}
		seen[from] = true
		for _, l := range c.links {
			if l.first == from && !seen[l.then] && reaches(l.then) {
				return true
			}
		}
		return false
	}
	if !reaches(then) {
		c.links = append(c.links, link{first, then, soft})
	}
}

// whole orders a part and the whole: the whole is stopped before the part is
// touched, and removed after it, or before it where it would make it again; what
// takes its parts along is removed only behind their copies.
func (c *cleaning) whole(part fact.Resource, ref fact.Ref) {
	whole, listed := c.Snapshot.Find(ref)
	if !listed {
		return
	}
	removal := c.last[part.Ref]
	for _, stop := range c.stops[ref] {
		if removal != "" {
			c.safely(stop, removal, false)
		}
	}
	end := c.last[ref]
	if end == "" {
		return
	}
	first := c.goesFirst(whole)
	if first || c.traits(ref.Kind).Owns {
		for _, copy := range c.copied[part.Ref] {
			c.safely(copy, end, false)
		}
	}
	switch {
	case removal == "":
	case first:
		c.safely(end, removal, true)
	default:
		c.before(part.Ref, ref)
	}
}

// mend takes back what the intruder changed on a resource of the owner's: to
// what it was, where that is known, else by shutting what he opened. What no
// verb takes back is a person's to look at.
func (c *cleaning) mend(r fact.Resource) {
	known := fact.Before.Or(r, nil)
	open := false
	for _, d := range fact.Changed.Or(r, nil) {
		if !d.Sure {
			continue
		}
		done := false
		for _, a := range c.can(r, restores) {
			_, told := known[a.Of]
			if slices.Contains(a.Mends, d.Call) && (told || !a.FromBefore) {
				done = c.put(r, a, c.stageOf(a)) != ""
			}
		}
		for _, a := range slices.Concat(c.can(r, closes), c.can(r, disables)) {
			if !done && slices.Contains(a.Mends, d.Call) {
				done = c.put(r, a, plan.StageRestore) != ""
			}
		}
		open = open || !done && !harmless[d.Call] && !(r.Kind == "iam.group" && d.Call == "AddUserToGroup") // mended on the user
	}
	if open {
		c.person(r)
	}
}

// regain makes again what the intruder deleted of the owner's, where its kind
// can and somebody knows how it was; where nobody does, a person looks.
func (c *cleaning) regain(r fact.Resource) {
	if c.spared(r) {
		return
	}
	known := fact.Before.Or(r, nil)
	for _, d := range fact.Changed.Or(r, nil) {
		for _, a := range c.can(r, restores) {
			if !d.Sure || !a.FromBefore || !slices.Contains(a.Mends, d.Call) || !strings.HasPrefix(d.Call, "Delete") {
				continue
			}
			if _, told := known[a.Of]; told {
				c.put(r, a, c.stageOf(a))
			} else {
				c.person(r)
			}
		}
	}
}

// stageOf puts first what a clock runs for.
func (c *cleaning) stageOf(a Ability) int {
	if urgent[a.Of] {
		return plan.StageStop
	}
	return plan.StageRestore
}

// urgent are the aspects that destroy something while they stand: objects that
// expire, keys that are deleted in seven days, logging that is off.
var urgent = map[string]bool{"flow-log": true, "lifecycle": true, "state": true, "logging": true, "active": true, "recording": true}

// harmless are calls that leave nothing to take back.
var harmless = map[string]bool{
	"StartInstances": true, "StopInstances": true, "UpdateAccessKey": true, "StartLogging": true, "PublishVersion": true,
}
