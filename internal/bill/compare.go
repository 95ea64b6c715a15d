package bill

import (
	"cmp"
	"slices"
	"strings"
)

// Compare holds the days from since on against those before. What costs money in
// a thing that is new is told once: the regions of a new service, the services
// of a new region and the usage types of both are its parts.
func Compare(l Ledger, since Day) Comparison {
	since = min(max(since, l.From), l.To)
	c := comparer{
		l: l, since: int(since - l.From), n: int(l.To - l.From), told: map[key]bool{},
		out: Comparison{
			From: l.From, To: l.To, Since: since, Currency: l.Currency, Findings: []Finding{}, Missing: []Day{},
			Blind: append([]string{}, l.Blind...), Purchases: purchases(l, since), Estimated: l.Estimated,
		},
	}
	c.days()
	c.services = tabulate(l.Places, l, func(x Line) key { return key{service: x.Service} })
	c.regions = tabulate(l.Places, l, func(x Line) key { return key{region: x.Region} })
	c.places = tabulate(l.Places, l, func(x Line) key { return key{service: x.Service, region: x.Region} })
	c.usages = tabulate(l.Usages, l, func(x Line) key { return key{service: x.Service, usage: x.Usage} })
	c.totals()
	switch {
	case len(l.Places) == 0:
		c.out.Unjudged = Empty
	case since >= l.To: // nothing of the period is in the figures: nothing can stand out
		c.out.Unjudged = NoPeriod
	case c.out.Past < minPast:
		c.out.Unjudged = ShortPast
	default:
		c.judge()
	}
	return c.out
}

type comparer struct {
	l                                 Ledger
	since, n                          int
	known                             []bool
	services, regions, places, usages table
	told                              map[key]bool // services, regions and places that findings name
	out                               Comparison
}

func (c *comparer) days() {
	c.known = make([]bool, c.n)
	for i := range c.known {
		day := c.l.From + Day(i)
		c.known[i] = c.l.Known == nil || c.l.Known[day]
		if !c.known[i] {
			c.out.Missing = append(c.out.Missing, day)
		} else if i < c.since {
			c.out.Past++
		}
	}
}

func (c *comparer) totals() {
	c.out.Totals = make([]float64, c.n)
	for _, k := range c.services.keys() { // a sum depends on its order
		for i, cost := range c.services[k].cost {
			c.out.Totals[i] += cost
		}
	}
	var past []float64
	days := 0
	for i, cost := range c.out.Totals {
		switch {
		case !c.known[i]:
		case i < c.since:
			past = append(past, cost)
		default:
			c.out.Total += cost
			days++
		}
	}
	c.out.Usual = median(past)
	if days > 0 {
		c.out.PerDay = c.out.Total / float64(days)
	}
}

func (c *comparer) judge() {
	c.fresh(c.services, NewService)
	if !slices.Contains(c.l.Blind, "region") {
		c.fresh(c.regions, NewRegion)
	}
	for _, k := range c.places.keys() {
		r := c.places[k]
		if c.told[key{service: k.service}] || c.told[key{region: k.region}] {
			continue
		}
		if r.fresh(c.since) && !Nowhere(k.region) {
			c.new(NewHere, k, r, least)
		} else if ch, is := r.jump(c.since, c.known); is {
			c.add(c.found(Jump, k, r, ch), k)
		}
	}
	for _, k := range c.usages.keys() {
		if c.named(k) {
			continue
		}
		if r := c.usages[k]; r.fresh(c.since) {
			c.new(NewUsage, k, r, leastJump)
		} else if ch, is := r.jump(c.since, c.known); is {
			c.add(c.found(UsageJump, k, r, ch), k)
		}
	}
	c.rest()
	c.small()
	order := []string{NewService, NewRegion, NewHere, Jump, NewUsage, UsageJump, RestJump}
	slices.SortStableFunc(c.out.Findings, func(a, b Finding) int {
		return cmp.Or(slices.Index(order, a.Kind)-slices.Index(order, b.Kind), cmp.Compare(b.Excess, a.Excess))
	})
}

// fresh finds the services, or the regions, that were never used before.
func (c *comparer) fresh(t table, kind string) {
	for _, k := range t.keys() {
		if r := t[k]; r.fresh(c.since) && (kind != NewRegion || !Nowhere(k.region)) {
			c.new(kind, k, r, least)
		}
	}
}

