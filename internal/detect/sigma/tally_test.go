package sigma

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestMeasures(t *testing.T) {
	for name, c := range map[string]struct {
		rule   string
		events []string
		want   []string
	}{
		"sum": {"type: value_sum, rules: [failed], group-by: [userIdentity.userName], timespan: 10s, condition: {gt: 7, field: sourceIPAddress}",
			[]string{"0 !ConsoleLogin a 5", "1 !ConsoleLogin b 9", "2 !ConsoleLogin a 2", "11 !ConsoleLogin a 5", "12 !ConsoleLogin a 1"},
			[]string{"C@1 b e1", "C@12 a e2,e3,e4"}},
		"what is no number does not count": {"type: value_sum, rules: [failed], timespan: 10s, condition: {gte: 3, field: sourceIPAddress}",
			[]string{"0 !ConsoleLogin a 1.2.3.4", "1 !ConsoleLogin b 1.5", "2 !ConsoleLogin b ten", "3 !ConsoleLogin b 1.5"}, []string{"C@3  e1,e3"}},
		"a sum that a number takes from": {"type: value_sum, rules: [failed], timespan: 10s, condition: {gte: 5, field: sourceIPAddress}",
			[]string{"0 !ConsoleLogin a 4", "1 !ConsoleLogin b -2", "2 !ConsoleLogin b 2.5"}, nil},
		"mean": {"type: value_avg, rules: [failed], timespan: 10s, condition: {gt: 2.4, field: sourceIPAddress}",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin a 3", "2 !ConsoleLogin a 3.5", "3 !ConsoleLogin a 1"}, []string{"C@2  e0,e1,e2"}},
		"mean of a range, at the end": {"type: value_avg, rules: [failed], timespan: 10s, condition: {gte: 2, lt: 2.5, field: sourceIPAddress}",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin a 3", "40 !ConsoleLogin a 3", "41 !ConsoleLogin a 2"}, []string{"C@1  e0,e1"}},
		"small sums, at the end": {"type: value_sum, rules: [failed], group-by: [userIdentity.userName], timespan: 10s, condition: {lte: 2, field: sourceIPAddress}",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin b 2", "2 !ConsoleLogin b 2", "3 !ConsoleLogin c none"}, []string{"C@0 a e0"}},
		"median of two is between": {"type: value_median, rules: [failed], timespan: 10s, condition: {eq: 2.5, field: sourceIPAddress}",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin a 4"}, []string{"C@1  e0,e1"}},
		"percentile": {"type: value_percentile, rules: [failed], timespan: 10s, condition: {gte: 9, field: sourceIPAddress, percentile: 75}",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin a 9", "2 !ConsoleLogin a 9"}, []string{"C@2  e0,e1,e2"}},
		"one event of two rules": {"type: value_sum, rules: [failed, key, login], timespan: 10s, condition: {gte: 3, field: sourceIPAddress}",
			[]string{"0 !ConsoleLogin a 2", "1 CreateAccessKey a 1"}, []string{"C@1  e0,e1"}},
		"aliases": {"type: value_sum, rules: [failed, key], timespan: 10s, condition: {gte: 3, field: n}, aliases: {n: {failed: sourceIPAddress, key: requestParameters.for}}",
			[]string{"0 !ConsoleLogin a 2", "1 CreateAccessKey 1 9"}, []string{"C@1  e0,e1"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, problems := load(t, parts3+"title: Login\nname: login\nlogsource: {product: aws, service: cloudtrail}\ndetection: {sel: {eventName: ConsoleLogin}, condition: sel}\n---\ntitle: C\ncorrelation: {"+c.rule+"}\n")
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			got := slices.DeleteFunc(play(t, s, c.events...), func(x string) bool { return !strings.HasPrefix(x, "C@") })
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
		})
	}
}

// plainWorth is what a correlation type makes of numbers, by its definition.
func plainWorth(kind string, p float64, numbers []float64) float64 {
	sum := 0.0
	for _, n := range numbers {
		sum += n
	}
	switch kind {
	case "value_sum":
		return sum
	case "value_avg":
		return sum / float64(len(numbers))
	}
	sorted := slices.Sorted(slices.Values(numbers))
	rank := p / 100 * float64(len(sorted)-1)
	low, high := sorted[int(math.Floor(rank))], sorted[int(math.Ceil(rank))]
	return low + (high-low)*(rank-math.Floor(rank))
}

// TestMeasuresArePlain: sliding and waiting windows, against measuring every
// window anew.
func TestMeasuresArePlain(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 9))
		kind, p := pick(r, []string{"value_sum", "value_avg", "value_median", "value_percentile"}), 50.0
		sign, limit := pick(r, []string{"gt", "gte", "lt", "lte", "neq"}), float64(r.IntN(40)-10)/2
		extra := ""
		if kind == "value_percentile" {
			p = float64(r.IntN(5)) * 25
			extra = fmt.Sprintf(", percentile: %g", p)
		}
		s, problems := load(t, parts3+fmt.Sprintf("title: C\ncorrelation: {type: %s, rules: [failed], group-by: [userIdentity.userName], timespan: 10s, condition: {%s: %g, field: n%s}}\n", kind, sign, limit, extra))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		holds := func(v float64) bool {
			return map[string]bool{"gt": v > limit, "gte": v >= limit, "lt": v < limit, "lte": v <= limit, "neq": v != limit}[sign]
		}
		type one struct {
			at int64
			v  float64
		}
		waits := sign != "gt" && sign != "gte"
		c, at := s.Correlator(), int64(0)
		from, seen := map[string]int64{}, map[string][]one{}
		worth := func(user string, since int64) (float64, []float64) {
			var in []float64
			for _, x := range seen[user] {
				if x.at >= since {
					in = append(in, x.v)
				}
			}
			if len(in) == 0 {
				return math.NaN(), nil
			}
			return plainWorth(kind, p, in), in
		}
		var got, want []string
		note := func(met []Met) {
			for _, m := range met {
				got = append(got, fmt.Sprintf("%s %g of %d", m.Group[0], m.Value, m.Count))
			}
		}
		judge := func(now int64) { // in the order in which windows began
			for _, user := range []string{"a", "b"} {
				if other := map[string]string{"a": "b", "b": "a"}[user]; len(seen[user]) == 0 || len(seen[other]) > 0 && from[other] < from[user] && from[other]+10 < now {
					user = other
				}
				if len(seen[user]) > 0 && from[user]+10 < now {
					if v, in := worth(user, 0); holds(v) {
						want = append(want, fmt.Sprintf("%s %g of %d", user, v, len(in)))
					}
					seen[user] = nil
				}
			}
		}
		for i := range 60 {
			at += 1 + r.Int64N(4)
			user, texts := pick(r, []string{"a", "b"}), []string{strconv.FormatFloat(float64(r.IntN(40)-10)/2, 'g', -1, 64)}
			if r.IntN(5) == 0 {
				texts = []string{"none", "7.5", "0x1"}
			} else if r.IntN(5) == 0 {
				texts = []string{"none"}
			}
			if waits {
				judge(at)
			}
			met, err := c.Add(Input{Rule: 0, At: time.Unix(at, 0), Event: fmt.Sprint(i), values: [][]string{{user}, texts}})
			if err != nil {
				t.Fatal(err)
			}
			note(met)
			var number float64
			for _, text := range texts {
				if v, err := strconv.ParseFloat(text, 64); err == nil {
					number = v
				}
			}
			switch {
			case texts[0] == "none" && len(texts) == 1:
				continue
			case waits && len(seen[user]) == 0:
				from[user] = at
			case !waits && at < from[user]:
				continue
			}
			seen[user] = append(seen[user], one{at, number})
			if v, in := worth(user, at-10); !waits && holds(v) {
				want = append(want, fmt.Sprintf("%s %g of %d", user, v, len(in)))
				from[user], seen[user] = at+10, nil
			}
		}
		note(c.Flush())
		if waits {
			judge(math.MaxInt64)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, %s %s %g:\ngot  %q\nwant %q", seed, kind, sign, limit, got, want)
		}
	}
}

// TestTalliesAreBounded: of a long window with very many numbers little is
// held, and what it is worth is right but for a small part of its timespan.
func TestTalliesAreBounded(t *testing.T) {
	for _, condition := range []string{"type: value_sum, condition: {field: n, gt: 1000000000", "type: value_sum, condition: {field: n, lt: -1", "type: value_median, condition: {field: n, gt: 1000", "type: value_median, condition: {field: n, lt: -1"} {
		s, problems := load(t, parts3+"title: C\ncorrelation: {rules: [failed], timespan: 1d, "+condition+"}}\n")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		c := s.Correlator()
		for i := range int64(40_000) {
			if _, err := c.Add(Input{Rule: 0, At: time.Unix(3*i, 0), Event: fmt.Sprint(i), values: [][]string{{"1"}}}); err != nil {
				t.Fatal(err)
			}
			if c.held > mostStretches+mostRanked+mostShown+2 {
				t.Fatalf("%s: %d held", condition, c.held)
			}
		}
		r := &c.runs[0]
		for _, w := range r.windows {
			if got := w.tally.worth(r); r.kind == valueSum && !r.waits() && math.Abs(got.value-28_801) > 28_801.0/mostStretches+1 {
				t.Errorf("%s: sum %g of a day in which 28801 came", condition, got.value)
			}
		}
		c.Flush()
		for _, w := range r.windows {
			c.drop(r, w)
		}
		if c.held != 0 {
			t.Errorf("%s: %d held of nothing", condition, c.held)
		}
	}
}

func TestMeasureProblems(t *testing.T) {
	for rule, why := range map[string]string{
		"type: value_sum, rules: [failed], timespan: 5m, condition: {gte: 3}":                                                               "value_sum without a field",
		"type: value_sum, rules: [failed], timespan: 5m, condition: {gte: 3, field: [x, y]}":                                                "value_sum of several fields",
		"type: value_count, rules: [failed], timespan: 5m, condition: {gte: 3, field: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]}": "more than 16 fields",
		"type: value_avg, rules: [failed], timespan: 5m":                                                                                    "no condition",
		"type: value_sum, rules: [failed], timespan: 5m, condition: {field: x}":                                                             "says no count",
		"type: value_sum, rules: [failed], timespan: 5m, condition: {gte: .inf, field: x}":                                                  "is no count",
		"type: value_percentile, rules: [failed], timespan: 5m, condition: {gte: 3, field: x}":                                              "value_percentile without a percentile",
		"type: value_percentile, rules: [failed], timespan: 5m, condition: {gte: 3, field: x, percentile: 101}":                             "from 0 to 100 is possible",
		"type: value_percentile, rules: [failed], timespan: 5m, condition: {gte: 3, field: x, percentile: often}":                           "from 0 to 100 is possible",
		"type: value_median, rules: [failed], timespan: 5m, condition: {gte: 3, field: x, percentile: 50}":                                  "value_median with a percentile",
		"type: event_count, rules: [failed], timespan: 5m, condition: {gte: 2.5}":                                                           "2.5 is no count",
	} {
		s, problems := load(t, parts3+"title: C\nname: me\ncorrelation: {"+rule+"}\n")
		if s.Len() != 3 || len(problems) != 1 || !strings.Contains(problems[0].Reason, why) || problems[0].Rule != "C" {
			t.Errorf("%s: %v, want %q", rule, problems, why)
		}
	}
}
