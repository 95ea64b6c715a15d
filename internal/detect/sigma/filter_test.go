package sigma

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

const filterHead = "---\ntitle: F\nlogsource: {product: aws, service: cloudtrail}\nfilter: "

// TestFilters: a rule that a filter names hits where both hold, and others as
// before.
func TestFilters(t *testing.T) {
	rules := ruleText("sel: {eventName: PutUserPolicy}\ncondition: sel")
	rules = "name: one\nid: id-one\n" + rules + "---\nname: two\n" + rules +
		"---\nname: many\n" + ruleText("sel: {eventName: PutUserPolicy}\ntimeframe: 5m\ncondition: sel | count() > 0") +
		"---\ntitle: C\nname: above\ncorrelation: {type: event_count, rules: [two], timespan: 5m, condition: {gte: 1}, generate: true}\n"
	const not = "sel: {userAgent|contains: kali}, condition: not sel}\n"
	for filter, want := range map[string][]int32{
		"{rules: [id-one], " + not:           {1, 2},
		"{rules: two, " + not:                {0, 2},
		"{rules: [one, two, id-one], " + not: {2},
		"{rules: [many], " + not:             {0, 1},
		"{rules: any, " + not:                nil,
		"{rules: all, " + not:                nil,
		"{rules: [one], sel: {userAgent|contains: kali}, condition: sel}\n":            {0, 1, 2},
		"{rules: [one], a: {eventName: x}, b: {eventName: y}, condition: 1 of them}\n": {1, 2},
	} {
		for _, text := range []string{rules + filterHead + filter, strings.TrimPrefix(filterHead, "---\n") + filter + "---\n" + rules} { // whichever comes first
			s, problems := load(t, text)
			if len(problems) > 0 || s.Len() != 5 {
				t.Fatal(filter, s.Len(), problems)
			}
			got := slices.Sorted(slices.Values(s.Matcher().Match(viewOf(t, record), Codes{})))
			if !slices.Equal(got, want) {
				t.Errorf("%s: rules %v hit, want %v", filter, got, want)
			}
		}
	}
	wide := strings.Replace(rules+filterHead, "---\ntitle: F\nlogsource: {product: aws, service: cloudtrail}", "---\ntitle: F\nlogsource: {product: aws}", 1) + "{rules: any, " + not
	if s, problems := load(t, wide); len(problems) > 0 || len(s.Matcher().Match(viewOf(t, record), Codes{})) > 0 {
		t.Error("a filter for all of AWS:", problems)
	}
}

func TestFilterProblems(t *testing.T) {
	const not, rule = "sel: {userAgent: x}, condition: not sel}\n", "name: one\n"
	for filter, why := range map[string]string{
		"{rules: [nobody], " + not:              `the rule "nobody" is not there`,
		"{rules: [above], " + not:               `"above" is a correlation`,
		"{rules: [], " + not:                    "names no rules",
		"{" + not:                               "names no rules",
		"{rules: [one], sel: {userAgent: x}}\n": "no condition",
		"{rules: [one], condition: x}\n":        `there is no selection "x"`,
		"{rules: [one], sel: {userAgent|re: '('}, condition: sel}\n":          "expression",
		"{rules: [one], sel: {userAgent: x}, condition: sel | count() > 5}\n": "an aggregation",
		"[one]\n": "is no mapping",
	} {
		s, problems := load(t, rule+ruleText("sel: {eventName: PutUserPolicy}\ncondition: sel")+
			"---\ntitle: C\nname: above\ncorrelation: {type: event_count, rules: [one], timespan: 5m, condition: {gte: 1}}\n"+filterHead+filter)
		if s.Len() != 2 || len(problems) != 1 || !strings.Contains(problems[0].Reason, why) || problems[0].Rule != "F" {
			t.Errorf("%s: %v, want %q", filter, problems, why)
		}
		if len(s.Matcher().Match(viewOf(t, record), Codes{})) != 1 {
			t.Errorf("%s: narrows a rule", filter)
		}
	}
	// One that is unknown keeps no other from being filtered.
	s, problems := load(t, rule+ruleText("sel: {eventName: PutUserPolicy}\ncondition: sel")+filterHead+"{rules: [nobody, one], sel: {userAgent|contains: kali}, condition: not sel}\n")
	if len(problems) != 1 || len(s.Matcher().Match(viewOf(t, record), Codes{})) > 0 {
		t.Error(problems)
	}
	for _, c := range []struct {
		text  string
		other bool
	}{
		{strings.TrimPrefix(filterHead, "---\n") + "{rules: any, " + not, false},
		{"title: F\nlogsource: {product: windows}\nfilter: {rules: any, " + not, true},
		{"title: F\nlogsource: {product: aws, service: guardduty}\nfilter: {rules: any, " + not, true},
	} {
		if s, problems := load(t, c.text); s.Len() != 0 || len(problems) != 1 || problems[0].Other != c.other {
			t.Errorf("%s: %v", c.text, problems)
		}
	}
}

// TestFiltersArePlain: filtered rules on random records, against both
// conditions looked at plainly.
func TestFiltersArePlain(t *testing.T) {
	met, asked := 0, 0
	for seed := range 12 {
		r := rand.New(rand.NewPCG(uint64(seed), 17))
		files := folder{}
		var rules, filters []*plainRule
		named := map[int]int{} // rule → filter
		for i := range 12 {
			text := oddRule(r)
			rules = append(rules, readPlain(t, []byte(text)))
			files[fmt.Sprintf("%03d.yml", i)] = fmt.Sprintf("name: r%d\n", i) + text
			if i%3 == 0 {
				text = oddRule(r)
				filters = append(filters, readPlain(t, []byte(text)))
				named[i] = len(filters) - 1
				files[fmt.Sprintf("f%03d.yml", i)] = strings.Replace(text, "detection:\n", fmt.Sprintf("filter:\n    rules: r%d\n", i), 1)
			}
		}
		s, problems, err := Load(files)
		if err != nil || len(problems) > 0 || s.Len() != 12 {
			t.Fatal(seed, s.Len(), err, problems)
		}
		m, c := s.Matcher(), coder{}
		for range 60 {
			raw := oddRecord(r)
			v := viewOf(t, raw)
			got := map[int32]bool{}
			for _, i := range m.Match(v, c.codes(v)) {
				got[i] = true
			}
			record := decode(t, raw)
			for i, p := range rules {
				want := p.hits(record)
				if f, ok := named[i]; ok {
					want = want && filters[f].hits(record)
				}
				asked++
				if want {
					met++
				}
				if got[int32(i)] != want {
					t.Fatalf("seed %d, rule %d: %v, plainly %v\n%s", seed, i, got[int32(i)], want, raw)
				}
			}
		}
	}
	if met < asked/10 || met > asked*9/10 {
		t.Errorf("%d of %d hit: the rules tell nothing", met, asked)
	}
}
