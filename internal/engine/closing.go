package engine

import (
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/lineage"
	"cordon/internal/plan"
)

// live says by the listing whether what a suspect holds still works: a key that
// is gone or inactive opens nothing, nor does what belongs to a user or role that
// is gone. What cannot be told counts as live. An MFA device alone opens nothing.
func live(snap fact.Snapshot) lineage.Live {
	there := map[fact.Ref]fact.Resource{}
	for _, r := range snap.Resources {
		there[r.Ref] = r
	}
	listed := func(kind fact.Kind) bool {
		return slices.ContainsFunc(snap.Readings, func(r fact.Reading) bool { return r.Kind == kind && r.OK() })
	}
	gone := func(ref fact.Ref) bool {
		_, is := there[ref]
		return ref.ID != "" && ref.Account == snap.Account && listed(ref.Kind) && !is
	}
	return func(s lineage.Suspect) bool {
		switch {
		case s.Kind == lineage.MFADevice, (s.Principal.Kind == "iam.user" || s.Principal.Kind == "iam.role") && gone(s.Principal):
			return false
		case s.Kind == lineage.AccessKey || strings.HasPrefix(s.Credential, "AKIA"):
			key := fact.Ref{Kind: "iam.access-key", Place: fact.Place{Account: snap.Account, Region: fact.Global}, ID: s.Credential}
			return !gone(key) && fact.Status.Or(there[key], "") != "Inactive"
		}
		return true
	}
}

// closing writes into each action of a plan which of the intruder's ways it
// closes, and whether it is of the smallest cut, and answers the ways that stay open when all of them are done. Of the
// wanted actions those that are in the plan no more are done already.
func closing(p plan.Plan, wanted []plan.Action, ways lineage.Graph) (open []string) {
	cut := map[string]bool{}
	for _, a := range wanted {
		if slices.ContainsFunc(p.Refused, func(r plan.Refusal) bool { return r.Action.ID == a.ID }) {
			continue
		}
		for _, node := range nodesOf(a) {
			cut[node] = true
		}
	}
	least := map[string]bool{}
	cuts, _ := lineage.Cut(ways)
	for _, c := range cuts {
		least[c.Node.ID] = true
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		for _, node := range nodesOf(*a) {
			a.Cut = a.Cut || least[node]
			for _, way := range ways.Through(node) {
				if text := waysText(ways, way); !slices.Contains(a.Closes, text) {
					a.Closes = append(a.Closes, text)
				}
			}
		}
	}
	for _, way := range ways.Open(cut) {
		open = append(open, waysText(ways, way))
	}
	return open
}

// nodesOf are the nodes of the graph that an action cuts.
func nodesOf(a plan.Action) []string {
	ref := a.Target.Ref.String()
	user := fact.Ref{Kind: "iam.user", Place: a.Target.Place, ID: a.Target.ID}.String()
	switch {
	case strings.HasPrefix(string(a.Target.Kind), "iam.") && a.Verb == "deactivate":
		return []string{"credential:" + a.Target.ID}
	case a.Target.Kind == "iam.login-profile":
		return []string{"password:" + user}
	case a.Verb == "deny-all": // everything that speaks for it
		return []string{"principal:" + ref, "sessions:" + ref, "password:" + ref}
	case a.Verb == "deny-sessions" || a.Verb == "revoke-sessions":
		return []string{"sessions:" + ref, "password:" + ref}
	case a.Verb == "close-trust":
		return []string{"trust:" + ref}
	case a.Class != plan.Person && a.Verb != "start" && a.Verb != "enable":
		return []string{"resource:" + string(a.Target.Kind) + "/" + a.Target.ID}
	}
	return nil
}
