package engine

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/fact"
	"cordon/internal/journal"
	"cordon/internal/kind"
	"cordon/internal/plan"
)

// mendable can be stopped, copied, and put back in two ways.
func mendable() kind.Kind {
	verb := func(name string, purpose kind.Purpose, of string) kind.Verb[struct{}, struct{}] {
		return kind.Verb[struct{}, struct{}]{
			Name: name, For: purpose, Of: of, Class: kind.Reversible, Needs: []string{"a:Set"},
			Prior: func(context.Context, struct{}, fact.Resource) (json.RawMessage, error) { return nil, nil },
			Do:    func(context.Context, struct{}, kind.Job, json.RawMessage) error { return nil },
			Done:  func(context.Context, struct{}, kind.Job) (bool, error) { return true, nil },
			Undo:  func(context.Context, struct{}, kind.Job, json.RawMessage) error { return nil },
		}
	}
	return kind.Of(kind.Spec[struct{}, struct{}]{
		Name: "a.b", Needs: []string{"a:Get"},
		Reader: func(aws.Config) struct{} { return struct{}{} }, Writer: func(aws.Config) struct{} { return struct{}{} },
		List: func(context.Context, struct{}, fact.Place, func(fact.Resource)) error { return nil },
		Verbs: []kind.Verb[struct{}, struct{}]{
			verb("throttle", kind.Disable, ""), verb("snapshot", kind.Copy, ""),
			verb("restore-code", kind.Restore, "code"), verb("restore-policy", kind.Restore, "policy"),
		},
	})
}

// A journal holds no target of what was skipped or failed: what is left undone of a
// thing is known by the ids of its actions.
func TestWhatIsLeftUndoneIsNotMended(t *testing.T) {
	f := fact.Resource{Ref: fact.Ref{Kind: "a.b", Place: fact.Place{Account: "1", Region: "eu-west-1"}, ID: "f"}}
	target, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	other := f.Ref
	other.ID = "g"
	rec := func(of fact.Ref, verb string, step journal.Step) journal.Record {
		r := journal.Record{Plan: "clean", Action: plan.ActionID(of, verb, false), Verb: verb, Kind: string(of.Kind), Step: step}
		if step != journal.Skipped && step != journal.Failed { // as the gate writes them
			r.Target = target
		}
		return r
	}
	because := func(r journal.Record, reason string) journal.Record { r.Reason = reason; return r }
	undone := journal.Record{Plan: "undo", Action: "u", Step: journal.Undone, Of: "clean/" + plan.ActionID(f.Ref, "restore-code", false), Target: target}
	first := journal.Record{Plan: "contain", Action: plan.ActionID(f.Ref, "throttle", false), Verb: "throttle", Step: journal.Doing, Target: target}
	code := rec(f.Ref, "restore-code", journal.Verified)
	for why, c := range map[string]struct {
		then []journal.Record
		want bool
	}{
		"nothing was put back":              {nil, false},
		"all of it":                         {[]journal.Record{code, rec(f.Ref, "restore-policy", journal.Verified)}, true},
		"one failed":                        {[]journal.Record{code, rec(f.Ref, "restore-policy", journal.Failed)}, false},
		"one failed before the other":       {[]journal.Record{rec(f.Ref, "restore-policy", journal.Failed), code}, false},
		"one was skipped":                   {[]journal.Record{code, because(rec(f.Ref, "restore-policy", journal.Skipped), "changed")}, false},
		"one showed already":                {[]journal.Record{code, because(rec(f.Ref, "restore-policy", journal.Skipped), "already")}, true},
		"two failed, and one the next time": {[]journal.Record{rec(f.Ref, "restore-policy", journal.Failed), rec(f.Ref, "restore-code", journal.Failed), code}, false},
		"both the next time": {[]journal.Record{
			rec(f.Ref, "restore-policy", journal.Failed), rec(f.Ref, "restore-code", journal.Failed), code, rec(f.Ref, "restore-policy", journal.Verified),
		}, true},
		"a person has to look":        {[]journal.Record{code, because(rec(f.Ref, "review-change", journal.Skipped), "person")}, false},
		"it could not be copied":      {[]journal.Record{rec(f.Ref, "snapshot", journal.Failed), code}, true},
		"what failed was another's":   {[]journal.Record{code, rec(other, "restore-policy", journal.Failed)}, true},
		"it was put back, and undone": {[]journal.Record{code, undone}, false},
	} {
		s := &Session{Kinds: []kind.Kind{mendable()}}
		if got := s.mended(append([]journal.Record{first}, c.then...), change{first: first}); got != c.want {
			t.Errorf("%s: mended = %t", why, got)
		}
	}
}
