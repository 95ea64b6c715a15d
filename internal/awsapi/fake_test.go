package awsapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A request is one that reached the fake AWS.
type request struct {
	Host, Path, Op, Agent, Key string
	Form                       url.Values
}

// A fakeAWS answers in this process: no socket, so that synctest can run time.
type fakeAWS struct {
	mu     sync.Mutex
	seen   []request
	answer func(w http.ResponseWriter, r request) bool // false: the default answer
	fail   func(r request) error
	date   time.Time
}

func (f *fakeAWS) Do(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	form, _ := url.ParseQuery(string(body))
	r := request{Host: req.URL.Host, Path: req.URL.Path, Agent: req.Header.Get("User-Agent"), Form: form, Op: form.Get("Action")}
	if _, op, ok := strings.Cut(req.Header.Get("X-Amz-Target"), "."); ok {
		r.Op = op[strings.LastIndexByte(op, '.')+1:]
	}
	if r.Op == "" {
		r.Op = req.URL.Path
	}
	if _, cred, ok := strings.Cut(req.Header.Get("Authorization"), "Credential="); ok {
		r.Key, _, _ = strings.Cut(cred, "/")
	}
	f.mu.Lock()
	f.seen = append(f.seen, r)
	answer, fail, date := f.answer, f.fail, f.date
	f.mu.Unlock()
	if fail != nil {
		if err := fail(r); err != nil {
			return nil, &url.Error{Op: "Post", URL: req.URL.String(), Err: err}
		}
	}
	w := httptest.NewRecorder()
	if !date.IsZero() {
		w.Header().Set("Date", date.UTC().Format(http.TimeFormat))
	}
	if answer == nil || !answer(w, r) {
		usual(w, r)
	}
	resp := w.Result()
	resp.Request = req
	resp.Body = io.NopCloser(bytes.NewReader(w.Body.Bytes()))
	return resp, nil
}

func (f *fakeAWS) ops(op string) (out []request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.seen {
		if r.Op == op {
			out = append(out, r)
		}
	}
	return out
}

func (f *fakeAWS) set(answer func(http.ResponseWriter, request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

// usual knows the few calls that opening an account makes.
func usual(w http.ResponseWriter, r request) {
	switch r.Op {
	case "GetCallerIdentity":
		arn, id := "arn:aws:iam::123456789012:user/division/bob", "AIDABOB"
		if strings.HasPrefix(r.Key, "ASIA") {
			arn, id = "arn:aws:sts::123456789012:assumed-role/Admin/s1", "AROAADMIN:s1"
		}
		fmt.Fprintf(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>%s</Arn><UserId>%s</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`, arn, id)
	case "AssumeRole":
		fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><AssumedRoleId>AROAADMIN:s1</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/Admin/s1</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	case "ListUsers":
		io.WriteString(w, `<ListUsersResponse><ListUsersResult><IsTruncated>false</IsTruncated><Users/></ListUsersResult></ListUsersResponse>`)
	case "LookupEvents":
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		io.WriteString(w, `{"Events":[]}`)
	default:
		w.WriteHeader(http.StatusNotImplemented)
		io.WriteString(w, `<ErrorResponse><Error><Code>NotImplemented</Code><Message>no</Message></Error></ErrorResponse>`)
	}
}

// cleanEnv gives a test an AWS environment of its own, with static keys and,
// if given, a configuration file.
func cleanEnv(t *testing.T, profile string) {
	t.Helper()
	for _, kv := range os.Environ() {
		if name, v, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, v) // so that it comes back
			os.Unsetenv(name)
		}
	}
	dir := t.TempDir()
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	if profile == "" {
		t.Setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	}
}

func open(t *testing.T, f *fakeAWS, o Options) *Account {
	t.Helper()
	o.HTTP = f
	a, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
