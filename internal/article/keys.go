package article

import (
	"slices"
	"strings"
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/judge"
)

const keyKind = fact.Kind("iam.access-key")

// noKeys is what can be said of a line about keys where none is left that it is
// about, and nothing was done: that is sure only when all were listed.
func (r Record) noKeys() Item {
	switch n := r.unseen(keyKind); {
	case !r.triaged():
		return untriaged()
	case n > 0:
		return r.blind(n)
	}
	return Item{State: NotNeeded, Why: "no-keys", At: r.Looked}
}

// keyUses: where each key was last used stands in every listing of keys.
func keyUses(r Record) Item {
	n := r.unseen(keyKind)
	switch {
	case !r.triaged():
		return untriaged()
	case n > 0:
		return r.blind(n)
	}
	if n = len(slices.Collect(r.Snapshot.Of(keyKind))); n == 0 {
		return r.noKeys()
	}
	return Item{State: Done, Why: "last-used", N: n, At: r.Looked}
}

// keySecond: every key of the owner's that is on has a successor. One that is to
// retire without any is on until it is off.
func keySecond(r Record) Item {
	var left, made []string
	var at time.Time
	for _, one := range r.Rotations {
		if one.New != "" {
			made = append(made, one.New)
			at = later(at, one.Begun)
		}
	}
	var old int
	for _, k := range r.oldKeys() {
		if r.whose(k) == judge.Intruder { // it gets no successor: it goes
			continue
		}
		old++
		if one, _ := r.rotation(k.ID); !r.off(k) && one.New == "" {
			left = append(left, k.ID)
		}
	}
	switch {
	case len(left) > 0:
		return Item{State: Open, Why: "no-second", Names: left, At: r.Looked}
	case len(made) > 0 && r.unseen(keyKind) == 0:
		return Item{State: Done, Why: "second", Names: made, At: at}
	case old > 0 && r.triaged() && r.unseen(keyKind) == 0: // all are off: nothing runs with them
		return Item{State: NotNeeded, Why: "all-off", At: r.Looked}
	}
	return r.noKeys()
}

// keyOff: no old key is on, and none of the intruder's.
func keyOff(r Record) Item {
	var left []fact.Resource
	var off []string
	for _, k := range r.oldKeys() {
		if r.off(k) {
			off = append(off, k.ID)
		} else {
			left = append(left, k)
		}
	}
	for _, d := range r.deeds(is(keyKind), "keys-off", "keys-gone") {
		if !slices.Contains(off, d.Ref.ID) && !slices.Contains(names(left), d.Ref.ID) {
			off = append(off, d.Ref.ID)
		}
	}
	switch {
	case len(left) > 0:
		return Item{State: Open, Why: "still-on", Names: names(left), Do: r.cut(left, "plan contain"), At: r.Looked}
	case len(off) > 0 && r.triaged() && r.unseen(keyKind) == 0:
		return Item{State: Done, Why: "off", Names: off, At: later(r.Looked, r.lastDeed())}
	}
	return r.noKeys()
}

// keyBack is for trouble: a key that was switched on again was needed.
func keyBack(r Record) Item {
	var back []Deed
	for _, d := range r.TakenBack {
		if d.Sort == "keys-off" {
			back = append(back, d)
		}
	}
	switch {
	case len(back) > 0:
		return Item{State: Done, Why: "back", Names: named(back), At: last(back)}
	case len(r.deeds(is(keyKind), "keys-off", "keys-gone")) > 0:
		return Item{State: NotNeeded, Why: "no-trouble"}
	}
	return Item{State: NotNeeded, Why: "none-off"}
}

// keyDelete: no old key is left, and none of the intruder's.
func keyDelete(r Record) Item {
	var left []fact.Resource
	for _, k := range r.oldKeys() {
		if !r.gone(k) {
			left = append(left, k)
		}
	}
	gone := r.deeds(is(keyKind), "keys-gone")
	switch {
	case len(left) > 0:
		return Item{State: Open, Why: "not-deleted", Names: names(left), Do: r.cut(left, "plan eradicate"), At: r.Looked}
	case len(gone) > 0 && r.triaged() && r.unseen(keyKind) == 0:
		return Item{State: Done, Why: "deleted", Names: named(gone), At: last(gone)}
	}
	return r.noKeys()
}

