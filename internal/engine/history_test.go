package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"cordon/internal/awsapi"
	"cordon/internal/evidence"
	"cordon/internal/fact"
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

// What AWS told is kept part by part, and the rest of it when somebody
// interrupts: ninety days of a region are hours of asking.
func TestAnInterruptedHistoryIsKept(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAEXAMPLEOLGA00001", "AWS_SECRET_ACCESS_KEY": "none", "AWS_SESSION_TOKEN": "", "AWS_REGION": "us-east-1",
	} {
		t.Setenv(name, value)
	}
	a, _ := offline(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	aws := &endless{t: t, stop: stop, last: flushed + 3}
	account, err := awsapi.Open(t.Context(), awsapi.Options{Regions: []string{"us-east-1"}, HTTP: aws})
	if err != nil {
		t.Fatal(err)
	}
	store, err := evidence.Open(filepath.Join(t.TempDir(), "evidence"), evidence.Options{Who: "test", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	h := &history{s: &Session{Case: a.Case, Account: account}, store: store, bad: map[string]fact.Reading{}}
	var told []int
	err = h.spool(ctx, "us-east-1", types.LookupAttributeKeyReadOnly, "false", "writes", func(n int) error { told = append(told, n); return nil })
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
