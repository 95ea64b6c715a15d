package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const assumed = `{"type":"AssumedRole","principalId":"AROAEXAMPLE:worker","arn":"arn:aws:sts::111122223333:assumed-role/app/worker","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE1","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/app","accountId":"111122223333","userName":"app"},"webIdFederationData":{},"attributes":{"creationDate":"2026-11-02T03:04:05Z","mfaAuthenticated":"true"},"sourceIdentity":"ana"}}`

const usual = `{"eventVersion":"1.08","userIdentity":` + assumed + `,"eventTime":"2026-11-02T04:04:05Z","eventSource":"ec2.amazonaws.com","eventName":"RunInstances","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2.15.30 Python/3.11.8 Linux/6.1.79-99.167.amzn2023.x86_64 exe/x86_64.amzn.2023 prompt/off command/ec2.run-instances","requestParameters":{"instancesSet":{"items":[{"imageId":"ami-0abcdef0123456789","minCount":1,"maxCount":40}]},"instanceType":"p4d.24xlarge","blockDeviceMapping":{},"monitoring":{"enabled":false},"disableApiTermination":true,"clientToken":"3b6e4fa1-1d0c-4f0e-8f9b-0d3c5ad0a0b1"},"responseElements":{"requestId":"f2b9c9ae-1b5a-4b92-9d6e-31e7a1a0a0b1","reservationId":"r-0123456789abcdef0","ownerId":"111122223333","groupSet":{},"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0","imageId":"ami-0abcdef0123456789","instanceState":{"code":0,"name":"pending"},"privateDnsName":"ip-10-0-0-12.ec2.internal","amiLaunchIndex":0,"productCodes":{},"instanceType":"p4d.24xlarge","launchTime":1762056245000,"placement":{"availabilityZone":"eu-west-1a","tenancy":"default"},"monitoring":{"state":"disabled"},"subnetId":"subnet-0123456789abcdef0","vpcId":"vpc-0123456789abcdef0","privateIpAddress":"10.0.0.12","tagSet":{"items":[{"key":"Name","value":"say \"hi\""}]}}]}},"requestID":"f2b9c9ae-1b5a-4b92-9d6e-31e7a1a0a0b1","eventID":"0a1b2c3d-1111-2222-3333-444455556666","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"ec2.eu-west-1.amazonaws.com"},"sessionCredentialFromConsole":"true"}`

