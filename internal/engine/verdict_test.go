package engine

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/incident"
	"cordon/internal/report"
)

const shared = "../../../shared/data/cloudtrail"

// heard keeps what an engine tells.
type heard struct{ all []report.Message }

func (h *heard) Handle(m report.Message) error { h.all = append(h.all, m); return nil }
func (h *heard) End() error                    { return nil }

func of[T report.Message](h *heard) (out []T) {
	for _, m := range h.all {
		if t, ok := m.(T); ok {
			out = append(out, t)
		}
	}
	return out
}

// offline is an archive over a new case, without credentials.
func offline(t *testing.T) (*Archive, *heard) {
	t.Helper()
	c, err := incident.CreateAt(filepath.Join(t.TempDir(), "case"), incident.Info{Account: "347283850106", Partition: "aws", Opened: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	h := &heard{}
	a := &Archive{Case: c, Out: h, Who: "test", Now: time.Now}
	t.Cleanup(func() { _ = a.Close() })
	return a, h
}

func verdictOf(t *testing.T, paths []string, seed string) *heard {
	t.Helper()
	a, h := offline(t)
	if err := a.Import(context.Background(), ImportOptions{Paths: paths}); err != nil {
		t.Fatal(err)
	}
	q := &Inquiry{Archive: a, Seed: seed}
	if err := q.Verdict(context.Background()); err != nil {
		t.Fatal(err)
	}
	return h
}

type truth struct {
	Key     string    `json:"abused_credential"`
	ARN     string    `json:"principal"`
	Address string    `json:"intruder_ip"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Issued  []string  `json:"credentials_issued"`
	Used    []string  `json:"credentials_issued_and_used"`
	Events  []string  `json:"attack_eventIDs"`
	Ways    map[string]struct {
		IDs []string `json:"eventIDs"`
		Key []string `json:"key_calls"`
	} `json:"techniques"`
}

// TestVerdictsOnRealEvents: without a seed, and the same whatever the shape.
func TestVerdictsOnRealEvents(t *testing.T) {
	folders, _ := filepath.Glob(shared + "/scenarios/remix/scenario-*")
	if len(folders) == 0 {
		t.Skip("the shared data is not here")
	}
	for _, folder := range folders {
		var want truth
		b, err := os.ReadFile(filepath.Join(folder, "truth.json"))
		if err != nil || json.Unmarshal(b, &want) != nil {
			t.Fatal(folder, err)
		}
		records := recordsIn(t, folder)
		dir := t.TempDir()
		lines, looked := filepath.Join(dir, "records.jsonl"), filepath.Join(dir, "lookup.json")
		write(t, lines, bytes.Join(records, []byte("\n")))
		write(t, looked, asLookup(t, records))
		folder, _ = filepath.Abs(folder)
		for shape, path := range map[string]string{"tree": folder + "/AWSLogs", "lines": lines, "lookup": looked} {
			t.Run(filepath.Base(folder)+" "+shape, func(t *testing.T) { score(t, verdictOf(t, []string{path}, ""), want) })
		}
	}
}

func score(t *testing.T, h *heard, want truth) {
	verdicts := of[report.Verdict](h)
	if len(verdicts) != 1 {
		for _, v := range verdicts {
			t.Logf("%s %s %s..%s %d events: %v", v.Credential, v.Principal, v.First, v.Last, v.Events, v.Why)
		}
		t.Fatalf("%d verdicts, want one", len(verdicts))
	}
	v := verdicts[0]
	for _, c := range []struct{ what, got, want string }{
		{"credential", v.Credential, want.Key}, {"principal", v.Principal, want.ARN},
		{"addresses", strings.Join(v.Addresses, " "), want.Address},
		{"first", v.First.Format(time.RFC3339), want.First.Format(time.RFC3339)}, {"last", v.Last.Format(time.RFC3339), want.Last.Format(time.RFC3339)},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.what, c.got, c.want)
		}
	}
	var issued, used, events []string
	for _, i := range v.Issued {
		issued = append(issued, i.ID)
		if i.Used {
			used = append(used, i.ID)
		}
	}
	for _, e := range of[report.Event](h) {
		if e.Lane == "intruder" {
			events = append(events, e.ID)
		}
	}
	same(t, "issued", issued, want.Issued)
	same(t, "issued and used", used, want.Used)
	same(t, "events", events, want.Events)
	found := 0
	for name, w := range want.Ways {
		if slices.ContainsFunc(v.Techniques, func(x report.Technique) bool {
			return slices.ContainsFunc(x.EventIDs, func(id string) bool { return slices.Contains(w.IDs, id) })
		}) {
			found++
		} else {
			t.Errorf("technique %s was not seen", name)
		}
	}
	t.Logf("events %d of %d, techniques %d of %d", len(events), len(want.Events), found, len(want.Ways))
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	for _, x := range want {
		if !slices.Contains(got, x) {
			t.Errorf("%s: %s is missing", what, x)
		}
	}
	for _, x := range got {
		if !slices.Contains(want, x) {
			t.Errorf("%s: %s is too much", what, x)
		}
	}
}

func recordsIn(t *testing.T, folder string) (all [][]byte) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json.gz") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			return err
		}
		var log struct{ Records []json.RawMessage }
		if err := json.NewDecoder(z).Decode(&log); err != nil {
			return err
		}
		for _, r := range log.Records {
			var b bytes.Buffer
			if err := json.Compact(&b, r); err != nil {
				return err
			}
			all = append(all, b.Bytes())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// asLookup is what "aws cloudtrail lookup-events" prints of these records.
func asLookup(t *testing.T, records [][]byte) []byte {
	t.Helper()
	var page struct{ Events []map[string]any }
	for _, r := range records {
		var e struct{ EventID, EventName, EventTime string }
		if err := json.Unmarshal(r, &e); err != nil {
			t.Fatal(err)
		}
		page.Events = append(page.Events, map[string]any{"EventId": e.EventID, "EventName": e.EventName, "EventTime": e.EventTime, "CloudTrailEvent": string(r)})
	}
	b, err := json.MarshalIndent(page, "", "    ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRootIntruder: a small written scenario, labelled event by event: the labels
// are the truth.
func TestRootIntruder(t *testing.T) {
	path, _ := filepath.Abs(shared + "/scenarios/panther-compromised-root/labelled_events.jsonl")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Skip("the shared data is not here")
	}
	want := truth{ARN: "arn:aws:iam::493859302102:root", Address: "92.55.146.245"} // root signed in: there is no key
	for line := range bytes.Lines(b) {
		var l struct {
			Label string
			Event json.RawMessage
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		e, err := event.Parse(l.Event)
		if err != nil {
			t.Fatal(err)
		}
		if l.Label != "attacker" {
			continue
		}
		want.Events = append(want.Events, e.ID)
		if want.First.IsZero() || e.Time.Before(want.First) {
			want.First = e.Time
		}
		if e.Time.After(want.Last) {
			want.Last = e.Time
		}
		want.Issued = append(want.Issued, event.Path(e.Response, "accessKey.accessKeyId")...)
		if e.Credential != "" { // root has none: these are keys that he made
			want.Used = append(want.Used, e.Credential)
		}
	}
	h := verdictOf(t, []string{path}, "")
	verdicts := of[report.Verdict](h)
	if len(verdicts) != 1 {
		t.Fatalf("%d verdicts, want one: %+v", len(verdicts), verdicts)
	}
	want.Ways = nil // no labels tell techniques
	score(t, h, want)
	if v := verdicts[0]; v.Events != len(want.Events) || v.Unsure != 0 || v.Attempted != 4 { // three sign-ins and StopLogging failed
		t.Errorf("%d events, %d unsure, %d attempted", v.Events, v.Unsure, v.Attempted)
	}
	for _, e := range of[report.Event](h) {
		if !slices.Contains(want.Events, e.ID) {
			t.Errorf("%s %s %s is the owner's, and told as %s", e.Time, e.Name, e.ID, e.Lane)
		}
	}
}

// TestStolenInstanceRole: only the agent tells, all addresses were scrubbed.
func TestStolenInstanceRole(t *testing.T) {
	dir, _ := filepath.Abs(shared + "/scenarios/cloud-breach-s3")
	b, err := os.ReadFile(dir + "/truth.json")
	if err != nil {
		t.Skip("the shared data is not here")
	}
	var want struct {
		Key   string `json:"abused_credential"`
		Count int    `json:"attacker_event_count"`
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	h := verdictOf(t, []string{dir + "/events.jsonl"}, "")
	n, blamed := 0, 0
	for _, e := range of[report.Event](h) {
		switch {
		case e.Lane != "intruder":
		case e.Credential == want.Key:
			n++
		default:
			blamed++
		}
	}
	t.Logf("%d of %d events, %d of others blamed", n, want.Count, blamed)
	for _, v := range of[report.Verdict](h) {
		t.Log(v.Credential, v.Principal, v.Events, v.Why)
	}
	if n != want.Count || blamed > 0 {
		t.Error("not exact")
	}
}

var _ = fmt.Sprint
