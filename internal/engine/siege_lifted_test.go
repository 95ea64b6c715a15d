package engine_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/engine"
	"cordon/internal/fact"
	"cordon/internal/plan"
	"cordon/internal/report"
)

// TestSiegeIsLifted looks, judges, contains, keeps and eradicates, until a fresh look finds
// nothing more to do, and compares the account with what the lab itself says it
// was before the intruder came.
func TestSiegeIsLifted(t *testing.T) {
	w, tr := newSiege(t)
	if _, err := w.Settings(t.Context(), map[string]any{"snapshot_ms": snapshotsTake.Milliseconds()}); err != nil {
		t.Fatal(err)
	}
	first := w.survey(tr)
	w.judged(tr, first)
	p, err := w.everything(tr).PlanContain(t.Context(), engine.PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sum := w.carry(tr, p)
	t.Logf("contain: %d actions, %d verified, %s", len(p.Actions), sum.Verified, elapsed(sum))
	if sum.Verified+sum.People != len(p.Actions) {
		t.Errorf("contain: %+v", sum)
	}
	people := map[fact.Ref]bool{}
	var held []string
	for round := 1; ; round++ {
		if round == 5 {
			t.Fatal("it does not end")
		}
		w.survey(tr)
		p, err := w.everything(tr).PlanEradicate(t.Context(), engine.PlanOptions{})
		left := slices.DeleteFunc(slices.Clone(p.Actions), func(a plan.Action) bool { return a.Class == plan.Person })
		for _, a := range p.Actions {
			people[a.Target.Ref] = people[a.Target.Ref] || a.Class == plan.Person
		}
		if len(left) == 0 {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range p.Refused {
			t.Errorf("refused: %s %s: %s", r.Action.Verb, r.Action.Target.Ref, r.Reason)
		}
		w.Told.told = nil
		sum := w.carry(tr, p)
		for _, h := range sum.Held {
			held = append(held, h.Action)
		}
		t.Logf("eradicate, round %d: %d actions, %d verified, %d for a person, %d waiting, %d skipped, %d failed, %d calls one after another, %s",
			round, len(p.Actions), sum.Verified, sum.People, sum.Waiting, sum.Skipped, sum.Failed, sum.Chain, elapsed(sum))
		for _, line := range w.Told.steps() {
			if !strings.Contains(line, ": verified") && !strings.Contains(line, "skipped person") {
				t.Log(line)
			}
		}
	}
	if len(held) == 0 {
		t.Error("nothing is held, and containment throttled a function of the owner's")
	}
	back, err := w.everything(tr).PlanUndo(t.Context(), engine.UndoOptions{Actions: held})
	if err != nil {
		t.Fatal(err)
	}
	if sum := w.carry(tr, back); sum.Undone != len(held) {
		t.Errorf("%d were held back, %d let run again: %+v", len(held), sum.Undone, back.Refused)
	}
	w.proven("TerminateInstances", "DeleteAutoScalingGroup", "DeleteDBInstance", "DeleteService", "DeleteComputeEnvironment", "DeleteRule", "DeleteSchedule", "DeleteUser")
	w.lifted(tr, first.Snapshot, people)
}

func elapsed(sum report.Applied) time.Duration {
	return time.Duration(sum.ElapsedMS) * time.Millisecond
}

// lifted compares the account with what it should be: nothing that was planted
// stands, what was changed is as it was or is a person's step in the plan, and
// nothing of the owner's changed.
func (w *world) lifted(tr Truth, first fact.Snapshot, people map[fact.Ref]bool) {
	t := w.t
	t.Helper()
	after := w.survey(tr).Snapshot
	now, err := w.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gone, restored, left := map[string]int{}, map[string]int{}, map[string]int{}
	for _, p := range tr.Planted {
		r, there := seen(after, p)
		switch {
		case p.State == "created" && there && !ended(r):
			t.Errorf("still there: %s %s %s (%s) %v", p.Kind, p.Region, p.ID, fact.Status.Or(r, ""), fact.Judgement.Or(r, fact.Whose{}))
		case p.State == "created":
			gone[p.Kind]++
		case !there:
			t.Errorf("the owner's is gone: %s %s %s", p.Kind, p.Region, p.ID)
		case people[r.Ref]:
			left[p.Kind]++
		default:
			if diff := differs(tr.Before, now, p); len(diff) > 0 {
				t.Errorf("not as it was: %s %s %s (%s)\n%s", p.Kind, p.Region, p.ID, p.What, strings.Join(diff, "\n"))
			}
			restored[p.Kind]++
		}
	}
	t.Logf("planted %d\n gone %d: %v\n restored %d: %v\n told to a person %d: %v", len(tr.Planted), sum(gone), gone, sum(restored), restored, sum(left), left)
	for _, p := range tr.OwnersThing {
		if _, was := seen(first, p); was {
			if _, is := seen(after, p); !is {
				t.Errorf("the owner's is gone: %s %s %s", p.Kind, p.Region, p.ID)
			}
		}
	}
	w.unharmed(tr, tr.Before)
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// unharmed compares what the lab itself says of the owner's things.
func (w *world) unharmed(tr Truth, before map[string]map[string]json.RawMessage) {
	t := w.t
	t.Helper()
	now, err := w.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	compared, changed := 0, 0
	for _, p := range tr.OwnersThing {
		if len(pictures(before, p)) > 0 {
			compared++
		}
		if diff := differs(before, now, p); len(diff) > 0 {
			changed++
			t.Errorf("%s %s %s of the owner's\n%s", p.Kind, p.Region, p.ID, strings.Join(diff, "\n"))
		}
	}
	t.Logf("owner's things: %d, of which the lab has a picture: %d, changed: %d", len(tr.OwnersThing), compared, changed)
	if compared == 0 {
		t.Error("nothing of the owner's was compared: this shows nothing")
	}
}

// differs lists what is not as it was in the lab's pictures of one thing.
func differs(before, now map[string]map[string]json.RawMessage, p Planted) (out []string) {
	for _, at := range pictures(before, p) {
		was, is := before[at[0]][at[1]], bare(now[at[0]][at[1]])
		if at[0] == "lambda" {
			is = without(is, was)
		}
		if !plan.Same(bare(was), is) {
			out = append(out, fmt.Sprintf(" %s %s\n  was %s\n  is  %s", at[0], at[1], was, is))
		}
	}
	return out
}

// without is a function's picture without the versions that it did not have
// before: what the intruder published stands beside, and no name leads to it.
func without(is, was json.RawMessage) json.RawMessage {
	var now, then struct {
		Versions map[string]json.RawMessage `json:"versions"`
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(is, &now) != nil || json.Unmarshal(was, &then) != nil || json.Unmarshal(is, &all) != nil || now.Versions == nil {
		return is
	}
	maps.DeleteFunc(now.Versions, func(v string, _ json.RawMessage) bool { _, had := then.Versions[v]; return !had })
	all["versions"], _ = json.Marshal(now.Versions) // of what was just decoded
	out, _ := json.Marshal(all)
	return out
}

// bare is a picture without what containment put on an identity, which stays
// until it is undone, and without versions of a policy that are not in force.
func bare(picture json.RawMessage) json.RawMessage {
	var all map[string]json.RawMessage
	if json.Unmarshal(picture, &all) != nil {
		return picture
	}
	drop := func(member string, gone func(string) bool) {
		var inner map[string]json.RawMessage
		if json.Unmarshal(all[member], &inner) == nil {
			maps.DeleteFunc(inner, func(name string, _ json.RawMessage) bool { return gone(name) })
			all[member], _ = json.Marshal(inner) // of what was just decoded
		}
	}
	drop("inline", func(name string) bool { return strings.HasPrefix(name, "Cordon") || name == "AWSRevokeOlderSessions" })
	inForce := strings.Trim(string(all["default"]), `"`)
	if inForce != "" {
		drop("versions", func(name string) bool { return name != inForce })
	}
	out, _ := json.Marshal(all)
	return out
}

var regional = regexp.MustCompile(`^[a-z]{2}-[a-z]+-[0-9]$`)

// pictures names the lab's pictures of a thing: service and name, which is
// "sort/id" or "region/sort/id".
func pictures(all map[string]map[string]json.RawMessage, p Planted) (at [][2]string) {
	_, what, _ := strings.Cut(p.Kind, ".")
	for _, service := range slices.Sorted(maps.Keys(all)) {
		for _, name := range slices.Sorted(maps.Keys(all[service])) {
			rest := name
			if place, after, _ := strings.Cut(name, "/"); regional.MatchString(place) {
				if place != p.Region {
					continue
				}
				rest = after
			}
			sort, id, _ := strings.Cut(rest, "/")
			if (strings.HasSuffix(what, sort) || strings.HasSuffix(sort, what)) && (p.ID == id || strings.HasSuffix(p.ID, "/"+id) || strings.HasSuffix(p.ID, ":"+id)) {
				at = append(at, [2]string{service, name})
			}
		}
	}
	return at
}

func ended(r fact.Resource) bool {
	return slices.Contains([]string{"terminated", "shutting-down", "deleted", "PendingDeletion", "INACTIVE"}, fact.RunState.Or(r, fact.Status.Or(r, "")))
}
