// Package judge says whose each resource is: the owner's, the intruder's, the
// owner's but tampered with, or unknown; and why. It is pure.
package judge

import (
	"slices"
	"time"

	"cordon/internal/fact"
	"cordon/internal/playbook"
)

// Whose a resource is held to be.
const (
	Owner    = "owner"
	Intruder = "intruder"
	Tampered = "tampered"
	Unknown  = "unknown"
)

// The reasons: words of the catalogue under "whose.".
const (
	MarkedMine    = "marked-mine"
	MarkedNotMine = "marked-not-mine"
	MarkedUnsure  = "marked-unsure"
	MadeByHim     = "made-by-suspect"
	MadePerhaps   = "made-perhaps"  // or by the owner's own program with the leaked key
	FoundPerhaps  = "found-perhaps" // or it was there, and the call only found it
	PartOfHis     = "part-of-his"
	ChangedByHim  = "changed-by-suspect"
	ChangedMaybe  = "changed-perhaps"
	OfSuspect     = "suspect"     // a credential or principal that he uses
	InBaseline    = "in-baseline" // it stood there, unchanged, before
	Differs       = "differs-from-baseline"
	NotInBaseline = "not-in-baseline"
	Older         = "older" // than the incident
	Since         = "made-since"
	NoDate        = "no-date"
	NoBeginning   = "no-beginning" // of the incident: nobody knows when that was
	NewRegion     = "new-region"   // nothing of the owner's is older there
	ByAWS         = "made-by-aws"
	HisTag        = "tagged-alike" // it carries a name that his own things carry
	HisReach      = "within-reach" // it runs as a role that he uses
)

// An Input is all that judging looks at.
type Input struct {
	Snapshot fact.Snapshot
	Marks    map[fact.Ref]playbook.Mark
	// Baseline is what stood before; nil when none was saved. Of a resource
	// that it has, Same says whether nothing about it has changed.
	Baseline func(fact.Resource) (there, same bool)
}

// All writes fact.Judgement on every resource of the snapshot. Marks win over
// everything; then what the trail shows; then what the baseline shows; age
// alone speaks only for the owner. What is none of these is unknown, and
// nothing of what is unknown is ever deleted.
func All(in Input) {
	j := judging{Input: in, at: map[fact.Ref]int{}}
	for i, r := range in.Snapshot.Resources {
		j.at[r.Ref] = i
	}
	j.look()
	for i := range in.Snapshot.Resources {
		r := &in.Snapshot.Resources[i]
		fact.Judgement.Set(r, j.one(*r))
	}
	for j.spread() {
	}
}

type judging struct {
	Input
	at       map[fact.Ref]int
	used     map[string]bool // regions in which something of the owner's is older
	names    map[string]bool // names that things of his carry, and nothing of the owner's
	suspects map[string]bool // ARNs of principals that he uses
}

// look gathers what can only be seen from all resources together.
func (j *judging) look() {
	j.used, j.names, j.suspects = map[string]bool{}, map[string]bool{}, map[string]bool{}
	owners := map[string]bool{}
	for _, r := range j.Snapshot.Resources {
		if old(r, j.Snapshot.Since) {
			j.used[r.Region] = true
		}
		his := sure(r, fact.Made)
		for _, name := range labels(r) {
			if his {
				j.names[name] = true
			} else if old(r, j.Snapshot.Since) {
				owners[name] = true
			}
		}
		if d, known := fact.Suspect.Get(r); known && d.Sure && r.ARN != "" {
			j.suspects[r.ARN] = true
		}
	}
	for name := range owners {
		delete(j.names, name)
	}
}

// labels are what people call a resource: its Name, and its tags but AWS's.
func labels(r fact.Resource) (all []string) {
	if name := fact.Name.Or(r, ""); name != "" {
		all = append(all, name)
	}
	for k, v := range fact.Tags.Or(r, nil) {
		if v != "" && (len(k) < 4 || k[:4] != "aws:") {
			all = append(all, v)
		}
	}
	return all
}

func old(r fact.Resource, since time.Time) bool {
	return !r.Created.IsZero() && !since.IsZero() && r.Created.Before(since)
}

func sure(r fact.Resource, k fact.Key[fact.Deed]) bool {
	d, known := k.Get(r)
	return known && d.Sure
}

