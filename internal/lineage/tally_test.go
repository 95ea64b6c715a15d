package lineage

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"cordon/internal/event"
)

// TestTally: what is counted once for all beginnings is what going through all
// calls gives for each.
func TestTally(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 50 {
		var events []event.Event
		for i := range 200 {
			events = append(events, event.Event{
				ID: fmt.Sprint(i), Time: began.Add(time.Duration(r.IntN(40*24*60)) * time.Minute), Source: "s3.amazonaws.com", Name: fmt.Sprint("Call", r.IntN(30)),
				Region: fmt.Sprint("region-", r.IntN(6)), Principal: event.Principal{Type: "IAMUser", User: "ann", ARN: "arn:aws:iam::" + own + ":user/ann", Account: own},
				Credential: fmt.Sprint("AKIA", r.IntN(2)), Address: fmt.Sprint("198.51.100.", r.IntN(3)), Agent: boto, Account: own,
			})
		}
		for _, s := range newBook(readings(events), nil).subjects {
			for _, trace := range s.traces {
				start := began.Add(time.Duration(r.IntN(45*24*60)) * time.Minute)
				var n, known, abroad int
				for _, one := range trace.readings {
					if one.Time.Before(start) {
						continue
					}
					n++
					if before(s.calls[one.call()], start) || before(s.person.calls[one.call()], start) {
						known++
					}
					if !before(s.regions[one.Region], start) && !before(s.person.regions[one.Region], start) {
						abroad++
					}
				}
				if a, b, c := s.tally(trace).since(start); a != n || b != known || c != abroad {
					t.Fatalf("round %d: %d %d %d, want %d %d %d", round, a, b, c, n, known, abroad)
				}
			}
		}
	}
}

// TestWholeAfterColumns: an event that comes as its columns first is as whole in
// the end as one that comes whole first.
func TestWholeAfterColumns(t *testing.T) {
	events := tell(t, newUser(15, "user ann AKIA1", "eve"), newKey(16, "user ann AKIA1", "eve", "AKIA2"), newUser(17, "user eve AKIA2", "x"))
	light := make([]event.Event, len(events))
	for i, e := range events {
		e.Request, e.Response = nil, nil
		light[i] = e
	}
	var said []string
	for _, order := range [][][]event.Event{{events, light}, {light, events}} {
		c := New([]Suspect{{Credential: "AKIA1"}}, began)
		for _, all := range order {
			c.Add(Query{}, all)
			c.Next()
		}
		said = append(said, state(c))
	}
	if said[0] != said[1] {
		t.Errorf("whole first:\n%s\ncolumns first:\n%s", said[0], said[1])
	}
}

// TestStrangerFromHisPlace: who never came from there before the hour in which
// the intruder is sure to be there is not waved through as the owner.
func TestStrangerFromHisPlace(t *testing.T) {
	c := New([]Suspect{{Credential: "AKIA1"}}, began)
	c.Add(Query{}, tell(t, newUser(15, "user ann AKIA1", "eve")))
	other := tell(t, story{at: 16, who: "user bob AKIA7", call: "s3:ListBuckets"})[0]
	for name, x := range map[string]struct {
		first func(event.Event) time.Time
		who   string
	}{
		"nobody can tell":    {nil, ByOwner},
		"never before":       {func(e event.Event) time.Time { return e.Time }, ByUnknown},
		"not in the record":  {func(event.Event) time.Time { return time.Time{} }, ByUnknown},
		"used to it":         {func(e event.Event) time.Time { return e.Time.AddDate(0, 0, -3) }, ByOwner},
		"since yesterday":    {func(e event.Event) time.Time { return e.Time.AddDate(0, 0, -1) }, ByUnknown},
		"it is the address ": {func(e event.Event) time.Time { return map[string]time.Time{"203.0.113.9": e.Time}[e.Address] }, ByUnknown},
	} {
		c.Know(Known{First: x.first})
		if l := c.Lane(other); l.Who != x.who {
			t.Errorf("%s: %+v", name, l)
		}
	}
}
