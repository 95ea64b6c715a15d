package engine

import (
	"fmt"
	"slices"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/incident"
	"cordon/internal/price"
	"cordon/internal/report"
)

// InventoryOptions narrow what is listed.
type InventoryOptions struct {
	Whose, Kinds, Regions []string
}

// Inventory lists what the last triage saw, with whose it is and why, and today's
// marks. It needs no credentials.
func Inventory(c *incident.Case, o InventoryOptions, out report.Handler) error {
	t, err := LoadTriage(c)
	if err != nil {
		return err
	}
	for _, w := range o.Whose {
		if !slices.Contains([]string{"owner", "intruder", "tampered", "unknown"}, w) {
			return refuse("no-such-whose", fmt.Errorf("cannot list what is %q: it is owner, intruder, tampered or unknown", w), "name", w)
		}
	}
	marks, _, err := marksFor(c, t.Snapshot)
	if err != nil {
		return err
	}
	if err := out.Handle(t.Header); err != nil {
		return err
	}
	sum := report.Inventory{Counts: map[string]int{}}
	has := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	for _, r := range t.Snapshot.Resources {
		if fact.RunState.Or(r, "") == "terminated" {
			sum.Ended++
			continue
		}
		whose := fact.Judgement.Or(r, fact.Whose{Whose: "unknown"})
		sum.Counts[whose.Whose]++
		if !has(o.Whose, whose.Whose) || !has(o.Kinds, string(r.Kind)) || !has(o.Regions, r.Region) {
			continue
		}
		sum.Shown++
		m := report.Resource{
			Target: finding.Target{Ref: r.Ref, ARN: r.ARN}, Created: r.Created, Whose: whose.Whose,
			Reasons: append([]string{}, whose.Reasons...), Mark: string(marks[r.Ref]),
		}
		if usd, costs, known := price.Hour(r); costs && known {
			m.PerHour = &usd
		}
		if err := out.Handle(m); err != nil {
			return err
		}
	}
	closed, left := map[string]bool{}, map[string]bool{}
	for _, r := range t.Snapshot.Readings {
		switch {
		case r.OK():
			continue
		case r.State == fact.Closed:
			closed[r.Region] = true
		case r.State == fact.Skipped:
			left[r.Region] = true
		default:
			sum.Unread++
		}
		sum.Gaps++
	}
	sum.Closed, sum.LeftOut = len(closed), len(left)
	return out.Handle(sum)
}
