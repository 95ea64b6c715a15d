package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"cordon/internal/awsapi"
	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/report"
)

// endless answers LookupEvents with page after page of fifty events.
type endless struct {
	t     *testing.T
	pages int
	stop  func() // at page last
	last  int
}

func (f *endless) Do(r *http.Request) (*http.Response, error) {
	answer := func(kind, body string) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Request: r, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
	if strings.HasPrefix(r.URL.Host, "sts.") {
		return answer("text/xml", `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::`+followedAccount+`:user/olga</Arn><UserId>AIDAEXAMPLE</UserId><Account>`+followedAccount+`</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	}
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".LookupEvents") {
		return nil, fmt.Errorf("nobody answers %s", r.URL)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if f.pages++; f.pages == f.last {
		f.stop()
	}
	var page struct {
		Events    []map[string]any
		NextToken string
	}
	page.NextToken = fmt.Sprint(f.pages)
	for i := range 50 {
		record := by(f.t, f.pages%60, "CreateUser", "iam", "olga", "", "AKIAEXAMPLEOLGA00001", nil)
		id := fmt.Sprintf("%08d-0000-4000-8000-%012d", f.pages, i)
		var e map[string]any
		if err := json.Unmarshal(record, &e); err != nil {
			return nil, err
		}
		e["eventID"] = id
		record, _ = json.Marshal(e)
		page.Events = append(page.Events, map[string]any{"EventId": id, "CloudTrailEvent": string(record)})
	}
	b, err := json.Marshal(page)
	if err != nil {
		return nil, err
	}
	return answer("application/x-amz-json-1.1", string(b))
}

// signedIn opens an account of which one region is asked, at a fake AWS.
func signedIn(t *testing.T, http aws.HTTPClient) (*awsapi.Account, *evidence.Store) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLEOLGA00001", "AWS_SECRET_ACCESS_KEY": "none", "AWS_SESSION_TOKEN": "", "AWS_REGION": "us-east-1",
	} {
		t.Setenv(name, value)
	}
	account, err := awsapi.Open(t.Context(), awsapi.Options{Regions: []string{"us-east-1"}, HTTP: http})
	if err != nil {
		t.Fatal(err)
	}
	store, err := evidence.Open(filepath.Join(t.TempDir(), "evidence"), evidence.Options{Who: "test", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return account, store
}

// What AWS told is kept part by part, and the rest of it when somebody
// interrupts: ninety days of a region are hours of asking.
func TestAnInterruptedHistoryIsKept(t *testing.T) {
	a, _ := offline(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	account, store := signedIn(t, &endless{t: t, stop: stop, last: flushed + 3})
	h := &history{s: &Session{Case: a.Case, Account: account}, store: store, bad: map[string]fact.Reading{}}
	var told []int
	err := h.spool(ctx, "us-east-1", types.LookupAttributeKeyReadOnly, "false", "writes", func(n int) error { told = append(told, n); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	var kept []int
	for _, e := range store.List() {
		data, err := store.Get(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		var records []json.RawMessage
		if err := json.Unmarshal(data, &records); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, len(records))
	}
	if len(kept) != 2 || kept[0] != 50*flushed || kept[1] < 100 || len(told) != 1 || told[0] != 50*flushed {
		t.Errorf("kept %v, told %v", kept, told)
	}
}

// A chronicle is an event history as AWS keeps it: newest first, by time.
type chronicle struct {
	events []chronicled // newest first
	page   int
	fail   int // the request that is refused, from 1
	asked  []asking
}

type chronicled struct {
	at     time.Time
	id     string
	record string
}

type asking struct {
	StartTime, EndTime float64
	NextToken          string
}

func (f *chronicle) Do(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".LookupEvents") {
		return (&endless{}).Do(r)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	answer := func(status int, body []byte) (*http.Response, error) {
		return &http.Response{StatusCode: status, Request: r, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(bytes.NewReader(body))}, nil
	}
	var ask asking
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		return nil, err
	}
	f.asked = append(f.asked, ask)
	if len(f.asked) == f.fail {
		return answer(400, []byte(`{"__type":"InvalidNextTokenException"}`))
	}
	var page struct {
		Events    []map[string]any
		NextToken string `json:",omitempty"`
	}
	skip, _ := strconv.Atoi(ask.NextToken)
	for i, e := range slices.DeleteFunc(slices.Clone(f.events), func(e chronicled) bool {
		at := float64(e.at.Unix())
		return ask.StartTime > 0 && at < ask.StartTime || ask.EndTime > 0 && at > ask.EndTime
	}) {
		if i == skip+f.page {
			page.NextToken = fmt.Sprint(i)
			break
		}
		if i >= skip {
			page.Events = append(page.Events, map[string]any{"EventId": e.id, "EventTime": float64(e.at.Unix()), "CloudTrailEvent": e.record})
		}
	}
	b, err := json.Marshal(page)
	if err != nil {
		return nil, err
	}
	return answer(200, b)
}

// happens makes n calls, a minute apart and the last one at the time given.
func happens(t *testing.T, n int, last time.Time) (all []chronicled) {
	t.Helper()
	for i := range n {
		at := last.Add(time.Duration(-i) * time.Minute)
		var e map[string]any
		if err := json.Unmarshal(by(t, 0, "CreateUser", "iam", "olga", "", "AKIAEXAMPLEOLGA00001", nil), &e); err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprintf("%08d-0000-4000-8000-000000000000", at.Unix()/60)
		e["eventID"], e["eventTime"] = id, at.UTC().Format(time.RFC3339)
		record, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, chronicled{at, id, string(record)})
	}
	return all
}

// One record that cannot be read hides nothing that is older: AWS would tell it
// first each time.
func TestAnOddRecordDoesNotEndTheHistory(t *testing.T) {
	a, _ := offline(t)
	now := time.Now().UTC().Truncate(time.Second)
	f := &chronicle{events: happens(t, 12, now.Add(-time.Hour)), page: 5}
	f.events[1].record = `{"eventVersion":"1.10","eventName":"CreateUser","eventTime":"some day"}`
	f.events[6].record = `no JSON`
	account, store := signedIn(t, f)
	h := &history{s: &Session{Case: a.Case, Account: account}, store: store, bad: map[string]fact.Reading{}}
	events, err := h.lookUp(t.Context(), "us-east-1", types.LookupAttributeKeyUsername, "olga", "user")
	if len(events) != 10 || err == nil || !strings.Contains(err.Error(), "cannot read 2 records") || !strings.Contains(err.Error(), f.events[1].id) {
		t.Errorf("%d events, %v", len(events), err)
	}
	if err := h.spool(t.Context(), "us-east-1", types.LookupAttributeKeyReadOnly, "false", "writes", func(int) error { return nil }); err != nil {
		t.Error(err)
	}
	for _, e := range store.List() {
		data, err := store.Get(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(t.TempDir(), "answer.json")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		b, told := offline(t)
		if err := b.Import(t.Context(), ImportOptions{Paths: []string{name}}); err != nil {
			t.Fatal(err)
		}
		got := of[report.Imported](told)[0]
		damaged := 0
		for _, d := range got.Damaged {
			damaged += d.Count
		}
		if got.Events != 10 || damaged != 2 {
			t.Errorf("%s: %d events, damage %+v", e.Name, got.Events, got.Damaged)
		}
	}
	if n := len(store.List()); n != 2 {
		t.Errorf("%d answers were kept", n)
	}
}

// Where the evidence is encrypted nothing of the event history could be imported:
// it is not asked for, and what a triage was told is no silence.
func TestAnEncryptedHistoryIsToldAndNotAsked(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	a, h := offline(t)
	a.Case.Recipient = key.Recipient().String()
	if err := a.Import(t.Context(), ImportOptions{History: true}); refusal(err) != "history-sealed" {
		t.Error(err)
	}
	store, err := evidence.Open(a.Case.Evidence(), evidence.Options{Who: "test", Now: time.Now, Recipients: []string{a.Case.Recipient}})
	if err == nil {
		_, err = store.Put(t.Context(), evidence.Item{Name: "answer", Kind: "cloudtrail.events", MediaType: "application/json", Taken: time.Now()}, []byte("[]"))
	}
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "log.json")
	write(t, name, []byte(happens(t, 1, time.Now())[0].record))
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{name}}); err != nil {
		t.Fatal(err)
	}
	if got := of[report.Imported](h)[0]; got.Events != 1 || len(got.Damaged) != 1 || got.Damaged[0].Count != 1 || !strings.Contains(got.Damaged[0].Why, "encrypted") {
		t.Errorf("%+v", got)
	}
}
