package engine

import (
	"cordon/internal/fact"
	"cordon/internal/judge"
	"cordon/internal/price"
	"cordon/internal/report"
)

// spending sums up what the intruder's resources cost by the hour as the
// snapshot saw them. What the table does not price is counted: the sum is then
// a least.
func spending(snap fact.Snapshot) report.Spend {
	sum := report.Spend{AsOf: price.AsOf}
	for _, r := range snap.Resources {
		if whose, _ := fact.Judgement.Get(r); whose.Whose != judge.Intruder {
			continue
		}
		usd, costs, known := price.Hour(r)
		if !costs {
			continue
		}
		sum.Running++
		if known {
			sum.PerHour += usd
		} else {
			sum.Unknown++
		}
	}
	return sum
}
