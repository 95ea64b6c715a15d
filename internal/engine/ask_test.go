package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/report"
	"cordon/internal/trail/question"
)

// The record that questions are asked of: at six a key is used, at seven it
// makes a user and gets a session, at eight it is refused.
var (
	askedDay = time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	askedKey = "AKIAEXAMPLEASKED0001"
	askedARN = "arn:aws:iam::347283850106:user/ada"
)

func askedRecord(n, hour int, source, name, more string) string {
	return fmt.Sprintf(`{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":%q,"accountId":"347283850106","accessKeyId":%q,"userName":"ada"},`+
		`"eventTime":%q,"eventSource":"%s.amazonaws.com","eventName":%q,"awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2.15",`+
		`"eventID":"%08d-1111-4222-8333-000000000000","eventType":"AwsApiCall","recipientAccountId":"347283850106"%s}`,
		askedARN, askedKey, askedDay.Add(time.Duration(hour)*time.Hour).Format(time.RFC3339), source, name, n, more)
}

var askedRecords = []string{
	askedRecord(1, 6, "ec2", "DescribeInstances", `,"readOnly":true`),
	askedRecord(2, 7, "iam", "CreateUser", `,"readOnly":false,"requestParameters":{"userName":"backup-7"},"responseElements":{"user":{"userName":"backup-7","arn":"arn:aws:iam::347283850106:user/backup-7"}}`),
	askedRecord(3, 7, "sts", "AssumeRole", `,"readOnly":true,"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLEASKED0002"},"assumedRoleUser":{"arn":"arn:aws:sts::347283850106:assumed-role/ops/x"}}`),
	askedRecord(4, 8, "iam", "DeleteUser", `,"readOnly":false,"errorCode":"AccessDenied"`),
}

// askedOf is an archive with those records in one file for each.
func askedOf(t *testing.T) (a *Archive, h *heard, files []string) {
	t.Helper()
	a, h = offline(t)
	a.Now = func() time.Time { return askedDay.Add(9 * time.Hour) }
	dir := t.TempDir()
	for i, r := range askedRecords {
		files = append(files, filepath.Join(dir, fmt.Sprintf("%d.jsonl", i)))
		write(t, files[i], []byte(r+"\n"))
	}
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{dir}}); err != nil {
		t.Fatal(err)
	}
	h.all = nil
	return a, h, files
}

// values are what each question is asked about here.
var askedValues = map[string]string{
	question.Timeline: askedKey, question.Creators: "backup-7", question.News: "2026-03-10", question.ByPrincipal: askedARN,
	question.ByAddress: "198.51.100.7", question.Callers: "iam.amazonaws.com", question.Issued: askedKey, question.Impact: askedKey,
}

// TestTheStoreAnswersEveryQuestion: of all time and of a part of it, with what
// the record cannot tell.
func TestTheStoreAnswersEveryQuestion(t *testing.T) {
	want := map[string][2]int{ // rows of all time, and from half past six to half past seven
		question.Timeline: {4, 2}, question.Uses: {4, 2}, question.Creators: {1, 1}, question.News: {4, 2}, question.Hours: {3, 1},
		question.ByPrincipal: {4, 2}, question.ByAddress: {4, 2}, question.Callers: {2, 1}, question.Issued: {1, 1}, question.Impact: {2, 1},
	}
	a, h, _ := askedOf(t)
	for _, name := range question.All() {
		for i, q := range []*Inquiry{{Archive: a}, {Archive: a, From: askedDay.Add(390 * time.Minute), To: askedDay.Add(450 * time.Minute)}} {
			h.all = nil
			value := askedValues[name]
			if name == question.News && i == 1 { // new is what came after From; by seven two things had
				q.From, q.To = askedDay.AddDate(0, 0, -1), askedDay.Add(7*time.Hour)
			}
			if err := q.Ask(t.Context(), name, value); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			got, end := of[report.Answer](h), of[report.Inquiry](h)
			if len(got) != 1 || len(end) != 1 {
				t.Fatalf("%s: %d answers, %d ends", name, len(got), len(end))
			}
			if len(got[0].Rows) != want[name][i] || end[0].Matched != want[name][i] || !slices.Equal(got[0].Columns, question.Columns(name)) {
				t.Errorf("%s %d: %d rows, %d told, not %d; columns %v: %v", name, i, len(got[0].Rows), end[0].Matched, want[name][i], got[0].Columns, got[0].Rows)
			}
			if !gapped(end[0], "no-data-events") || !gapped(end[0], "no-region") {
				t.Errorf("%s: an answer without what the record cannot tell: %+v", name, end[0].Gaps)
			}
		}
	}
}

