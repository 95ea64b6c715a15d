package article

import (
	"slices"
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/judge"
	"cordon/internal/playbook"
	"cordon/internal/rotate"
)

func (r Record) triaged() bool { return !r.Looked.IsZero() }

// untriaged is what can be said without any look at the account.
func untriaged() Item { return Item{State: Unchecked, Why: "untriaged", Do: "triage"} }

// unseen counts the listings of these kinds that were not read: with any of them
// missing, nothing found is not nothing there.
func (r Record) unseen(kinds ...fact.Kind) int { return len(r.Snapshot.Gaps(kinds...)) }

// blind is an answer that gaps forbid.
func (r Record) blind(n int) Item {
	return Item{State: Unchecked, Why: "gaps", N: n, At: r.Looked, Do: "triage"}
}

// whose is whose a resource is held to be: by today's marks, and else as the last
// triage judged.
func (r Record) whose(x fact.Resource) string {
	switch r.Marks[x.Ref] {
	case playbook.Mine:
		return judge.Owner
	case playbook.NotMine:
		return judge.Intruder
	case playbook.Unsure:
		return judge.Unknown
	}
	return fact.Judgement.Or(x, fact.Whose{Whose: judge.Unknown}).Whose
}

// held lists what the last triage saw, that answers to of and that nobody
// deleted since, by whose it is.
func (r Record) held(whose string, of func(fact.Kind) bool) (out []fact.Resource) {
	for _, x := range r.Snapshot.Resources {
		ended := fact.RunState.Or(x, "") == "terminated"
		seen := ended || r.did(x.Ref, "removed", "identities") || r.userGone(x) ||
			x.Kind == keyKind && r.gone(x) || x.Kind == "iam.login-profile" && r.did(x.Ref, "passwords")
		if of(x.Kind) && !seen && r.whose(x) == whose {
			out = append(out, x)
		}
	}
	return out
}

// did says whether a verified change of one of these sorts was made to a resource
// after the last triage: what that saw is older than it.
func (r Record) did(ref fact.Ref, sorts ...string) bool {
	return slices.ContainsFunc(r.Deeds, func(d Deed) bool {
		return d.Ref == ref && d.Verified && d.At.After(r.Looked) && slices.Contains(sorts, d.Sort)
	})
}

// deeds are the verified changes of some sorts to some kinds.
func (r Record) deeds(of func(fact.Kind) bool, sorts ...string) (out []Deed) {
	for _, d := range r.Deeds {
		if d.Verified && of(d.Ref.Kind) && slices.Contains(sorts, d.Sort) {
			out = append(out, d)
		}
	}
	return out
}

// check is the last triage's answer to one check.
func (r Record) check(id string) (finding.Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f finding.Finding) bool { return f.Check == id })
	if i < 0 || !r.triaged() {
		return finding.Finding{}, false
	}
	return r.Findings[i], true
}

// answered turns a check into an item: what it found is open unless fixed says
// that it was seen to since; clear is what nothing found means.
func (r Record) answered(id string, clear State, who, do string, fixed func(fact.Ref) bool) Item {
	f, ran := r.check(id)
	if !ran {
		return untriaged()
	}
	switch f.Outcome {
	case finding.Clear:
		return Item{State: clear, Why: id + ".clear", At: r.Looked}
	case finding.Found:
		var left, all []string
		for _, h := range f.Hits {
			all = append(all, h.ID)
			if fixed == nil || !fixed(h.Ref) {
				left = append(left, h.ID)
			}
		}
		switch {
		case len(left) == 0 && len(f.Gaps) > 0: // what was seen is fixed; something was not seen
			return r.blind(len(f.Gaps))
		case len(left) == 0:
			return Item{State: Done, Why: "since", Names: all, At: r.lastDeed()}
		}
		return Item{State: Open, Why: id + ".found", Names: left, Who: who, Do: do, At: r.Looked}
	}
	return r.blind(len(f.Gaps))
}

func (r Record) lastDeed() (at time.Time) {
	for _, d := range r.Deeds {
		if d.Verified && d.At.After(at) {
			at = d.At
		}
	}
	return at
}

// names are how people know resources: credentials of a user by its name.
func names(all []fact.Resource) (out []string) {
	for _, x := range all {
		name := x.ID
		if owner := fact.Owner.Or(x, ""); owner != "" && x.Kind != "iam.access-key" {
			name = owner
		}
		out = append(out, name)
	}
	return out
}

func named(all []Deed) (out []string) {
	for _, d := range all {
		if !slices.Contains(out, d.Ref.ID) {
			out = append(out, d.Ref.ID)
		}
	}
	return out
}

func last(all []Deed) (at time.Time) {
	for _, d := range all {
		if d.At.After(at) {
			at = d.At
		}
	}
	return at
}

func is(kinds ...fact.Kind) func(fact.Kind) bool {
	return func(k fact.Kind) bool { return slices.Contains(kinds, k) }
}

func anything(fact.Kind) bool { return true }

// rotation is the one under way, or ended, that replaces this key.
func (r Record) rotation(key string) (rotate.Rotation, bool) {
	for _, one := range slices.Backward(r.Rotations) { // the latest counts
		if one.Old == key {
			return one, true
		}
	}
	return rotate.Rotation{}, false
}

// oldKeys are the keys that the last triage saw and are not the new ones of a
// rotation. Keys of the intruder's are among them: they are to be off and gone too.
func (r Record) oldKeys() (out []fact.Resource) {
	for k := range r.Snapshot.Of(keyKind) {
		if !slices.ContainsFunc(r.Rotations, func(one rotate.Rotation) bool { return one.New == k.ID }) {
			out = append(out, k)
		}
	}
	return out
}

// cut is the command for keys of which all are the intruder's: no program waits for
// another, and no rotation is under way that would cut them. Else it is the line's.
func (r Record) cut(keys []fact.Resource, command string) string {
	if slices.ContainsFunc(keys, func(k fact.Resource) bool { return r.whose(k) != judge.Intruder }) {
		return ""
	}
	return command
}

// gone says whether a key was deleted since the last triage, by itself or with its
// user.
func (r Record) gone(k fact.Resource) bool {
	one, there := r.rotation(k.ID)
	return r.did(k.Ref, "keys-gone") || r.userGone(k) || there && one.Ended.After(r.Looked)
}

// userGone says whether the user of a credential was deleted since the last triage.
func (r Record) userGone(x fact.Resource) bool {
	owner := fact.Owner.Or(x, "")
	return owner != "" && r.did(fact.Ref{Kind: "iam.user", Place: x.Place, ID: owner}, "identities")
}

// off says whether a key is off, as far as it was read or is journalled.
func (r Record) off(k fact.Resource) bool {
	back := slices.ContainsFunc(r.TakenBack, func(d Deed) bool { return d.Ref == k.Ref && d.Sort == "keys-off" && d.At.After(r.Looked) })
	return r.gone(k) || r.did(k.Ref, "keys-off") || fact.Status.Or(k, "") == "Inactive" && !back
}
