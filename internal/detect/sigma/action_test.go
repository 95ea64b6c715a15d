package sigma

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestActions: what rules of a file have in common.
func TestActions(t *testing.T) {
	s, problems := load(t, `action: global
title: Made
id: id-made
level: low
logsource: {product: aws}
detection: {condition: sel and not out}
---
action: global
level: high
detection: {out: {userAgent: mine}}
---
logsource: {service: cloudtrail}
detection: {sel: {eventName: CreateUser}}
---
title: In vain
logsource: {service: cloudtrail}
detection: {sel: {eventName: CreateRole}}
---
action: repeat
title: Repeated
detection: {sel: {eventSource: iam}}
---
logsource: {service: guardduty}
detection: {sel: {eventName: CreateRole}}
---
action: reset
---
`+ruleText("sel: {eventName: x}\ncondition: sel"))
	if len(problems) != 1 || !problems[0].Other || s.Len() != 4 {
		t.Fatal(s.Len(), problems)
	}
	var got []string
	for i := range int32(4) {
		got = append(got, s.Info(i).Title+" "+s.Info(i).ID+" "+s.Info(i).Level)
	}
	if want := []string{"Made id-made high", "Made id-made high", "Repeated id-made high", "Test  "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for record, want := range map[string][]int32{
		`{"eventName":"CreateUser"}`: {0}, `{"eventName":"CreateUser","userAgent":"mine"}`: nil, `{"eventName":"CreateRole"}`: {1},
		`{"eventName":"CreateRole","eventSource":"iam"}`: {1, 2}, `{"eventSource":"iam"}`: nil, `{"eventName":"x"}`: {3},
	} {
		if got := s.Matcher().Match(viewOf(t, record), Codes{}); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("%s: %v, want %v", record, got, want)
		}
	}
}

func TestActionProblems(t *testing.T) {
	good := ruleText("sel: {eventName: x}\ncondition: sel")
	for name, c := range map[string]struct {
		text, why string
		rules     int
	}{
		"unknown":           {"action: include\nfilename: x\n---\n" + good, `"include" is not known`, 1},
		"repeat of nothing": {"action: repeat\ntitle: r\n---\n" + good, "repeat without a rule before it", 1},
		"global at the end": {good + "---\naction: global\ntitle: t\n", "no rule follows it", 1},
		"only a reset":      {"action: reset\n", "no rule follows it", 0},
		"no text":           {"action: [global]\n---\n" + good, "action: line", 1},
		"empty":             {"action:\n---\n" + good, "says nothing", 1},
		"merged in":         {"a: &a {action: global}\n<<: *a\ntitle: t\n---\n" + good, "has to stand in the document itself", 1},
		"deep":              {"action: global\na: &a {b: *a}\n---\na: &b {b: *b}\n" + good, "nested too deep", 0},
	} {
		s, problems := load(t, c.text)
		if s.Len() != c.rules || len(problems) != 1 || !strings.Contains(problems[0].Reason, c.why) {
			t.Errorf("%s: %d rules, %v, want %q", name, s.Len(), problems, c.why)
		}
	}
	shared := "action: global\nid: same\n---\n" + good + "---\n" + good + "---\naction: reset\n---\n"
	for text, why := range map[string]string{
		shared + "title: C\ncorrelation: {type: temporal, rules: [same], timespan: 5m}\n":                                  `2 rules are named "same"`,
		shared + "title: F\nlogsource: {product: aws}\nfilter: {rules: [same], sel: {eventName: x}, condition: not sel}\n": `2 rules are named "same"`,
		shared + "id: same\n" + good: "has the id of a rule in a.yml",
	} {
		if s, problems := load(t, text); s.Len() != 2 || len(problems) != 1 || !strings.Contains(problems[0].Reason, why) {
			t.Errorf("%d rules, %v, want %q", s.Len(), problems, why)
		}
	}
	if s, problems := load(t, strings.TrimSuffix(shared, "---\n"), "id: same\n"+good); s.Len() != 2 || len(problems) != 1 || problems[0].File != "b.yml" {
		t.Error(s.Len(), problems)
	}
}

// TestActionsArePlain: rules written with actions are those written out.
func TestActionsArePlain(t *testing.T) {
	odd := func(r *rand.Rand) map[string]any {
		out := map[string]any{}
		for range r.IntN(3) {
			k, v := oddItem(r)
			out[pick(r, []string{"s1", "s2", "s3", "f1"})] = map[string]any{k: v}
		}
		return out
	}
	over := func(a, b map[string]any) map[string]any { // of selections, which are one item each here
		out := maps.Clone(a)
		for name, v := range b {
			both := map[string]any{}
			if old, ok := out[name].(map[string]any); ok {
				maps.Copy(both, old)
			}
			maps.Copy(both, v.(map[string]any))
			out[name] = both
		}
		return out
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 19))
		var short, long strings.Builder
		write := func(b *strings.Builder, action string, detection map[string]any, whole bool) {
			doc := map[string]any{"detection": detection}
			if action != "" {
				doc["action"] = action
			}
			if whole {
				doc["title"], doc["logsource"] = "t", map[string]any{"service": "cloudtrail"}
				detection["condition"] = "1 of *"
			}
			text, err := yaml.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(b, "%s---\n", text)
		}
		some := map[string]any{"s0": map[string]any{"eventName": "a"}}
		global, last := map[string]any{}, map[string]any(nil)
		for range 8 {
			switch own := odd(r); {
			case r.IntN(4) == 0:
				global = over(global, own)
				write(&short, "global", own, false)
			case r.IntN(6) == 0:
				global = map[string]any{}
				short.WriteString("action: reset\n---\n")
			case r.IntN(3) == 0 && last != nil:
				last = over(last, own)
				write(&short, "repeat", own, false)
				write(&long, "", maps.Clone(last), true)
			default:
				last = over(over(some, own), global)
				write(&short, "", over(some, own), true)
				write(&long, "", maps.Clone(last), true)
			}
		}
		write(&short, "", maps.Clone(some), true)
		write(&long, "", over(some, global), true)
		a, problems := load(t, short.String())
		b, others := load(t, long.String())
		if len(problems) > 0 || len(others) > 0 || a.Len() != b.Len() {
			t.Fatalf("seed %d: %d rules %v, written out %d %v\n%s", seed, a.Len(), problems, b.Len(), others, short.String())
		}
		m, n := a.Matcher(), b.Matcher()
		for range 30 {
			raw := oddRecord(r)
			x := slices.Sorted(slices.Values(m.Match(viewOf(t, raw), Codes{})))
			y := slices.Sorted(slices.Values(n.Match(viewOf(t, raw), Codes{})))
			if !slices.Equal(x, y) {
				t.Fatalf("seed %d: %v, written out %v\n%s\n%s", seed, x, y, short.String(), raw)
			}
		}
	}
}
