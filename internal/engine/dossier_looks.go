package engine

import (
	"fmt"
	"time"

	"cordon/internal/article"
	"cordon/internal/bill"
	"cordon/internal/incident"
	"cordon/internal/report"
)

// looksOf are what commands outside a triage looked at, as the case remembers it.
func looksOf(c *incident.Case, began time.Time) (map[string]article.Look, error) {
	out := map[string]article.Look{}
	all, err := c.Looks()
	if err != nil {
		return nil, fmt.Errorf("cannot read what the case was looked at for: %w", err)
	}
	for _, l := range all { // of several things of one sort, all count
		sum := out[l.What]
		if l.At.After(sum.At) {
			sum.At = l.At
		}
		sum.Found += l.Found
		sum.Unseen += l.Unseen
		out[l.What] = sum
	}
	m, there, err := LastBill(c)
	if err != nil {
		return nil, err
	}
	if there {
		out[article.LookBill] = billLook(m, began)
	}
	return out, nil
}

// daysOfIncident are how many days of the incident figures must have, the first one
// among them, before they say anything of it: AWS bills use a day and more later.
const daysOfIncident = 3

// billLook counts what the last comparison of the bill has that somebody must see
// to, and what of it is not known. Figures that cannot hold the incident, which began
// then as far as is known today, show nothing of it.
func billLook(m report.Bill, began time.Time) article.Look {
	l := article.Look{At: m.At, Found: len(m.Anomalies), Unseen: len(m.Unread)}
	for _, b := range m.Bought {
		if !b.Refused {
			l.Found++
		}
	}
	if m.Compared == nil {
		l.Unseen = max(l.Unseen, 1)
		return l
	}
	l.Found += len(m.Compared.Findings) + len(m.Compared.Purchases)
	l.Unseen += len(m.Compared.Blind)
	if m.Compared.Unjudged != "" || len(m.Compared.Missing) > 0 {
		l.Unseen++
	}
	if began.IsZero() {
		began = m.Began
	}
	if c := m.Compared; !began.IsZero() && (c.To < bill.DayOf(began)+daysOfIncident || c.Since > bill.DayOf(began)) {
		l.Unseen++
	}
	return l
}

// accountLook is what a check of the account's details leaves in the case. Without
// a copy to compare with, or with one that is younger than the incident, nothing
// is known to be as it was.
func accountLook(sum report.AccountChecked) incident.Look {
	l := incident.Look{What: article.LookAccount, At: sum.At, Found: max(sum.Differ, sum.His), Unseen: sum.Unread + len(sum.Unseen)}
	if sum.Copy == "" || sum.Late {
		l.Unseen += len(accountFields())
	}
	return l
}
