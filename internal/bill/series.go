package bill

import (
	"maps"
	"math"
	"slices"
)

// A row is the days of one thing on the bill.
type row struct {
	cost []float64
	seen []bool // there was a line, be it of nothing
}

// A table has a row for each key of a level: a service, a region, both.
type table map[key]*row

type key struct{ service, region, usage string }

func tabulate(lines []Line, l Ledger, of func(Line) key) table {
	t := table{}
	n := int(l.To - l.From)
	for _, line := range lines {
		i := int(line.Day - l.From)
		if i < 0 || i >= n {
			continue
		}
		k := of(line)
		r := t[k]
		if r == nil {
			r = &row{make([]float64, n), make([]bool, n)}
			t[k] = r
		}
		r.cost[i] += line.Cost
		r.seen[i] = true
	}
	return t
}

// keys are the rows in a fixed order.
func (t table) keys() []key {
	return slices.SortedFunc(maps.Keys(t), func(a, b key) int {
		return slices.Compare([]string{a.service, a.region, a.usage}, []string{b.service, b.region, b.usage})
	})
}

// fresh says that nothing of the row was seen before the period.
func (r *row) fresh(since int) bool { return !slices.Contains(r.seen[:since], true) }

func (r *row) sum(from int) (s float64) {
	for _, c := range r.cost[from:] {
		s += c
	}
	return s
}

// A change is how a row left its past.
type change struct {
	first, last, days int
	excess, usual     float64
}

// How far a day must stand out of the days before it. Costs have a weekly and a
// monthly beat and a heavy tail: so the dearest day before counts beside the
// middle, and one odd day must be very odd.
const (
	deviations = 6.0 // of the middle, in the scale of a standard deviation
	overMost   = 1.5 // of the dearest day before
	overOnce   = 2.5 // the same, for a day that stands alone
	madScale   = 1.4826
)

// jump compares each day of the period with the ordinary days before it. Days
// that stood out are no yardstick for those after them.
func (r *row) jump(since int, known []bool) (c change, is bool) {
	var past []float64
	for i := range since {
		if known[i] {
			past = append(past, r.cost[i])
		}
	}
	if len(past) < minPast {
		return c, false
	}
	c.usual = median(past)
	alone := false
	for i := since; i < len(r.cost); i++ {
		if !known[i] {
			continue
		}
		most := slices.Max(past)
		middle := median(past)
		bound := max(middle+deviations*madScale*mad(past, middle), overMost*most, middle+least)
		if r.cost[i] <= bound {
			past = append(past, r.cost[i])
			continue
		}
		if c.days == 0 {
			c.first = i
		}
		c.days++
		c.last = i
		c.excess += r.cost[i] - middle
		alone = alone || r.cost[i] > overOnce*most
	}
	return c, c.excess >= leastJump && (c.days > 1 || alone)
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	if n == 0 {
		return 0
	}
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}

// mad is the median distance from the middle.
func mad(v []float64, middle float64) float64 {
	d := make([]float64, len(v))
	for i, x := range v {
		d[i] = math.Abs(x - middle)
	}
	return median(d)
}
