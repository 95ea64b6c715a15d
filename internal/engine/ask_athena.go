package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	awsathena "github.com/aws/aws-sdk-go-v2/service/athena"

	"cordon/internal/athena"
	"cordon/internal/durable"
	"cordon/internal/report"
	"cordon/internal/trail"
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
	Pay    bool // ask although nobody knows what it will cost
}

func (a Athena) table() question.Table {
	t := question.Table{Name: a.Table, Dialect: question.Raw}
	if a.Export {
		t.Dialect = question.Parquet
	}
	return t
}

// athenaPrice is what AWS asked for reading a terabyte in most regions when this
// was written. It changes; the estimate says its day.
var athenaPrice = athena.Price{PerTB: 5, Currency: "USD", AsOf: time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC)}

// delivery is how long after a call its record may still be on its way: an
// answer about a time that ended later may grow.
const delivery = time.Hour

// askAthena asks where the logs lie. The text is told before it is run, with
// what it may cost; where that is not known it is not run without consent.
func (q *Inquiry) askAthena(ctx context.Context, name string, args question.Args) error {
	if q.Athena.Table == "" {
		return refuse("athena-table", nil)
	}
	q.began = q.now()
	query, err := q.Athena.table().Ask(name, args)
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(q.Athena.Workgroup + "\x00" + query.SQL))
	kept := filepath.Join("answers", hex.EncodeToString(sum[:16])+".json")
	var a report.Answer
	if err := q.load(kept, &a); err != nil {
		return err
	}
	if a.Cached = settled(args, a.AsOf); !a.Cached {
		known, err := q.estimate(ctx, query)
		if err != nil || q.Athena.DryRun {
			return err
		}
		if !known && !q.Athena.Pay {
			return refuse("athena-cost", nil)
		}
		a = report.Answer{Question: name, Engine: "athena", Columns: query.Columns, SQL: query.SQL, AsOf: q.now()}
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
	a.Shown = q.Limit
	if err := q.tell(a); err != nil {
		return err
	}
	gaps := []report.RecordGap{{Why: "table-alone"}}
	if !settled(args, a.AsOf) {
		gaps = append(gaps, report.RecordGap{Why: "late"})
	}
	return q.tell(report.Inquiry{Question: name, Matched: len(a.Rows), Gaps: gaps, ElapsedMS: q.now().Sub(q.began).Milliseconds()})
}

// settled says whether an answer has all that it will ever have: the time that it
// is about had ended, and was delivered, when it was asked.
func settled(args question.Args, asked time.Time) bool {
	return !args.To.IsZero() && args.To.Before(asked.Add(-delivery))
}

// estimate tells what a question will read and cost, and its text. It answers
// whether that is known.
func (q *Inquiry) estimate(ctx context.Context, query question.Query) (known bool, err error) {
	sizes, err := q.sizes(ctx)
	if err != nil {
		return false, err
	}
	e := athena.Estimated(query, sizes, athenaPrice)
	return e.Known, q.tell(report.Estimate{
		Question: query.Question, SQL: query.SQL, Known: e.Known, AtMost: e.AtMost, Bytes: e.Bytes, Partitions: e.Partitions,
		Cost: e.Cost, Currency: e.Price.Currency, PriceAsOf: e.Price.AsOf,
	})
}

// sizes are those of the table's files; nil where no bucket is named, or none
// of its files is one that the table could be over: nothing is no estimate.
func (q *Inquiry) sizes(ctx context.Context) (sizes []athena.Size, err error) {
	if q.Athena.Bucket == "" {
		return nil, nil
	}
	name, prefix, err := source.ParseS3(q.Athena.Bucket)
	if err != nil {
		return nil, err
	}
	b, err := q.s3(ctx, name, prefix)
	if err != nil {
		return nil, err
	}
	if q.Athena.Export {
		parts, err := b.Exported(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			sizes = append(sizes, athena.Size{Account: p.Account, Day: p.Day, Bytes: p.Size})
		}
		return sizes, nil
	}
	only := source.Only{From: q.From, To: q.To}
	if !only.From.IsZero() { // whole days are read, and one more at each end
		only.From = only.From.AddDate(0, 0, -1)
	}
	if !only.To.IsZero() {
		only.To = only.To.AddDate(0, 0, 1)
	}
	list, err := b.List(ctx, only)
	if err != nil {
		return nil, err
	}
	for _, f := range list.Files {
		account, region := source.PlaceOf(f.Name)
		if account == "" || region == "" || f.At.IsZero() {
			continue // in no partition
		}
		sizes = append(sizes, athena.Size{Account: account, Region: region, Day: f.At, Bytes: f.Size})
	}
	return sizes, nil
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
	for i, column := range a.Columns {
		if column != "time" && column != "hour" && !strings.HasSuffix(column, "_time") {
			continue
		}
		for _, row := range a.Rows {
			if t, err := question.Time(row[i]); err == nil { // as the store writes it
				row[i] = at(t)
			}
		}
	}
	return nil
}

// Table tells the statement that makes the table in Athena, which nobody is
// asked to run. What of the place is not given is that of the case's record.
func (q *Inquiry) Table(_ context.Context, p question.Place) error {
	if q.Athena.Table == "" {
		return refuse("athena-table", nil)
	}
	s, err := q.events()
	if err != nil {
		return err
	}
	st, err := s.Status()
	if err != nil {
		return err
	}
	p.URL = q.Athena.Bucket
	if len(p.Accounts) == 0 {
		p.Accounts = names(st.Accounts)
	}
	if len(p.Regions) == 0 {
		p.Regions = names(st.Regions)
	}
	if p.Since.IsZero() {
		p.Since = st.First
	}
	t := q.Athena.table()
	ddl, err := t.DDL(p)
	if err != nil {
		return refuse("athena-place", err)
	}
	m := report.AthenaTable{Table: t.Name, Over: string(t.Dialect), DDL: ddl, Accounts: p.Accounts, Since: p.Since.UTC().Truncate(24 * time.Hour)}
	if t.Dialect == question.Raw {
		m.Regions = p.Regions
	}
	return q.tell(m)
}

// names are those that a folder may have.
func names(all []trail.Seen) (out []string) {
	for _, s := range all {
		if s.Name != "" {
			out = append(out, s.Name)
		}
	}
	return out
}
