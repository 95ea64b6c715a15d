package playbook_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cordon/internal/fact"
	"cordon/internal/plan"
	"cordon/internal/playbook"
)

// kindsOf is a small world of kinds: a group that makes machines, a machine on
// a net that takes its parts along, a stack that owns queues, a fleet that cannot
// be paused, a queue that may stand on one, a bucket.
func kindsOf(k fact.Kind) (playbook.Traits, bool) {
	able := func(all ...playbook.Ability) playbook.Traits { return playbook.Traits{Abilities: all} }
	verb := func(name, purpose string, class plan.Class) playbook.Ability {
		return playbook.Ability{Verb: name, Purpose: purpose, Class: class}
	}
	remove := verb("delete", "remove", plan.Permanent)
	var t playbook.Traits
	switch k {
	case "group":
		t = able(verb("suspend", "disable", plan.Disruptive), remove)
		t.Recreates = true
	case "machine":
		lift := verb("unprotect", "lift", plan.Reversible)
		lift.Of = "termination"
		t = able(verb("stop", "disable", plan.Disruptive), verb("snapshot", "copy", plan.Reversible), lift, remove)
		t.Holds = func(r fact.Resource) []fact.Ref {
			return []fact.Ref{{Kind: "net", Place: r.Place, ID: fact.VPC.Or(r, "")}}
		}
	case "iam.user", "iam.access-key":
		t = able(remove)
	case "net":
		t = able(remove)
		t.Owns = true
	case "queue":
		t = able(verb("snapshot", "copy", plan.Reversible), remove)
		t.Holds = func(r fact.Resource) []fact.Ref {
			return []fact.Ref{{Kind: "fleet", Place: r.Place, ID: fact.VPC.Or(r, "")}}
		}
	case "stack":
		t = able(remove)
		t.Owns, t.Recreates = true, true
	case "fleet":
		t = able(remove)
		t.Recreates = true
	case "bucket":
		policy := playbook.Ability{Verb: "restore-policy", Purpose: "restore", Of: "policy", Class: plan.Reversible, Mends: []string{"PutBucketPolicy"}, FromBefore: true}
		expiry := playbook.Ability{Verb: "restore-lifecycle", Purpose: "restore", Of: "lifecycle", Class: plan.Reversible, Mends: []string{"PutBucketLifecycle"}, FromBefore: true}
		shut := playbook.Ability{Verb: "close-policy", Purpose: "close", Class: plan.Disruptive, Mends: []string{"PutBucketPolicy"}}
		t = able(policy, expiry, shut)
	case "trail":
		t = able(playbook.Ability{Verb: "start", Purpose: "restore", Of: "logging", Class: plan.Reversible, Mends: []string{"StopLogging"}})
	case "flow-log":
		t = able(remove, playbook.Ability{Verb: "recreate", Purpose: "restore", Of: "flow-log", Class: plan.Reversible, Mends: []string{"DeleteFlowLogs"}, FromBefore: true})
	case "list":
	default:
		return t, false
	}
	return t, true
}

func judged(k fact.Kind, id, whose string, more ...func(*fact.Resource)) fact.Resource {
	r := thing(k, id, more...)
	fact.Judgement.Set(&r, fact.Whose{Whose: whose})
	return r
}

func partOf(k fact.Kind, id string) func(*fact.Resource) {
	return has(fact.PartOf, []fact.Ref{thing(k, id).Ref})
}

func changed(calls ...string) func(*fact.Resource) {
	var all []fact.Deed
	for _, c := range calls {
		all = append(all, fact.Deed{Call: c, Sure: true})
	}
	return has(fact.Changed, all)
}

func eradicate(t *testing.T, all ...fact.Resource) (lines []string, actions []plan.Action) {
	t.Helper()
	ordered, err := plan.Order(playbook.Eradicate(playbook.Input{Snapshot: fact.Snapshot{Account: here.Account, Resources: all}, Traits: kindsOf}))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range ordered {
		lines = append(lines, a.Verb+" "+a.Target.ID)
		if len(a.Because) == 0 {
			t.Errorf("%s %s has no reason", a.Verb, a.Target.ID)
		}
	}
	return lines, ordered
}

