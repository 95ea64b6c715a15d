package trail

import (
	"slices"
	"testing"
	"time"

	"cordon/internal/event"
)

// TestPickedOnce: of each origin of a picked identity the earliest call that
// counts, also where a later segment has it.
func TestPickedOnce(t *testing.T) {
	at := func(minute int) time.Time { return day.Add(time.Duration(minute) * time.Minute) }
	records := []string{
		call{n: 1, at: at(9), address: "198.51.100.1"}.record(), // a later file has an earlier one
		call{n: 2, at: at(4), address: "198.51.100.2"}.record(),
		call{n: 3, at: at(5), address: "198.51.100.2"}.record(),
		call{n: 4, at: at(1), address: "198.51.100.1", name: "UpdateInstanceInformation", source: "ssm.amazonaws.com"}.record(),
		call{n: 5, at: at(3), address: "198.51.100.1"}.record(),
		call{n: 6, at: at(6), address: "198.51.100.1", agent: "curl/8"}.record(),
		call{n: 7, at: at(2), address: "198.51.100.9", user: "bob"}.record(),
		call{n: 8, at: at(8), address: "198.51.100.1"}.record(),
	}
	s, _ := imported(t, t.TempDir(), spread(records, 4), Options{Workers: 1, rows: 2})
	rows := s.PickedOnce(func(p event.Principal) bool { return p.User == "ada" }, func(source, _ string) bool { return source != "ssm.amazonaws.com" })
	var got []string
	for _, r := range rows {
		e, err := s.Light(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.ID)
	}
	if want := []string{id(5), id(2), id(6)}; !slices.Equal(got, want) {
		t.Errorf("picked %v, not %v", got, want)
	}
	if rows := s.PickedOnce(func(event.Principal) bool { return false }, func(string, string) bool { return true }); len(rows) > 0 {
		t.Errorf("nobody is picked, and %d rows are", len(rows))
	}
}
