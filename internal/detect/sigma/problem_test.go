package sigma

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// TestProblems: what cannot be used is told, with its file, its title and why.
func TestProblems(t *testing.T) {
	sel := func(s string) string { return ruleText("sel:\n    " + s + "\ncondition: sel") }
	cond := func(s string) string { return ruleText("sel: {eventName: x}\n_a: {eventName: y}\ncondition: " + s) }
	for name, c := range map[string]struct{ rule, why string }{
		"modifier":          {sel("eventName|contians: x"), `unknown modifier "contians"`},
		"flag without re":   {sel("eventName|i: x"), `unknown modifier "i"`},
		"two kinds":         {sel("eventName|re|cidr: x"), "modifiers re and cidr together"},
		"contains and cidr": {sel("eventName|contains|cidr: 10.0.0.0/8"), "modifier contains together with cidr"},
		"startswith and re": {sel("eventName|re|startswith: x"), "modifier startswith together with re"},
		"look-ahead":        {sel("eventName|re: 'a(?!b)'"), "invalid or unsupported Perl syntax"},
		"huge expression":   {sel("eventName|re: '((a{1000}){1000}){1000}'"), "expression"},
		"network":           {sel("sourceIPAddress|cidr: 10.0.0.0/33"), "is no network"},
		"network of words":  {sel("sourceIPAddress|cidr: internal"), "is no network"},
		"number":            {sel("eventName|lt: five"), "is no number"},
		"infinite":          {sel("eventName|lt: .inf"), "is no number"},
		"exists":            {sel("eventName|exists: maybe"), "exists takes true or false"},
		"null contains":     {sel("eventName|contains: null"), "null with a modifier"},
		"null keyword":      {ruleText("sel: [null]\ncondition: sel"), "null with a modifier"},
		"keyword lt":        {sel("'|lt': 5"), "lt without a field"},
		"base64 wildcard":   {sel("eventName|base64: 'a*'"), "base64 of a value with wildcards"},
		"placeholder":       {sel("eventName|expand: '%names%'"), "no value for placeholder %names%"},
		"time and re":       {sel("eventTime|hour|re: 5"), "a time modifier together with re"},
		"empty list":        {sel("eventName: []"), "an empty list of values"},
		"long path":         {sel("a" + strings.Repeat(".a", 40) + ": x"), "too many parts"},
		"map as value":      {sel("eventName: {a: b}"), "a value that is neither"},
		"binary":            {sel("eventName: !!binary aGk="), "a value of type"},
		"empty map":         {ruleText("sel: {}\ncondition: sel"), "is empty"},
		"empty selection":   {ruleText("sel: []\ncondition: sel"), "is empty"},
		"nested lists":      {ruleText("sel: [[a]]\ncondition: sel"), "a list within a list"},
		"name twice":        {ruleText("sel: {eventName: a, eventName: b}\ncondition: sel"), "stands twice"},
		"too many dashes":   {sel("eventName|windash: '-a -b -c -d -e -f'"), "too many values"},

		"no condition":     {ruleText("sel: {eventName: a}"), "no condition"},
		"empty condition":  {cond("''"), "no condition"},
		"no selection":     {cond("other"), `there is no selection "other"`},
		"no pattern":       {cond("1 of x*"), `there is no selection "x*"`},
		"none of them":     {ruleText("_a: {eventName: y}\ncondition: 1 of them"), `there is no selection "them"`},
		"too many of":      {cond("2 of s*"), "there are only 1"},
		"none of it":       {cond("0 of s*"), `"0" of "s*"`},
		"half a condition": {cond("sel and"), "ends too soon"},
		"open":             {cond("(sel or sel"), "lacks a closing parenthesis"},
		"closed":           {cond("sel)"), `")" is not expected`},
		"two words":        {cond("sel sel"), `"sel" is not expected`},
		"deep":             {cond(strings.Repeat("(", 100) + "sel" + strings.Repeat(")", 100)), "nested too deep"},
		"near":             {cond("sel | near other"), "cannot read"},
		"sum":              {cond("sel | sum(x) by y > 5"), `"sum" is not supported`},
		"count alone":      {cond("sel | count() by x > 5"), "without a timeframe"},
		"several, counted": {cond("['sel | count() > 5', sel]"), "several, with an aggregation"},
		"nothing piped":    {cond("'sel |'"), "nothing behind |"},

		"no detection":  {"title: t\nlogsource: {product: aws, service: cloudtrail}\n", "no detection"},
		"no logsource":  {"title: t\ndetection: {sel: {a: b}, condition: sel}\n", "no logsource"},
		"no title":      {"detection: {sel: {a: b}, condition: sel}\n", "neither title nor id"},
		"filter":        {"title: t\nfilter: {rules: [a]}\n", "no logsource"},
		"action":        {"action: global\ntitle: t\n", "action: no rule follows it"},
		"other service": {"title: t\nlogsource: {product: aws, service: guardduty}\ndetection: {sel: {a: b}, condition: sel}\n", "not for AWS CloudTrail"},
		"other product": {"title: t\nlogsource: {product: windows, category: process_creation}\ndetection: {sel: {a: b}, condition: sel}\n", "not for AWS CloudTrail"},
		"no YAML":       {"title: [\n", "is no YAML"},
		"a list":        {"- a\n- b\n", "is no mapping"},
		"empty file":    {"", "is empty"},
		"empty node":    {"!", "is empty"},
		"large":         {"title: " + strings.Repeat("a", largest), "larger than"},
		"documents":     {strings.Repeat("---\n", mostDocuments+5), "documents"},
		"alias bomb":    {bomb, "too large once its anchors are followed"},
		"alias of self": {"title: t\nlogsource: {product: aws, service: cloudtrail}\ndetection: &d\n    <<: *d\n    condition: sel\n", "anchor"},
	} {
		s, problems := load(t, c.rule)
		if s.Len() != 0 || len(problems) != 1 || !strings.Contains(problems[0].Reason, c.why) || problems[0].File != "a.yml" {
			t.Errorf("%s: %d rules, problems %v, want %q", name, s.Len(), problems, c.why)
			continue
		}
		if other := strings.HasPrefix(name, "other"); problems[0].Other != other {
			t.Errorf("%s: Other is %v", name, problems[0].Other)
		}
	}
}

