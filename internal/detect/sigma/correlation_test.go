package sigma

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

const parts3 = `title: Failed
name: failed
id: id-failed
logsource: {product: aws, service: cloudtrail}
detection: {sel: {eventName: ConsoleLogin, errorMessage: Failed}, condition: sel}
---
title: Succeeded
name: succeeded
logsource: {product: aws, service: cloudtrail}
detection: {sel: {eventName: ConsoleLogin, errorMessage: null}, condition: sel}
---
title: Key
name: key
logsource: {product: aws, service: cloudtrail}
detection: {sel: {eventName: CreateAccessKey}, condition: sel}
---
`

// play runs events through matcher and correlator. An event is "second name
// user address", "!" before the name fails it. What is met is "title@second
// group events".
func play(t *testing.T, s *Set, events ...string) (out []string) {
	t.Helper()
	m, c, k := s.Matcher(), s.Correlator(), coder{}
	say := func(met []Met) {
		for _, x := range met {
			out = append(out, fmt.Sprintf("%s@%d %s %s", s.Info(x.Rule).Title, x.At.Unix(), strings.Join(x.Group, ","), strings.Join(x.Events, ",")))
		}
	}
	for i, e := range events {
		var second int64
		var name, user, address string
		if _, err := fmt.Sscan(e, &second, &name, &user, &address); err != nil {
			t.Fatal(e, err)
		}
		fails := ""
		if name[0] == '!' {
			name, fails = name[1:], `"errorMessage":"Failed",`
		}
		if user != "-" {
			fails += `"userIdentity":{"userName":"` + user + `"},`
		}
		at := time.Unix(second, 0).UTC().Format(time.RFC3339)
		v := viewOf(t, fmt.Sprintf(`{%s"eventName":%q,"eventSource":"x","eventTime":%q,"eventID":"e%d","sourceIPAddress":%q,"requestParameters":{"for":%q,"many":["m1","m2"]}}`, fails, name, at, i, address, user))
		for _, rule := range m.Match(v, k.codes(v)) {
			in, ok, err := m.Input(rule)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				out = append(out, s.Info(rule).Title)
				continue
			}
			met, err := c.Add(in)
			if err != nil {
				t.Fatal(err)
			}
			say(met)
		}
	}
	say(c.Flush())
	if c.held != 0 && slices.ContainsFunc(c.runs, func(r run) bool { return r.waits() && len(r.windows) > 0 }) {
		t.Errorf("%d held when all is over", c.held)
	}
	return out
}

