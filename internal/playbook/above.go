package playbook

import (
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/plan"
)

// aboveMost is how many bytes of principals one service control policy names: its
// text may have 5,120 characters (Organizations User Guide, "Quotas"), of which
// some 400 are the rest. Those that do not fit are denied by their own actions
// all the same.
const aboveMost = 4600

// FromAbove puts before the actions the denial, by a service control policy, of
// everybody whom the kept ones among them deny or whose sessions are held to be
// the intruder's. member is the account as its organisation lists it. No such
// policy binds the management account: there a person's step says so. Everything
// else is done behind it: whoever is denied cannot take anything back.
func FromAbove(in Input, member fact.Resource, kept, actions []plan.Action, w plan.Ward) []plan.Action {
	b := &book{Input: in, at: map[string]int{}}
	management, known := fact.Organization.Get(member)
	if !known || len(actions) == 0 {
		return actions
	}
	if management == member.ID {
		b.because = becauseManagement
		b.do(member, "guard-management", plan.Person, "", false)
		return append(slices.Clone(actions), b.out...)
	}
	denied, because, theirs := b.denied(kept, w)
	if len(denied) == 0 {
		return actions
	}
	fact.DenyPrincipals.Set(&member, denied)
	above := plan.Act(member, DenyAbove, plan.Disruptive, because...)
	above.Exposed, above.Theirs = true, theirs
	out := []plan.Action{above}
	for _, a := range actions {
		if a.Class != plan.Person {
			a.Behind = append(slices.Clone(a.Behind), above.ID)
		}
		out = append(out, a)
	}
	return out
}

// DenyAbove is the verb of organizations.account that denies by a policy.
const DenyAbove = "deny-scp"

// becauseManagement is the reason of the step for a management account.
const becauseManagement = "management-account"

// denied lists whom a policy from above denies: users, roles and root by their
// ARNs, sessions of the owner's roles by what aws:userid says of them. Whoever
// stands in the ward is left out: the others are denied all the same. theirs says
// that all of them are the intruder's own.
func (b *book) denied(kept []plan.Action, w plan.Ward) (all, because []string, theirs bool) {
	theirs = true
	room := aboveMost
	add := func(principal string, his bool, why ...string) {
		if principal == "" || w.Hits(principal) || strings.Contains(principal, ":role/aws-service-role/") || w.Unsure && !his {
			return
		}
		if slices.Contains(all, principal) {
			his = true
		} else if room -= len(principal) + len(`"",`); room < 0 {
			return
		} else {
			all = append(all, principal)
		}
		theirs = theirs && his
		for _, reason := range why {
			if !slices.Contains(because, reason) {
				because = append(because, reason)
			}
		}
	}
	whole := map[fact.Ref]bool{}
	for _, a := range kept {
		if a.Verb == "deny-all" && a.Target.Kind != "iam.group" {
			whole[a.Target.Ref] = true
			add(a.Target.ARN, a.Theirs, a.Because...)
		}
	}
	for r := range b.Snapshot.Of("iam.user") {
		if !b.spared(r) && !w.Hits(r.ARN) {
			for _, session := range fact.Federated.Or(r, nil) {
				add(session, b.theirs(r), "suspect-credential")
			}
		}
	}
	for r := range b.Snapshot.Of("iam.root") {
		if d, suspect := fact.Suspect.Get(r); suspect && d.Sure && !b.spared(r) || b.Marks[r.Ref] == NotMine {
			add("arn:"+b.Snapshot.Partition+":iam::"+b.Snapshot.Account+":root", false, "suspect-principal")
		}
	}
	for r := range b.Snapshot.Of("iam.role") {
		if whole[r.Ref] || b.spared(r) || w.Hits(r.ARN) {
			continue
		}
		for _, d := range fact.Sessions.Or(r, nil) {
			if d.Sure && hisName(b, d) {
				add(d.Session, b.theirs(r), "suspect-session")
			}
		}
	}
	slices.Sort(all)
	return all, because, theirs
}

// hisName says whether a session's name is the intruder's and nobody else's:
// that of a machine, a function or a task is the owner's too, whose program
// would be denied for good, while revoking lets it have a new session.
func hisName(b *book, d fact.Deed) bool {
	_, name, ok := strings.Cut(d.Session, ":")
	if !ok {
		return false
	}
	of, sort := b.computeOf(name)
	return sort == "" || b.theirs(of)
}
