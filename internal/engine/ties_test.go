package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/fact"
)

// Of what was done to a resource in one second, the change counts as later than
// what made it, whichever look-up answers first.
func TestAChangeIsLaterThanTheMakingOfTheSameSecond(t *testing.T) {
	at := time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC)
	asked := func(name string, ids ...string) *lookedUp {
		a := &lookedUp{}
		a.once.Do(func() {})
		for i, id := range ids {
			a.events = append(a.events, event.Event{ID: id, Name: name, Time: at.Add(-time.Duration(i) * time.Hour)})
		}
		return a
	}
	p := &priors{h: &history{}, asked: map[lookup]*lookedUp{
		{"eu-west-1", "CreateRole"}:             asked("CreateRole", "made"),
		{"eu-west-1", "UpdateAssumeRolePolicy"}: asked("UpdateAssumeRolePolicy", "updated", "before"),
		{"eu-west-1", "AssociateThing"}:         asked("AssociateThing", "also"),
	}}
	r := fact.Resource{Ref: fact.Ref{Kind: "iam.role", ID: "r", Place: fact.Place{Region: "eu-west-1"}}}
	for range 100 {
		all, whole, err := p.events(t.Context(), r, []string{"UpdateAssumeRolePolicy", "AssociateThing"}, []string{"CreateRole"})
		var ids []string
		for _, e := range all {
			ids = append(ids, e.ID)
		}
		if got := strings.Join(ids, " "); got != "also updated made before" || !whole || err != nil {
			t.Fatalf("%s, whole %v: %v", got, whole, err)
		}
	}
}

// Of records that are lost, the first tells why: of one second always the same.
func TestTheFirstLostRecordIsAlwaysTheSame(t *testing.T) {
	at := time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC)
	for range 50 {
		p := &past{live: map[string]bool{}, gone: map[string]lostRecord{}}
		for i := range 20 {
			p.gone[fmt.Sprintf("%02d", i)] = lostRecord{at, fmt.Errorf("reason %d", i)}
		}
		p.gone["99"] = lostRecord{at.Add(time.Second), errors.New("a later one")}
		if all := p.gaps(time.Time{}); len(all) != 1 || !strings.HasSuffix(all[0].Why, ": reason 0") {
			t.Fatal(all)
		}
	}
}