func gapped(m report.Inquiry, why string) bool {
	return slices.ContainsFunc(m.Gaps, func(g report.RecordGap) bool { return g.Why == why })
}

// TestAWindowLeavesOut: what was outside of the time is in no number.
func TestAWindowLeavesOut(t *testing.T) {
	a, h, _ := askedOf(t)
	q := &Inquiry{Archive: a, From: askedDay.Add(8 * time.Hour)}
	for name, want := range map[string][]string{
		question.Uses:    {askedARN, "iam.amazonaws.com", "DeleteUser", "eu-west-1", "1", "1", "2026-03-10T08:00:00Z", "2026-03-10T08:00:00Z"},
		question.Hours:   {"2026-03-10T08:00:00Z", "1", "1"},
		question.Callers: {askedARN, "iam.amazonaws.com", "DeleteUser", "eu-west-1", "1", "1", "2026-03-10T08:00:00Z", "2026-03-10T08:00:00Z"},
	} {
		h.all = nil
		if err := q.Ask(t.Context(), name, map[string]string{question.Callers: "iam.amazonaws.com"}[name]); err != nil {
			t.Fatal(err)
		}
		if got := of[report.Answer](h)[0].Rows; len(got) != 1 || !slices.Equal(got[0], want) {
			t.Errorf("%s: %v", name, got)
		}
	}
	h.all = nil
	if err := q.Ask(t.Context(), question.Creators, "backup-7"); err != nil {
		t.Fatal(err)
	}
	if got := of[report.Answer](h)[0].Rows; len(got) != 0 {
		t.Errorf("creators before the time: %v", got)
	}
}

// TestALimitIsOfTheScreen: every row is told, however few a screen shows.
func TestALimitIsOfTheScreen(t *testing.T) {
	a, h, _ := askedOf(t)
	q := &Inquiry{Archive: a, Limit: 1}
	if err := q.Ask(t.Context(), question.Timeline, askedKey); err != nil {
		t.Fatal(err)
	}
	if got := of[report.Answer](h)[0]; len(got.Rows) != 4 || got.Shown != 1 || of[report.Inquiry](h)[0].Matched != 4 {
		t.Errorf("%d rows, %d shown", len(got.Rows), got.Shown)
	}
}

// TestAskingWithoutASource: what is gone is a gap of the answer and not its end.
func TestAskingWithoutASource(t *testing.T) {
	for _, name := range []string{question.Creators, question.Issued} {
		a, h, files := askedOf(t)
		for _, f := range files[1:3] {
			write(t, f, []byte("{}\n"))
		}
		q := &Inquiry{Archive: a}
		if err := q.Ask(t.Context(), name, askedValues[name]); err != nil {
			t.Fatal(err)
		}
		if end := of[report.Inquiry](h)[0]; len(of[report.Answer](h)[0].Rows) != 0 || !gapped(end, "source-gone") {
			t.Errorf("%s: %+v", name, end)
		}
	}
}

// TestMisasked: what is wrong about a question is said the same way by both.
func TestMisasked(t *testing.T) {
	a, _, _ := askedOf(t)
	for _, engine := range []string{"store", "athena"} {
		for _, c := range [][3]string{
			{"weather", "", "no-such-question"}, {question.Timeline, "", "ask-value"}, {question.Uses, "x", "ask-no-value"}, {question.News, "soon", "ask-since"}, {question.News, "2026-03-01", "ask-since-from"},
		} {
			q := &Inquiry{Archive: a, Engine: engine, From: askedDay, Athena: Athena{Table: "audit.logs"}}
			var no *Refused
			if err := q.Ask(t.Context(), c[0], c[1]); !errors.As(err, &no) || no.Reason != c[2] {
				t.Errorf("%s %v: %v", engine, c, err)
			}
		}
	}
}

// fakeAthena answers every query with the columns that it is told and one row, in
// this process, as it answers who is asking and what lies in a bucket.
type fakeAthena struct {
	mu      sync.Mutex
	columns []string
	objects []string // of any bucket, each of a megabyte
	asked   []string // the SQL
}

