package trino

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"cordon/internal/trail/question"
)

type statement struct {
	Name    string `json:"name"`
	Grammar string `json:"grammar"`
	SQL     string `json:"sql"`
}

type verdict struct {
	Name   string
	Errors []struct {
		Line, Column int
		Message      string
	}
}

// parse runs the statements through the parser.
func parse(t *testing.T, statements []statement) []verdict {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		lack(t, "there is no Node here")
	}
	if _, err := os.Stat("node_modules/dt-sql-parser"); err != nil {
		lack(t, "dt-sql-parser is not installed: scripts/test-sql.sh does it")
	}
	in, err := json.Marshal(statements)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "check.mjs")
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			t.Fatalf("cannot run the parser: %v\n%s", err, failed.Stderr)
		}
		t.Fatal(err)
	}
	var verdicts []verdict
	if err := json.Unmarshal(out, &verdicts); err != nil {
		t.Fatal(err)
	}
	if len(verdicts) != len(statements) {
		t.Fatalf("%d verdicts of %d statements", len(verdicts), len(statements))
	}
	return verdicts
}

func lack(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CORDON_REQUIRE_SQL") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// texts are every question and every table, in the widest form: each partition
// named, a value that has to be quoted.
func texts(t *testing.T) (statements []statement) {
	t.Helper()
	from := time.Date(2026, 10, 13, 5, 0, 0, 0, time.UTC)
	place := question.Place{
		URL: "s3://logs-example/x", Organisation: "o-example", Accounts: []string{"111122223333"}, Regions: []string{"eu-west-1", "us-east-1"}, Since: from,
	}
	for _, dialect := range []question.Dialect{question.Raw, question.Parquet} {
		table := question.Table{Dialect: dialect, Name: "audit.events", Accounts: place.Accounts, Regions: place.Regions}
		ddl, err := table.DDL(place)
		if err != nil {
			t.Fatal(err)
		}
		statements = append(statements, statement{string(dialect) + " table", "hive", ddl})
		for _, name := range question.All() {
			args := question.Args{Value: "o'brien; --", From: from, To: from.AddDate(0, 0, 3)}
			if name == question.News {
				args.Since = from.AddDate(0, 0, 1)
			}
			q, err := table.Ask(name, args)
			if err != nil { // it takes no value
				args.Value = ""
				if q, err = table.Ask(name, args); err != nil {
					t.Fatal(err)
				}
			}
			statements = append(statements, statement{string(dialect) + " " + name, "trino", q.SQL})
		}
	}
	return statements
}

// broken are texts that a grammar must reject, with what is wrong in them.
func broken(t *testing.T) (statements []statement, wrong []string) {
	t.Helper()
	q, err := question.Table{Dialect: question.Parquet, Name: "events"}.Ask(question.Hours, question.Args{})
	if err != nil {
		t.Fatal(err)
	}
	return []statement{
		{"a misspelt word", "trino", strings.Replace(q.SQL, "GROUP BY", "GROUP BUY", 1)},
		{"an open bracket", "hive", "CREATE EXTERNAL TABLE x (a string, PARTITIONED BY (b string)"},
	}, []string{"BUY", "BY ("}
}

func TestTexts(t *testing.T) {
	good := texts(t)
	bad, wrong := broken(t)
	verdicts := parse(t, append(good, bad...)) // at once: the parser is slow to start
	for i, s := range good {
		for _, e := range verdicts[i].Errors {
			t.Errorf("%s: line %d, column %d: %s\n%s", s.Name, e.Line, e.Column, e.Message, s.SQL)
		}
	}
	for i, s := range bad {
		errors := verdicts[len(good)+i].Errors
		at := strings.Index(s.SQL, wrong[i])
		line, column := strings.Count(s.SQL[:at], "\n")+1, at-strings.LastIndex(s.SQL[:at], "\n")
		if len(errors) == 0 || errors[0].Line != line || errors[0].Column != column {
			t.Errorf("%s is not rejected at line %d, column %d: %+v", s.Name, line, column, errors)
		}
	}
	t.Logf("%d statements parse, %d broken ones are rejected where they are", len(good), len(bad))
}
