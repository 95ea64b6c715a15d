package parquet

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
)

// export writes records and returns the files by their path below the root.
func export(t *testing.T, layout Layout, options Options, records ...string) (map[string]readFile, Receipt) {
	t.Helper()
	dir := t.TempDir()
	w, err := NewWriter(dir, layout, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := w.AddRaw([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	receipt, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]readFile{}
	for _, name := range tree(t, dir) {
		files[strings.TrimPrefix(name, layout.root+"/")] = readBack(t, filepath.Join(dir, name))
	}
	if len(files) != receipt.Files {
		t.Errorf("%d files, and the receipt says %d", len(files), receipt.Files)
	}
	return files, receipt
}

func tree(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// made is a record with some members replaced.
func made(id, at string, members string) string {
	var base map[string]any
	if err := json.Unmarshal([]byte(`{"eventVersion":"1.08","eventSource":"ec2.amazonaws.com","eventName":"RunInstances","awsRegion":"eu-west-1","recipientAccountId":"111122223333","sourceIPAddress":"192.0.2.1"}`), &base); err != nil {
		panic(err)
	}
	if err := json.Unmarshal([]byte("{"+members+"}"), &base); err != nil {
		panic(err)
	}
	base["eventID"], base["eventTime"] = id, at
	out, err := json.Marshal(base)
	if err != nil {
		panic(err)
	}
	return string(out)
}

func TestColumns(t *testing.T) {
	files, receipt := export(t, Athena, Options{},
		made("00000000-0000-4000-8000-00000000000b", "2026-10-13T05:00:01Z", `"errorCode":"AccessDenied","errorMessage":"no","readOnly":true,"managementEvent":true,"requestID":"r-1","eventCategory":"Management","sharedEventID":"s-1","vpcEndpointId":"vpce-1",
			"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/Admin/eve","accessKeyId":"ASIAEXAMPLE","invokedBy":"x.amazonaws.com","sessionContext":{"sourceIdentity":"sid","sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/Admin","userName":"Admin"}}},
			"requestParameters":{"a":1},"additionalEventData":{"b":2},"resources":[{"ARN":"arn:aws:s3:::x","accountId":"111122223333","type":"AWS::S3::Bucket","secret":"no"},{"arn":"arn:aws:s3:::y"}]`),
		made("00000000-0000-4000-8000-00000000000a", "2026-10-13T05:00:00Z", `"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/u","userName":"u"},"responseElements":{"instanceId":"i-1"},"readOnly":false`),
	)
	f := files["acct=111122223333/dt=2026-10-13/part-0.parquet"]
	if receipt.Events != 2 || f.rows != 2 || receipt.First.Second() != 0 || receipt.Last.Second() != 1 {
		t.Fatalf("%+v: %v", receipt, files)
	}
	want := map[string][]any{ // of "a" and "b", which are in the order of time
		"event_id": {"00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"}, "time": {int64(1791867600000), int64(1791867601000)}, "version": {"1.08", "1.08"}, "source": {"ec2.amazonaws.com", "ec2.amazonaws.com"}, "name": {"RunInstances", "RunInstances"},
		"region": {"eu-west-1", "eu-west-1"}, "account": {"111122223333", "111122223333"}, "type": {nil, nil}, "category": {nil, "Management"},
		"principal": {"arn:aws:iam::111122223333:user/u", "arn:aws:iam::111122223333:role/Admin"}, "principal_type": {"IAMUser", "AssumedRole"},
		"principal_arn": {"arn:aws:iam::111122223333:user/u", "arn:aws:sts::111122223333:assumed-role/Admin/eve"}, "akid": {nil, "ASIAEXAMPLE"},
		"user_name": {"u", nil}, "session_name": {nil, "eve"}, "source_identity": {nil, "sid"}, "invoked_by": {nil, "x.amazonaws.com"},
		"ip": {"192.0.2.1", "192.0.2.1"}, "ua": {nil, nil}, "err": {nil, "AccessDenied"}, "err_msg": {nil, "no"},
		"failed": {false, true}, "ro": {false, true}, "mgmt": {nil, true}, "request_id": {nil, "r-1"}, "shared_id": {nil, "s-1"}, "vpce": {nil, "vpce-1"},
		"req": {nil, `{"a":1}`}, "resp": {`{"instanceId":"i-1"}`, nil}, "extra": {nil, `{"b":2}`},
		"resources": {nil, `[{"ARN":"arn:aws:s3:::x","accountId":"111122223333","type":"AWS::S3::Bucket"},{"ARN":"arn:aws:s3:::y"}]`},
	}
	for _, name := range f.names {
		if got := f.columns[name].values; !slices.Equal(got, want[name]) {
			t.Errorf("%s: %v and not %v", name, got, want[name])
		}
	}
	if len(f.names) != len(want) {
		t.Errorf("%d columns and not %d", len(f.names), len(want))
	}
	if s := f.columns["event_id"].statistic; !strings.HasSuffix(string(s[6].([]byte)), "a") || !strings.HasSuffix(string(s[5].([]byte)), "b") || f.columns["akid"].statistic[3] != int64(1) {
		t.Errorf("bounds %v", s)
	}
}

// Many rows: several pages, dictionaries and columns that have given theirs up,
// rows that came in no order.
func TestManyRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var records []string
	const n = 45000
	want := make([]string, n)
	for i := range n {
		records = append(records, made(fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), time.Date(2026, 10, 13, 0, 0, i, 0, time.UTC).Format(time.RFC3339),
			fmt.Sprintf(`"userAgent":"agent %d","responseElements":{"n":"%s"},"userIdentity":{"arn":"p%d"}`, i%7, strings.Repeat("x", r.IntN(60)), r.IntN(3000))))
		want[i] = fmt.Sprintf("%08d-0000-4000-8000-000000000000", i)
	}
	r.Shuffle(n, func(i, j int) { records[i], records[j] = records[j], records[i] })
	files, _ := export(t, Athena, Options{}, records...)
	f := files["acct=111122223333/dt=2026-10-13/part-0.parquet"]
	for i, v := range f.columns["event_id"].values {
		if v != want[i] {
			t.Fatalf("row %d is %v", i, v)
		}
		if agent := f.columns["ua"].values[i]; agent != fmt.Sprintf("agent %d", i%7) {
			t.Fatalf("row %d has %v", i, agent)
		}
	}
	if len(f.columns["resp"].values) != n {
		t.Error("responses are missing")
	}
}

// However little is collected at a time, every event is in exactly one file,
// and each file is in the order of time.
func TestBounds(t *testing.T) {
	var records []string
	for i := range 600 {
		records = append(records, made(fmt.Sprint(i), time.Date(2026, 10, 1+i%5, 0, 0, i*7919%600, 0, time.UTC).Format(time.RFC3339), fmt.Sprintf(`"recipientAccountId":"%012d"`, i%4)))
	}
	for name, o := range map[string]Options{"open": {Open: 1}, "memory": {Memory: 20 << 10}, "rows": {Rows: 10}, "all": {Open: 3, Memory: 5 << 10, Rows: 7}, "none": {}} {
		files, receipt := export(t, Athena, o, records...)
		seen := map[string]int{}
		for path, f := range files {
			times := f.columns["time"].values
			for i, id := range f.columns["event_id"].values {
				seen[id.(string)]++
				if i > 0 && times[i-1].(int64) > times[i].(int64) {
					t.Errorf("%s: %s is out of order", name, path)
				}
			}
		}
		if len(seen) != 600 || receipt.Events != 600 || name != "none" && len(files) <= 20 || name == "none" && len(files) != 20 {
			t.Errorf("%s: %d events in %d files: %+v", name, len(seen), len(files), receipt)
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s: %s is there %d times", name, id, n)
			}
		}
	}
}

