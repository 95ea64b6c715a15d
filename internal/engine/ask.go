package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	awsathena "github.com/aws/aws-sdk-go-v2/service/athena"

	"cordon/internal/athena"
	"cordon/internal/durable"
	"cordon/internal/report"
	"cordon/internal/trail/question"
	"cordon/internal/trail/source"
)

// Athena says where the logs are a table.
type Athena struct {
	Table     string // database.table
	Export    bool   // the table is over our Parquet, not over the raw logs
	Workgroup string
	Output    string // s3://bucket/folder/ for answers; empty: the workgroup's
	// Bucket is where the table's files lie: with it what a question will read is
	// told before it is asked.
	Bucket string
	DryRun bool // tell the text and the estimate, ask nothing
}

// athenaPrice is what AWS asked for reading a terabyte in most regions when this
// was written. It changes; the estimate says its day.
var athenaPrice = athena.Price{PerTB: 5, Currency: "USD", AsOf: time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC)}

// Ask answers one standing question as a table, from the store or, with the
// very SQL that is tested against it, from Athena. What Athena answered is kept
// in the case, and not paid for twice.
func (q *Inquiry) Ask(ctx context.Context, name, value string) error {
	args := question.Args{Value: value, From: q.From, To: q.To}
	if name == question.News {
		since, err := time.Parse(time.DateOnly, value)
		if value == "" || err != nil {
			return refuse("ask-since", err, "value", value)
		}
		args.Value, args.Since = "", since
	}
	if value == "" && (name == question.Timeline || name == question.Creators) {
		return refuse("ask-value", nil, "name", name)
	}
	if q.Engine == "athena" {
		return q.askAthena(ctx, name, args)
	}
	if err := q.open(ctx); err != nil {
		return err
	}
	a, err := q.stored(ctx, name, args)
	if err != nil {
		return err
	}
	if q.Limit > 0 && len(a.Rows) > q.Limit {
		a.Rows = a.Rows[:q.Limit]
	}
	if err := q.tell(a); err != nil {
		return err
	}
	return q.end(name, len(a.Rows), nil)
}

// stored answers from the store.
func (q *Inquiry) stored(ctx context.Context, name string, args question.Args) (report.Answer, error) {
	a := report.Answer{Question: name, Engine: "store"}
	add := func(cells ...string) { a.Rows = append(a.Rows, cells) }
	switch name {
	case question.Timeline:
		a.Columns = []string{"time", "event_id", "source", "name", "region", "principal", "address", "agent", "error"}
		for _, c := range q.store.Timeline(args.Value, args.From, args.To) {
			add(at(c.Time), c.ID, c.Source, c.Name, c.Region, c.Principal, c.Address, c.Agent, c.Error)
		}
	case question.Uses:
		a.Columns = []string{"principal", "source", "name", "region", "calls", "failures", "first_time", "last_time"}
		for _, u := range q.store.Uses() {
			add(u.Principal, u.Source, u.Name, u.Region, count(u.Count), count(u.Failed), at(u.First), at(u.Last))
		}
	case question.Creators:
		a.Columns = []string{"time", "event_id", "source", "name", "principal", "credential", "address"}
		all, err := q.store.Creators(ctx, args.Value, q.files())
		if err != nil {
			return a, err
		}
		for _, c := range all {
			add(at(c.Time), c.ID, c.Source, c.Name, c.Principal, c.Credential, c.Address)
		}
	case question.News:
		a.Columns = []string{"principal", "what", "value", "first_time"}
		for _, f := range q.store.News(args.Since) {
			add(f.Principal, f.What, f.Value, at(f.First))
		}
	case question.Hours:
		a.Columns = []string{"hour", "events", "failures"}
		for _, h := range q.store.Hours() {
			add(at(h.Hour), count(h.Events), count(h.Failed))
		}
	default:
		return a, refuse("no-such-question", nil, "name", name, "all", strings.Join(question.All()[:5], ", "))
	}
	return a, nil
}

func at(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func count(n uint64) string { return strconv.FormatUint(n, 10) }

// askAthena asks where the logs lie. The text is told before it is run, with
// what it may cost where that can be known.
func (q *Inquiry) askAthena(ctx context.Context, name string, args question.Args) error {
	if q.Athena.Table == "" {
		return refuse("athena-table", nil)
	}
	q.began = q.now()
	table := question.Table{Name: q.Athena.Table, Dialect: question.Raw}
	if q.Athena.Export {
		table.Dialect = question.Parquet
	}
	query, err := table.Ask(name, args)
	if err != nil {
		return refuse("no-such-question", err, "name", name, "all", strings.Join(question.All(), ", "))
	}
	sum := sha256.Sum256([]byte(q.Athena.Workgroup + "\x00" + query.SQL))
	kept := filepath.Join("answers", hex.EncodeToString(sum[:16])+".json")
	a := report.Answer{Question: name, Engine: "athena", Columns: query.Columns, SQL: query.SQL}
	if err := q.load(kept, &a); err != nil {
		return err
	}
	if a.Cached = a.Rows != nil; !a.Cached {
		if err := q.estimate(ctx, query); err != nil || q.Athena.DryRun {
			return err
		}
		if err := q.runAthena(ctx, query, &a); err != nil {
			return err
		}
		if err := durable.MkdirAll(filepath.Join(q.Case.Trail(), "answers")); err != nil {
			return err
		}
		if err := q.save(kept, a); err != nil {
			return err
		}
	}
	if err := q.tell(a); err != nil {
		return err
	}
	return q.tell(report.Inquiry{Question: name, Matched: len(a.Rows), ElapsedMS: q.now().Sub(q.began).Milliseconds()})
}

// estimate tells what a question will read and cost, and its text.
func (q *Inquiry) estimate(ctx context.Context, query question.Query) error {
	var sizes []athena.Size
	if q.Athena.Bucket != "" {
		name, prefix, err := source.ParseS3(q.Athena.Bucket)
		if err != nil {
			return err
		}
		b, err := q.s3(ctx, name, prefix)
		if err != nil {
			return err
		}
		list, err := b.List(ctx, source.Only{From: q.From, To: q.To})
		if err != nil {
			return err
		}
		sizes = []athena.Size{}
		for _, f := range list.Files {
			account, region := source.PlaceOf(f.Name)
			sizes = append(sizes, athena.Size{Account: account, Region: region, Day: f.At, Bytes: f.Size})
		}
	}
	e := athena.Estimated(query, sizes, athenaPrice)
	return q.tell(report.Estimate{
		Question: query.Question, SQL: query.SQL, Known: e.Known, AtMost: e.AtMost, Bytes: e.Bytes, Partitions: e.Partitions,
		Cost: e.Cost, Currency: e.Price.Currency, PriceAsOf: e.Price.AsOf,
	})
}

func (q *Inquiry) runAthena(ctx context.Context, query question.Query, a *report.Answer) error {
	s, err := q.signIn(ctx)
	if err != nil {
		return fmt.Errorf("cannot ask Athena: %w", err)
	}
	e := athena.Engine{
		API: awsathena.NewFromConfig(s.Account.Read("", athena.Needs)), Workgroup: q.Athena.Workgroup, Output: q.Athena.Output, Wait: s.wait,
	}
	got, err := e.Run(ctx, query)
	if err != nil {
		return err
	}
	a.Scanned = got.Scanned
	a.Rows = append([][]string{}, got.Rows.Values...)
	return nil
}
