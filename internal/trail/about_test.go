package trail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"cordon/internal/event"
)

// countedFiles count what is read again.
type countedFiles struct {
	Files
	loads int
	gone  bool
}

func (c *countedFiles) Load(ctx context.Context, name string, buf []byte, limit int64) ([]byte, error) {
	if c.loads++; c.gone {
		return nil, errors.New("gone")
	}
	return c.Files.Load(ctx, name, buf, limit)
}

func (c *countedFiles) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	return c.Files.Open(ctx, name)
}

func bucketOf(v *event.View) []string { return event.Path(json.RawMessage(v.Request), "bucketName") }

// TestAbouts: every name there is, also of one call among thousands, for a few
// records that are read again; each account and service by itself.
func TestAbouts(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var records []string
	add := func(account, source, name, bucket string) {
		records = append(records, fmt.Sprintf(`{"eventVersion":"1.08","userIdentity":{"type":"IAMUser"},"eventTime":%q,"eventSource":"%s.amazonaws.com","eventName":%q,"awsRegion":"eu-west-1",`+
			`"requestParameters":{"bucketName":%q,"key":"k%d"},"eventID":"%08d-1111-4222-8333-000000000000","eventType":"AwsApiCall","recipientAccountId":%q}`,
			begin.Add(time.Duration(len(records))*time.Minute).Format(time.RFC3339), source, name, bucket, len(records), len(records), account))
	}
	for i := range 3000 {
		add("111122223333", "s3", []string{"GetObject", "PutObject"}[i%2], []string{"logs", "audit-logs"}[i%2])
	}
	add("111122223333", "s3", "GetObject", "customer-data")
	add("111122223333", "s3", "ListBuckets", "not asked for")
	add("444455556666", "s3", "GetObject", "logs")
	m := spread(records, 100)
	s, _ := imported(t, t.TempDir(), m, Options{Workers: 2})
	want := []About{
		{Account: "111122223333", Source: "s3.amazonaws.com", First: begin, Last: begin.Add(3000 * time.Minute), Names: []string{"audit-logs", "customer-data", "logs"}},
		{Account: "444455556666", Source: "s3.amazonaws.com", First: begin.Add(3002 * time.Minute), Last: begin.Add(3002 * time.Minute), Names: []string{"logs"}},
	}
	from := &countedFiles{Files: m}
	got, err := s.Abouts(context.Background(), Filter{Calls: []string{"s3:GetObject", "s3:PutObject"}}, from, bucketOf)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, want, func(a, b About) bool { return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b) }) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if from.loads > 8 {
		t.Errorf("%d files were read again for four names", from.loads)
	}

	// Where nothing can be read again it is given up soon, and nothing is known.
	from = &countedFiles{Files: m, gone: true}
	got, err = s.Abouts(context.Background(), Filter{Calls: []string{"s3:GetObject", "s3:PutObject"}}, from, bucketOf)
	if err != nil || len(got) != 2 || !got[0].More || len(got[0].Names) != 0 || !got[0].Last.Equal(want[0].Last) || from.loads > 3*aboutLost {
		t.Errorf("%+v, %v, %d files", got, err, from.loads)
	}
}

// More names than are told: the rest is not read.
func TestAboutsOfMany(t *testing.T) {
	var records []string
	for i := range 1000 {
		records = append(records, fmt.Sprintf(`{"eventVersion":"1.08","userIdentity":{"type":"IAMUser"},"eventTime":"2026-03-01T00:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1",`+
			`"requestParameters":{"bucketName":"bucket-%d"},"eventID":"%08d-1111-4222-8333-000000000000","eventType":"AwsApiCall","recipientAccountId":"111122223333"}`, i, i))
	}
	m := spread(records, 1000)
	s, _ := imported(t, t.TempDir(), m, Options{})
	got, err := s.Abouts(context.Background(), Filter{}, m, bucketOf)
	if err != nil || len(got) != 1 || !got[0].More || len(got[0].Names) != aboutNames {
		t.Errorf("%d accounts, %v: %+v", len(got), err, got)
	}
}
