package engine

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// hoarding is a kind that is deleted; with copies, what it holds has to be kept.
func hoarding(name fact.Kind, copies bool) kind.Kind {
	verb := func(name string, class kind.Class, purpose kind.Purpose) kind.Verb[struct{}, struct{}] {
		return kind.Verb[struct{}, struct{}]{
			Name: name, For: purpose, Class: class, Needs: []string{"a:Set"},
			Prior: func(context.Context, struct{}, fact.Resource) (json.RawMessage, error) { return nil, nil },
			Do:    func(context.Context, struct{}, kind.Job, json.RawMessage) error { return nil },
			Done:  func(context.Context, struct{}, kind.Job) (bool, error) { return false, nil },
		}
	}
	remove := verb("delete", kind.Permanent, kind.Remove)
	verbs := []kind.Verb[struct{}, struct{}]{remove}
	if copies {
		verbs[0].Kept = func(context.Context, struct{}, kind.Job) error { return nil }
		snapshot := verb("snapshot", kind.Reversible, kind.Copy)
		snapshot.Undo = func(context.Context, struct{}, kind.Job, json.RawMessage) error { return nil }
		verbs = append(verbs, snapshot)
	}
	return kind.Of(kind.Spec[struct{}, struct{}]{
		Name: name, Needs: []string{"a:Get"}, Carry: []string{"owner"},
		Reader: func(aws.Config) struct{} { return struct{}{} }, Writer: func(aws.Config) struct{} { return struct{}{} },
		List:  func(context.Context, struct{}, fact.Place, func(fact.Resource)) error { return nil },
		Keep:  func(context.Context, struct{}, fact.Resource, func(string, []byte) error) error { return nil },
		Verbs: verbs,
	})
}

func stored(k fact.Kind, id string) fact.Resource {
	return fact.Resource{Ref: fact.Ref{Kind: k, Place: fact.Place{Account: "1", Region: "eu-west-1"}, ID: id}}
}

// What was to follow a copy that the plan lacks is not deleted, nor what was to
// follow that; the rest stays.
func TestWhatIsNotCopiedIsNotDeleted(t *testing.T) {
	table, stack, net, other := stored("a.table", "t"), stored("a.stack", "s"), stored("a.stack", "n"), stored("a.table", "o")
	act := func(r fact.Resource, verb string, class plan.Class, after ...string) plan.Action {
		a := plan.Act(r, verb, class, "judged-intruder")
		a.After = after
		return a
	}
	copyOf, copyOther := act(table, "snapshot", plan.Reversible), act(other, "snapshot", plan.Reversible)
	whole := act(stack, "delete", plan.Permanent, copyOf.ID)
	behind := act(net, "delete", plan.Permanent, whole.ID)
	alone := act(other, "delete", plan.Permanent, copyOther.ID)
	all := []plan.Action{copyOf, copyOther, whole, behind, alone}
	for why, c := range map[string]struct {
		lacking map[string]bool
		drop    string // an action that is in the plan no more: it shows already
		want    []string
	}{
		"all are there":             {nil, "", nil},
		"a copy shows already":      {nil, copyOf.ID, nil},
		"a copy of a part lacks":    {map[string]bool{copyOf.ID: true}, copyOf.ID, []string{"s uncopied", "n after-unkept"}},
		"a copy of its own":         {map[string]bool{copyOther.ID: true}, copyOther.ID, []string{"o uncopied"}},
		"one that is said to be":    {map[string]bool{copyOther.ID: false}, copyOther.ID, nil},
		"what is lacking elsewhere": {map[string]bool{"x": true}, "", nil},
	} {
		p := plan.Plan{}
		for _, a := range all {
			if a.ID != c.drop {
				p.Actions = append(p.Actions, a)
			}
		}
		var err error
		if p.Actions, err = plan.Order(p.Actions); err != nil { // as readPlanned leaves it
			t.Fatal(err)
		}
		n := len(p.Actions)
		if err := withoutCopies(&p, all, c.lacking); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range p.Refused {
			got = append(got, r.Action.Target.ID+" "+r.Reason)
		}
		if !slices.Equal(got, c.want) || len(p.Actions) != n-len(c.want) {
			t.Errorf("%s: refused %q, %d of %d stay", why, got, len(p.Actions), n)
		}
	}
	s := &Session{Kinds: []kind.Kind{hoarding("a.table", true), hoarding("a.stack", false)}}
	p := plan.Plan{Actions: []plan.Action{whole, behind}, Refused: []plan.Refusal{{Action: copyOf, Reason: "unread.denied"}}}
	if err := s.uncopied(t.Context(), &p, all, all); err != nil || len(p.Actions) != 0 || len(p.Refused) != 3 {
		t.Errorf("a copy was refused: %d stay, %+v, %v", len(p.Actions), p.Refused, err)
	}
}

// An action carries the parts whose copies are asked for, with what that reads.
func TestAnActionCarriesWhatGoesWithIt(t *testing.T) {
	table := stored("a.table", "t")
	fact.Owner.Set(&table, "li")
	fact.Name.Set(&table, "orders")
	s := &Session{Kinds: []kind.Kind{hoarding("a.table", true), hoarding("a.stack", false)}}
	got := s.copiedOnly([]fact.Resource{stored("a.stack", "s"), table, stored("a.unknown", "u")})
	if len(got) != 1 || got[0].Ref != table.Ref || fact.Owner.Or(got[0], "") != "li" || fact.Name.Or(got[0], "") != "" {
		t.Errorf("%+v", got)
	}
	// A plan of before has none, and the same digest as then.
	a := plan.Act(table, "delete", plan.Permanent)
	b, err := json.Marshal(a)
	if err != nil || slices.Contains(keysOf(t, b), "parts") {
		t.Errorf("%s, %v", b, err)
	}
}

func keysOf(t *testing.T, b []byte) (keys []string) {
	t.Helper()
	all, err := decode[map[string]json.RawMessage](b)
	if err != nil {
		t.Fatal(err)
	}
	for k := range all {
		keys = append(keys, k)
	}
	return keys
}
