package permit

import (
	"fmt"
	"slices"
	"strings"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/plan"
)

// The calls of the engine beside those of kinds.
var (
	History = []awsapi.Need{"cloudtrail:LookupEvents"}
	Groups  = []awsapi.Need{"iam:ListGroupsForUser"}                      // whose member the caller is
	Asking  = []awsapi.Need{"iam:SimulatePrincipalPolicy", "iam:GetRole"} // what the caller may do
)

// Names are the policies that For makes. A plan's is Plan's.
var Names = []string{"triage", "preserve", "contain", "eradicate", "rotate", "recover", "harden", "account", "bill", "support", "responder", "breakglass"}

// For lists what a part of the work needs: triage looks and changes nothing;
// the others are what they look at and change besides, to be given beside it; who
// contains and eradicates makes no credentials: rotate and recover do. Responder
// is all of it, and so are the rights of breakglass.
func For(name string) ([]Grant, error) {
	look := Looks()
	if name == "triage" {
		return look, nil
	}
	var out []Grant
	switch name {
	case "preserve":
		out = changes(func(v kind.Bound) bool { return v.For == kind.Copy })
	case "contain":
		out = changes(func(v kind.Bound) bool {
			return v.Class != kind.Permanent && v.For != kind.Copy && v.For != kind.Protect && !v.Secret
		})
	case "eradicate":
		out = changes(func(v kind.Bound) bool { return v.For != kind.Copy && v.For != kind.Protect && !v.Secret })
	case "harden":
		out = changes(func(v kind.Bound) bool { return v.For == kind.Protect })
	case "responder", "breakglass": // the second is for the night; what is set up for good is an administrator's by day
		out = append(look, changes(func(v kind.Bound) bool { return name == "responder" || v.For != kind.Protect })...)
		for _, part := range Names {
			out = append(append(out, verbsOf(parts[part])...), grants(awsapi.Actions(beside[part]), reading())...)
		}
		return out, nil
	case "rotate", "recover", "account", "bill", "support":
		out = append(verbsOf(parts[name]), grants(awsapi.Actions(beside[name]), reading())...)
	default:
		return nil, fmt.Errorf("cannot make the policy %q: it is one of %s, or a plan", name, strings.Join(Names, ", "))
	}
	reads := map[string]bool{}
	for _, g := range look {
		reads[g.Action] = true
	}
	return slices.DeleteFunc(out, func(g Grant) bool { return reads[g.Action] }), nil
}

// Looks is what looking needs: every listing, and what is kept of what is found.
func Looks() []Grant {
	needs := slices.Concat([]awsapi.Need{"sts:GetCallerIdentity"}, awsapi.RegionNeeds(), History, Groups, Asking)
	for _, k := range kinds.All() {
		needs = append(needs, k.Needs()...)
	}
	return grants(awsapi.Actions(needs), nil)
}

// changes is what the verbs declare beyond what their kinds need to look.
// Undoing belongs to it, but to copies: whoever secures evidence need not be
// able to destroy it.
func changes(of func(kind.Bound) bool) []Grant {
	look := reading()
	var out []Grant
	for _, k := range kinds.All() {
		for _, v := range k.Verbs() {
			if !of(v) {
				continue
			}
			needs := v.Own
			if calls, known := kinds.Applying(k.Name(), v.Name); known && v.For == kind.Copy {
				needs = only(v.Needs, calls)
			}
			out = append(out, grants(awsapi.Actions(needs), look)...)
		}
	}
	return out
}

// grants makes one of each action. What no listing makes and does not sound
// like a look is an act.
func grants(actions []string, look map[string]bool) (out []Grant) {
	for _, a := range actions {
		out = append(out, Grant{Action: a, Writes: look != nil && !look[a] && !sounds(a)})
	}
	return out
}

// reading are the actions of listings.
func reading() map[string]bool {
	all := map[string]bool{}
	for _, g := range Looks() {
		all[g.Action] = true
	}
	return all
}

// sounds says whether an action is a look by its name.
func sounds(action string) bool {
	_, name, _ := strings.Cut(action, ":")
	for _, verb := range []string{"Describe", "Get", "List", "Lookup", "BatchGet", "Search", "Filter", "GET"} {
		if strings.HasPrefix(name, verb) {
			return true
		}
	}
	return false
}

// only keeps the needs of some calls, and those that go with no call.
func only(needs []awsapi.Need, calls []string) (out []awsapi.Need) {
	for _, n := range needs {
		if call, _, _ := strings.Cut(n, "="); call == "" || slices.Contains(calls, call) {
			out = append(out, n)
		}
	}
	return out
}

// A Finder answers the ARN of a resource that a plan's target names, such as
// the user of an access key; "" when it does not know.
type Finder func(name fact.Kind, id string) string

// Plan lists exactly what applying a plan needs: of each action the reads of its
// precondition, the change, and the reads that verify it, on its own resource
// where IAM lets an action be narrowed to it; and what the gate asks about the
// caller. Undoing is not in it: a plan that undoes has its own. Steps of a
// person need nothing.
//
// Inexact names the verbs of which not every call is known one by one: all that
// they declare is in the list.
func Plan(p plan.Plan, find Finder) (out []Grant, inexact []string) {
	look := reading()
	for _, k := range p.Ward.Chain {
		if strings.Contains(k.ARN, ":user/") && !strings.Contains(p.Caller.ARN, ":federated-user/") {
			out = append(out, Grant{Action: "iam:ListGroupsForUser", On: []string{k.ARN}})
		}
	}
	for _, a := range p.Actions {
		if a.Class == plan.Person {
			continue
		}
		needs, exact := needsOf(a)
		if !exact {
			inexact = append(inexact, string(a.Target.Kind)+" "+a.Verb)
		}
		for _, g := range grants(awsapi.Actions(needs), look) {
			g.On = On(g.Action, a.Target, p.Partition, find)
			out = append(out, g)
		}
		if a.Undoes == nil { // what undoes leaves the secret where it is
			out = append(out, sinkOf(a, p.Partition)...)
		}
		for _, part := range a.Parts {
			for _, g := range grants(awsapi.Actions(asking(part.Kind)), look) {
				if g.On = On(g.Action, part, p.Partition, find); !g.Writes {
					out = append(out, g)
				}
			}
		}
	}
	slices.Sort(inexact)
	return out, slices.Compact(inexact)
}

// asking are the calls among which are those that tell whether a part is kept: all
// that deleting it by itself takes.
func asking(name fact.Kind) (needs []awsapi.Need) {
	for _, k := range kinds.All() {
		for _, v := range k.Verbs() {
			if k.Name() == name && v.For == kind.Remove && v.Kept != nil {
				needs = append(needs, v.Needs...)
			}
		}
	}
	return needs
}

// needsOf are the needs of one action.
func needsOf(a plan.Action) (needs []awsapi.Need, exact bool) {
	all := append(kinds.All(), kinds.Apart()...)
	i := slices.IndexFunc(all, func(k kind.Kind) bool { return k.Name() == a.Target.Kind })
	if i < 0 {
		return nil, false
	}
	v, there := all[i].Verb(a.Verb)
	if !there {
		return nil, false
	}
	calls, known := kinds.Applying(a.Target.Kind, a.Verb)
	if !known || a.Undoes != nil {
		return v.Needs, false
	}
	return only(v.Needs, calls), true
}
