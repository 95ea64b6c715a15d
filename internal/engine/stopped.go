package engine

import (
	"context"
	"slices"
	"strings"

	"cordon/internal/detect"
	"cordon/internal/event"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// The calls that switch a trail off and on again, and that change what it sees.
var trailCalls = []string{
	"cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:StartLogging", "cloudtrail:CreateTrail", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors",
}

// stopped tells the times in which a trail was off, or recorded no management
// events or fewer, by the record itself.
func (a *Archive) stopped(ctx context.Context, lost func(event.Event, error)) ([]report.RecordGap, error) {
	no := false
	events, err := a.read(ctx, trail.Filter{Calls: trailCalls, Failed: &no}, lost)
	return blinded(events), err
}

// What can be taken from a trail, each by itself: switching a trail on again gives
// back no other region, and choosing events does not switch it on.
const (
	running   = "running"
	selected  = "selected"
	allPlaces = "isMultiRegionTrail"
	global    = "includeGlobalServiceEvents"
)

// blinded are such times of each trail, in the order of their beginning. Events
// are in the order of time.
func blinded(events []event.Event) (gaps []report.RecordGap) {
	open := map[string]int{} // trail and what is taken from it → its gap
	shut := func(e event.Event, what string) {
		if i, is := open[trailOf(e)+" "+what]; is {
			gaps[i].To = e.Time
			delete(open, trailOf(e)+" "+what)
		}
	}
	begin := func(e event.Event, what, why, detail string) {
		if _, is := open[trailOf(e)+" "+what]; !is {
			open[trailOf(e)+" "+what] = len(gaps)
			gaps = append(gaps, report.RecordGap{Why: why, Account: e.Account, Region: e.Region, From: e.Time, EventID: e.ID, Detail: strings.TrimSpace(trailOf(e) + " " + detail)})
		}
	}
	for _, e := range events {
		switch e.BaseName() {
		case "StopLogging", "DeleteTrail":
			begin(e, running, "stopped", "")
		case "StartLogging":
			shut(e, running)
		case "CreateTrail": // of the same name, as it was made at first: off until it is started
			for _, what := range []string{selected, allPlaces, global} {
				shut(e, what)
			}
		case "UpdateTrail": // what it does not name stays
			for _, what := range []string{allPlaces, global} {
				switch is := event.Path(e.Request, what); {
				case slices.Contains(is, "false"):
					begin(e, what, "trail-narrowed", what)
				case len(is) > 0:
					shut(e, what)
				}
			}
		case "PutEventSelectors": // the new selectors replace the old ones
			shut(e, selected)
			if less := detect.Narrowed(e); unmanaged(e) {
				begin(e, selected, "stopped", "")
			} else if less != "" {
				begin(e, selected, "trail-narrowed", less)
			}
		}
	}
	return gaps
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

// unmanaged says whether selectors choose no management events at all.
func unmanaged(e event.Event) bool {
	if kept := event.Path(e.Request, "eventSelectors[].includeManagementEvents"); len(kept) > 0 {
		return !slices.Contains(kept, "true")
	}
	chosen := event.Path(e.Request, "advancedEventSelectors[].fieldSelectors[].equals[]")
	return len(chosen) > 0 && !slices.Contains(chosen, "Management")
}