func (f *fakeAthena) Do(req *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	w := httptest.NewRecorder()
	_, op, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	switch {
	case op != "":
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprint(w, f.answer(op, body))
	case strings.Contains(string(body), "GetCallerIdentity"):
		fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::347283850106:user/claire</Arn><UserId>AIDAEXAMPLE</UserId><Account>347283850106</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	case req.URL.Query().Has("location"):
		fmt.Fprint(w, `<LocationConstraint/>`)
	case req.URL.Query().Has("list-type"):
		fmt.Fprint(w, `<ListBucketResult><IsTruncated>false</IsTruncated>`)
		for _, key := range f.objects {
			if strings.HasPrefix(key, req.URL.Query().Get("prefix")) {
				fmt.Fprintf(w, `<Contents><Key>%s</Key><Size>1000000</Size><ETag>"e"</ETag></Contents>`, key)
			}
		}
		fmt.Fprint(w, `</ListBucketResult>`)
	default:
		w.WriteHeader(http.StatusNotImplemented)
	}
	return w.Result(), nil
}

func (f *fakeAthena) answer(op string, body []byte) string {
	switch op {
	case "StartQueryExecution":
		var in struct{ QueryString string }
		_ = json.Unmarshal(body, &in)
		f.asked = append(f.asked, in.QueryString)
		return `{"QueryExecutionId":"q-1"}`
	case "GetQueryExecution":
		return `{"QueryExecution":{"QueryExecutionId":"q-1","Status":{"State":"SUCCEEDED"},"Statistics":{"DataScannedInBytes":12}}}`
	}
	var names, cells []string
	for _, c := range f.columns {
		names = append(names, fmt.Sprintf(`{"VarCharValue":%q}`, c))
		cells = append(cells, `{"VarCharValue":"2026-03-10 07:00:00.000"}`)
	}
	return `{"ResultSet":{"Rows":[{"Data":[` + strings.Join(names, ",") + `]},{"Data":[` + strings.Join(cells, ",") + `]}]}}`
}

// athenaOf is an inquiry over a table on that Athena.
func athenaOf(t *testing.T) (*Inquiry, *heard, *fakeAthena) {
	t.Helper()
	a, h, _ := askedOf(t)
	f := &fakeAthena{}
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "example")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	account, err := awsapi.Open(t.Context(), awsapi.Options{HTTP: f})
	if err != nil {
		t.Fatal(err)
	}
	a.Session = &Session{Account: account, Case: a.Case, Out: h, Who: "test"}
	return &Inquiry{Archive: a, Engine: "athena", Athena: Athena{Table: "audit.logs", Pay: true}}, h, f
}

// TestAthenaAnswersEveryQuestion: each by its name, over both sorts of tables,
// and those that other commands ask.
func TestAthenaAnswersEveryQuestion(t *testing.T) {
	q, h, f := athenaOf(t)
	for _, export := range []bool{false, true} {
		q.Athena.Export = export
		for _, name := range question.All() {
			h.all, f.columns = nil, question.Columns(name)
			if err := q.Ask(t.Context(), name, askedValues[name]); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			got, end := of[report.Answer](h), of[report.Inquiry](h)
			if len(got) != 1 || len(got[0].Rows) != 1 || len(end) != 1 || !gapped(end[0], "table-alone") || !gapped(end[0], "late") {
				t.Errorf("%s: %+v %+v", name, got, end)
				continue
			}
			for i, column := range got[0].Columns {
				if timed := column == "time" || strings.HasSuffix(column, "_time") || column == "hour"; timed != (got[0].Rows[0][i] == "2026-03-10T07:00:00Z") {
					t.Errorf("%s: %s is %s", name, column, got[0].Rows[0][i])
				}
			}
		}
	}
	h.all, f.columns = nil, question.Columns(question.Creators)
	if err := q.Resource(t.Context(), "backup-8"); err != nil || len(of[report.Answer](h)) != 1 {
		t.Errorf("resource: %v", err)
	}
}

// TestAnOldAnswerIsNotTodays: only what can no longer grow is not asked again.
func TestAnOldAnswerIsNotTodays(t *testing.T) {
	q, h, f := athenaOf(t)
	f.columns = question.Columns(question.Uses)
	clock := askedDay.Add(9 * time.Hour)
	q.Now = func() time.Time { return clock }
	for _, c := range []struct {
		what  string
		to    time.Time
		again bool
	}{
		{"an open end", time.Time{}, true}, {"an end in the future", clock.Add(time.Hour), true},
		{"an end that is on its way still", clock.Add(-30 * time.Minute), true}, {"an end that was delivered", clock.Add(-2 * time.Hour), false},
	} {
		q.To, f.asked, h.all = c.to, nil, nil
		for range 2 {
			if err := q.Ask(t.Context(), question.Uses, ""); err != nil {
				t.Fatal(err)
			}
		}
		answers := of[report.Answer](h)
		if again := len(f.asked) == 2; again != c.again || answers[1].Cached == c.again || !answers[1].AsOf.Equal(clock) || gapped(of[report.Inquiry](h)[1], "late") != c.again {
			t.Errorf("%s: asked %d times, %+v", c.what, len(f.asked), answers[1])
		}
	}
	// A day later the window of an answer that was early has passed: it is asked anew.
	q.To, f.asked = clock.Add(-30*time.Minute), nil
	clock = clock.AddDate(0, 0, 1)
	if err := q.Ask(t.Context(), question.Uses, ""); err != nil || len(f.asked) != 1 {
		t.Errorf("asked %d times: %v", len(f.asked), err)
	}
}