func TestAnExportIsWholeOrNotThere(t *testing.T) {
	dir := t.TempDir()
	w, err := NewWriter(dir, Athena, Options{Rows: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.AddRaw([]byte(made("a", "2026-10-13T05:00:00Z", ""))); err != nil {
		t.Fatal(err)
	}
	if err := w.AddRaw([]byte("{")); err == nil {
		t.Error("a damaged record was taken")
	}
	if _, err := os.Stat(filepath.Join(dir, "events")); !os.IsNotExist(err) {
		t.Error("half an export can be seen")
	}
	if r, err := w.Close(); err != nil || r.Events != 1 {
		t.Errorf("%+v %v", r, err)
	}
	if got := tree(t, dir); !slices.Equal(got, []string{"events/acct=111122223333/dt=2026-10-13/part-0.parquet"}) {
		t.Errorf("left %v", got)
	}
	if err := w.Add(event.Event{}); err == nil {
		t.Error("a closed export took an event")
	}
	if w, err := NewWriter(dir, Athena, Options{}); err == nil {
		t.Error("a second export went into the first", w)
	}
	aborted, err := NewWriter(dir, OCSF("cordon"), Options{})
	if err != nil {
		t.Fatal(err) // another layout has another folder
	}
	if err := aborted.Abort(); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir); len(got) != 1 {
		t.Errorf("left %v", got)
	}
}

func TestOfNothing(t *testing.T) {
	files, receipt := export(t, Athena, Options{})
	if len(files) != 0 || receipt.Events != 0 {
		t.Errorf("%v %+v", files, receipt)
	}
}

// What an intruder can write into a record does not leave the export's folder,
// and does not make a file that no engine reads.
func TestHostile(t *testing.T) {
	files, receipt := export(t, Athena, Options{},
		made("a", "2026-10-13T05:00:00Z", `"recipientAccountId":"../../../../etc"`),
		made("b", "2026-10-13T05:00:00Z", `"recipientAccountId":"`+strings.Repeat("1", 5000)+`"`),
		made("c", "2026-10-13T05:00:00Z", `"recipientAccountId":""`),
		strings.Replace(made("d", "2026-10-13T05:00:00Z", `"userAgent":"AGENT","requestParameters":{"x":"AGENT"}`), "AGENT", "\xff\xfe", -1),
		made("e", "2026-10-13T05:00:00Z", `"sourceIPAddress":"075.050.255.67"`),
	)
	if receipt.Unplaced != 3 || files["acct=unknown/dt=2026-10-13/part-0.parquet"].rows != 3 || len(files) != 2 {
		t.Errorf("%+v %v", receipt, files)
	}
	f := files["acct=111122223333/dt=2026-10-13/part-0.parquet"]
	if got := f.columns["req"].values[0]; got != "{\"x\":\"\uFFFD\"}" {
		t.Errorf("%q", got)
	}
	if got := f.columns["ip"].values[1]; got != "075.050.255.67" {
		t.Errorf("%q", got)
	}
}

func TestNoSecrets(t *testing.T) {
	secret := "EXAMPLE-of-a-token"
	record := made("a", "2026-10-13T05:00:00Z", `"responseElements":{"credentials":{"accessKeyId":"ASIAEXAMPLE","sessionToken":"`+secret+`"}},"requestParameters":{"password":"`+secret+`"},"additionalEventData":{"x":{"secretString":"`+secret+`"}},
		"serviceEventDetails":{"token":"`+secret+`"},"resources":[{"ARN":"a","sessionToken":"`+secret+`"}]`)
	for _, layout := range []Layout{Athena, OCSF("cordon")} {
		files, _ := export(t, layout, Options{}, record)
		for path, f := range files {
			for name, c := range f.columns {
				for _, v := range c.values {
					if s, _ := v.(string); strings.Contains(s, secret) {
						t.Errorf("%s, %s: %s", path, name, s)
					}
				}
			}
		}
	}
}

// Nothing that came last is forgotten when writing fails.
func TestAFullDiskIsAnError(t *testing.T) {
	dir := t.TempDir()
	w, err := NewWriter(dir, Athena, Options{Rows: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.staging, "events"), nil, 0o600); err != nil { // where the folder has to be
		t.Fatal(err)
	}
	if err := w.AddRaw([]byte(made("a", "2026-10-13T05:00:00Z", ""))); err == nil {
		t.Error("the file was not written, and nobody said so")
	}
	if r, err := w.Close(); err == nil || r.Events != 0 {
		t.Errorf("%+v %v", r, err)
	}
	if got := tree(t, dir); len(got) != 0 {
		t.Errorf("left %v", got)
	}
}

func FuzzAddRaw(f *testing.F) {
	f.Add([]byte(made("a", "2026-10-13T05:00:00Z", `"resources":[{"ARN":"a"}]`)))
	f.Add([]byte(`{"eventTime":"2026-10-13T05:00:00Z","eventName":"x","eventSource":"signin.amazonaws.com","additionalEventData":{"a":[1,{}]},"resources":{"x":1},"requestID":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, layout := range []Layout{Athena, OCSF("cordon")} {
			dir := t.TempDir()
			w, err := NewWriter(dir, layout, Options{})
			if err != nil {
				t.Fatal(err)
			}
			bad := w.AddRaw(raw)
			r, err := w.Close()
			if err != nil || (bad == nil) != (r.Events == 1) {
				t.Fatalf("%v %v %+v", bad, err, r)
			}
			for _, name := range tree(t, dir) {
				readBack(t, filepath.Join(dir, name))
			}
		}
	})
}
