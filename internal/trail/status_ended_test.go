package trail

import (
	"slices"
	"testing"
	"time"
)

// A place that went dark is told; one that is rare, young or was visited is not.
func TestPlacesThatEnded(t *testing.T) {
	const day = 24 * time.Hour
	last := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	place := func(region string, n uint64, from, to time.Duration) Place {
		p := Place{Account: "111122223333", Region: region}
		p.Count, p.First, p.Last = n, last.Add(-from), last.Add(-to)
		return p
	}
	st := Status{Last: last, Places: []Place{
		place("goes on", 100_000, 300*day, 0),
		place("dark", 100_000, 300*day, 30*day),
		place("dark this week", 20_000, 300*day, 5*day),
		place("a weekend", 100_000, 300*day, 3*day),
		place("rare", 150, 300*day, 30*day),
		place("a few", 12, 300*day, 290*day),
		place("one visit", 5_000, 200*day, 199*day),
		place("", 100_000, 300*day, 30*day),
	}}
	var got []string
	for _, p := range st.Ended() {
		got = append(got, p.Region)
	}
	if want := []string{"dark", "dark this week"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
