package sigma

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTextConditions(t *testing.T) {
	for name, c := range map[string]struct {
		rule   string
		events []string
		want   []string
	}{
		"either of two, and another": {"type: temporal, rules: [failed, succeeded, key], timespan: 10s, condition: (failed or succeeded) and key",
			[]string{"0 ConsoleLogin a 1", "1 ConsoleLogin a 1", "2 CreateAccessKey a 1"}, []string{"C@2  e1,e2"}},
		"too far apart": {"type: temporal, rules: [failed, key], timespan: 10s, condition: failed AND key",
			[]string{"0 !ConsoleLogin a 1", "11 CreateAccessKey a 1"}, nil},
		"by id, and without a list": {"type: temporal_extended, group-by: [userIdentity.userName], timespan: 10s, condition: id-failed and key",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin b 1", "2 CreateAccessKey a 1"}, []string{"C@2 a e0,e2"}},
		"listed by id, named by name": {"type: temporal, rules: [id-failed, key], timespan: 10s, condition: failed and key",
			[]string{"0 !ConsoleLogin a 1", "2 CreateAccessKey a 1"}, []string{"C@2  e0,e1"}},
		"of a pattern": {"type: temporal, rules: [failed, succeeded, key], timespan: 10s, condition: 2 of *e*",
			[]string{"0 !ConsoleLogin a 1", "2 CreateAccessKey a 1"}, []string{"C@2  e0,e1"}},
		"not, at the end": {"type: temporal, rules: [failed, key], group-by: [userIdentity.userName], timespan: 10s, condition: failed and not key",
			[]string{"0 !ConsoleLogin a 1", "0 !ConsoleLogin b 1", "9 CreateAccessKey a 1", "11 CreateAccessKey b 1"}, []string{"C@0 b e1"}},
		"in order, either of two": {"type: temporal_ordered, rules: [failed, succeeded, key], timespan: 10s, condition: (failed or succeeded) and key",
			[]string{"0 CreateAccessKey a 1", "1 ConsoleLogin a 1", "2 CreateAccessKey a 1"}, []string{"C@2  e1,e2"}},
		"in order, all": {"type: temporal_ordered, rules: [failed, succeeded, key], timespan: 10s, condition: key and succeeded and failed",
			[]string{"0 CreateAccessKey a 1", "1 ConsoleLogin a 1", "2 !ConsoleLogin a 1", "3 ConsoleLogin a 1", "4 CreateAccessKey a 1"}, []string{"C@4  e2,e3,e4"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, problems := load(t, parts3+"title: C\ncorrelation: {"+c.rule+"}\n")
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

func TestTextConditionProblems(t *testing.T) {
	for rule, why := range map[string]string{
		"type: temporal, rules: [failed, key], timespan: 5m, condition: failed":                     `does not name "key"`,
		"type: temporal, rules: [failed], timespan: 5m, condition: failed and key":                  `there is no selection "key"`,
		"type: temporal, rules: [failed, key], timespan: 5m, condition: failed and":                 "ends too soon",
		"type: temporal, rules: [failed, key], timespan: 5m, condition: failed and key | count()":   "anything behind |",
		"type: temporal, timespan: 5m, condition: failed and nobody":                                "is not there",
		"type: temporal, timespan: 5m, condition: 1 of f*":                                          "of without a list of rules",
		"type: temporal, timespan: 5m, condition: ''":                                               "neither a map nor text",
		"type: temporal_extended, rules: [failed], timespan: 5m, condition: {gte: 1}":               "without a condition of text",
		"type: event_count, rules: [failed], timespan: 5m, condition: failed":                       "event_count with a condition of text",
		"type: temporal_ordered, rules: [failed, key], timespan: 5m, condition: failed and not key": "with not is not supported",
	} {
		s, problems := load(t, parts3+"title: C\nname: me\ncorrelation: {"+rule+"}\n")
		if s.Len() != 3 || len(problems) != 1 || !strings.Contains(problems[0].Reason, why) || problems[0].Rule != "C" {
			t.Errorf("%s: %v, want %q", rule, problems, why)
		}
	}
	var many, names strings.Builder
	for i := range 14 {
		fmt.Fprintf(&many, "title: P%d\nname: p%d\nlogsource: {product: aws, service: cloudtrail}\ndetection: {sel: {eventName: P%d}, condition: sel}\n---\n", i, i, i)
		fmt.Fprintf(&names, "p%d, ", i)
	}
	ordered := "title: C\ncorrelation: {type: temporal_ordered, rules: [" + names.String() + "], timespan: 5m, condition: "
	if _, problems := load(t, many.String()+ordered+"7 of p*}\n"); len(problems) != 1 || !strings.Contains(problems[0].Reason, "in more than 64 ways") {
		t.Error(problems)
	}
	for _, text := range []string{"all of p*", "13 of p*", "1 of p*", "1 of p1* and all of p*"} {
		if _, problems := load(t, many.String()+ordered+text+"}\n"); len(problems) > 0 {
			t.Error(text, problems)
		}
	}
}

// oddText is a condition over three parts, and what it means for a set of them.
func oddText(r *rand.Rand, depth int, negated bool) (string, func(set int) bool) {
	names := []string{"failed", "succeeded", "key"}
	switch k := r.IntN(6); {
	case depth > 0 && k < 2:
		a, f := oddText(r, depth-1, negated)
		b, g := oddText(r, depth-1, negated)
		return "(" + a + " and " + b + ")", func(s int) bool { return f(s) && g(s) }
	case depth > 0 && k < 4:
		a, f := oddText(r, depth-1, negated)
		b, g := oddText(r, depth-1, negated)
		return "(" + a + " or " + b + ")", func(s int) bool { return f(s) || g(s) }
	case negated && depth > 0 && k == 4:
		a, f := oddText(r, depth-1, negated)
		return "not " + a, func(s int) bool { return !f(s) }
	case depth > 0 && k == 4:
		return "2 of them", func(s int) bool { return s == 3 || s > 4 }
	}
	k := r.IntN(3)
	return names[k], func(s int) bool { return s>>k&1 != 0 }
}

// TestTextConditionsArePlain: against looking at every window anew, and in
// order at every chain that there can be.
func TestTextConditionsArePlain(t *testing.T) {
	type one struct {
		at   int64
		rule int
	}
	chained := func(seen []one, set int) bool { // every part of the set, in order, in time
		reach := map[int]int64{} // part → latest beginning of a chain to it
		for _, x := range seen {
			if set>>x.rule&1 == 0 {
				continue
			}
			begin, ok := x.at, true
			for p := x.rule - 1; p >= 0; p-- {
				if set>>p&1 != 0 {
					begin, ok = reach[p]
					break
				}
			}
			if ok && begin >= x.at-10 {
				reach[x.rule] = begin
				if set>>(x.rule+1) == 0 {
					return true
				}
			}
		}
		return set == 0
	}
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 13))
		kind := []string{"temporal", "temporal_ordered"}[seed%2]
		text, means := oddText(r, 3, kind == "temporal")
		for _, name := range []string{"failed", "succeeded", "key"} {
			if !strings.Contains(text, name) && !strings.Contains(text, "of them") {
				text, means = "("+text+") or "+name, func(of func(int) bool, k int) func(int) bool {
					return func(s int) bool { return of(s) || s>>k&1 != 0 }
				}(means, slices.Index([]string{"failed", "succeeded", "key"}, name))
			}
		}
		if seed%6 == 5 { // how many, instead of which
			n := r.IntN(3)
			text, means = fmt.Sprintf("{gt: %d}", n), func(s int) bool { return bits.OnesCount(uint(s)) > n }
		}
		s, problems := load(t, parts3+"title: C\ncorrelation: {type: "+kind+", rules: [failed, succeeded, key], timespan: 10s, condition: "+text+"}\n")
		if len(problems) > 0 {
			t.Fatal(text, problems)
		}
		waits := strings.Contains(strings.ReplaceAll(text, "not not ", ""), "not")
		c, at := s.Correlator(), int64(0)
		var seen []one
		from := int64(0)
		got, want := 0, 0
		set := func(since int64) (out int) {
			for _, x := range seen {
				if x.at >= since {
					out |= 1 << x.rule
				}
			}
			return out
		}
		for i := range 40 {
			at += 1 + r.Int64N(5)
			rule := r.IntN(3)
			met, err := c.Add(Input{Rule: int32(rule), At: time.Unix(at, 0), Event: fmt.Sprint(i)})
			if err != nil {
				t.Fatal(err)
			}
			got += len(met)
			if waits {
				if len(seen) > 0 && from+10 < at {
					if means(set(0)) {
						want++
					}
					seen = nil
				}
				if len(seen) == 0 {
					from = at
				}
				seen = append(seen, one{at, rule})
			} else if at >= from {
				seen = append(seen, one{at, rule})
				holds := means(set(at - 10))
				if kind == "temporal_ordered" {
					holds = false
					for s := 1; s < 8; s++ {
						holds = holds || means(s) && chained(seen, s)
					}
				}
				if holds {
					from, seen = at+10, nil
					want++
				}
			}
			if got != want {
				t.Fatalf("seed %d, %s %s, event %d: met %d, want %d", seed, kind, text, i, got, want)
			}
		}
		if got += len(c.Flush()); waits && means(set(0)) {
			want++
		}
		if got != want {
			t.Fatalf("seed %d, %s %s, at the end: met %d, want %d", seed, kind, text, got, want)
		}
	}
}
