package engine

import (
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/lineage"
	"cordon/internal/report"
)

// The meter counts quiet only up to what AWS has delivered, and ends in one of the
// ways that it can end.
func TestMeasure(t *testing.T) {
	contained := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	act := func(after time.Duration, name, refused, confidence string) lineage.Act {
		e := event.Event{ID: name + after.String(), Time: contained.Add(after), Name: name, Source: "iam.amazonaws.com"}
		e.Error.Code = refused
		return lineage.Act{Event: e, By: "AKIAX", Confidence: confidence}
	}
	for _, c := range []struct {
		name                   string
		at                     time.Duration
		acts                   []lineage.Act
		fresh                  []report.NewIdentity
		unseen                 []string
		state                  string
		quiet                  time.Duration
		calls, refused, unsure int
	}{
		{name: "at once", at: 0, state: Watching},
		{name: "half an hour by the clock is not delivered yet", at: 30 * time.Minute, state: Watching, quiet: 15 * time.Minute},
		{name: "a second short", at: 45*time.Minute - time.Second, state: Watching, quiet: 30*time.Minute - time.Second},
		{name: "quiet", at: 45 * time.Minute, state: Quiet, quiet: 30 * time.Minute},
		{name: "what he did before does not count", at: 45 * time.Minute, acts: []lineage.Act{act(-time.Minute, "CreateUser", "", lineage.High), act(0, "CreateUser", "", lineage.High)}, state: Quiet, quiet: 30 * time.Minute},
		{name: "a refused try starts it again", at: 45 * time.Minute, acts: []lineage.Act{act(20*time.Minute, "CreateUser", "AccessDenied", lineage.High)}, state: Watching, quiet: 10 * time.Minute, refused: 1},
		{name: "and it ends all the same", at: 65 * time.Minute, acts: []lineage.Act{act(20*time.Minute, "CreateUser", "AccessDenied", lineage.High)}, state: Quiet, quiet: 30 * time.Minute, refused: 1},
		{name: "what everybody may ask gets him nothing", at: 20 * time.Minute, acts: []lineage.Act{act(time.Minute, "GetCallerIdentity", "", lineage.High)}, state: Watching, quiet: 4 * time.Minute, refused: 1},
		{name: "what may be the owner's program breaks the silence", at: 45 * time.Minute, acts: []lineage.Act{act(40*time.Minute, "PutObject", "", lineage.Low)}, state: Watching, unsure: 1},
		{name: "he is back", at: time.Hour, acts: []lineage.Act{act(time.Minute, "CreateUser", "AccessDenied", lineage.High), act(2*time.Minute, "RunInstances", "", lineage.High)}, state: Active, quiet: 43 * time.Minute, calls: 1, refused: 1},
		{name: "somebody else's new user is told and no sign of him", at: 45 * time.Minute, fresh: []report.NewIdentity{{Call: "CreateUser"}}, state: Quiet, quiet: 30 * time.Minute},
		{name: "his is", at: time.Minute, fresh: []report.NewIdentity{{Call: "CreateUser", Theirs: true}}, state: Active},
		{name: "silence where nobody listened", at: 45 * time.Minute, unseen: []string{"eu-west-3"}, state: Unseen, quiet: 30 * time.Minute},
		{name: "he is back, wherever nobody listened", at: 45 * time.Minute, unseen: []string{"eu-west-3"}, acts: []lineage.Act{act(time.Minute, "CreateUser", "", lineage.High)}, state: Active, quiet: 29 * time.Minute, calls: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := measure(c.acts, c.fresh, c.unseen, report.Watch{At: contained.Add(c.at), Contained: contained, Lag: 15 * time.Minute, Wanted: 30 * time.Minute})
			if m.State != c.state || m.Quiet != c.quiet || m.Calls != c.calls || m.Refused != c.refused || m.Unsure != c.unsure {
				t.Errorf("%s, quiet %s, %d calls, %d refused, %d unsure", m.State, m.Quiet, m.Calls, m.Refused, m.Unsure)
			}
			if (m.Last != nil) != (c.calls+c.refused+c.unsure > 0) {
				t.Errorf("last: %+v", m.Last)
			}
		})
	}
}
