package duckdb

import (
	"database/sql"
	"fmt"
	"reflect"
	"testing"
	"time"

	"cordon/internal/trail"
	"cordon/internal/trail/question"
)

// run gives the text to the engine as it is, and the answer as Athena would: all
// of it text.
func run(t *testing.T, db *sql.DB, q question.Query) question.Rows {
	t.Helper()
	rows, err := db.Query(q.SQL)
	if err != nil {
		t.Fatalf("%s, %s: %v\n%s", q.Dialect, q.Question, err, q.SQL)
	}
	defer rows.Close()
	out := question.Rows{}
	if out.Columns, err = rows.Columns(); err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(out.Columns)), make([]any, len(out.Columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(values))
		for i, v := range values {
			switch v := v.(type) {
			case nil:
			case time.Time:
				line[i] = v.UTC().Format("2006-01-02 15:04:05.000")
			default:
				line[i] = fmt.Sprint(v)
			}
		}
		out.Values = append(out.Values, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s, %s: %v", q.Dialect, q.Question, err)
	}
	return out
}

// same compares two answers and tells where they part.
func same[T any](t *testing.T, what string, engine []T, err error, store []T) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	for i := range min(len(engine), len(store)) {
		if !reflect.DeepEqual(engine[i], store[i]) {
			t.Errorf("%s: row %d of %d is\n%+v and not\n%+v", what, i, len(engine), engine[i], store[i])
			return
		}
	}
	if len(engine) != len(store) {
		t.Errorf("%s: %d rows and not %d", what, len(engine), len(store))
		return
	}
	t.Logf("%s: %d rows, identical", what, len(store))
}

// The five standing questions, in the text that Athena and Trino get, verbatim:
// over the export and over CloudTrail's own files. The answers are the store's.
func TestAnswersAreTheStores(t *testing.T) {
	for name := range worlds {
		t.Run(name, func(t *testing.T) {
			w := worldOf(t, name)
			db := open(t, w)
			must(t, db, rawTable(w.logs))
			for _, table := range []question.Table{{Dialect: question.Parquet, Name: "events"}, {Dialect: question.Raw, Name: "logs"}} {
				ask := func(name string, a question.Args) question.Rows {
					t.Helper()
					q, err := table.Ask(name, a)
					if err != nil {
						t.Fatal(err)
					}
					return run(t, db, q)
				}
				of := func(name string) string { return string(table.Dialect) + " " + name }

				from, to := w.since, w.since.Add(30*time.Hour)
				n := 0
				for _, key := range w.keys {
					calls, err := question.Calls(ask(question.Timeline, question.Args{Value: key}))
					same(t, of("timeline of "+key), calls, err, w.store.Timeline(key, time.Time{}, time.Time{}))
					n += len(calls)
					calls, err = question.Calls(ask(question.Timeline, question.Args{Value: key, From: from, To: to}))
					same(t, of("timeline of a while of "+key), calls, err, w.store.Timeline(key, from, to))
				}

				uses, err := question.UsesOf(ask(question.Uses, question.Args{}))
				same(t, of("uses"), uses, err, w.store.Uses())

				created := 0
				for _, resource := range w.resources {
					found, err := w.store.Creators(t.Context(), resource, w.files())
					if err != nil {
						t.Fatal(err)
					}
					creators, err := question.CreatorsOf(ask(question.Creators, question.Args{Value: resource}))
					same(t, of("creators of "+resource), creators, err, found)
					created += len(found)
				}
				if n == 0 || created == 0 {
					t.Errorf("of %d keys %d calls, of %d resources %d creators: too little was compared", len(w.keys), n, len(w.resources), created)
				}

				news, err := question.NewsOf(ask(question.News, question.Args{Since: w.since}))
				same(t, of("news"), news, err, w.store.News(w.since))

				hours, err := question.HoursOf(ask(question.Hours, question.Args{}))
				same(t, of("hours"), hours, err, w.store.Hours())

				while := trail.Filter{From: from, To: to}
				uses, err = question.UsesOf(ask(question.Uses, question.Args{From: from, To: to}))
				same(t, of("uses of a while"), uses, err, w.store.UsesOf(while))
				hours, err = question.HoursOf(ask(question.Hours, question.Args{From: from, To: to}))
				same(t, of("hours of a while"), hours, err, w.store.HoursOf(while))
				news, err = question.NewsOf(ask(question.News, question.Args{Since: from.Add(12 * time.Hour), From: from, To: to}))
				same(t, of("news of a while"), news, err, w.store.NewsOf(while, from.Add(12*time.Hour)))
				for _, key := range w.keys {
					impact, err := question.UsesOf(ask(question.Impact, question.Args{Value: key, From: from, To: to}))
					same(t, of("impact of a while of "+key), impact, err, w.store.UsesOf(trail.Filter{Credentials: []string{key}, Writes: true, From: from, To: to}))
				}
			}
		})
	}
}

// The questions that the store answers by a filter.
func TestOtherQuestions(t *testing.T) {
	w := worldOf(t, "odd")
	db := open(t, w)
	must(t, db, rawTable(w.logs))
	for _, table := range []question.Table{{Dialect: question.Parquet, Name: "events"}, {Dialect: question.Raw, Name: "logs"}} {
		ask := func(name, value string) question.Rows {
			t.Helper()
			q, err := table.Ask(name, question.Args{Value: value})
			if err != nil {
				t.Fatal(err)
			}
			return run(t, db, q)
		}
		filtered := func(f trail.Filter) (calls []trail.Call) {
			t.Helper()
			rows, err := w.store.Rows(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				c, err := w.store.Call(r)
				if err != nil {
					t.Fatal(err)
				}
				calls = append(calls, c)
			}
			return calls
		}
		eve := "arn:aws:iam::111122223333:user/eve"
		calls, err := question.Calls(ask(question.ByPrincipal, eve))
		same(t, "principal", calls, err, filtered(trail.Filter{Principals: []string{eve}}))
		calls, err = question.Calls(ask(question.ByAddress, "075.050.255.67"))
		same(t, "address", calls, err, filtered(trail.Filter{Addresses: []string{"075.050.255.67"}}))
		var signIns []trail.Use
		for _, u := range w.store.Uses() {
			if u.Source == "signin.amazonaws.com" {
				signIns = append(signIns, u)
			}
		}
		uses, err := question.UsesOf(ask(question.Callers, "signin.amazonaws.com"))
		same(t, "callers", uses, err, signIns)
		issued, err := question.Credentials(ask(question.Issued, "AKIAEXAMPLE"))
		if err != nil || len(issued) != 1 || issued[0].Issued != "ASIAEXAMPLE2" || issued[0].ARN != "arn:aws:sts::111122223333:assumed-role/Admin/eve" {
			t.Errorf("issued %+v: %v", issued, err)
		}
		uses, err = question.UsesOf(ask(question.Impact, "ASIAEXAMPLE"))
		if err != nil || len(uses) != 1 || uses[0].Count != 1 {
			t.Errorf("impact %+v: %v", uses, err)
		}
	}
}
