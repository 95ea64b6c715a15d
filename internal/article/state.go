package article

import (
	"slices"
	"strings"
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/judge"
)

func noticed(r Record) Item {
	if !r.triaged() {
		return Item{State: Open, Why: "untriaged"}
	}
	return Item{State: Done, Why: "looked", At: r.Looked}
}

// lockout: who has looked with cordon could sign in.
func lockout(r Record) Item {
	if !r.triaged() {
		return Item{State: Unchecked, Why: "untriaged"}
	}
	return Item{State: NotNeeded, Why: "signed-in", At: r.Looked}
}

// rootPassword rests on the date that AWS tells of few accounts. A password that
// is newer than the incident was changed since: by the owner, or by the intruder.
// No record of a case says by whom.
func rootPassword(r Record) Item {
	if !r.triaged() {
		return untriaged()
	}
	for x := range r.Snapshot.Of("iam.root") {
		changed, known := fact.RootChanged.Get(x)
		switch {
		case known && r.Began.IsZero():
			return Item{State: Unchecked, Why: "no-beginning", Who: RootUser, At: changed}
		case known && changed.After(r.Began):
			return Item{State: Unchecked, Why: "changed", Who: RootUser, At: changed}
		case known:
			return Item{State: Open, Why: "changed-before", Who: RootUser, At: changed}
		}
	}
	return Item{State: Unchecked, Why: "root-untold", Who: RootUser, At: r.Looked}
}

// userPasswords: every console password of the owner's users has been set anew, or
// taken away, in this case, and nobody else touched it since; or it is younger than
// the incident and the owner's.
func userPasswords(r Record) Item {
	if !r.triaged() {
		return untriaged()
	}
	set := r.deeds(is("iam.login-profile"), "passwords")
	var left []fact.Resource
	n := 0
	for p := range r.Snapshot.Of("iam.login-profile") {
		user, _ := r.Snapshot.Find(fact.Ref{Kind: "iam.user", Place: p.Place, ID: fact.Owner.Or(p, p.ID)})
		if user.ID != "" && r.whose(user) == judge.Intruder { // he goes, and his password with him
			continue
		}
		n++
		young := !r.Began.IsZero() && p.Created.After(r.Began) && r.whose(p) == judge.Owner
		anew := slices.ContainsFunc(set, func(d Deed) bool { return d.Ref == p.Ref && !p.Created.After(d.At) && !changedAfter(p, d.At) })
		if !young && !anew {
			left = append(left, p)
		}
	}
	switch gaps := r.unseen("iam.login-profile"); {
	case len(left) > 0:
		return Item{State: Open, Why: "old-passwords", Names: names(left), At: r.Looked}
	case gaps > 0:
		return r.blind(gaps)
	case n == 0:
		return Item{State: NotNeeded, Why: "no-passwords", At: r.Looked}
	}
	return Item{State: Done, Why: "passwords", N: n, At: later(r.Looked, last(set))}
}

// changedAfter says whether the intruder changed a resource, or may have, after a time.
func changedAfter(x fact.Resource, at time.Time) bool {
	return slices.ContainsFunc(fact.Changed.Or(x, nil), func(d fact.Deed) bool { return d.At.After(at) })
}

// creator: of each thing that is the intruder's, the record names who made it, or
// it is a part of one.
func creator(r Record) Item {
	if !r.triaged() {
		return untriaged()
	}
	var unnamed []fact.Resource
	his := r.held(judge.Intruder, anything)
	for _, x := range his {
		made, _ := fact.Made.Get(x)
		own, _ := fact.Suspect.Get(x)
		if made.EventID == "" && own.EventID == "" && len(fact.PartOf.Or(x, nil)) == 0 {
			unnamed = append(unnamed, x)
		}
	}
	n := 0
	for _, x := range r.Snapshot.Readings {
		if x.Kind == "cloudtrail.event-history" && !x.OK() {
			n++
		}
	}
	switch {
	case len(unnamed) > 0:
		return Item{State: Open, Why: "no-maker", Names: names(unnamed), At: r.Looked}
	case n > 0:
		return r.blind(n)
	case len(his) > 0:
		return Item{State: Done, Why: "makers", N: len(his), At: r.Looked}
	case r.gaps(anything) > 0:
		return r.blind(r.gaps(anything))
	}
	return Item{State: NotNeeded, Why: "none-his", At: r.Looked}
}

