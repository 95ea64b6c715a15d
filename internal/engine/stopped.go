package engine

import (
	"context"
	"slices"
	"strings"

	"cordon/internal/event"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// The calls that switch a trail off and on again.
var trailCalls = []string{
	"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:StartLogging", "cloudtrail:CreateTrail", "cloudtrail:PutEventSelectors",
}

// stopped tells the times in which a trail was off, or recorded no management
// events, by the record itself: each trail by its own name.
func (q *Inquiry) stopped(ctx context.Context) error {
	no := false
	events, err := q.read(ctx, trail.Filter{Calls: trailCalls, Failed: &no}, q.lost)
	if err != nil {
		return err
	}
	open := map[string]int{} // trail → its gap
	for _, e := range events {
		name := trailOf(e)
		at, off := open[name]
		switch {
		case switchesOff(e) && !off:
			open[name] = len(q.gaps)
			q.gaps = append(q.gaps, report.RecordGap{Why: "stopped", Account: e.Account, Region: e.Region, From: e.Time, EventID: e.ID, Detail: name})
		case !switchesOff(e) && off:
			q.gaps[at].To = e.Time
			delete(open, name)
		}
	}
	return nil
}

// trailOf is the name of the trail that a call is about, with its account; of an
// ARN the name in it.
func trailOf(e event.Event) string {
	for _, field := range []string{"name", "trailName"} {
		if found := event.Path(e.Request, field); len(found) > 0 {
			return e.Account + " " + found[0][strings.LastIndexByte(found[0], '/')+1:]
		}
	}
	return e.Account + " " + e.Region
}

func switchesOff(e event.Event) bool {
	switch e.BaseName() {
	case "StopLogging", "DeleteTrail":
		return true
	case "PutEventSelectors":
		kept := event.Path(e.Request, "eventSelectors[].includeManagementEvents")
		return len(kept) > 0 && !slices.Contains(kept, "true")
	}
	return false
}
