package kinds

import (
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// Applying names the calls that the gate makes to apply a verb: those that the
// tests of its kind saw Identity, Prior, Do and Done make, and none of Undo's.
// All that the verb itself declares belongs to what is for good, which has no
// undo and asks for the copies too (see kind.Verb.Kept), and to what puts back or
// takes away, whose calls depend on what it finds. A verb that no test has seen
// is not known.
func Applying(name fact.Kind, verb string) (calls []string, known bool) {
	calls, known = Making(name, verb)
	return slices.DeleteFunc(calls, func(call string) bool { return slices.Contains(secondWay[string(name)+" "+verb], call) }), known
}

// Making is what Applying names, and the calls that a verb makes only where AWS
// refuses its first.
func Making(name fact.Kind, verb string) (calls []string, known bool) {
	told, known := applyingCalls[string(name)+" "+verb]
	v, there := verbOf(name, verb)
	if !known || !there {
		return nil, false
	}
	calls = slices.Concat(strings.Fields(told), secondWay[string(name)+" "+verb])
	if v.Class == kind.Permanent || v.Name == "remove-grants" || strings.HasPrefix(v.Name, "restore-") {
		for _, need := range v.Own {
			if call, _, _ := strings.Cut(need, "="); call != "" {
				calls = append(calls, call)
			}
		}
	}
	slices.Sort(calls)
	return slices.Compact(calls), true
}

// secondWay are calls that a verb makes only where AWS refuses its first: the
// inline policies of the principal are full. Where that happens under a plan's
// policy, the step fails and names the call.
var secondWay = map[string][]string{
	"iam.user deny-all":  {"iam:AttachUserPolicy"},
	"iam.role deny-all":  {"iam:AttachRolePolicy"},
	"iam.group deny-all": {"iam:AttachGroupPolicy"},
}

func verbOf(name fact.Kind, verb string) (kind.Bound, bool) {
	for _, k := range All() {
		if k.Name() == name {
			return k.Verb(verb)
		}
	}
	return kind.Bound{}, false
}