// regions: every listing in every Region was read. A Region that is disabled, or
// left out, was not looked at.
func regions(r Record) Item {
	if !r.triaged() {
		return untriaged()
	}
	var unread, places []string
	for _, x := range r.Snapshot.Readings {
		if x.OK() {
			continue
		}
		unread = append(unread, x.Region)
		if !slices.Contains(places, x.Region) {
			places = append(places, x.Region)
		}
	}
	slices.Sort(places)
	if len(unread) > 0 || r.Narrowed {
		return Item{State: Unchecked, Why: "regions", Names: places, At: r.Looked}
	}
	return Item{State: Done, Why: "everywhere", At: r.Looked}
}

// whose: somebody has said, or the record shows, whose everything is.
func whose(r Record) Item {
	if !r.triaged() {
		return untriaged()
	}
	unknown := r.held(judge.Unknown, anything)
	switch n := r.gaps(anything); {
	case len(unknown) > 0:
		return Item{State: Open, Why: "unmarked", Names: names(unknown), Who: Owner, At: r.Looked}
	case n > 0:
		return r.blind(n)
	}
	return Item{State: Done, Why: "judged", N: len(r.Snapshot.Resources), At: r.Looked}
}

// gaps counts the expected listings of the kinds that did not read.
func (r Record) gaps(of func(fact.Kind) bool) int {
	var all []fact.Kind
	for k := range r.Snapshot.Expected {
		if of(k) {
			all = append(all, k)
		}
	}
	if len(all) == 0 { // nothing was asked: nothing is known
		return 1
	}
	return r.unseen(all...)
}

// snapshot: there is evidence of what is not the owner's, and a copy inside AWS of
// the disks and databases among it.
func snapshot(r Record) Item {
	if !r.triaged() {
		return untriaged()
	}
	his := slices.Concat(r.held(judge.Intruder, anything), r.held(judge.Tampered, anything))
	var unkept, uncopied []fact.Resource
	for _, x := range his {
		on := fact.AttachedTo.Or(x, "") // a machine is copied with its disks
		copied := slices.ContainsFunc(r.deeds(anything, "kept"), func(d Deed) bool {
			return d.Ref == x.Ref || on != "" && d.Ref.Place == x.Place && d.Ref.ID == on
		})
		switch {
		case !r.Kept[x.Ref]:
			unkept = append(unkept, x)
		case r.Copies[x.Kind] && !copied:
			uncopied = append(uncopied, x)
		}
	}
	gone := r.deeds(notIdentity, "removed")
	switch n := r.gaps(anything); {
	case len(unkept) > 0:
		return Item{State: Open, Why: "unkept", Names: names(unkept), At: r.Looked}
	case len(uncopied) > 0:
		return Item{State: Open, Why: "uncopied", Names: names(uncopied), Do: "preserve plan", At: r.Looked}
	case n > 0:
		return r.blind(n)
	case len(his) > 0 || len(gone) > 0: // nothing is deleted that is not kept
		return Item{State: Done, Why: "kept", N: len(his) + len(gone), At: later(r.Looked, r.lastDeed())}
	}
	return Item{State: NotNeeded, Why: "none-his", At: r.Looked}
}

func notIdentity(k fact.Kind) bool { return !strings.HasPrefix(string(k), "iam.") }

func foreign(r Record) Item {
	of := func(k fact.Kind) bool { return notIdentity(k) && k != "lambda.function" && k != "lambda.layer" }
	return r.removed(of, r.gaps(of), "removed")
}

func functions(r Record) Item {
	of := is("lambda.function", "lambda.layer")
	return r.removed(of, r.unseen("lambda.function", "lambda.layer"), "removed")
}

func mfaRoot(r Record) Item { return r.answered("root-without-mfa", Done, RootUser, "", nil) }

func mfaUsers(r Record) Item {
	return r.answered("user-without-mfa", Done, "", "", func(ref fact.Ref) bool {
		return slices.ContainsFunc(r.Deeds, func(d Deed) bool {
			return d.Sort == "mfa" && d.Verified && d.Owner == ref.ID && d.At.After(r.Looked)
		})
	})
}