// bomb is a list of 500 names for a map of 500 fields, under two names.
var bomb = func() string {
	var fields, again strings.Builder
	for i := range 500 {
		fields.WriteString("f" + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + ": v, ")
		again.WriteString("*one, ")
	}
	return ruleText("one: &one {" + fields.String() + "}\ntwo: &two [" + again.String() + "]\nthree: *two\ncondition: one")
}()

func TestOneBadRuleSpoilsNoOther(t *testing.T) {
	good := ruleText("sel: {eventName: a}\ncondition: sel")
	s, problems := load(t, good, "title: [", good+"---\ntitle: bad\n---\n"+good)
	if s.Len() != 3 || len(problems) != 2 || problems[0].File != "b.yml" || problems[1].Rule != "bad" {
		t.Errorf("%d rules, problems %v", s.Len(), problems)
	}
	counting := "id: same\n" + ruleText("sel: {eventName: a}\ntimeframe: 5m\ncondition: sel | count() > 5")
	if s, problems := load(t, counting, counting); len(problems) != 1 || s.Len() != 3 || !s.Info(0).Part || !s.Info(1).Part || s.Info(2).Part {
		t.Errorf("%d rules, problems %v", s.Len(), problems)
	}
	twice := "id: same\n" + good
	if s, problems := load(t, twice, twice); s.Len() != 1 || len(problems) != 1 || !strings.Contains(problems[0].Reason, "has the id of a rule in a.yml") {
		t.Errorf("%d rules, problems %v", s.Len(), problems)
	}
}

// broken is a file system whose files, or whose folder, cannot be read.
type broken struct {
	files  fstest.MapFS
	folder bool
}

func (b broken) Open(name string) (fs.File, error) {
	if name == "." && !b.folder {
		return b.files.Open(name)
	}
	return nil, errors.New("disk on fire")
}

func TestWhatCannotBeRead(t *testing.T) {
	files := fstest.MapFS{"a.yml": {Data: []byte("x")}, "README.md": {Data: []byte("x")}}
	_, problems, err := Load(broken{files: files})
	if err != nil || len(problems) != 1 || !strings.Contains(problems[0].String(), "a.yml: cannot open: disk on fire") {
		t.Errorf("%v, %v", problems, err)
	}
	if _, _, err = Load(broken{files, true}); err == nil || !strings.Contains(err.Error(), "cannot list Sigma rules: disk on fire") {
		t.Errorf("folder: %v", err)
	}
}

