// Package question prints the standing questions of package trail, and some
// more, as SQL: for Athena over the bucket where the logs lie, and for Athena,
// Trino or DuckDB over the exported Parquet. Each question is described once;
// the dialects differ in the table, in what a column is called there, and in how
// a range of time is pushed into the partitions.
//
// The text is Trino's. What it does not use is chosen so that DuckDB runs it
// verbatim after Prelude: times are compared as timestamps without zone, in UTC,
// and no name is looked up in a schema that a user could have changed.
package question

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Names of the questions. The first five are those that trail.Store answers by
// itself; the others its filters answer.
const (
	Timeline = "timeline" // Value is an access key id
	Uses     = "uses"
	Creators = "creators" // Value is what a response names
	News     = "news"     // Since is when new begins
	Hours    = "hours"

	ByPrincipal = "principal" // Value is a principal's ARN
	ByAddress   = "address"   // Value is an address
	Callers     = "callers"   // Value is a service, such as "iam.amazonaws.com"
	Issued      = "issued"    // Value is an access key id: what credentials it got
	Impact      = "impact"    // Value is an access key id: what it changed, by call
)

// Args are the values of a question. A zero From or To leaves that end open.
type Args struct {
	Value    string
	Since    time.Time
	From, To time.Time // From ≤ time < To
}

// A question reads columns of the events that fit, and answers from those.
type question struct {
	name    string
	value   string   // what Args.Value is; "" where it is not used
	columns []string // what is read, and nothing else: Athena charges by column
	where   string
	answer  string // over seen; :since is Args.Since
	out     []string
}

// timeline is one answer that several questions give.
const timeline = `SELECT DISTINCT time, event_id, source, name, region, principal, address, agent, error
FROM seen
ORDER BY time, event_id`

var (
	callColumns = []string{"time", "event_id", "source", "name", "region", "principal", "address", "agent", "error"}
	useColumns  = []string{"principal", "source", "name", "region", "calls", "failures", "first_time", "last_time"}
)

// Events are counted by their ids: CloudTrail delivers at least once, and what
// it delivers twice lies twice in the bucket.
const uses = `SELECT principal, source, name, region,
  count(DISTINCT event_id) AS calls,
  count(DISTINCT CASE WHEN failed THEN event_id END) AS failures,
  min(time) AS first_time,
  max(time) AS last_time
FROM seen
GROUP BY principal, source, name, region
ORDER BY principal, source, name, region`

var useReads = []string{"event_id", "time", "principal", "source", "name", "region", "failed"}

var questions = []question{
	{
		name: Timeline, value: "an access key id", columns: callColumns,
		where: "{credential} = :value", answer: timeline, out: callColumns,
	},
	{name: Uses, columns: useReads, answer: uses, out: useColumns},
	{
		// What is not known to be read-only counts as a change.
		name: Creators, value: "an id, name or ARN",
		columns: []string{"time", "event_id", "source", "name", "principal", "credential", "address"},
		where:   "NOT {readonly} AND NOT {failed} AND regexp_like({response}, :named)",
		answer: `SELECT DISTINCT time, event_id, source, name, principal, credential, address
FROM seen
ORDER BY time, event_id`,
		out: []string{"time", "event_id", "source", "name", "principal", "credential", "address"},
	},
	{
		// One pass over the events for regions and services both. What came
		// before Since has to be read too: From is how far back that is.
		name: News, columns: []string{"time", "principal", "region", "source"},
		answer: `SELECT principal,
  CASE WHEN grouping(region) = 0 THEN 'region' ELSE 'service' END AS what,
  CASE WHEN grouping(region) = 0 THEN region ELSE source END AS value,
  min(time) AS first_time
FROM seen
GROUP BY GROUPING SETS ((principal, region), (principal, source))
HAVING min(time) >= :since
ORDER BY 1, 2, 3`,
		out: []string{"principal", "what", "value", "first_time"},
	},
	{
		name: Hours, columns: []string{"event_id", "time", "failed"},
		answer: `SELECT date_trunc('hour', time) AS hour,
  count(DISTINCT event_id) AS events,
  count(DISTINCT CASE WHEN failed THEN event_id END) AS failures
FROM seen
GROUP BY date_trunc('hour', time)
ORDER BY 1`,
		out: []string{"hour", "events", "failures"},
	},
	{
		name: ByPrincipal, value: "a principal's ARN", columns: callColumns,
		where: "{principal} = :value", answer: timeline, out: callColumns,
	},
	{
		name: ByAddress, value: "an address", columns: callColumns,
		where: "{address} = :value", answer: timeline, out: callColumns,
	},
	{
		name: Callers, value: "a service", columns: useReads,
		where: "{source} = :value", answer: uses, out: useColumns,
	},
	{
		// One step down the chain; the caller asks again with what came out.
		name: Issued, value: "an access key id",
		columns: []string{"time", "event_id", "name", "issued", "arn"},
		where:   "{credential} = :value AND NOT {failed} AND {issued} <> ''",
		answer: `SELECT DISTINCT time, event_id, name, issued, arn
FROM seen
ORDER BY time, event_id`,
		out: []string{"time", "event_id", "name", "issued", "arn"},
	},
	{
		name: Impact, value: "an access key id", columns: useReads,
		where: "{credential} = :value AND NOT {readonly}", answer: uses, out: useColumns,
	},
}

