package engine

import (
	"math"
	"strings"

	"cordon/internal/bill"
	"cordon/internal/incident"
	"cordon/internal/letter"
	"cordon/internal/lineage"
)

// billed is what the last comparison of the case says of the bill; nil without one,
// or when it found nothing.
func billed(c *incident.Case) (*letter.Bill, error) {
	m, there, err := LastBill(c)
	if err != nil || !there {
		return nil, err
	}
	out := &letter.Bill{At: m.At, Lines: []letter.Charge{}, Bought: []letter.Bought{}}
	for _, b := range m.Bought {
		if b.By.Lane == lineage.ByIntruder && !b.Refused {
			out.Bought = append(out.Bought, letter.Bought{What: strings.TrimSpace(b.Call + " " + b.Region), At: b.At})
		}
	}
	if cmp := m.Compared; cmp != nil {
		out.Currency = cmp.Currency
		for _, f := range cmp.Findings {
			if f.Kind != bill.RestJump { // it names nothing that could be reviewed
				out.Lines = append(out.Lines, charge(f))
			}
		}
	}
	if len(out.Lines)+len(out.Bought) == 0 {
		return nil, nil
	}
	return out, nil
}

func charge(f bill.Finding) letter.Charge {
	cents := func(v float64) float64 { return math.Round(v*100) / 100 }
	parts := []string{}
	for _, s := range []string{f.Service, f.Usage, f.Region} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return letter.Charge{
		What: strings.Join(parts, ", "), New: f.Kind != bill.Jump && f.Kind != bill.UsageJump,
		First: f.First.String(), Last: f.Last.String(), Cost: cents(f.Cost), Excess: cents(f.Excess), Usual: cents(f.Usual),
	}
}
