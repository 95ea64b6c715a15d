package engine

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordon/internal/report"
)

// TestAnAdministratorAtWork: somebody who signs in each day from the same place,
// with another session each time, is the owner, also on the day on which she
// makes an administrator for a colleague and switches an old trail off.
//
// The same from another place with another tool is the intruder's.
//
// So it is of who takes a role: of a person by a directory, whose session bears her
// name, and of a pipeline, each of whose sessions has another.
func TestAnAdministratorAtWork(t *testing.T) {
	role := func(name, session string) func(int) string {
		return func(day int) string {
			if session == "" {
				return fmt.Sprintf(`"type":"AssumedRole","principalId":"AROAEXAMPLE:run-%[2]d","arn":"arn:aws:sts::111122223333:assumed-role/%[1]s/run-%[2]d","accountId":"111122223333"`, name, day)
			}
			return fmt.Sprintf(`"type":"AssumedRole","principalId":"AROAEXAMPLE:%[2]s","arn":"arn:aws:sts::111122223333:assumed-role/%[1]s/%[2]s","accountId":"111122223333"`, name, session)
		}
	}
	issuer := func(name string) string {
		return fmt.Sprintf(`"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/%[1]s","accountId":"111122223333","userName":%[1]q},`, name)
	}
	for name, w := range map[string]worker{
		"a user": {func(int) string {
			return `"type":"IAMUser","principalId":"AIDAEXAMPLEANN","arn":"arn:aws:iam::111122223333:user/ann","accountId":"111122223333","userName":"ann"`
		}, ""},
		"a person of a directory": {role("AWSReservedSSO_Admin_0123456789abcdef", "ann"), issuer("AWSReservedSSO_Admin_0123456789abcdef")},
		"a pipeline":              {role("deploy", ""), issuer("deploy")},
	} {
		t.Run(name, func(t *testing.T) { w.atWork(t) })
	}
}

// A worker is who works for thirty days: its identity on each, and the issuer of
// its sessions.
type worker struct {
	identity func(day int) string
	issuer   string
}

func (w worker) atWork(t *testing.T) {
	const home, browser = "192.0.2.44", "Mozilla/5.0 (X11; Linux x86_64) Firefox/133.0"
	h := w.administrator(t, home, browser)
	for _, v := range of[report.Verdict](h) {
		t.Errorf("the owner is accused: %s %s, %s: %v", v.Credential, v.Principal, v.Confidence, v.Why)
	}
	if len(of[report.Detection](h)) == 0 {
		t.Error("what she did is not told either")
	}
	h = w.administrator(t, "203.0.113.9", "aws-cli/2.15.0 Python/3.11.6 Windows/10")
	all := of[report.Verdict](h)
	if len(all) != 1 {
		t.Fatalf("from elsewhere with another tool there are %d verdicts, want one", len(all))
	}
	if v := all[0]; v.Events != 5 || len(v.Addresses) != 1 || v.Addresses[0] != "203.0.113.9" {
		t.Errorf("%d calls from %v, want five from 203.0.113.9", v.Events, v.Addresses)
	}
}

// administrator is the verdict over thirty days of ann's, the last hour of which
// came from this address with this agent.
func (w worker) administrator(t *testing.T, address, agent string) *heard {
	t.Helper()
	var lines []string
	from, with := "192.0.2.44", "Mozilla/5.0 (X11; Linux x86_64) Firefox/133.0"
	add := func(at time.Time, session, source, name, request, response string, ro bool) {
		lines = append(lines, fmt.Sprintf(`{"eventVersion":"1.09","eventID":"%08x-0000-4000-8000-000000000001","eventTime":%q,"eventSource":"%s.amazonaws.com","eventName":%q,`+
			`"awsRegion":"us-east-1","sourceIPAddress":%q,"userAgent":%q,"readOnly":%t,"eventType":"AwsApiCall","recipientAccountId":"111122223333",`+
			`"sessionCredentialFromConsole":"true","userIdentity":{%s,"accessKeyId":%q,`+
			`"sessionContext":{%s"attributes":{"creationDate":%q,"mfaAuthenticated":"true"}}},"requestParameters":%s,"responseElements":%s}`,
			len(lines)+1, at.Format(time.RFC3339), source, name, from, with, ro, w.identity(at.YearDay()), session, w.issuer, at.Truncate(24*time.Hour).Add(8*time.Hour).Format(time.RFC3339), request, response))
	}
	day := time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)
	for d := range 30 {
		session := fmt.Sprintf("ASIAEXAMPLEANN%06d", d)
		for i, call := range []string{"ListUsers", "GetUser", "ListRoles"} {
			add(day.AddDate(0, 0, d).Add(time.Duration(i)*time.Minute), session, "iam", call, "null", "null", true)
		}
	}
	from, with = address, agent
	last := day.AddDate(0, 0, 29).Add(time.Hour)
	add(last, "ASIAEXAMPLEANN000029", "iam", "CreateUser", `{"userName":"bob"}`, `{"user":{"userName":"bob","arn":"arn:aws:iam::111122223333:user/bob"}}`, false)
	add(last.Add(time.Minute), "ASIAEXAMPLEANN000029", "iam", "AttachUserPolicy", `{"userName":"bob","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}`, "null", false)
	add(last.Add(2*time.Minute), "ASIAEXAMPLEANN000029", "iam", "CreateLoginProfile", `{"userName":"bob","passwordResetRequired":true}`, `{"loginProfile":{"userName":"bob"}}`, false)
	add(last.Add(3*time.Minute), "ASIAEXAMPLEANN000029", "iam", "CreateAccessKey", `{"userName":"bob"}`, `{"accessKey":{"userName":"bob","accessKeyId":"AKIAEXAMPLEBOB000001","status":"Active"}}`, false)
	add(last.Add(4*time.Minute), "ASIAEXAMPLEANN000029", "cloudtrail", "StopLogging", `{"name":"old-trail"}`, "null", false)
	path := filepath.Join(t.TempDir(), "ann.jsonl")
	write(t, path, []byte(strings.Join(lines, "\n")))
	return verdictOf(t, []string{path}, "")
}
