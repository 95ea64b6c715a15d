package engine

import (
	"slices"
	"time"

	"cordon/internal/event"
	"cordon/internal/lineage"
	"cordon/internal/report"
)

// everybodys are calls that no policy refuses: AWS lets them through for whoever has
// a credential that is not switched off, and they tell and give him nothing that he
// does not have (STS API reference, "No permissions are required").
var everybodys = []string{"GetCallerIdentity", "GetSessionToken"}

// measure counts what the intruder did since m.Contained and how long he has been
// quiet. It is a function of the events that AWS has delivered. A call that was
// refused breaks the silence too: he is still there. Only what was let through, and
// is surely his, says that he is back.
func measure(acts []lineage.Act, fresh []report.NewIdentity, unseen []string, m report.Watch) report.Watch {
	m.New, m.Unseen = append([]report.NewIdentity{}, fresh...), append([]string{}, unseen...)
	since := m.Contained
	for _, a := range acts {
		e := a.Event
		if !e.Time.After(m.Contained) {
			continue
		}
		if m.Last == nil || !e.Time.Before(m.Last.At) {
			m.Last = &report.WatchedCall{At: e.Time, Call: e.Source + " " + e.Name, By: a.By, Region: e.Region, Refused: e.Error.Code}
		}
		if e.Time.After(since) {
			since = e.Time
		}
		switch {
		case refusedOrEmpty(e):
			m.Refused++
		case a.Confidence == lineage.Low:
			m.Unsure++
		default:
			m.Calls++
		}
	}
	m.Delivered = m.At.Add(-m.Lag)
	m.Quiet = max(0, m.Delivered.Sub(since)).Truncate(time.Second)
	theirs := slices.ContainsFunc(fresh, func(n report.NewIdentity) bool { return n.Theirs })
	switch {
	case m.Calls > 0 || theirs:
		m.State = Active
	case m.Quiet < m.Wanted:
		m.State = Watching
	case len(unseen) > 0:
		m.State = Unseen
	default:
		m.State = Quiet
	}
	return m
}

// refusedOrEmpty is a call that got him nothing.
func refusedOrEmpty(e event.Event) bool { return e.Failed() || slices.Contains(everybodys, e.Name) }
