package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"cordon/internal/event"
	"cordon/internal/trail"
	"cordon/internal/trail/corpus"
	"cordon/internal/trail/parquet"
	"cordon/internal/trail/question"
	"cordon/internal/trail/source"
)

// Worlds are built once for all tests.
var (
	root   string
	worlds = map[string]func(*testing.T, string) *world{"generated": generated, "recorded": recorded, "odd": odd}
	built  = map[string]*world{}
)

func TestMain(m *testing.M) { os.Exit(tests(m)) }

func tests(m *testing.M) int {
	var err error
	if root, err = os.MkdirTemp("", "cordon-duckdb-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(root)
	return m.Run()
}

func worldOf(t *testing.T, name string) *world {
	t.Helper()
	if built[name] == nil {
		dir := filepath.Join(root, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		w := worlds[name](t, dir)
		t.Logf("%s: %d events, imported and exported twice in %v", name, w.receipt.Events, time.Since(begin))
		built[name] = w
	}
	return built[name]
}

// A world is one set of events: in the store, as exported files, and as the
// files they came in.
type world struct {
	logs      string // the folder that was imported
	store     *trail.Store
	events    string // of the athena layout
	ext       string // of the ocsf layout
	receipt   parquet.Receipt
	keys      []string // whose timelines are asked for
	resources []string // whose creators are
	since     time.Time
}

func (w *world) files() trail.Files { return source.Disk{} }

// build imports a folder, and exports what the store then has.
func build(t *testing.T, dir, logs string) *world {
	t.Helper()
	w := &world{logs: logs}
	files, _, err := source.Local([]string{logs}, source.Only{})
	if err != nil {
		t.Fatal(err)
	}
	if w.store, err = trail.Open(filepath.Join(dir, "trail")); err != nil {
		t.Fatal(err)
	}
	got, err := w.store.Import(t.Context(), files, w.files(), trail.Options{})
	if err != nil || got.Events == 0 || len(got.Damaged) > 0 {
		t.Fatalf("imported %+v: %v", got, err)
	}
	w.receipt = w.export(t, dir, parquet.Athena)
	w.events, w.ext = filepath.Join(dir, "events"), filepath.Join(dir, "ext")
	if r := w.export(t, dir, parquet.OCSF("cordon")); r.Events != w.receipt.Events || r.Events != int64(got.Events) {
		t.Fatalf("imported %d events, exported %d and %d", got.Events, w.receipt.Events, r.Events)
	}
	return w
}

// export is as `cordon trail export` does it. Small files: more of them are
// read together.
func (w *world) export(t *testing.T, dir string, layout parquet.Layout) parquet.Receipt {
	t.Helper()
	out, err := parquet.NewWriter(dir, layout, parquet.Options{Memory: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range w.store.Each(context.Background(), w.files(), time.Time{}, time.Time{}) {
		if err == nil {
			err = out.AddRaw(r.Raw)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	receipt, err := out.Close()
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// generated is our own corpus: an intruder's key among many accounts' traffic.
// CORDON_SQL_EVENTS=1500000 makes it as large as the one that is measured.
func generated(t *testing.T, dir string) *world {
	t.Helper()
	events := 20000
	if n, err := strconv.Atoi(os.Getenv("CORDON_SQL_EVENTS")); err == nil {
		events = n
	}
	c, err := corpus.Make(dir, corpus.Scaled(events), 2)
	if err != nil {
		t.Fatal(err)
	}
	w := build(t, dir, filepath.Join(dir, "AWSLogs"))
	w.since = c.Truth.First
	return w.ask(t, []string{c.Truth.Key}, []string{c.Truth.Instance})
}

// recorded are real events, with an intrusion composed of them.
func recorded(t *testing.T, dir string) *world {
	t.Helper()
	logs := "../../../shared/data/cloudtrail/scenarios/remix/scenario-03/AWSLogs"
	if _, err := os.Stat(logs); err != nil {
		t.Skipf("the recorded events are not here: %v", err)
	}
	w := build(t, dir, logs)
	hours := w.store.Hours()
	w.since = hours[len(hours)/2].Hour
	return w.ask(t, nil, nil)
}

// ask adds to what is asked for: some of the credentials, and of what responses
// name.
func (w *world) ask(t *testing.T, keys, resources []string) *world {
	t.Helper()
	for i, c := range w.store.Credentials() {
		if i < 15 && c.Name != "" && !slices.Contains(keys, c.Name) {
			keys = append(keys, c.Name)
		}
	}
	for r, err := range w.store.Each(context.Background(), w.files(), time.Time{}, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		e, err := event.Parse(r.Raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names.FindAllSubmatch(e.Response, -1) {
			if !slices.Contains(resources, string(name[1])) {
				resources = append(resources, string(name[1]))
			}
		}
		if len(resources) >= 40 {
			break
		}
	}
	w.keys, w.resources = keys, append(resources, "no-such-resource")
	return w
}

// names finds values of a response, of which many name a resource.
var names = regexp.MustCompile(`"[A-Za-z]*(?:Id|Name|Arn|arn|user|status)":"([^"\\]{3,200})"`)

// odd are the records that a rule is easily wrong about.
func odd(t *testing.T, dir string) *world {
	t.Helper()
	logs := filepath.Join(dir, "AWSLogs", "111122223333", "CloudTrail", "eu-west-1", "2026", "10", "13")
	if err := os.MkdirAll(logs, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, records := range map[string][]string{
		"0000Z_aaaaaaaaaaaaaaaa": oddRecords,
		"0005Z_bbbbbbbbbbbbbbbb": {oddRecords[0], oddRecords[3], oddRecord(18, 23, "")}, // two again, and one that is new
	} {
		text := `{"Records":[` + strings.Join(records, ",") + `]}`
		if err := os.WriteFile(filepath.Join(logs, "111122223333_CloudTrail_eu-west-1_20261013T"+name+".json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w := build(t, dir, filepath.Join(dir, "AWSLogs"))
	w.since = time.Date(2026, 10, 13, 6, 0, 7, 0, time.UTC) // the first call of root
	return w.ask(t, []string{"AKIAEXAMPLE"}, []string{"i-0abc", "i-0abcdef", "abc", "Admin", "ASIAEXAMPLE2"})
}

// oddRecord is a usual record with some members replaced.
func oddRecord(n, hour int, members string) string {
	of := map[string]any{}
	for _, text := range []string{`{"eventVersion":"1.08","eventSource":"ec2.amazonaws.com","eventName":"RunInstances","awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.1","userAgent":"it's","recipientAccountId":"111122223333","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/eve","accessKeyId":"AKIAEXAMPLE"}}`, "{" + members + "}"} {
		var more map[string]any
		if err := json.Unmarshal([]byte(text), &more); err != nil {
			panic(err)
		}
		maps.Copy(of, more)
	}
	of["eventID"], of["eventTime"] = fmt.Sprintf("%08x-0000-4000-8000-000000000000", n), fmt.Sprintf("2026-10-13T%02d:00:0%dZ", hour, n%10)
	out, err := json.Marshal(of)
	if err != nil {
		panic(err)
	}
	return string(out)
}

var oddRecords = []string{
	oddRecord(1, 0, `"readOnly":false,"responseElements":{"instancesSet":{"items":[{"instanceId":"i-0abc"}]}}`),
	oddRecord(2, 1, `"readOnly":false,"responseElements":{"instanceId":"i-0abcdef"}`),
	oddRecord(3, 2, `"responseElements":{"arn":"arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc"}`),
	oddRecord(4, 3, `"readOnly":true,"responseElements":{"instanceId":"i-0abc"}`),
	oddRecord(5, 4, `"readOnly":false,"errorCode":"AccessDenied","errorMessage":"no","responseElements":{"instanceId":"i-0abc"}`),
	oddRecord(6, 5, `"readOnly":false,"errorMessage":"only a message","responseElements":{"instanceId":"i-0abc"}`),
	oddRecord(7, 6, `"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Failure"},"userIdentity":{"type":"Root","arn":"arn:aws:iam::111122223333:root"}`),
	oddRecord(8, 7, `"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Success"}`),
	oddRecord(9, 8, `"userIdentity":{"type":"AWSService","invokedBy":"autoscaling.amazonaws.com"},"awsRegion":"us-east-1"`),
	oddRecord(10, 9, `"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/Admin/eve","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/Admin"}}}`),
	oddRecord(11, 9, `"userIdentity":{"type":"IdentityCenterUser","credentialId":"AKIAEXAMPLE"}`),
	oddRecord(12, 9, `"userIdentity":null,"sourceIPAddress":null,"userAgent":""`),
	oddRecord(13, 9, `"userIdentity":{},"awsRegion":"ap-south-1","sourceIPAddress":"075.050.255.67"`),
	oddRecord(14, 9, `"readOnly":"false","responseElements":{"x":"i-0abc","list":["a","b"]}`),
	oddRecord(15, 9, `"readOnly":false,"responseElements":{"i-0abc":"a key","url":"https://example/i-0abc"}`),
	oddRecord(16, 10, `"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","readOnly":true,"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLE2","sessionToken":"EXAMPLE"},"assumedRoleUser":{"arn":"arn:aws:sts::111122223333:assumed-role/Admin/eve"}}`),
	oddRecord(17, 11, `"eventSource":"s3.amazonaws.com","eventName":"Ünïcode 'quoted'"`),
	oddRecord(19, 12, `"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"FAILURE"}`),
	strings.Replace(oddRecord(20, 13, ""), "00000014-0000-4000-8000-000000000000", "EXAMPLE", 1), // an id that is no UUID,
	strings.Replace(oddRecord(21, 14, ""), "00000015-0000-4000-8000-000000000000", "EXAMPLE", 1), // in two records
}

// open is DuckDB with the view that a table over the export would be, and the
// prelude; nothing else of it is ours.
func open(t *testing.T, w *world) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // settings are of a connection
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, text := range append(question.Prelude, glueView(w.events)) {
		must(t, db, text)
	}
	return db
}

func must(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	if _, err := db.Exec(text); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// glueView gives the columns the types that ParquetDDL gives them in Athena:
// there a timestamp has no zone.
func glueView(dir string) string {
	var columns []string
	for _, c := range question.ExportColumns {
		column := `"` + c[0] + `"`
		if c[1] == "timestamp" {
			column = "CAST(" + column + " AS TIMESTAMP) AS " + column
		}
		columns = append(columns, column)
	}
	return "CREATE VIEW events AS SELECT " + strings.Join(columns, ", ") + ", CAST(acct AS VARCHAR) AS acct, CAST(dt AS VARCHAR) AS dt FROM read_parquet('" +
		filepath.Join(dir, "**", "*.parquet") + "', hive_partitioning = true, hive_types_autocast = false)"
}