// All lists the names of the questions, the standing ones first.
func All() (names []string) {
	for _, q := range questions {
		names = append(names, q.name)
	}
	return names
}

// A Query is a question as text, with what it reads.
type Query struct {
	Question string
	Dialect  Dialect
	SQL      string
	Columns  []string // of the answer

	accounts, regions []string
	from, to          time.Time // first and last day that are read; zero: open
}

// Reads says whether the query reads a partition: what it costs is the sum of
// those. Region is "" over Parquet, which is not partitioned by it.
func (q Query) Reads(account, region string, day time.Time) bool {
	day = midnight(day)
	return (len(q.accounts) == 0 || slices.Contains(q.accounts, account)) &&
		(region == "" || len(q.regions) == 0 || slices.Contains(q.regions, region)) &&
		(q.from.IsZero() || !day.Before(q.from)) && (q.to.IsZero() || !day.After(q.to))
}

// Ask prints a question over a table.
func (t Table) Ask(name string, a Args) (Query, error) {
	q, err := t.ask(name, a)
	if err != nil {
		return Query{}, fmt.Errorf("cannot ask %q in SQL: %w", name, err)
	}
	return q, nil
}

func (t Table) ask(name string, a Args) (Query, error) {
	q, err := checked(name, a) // the rest of what may be wrong, fill finds
	if err != nil {
		return Query{}, err
	}
	d, known := dialects[t.Dialect]
	if !known {
		return Query{}, fmt.Errorf("there is no dialect %q", t.Dialect)
	}
	table, err := identifier(t.Name)
	if err != nil {
		return Query{}, err
	}
	out := Query{Question: name, Dialect: t.Dialect, Columns: q.out, accounts: t.Accounts, regions: t.Regions}
	out.from, out.to = d.days(a)
	where, err := d.conditions(t, q, a)
	if err != nil {
		return Query{}, err
	}
	var reads []string
	for _, c := range q.columns {
		reads = append(reads, "    "+d.column(c)+" AS "+c)
	}
	answer, err := fill(q.answer, d, a)
	if err != nil {
		return Query{}, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "WITH seen AS (\n  SELECT\n%s\n  FROM %s\n", strings.Join(reads, ",\n"), table)
	if len(where) > 0 {
		fmt.Fprintf(&b, "  WHERE %s\n", strings.Join(where, "\n    AND "))
	}
	fmt.Fprintf(&b, ")\n%s\n", answer)
	out.SQL = b.String()
	return out, nil
}

// What is wrong about a question that cannot be asked.
var (
	ErrUnknown = errors.New("there is no such question")
	ErrNoValue = errors.New("none was given")
	ErrValue   = errors.New("it takes no value")
	ErrSince   = errors.New("all would be new")
)

// Check says whether a question can be asked so, of any engine: an Err above,
// or another error. It is what Ask checks first.
func Check(name string, a Args) error {
	if _, err := checked(name, a); err != nil {
		return fmt.Errorf("cannot ask %q: %w", name, err)
	}
	return nil
}

// checked refuses what would print and mean something else.
func checked(name string, a Args) (question, error) {
	at := slices.IndexFunc(questions, func(q question) bool { return q.name == name })
	if at < 0 {
		return question{}, fmt.Errorf("%w; there are %s", ErrUnknown, strings.Join(All(), ", "))
	}
	q := questions[at]
	switch {
	case q.value != "" && a.Value == "":
		return q, fmt.Errorf("it asks about %s, and %w", q.value, ErrNoValue)
	case q.value == "" && a.Value != "":
		return q, ErrValue
	case q.name == News && a.Since.IsZero():
		return q, fmt.Errorf("it needs to know since when")
	case q.name == News && !a.From.IsZero() && !a.From.Before(a.Since):
		return q, fmt.Errorf("nothing before %s would be read, and %w", a.Since.UTC().Format(time.RFC3339), ErrSince)
	case !a.From.IsZero() && !a.To.IsZero() && !a.From.Before(a.To):
		return q, fmt.Errorf("the range of time is empty")
	}
	return q, nil
}