// written are records by hand: every version's shape, and what can be odd.
func handwritten() []string {
	pretty := new(bytes.Buffer)
	json.Indent(pretty, []byte(usual), " ", "\t")
	all := []string{
		usual, pretty.String(), " \r\n\t" + usual, head + "}", "{ }", "{}", head + `,"eventID":"e1"}`,
		strings.NewReplacer(`":`, `" : `, `,"`, ` , "`, `{`, `{ `, `}`, ` }`).Replace(usual),
		head + `,"userIdentity":{}}`, head + `,"userIdentity":null}`, head + `,"userIdentity":"x"}`, head + `,"userIdentity":[]}`, head + `,"userIdentity":{"sessionContext":null}}`,
		head + `,"userIdentity":{"sessionContext":{"attributes":{},"sessionIssuer":{}}}}`, head + `,"userIdentity":{"sessionContext":{"attributes":[],"sessionIssuer":{}}}}`,
		head + `,"userIdentity":{"type":5,"arn":{"a":[1,{}]},"accountId":111122223333,"userName":null,"accessKeyId":[],"invokedBy":true}}`,
		head + `,"userIdentity":{"sessionContext":{"attributes":{"creationDate":"Nov 2, 2026, 3:04:05 PM","mfaAuthenticated":true}}}}`,
		head + `,"userIdentity":{"sessionContext":{"attributes":{"creationDate":"soon"}}}}`,
		head + `,"userIdentity":{"type":"IdentityCenterUser","credentialId":"c-1","onBehalfOf":{"userId":"u"},"sessionContext":{"credentialId":"c-2"}}}`,
		head + `,"userIdentity":{"type":"A","userName":"a"},"userIdentity":{"type":"B"}}`, head + `,"userIdentity":{"type":"A"},"userIdentity":{}}`,
		head + `,"userIdentity":{},"userIdentity":{"type":"B"}}`, head + `,"userIdentity":{"type":"A"},"userIdentity":null,"userIdentity":{"arn":"b"}}`,
		head + `,"userIdentity":{"sessionContext":{"sourceIdentity":"s","attributes":{"mfaAuthenticated":"true"}},"sessionContext":{"sessionIssuer":{"arn":"a"}}}}`,
		head + `,"userIdentity":{"sessionContext":{"sourceIdentity":"s","sessionIssuer":{"arn":"a"}},"sessionContext":null}}`,
		head + `,"userIdentity":{"ty\u0070e":"\u0052oot","arn":"arn:aws:iam::111122223333:user/\u00e9\n\"x\""}}`,
		head + `,"eventID":17,"awsRegion":true,"sourceIPAddress":-1.5e+7,"userAgent":null,"errorCode":[],"errorMessage":{"a":"}"},"readOnly":true}`,
		head + `,"eventID":"first","eventID":"second"}`, head + `,"eventID":"first","eventID":null}`, head + `,"errorCode":"x","errorCode":{}}`,
		head + `,"userAgent":"tab\tquote\"back\\slash\/u\u00e9\u4f60\ud83d\ude00"}`, head + `,"userAgent":"\ud800","errorMessage":"\ud800\u0041\udc00\ud800\ud83d\ude00"}`,
		head + ",\"userAgent\":\"bad \xff\xfe utf-8 \xc3\"}", head + ",\"userAgent\":\"你好，世界 and some more text behind it\"}", head + ",\"userAgent\":\"a\x01b\"}",
		head + `,"userAgent":"\x"}`, head + `,"userAgent":"\u00g0"}`, head + `,"user\u0041gent":"curl"}`, head + `,"":"","x":{"eventID":"inner"}}`,
		head + `,"requestParameters":"{\"a\":1}","responseElements":null,"additionalEventData":{"MFAUsed":"Yes"},"resources":[{"ARN":"a"}],"serviceEventDetails":5}`,
		head + `,"requestParameters":{"a":"\\","b":"\\\"","c":"\\\\"},"responseElements":{"a":[[[{}]]]}}`,
		head + `,"readOnly":tru}`, head + `,"readOnly":01}`, head + `,"readOnly":1.}`, head + `,"readOnly":-}`, head + `,"readOnly":1e5}`, head + `,"readOnly":0}`,
		head + `,}`, head + `,"a"}`, head + `,"a":}`, head + `,"a":1 "b":2}`, head + `,"a":1,"b":2`, head + ` }`, `[]`, `"x"`, `5`, ``, ` `, `{`, `{"`, `{"a`,
		`{"eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","eventTime":"2026-11-02T04:04:05Z","responseElements":{"ConsoleLogin":"Failure"},"additionalEventData":{"MFAUsed":"No"}}`,
		`{"eventVersion":"1.0","userIdentity":{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333"},"eventTime":"2013-11-02T04:04:05Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","sourceIPAddress":"075.050.255.67","userAgent":"aws-cli/1.0","requestParameters":{"userName":"x"},"responseElements":null}`,
		head + `,"x":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + `}`, head + `,"x":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`,
	}
	for v := 0; v <= 11; v++ {
		version := fmt.Sprintf("1.%02d", v)
		if v == 0 {
			version = "1.0"
		}
		all = append(all, strings.Replace(usual, `"1.08"`, `"`+version+`"`, 1))
	}
	return all
}

// agrees says that Scan has what Parse has.
func agrees(t *testing.T, raw []byte) {
	t.Helper()
	want, wantErr := Parse(raw)
	var v View
	n, err := v.Scan(raw)
	if n < 0 || n > len(raw) {
		t.Fatalf("%d bytes of %d", n, len(raw))
	}
	if wantErr != nil {
		if err == nil && json.Valid(raw) {
			if _, err := v.Event(); err == nil && len(v.Raw) > 0 {
				t.Fatalf("%.300q: Event takes what Parse does not: %v", raw, wantErr)
			}
		}
		return
	}
	if oddKeys(raw) {
		return
	}
	if err != nil {
		t.Fatalf("%.300q: %v", raw, err)
	}
	if !bytes.Equal(v.Raw, bytes.TrimSpace(raw)) {
		t.Fatalf("%.300q: took %.300q", raw, v.Raw)
	}
	p, credential, err := ReadPrincipal(v.Identity)
	if err != nil {
		t.Fatalf("%.300q: %v", raw, err)
	}
	for _, used := range Path(v.Additional, "MFAUsed") {
		if v.Identity == nil {
			break // nobody, for Parse
		}
		p.MFA = p.MFA || strings.EqualFold(used, "Yes")
	}
	at, err := readTime(string(v.Time))
	got := Event{
		ID: string(v.AppendID(nil)), Version: string(v.Version), Time: at, Name: string(v.Name), Source: string(v.Source), Region: string(v.Region),
		Account: string(v.Account), Type: string(v.Type), Principal: p, Credential: credential, Address: string(v.Address), Agent: string(v.Agent),
		FromConsole: strings.EqualFold(string(v.FromConsole), "true"), ReadOnly: strings.EqualFold(string(v.ReadOnly), "true"), ReadOnlyKnown: len(v.ReadOnly) > 0,
		Error: Error{string(v.ErrorCode), string(v.ErrorMessage)}, Request: clean(v.Request), Response: clean(v.Response), Additional: clean(v.Additional),
		SharedID: string(v.SharedID), VPCEndpoint: string(v.VPCEndpoint),
	}
	if got.Account == "" {
		got.Account = p.Account
	}
	if len(v.ID) == 0 && !bytes.Equal(raw, v.Raw) { // Parse hashes the white space too
		want.ID = got.ID
	}
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w || err != nil {
		t.Fatalf("%.300q:\n%v, %v\n%v", raw, g, err, w)
	}
	if v.Failed() != want.Failed() {
		t.Fatalf("%.300q: failed is %v", raw, v.Failed())
	}
	again, err := v.Event()
	if want.ID = again.ID; err != nil || fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", want) {
		t.Fatalf("%.300q: %+v, %v", raw, again, err)
	}
}

// oddKeys says whether a key is one that encoding/json would take for another
// in another case.
func oddKeys(raw []byte) bool {
	known := []string{
		"eventVersion", "eventID", "eventTime", "eventName", "eventSource", "awsRegion", "eventType", "recipientAccountId", "sourceIPAddress", "userAgent",
		"readOnly", "errorCode", "errorMessage", "sharedEventID", "vpcEndpointId", "sessionCredentialFromConsole", "requestParameters", "responseElements",
		"additionalEventData", "userIdentity", "type", "arn", "principalId", "accountId", "accessKeyId", "userName", "invokedBy", "identityProvider",
		"credentialId", "sessionContext", "sourceIdentity", "attributes", "creationDate", "mfaAuthenticated", "sessionIssuer",
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		if s, ok := token.(string); ok && !slices.Contains(known, s) && slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, s) }) {
			return true
		}
	}
}

func TestScanAgreesWithParse(t *testing.T) {
	parsed := 0
	for _, s := range handwritten() {
		agrees(t, []byte(s))
		if _, err := Parse([]byte(s)); err == nil {
			parsed++
		}
	}
	if parsed < 35 {
		t.Errorf("Parse takes only %d of the records", parsed)
	}
}

func TestScanRealRecords(t *testing.T) {
	n := 0
	filepath.WalkDir("../../../shared/data/cloudtrail", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".jsonl") && !strings.HasSuffix(path, ".json") {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range records(b) {
			agrees(t, raw)
			n++
		}
		return nil
	})
	if n < 1000 {
		t.Skipf("only %d records of the shared data are here", n)
	}
	t.Logf("%d records", n)
}

func TestPlainUUID(t *testing.T) {
	id := []byte("0a1b2c3d-1111-2222-3333-44445555FFFF")
	for i := range id {
		for c := range 256 {
			odd := bytes.Clone(id)
			odd[i] = byte(c)
			if plainUUID(odd) != isUUID(odd) {
				t.Errorf("%q: %v", odd, plainUUID(odd))
			}
		}
		if plainUUID(id[:i]) {
			t.Errorf("%q", id[:i])
		}
	}
}

func TestScanTruncated(t *testing.T) {
	for _, s := range []string{usual, strings.ReplaceAll(usual, ",", " ,\n")} {
		for i := range s {
			var v View
			if _, err := v.Scan([]byte(s[:i])); !errors.Is(err, io.ErrUnexpectedEOF) || v.Raw != nil {
				t.Fatalf("%d bytes: %v", i, err)
			}
		}
		var v View
		if n, err := v.Scan([]byte(s + "}]")); n != len(s) || err != nil {
			t.Errorf("%d of %d bytes, %v", n, len(s), err)
		}
	}
}

// TestScanRefuses what is not JSON, and says where.
func TestScanRefuses(t *testing.T) {
	for s, want := range map[string]string{
		`[]`: "byte 0", `{"a" 1}`: "byte 5", `{"eventID":"e1","readOnly":tru}`: `event "e1": byte 27`, `{"userAgent":"a` + "\x01" + `b"}`: "byte 15",
		`{"a":` + strings.Repeat(`{"a":`, maxDepth) + `1`: "too deep", `{"eventID":"\u12"}`: "not JSON", `{"a":1,}`: "byte 7",
	} {
		var v View
		if _, err := v.Scan([]byte(s)); err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%.60s: %v, want %q", s, err, want)
		}
	}
}

func TestScanReusesItsMemory(t *testing.T) {
	var v View
	raw := []byte(strings.Replace(usual, `command/ec2.run`, `\"\u00e9`, 1))
	v.Scan(raw)
	if n := testing.AllocsPerRun(100, func() { v.Scan(raw) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if !bytes.Contains(v.Agent, []byte(`prompt/off "é-instances`)) {
		t.Errorf("%q", v.Agent)
	}
	v.Scan([]byte(head + "}"))
	if v.Agent != nil || v.Identity != nil {
		t.Error("something of the record before is left")
	}
}

func TestReadPrincipal(t *testing.T) {
	p, credential, err := ReadPrincipal([]byte(assumed))
	want := Principal{
		Type: "AssumedRole", ARN: "arn:aws:sts::111122223333:assumed-role/app/worker", ID: "AROAEXAMPLE:worker", Account: "111122223333", SourceIdentity: "ana", MFA: true,
		Issuer:         Issuer{"Role", "arn:aws:iam::111122223333:role/app", "AROAEXAMPLE", "111122223333", "app"},
		SessionCreated: time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC),
	}
	if p != want || credential != "ASIAEXAMPLE1" || err != nil {
		t.Errorf("%+v, %q, %v", p, credential, err)
	}
	for i := range assumed {
		if _, _, err := ReadPrincipal([]byte(assumed[:i])); (err == nil) != (i == 0) {
			t.Fatalf("%d bytes: %v", i, err)
		}
	}
	for _, s := range []string{"", " ", "null", "{}"} {
		if p, credential, err := ReadPrincipal([]byte(s)); p != (Principal{}) || credential != "" || err != nil {
			t.Errorf("%q: %+v, %q, %v", s, p, credential, err)
		}
	}
	for _, s := range []string{`"x"`, `[]`, `5`, `{"sessionContext":5}`, `{"type":}`, `{"type"}`, `{"a":1 "b":2}`, `{,}`} {
		if _, _, err := ReadPrincipal([]byte(s)); err == nil || !strings.HasPrefix(err.Error(), "cannot read userIdentity: ") {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestRecords(t *testing.T) {
	for doc, want := range map[string]int{
		`{"Records":[{},{}]}`: 2, `{"Records":[]}`: 0, " {\n \"Records\" : [ {} , {} ,\n{} ] }\n": 3, "\xef\xbb\xbf" + `{"Records":[{}]}`: 1,
		`{"a":[{"Records":[1]}],"b":{"c":"]"},"Records":[{"x":"]"}],"d":1}`: 1, `{"R\u0065cords":[{}]}`: 1,
		`[]`: -1, ``: -1, `{"a":1}`: -1, `{"Records":5}`: -1, `{"Records"`: -1, `{"Records":`: -1, `{}`: -1, `{"a":1;"Records":[]}`: -1, "x": -1,
		`{"Records":[{},5]}`: -2, `{"Records":[{},`: -3, `{"Records":[{}`: -3, `{"Records":[`: -3, `{"Records":[{},{"a":`: -3, `{"Records":[{}}`: -2,
	} {
		b := []byte(doc)
		at, ok := Records(b)
		n := 0
		if !ok {
			n = -1
		}
		for ok {
			var err error
			if at, ok, err = NextRecord(b, at); err == nil && ok {
				var v View
				var size int
				size, err = v.Scan(b[at:])
				at += size
				n++
			}
			if errors.Is(err, io.ErrUnexpectedEOF) {
				n, ok = -3, false
			} else if err != nil {
				n, ok = -2, false
			}
		}
		if n != want {
			t.Errorf("%s: %d, want %d", doc, n, want)
		}
	}
}

func TestResync(t *testing.T) {
	for doc, want := range map[string]int{
		`{"eventVersion":"1","x{"eventVersion":"2"}`: 22, `{"eventVersion":"1","x":{"eventVersion":"2"}`: 44, `{"eventVersion":"1","x": {"eventVersion":"2"},{"eventVersion":"3"}`: 46,
		``: 0, `{`: 1, `{"eventVersion":`: 16, "{\n{\"eventVersion\":": 2,
	} {
		if got := Resync([]byte(doc), 0); got != want {
			t.Errorf("%s: %d, want %d", doc, got, want)
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range handwritten() {
		if len(s) < 5000 {
			f.Add([]byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		agrees(t, raw)
		var old View
		for range memoAfter + 2 {
			old.Scan([]byte(usual))
			likeNew(t, &old, raw)
		}
		likeNew(t, &old, append([]byte(usual[:len(usual)/2]), raw...))
		var v View
		v.Scan(raw)
		if _, _, err := ReadPrincipal(v.Identity); err == nil {
			v.Failed()
		}
		for at, ok := Records(raw); ok; {
			next, more, err := NextRecord(raw, at)
			if err != nil || !more {
				break
			}
			n, err := v.Scan(raw[next:])
			if err != nil {
				n = max(1, Resync(raw, next)-next)
			}
			if next < at || n < 1 || next+n > len(raw) {
				t.Fatalf("from %d to %d and %d more of %d", at, next, n, len(raw))
			}
			at = next + n
		}
	})
}

func FuzzReadPrincipal(f *testing.F) {
	f.Add([]byte(assumed))
	for _, s := range handwritten() {
		var v View
		if v.Scan([]byte(s)); len(v.Identity) > 0 {
			f.Add(bytes.Clone(v.Identity))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		ReadPrincipal(raw)
		if json.Valid(raw) {
			agrees(t, []byte(head+`,"userIdentity":`+string(raw)+`}`))
		}
	})
}

func BenchmarkScan(b *testing.B) {
	var all []byte
	for range 2000 {
		all = append(append(all, usual...), ',')
	}
	var v View
	b.SetBytes(int64(len(all)))
	for b.Loop() {
		for at := 0; at < len(all); {
			n, err := v.Scan(all[at:])
			if err != nil {
				b.Fatal(err)
			}
			at += n + 1
		}
	}
}

func BenchmarkReadPrincipal(b *testing.B) {
	raw := []byte(assumed)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		ReadPrincipal(raw)
	}
}
