package engine

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/internal/report"
)

// Of a role that is wholly the intruder's every session is his, also one that no
// recorded call began.
func TestSessionsThatNoRecordBegan(t *testing.T) {
	a, h := offline(t)
	at := time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC)
	const role = "arn:aws:iam::347283850106:role/ops/helper"
	var lines strings.Builder
	for i, c := range []struct{ role, session string }{{"helper", "one"}, {"helper", "two"}, {"other", "three"}} {
		path := map[string]string{"helper": "ops/helper"}[c.role]
		if path == "" {
			path = c.role
		}
		fmt.Fprintf(&lines, `{"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","principalId":"AROA%[1]s:%[2]s","arn":"arn:aws:sts::347283850106:assumed-role/%[1]s/%[2]s","accountId":"347283850106","accessKeyId":"ASIASESSION%09[3]d","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA%[1]s","arn":"arn:aws:iam::347283850106:role/%[4]s","accountId":"347283850106","userName":"%[1]s"}}},"eventTime":%[5]q,"eventSource":"sqs.amazonaws.com","eventName":"CreateQueue","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.66","userAgent":"aws-cli/2.0","requestParameters":{"queueName":"q%[3]d"},"responseElements":{"queueUrl":"https://sqs.us-east-1.amazonaws.com/347283850106/q%[3]d"},"eventID":"00000000-0000-4000-8000-%012[3]d","readOnly":false,"eventType":"AwsApiCall","recipientAccountId":"347283850106"}`+"\n",
			c.role, c.session, i, path, at.Add(time.Duration(i)*time.Minute).Format(time.RFC3339))
	}
	file := filepath.Join(t.TempDir(), "events.jsonl")
	write(t, file, []byte(lines.String()))
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{file}}); err != nil {
		t.Fatal(err)
	}
	if err := (&Inquiry{Archive: a, Seed: role}).Verdict(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, e := range of[report.Event](h) {
		told[e.Credential] = e.Lane
	}
	if len(told) != 2 || told["ASIASESSION000000000"] == "" || told["ASIASESSION000000001"] == "" {
		t.Errorf("his sessions are %v: %+v", told, of[report.Verdict](h))
	}
}
