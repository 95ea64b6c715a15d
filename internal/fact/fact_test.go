package fact

import (
	"encoding/json"
	"testing"
	"time"
)

func TestNotReadIsNotFalse(t *testing.T) {
	var r Resource
	if v, known := Active.Get(r); v || known {
		t.Fatalf("unread fact: %v, %v", v, known)
	}
	Active.Set(&r, false)
	if v, known := Active.Get(r); v || !known {
		t.Fatalf("fact set to false: %v, %v", v, known)
	}
	r.Facts["active"] = json.RawMessage(`"yes"`)
	if _, known := Active.Get(r); known {
		t.Fatal("a fact of the wrong type must count as not read")
	}
}

func TestWithKeepsOnlyNamedFacts(t *testing.T) {
	var r Resource
	Active.Set(&r, true)
	Owner.Set(&r, "ann")
	got := r.With("owner", "absent")
	if _, known := Active.Get(got); known || len(got.Facts) != 1 {
		t.Fatalf("facts left: %v", got.Facts)
	}
	if _, known := Active.Get(r); !known {
		t.Fatal("With changed the original")
	}
}

func TestGapsNeedEveryExpectedPlace(t *testing.T) {
	a, b := Place{"1", "eu-west-1"}, Place{"1", "sa-east-1"}
	s := Snapshot{Expected: map[Kind][]Place{"k": {a, b}}}
	count := func() int { return len(s.Gaps("k")) }
	if n := count(); n != 2 {
		t.Fatalf("nothing read: %d gaps, want 2", n)
	}
	s.Readings = append(s.Readings, Reading{Kind: "k", Place: a, State: Read})
	if n := count(); n != 1 {
		t.Fatalf("one of two places read: %d gaps, want 1", n)
	}
	for state, want := range map[State]int{Read: 0, Absent: 0, Denied: 1, Failed: 1, Skipped: 1, Closed: 1} {
		s.Readings = []Reading{{Kind: "k", Place: a, State: Read}, {Kind: "k", Place: b, State: state}}
		if n := count(); n != want {
			t.Errorf("%s: %d gaps, want %d", state, n, want)
		}
	}
	if n := len(s.Gaps("other")); n != 1 {
		t.Errorf("a kind nobody expected: %d gaps, want 1", n)
	}
}

func TestSnapshotSurvivesJSON(t *testing.T) {
	r := Resource{Ref: Ref{"iam.user", Place{"1", Global}, "ann"}, UniqueID: "AIDA1", Created: time.Unix(5, 0).UTC()}
	Made.Set(&r, Deed{EventID: "e", Call: "CreateUser"})
	b, err := json.Marshal(Snapshot{Resources: []Resource{r}})
	if err != nil {
		t.Fatal(err)
	}
	var back Snapshot
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	got, ok := back.Find(r.Ref)
	if deed, known := Made.Get(got); !ok || !known || deed.Call != "CreateUser" || got.UniqueID != "AIDA1" {
		t.Fatalf("back: %+v", got)
	}
}
