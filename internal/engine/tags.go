package engine

import (
	"slices"

	"cordon/internal/fact"
)

// handOver gives the tags that account.other tells of to the resources that they
// are on, and with them the stack or environment that made these; what is told
// of nothing that is listed is dropped. Tags that a kind read itself stay.
func handOver(snap *fact.Snapshot) {
	type place struct {
		region, arn string
	}
	told := map[place]fact.Resource{}
	short := map[fact.Place]int{}
	snap.Resources = slices.DeleteFunc(snap.Resources, func(r fact.Resource) bool {
		_, is := fact.HandledBy.Get(r)
		if is {
			told[place{r.Region, r.ARN}] = r
			short[r.Place]++
		}
		return is
	})
	for i, reading := range snap.Readings {
		if reading.Kind == "account.other" {
			snap.Readings[i].Count -= short[reading.Place]
		}
	}
	if len(told) == 0 {
		return
	}
	for i := range snap.Resources {
		r := &snap.Resources[i]
		from, is := told[place{r.Region, r.ARN}]
		if !is || r.ARN == "" {
			continue
		}
		if _, known := fact.Tags.Get(*r); !known {
			fact.Tags.Set(r, fact.Tags.Or(from, nil))
		}
		whole := fact.PartOf.Or(*r, nil)
		for _, ref := range fact.PartOf.Or(from, nil) {
			if !slices.Contains(whole, ref) {
				whole = append(whole, ref)
			}
		}
		if len(whole) > 0 {
			fact.PartOf.Set(r, whole)
		}
		fact.HandedOver.Set(r, true)
	}
}