func TestCorrelations(t *testing.T) {
	for name, c := range map[string]struct {
		rule   string
		events []string
		want   []string
	}{
		"count": {"type: event_count, rules: [failed], group-by: [userIdentity.userName], timespan: 10s, condition: {gte: 3}",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin b 1", "5 !ConsoleLogin a 1", "6 ConsoleLogin a 1", "10 !ConsoleLogin a 1"},
			[]string{"C@10 a e0,e2,e4"}},
		"count, the first is over": {"type: event_count, rules: [failed], group-by: [userIdentity.userName], timespan: 10s, condition: {gt: 2}",
			[]string{"0 !ConsoleLogin a 1", "5 !ConsoleLogin a 1", "11 !ConsoleLogin a 1", "15 !ConsoleLogin a 1"},
			[]string{"C@15 a e1,e2,e3"}},
		"met once in a timespan": {"type: event_count, rules: [id-failed], timespan: 10s, condition: {gte: 2}",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin b 1", "2 !ConsoleLogin a 1", "3 !ConsoleLogin a 1", "11 !ConsoleLogin a 1", "12 !ConsoleLogin a 1"},
			[]string{"C@1  e0,e1", "C@12  e4,e5"}},
		"no group, not counted": {"type: event_count, rules: [failed], group-by: [userIdentity.userName], timespan: 10s, condition: {gte: 1}",
			[]string{"0 !ConsoleLogin - 1"}, nil},
		"several values, each a group": {"type: event_count, rules: [key], group-by: [requestParameters.many], timespan: 10s, condition: {gte: 2}",
			[]string{"0 CreateAccessKey a 1", "1 CreateAccessKey a 1"}, []string{"C@1 m1 e0,e1", "C@1 m2 e0,e1"}},
		"values": {"type: value_count, rules: [failed], group-by: [sourceIPAddress], timespan: 10s, condition: {gte: 3, field: userIdentity.userName}",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin a 1", "2 !ConsoleLogin b 1", "3 !ConsoleLogin c 2", "4 !ConsoleLogin c 1"},
			[]string{"C@4 1 e1,e2,e4"}},
		"values, one too old": {"type: value_count, rules: [failed], group-by: [sourceIPAddress], timespan: 10s, condition: {gte: 3, field: userIdentity.userName}",
			[]string{"0 !ConsoleLogin a 1", "5 !ConsoleLogin b 1", "11 !ConsoleLogin c 1"}, nil},
		"values of two fields": {"type: value_count, rules: [failed], timespan: 10s, condition: {gte: 3, field: [sourceIPAddress, userIdentity.userName]}",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin a 1", "2 !ConsoleLogin b 1", "3 !ConsoleLogin - 3", "4 !ConsoleLogin a 2"},
			[]string{"C@4  e1,e2,e4"}},
		"temporal, any order": {"type: temporal, rules: [failed, succeeded, key], group-by: [userIdentity.userName], timespan: 10s",
			[]string{"0 CreateAccessKey a 1", "1 !ConsoleLogin a 1", "2 ConsoleLogin b 1", "3 ConsoleLogin a 1"}, []string{"C@3 a e0,e1,e3"}},
		"temporal, too far apart": {"type: temporal, rules: [failed, succeeded], group-by: [userIdentity.userName], timespan: 10s",
			[]string{"0 !ConsoleLogin a 1", "11 ConsoleLogin a 1"}, nil},
		"temporal, some of": {"type: temporal, rules: [failed, succeeded, key], group-by: [userIdentity.userName], timespan: 10s, condition: {gte: 2}",
			[]string{"0 CreateAccessKey a 1", "1 CreateAccessKey a 1", "3 ConsoleLogin a 1"}, []string{"C@3 a e1,e2"}},
		"ordered": {"type: temporal_ordered, rules: [failed, succeeded, key], group-by: [userIdentity.userName], timespan: 10s",
			[]string{"0 !ConsoleLogin a 1", "4 ConsoleLogin a 1", "5 !ConsoleLogin a 1", "7 ConsoleLogin a 1", "12 CreateAccessKey a 1"}, []string{"C@12 a e2,e3,e4"}},
		"ordered, some of": {"type: temporal_ordered, rules: [failed, succeeded, key], group-by: [userIdentity.userName], timespan: 10s, condition: {gte: 2}",
			[]string{"0 CreateAccessKey a 1", "1 ConsoleLogin a 1", "2 !ConsoleLogin a 1", "3 CreateAccessKey a 1"}, []string{"C@3 a e2,e3"}},
		"ordered, wrong order": {"type: temporal_ordered, rules: [failed, succeeded], group-by: [userIdentity.userName], timespan: 10s",
			[]string{"0 ConsoleLogin a 1", "1 !ConsoleLogin a 1"}, nil},
		"ordered, one second has no order": {"type: temporal_ordered, rules: [failed, succeeded, key], group-by: [userIdentity.userName], timespan: 10s",
			[]string{"3 CreateAccessKey a 1", "3 ConsoleLogin a 1", "3 !ConsoleLogin a 1"}, []string{"C@3 a e2,e1,e0"}},
		"ordered, one hit is one place": {"type: temporal_ordered, rules: [failed, failed], group-by: [userIdentity.userName], timespan: 10s",
			[]string{"0 !ConsoleLogin a 1", "20 !ConsoleLogin a 1", "21 !ConsoleLogin a 1"}, []string{"C@21 a e1,e2"}},
		"few, at the end": {"type: event_count, rules: [failed], group-by: [userIdentity.userName], timespan: 10s, condition: {lt: 3}",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin b 1", "2 !ConsoleLogin b 1", "3 !ConsoleLogin b 1", "30 !ConsoleLogin c 1"},
			[]string{"C@0 a e0", "C@30 c e4"}},
		"exactly": {"type: event_count, rules: [failed], timespan: 10s, condition: {eq: 2}",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin b 1", "40 !ConsoleLogin b 1", "41 !ConsoleLogin b 1", "42 !ConsoleLogin c 1"}, []string{"C@1  e0,e1"}},
		"a range of values": {"type: value_count, rules: [failed], timespan: 10s, condition: {gt: 1, lte: 2, field: userIdentity.userName}",
			[]string{"0 !ConsoleLogin a 1", "1 !ConsoleLogin b 1", "2 !ConsoleLogin b 1"}, []string{"C@1  e0,e1"}},
		"aliases": {"type: temporal, rules: [succeeded, key], group-by: [who], timespan: 10s, aliases: {who: {succeeded: userIdentity.userName, key: requestParameters.for}}",
			[]string{"0 ConsoleLogin a 1", "1 CreateAccessKey b 1", "2 CreateAccessKey a 1"}, []string{"C@2 a e0,e2"}},
		"two rules, one event": {"type: event_count, rules: [failed, id-failed, key], timespan: 10s, condition: {gte: 2}",
			[]string{"0 !ConsoleLogin a 1", "1 CreateAccessKey a 1"}, []string{"C@1  e0,e1"}},
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

// TestOneEventOfTwoRules counts once, whether the window slides or waits.
func TestOneEventOfTwoRules(t *testing.T) {
	for _, condition := range []string{"gte: 2", "eq: 2"} {
		s, problems := load(t, parts3+"title: Login\nname: login\nlogsource: {product: aws, service: cloudtrail}\ndetection: {sel: {eventName: ConsoleLogin}, condition: sel}\n---\n"+
			"title: C\ncorrelation: {type: event_count, rules: [failed, login], timespan: 10s, condition: {"+condition+"}}\n")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if got := play(t, s, "0 !ConsoleLogin a 1"); len(got) > 0 {
			t.Errorf("%s: one event is %q", condition, got)
		}
		if got := play(t, s, "0 !ConsoleLogin a 1", "1 ConsoleLogin a 1"); !slices.Equal(got, []string{"Succeeded", "C@1  e0,e1"}) {
			t.Errorf("%s: two events are %q", condition, got)
		}
	}
}

func TestChainsOfCorrelations(t *testing.T) {
	s, problems := load(t, "title: Broken in\ncorrelation:\n    type: temporal_ordered\n    rules: [many, succeeded]\n    group-by: [userIdentity.userName]\n    timespan: 1m\n---\n"+parts3+
		"title: Many\nname: many\ncorrelation: {type: event_count, rules: [failed], group-by: [sourceIPAddress], timespan: 10s, condition: {gte: 2}}\n")
	if len(problems) > 0 || s.Len() != 5 {
		t.Fatal(s.Len(), problems)
	}
	got := play(t, s, "0 !ConsoleLogin a 1", "1 !ConsoleLogin b 1", "2 ConsoleLogin a 1", "3 ConsoleLogin b 1", "4 CreateAccessKey b 1")
	// The correlation above groups by the user of the event that completed the one below.
	want := []string{"Many@1 1 e0,e1", "Broken in@3 b e1,e3", "Key"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	for title, part := range map[string]bool{"Failed": true, "Succeeded": true, "Many": true, "Broken in": false, "Key": false} {
		i := slices.IndexFunc(s.rules, func(r Rule) bool { return r.Title == title })
		if r := s.Info(int32(i)); r.Part != part || r.Correlation != (title == "Many" || title == "Broken in") {
			t.Errorf("%s: %+v", title, r)
		}
	}
	s, _ = load(t, parts3+"title: C\ncorrelation: {type: temporal, rules: [failed, key], timespan: 1m, generate: true}\n")
	if s.Info(0).Part || s.Info(2).Part || !s.Correlates(0) || s.Correlates(1) {
		t.Error("generate: true does not let its rules stand")
	}
}

func TestOldCount(t *testing.T) {
	for text, want := range map[string][]string{
		"sel | count() by sourceIPAddress > 1":                        {"Test@2 1 e0,e2"},
		"sel | count(userIdentity.userName) by sourceIPAddress >= 2":  {"Test@1 1 e0,e1"},
		"sel | COUNT(*) >= 4":                                         nil,
		"sel | count() by sourceIPAddress, userIdentity.userName > 1": {"Test@2 1,a e0,e2"},
	} {
		s, problems := load(t, ruleText("sel: {eventName: ConsoleLogin}\ntimeframe: 10s\ncondition: '"+text+"'"))
		if len(problems) > 0 {
			t.Fatal(text, problems)
		}
		events := []string{"0 ConsoleLogin a 1", "1 ConsoleLogin b 1", "2 ConsoleLogin a 1"}
		if strings.Contains(text, "() by sourceIPAddress >") {
			events[1] = "1 ConsoleLogin b 2"
		}
		if got := play(t, s, events...); !slices.Equal(got, want) {
			t.Errorf("%s: got %q want %q", text, got, want)
		}
	}
}

func TestCorrelationProblems(t *testing.T) {
	for rule, why := range map[string]string{
		"type: value_max, rules: [failed], timespan: 5m, condition: {gte: 3, field: x}":        `the type "value_max" is not supported`,
		"type: event_count, rules: [failed], condition: {gte: 3}":                              "timespan",
		"type: event_count, rules: [failed], timespan: 5x, condition: {gte: 3}":                "is no number and s, m",
		"type: event_count, rules: [failed], timespan: 5m":                                     "no condition",
		"type: event_count, timespan: 5m, condition: {gte: 3}":                                 "refers to 0 rules",
		"type: value_count, rules: [failed], timespan: 5m, condition: {gte: 3}":                "value_count without a field",
		"type: event_count, rules: [nobody], timespan: 5m, condition: {gte: 3}":                `one of ["nobody"] is not there`,
		"type: event_count, rules: [me], timespan: 5m, condition: {gte: 3}":                    "refers back",
		"type: event_count, rules: [failed], timespan: 5m, condition: {gte: 3000000000}":       "counts to 3000000000",
		"type: value_count, rules: [failed], timespan: 5m, condition: {gte: 300000, field: x}": "counts to 300000",
		"type: event_count, rules: [failed], timespan: 5m, condition: {gte: many}":             "is no count",
		"type: temporal, rules: [failed, key], timespan: 5m, condition: [failed, key]":         "neither a map nor text",
		"type: temporal_ordered, rules: [failed], timespan: 5m, condition: {lte: 1}":           "temporal_ordered with a condition",
		"type: temporal_ordered, rules: [failed], timespan: 5m, condition: {gt: 1}":            "asks for 2 of 1 rules",
		"type: temporal, rules: [failed], timespan: 5m, aliases: {a: {other: b}}":              "which is not among its rules",
		"type: temporal, rules: [failed], timespan: 5m, ordered: true":                         "ordered: is not known",
	} {
		s, problems := load(t, parts3+"title: C\nname: me\ncorrelation: {"+rule+"}\n")
		if s.Len() != 3 || len(problems) != 1 || !strings.Contains(problems[0].Reason, why) || problems[0].Rule != "C" {
			t.Errorf("%s: %v, want %q", rule, problems, why)
		}
	}
	circle := "title: A\nname: a\ncorrelation: {type: temporal, rules: [b], timespan: 1m}\n---\ntitle: B\nname: b\ncorrelation: {type: temporal, rules: [a], timespan: 1m}\n"
	if s, problems := load(t, circle); s.Len() != 0 || len(problems) != 2 {
		t.Errorf("circle: %v", problems)
	}
	if _, problems := load(t, parts3, parts3[:strings.Index(parts3, "id: ")]+parts3[strings.Index(parts3, "logsource"):], "title: C\ncorrelation: {type: temporal, rules: [failed], timespan: 1m}\n"); len(problems) != 1 || !strings.Contains(problems[0].Reason, `2 rules are named "failed"`) {
		t.Errorf("two of a name: %v", problems)
	}
}

// TestOrderAndBounds: hits out of order are refused, and what has to be
// forgotten is counted.
func TestOrderAndBounds(t *testing.T) {
	s, _ := load(t, parts3+"title: C\ncorrelation: {type: event_count, rules: [failed], group-by: [userIdentity.userName], timespan: 10d, condition: {gte: 2}}\n"+
		"---\ntitle: W\ncorrelation: {type: event_count, rules: [failed], group-by: [userIdentity.userName], timespan: 10d, condition: {eq: 2}}\n")
	c := s.Correlator()
	c.maximum = 64
	add := func(second int64, user string) {
		t.Helper()
		if _, err := c.Add(Input{Rule: 0, At: time.Unix(second, 0), Event: user, values: [][]string{{user}}}); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := range int64(5000) {
		add(i, fmt.Sprint(r.IntN(1_000_000)))
		for _, run := range c.runs {
			if len(run.windows) > 64 || len(run.queue) > 64 {
				t.Fatalf("%d windows, %d in the queue", len(run.windows), len(run.queue))
			}
		}
		if c.held > 2*64*2 {
			t.Fatalf("%d held", c.held)
		}
	}
	if c.Lost() < 9000 {
		t.Errorf("%d lost", c.Lost())
	}
	if _, err := c.Add(Input{At: time.Unix(1, 0)}); err == nil {
		t.Error("took a hit of before")
	}
	c.Flush()
	for _, run := range c.runs {
		if run.waits() && (len(run.windows) > 0 || len(run.queue) > 0) {
			t.Error("windows are open when all is over")
		}
	}
}

// TestCountAgainstPlain: sliding counts, against counting every window anew.
func TestCountAgainstPlain(t *testing.T) {
	s, _ := load(t, parts3+"title: C\ncorrelation: {type: event_count, rules: [failed], group-by: [userIdentity.userName], timespan: 10s, condition: {gte: 3}}\n")
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		c := s.Correlator()
		at, quiet := int64(0), map[string]int64{}
		times := map[string][]int64{}
		for i := range 60 {
			at += r.Int64N(5)
			user := pick(r, []string{"a", "b"})
			met, err := c.Add(Input{Rule: 0, At: time.Unix(at, 0), Event: fmt.Sprint(i), values: [][]string{{user}}})
			if err != nil {
				t.Fatal(err)
			}
			want := false
			if at >= quiet[user] {
				times[user] = append(times[user], at)
				n := 0
				for _, x := range times[user] {
					if x >= at-10 {
						n++
					}
				}
				if want = n >= 3; want {
					quiet[user], times[user] = at+10, nil
				}
			}
			if (len(met) == 1) != want {
				t.Fatalf("seed %d event %d: %v, want %v", seed, i, met, want)
			}
		}
	}
}