func TestEradicate(t *testing.T) {
	for _, c := range []struct {
		why  string
		with []fact.Resource
		want []string
	}{
		{"what is unknown or the owner's is left alone",
			[]fact.Resource{judged("machine", "u", "unknown"), judged("machine", "o", "owner", changed("X")), thing("machine", "none")}, nil},
		{"a machine: stopped, copied, freed, removed", []fact.Resource{judged("machine", "m", "intruder", has(fact.Protections, []string{"termination"}))},
			[]string{"stop m", "snapshot m", "unprotect m", "delete m"}},
		{"a protection that is not there is not lifted", []fact.Resource{judged("machine", "m", "intruder")},
			[]string{"stop m", "snapshot m", "delete m"}},
		{"the net goes after the machine on it", []fact.Resource{judged("net", "n", "intruder"), judged("machine", "m", "intruder", has(fact.VPC, "n"))},
			[]string{"stop m", "snapshot m", "delete m", "delete n"}},
		{"the owner's net stays under it", []fact.Resource{judged("net", "n", "owner"), judged("machine", "m", "intruder", has(fact.VPC, "n"))},
			[]string{"stop m", "snapshot m", "delete m"}},
		{"a group is paused before its machines, removed after them",
			[]fact.Resource{judged("machine", "m", "intruder", partOf("group", "g")), judged("group", "g", "intruder")},
			[]string{"stop m", "suspend g", "snapshot m", "delete m", "delete g"}},
		{"a stack takes its queues along, once they are copied",
			[]fact.Resource{judged("queue", "q", "intruder", partOf("stack", "s")), judged("stack", "s", "intruder")},
			[]string{"snapshot q", "delete s"}},
		{"a net takes its parts along, and goes after what stands on it",
			[]fact.Resource{judged("queue", "q", "intruder", partOf("net", "n")), judged("net", "n", "intruder"), judged("machine", "m", "intruder", has(fact.VPC, "n"))},
			[]string{"stop m", "snapshot q", "snapshot m", "delete m", "delete n"}},
		{"what would take something of the owner's along is a person's to take apart",
			[]fact.Resource{judged("queue", "q", "owner", partOf("stack", "s")), judged("queue", "p", "intruder", partOf("stack", "s")), judged("stack", "s", "intruder")},
			[]string{"snapshot p", "delete p", "review-change s"}},
		{"and so is what would take along what nobody knows of",
			[]fact.Resource{judged("queue", "q", "unknown", partOf("stack", "s")), judged("queue", "p", "intruder", partOf("stack", "s")), judged("stack", "s", "intruder")},
			[]string{"snapshot p", "delete p", "review-change s"}},
		{"also a part of a part",
			[]fact.Resource{judged("queue", "q", "unknown", partOf("net", "n")), judged("net", "n", "intruder", partOf("stack", "s")), judged("stack", "s", "intruder")},
			[]string{"review-change n", "review-change s"}},
		{"a part of the owner's whole is removed on its own",
			[]fact.Resource{judged("queue", "q", "intruder", partOf("net", "n")), judged("net", "n", "owner")},
			[]string{"snapshot q", "delete q"}},
		{"what stands on what goes first goes before it",
			[]fact.Resource{judged("queue", "q", "intruder", has(fact.VPC, "f")), judged("fleet", "f", "intruder")},
			[]string{"snapshot q", "delete q", "delete f"}},
		{"what cannot be paused goes before what it made",
			[]fact.Resource{judged("machine", "m", "intruder", partOf("fleet", "f")), judged("fleet", "f", "intruder")},
			[]string{"stop m", "snapshot m", "delete f", "delete m"}},
		{"identities go last, keys before their user",
			[]fact.Resource{judged("iam.user", "u", "intruder"), judged("iam.access-key", "k", "intruder", has(fact.Owner, "u")), judged("net", "n", "intruder")},
			[]string{"delete n", "delete k", "delete u"}},
		{"what nobody can remove is a person's", []fact.Resource{judged("list", "l", "intruder")}, []string{"review-change l"}},

		{"put back what is known", []fact.Resource{judged("bucket", "b", "tampered", changed("PutBucketPolicy"), has(fact.Before, map[string]string{"policy": "p"}))},
			[]string{"restore-policy b"}},
		{"known to have been nothing", []fact.Resource{judged("bucket", "b", "tampered", changed("PutBucketPolicy"), has(fact.Before, map[string]string{"policy": ""}))},
			[]string{"restore-policy b"}},
		{"shut what is not known", []fact.Resource{judged("bucket", "b", "tampered", changed("PutBucketPolicy"))}, []string{"close-policy b"}},
		{"what no verb mends is a person's", []fact.Resource{judged("bucket", "b", "tampered", changed("PutBucketPolicy", "PutBucketTagging"))},
			[]string{"close-policy b", "review-change b"}},
		{"a lifecycle that nobody knows is a person's", []fact.Resource{judged("bucket", "b", "tampered", changed("PutBucketLifecycle"))}, []string{"review-change b"}},
		{"a trail needs no knowledge", []fact.Resource{judged("trail", "t", "tampered", changed("StopLogging"))}, []string{"start t"}},
		{"the short clocks first", []fact.Resource{
			judged("machine", "m", "intruder"),
			judged("bucket", "b", "tampered", changed("PutBucketLifecycle", "PutBucketPolicy"), has(fact.Before, map[string]string{"policy": "p", "lifecycle": ""})),
		}, []string{"stop m", "restore-lifecycle b", "snapshot m", "restore-policy b", "delete m"}},
		{"what the owner's program may have done stays",
			[]fact.Resource{judged("bucket", "b", "tampered", has(fact.Changed, []fact.Deed{{Call: "PutBucketPolicy"}}))}, nil},
		{"starting and stopping leaves nothing to mend", []fact.Resource{judged("machine", "m", "tampered", changed("StartInstances"))}, nil},
	} {
		t.Run(c.why, func(t *testing.T) {
			if got, _ := eradicate(t, c.with...); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What must have succeeded first stands in After, and not only in the order.
func TestARemovalWaitsForWhatMakesItSafe(t *testing.T) {
	_, actions := eradicate(t,
		judged("group", "g", "intruder"), judged("net", "n", "intruder"),
		judged("machine", "m", "intruder", partOf("group", "g"), has(fact.VPC, "n"), has(fact.Protections, []string{"termination"})),
		judged("stack", "s", "intruder"), judged("queue", "q", "intruder", partOf("stack", "s")),
	)
	by := map[string]plan.Action{}
	for _, a := range actions {
		by[a.Verb+" "+a.Target.ID] = a
	}
	for then, firsts := range map[string]string{
		"delete m": "stop m, snapshot m, unprotect m, suspend g", "delete g": "suspend g, delete m", "delete n": "delete m", "delete s": "snapshot q",
	} {
		for first := range strings.SplitSeq(firsts, ", ") {
			if !slices.Contains(by[then].After, by[first].ID) {
				t.Errorf("%s does not wait for %s", then, first)
			}
		}
	}
	// What only takes its parts along makes nothing again: it goes with the rest.
	if by["delete n"].Stage != plan.StageRemove || by["delete s"].Stage != plan.StageRecreator {
		t.Errorf("the net goes in stage %d, the stack in %d", by["delete n"].Stage, by["delete s"].Stage)
	}
	stage := 0
	for _, a := range actions {
		if a.Stage < stage {
			t.Errorf("%s %s of stage %d comes after stage %d", a.Verb, a.Target.ID, a.Stage, stage)
		}
		stage = a.Stage
	}
}

// Whatever depends on whatever, the plan has an order.
func TestEveryWorldHasAnOrder(t *testing.T) {
	kinds := []fact.Kind{"group", "machine", "net", "stack", "fleet", "queue"}
	for seed := range uint64(300) {
		n := func(of uint64) uint64 { seed = seed*6364136223846793005 + 1442695040888963407; return seed >> 33 % of }
		var all []fact.Resource
		for i := range 12 {
			k := kinds[n(uint64(len(kinds)))]
			r := judged(k, fmt.Sprint(i), "intruder", has(fact.VPC, fmt.Sprint(n(12))))
			if i > 0 {
				whole := all[n(uint64(i))]
				fact.PartOf.Set(&r, []fact.Ref{whole.Ref})
			}
			all = append(all, r)
		}
		eradicate(t, all...)
	}
}

func TestPreserveCopiesWhatIsHisOrChanged(t *testing.T) {
	var got []string
	for _, a := range playbook.Preserve(playbook.Input{Traits: kindsOf, Snapshot: fact.Snapshot{Resources: []fact.Resource{
		judged("machine", "his", "intruder"), judged("machine", "changed", "tampered"), judged("machine", "mine", "owner"), judged("machine", "who", "unknown"), judged("net", "n", "intruder"),
	}}}) {
		got = append(got, a.Verb+" "+a.Target.ID)
	}
	if want := []string{"snapshot his", "snapshot changed"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// What he deleted of the owner's is made again where somebody knows how it was.
func TestWhatHeDeletedIsMadeAgain(t *testing.T) {
	known := thing("flow-log", "fl-1", changed("DeleteFlowLogs"), has(fact.Before, map[string]string{"flow-log": "{}"}))
	unknown := thing("flow-log", "fl-2", changed("DeleteFlowLogs"))
	perhaps := thing("flow-log", "fl-3", has(fact.Changed, []fact.Deed{{Call: "DeleteFlowLogs"}}), has(fact.Before, map[string]string{"flow-log": "{}"}))
	mine := thing("flow-log", "fl-4", changed("DeleteFlowLogs"), has(fact.Before, map[string]string{"flow-log": "{}"}))
	machine := thing("machine", "m", changed("TerminateInstances"))
	var got []string
	for _, a := range playbook.Eradicate(playbook.Input{
		Snapshot: fact.Snapshot{Account: here.Account, Lost: []fact.Resource{known, unknown, perhaps, mine, machine}}, Traits: kindsOf,
		Marks: map[fact.Ref]playbook.Mark{mine.Ref: playbook.Mine},
	}) {
		got = append(got, fmt.Sprintf("%s %s %s %v", a.Verb, a.Target.ID, a.Class, a.Because))
	}
	if want := []string{"recreate fl-1 reversible [suspect-deleted]", "review-change fl-2 person [suspect-deleted]"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