// new tells what was never there before, unless it costs little.
func (c *comparer) new(kind string, k key, r *row, floor float64) {
	cost := r.sum(c.since)
	if cost < floor {
		return
	}
	ch := change{first: slices.Index(r.seen, true), excess: cost}
	for i := c.since; i < c.n; i++ {
		if r.seen[i] {
			ch.days, ch.last = ch.days+1, i
		}
	}
	c.add(c.found(kind, k, r, ch), k)
}

// small counts what is new and was not told, because it costs little.
func (c *comparer) small() {
	for _, k := range c.places.keys() {
		r := c.places[k]
		if c.told[k] || c.told[key{service: k.service}] || c.told[key{region: k.region}] {
			continue
		}
		if cost := r.sum(c.since); r.fresh(c.since) && cost > 0 {
			c.out.Small++
			c.out.SmallCost += cost
		}
	}
}

func (c *comparer) add(f Finding, k key) {
	c.told[k] = true
	c.out.Findings = append(c.out.Findings, f)
}

func (c *comparer) found(kind string, k key, r *row, ch change) Finding {
	f := Finding{
		Kind: kind, Service: k.service, Region: k.region, Usage: k.usage, First: c.l.From + Day(ch.first), Last: c.l.From + Day(ch.last), Days: ch.days,
		Cost: r.sum(c.since), Usual: ch.usual, Excess: ch.excess, Series: slices.Clone(r.cost), Parts: c.parts(kind, k, ch.first),
	}
	for i := c.since; i < c.n; i++ {
		if r.cost[i] > f.Peak || i == c.since {
			f.Peak, f.PeakDay = r.cost[i], c.l.From+Day(i)
		}
	}
	return f
}

// someParts is how many parts a finding names.
const someParts = 5

func (c *comparer) parts(kind string, k key, first int) []Part {
	from, name := c.places, func(p key) (string, bool) { return p.region, p.service == k.service }
	switch kind {
	case NewRegion:
		name = func(p key) (string, bool) { return p.service, p.region == k.region }
	case Jump, NewHere:
		from, name = c.usages, func(p key) (string, bool) { return p.usage, p.service == k.service && c.at(p) == k.region && c.grew(p) }
	case NewUsage, UsageJump, RestJump:
		return []Part{}
	}
	out := []Part{}
	for _, p := range from.keys() {
		if what, mine := name(p); mine && what != "" {
			if cost := from[p].sum(first); cost >= 0.01 {
				out = append(out, Part{what, cost})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Part) int { return cmp.Compare(b.Cost, a.Cost) })
	return out[:min(len(out), someParts)]
}

// grew says that a usage type is new or jumped.
func (c *comparer) grew(k key) bool {
	r := c.usages[k]
	if r.fresh(c.since) {
		return true
	}
	_, is := r.jump(c.since, c.known)
	return is
}

// at is the region of a usage type, where its name and the service's regions
// agree on one; "" otherwise.
func (c *comparer) at(k key) string {
	region := RegionOf(k.usage)
	if c.places[key{service: k.service, region: region}] != nil {
		return region
	}
	return ""
}

// named says that a finding tells of the usage type already: of its service, its
// region, both, or, where its region is not known, of its service anywhere.
func (c *comparer) named(k key) bool {
	region := c.at(k)
	if c.told[key{service: k.service}] || c.told[key{region: RegionOf(k.usage)}] {
		return true
	}
	if region != "" {
		return c.told[key{service: k.service, region: region}]
	}
	for p := range c.told {
		if p.service == k.service && p.usage == "" {
			return true
		}
	}
	return false
}

// rest looks whether what no finding names jumped when taken together.
func (c *comparer) rest() {
	r := &row{make([]float64, c.n), make([]bool, c.n)}
	for _, k := range c.places.keys() {
		if c.told[key{service: k.service}] || c.told[key{region: k.region}] || c.told[k] || c.usageTold(k) {
			continue
		}
		for i, cost := range c.places[k].cost {
			r.cost[i] += cost
		}
	}
	if ch, is := r.jump(c.since, c.known); is {
		c.out.Findings = append(c.out.Findings, c.found(RestJump, key{}, r, ch))
	}
}

// usageTold says that a usage type of this service is told of.
func (c *comparer) usageTold(k key) bool {
	for told := range c.told {
		if told.usage != "" && told.service == k.service {
			return true
		}
	}
	return false
}

// Nowhere says that a region of the bill is none: charges of global services.
func Nowhere(region string) bool {
	switch strings.ToLower(region) {
	case "", "global", "noregion", "aws global", "any":
		return true
	}
	return false
}
