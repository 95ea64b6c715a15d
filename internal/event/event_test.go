package event

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	e, err := Parse([]byte(`{"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","principalId":"AROAX:s","arn":"arn:aws:sts::111122223333:assumed-role/r/s",
		"accountId":111122223333,"accessKeyId":"ASIA1","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAX","arn":"arn:aws:iam::111122223333:role/r","accountId":"111122223333","userName":"r"},
		"webIdFederationData":{},"attributes":{"creationDate":"2026-01-02T03:00:00Z","mfaAuthenticated":"true"},"sourceIdentity":"ann"},"invokedBy":null},
		"eventTime":"2026-01-02T03:04:05Z","eventSource":"lambda.amazonaws.com","eventName":"CreateFunction20150331v2","awsRegion":"eu-west-1",
		"sourceIPAddress":"192.0.2.1","userAgent":"aws-cli","requestParameters":null,"responseElements":{},"eventID":"0c0c8e02-edfc-4105-bfd5-d00eb2c064c5","readOnly":"false",
		"sharedEventID":"sh","vpcEndpointId":"vpce-1","eventType":"AwsApiCall","recipientAccountId":"111122223333","errorCode":null}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Event{
		ID: "0c0c8e02-edfc-4105-bfd5-d00eb2c064c5", Version: "1.08", Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Name: "CreateFunction20150331v2", Source: "lambda.amazonaws.com",
		Region: "eu-west-1", Account: "111122223333", Type: "AwsApiCall", Credential: "ASIA1", Address: "192.0.2.1", Agent: "aws-cli",
		ReadOnlyKnown: true, SharedID: "sh", VPCEndpoint: "vpce-1",
		Principal: Principal{Type: "AssumedRole", ARN: "arn:aws:sts::111122223333:assumed-role/r/s", ID: "AROAX:s", Account: "111122223333",
			Issuer:         Issuer{"Role", "arn:aws:iam::111122223333:role/r", "AROAX", "111122223333", "r"},
			SessionCreated: time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC), MFA: true, SourceIdentity: "ann"},
	}
	got, _ := json.Marshal(e)
	e.Response = nil
	if wanted, _ := json.Marshal(want); string(wanted) != strings.Replace(string(got), `"Response":{}`, `"Response":null`, 1) {
		t.Errorf("got  %s\nwant %s", got, wanted)
	}
	if e.BaseName() != "CreateFunction" || e.Service() != "lambda" || e.Failed() {
		t.Errorf("%s %s %v", e.BaseName(), e.Service(), e.Failed())
	}
}

const head = `{"eventVersion":"1.0","eventTime":"2014-03-06T21:22:54Z","eventSource":"x.amazonaws.com","eventName":"Y"`

func TestParseIsTolerant(t *testing.T) {
	for name, body := range map[string]string{
		"the least":             head + `}`,
		"nulls everywhere":      head + `,"userIdentity":null,"eventID":null,"readOnly":null,"requestParameters":null,"sourceIPAddress":null}`,
		"empty session":         head + `,"userIdentity":{"sessionContext":{"sessionIssuer":{},"attributes":{}}}}`,
		"null session":          head + `,"userIdentity":{"sessionContext":null}}`,
		"objects for values":    head + `,"readOnly":{},"userIdentity":{"userName":{},"accountId":[]}}`,
		"unknown members":       head + `,"tlsDetails":{"x":[1]},"eventCategory":"Insight"}`,
		"time in milliseconds":  strings.Replace(head, `"2014-03-06T21:22:54Z"`, `1394140974000`, 1) + `}`,
		"time in seconds":       strings.Replace(head, `"2014-03-06T21:22:54Z"`, `"1394140974"`, 1) + `}`,
		"time with fractions":   strings.Replace(head, `:54Z`, `:54.000Z`, 1) + `}`,
		"time with offset":      strings.Replace(head, `T21:22:54Z`, `T22:22:54+01:00`, 1) + `}`,
		"time as Athena has it": strings.Replace(head, `2014-03-06T21:22:54Z`, `2014-03-06 21:22:54.000`, 1) + `}`,
	} {
		e, err := Parse([]byte(body))
		if err != nil || !e.Time.Equal(time.Date(2014, 3, 6, 21, 22, 54, 0, time.UTC)) || !strings.HasPrefix(e.ID, "sha256-") || e.ReadOnlyKnown {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

func TestParseSaysWhere(t *testing.T) {
	for body, want := range map[string]string{
		``:        "unexpected end",
		`{"a":x}`: "byte 6",
		`[]`:      "array",
		`{"eventID":"e1","eventName":"Y","eventTime":"2014-03-06T21:22:54Z"}`:                           `"e1": eventSource is missing`,
		`{"eventID":"e1","eventName":"Y","eventSource":"x","eventTime":"soon"}`:                         `"e1": eventTime: "soon" is no time`,
		`{"eventID":"e1","eventName":"Y","eventSource":"x"}`:                                            `eventTime: is missing`,
		head + `,"eventID":"e1","userIdentity":{"sessionContext":{"attributes":{"creationDate":"x"}}}}`: "creationDate",
		head + `,"eventID":"e1","userIdentity":"x"}`:                                                    "userIdentity",
	} {
		if _, err := Parse([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to say %q", body, err, want)
		}
	}
}

func TestFailed(t *testing.T) {
	for body, want := range map[string]bool{
		`"x":1`:                                  false,
		`"errorCode":"Client.DryRunOperation"`:   true,
		`"errorMessage":"Failed authentication"`: true,
		`"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Failure"}`: true,
		`"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Success"}`: false,
		`"eventSource":"signin.amazonaws.com","eventName":"SwitchRole","responseElements":{"SwitchRole":"Failure"}`:     true,
	} {
		e, err := Parse([]byte(head + "," + body + "}"))
		if err != nil || e.Failed() != want {
			t.Errorf("%s: %v, %v", body, e.Failed(), err)
		}
	}
}

func TestBaseName(t *testing.T) {
	for name, want := range map[string]string{
		"CreateFunction20150331": "CreateFunction", "AddPermission20150331v2": "AddPermission", "Invoke": "Invoke",
		"PublishLayerVersion20181031": "PublishLayerVersion", "CreateDistribution2020_05_31": "CreateDistribution", "GetEC2": "GetEC2",
	} {
		if got := (Event{Name: name}).BaseName(); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestSecretsAreNotCopied(t *testing.T) {
	e, err := Parse([]byte(head + `,"requestParameters":"{\"userData\":\"c2VjcmV0\",\"n\":1}",
		"responseElements":{"credentials":{"accessKeyId":"ASIA1","sessionToken":"secret1"},"list":[{"SecretAccessKey":"secret2","keyMaterial":null}],"passwordResetRequired":true,"n":12345678901234567890},
		"additionalEventData":{"MFAUsed":"Yes"},"userIdentity":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	all := string(e.Request) + string(e.Response)
	if strings.Contains(all, "secret1") || strings.Contains(all, "secret2") || strings.Contains(all, "c2VjcmV0") {
		t.Error(all)
	}
	if want := `{"credentials":{"accessKeyId":"ASIA1","sessionToken":"<removed by cordon>"},"list":[{"SecretAccessKey":"<removed by cordon>","keyMaterial":null}],"n":12345678901234567890,"passwordResetRequired":true}`; string(e.Response) != want {
		t.Errorf("%s", e.Response)
	}
	if !e.Principal.MFA {
		t.Error("MFAUsed was not read")
	}
}