// keysUnused: what nobody used for long is off.
func keysUnused(r Record) Item {
	return r.answered("unused-key", NotNeeded, "", "", func(ref fact.Ref) bool { return r.did(ref, "keys-off", "keys-gone") })
}

// habit is nothing that an account shows.
func habit(Record) Item { return Item{State: Unchecked, Why: "habit"} }

// quarantine: the keys of each user whom AWS marked are off or gone.
func quarantine(r Record) Item {
	f, ran := r.check("quarantine-marker")
	if !ran || f.Outcome != finding.Found {
		return r.answered("quarantine-marker", NotNeeded, "", "", nil)
	}
	var left, all []string
	var on []fact.Resource
	for _, h := range f.Hits {
		all = append(all, h.ID)
		for _, k := range r.oldKeys() {
			if fact.Owner.Or(k, "") == h.ID && !r.off(k) {
				on = append(on, k)
				if !slices.Contains(left, h.ID) {
					left = append(left, h.ID)
				}
			}
		}
	}
	switch {
	case len(left) > 0:
		return Item{State: Open, Why: "quarantined", Names: left, Do: r.cut(on, "plan contain"), At: r.Looked}
	case r.unseen(keyKind)+len(f.Gaps) > 0:
		return r.blind(r.unseen(keyKind) + len(f.Gaps))
	}
	return Item{State: Done, Why: "quarantine-off", Names: all, At: later(r.Looked, r.lastDeed())}
}

// identity is what somebody can act as, or what lets him: users, roles and what
// belongs to them.
func identity(k fact.Kind) bool {
	return !notIdentity(k) && k != "iam.root" && k != "iam.account-password-policy"
}

// usersForeign: no identity stands that is the intruder's: no user, no role, and no
// credential that he put on somebody; and no user of whom nobody said whose he is.
func usersForeign(r Record) Item {
	var his []string
	for _, x := range r.held(judge.Intruder, identity) {
		name := x.ID
		if x.Kind != "iam.user" && x.Kind != keyKind && !strings.HasPrefix(name, "arn:") { // a role may be called as a user, and a password is
			name = string(x.Kind) + "/" + name
		}
		his = append(his, name)
	}
	if len(his) > 0 {
		return Item{State: Open, Why: "his", Names: his, At: r.Looked}
	}
	unseen := r.unseen("iam.user")
	if unseen == 0 {
		unseen = r.gaps(identity)
	}
	users := r.removed(is("iam.user"), unseen, "identities")
	if gone := r.deeds(identity, "identities"); users.State == NotNeeded && len(gone) > 0 {
		return Item{State: Done, Why: "deleted", Names: named(gone), At: last(gone)}
	}
	return users
}

// removed says how far what is not the owner's is deleted: what is his, then what
// only the owner can tell, then what was not seen.
func (r Record) removed(of func(fact.Kind) bool, unseen int, sorts ...string) Item {
	if !r.triaged() {
		return untriaged()
	}
	his, unknown, gone := r.held(judge.Intruder, of), r.held(judge.Unknown, of), r.deeds(of, sorts...)
	switch {
	case len(his) > 0:
		return Item{State: Open, Why: "his", Names: names(his), At: r.Looked}
	case len(unknown) > 0:
		return Item{State: Open, Why: "unmarked", Names: names(unknown), Who: Owner, Do: "inventory", At: r.Looked}
	case unseen > 0:
		return r.blind(unseen)
	case len(gone) > 0:
		return Item{State: Done, Why: "deleted", Names: named(gone), At: last(gone)}
	}
	return Item{State: NotNeeded, Why: "none-his", At: r.Looked}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
