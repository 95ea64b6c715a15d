package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"cordon/internal/fact"
	"cordon/internal/journal"
	"cordon/internal/letter"
)

// letterAt is when the last triage of these tests looked.
var letterAt = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

// journalOf is the journal of some changes to keys, each verified: "VERB ID" and
// hours from the triage.
func journalOf(t *testing.T, deeds ...any) (past []journal.Record) {
	t.Helper()
	for i := 0; i < len(deeds); i += 2 {
		var verb, id string
		if _, err := fmt.Sscan(deeds[i].(string), &verb, &id); err != nil {
			t.Fatal(err)
		}
		target, err := json.Marshal(letterKey(id, "Active"))
		if err != nil {
			t.Fatal(err)
		}
		at, action := letterAt.Add(time.Duration(deeds[i+1].(int))*time.Hour), fmt.Sprint("a", i)
		past = append(past, journal.Record{Step: journal.Doing, Plan: "p", Action: action, Verb: verb, Target: target, At: at},
			journal.Record{Step: journal.Verified, Plan: "p", Action: action, At: at})
	}
	return past
}

func letterKey(id, status string) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "iam.access-key", Place: fact.Place{Account: "111122223333", Region: fact.Global}, ID: id}}
	fact.Status.Set(&r, status)
	return r
}

// What a letter calls done is what the newest look does not belie, and a key that AWS
// named is never left out.
func TestLettersFollowTheNewestLook(t *testing.T) {
	rootWith := func(keys bool) fact.Resource {
		r := fact.Resource{Ref: fact.Ref{Kind: "iam.root", Place: fact.Place{Account: "111122223333", Region: fact.Global}, ID: "root"}}
		fact.MFA.Set(&r, true)
		fact.RootKeys.Set(&r, keys)
		return r
	}
	for name, c := range map[string]struct {
		seen       []fact.Resource
		past       []journal.Record
		done, open []string
	}{
		"on":                                 {[]fact.Resource{letterKey("AKIA1", "Active")}, nil, nil, []string{"keys AKIA1"}},
		"switched off since":                 {[]fact.Resource{letterKey("AKIA1", "Active")}, journalOf(t, "deactivate AKIA1", 1), []string{"keys-off AKIA1"}, nil},
		"off, and a newer look saw it on":    {[]fact.Resource{letterKey("AKIA1", "Active")}, journalOf(t, "deactivate AKIA1", -1), nil, []string{"keys AKIA1"}},
		"off, on again, and off":             {[]fact.Resource{letterKey("AKIA1", "Active")}, journalOf(t, "deactivate AKIA1", -1, "deactivate AKIA1", 1), []string{"keys-off AKIA1"}, nil},
		"off, and a newer look saw it so":    {[]fact.Resource{letterKey("AKIA1", "Inactive")}, journalOf(t, "deactivate AKIA1", -1), []string{"keys-off AKIA1"}, nil},
		"off, and then its successor made":   {[]fact.Resource{letterKey("AKIA1", "Active")}, journalOf(t, "deactivate AKIA1", 1, "add-key AKIA1", 2), []string{"keys-off AKIA1", "keys-new AKIA1"}, nil},
		"another of two is on":               {[]fact.Resource{letterKey("AKIA1", "Active"), letterKey("AKIA2", "Inactive")}, journalOf(t, "deactivate AKIA1", -2, "deactivate AKIA2", -1), []string{"keys-off AKIA2"}, []string{"keys AKIA1"}},
		"deleted before":                     {nil, journalOf(t, "delete AKIA1", -1), []string{"keys-gone AKIA1"}, nil},
		"in no listing":                      {[]fact.Resource{rootWith(false)}, nil, nil, []string{"keys-unseen AKIA1"}},
		"in no listing, and root has keys":   {[]fact.Resource{rootWith(true)}, nil, nil, []string{"root-keys", "keys-unseen AKIA1"}},
		"off, and then in no listing at all": {nil, journalOf(t, "deactivate AKIA1", -1), []string{"keys-off AKIA1"}, []string{"keys-unseen AKIA1"}},
	} {
		t.Run(name, func(t *testing.T) {
			tri := Triage{Snapshot: fact.Snapshot{At: letterAt, Resources: c.seen}}
			d := deedsOf(c.past)
			var done, open []string
			for _, x := range d.lines(&tri.Snapshot) {
				done = append(done, joined(x.Sort, x.Names))
			}
			for _, x := range stillOpen(tri, letter.Facts{Notice: &letter.Notice{Keys: []string{"AKIA1"}}}, d) {
				open = append(open, joined(x.Sort, x.Names))
			}
			if !slices.Equal(done, c.done) || !slices.Equal(open, c.open) {
				t.Errorf("done %q, want %q; open %q, want %q", done, c.done, open, c.open)
			}
		})
	}
}

func joined(sort string, names []string) string {
	for _, n := range names {
		sort += " " + n
	}
	return sort
}
