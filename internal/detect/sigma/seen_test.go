package sigma

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestFarCounts: of counts that are too high to hold every event, against
// counting every window anew.
func TestFarCounts(t *testing.T) {
	for _, c := range []struct {
		kind, condition string
		far             int
	}{{"event_count", "gte", 15_000}, {"event_count", "eq", 15_000}, {"value_count", "gte", 12_000}, {"value_count", "lt", 12_000}} {
		s, problems := load(t, parts3+fmt.Sprintf("title: C\ncorrelation: {type: %s, rules: [failed], timespan: 10s, condition: {%s: %d, field: n}}\n", c.kind, c.condition, c.far))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		r, run := rand.New(rand.NewPCG(1, 23)), s.Correlator()
		var in []int // seconds of what is in the window, the oldest first
		seen := map[string]int{}
		at, got, want, quiet, opened := 0, 0, 0, 0, -100
		judge := func() {
			n := len(in)
			if c.kind == "value_count" {
				n = len(seen)
			}
			if c.condition == "eq" && n == c.far || c.condition == "lt" && n > 0 && n < c.far {
				want++
			}
		}
		for i := range 150_000 {
			if i == 90_000 {
				at += 60
			} else if r.IntN(1400+i/500) == 0 {
				at++
			}
			value := fmt.Sprint(r.IntN(40_000))
			if i == 100_000 && c.condition == "eq" {
				at += 60
			}
			met, err := run.Add(Input{Rule: 0, At: time.Unix(int64(at), 0), Event: fmt.Sprint(i), values: [][]string{{value}}})
			if err != nil {
				t.Fatal(err)
			}
			got += len(met)
			if c.condition != "gte" {
				if at > opened+10 {
					judge()
					opened, in = at, nil
					clear(seen)
				}
			} else if at < quiet {
				continue
			}
			in, seen[value] = append(in, at), at
			if c.condition != "gte" {
				continue
			}
			for in[0] < at-10 {
				in = in[1:]
			}
			if n := len(seen); c.kind == "value_count" && n >= c.far {
				for v, s := range seen {
					if s < at-10 {
						delete(seen, v)
					}
				}
			}
			if c.kind == "event_count" && len(in) >= c.far || c.kind == "value_count" && len(seen) >= c.far {
				want++
				quiet, in = at+10, nil
				clear(seen)
			}
			if got != want {
				t.Fatalf("%v, event %d: met %d, want %d", c, i, got, want)
			}
			if c.kind == "event_count" && run.held > mostStretches+mostShown+2 {
				t.Fatalf("%v: %d held", c, run.held)
			}
		}
		got += len(run.Flush())
		if c.condition != "gte" {
			judge()
		}
		if got != want || got == 0 && c.condition != "eq" {
			t.Errorf("%v: met %d, want %d", c, got, want)
		}
	}
}

// TestExactlyMany: what is counted to its end is counted right.
func TestExactlyMany(t *testing.T) {
	s, problems := load(t, parts3+"title: C\ncorrelation: {type: event_count, rules: [failed], timespan: 1d, condition: {eq: 20000}}\n")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for n := 19_999; n <= 20_001; n++ {
		c := s.Correlator()
		for i := range n {
			if _, err := c.Add(Input{Rule: 0, At: time.Unix(int64(i), 0), Event: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		if met := c.Flush(); len(met) == 1 != (n == 20_000) {
			t.Errorf("%d: %v", n, met)
		}
	}
}

// TestValuesAgainstPlain: sliding counts of values, against counting every
// window anew, and what is held of them.
func TestValuesAgainstPlain(t *testing.T) {
	s, _ := load(t, parts3+"title: C\ncorrelation: {type: value_count, rules: [failed], timespan: 10s, condition: {gte: 4, field: n}}\n")
	long := strings.Repeat("x", 200)
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 29))
		c, at, quiet := s.Correlator(), int64(0), int64(0)
		last := map[string]int64{}
		for i := range 80 {
			at += r.Int64N(4)
			values := []string{pick(r, []string{"a", "b", long + "1", long + "2", "c"})}
			if r.IntN(3) == 0 {
				values = append(values, "d")
			}
			met, err := c.Add(Input{Rule: 0, At: time.Unix(at, 0), Event: fmt.Sprint(i), values: [][]string{values}})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			if at >= quiet {
				for _, v := range values {
					last[v] = at
				}
				for _, x := range last {
					if x >= at-10 {
						n++
					}
				}
				if n >= 4 {
					quiet = at + 10
					clear(last)
				}
			}
			if (len(met) == 1) != (n >= 4) || n >= 4 && met[0].Count != n {
				t.Fatalf("seed %d, event %d: %v, want %d", seed, i, met, n)
			}
			for _, w := range c.runs[0].windows {
				if c.held != len(w.seen) || len(w.ages) > 2*len(w.seen)+mostValues {
					t.Fatalf("%d held of %d, %d ages", c.held, len(w.seen), len(w.ages))
				}
			}
		}
	}
	a, b := brief(long+"1"), brief(long+"2")
	if a == b || len(a) != longestSeen+1 || !slices.Equal([]string{brief("short")}, []string{"short"}) {
		t.Errorf("%q, %q", a, b)
	}
}