func TestPath(t *testing.T) {
	body := json.RawMessage(`{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"},{}]},"port":443,"on":true,"one":{"item":{"id":"x"}},"ids":["a",2,null],"GroupId":"sg-1","no":null,"sSHPublicKey":{"sSHPublicKeyId":"APKA"}}`)
	for path, want := range map[string][]string{
		"instancesSet.items[].instanceId": {"i-1", "i-2"},
		"port":                            {"443"},
		"on":                              {"true"},
		"one.item[].id":                   {"x"},
		"ids":                             {"a", "2"},
		"ids[]":                           {"a", "2"},
		"groupId":                         {"sg-1"},
		"sshPublicKey.SSHPublicKeyId":     {"APKA"},
		"no":                              nil,
		"nothing.here[].at.all":           nil,
		"port.deeper":                     nil,
		"instancesSet":                    nil,
		"":                                nil,
	} {
		if got := Path(body, path); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if Path(nil, "a") != nil || Path(json.RawMessage(`{`), "a") != nil || Path(json.RawMessage(`[1]`), "a") != nil {
		t.Error("found something in nothing")
	}
}

// TestRealRecords reads whatever real material is at hand: nothing may be
// refused that has a time and a name, and no session token may survive.
func TestRealRecords(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/cloudtrail/stratus/sanitised/*.jsonl")
	more, _ := filepath.Glob("../../../shared/data/cloudtrail/scenarios/*/*.jsonl")
	versions, _ := filepath.Glob("../../../shared/data/cloudtrail/formats/schema-versions/*.json")
	files = slices.Concat(files, more, versions, []string{"../../../shared/data/cloudtrail/benign/opensearch-sample.jsonl"})
	n := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Skip("the shared data is not here")
		}
		for _, raw := range records(b) {
			e, err := Parse(raw)
			if err != nil {
				t.Errorf("%s: %v", filepath.Base(file), err)
				continue
			}
			n++
			for _, token := range Path(e.Response, "credentials.sessionToken") {
				if token != Removed {
					t.Errorf("%s: a session token survived", filepath.Base(file))
				}
			}
		}
	}
	if n < 1000 {
		t.Skipf("only %d records", n)
	}
}

func records(b []byte) (all [][]byte) {
	var log struct{ Records []json.RawMessage }
	if json.Unmarshal(b, &log) == nil {
		for _, r := range log.Records {
			all = append(all, r)
		}
		return all
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var wrapped struct {
			EventName string          `json:"eventName"`
			Event     json.RawMessage `json:"event"`
		}
		line := bytes.Clone(lines.Bytes())
		if json.Unmarshal(line, &wrapped) == nil && wrapped.EventName == "" && wrapped.Event != nil {
			line = wrapped.Event
		}
		all = append(all, line)
	}
	return all
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(head + `}`))
	f.Add([]byte(head + `,"responseElements":{"a":[{"password":[1]}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := Parse(raw)
		if err != nil {
			return
		}
		e.Failed()
		for _, body := range []json.RawMessage{e.Request, e.Response, e.Additional} {
			if body != nil && !json.Valid(body) {
				t.Fatalf("%q", body)
			}
		}
	})
}
