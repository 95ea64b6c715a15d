package engine

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/report"
)

// A verdict says of what the intruder got that nothing shows what he did with it.
func TestWhatCannotBeSeenIsAGap(t *testing.T) {
	a, h := offline(t)
	at := time.Date(2026, 9, 2, 8, 0, 0, 0, time.UTC)
	var lines strings.Builder
	for i, c := range []struct{ source, name, request, response string }{
		{"iam", "CreateUser", `{"userName":"eve"}`, `{"user":{"userName":"eve"}}`},
		{"iam", "CreateServiceSpecificCredential", `{"userName":"eve","serviceName":"bedrock.amazonaws.com"}`, `{"serviceSpecificCredential":{"serviceSpecificCredentialId":"ACCAEVE","userName":"eve"}}`},
		{"iam", "UploadSSHPublicKey", `{"userName":"bob"}`, `{"sSHPublicKey":{"sSHPublicKeyId":"APKABOB","userName":"bob"}}`},
		{"states", "UpdateStateMachine", `{"stateMachineArn":"nightly"}`, `{}`},
		{"iam", "CreateAccessKey", `{"userName":"eve"}`, `{"accessKey":{"accessKeyId":"AKIAEVE","userName":"eve"}}`},
	} {
		fmt.Fprintf(&lines, `{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","principalId":"AIDADEPLOY","arn":"arn:aws:iam::347283850106:user/deploy","accountId":"347283850106","accessKeyId":"AKIALEAKED0000000001","userName":"deploy"},"eventTime":%q,"eventSource":"%s.amazonaws.com","eventName":%q,"awsRegion":"us-east-1","sourceIPAddress":"203.0.113.66","userAgent":"aws-cli/2.0","requestParameters":%s,"responseElements":%s,"eventID":"00000000-0000-4000-8000-%012d","readOnly":false,"eventType":"AwsApiCall","recipientAccountId":"347283850106"}`+"\n",
			at.Add(time.Duration(i)*time.Minute).Format(time.RFC3339), c.source, c.name, c.request, c.response, i)
	}
	file := filepath.Join(t.TempDir(), "events.jsonl")
	write(t, file, []byte(lines.String()))
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{file}}); err != nil {
		t.Fatal(err)
	}
	if err := (&Inquiry{Archive: a, Seed: "AKIALEAKED0000000001"}).Verdict(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range of[report.Inquiry](h) {
		for _, g := range in.Gaps {
			if g.Why == "credential-unseen" || g.Why == "compute-unseen" {
				got = append(got, g.Why+" "+g.Detail+" "+g.EventID[len(g.EventID)-1:])
			}
		}
	}
	slices.Sort(got)
	if want := []string{"compute-unseen UpdateStateMachine nightly 3", "credential-unseen ACCAEVE eve 1", "credential-unseen APKABOB bob 2"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
