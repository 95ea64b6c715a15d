package engine

import (
	"testing"
	"time"

	"cordon/internal/bill"
	"cordon/internal/report"
)

// Figures that cannot hold the incident are no look at the bill.
func TestBillLookHoldsTheIncident(t *testing.T) {
	began := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	day := bill.DayOf(began)
	for name, c := range map[string]struct {
		compared         bill.Comparison
		told, known      time.Time // when it began, by the comparison and by the last triage
		found, unchecked bool
	}{
		"three days of it":                    {bill.Comparison{From: day - 60, Since: day, To: day + 3}, began, began, false, false},
		"a month that has it":                 {bill.Comparison{From: day - 90, Since: day - 27, To: day + 3}, time.Time{}, began, false, false},
		"nobody knows when it began":          {bill.Comparison{From: day - 60, Since: day - 30, To: day}, time.Time{}, time.Time{}, false, false},
		"a file that ends before it":          {bill.Comparison{From: day - 90, Since: day - 30, To: day - 1}, began, began, false, true},
		"two hours after it began":            {bill.Comparison{From: day - 60, Since: day - 29, To: day + 1}, began, began, false, true},
		"known by the last triage alone":      {bill.Comparison{From: day - 60, Since: day - 29, To: day + 1}, time.Time{}, began, false, true},
		"a period that begins after it began": {bill.Comparison{From: day - 60, Since: day + 2, To: day + 9}, began, began, false, true},
		"a period of no day":                  {bill.Comparison{From: day - 60, Since: day + 9, To: day + 9, Unjudged: bill.NoPeriod}, time.Time{}, time.Time{}, false, true},
		"two hours after, and a finding":      {bill.Comparison{From: day - 60, Since: day - 29, To: day + 1, Findings: []bill.Finding{{}}}, began, began, true, true},
	} {
		l := billLook(report.Bill{Compared: &c.compared, Began: c.told}, c.known)
		if (l.Found > 0) != c.found || (l.Unseen > 0) != c.unchecked {
			t.Errorf("%s: %+v", name, l)
		}
	}
}