func TestInfo(t *testing.T) {
	s, problems := load(t, `title: Root was here
id: 11111111-2222-4333-8444-555555555555
name: root_here
status: Test
license: DRL-1.1
description: |
    Two lines
    of text.
author: Somebody
date: 2024-01-02
references: [https://example.com/a, https://example.com/b]
tags: [attack.initial-access, attack.t1078.004, attack.T1098, cve.2024-1]
falsepositives: Unlikely
level: HIGH
logsource: {product: aws, service: cloudtrail, definition: needs a trail}
detection: {sel: {userIdentity.type: Root}, condition: sel}
fields: [userAgent]
`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	r := s.Info(0)
	if r.ID == "" || r.Name != "root_here" || r.Status != "test" || r.Level != "high" || r.License != "DRL-1.1" || r.Author != "Somebody" || r.Date != "2024-01-02" ||
		len(r.References) != 2 || strings.Join(r.Attack, " ") != "T1078.004 T1098" || len(r.Tags) != 4 || len(r.FalsePositives) != 1 || r.Description != "Two lines\nof text." || len(r.Fields) != 1 || r.Part || r.Correlation {
		t.Errorf("%+v", r)
	}
}

func TestAnchorsAndPlaceholders(t *testing.T) {
	rule := ruleText("base: &base\n    eventSource: iam.amazonaws.com\nsel:\n    <<: *base\n    eventName|expand: ['%writes%', '\\%literal%']\nnames: &n [a, b]\nother: {eventName: *n}\ncondition: sel")
	s, problems, err := LoadWith(folder{"a.yaml": rule}, map[string][]string{"writes": {"Put*", "Create*"}})
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	for record, want := range map[string]bool{
		`{"eventName":"PutUserPolicy","eventSource":"iam.amazonaws.com"}`: true, `{"eventName":"PutUserPolicy","eventSource":"s3.amazonaws.com"}`: false,
		`{"eventName":"%literal%","eventSource":"iam.amazonaws.com"}`: true, `{"eventName":"ListUsers","eventSource":"iam.amazonaws.com"}`: false,
	} {
		if got := len(s.Matcher().Match(viewOf(t, record), Codes{})) == 1; got != want {
			t.Errorf("%s: %v", record, got)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(ruleText("sel: {eventName|contains|all: [a, b*], x.y|re: 'a.*'}\ncondition: sel and not 1 of s*"))
	f.Add(bomb)
	f.Add("title: c\ncorrelation: {type: event_count, rules: [a], group-by: [x], timespan: 5m, condition: {gte: 5}}\n---\n" + ruleText("sel: [a, b]\ncondition: sel | count() by x > 5\ntimeframe: 5m"))
	f.Add("a: &a [*a]\n")
	f.Add(ruleText("sel: {'|windash': '-a /b', a|base64offset|contains: x, b|cidr: 10.0.0.0/8, c|expand: '%x%', <<: {d: e}}\ncondition: 2 of *"))
	one := "name: a\n" + ruleText("sel: {eventName: PutUserPolicy}\ncondition: sel") + "---\n"
	f.Add(one + "title: c\ncorrelation: {type: value_sum, rules: [a], group-by: [x], timespan: 5m, condition: {gt: 5.5, field: requestParameters.count}}\n---\n" +
		"title: d\ncorrelation: {type: value_percentile, rules: [a], timespan: 1d, condition: {lte: 5, neq: 1, percentile: 95, field: requestParameters.count}}\n---\n" +
		"title: e\ncorrelation: {type: value_median, rules: [a], timespan: 1s, condition: {gte: -1e300, field: x}}\n---\n" +
		"title: g\ncorrelation: {type: value_avg, rules: [a], timespan: 1s, condition: {lt: 1e300, field: x}}\n")
	f.Add(one + "title: c\ncorrelation: {type: temporal, timespan: 5m, condition: (a or b) and not a}\n---\nname: b\n" + ruleText("sel: [x]\ncondition: sel") +
		"---\ntitle: d\ncorrelation: {type: temporal_ordered, rules: [a, b], timespan: 5m, condition: 1 of them or (a and b)}\n")
	f.Add(one + "title: f\nlogsource: {product: aws}\nfilter: {rules: [a, b], sel: {userAgent: x}, condition: not sel}\n---\ntitle: f\nlogsource: {service: cloudtrail}\nfilter: {rules: any, sel: [x], condition: 1 of s*}\n")
	f.Add("action: global\nid: i\ndetection: {condition: sel}\n---\n" + ruleText("sel: {eventName: x}") + "---\naction: repeat\ndetection: {sel: {eventName: y}}\n---\naction: reset\n")
	f.Add(one + "title: c\ncorrelation: {type: event_count, rules: [a], timespan: 1w, condition: {gte: 20000}}\n---\ntitle: d\ncorrelation: {type: value_count, rules: [a], timespan: 1w, condition: {gte: 2, field: x}}\n")
	v := viewOf(f, record)
	f.Fuzz(func(t *testing.T, text string) {
		if _, problems, err := Load(folder{"a.yml": text, "placeholders.yml": text}); err != nil || len(problems) == 0 {
			t.Fatal("a file is rules and placeholders:", err)
		}
		s, problems, err := Load(folder{"a.yml": text})
		if err != nil {
			t.Fatal(err)
		}
		if s.Len() == 0 && len(problems) == 0 {
			t.Error("neither a rule nor a problem")
		}
		m, c := s.Matcher(), s.Correlator()
		add := func(in Input) {
			if _, err := c.Add(in); err != nil {
				t.Error(err)
			}
		}
		for _, i := range m.Match(v, Codes{}) {
			if in, ok, err := m.Input(i); ok && err == nil {
				add(in)
			}
		}
		at := c.last
		for k := range 12 { // what none of the fuzzed rules may hit
			at = at.Add(time.Duration(k/3) * 40 * time.Second)
			for i := range int32(s.Len()) {
				if !s.Correlates(i) {
					continue
				}
				in := Input{Rule: i, At: at, Event: itoa(k)}
				for range s.wants[i].ids {
					in.values = append(in.values, []string{itoa(k * k), "x"})
				}
				add(in)
			}
		}
		c.Flush()
		if c.held < 0 {
			t.Errorf("%d held", c.held)
		}
	})
}
