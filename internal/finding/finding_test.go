package finding

import (
	"testing"

	"cordon/internal/fact"
)

var place = fact.Place{Account: "1", Region: "eu-west-1"}

func inactive(l *Look) {
	for r := range l.Of("k") {
		if on, known := Known(l, r, fact.Active); known && on {
			l.Hit(r, Evidence{Fact: "active", Value: "true"})
		}
	}
}

func outcome(s fact.Snapshot) Outcome {
	return Run(s, []Check{{ID: "c", Needs: []fact.Kind{"k"}, Find: inactive}})[0].Outcome
}

func TestOnlyAGoodReadingIsClear(t *testing.T) {
	want := map[fact.State]Outcome{
		fact.Read: Clear, fact.Absent: Clear,
		fact.Denied: Unknown, fact.Failed: Unknown, fact.Skipped: Unknown, fact.Closed: Unknown,
	}
	for state, want := range want {
		s := fact.Snapshot{
			Expected: map[fact.Kind][]fact.Place{"k": {place}},
			Readings: []fact.Reading{{Kind: "k", Place: place, State: state}},
		}
		if got := outcome(s); got != want {
			t.Errorf("%s: %s, want %s", state, got, want)
		}
	}
	if got := outcome(fact.Snapshot{}); got != Unknown {
		t.Errorf("never asked: %s", got)
	}
}

func TestAnUnreadFactIsNotClear(t *testing.T) {
	r := fact.Resource{Ref: fact.Ref{Kind: "k", Place: place, ID: "x"}}
	s := fact.Snapshot{
		Expected:  map[fact.Kind][]fact.Place{"k": {place}},
		Readings:  []fact.Reading{{Kind: "k", Place: place, State: fact.Read, Count: 1}},
		Resources: []fact.Resource{r},
	}
	if got := outcome(s); got != Unknown {
		t.Errorf("fact not read: %s", got)
	}
	fact.Active.Set(&s.Resources[0], false)
	if got := outcome(s); got != Clear {
		t.Errorf("fact read as false: %s", got)
	}
	fact.Active.Set(&s.Resources[0], true)
	if got := outcome(s); got != Found {
		t.Errorf("fact read as true: %s", got)
	}
}

func TestGravestFirst(t *testing.T) {
	hit := func(l *Look) { l.Hit(fact.Resource{}) }
	none := func(*Look) {}
	fs := Run(fact.Snapshot{}, []Check{
		{ID: "unknown", Severity: Critical, Needs: []fact.Kind{"k"}, Find: none},
		{ID: "clear", Severity: Critical, Find: none},
		{ID: "low", Severity: Low, Find: hit},
		{ID: "critical", Severity: Critical, Find: hit},
	})
	for i, want := range []string{"critical", "low", "unknown", "clear"} {
		if fs[i].Check != want || fs[i].Number != i+1 {
			t.Errorf("place %d: %s, want %s", i+1, fs[i].Check, want)
		}
	}
}
