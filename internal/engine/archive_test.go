package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/trail"
)

// madeUser is the record of a user made; there are three a minute.
func madeUser(n int) string {
	return fmt.Sprintf(`{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::347283850106:user/ada","accountId":"347283850106","accessKeyId":"AKIAEXAMPLE000000001","userName":"ada"},"eventTime":"%s","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2.15","requestParameters":{"userName":"new%d"},"responseElements":{"user":{"userName":"new%d"}},"requestID":"r","eventID":"00000000-1111-4222-8333-%012x","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"347283850106","eventCategory":"Management"}`,
		time.Date(2026, 3, 1, 0, 0, 20*n, 0, time.UTC).Format(time.RFC3339), n, n, n)
}

// filed writes files of ten records each, and answers their names.
func filed(t *testing.T, dir string, files int) (names []string) {
	t.Helper()
	for f := range files {
		var records []string
		for n := range 10 {
			records = append(records, madeUser(10*f+n))
		}
		names = append(names, filepath.Join(dir, fmt.Sprintf("%03d.json", f)))
		write(t, names[f], []byte(`{"Records":[`+strings.Join(records, ",")+`]}`))
	}
	return names
}

// TestOneSourceGone: its events go on as their columns, told once for the file;
// those of all others are whole.
func TestOneSourceGone(t *testing.T) {
	a, _ := offline(t)
	dir := t.TempDir()
	names := filed(t, dir, 6)
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{dir}}); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(names[2]); err != nil {
		t.Fatal(err)
	}
	lost, why := 0, map[string]bool{}
	note := func(e event.Event, err error) {
		lost++
		why[err.Error()] = true
		if e.ID == "" {
			t.Error("nobody can tell what was lost")
		}
	}
	events, err := a.read(t.Context(), trail.Filter{}, note)
	if err != nil || len(events) != 60 {
		t.Fatal(len(events), err)
	}
	for n, e := range events {
		if gone := n/10 == 2; (e.Request == nil) != gone {
			t.Errorf("event %d: its request is %s", n, e.Request)
		}
	}
	if lost != 10 || len(why) != 1 {
		t.Errorf("%d events were lost, for the reasons %v", lost, why)
	}
	lost = 0
	events, err = a.read(t.Context(), trail.Filter{Token: "new25"}, note)
	if err != nil || len(events) != 0 || lost != 1 {
		t.Errorf("what may be about something else: %d events, %d lost: %v", len(events), lost, err)
	}
	s, err := a.events()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.Rows(trail.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if unread, err := a.keep(t.Context(), "cited", rows); err != nil || unread != 10 {
		t.Errorf("%d records were not kept: %v", unread, err)
	}
	a.held, a.quoted = nil, nil // as another run finds it
	if n := len(a.cited(t.Context())); n != 50 {
		t.Errorf("%d records are in the evidence", n)
	}
}
