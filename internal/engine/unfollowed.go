package engine

import (
	"strings"
	"time"

	"cordon/internal/checks"
	"cordon/internal/fact"
	"cordon/internal/lineage"
	"cordon/internal/report"
)

// unfollowed says of what a suspect handed a role, or his code, to that nothing
// tells what it did since: no check over the history can end as clear.
func (t *Triage) unfollowed(grown *lineage.Closure) {
	all := grown.Unfollowed()
	if len(all) == 0 {
		return
	}
	var what []string
	for _, h := range all {
		what = append(what, strings.TrimSpace(h.Call+" "+h.To)+" at "+h.At.UTC().Format(time.RFC3339))
	}
	at := fact.Place{Account: t.Snapshot.Account, Region: fact.Global}
	t.Snapshot.Expected[checks.History] = append(t.Snapshot.Expected[checks.History], at)
	t.Snapshot.Readings = append(t.Snapshot.Readings, fact.Reading{
		Kind: checks.History, Place: at, State: fact.Failed,
		Why: "a suspect handed a role or code to what no record names, and what ran there is not seen: " + strings.Join(distinct(what), ", "),
	})
}

// unseen is what no record tells of the intruders: what was done with credentials
// whose use is not recorded, and by compute that cannot be followed.
func (q *Inquiry) unseen() (gaps []report.RecordGap) {
	for _, in := range q.intruders {
		for _, s := range in.closure.Suspects() {
			if s.Credential != "" && s.Kind.Unseen() {
				gaps = append(gaps, report.RecordGap{Why: "credential-unseen", Account: s.Principal.Account, EventID: s.EventID, Detail: strings.TrimSpace(s.Credential + " " + s.Principal.ID)})
			}
		}
		for _, h := range in.closure.Unfollowed() {
			gaps = append(gaps, report.RecordGap{Why: "compute-unseen", Region: h.Region, EventID: h.EventID, Detail: strings.TrimSpace(h.Call + " " + h.To)})
		}
	}
	return gaps
}