func (j *judging) one(r fact.Resource) fact.Whose {
	say := func(whose string, reasons ...string) fact.Whose { return fact.Whose{Whose: whose, Reasons: reasons} }
	switch j.Marks[r.Ref] {
	case playbook.Mine:
		return say(Owner, MarkedMine)
	case playbook.NotMine:
		return say(Intruder, MarkedNotMine)
	case playbook.Unsure:
		return say(Unknown, MarkedUnsure)
	}
	made, known := fact.Made.Get(r)
	stood := j.stood(r)
	if known && made.Sure && stood == "" {
		return say(Intruder, MadeByHim)
	}
	if d, known := fact.Suspect.Get(r); known && d.Sure && (d.Reason == "minted" || d.Reason == "created") {
		return say(Intruder, MadeByHim)
	}
	if slices.ContainsFunc(fact.Changed.Or(r, nil), func(d fact.Deed) bool { return d.Sure }) {
		return say(Tampered, ChangedByHim)
	}
	switch {
	case known && stood != "" && (made.Sure || made.Found):
		return say(Unknown, FoundPerhaps, stood)
	case known && made.Found:
		return say(Unknown, FoundPerhaps)
	case known:
		return say(Unknown, MadePerhaps)
	}
	if len(fact.Changed.Or(r, nil)) > 0 {
		return say(Unknown, ChangedMaybe)
	}
	return j.unnamed(r)
}

// stood is the reason where a baseline, which is older than the incident, has
// the resource itself: no call of the intruder's made it.
func (j *judging) stood(r fact.Resource) string {
	if j.Baseline == nil {
		return ""
	}
	switch there, same := j.Baseline(r); {
	case there && same:
		return InBaseline
	case there:
		return Differs
	}
	return ""
}

// unnamed judges what the trail does not name.
func (j *judging) unnamed(r fact.Resource) fact.Whose {
	var reasons []string
	if sure(r, fact.Suspect) {
		reasons = append(reasons, OfSuspect) // a leaked credential is the owner's all the same
	}
	if j.Baseline != nil {
		switch there, same := j.Baseline(r); {
		case there && same:
			return fact.Whose{Whose: Owner, Reasons: append(reasons, InBaseline)}
		case there:
			return fact.Whose{Whose: Unknown, Reasons: append(reasons, Differs)}
		default:
			reasons = append(reasons, NotInBaseline)
		}
	}
	if fact.Maker.Or(r, "") == "aws" {
		return fact.Whose{Whose: Owner, Reasons: append(reasons, ByAWS)}
	}
	switch {
	case j.Snapshot.Since.IsZero():
		return fact.Whose{Whose: Unknown, Reasons: append(reasons, NoBeginning)}
	case r.Created.IsZero():
		reasons = append(reasons, NoDate)
	case r.Created.Before(j.Snapshot.Since):
		return fact.Whose{Whose: Owner, Reasons: append(reasons, Older)}
	default:
		reasons = append(reasons, Since)
	}
	if r.Region != fact.Global && !j.used[r.Region] {
		reasons = append(reasons, NewRegion)
	}
	if slices.ContainsFunc(labels(r), func(name string) bool { return j.names[name] }) {
		reasons = append(reasons, HisTag)
	}
	if j.suspects[fact.Role.Or(r, "")] {
		reasons = append(reasons, HisReach)
	}
	return fact.Whose{Whose: Unknown, Reasons: reasons}
}

// spread gives the parts of what is the intruder's to him: AWS made them for
// it. A part that is older than the whole is not its part; what the owner
// marked stays as he said. It reports whether anything changed.
func (j *judging) spread() (more bool) {
	for i := range j.Snapshot.Resources {
		r := &j.Snapshot.Resources[i]
		whose, _ := fact.Judgement.Get(*r)
		if whose.Whose != Unknown || slices.Contains(whose.Reasons, MarkedUnsure) {
			continue
		}
		for _, ref := range wholes(*r) {
			k, listed := j.at[ref]
			if !listed {
				continue
			}
			whole := j.Snapshot.Resources[k]
			if w, _ := fact.Judgement.Get(whole); w.Whose != Intruder {
				continue
			}
			if !r.Created.IsZero() && !whole.Created.IsZero() && r.Created.Before(whole.Created.Add(-slack)) {
				continue
			}
			fact.Judgement.Set(r, fact.Whose{Whose: Intruder, Reasons: []string{PartOfHis}})
			more = true
			break
		}
	}
	return more
}

// wholes are what a resource is a part of; a disk is one of the machine that it
// was made with, though it is held by it and not made by it.
func wholes(r fact.Resource) []fact.Ref {
	all := fact.PartOf.Or(r, nil)
	if on := fact.AttachedTo.Or(r, ""); on != "" && r.Kind == "ec2.volume" {
		all = append(slices.Clone(all), fact.Ref{Kind: "ec2.instance", Place: r.Place, ID: on})
	}
	return all
}

// slack is how far AWS's dates of a whole and its part may be apart.
const slack = 10 * time.Minute
