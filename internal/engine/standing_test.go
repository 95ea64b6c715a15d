package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"cordon/internal/journal"
)

// What stands is read from the journal alone: each case is a journal, and what
// is to be taken back, newest first, with the state to restore.
func TestWhatStandsInTheJournal(t *testing.T) {
	rec := func(plan, action string, step journal.Step, state string) journal.Record {
		r := journal.Record{Plan: plan, Action: action, Step: step}
		switch step {
		case journal.Verified:
			r.After = json.RawMessage(state)
		case journal.Undone:
			r.Of = state
		default:
			r.Prior = json.RawMessage(state)
		}
		return r
	}
	const a = "one"
	for name, c := range map[string]struct {
		past []journal.Record
		want []string
	}{
		"the first state before is the owner's, later ones the intruder's": {
			[]journal.Record{rec(a, "x", journal.Doing, `1`), rec(a, "x", journal.Again, `2`), rec(a, "x", journal.Doing, `3`), rec(a, "x", journal.Verified, `0`)},
			[]string{"one/x 1 0"},
		},
		"begun and never ended counts": {
			[]journal.Record{rec(a, "x", journal.Doing, `1`)},
			[]string{"one/x 1 "},
		},
		"skipped does not": {
			[]journal.Record{rec(a, "x", journal.Skipped, ``)},
			nil,
		},
		"undone": {
			[]journal.Record{rec(a, "x", journal.Doing, `1`), rec(a, "x", journal.Verified, `0`), rec("undo", "u", journal.Undoing, `1`), rec("undo", "u", journal.Undone, "one/x")},
			nil,
		},
		"undone and done once more": {
			[]journal.Record{rec(a, "x", journal.Doing, `1`), rec("undo", "u", journal.Undone, "one/x"), rec(a, "x", journal.Doing, `5`), rec(a, "x", journal.Verified, `0`)},
			[]string{"one/x 5 0"},
		},
		"newest first": {
			[]journal.Record{rec(a, "x", journal.Doing, `1`), rec(a, "y", journal.Doing, `1`), rec("two", "x", journal.Doing, `0`)},
			[]string{"two/x 0 ", "one/y 1 ", "one/x 1 "},
		},
	} {
		var got []string
		for _, s := range standing(c.past, UndoOptions{All: true}) {
			got = append(got, fmt.Sprintf("%s/%s %s %s", s.first.Plan, s.first.Action, s.first.Prior, s.after.After))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
