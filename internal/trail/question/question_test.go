package question

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	from = time.Date(2026, 10, 13, 5, 0, 0, 0, time.UTC)
	to   = time.Date(2026, 10, 14, 0, 0, 0, 0, time.UTC)
)

// args are values that each question takes.
func args(name string) Args {
	a := Args{From: from, To: to}
	for _, q := range questions {
		if q.name == name && q.value != "" {
			a.Value = "AKIAEXAMPLE"
		}
	}
	if name == News {
		a.Since, a.From = from, from.AddDate(0, 0, -90)
	}
	return a
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

func TestEveryQuestionPrintsInEveryDialect(t *testing.T) {
	for dialect := range dialects {
		for _, name := range All() {
			q, err := Table{Dialect: dialect, Name: "audit.events"}.Ask(name, args(name))
			if err != nil {
				t.Fatal(err)
			}
			if placeholder.MatchString(q.SQL) || strings.Contains(q.SQL, ":named") || strings.Contains(q.SQL, ":value") || strings.Contains(q.SQL, ":since") {
				t.Errorf("%s: something was not filled in:\n%s", name, q.SQL)
			}
			if strings.Contains(q.SQL, " *\n") || strings.Contains(q.SQL, "SELECT *") {
				t.Errorf("%s reads columns that it does not need:\n%s", name, q.SQL)
			}
		}
	}
}

func TestBothDialectsHaveTheSameColumns(t *testing.T) {
	for name := range dialects[Raw].columns {
		if dialects[Parquet].columns[name] == "" {
			t.Errorf("parquet has no %s", name)
		}
	}
	if len(dialects[Raw].columns) != len(dialects[Parquet].columns) {
		t.Error("the dialects differ in their columns")
	}
}

// The day of a file is that of its delivery, so the raw logs are read one day
// further at both ends; an export lies by the event's own day.
func TestTimeGoesIntoThePartitions(t *testing.T) {
	raw, err := Table{Dialect: Raw, Name: "logs", Accounts: []string{"111122223333"}, Regions: []string{"eu-west-1"}}.Ask(Timeline, args(Timeline))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`account IN ('111122223333')`, `region IN ('eu-west-1')`, `"timestamp" >= '2026/10/12'`, `"timestamp" <= '2026/10/14'`,
		`>= TIMESTAMP '2026-10-13 05:00:00.000'`, `< TIMESTAMP '2026-10-14 00:00:00.000'`,
	} {
		if !strings.Contains(raw.SQL, want) {
			t.Errorf("no %s in\n%s", want, raw.SQL)
		}
	}
	exported, err := Table{Dialect: Parquet, Name: "events"}.Ask(Timeline, args(Timeline))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(exported.SQL, `dt >= '2026-10-13'`) || !strings.Contains(exported.SQL, `dt <= '2026-10-13'`) {
		t.Errorf("not the event's days in\n%s", exported.SQL)
	}
	day := func(d int) time.Time { return time.Date(2026, 10, d, 12, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		account, region string
		day             int
		reads           bool
	}{
		{"111122223333", "eu-west-1", 11, false},
		{"111122223333", "eu-west-1", 12, true},
		{"111122223333", "eu-west-1", 14, true},
		{"111122223333", "eu-west-1", 15, false},
		{"111122223333", "us-east-1", 13, false},
		{"444455556666", "eu-west-1", 13, false},
	} {
		if raw.Reads(c.account, c.region, day(c.day)) != c.reads {
			t.Errorf("reads %s %s %d: not %v", c.account, c.region, c.day, c.reads)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"a": "'a'", "o'brien": "'o''brien'", "'; DROP TABLE x --": "'''; DROP TABLE x --'", `a\`: `'a\'`, ":value {name}": "':value {name}'", "é": "'é'", "": "''",
	} {
		if got, err := Quote(in); err != nil || got != want {
			t.Errorf("Quote(%q) = %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"a\nb", "a\x00", "\x7f", "a\u0085", "\u2028", "\xff"} {
		if got, err := Quote(in); err == nil {
			t.Errorf("Quote(%q) = %s", in, got)
		}
	}
}

// What stands in a value stays in the value, placeholders too.
func FuzzAsk(f *testing.F) {
	for _, s := range []string{"AKIAEXAMPLE", "'", "''", "\\'", ":since", "{response}", "' OR '1'='1", "\x00", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		q, err := Table{Dialect: Raw, Name: "logs"}.Ask(ByAddress, Args{Value: value})
		if err != nil {
			return
		}
		empty, err := Table{Dialect: Raw, Name: "logs"}.Ask(ByAddress, Args{Value: "x"})
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Replace(empty.SQL, "= 'x'", "= '"+strings.ReplaceAll(value, "'", "''")+"'", 1)
		if q.SQL != want {
			t.Errorf("%q printed\n%s", value, q.SQL)
		}
	})
}

func TestRefused(t *testing.T) {
	table := Table{Dialect: Parquet, Name: "events"}
	for why, ask := range map[string]func() (Query, error){
		"no such question": func() (Query, error) { return table.Ask("weather", Args{}) },
		"asks about":       func() (Query, error) { return table.Ask(Timeline, Args{}) },
		"takes no value":   func() (Query, error) { return table.Ask(Uses, Args{Value: "x"}) },
		"since when":       func() (Query, error) { return table.Ask(News, Args{}) },
		"would be new":     func() (Query, error) { return table.Ask(News, Args{Since: from, From: from}) },
		"is empty":         func() (Query, error) { return table.Ask(Uses, Args{From: to, To: from}) },
		"JSON":             func() (Query, error) { return table.Ask(Creators, Args{Value: `a"b`}) },
		"no dialect":       func() (Query, error) { return Table{Dialect: "x", Name: "events"}.Ask(Uses, Args{}) },
		"name of a table":  func() (Query, error) { return Table{Dialect: Raw, Name: `e"; DROP`}.Ask(Uses, Args{}) },
		"control": func() (Query, error) {
			return Table{Dialect: Raw, Name: "e", Accounts: []string{"1\n"}}.Ask(Uses, Args{})
		},
	} {
		if q, err := ask(); err == nil || !strings.Contains(err.Error(), why) || !strings.HasPrefix(err.Error(), "cannot ask ") {
			t.Errorf("%s: %v\n%s", why, err, q.SQL)
		}
	}
}

func TestDDL(t *testing.T) {
	place := Place{URL: "s3://logs-example/prefix", Organisation: "o-example", Accounts: []string{"111122223333", "444455556666"}, Regions: []string{"eu-west-1", "us-east-1"}, Since: from}
	raw, err := Table{Dialect: Raw, Name: "audit.logs"}.DDL(place)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"TABLE IF NOT EXISTS `audit`.`logs` (", "LOCATION 's3://logs-example/prefix/AWSLogs/o-example/'", "'111122223333,444455556666'", "'2026/10/13,NOW'",
		"'s3://logs-example/prefix/AWSLogs/o-example/${account}/CloudTrail/${region}/${timestamp}'",
	} {
		if !strings.Contains(raw, want) {
			t.Errorf("no %s in\n%s", want, raw)
		}
	}
	if strings.Contains(raw, "%!") {
		t.Error(raw)
	}
	exported, err := Table{Dialect: Parquet, Name: "events"}.DDL(place)
	if err != nil || !strings.Contains(exported, "'s3://logs-example/prefix/events/acct=${acct}/dt=${dt}'") || strings.Contains(exported, "%!") {
		t.Errorf("%v\n%s", err, exported)
	}
	for why, p := range map[string]Place{
		"no folder in S3": {URL: "s3://logs'/x", Accounts: place.Accounts, Regions: place.Regions, Since: from},
		"no account":      {URL: place.URL, Accounts: []string{"1,2"}, Regions: place.Regions, Since: from},
		"no region":       {URL: place.URL, Accounts: place.Accounts, Since: from},
		"first day":       {URL: place.URL, Accounts: place.Accounts, Regions: place.Regions},
		"no organisation": {URL: place.URL, Organisation: "o'", Accounts: place.Accounts, Regions: place.Regions, Since: from},
	} {
		if ddl, err := (Table{Dialect: Raw, Name: "logs"}).DDL(p); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v\n%s", why, err, ddl)
		}
	}
}

func TestAnswers(t *testing.T) {
	calls, err := Calls(Rows{callColumns, [][]string{{"2026-10-13 05:00:01.000", "id", "s", "n", "r", "p", "a", "g", ""}}})
	if err != nil || len(calls) != 1 || calls[0].Time != from.Add(time.Second) || calls[0].Agent != "g" {
		t.Errorf("%+v %v", calls, err)
	}
	hours, err := HoursOf(Rows{Columns(Hours), [][]string{{"2026-10-13 05:00:00.000 UTC", "12", "3"}}})
	if err != nil || hours[0].Hour != from || hours[0].Events != 12 || hours[0].Failed != 3 {
		t.Errorf("%+v %v", hours, err)
	}
	for why, rows := range map[string]Rows{
		"columns are":     {[]string{"hour"}, nil},
		"row 1 has 1":     {Columns(Hours), [][]string{{"x"}}},
		"row 1, hour":     {Columns(Hours), [][]string{{"yesterday", "1", "1"}}},
		"row 1, failures": {Columns(Hours), [][]string{{"2026-10-13 05:00:00.000", "1", "-1"}}},
	} {
		if _, err := HoursOf(rows); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
	}
}