// looked is a line that a command of its own looks at.
func looked(what, why string) func(Record) Item {
	return func(r Record) Item {
		l, there := r.Looks[what]
		switch {
		case !there:
			return Item{State: Unchecked, Why: "no-look"}
		case l.Found > 0:
			return Item{State: Open, Why: why + ".found", N: l.Found, Who: Owner, At: l.At}
		case l.Unseen > 0:
			return Item{State: Unchecked, Why: "look-gaps", N: l.Unseen, At: l.At}
		}
		return Item{State: Done, Why: why + ".clear", At: l.At}
	}
}

// supportAnswer: the owner said that AWS has its answer. A quarantine without a
// notice means that there is one which nobody gave to the case.
func supportAnswer(r Record) Item {
	f, ran := r.check("quarantine-marker")
	switch {
	case r.Notice != nil && !r.Notice.Answered.IsZero():
		return Item{State: Done, Why: "answered", At: r.Notice.Answered}
	case r.Notice != nil:
		return Item{State: Open, Why: "unanswered"}
	case ran && f.Outcome == finding.Found:
		return Item{State: Open, Why: "must-have-written", Do: "notice FILE", At: r.Looked}
	}
	return Item{State: Unchecked, Why: "no-notice", Do: "notice FILE"}
}

func (r Record) sent() []Deed {
	var out []Deed
	for _, d := range r.Deeds {
		if d.Verb == "open-case" && d.Verified {
			out = append(out, d)
		}
	}
	return out
}

// supportNew: where something ran on the owner's bill there is a question to ask.
func supportNew(r Record) Item {
	sent := r.sent()
	switch {
	case len(sent) > 0:
		return Item{State: Done, Why: "case-open", N: len(sent), At: last(sent)}
	case !r.triaged():
		return untriaged()
	case len(r.held(judge.Intruder, notIdentity))+len(r.deeds(notIdentity, "removed")) > 0:
		return Item{State: Open, Why: "dispute"}
	case r.gaps(anything) > 0:
		return r.blind(r.gaps(anything))
	}
	return Item{State: NotNeeded, Why: "nothing-ran", At: r.Looked}
}

// supportSecrets: what cordon sends has passed the gate of letters. What somebody
// wrote by hand was not seen.
func supportSecrets(r Record) Item {
	sent := r.sent()
	switch {
	case len(sent) > 0:
		return Item{State: Done, Why: "gated", N: len(sent), At: last(sent)}
	case r.Notice != nil && !r.Notice.Answered.IsZero():
		return Item{State: Unchecked, Why: "by-hand", At: r.Notice.Answered}
	}
	return Item{State: NotNeeded, Why: "nothing-sent"}
}

// automation is nothing that cordon sets up or looks for.
func automation(Record) Item { return Item{State: Unchecked, Why: "automation"} }

func rootDaily(r Record) Item { return r.answered("root-used-since", Done, RootUser, "", nil) }

func rootKeys(r Record) Item { return r.answered("root-keys", Done, RootUser, "", nil) }

// administrator: somebody of the owner's can administer the account who is not root.
func administrator(r Record) Item {
	f, ran := r.check("administrators")
	if !ran {
		return untriaged()
	}
	var own []string
	for _, h := range f.Hits {
		if x, listed := r.Snapshot.Find(h.Ref); listed && (h.Kind == "iam.user" || h.Kind == "iam.role") && r.whose(x) == judge.Owner {
			own = append(own, h.ID)
		}
	}
	switch {
	case len(own) > 0:
		return Item{State: Done, Why: "administrators", Names: own, At: r.Looked}
	case f.Outcome == finding.Found:
		return Item{State: Open, Why: "administrators-unsure", Who: Owner, Do: "finding mark RESOURCE mine", At: r.Looked}
	case f.Outcome == finding.Unknown:
		return r.blind(len(f.Gaps))
	}
	return Item{State: Open, Why: "no-administrator", Who: RootUser, At: r.Looked}
}

// practices never end: what a check sees is open, and the rest is guidance.
func practices(r Record) Item {
	if !r.triaged() {
		return untriaged()
	}
	var left []string
	for _, id := range posture {
		if f, _ := r.check(id); f.Outcome == finding.Found {
			left = append(left, id)
		}
	}
	if len(left) > 0 {
		return Item{State: Open, Why: "posture", Names: left, At: r.Looked}
	}
	return Item{State: Unchecked, Why: "guidance", At: r.Looked}
}
