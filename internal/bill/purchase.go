package bill

import (
	"cmp"
	"slices"
	"strings"
)

// A Purchase is a charge that goes on, or was paid at once, whatever is switched
// off: it cannot be undone by deleting anything.
type Purchase struct {
	Sort    string  `json:"sort"` // reserved, savings-plan, marketplace, domain
	Service string  `json:"service"`
	Region  string  `json:"region,omitempty"`
	Usage   string  `json:"usage_type,omitempty"`
	First   Day     `json:"first"` // the first day of it that is known
	Cost    float64 `json:"cost"`  // in the period
	New     bool    `json:"new"`   // nothing of it before the period
}

// purchases are those that show in the period, by what the bill calls them.
func purchases(l Ledger, since Day) []Purchase {
	lines := l.Usages
	if len(lines) == 0 {
		lines = l.Places
	}
	all := map[Purchase]*Purchase{} // by what tells them apart
	for _, x := range lines {
		sort := purchase(x)
		if sort == "" || x.Cost == 0 {
			continue
		}
		id := Purchase{Sort: sort, Service: x.Service, Region: x.Region, Usage: x.Usage}
		p := all[id]
		if p == nil {
			one := id
			one.First = x.Day
			p = &one
			all[id] = p
		}
		p.First = min(p.First, x.Day)
		if x.Day >= since {
			p.Cost += x.Cost
		}
	}
	out := []Purchase{}
	for _, p := range all {
		if p.New = p.First >= since; p.Cost > 0 {
			out = append(out, *p)
		}
	}
	slices.SortFunc(out, func(a, b Purchase) int {
		return cmp.Or(cmp.Compare(b.Cost, a.Cost), cmp.Compare(a.Sort, b.Sort), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Usage, b.Usage))
	})
	return out
}

// purchase is the sort of purchase that a line is of, or "".
func purchase(x Line) string {
	service := strings.ToLower(x.Service)
	switch {
	case strings.HasPrefix(x.Charge, "SavingsPlanUpfront"), strings.HasPrefix(x.Charge, "SavingsPlanRecurring"), strings.HasPrefix(service, "savings plans for "):
		return "savings-plan"
	case x.Charge == "RIFee", strings.Contains(x.Usage, "HeavyUsage:"):
		return "reserved"
	case strings.HasPrefix(service, "aws marketplace"), x.Charge == "Marketplace":
		return "marketplace"
	case service == "amazon registrar", service == "amazonregistrar":
		return "domain"
	}
	return ""
}