// TestTheCostComesFirst: what a question reads is told before it is asked, and
// one whose cost nobody knows is not asked without consent.
func TestTheCostComesFirst(t *testing.T) {
	q, h, f := athenaOf(t)
	f.columns = question.Columns(question.Uses)
	const logs = "AWSLogs/347283850106/CloudTrail/eu-west-1/"
	f.objects = []string{
		"exports/events/acct=347283850106/dt=2026-03-10/part-0.parquet", "exports/events/acct=347283850106/dt=2026-03-11/part-0.parquet", "exports/events/README.txt", "plain/logs.json",
		logs + "2026/03/08/347283850106_CloudTrail_eu-west-1_20260308T2355Z_x.json.gz", logs + "2026/03/09/347283850106_CloudTrail_eu-west-1_20260309T0005Z_x.json.gz",
		logs + "2026/03/11/347283850106_CloudTrail_eu-west-1_20260311T2355Z_x.json.gz", logs + "2026/03/12/347283850106_CloudTrail_eu-west-1_20260312T0005Z_x.json.gz",
	}
	q.From, q.To = askedDay.Add(5*time.Hour), askedDay.Add(20*time.Hour)
	for _, c := range []struct {
		name  string
		a     Athena
		files int // that will be read, each in a partition of its own; 0: not known
		runs  bool
	}{
		{"no bucket", Athena{Table: "t"}, 0, false},
		{"no bucket, agreed", Athena{Table: "t", Pay: true}, 0, true},
		{"no bucket, dry", Athena{Table: "u", DryRun: true, Pay: true}, 0, false},
		{"nothing of the table's there", Athena{Table: "u", Export: true, Bucket: "s3://other-example/elsewhere/"}, 0, false},
		{"no log files there", Athena{Table: "u", Bucket: "s3://other-example/elsewhere/"}, 0, false},
		{"files in no partition", Athena{Table: "u", Bucket: "s3://other-example/plain/"}, 0, false},
		{"an export", Athena{Table: "v", Export: true, Bucket: "s3://other-example/exports"}, 1, true},
		{"whole days of the logs, and one more at each end", Athena{Table: "w", Bucket: "s3://other-example/" + logs}, 2, true},
	} {
		h.all, f.asked, q.Athena = nil, nil, c.a
		err := q.Ask(t.Context(), question.Uses, "")
		var no *Refused
		if refused := errors.As(err, &no) && no.Reason == "athena-cost"; refused == (c.runs || c.a.DryRun) {
			t.Errorf("%s: %v", c.name, err)
		}
		e := of[report.Estimate](h)
		if len(e) != 1 || e[0].Known != (c.files > 0) || (len(f.asked) == 1) != c.runs {
			t.Errorf("%s: asked %d times, %+v", c.name, len(f.asked), e)
			continue
		}
		if e[0].Partitions != c.files || e[0].Bytes != int64(c.files)*1_000_000 || e[0].AtMost != c.a.Export {
			t.Errorf("%s: %+v", c.name, e[0])
		}
	}
}

// TestTheTablesStatement: what is not given is the record's.
func TestTheTablesStatement(t *testing.T) {
	a, h, _ := askedOf(t)
	q := &Inquiry{Archive: a, Athena: Athena{Table: "audit.logs", Bucket: "s3://logs-example/x"}}
	if err := q.Table(t.Context(), question.Place{Organisation: "o-example"}); err != nil {
		t.Fatal(err)
	}
	got := of[report.AthenaTable](h)[0]
	for _, want := range []string{"`audit`.`logs`", "LOCATION 's3://logs-example/x/AWSLogs/o-example/'", "'347283850106'", "'eu-west-1'", "'2026/03/10,NOW'"} {
		if !strings.Contains(got.DDL, want) {
			t.Errorf("no %s in\n%s", want, got.DDL)
		}
	}
	var no *Refused
	q.Athena.Bucket = ""
	if err := q.Table(t.Context(), question.Place{}); !errors.As(err, &no) || no.Reason != "athena-place" {
		t.Error(err)
	}
}
