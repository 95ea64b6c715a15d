package awsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		arn, id string
		want    Principal
	}{
		{"arn:aws:iam::123456789012:user/bob", "AIDABOB",
			Principal{Account: "123456789012", Partition: "aws", Kind: KindUser, Name: "bob", Path: "/", UniqueID: "AIDABOB"}},
		{"arn:aws-cn:iam::123456789012:user/a/b/bob", "AIDABOB",
			Principal{Account: "123456789012", Partition: "aws-cn", Kind: KindUser, Name: "bob", Path: "/a/b/", UniqueID: "AIDABOB"}},
		{"arn:aws:sts::123456789012:assumed-role/Admin/me@x.org", "AROAX:me@x.org",
			Principal{Account: "123456789012", Partition: "aws", Kind: KindRole, Name: "Admin", UniqueID: "AROAX", Session: "me@x.org"}},
		{"arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/me", "AROAY:me",
			Principal{Account: "123456789012", Partition: "aws", Kind: KindRole, Name: "AWSReservedSSO_Admin_0123456789abcdef", UniqueID: "AROAY", Session: "me"}},
		{"arn:aws:sts::123456789012:federated-user/Bob", "123456789012:Bob",
			Principal{Account: "123456789012", Partition: "aws", Kind: KindFederated, Name: "Bob"}},
		{"arn:aws-us-gov:iam::123456789012:root", "123456789012",
			Principal{Account: "123456789012", Partition: "aws-us-gov", Kind: KindRoot}},
		{"arn:aws:sts::123456789012:assumed-root/s", "123456789012:s",
			Principal{Account: "123456789012", Partition: "aws", Kind: KindRoot, Session: "s"}},
		{"arn:aws:iam::123456789012:role/path/Admin", "",
			Principal{Account: "123456789012", Partition: "aws", Kind: KindRole, Name: "Admin", Path: "/path/"}},
		{"arn:aws:iam::123456789012:user/", "AIDA", Principal{Account: "123456789012", Partition: "aws", Kind: KindUnknown}},
		{"arn:aws:s3:::bucket", "", Principal{Partition: "aws", Kind: KindUnknown}},
		{"rubbish", "", Principal{Kind: KindUnknown}},
		{"", "", Principal{Kind: KindUnknown}},
	} {
		tt.want.ARN, tt.want.UserID = tt.arn, tt.id
		if got := parse(tt.arn, tt.id); got != tt.want {
			t.Errorf("parse(%q)\n got %+v\nwant %+v", tt.arn, got, tt.want)
		}
	}
}

func TestCaller(t *testing.T) {
	cleanEnv(t, "")
	a := open(t, &fakeAWS{}, Options{})
	c := a.Caller
	if c.Kind != KindUser || c.Name != "bob" || c.Path != "/division/" || c.UniqueID != "AIDABOB" || c.Account != "123456789012" ||
		c.AccessKeyID != "AKIATEST" || c.Source != "EnvConfigCredentials" || !c.Expires.IsZero() || c.Chain != nil {
		t.Errorf("caller = %+v", c)
	}
}

const roleProfile = `[default]
role_arn = arn:aws:iam::123456789012:role/Admin
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/bob
region = eu-west-3
[profile base]
aws_access_key_id = AKIABASE
aws_secret_access_key = secret
`

func TestRoleProfileAsksForMFAOnce(t *testing.T) {
	cleanEnv(t, roleProfile)
	f := &fakeAWS{}
	var asked atomic.Int32
	a := open(t, f, Options{Prompt: func(_ context.Context, what string) (string, error) {
		asked.Add(1)
		if what != "arn:aws:iam::123456789012:mfa/bob" {
			t.Errorf("asked for %q", what)
		}
		return "123456\n", nil
	}})
	var wg sync.WaitGroup
	for _, region := range partitions[0].regions {
		wg.Go(func() {
			_, err := iam.NewFromConfig(a.Read(region, []Need{"iam:ListUsers"})).ListUsers(context.Background(), &iam.ListUsersInput{})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	roles := f.ops("AssumeRole")
	if asked.Load() != 1 || len(roles) != 1 || roles[0].Form.Get("TokenCode") != "123456" || roles[0].Form.Get("DurationSeconds") != "3600" {
		t.Errorf("asked %d times, AssumeRole %v", asked.Load(), roles)
	}
	c := a.Caller
	if a.Home != "eu-west-3" || c.Kind != KindRole || c.Name != "Admin" || c.UniqueID != "AROAADMIN" || c.Session != "s1" ||
		c.Source != "AssumeRoleProvider" || c.Expires.IsZero() {
		t.Errorf("caller = %+v in %s", c, a.Home)
	}
	if len(c.Chain) != 1 || c.Chain[0].Name != "bob" || c.Chain[0].UniqueID != "AIDABOB" || c.Chain[0].AccessKeyID != "AKIABASE" || c.Chain[0].Profile != "base" {
		t.Errorf("chain = %+v", c.Chain)
	}
}

func TestOwnRoleOnTopOfARoleProfile(t *testing.T) {
	cleanEnv(t, roleProfile+`[profile third]
role_arn = arn:aws:iam::123456789012:role/Third
source_profile = default
`)
	f := &fakeAWS{}
	ask := func(context.Context, string) (string, error) { return "123456", nil }
	a := open(t, f, Options{Profile: "third", RoleARN: "arn:aws:iam::123456789012:role/Own", Prompt: ask})
	var names []string
	for _, p := range a.Caller.Chain {
		names = append(names, string(p.Kind)+" "+p.Name+" "+p.Profile)
	}
	// STS answers "Admin" for every session here; the profile names the middle one.
	want := []string{"role Admin ", "role Admin default", "user bob base"}
	if len(names) != 3 || names[0] != want[0] || names[1] != want[1] || names[2] != want[2] || a.Caller.Chain[1].Why == "" {
		t.Errorf("chain = %q", names)
	}
}

// A role profile without a session name must be the same caller in every process.
func TestRoleSessionNameIsStable(t *testing.T) {
	const plain = `[default]
role_arn = arn:aws:iam::123456789012:role/Admin
source_profile = base
%s
[profile base]
aws_access_key_id = AKIABASE
aws_secret_access_key = secret
`
	for _, tt := range []struct{ line, app, want string }{
		{"", "", "cordon"},
		{"", "cordon-c1", "cordon-c1"},
		{"role_session_name = me", "cordon-c1", "me"},
	} {
		cleanEnv(t, fmt.Sprintf(plain, tt.line))
		f := &fakeAWS{}
		open(t, f, Options{AppID: tt.app})
		if roles := f.ops("AssumeRole"); len(roles) != 1 || roles[0].Form.Get("RoleSessionName") != tt.want {
			t.Errorf("%+v: %v", tt, roles)
		}
	}
	cleanEnv(t, fmt.Sprintf(plain, ""))
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("jwt"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token)
	t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/Admin")
	f := &fakeAWS{}
	_, _ = Open(t.Context(), Options{HTTP: f}) // the fake does not answer it
	if roles := f.ops("AssumeRoleWithWebIdentity"); len(roles) == 0 || roles[0].Form.Get("RoleSessionName") != "cordon" {
		t.Errorf("web identity: %v", roles)
	}
}

func TestBinding(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws-cn:sts::123456789012:assumed-role/Admin/aws-go-sdk-1": "arn:aws-cn:iam::123456789012:role/Admin",
		"arn:aws:iam::123456789012:user/division/bob":                  "arn:aws:iam::123456789012:user/division/bob",
		"arn:aws:sts::123456789012:federated-user/bob":                 "arn:aws:sts::123456789012:federated-user/bob",
		"arn:aws:iam::123456789012:root":                               "arn:aws:iam::123456789012:root",
	} {
		if got := newCaller(parse(arn, "AROAX:s"), time.Time{}, nil).Binding(); got != want {
			t.Errorf("%s: %s, want %s", arn, got, want)
		}
	}
}

// Whose session it is that came ready made, nobody can tell.
func TestSessionsThatWereHandedOver(t *testing.T) {
	// The fake takes a key that begins with ASIA for a session of the role Admin.
	env := func(t *testing.T) {
		t.Setenv("AWS_ACCESS_KEY_ID", "ASIAROLE")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
		t.Setenv("AWS_SESSION_TOKEN", "t")
	}
	const static = "aws_access_key_id = ASIAROLE\naws_secret_access_key = s\naws_session_token = t\n"
	const process = `credential_process = echo '{"Version":1,"AccessKeyId":"ASIAROLE","SecretAccessKey":"s","SessionToken":"t"}'`
	const onTop = "role_arn = arn:aws:iam::123456789012:role/Admin\n"
	unknown := []CallerKind{KindUnknown}
	for name, tt := range map[string]struct {
		profile string
		env     func(*testing.T)
		role    string
		want    []CallerKind
	}{
		"environment":      {"[default]\n", env, "", unknown},
		"static profile":   {"[default]\n" + static, nil, "", unknown},
		"process":          {"[default]\n" + process, nil, "", unknown},
		"below --role-arn": {"[default]\n" + static, nil, "arn:aws:iam::123456789012:role/Own", []CallerKind{KindRole, KindUnknown}},
		"source profile":   {"[default]\n" + onTop + "source_profile = base\n[profile base]\n" + static, nil, "", []CallerKind{KindRole, KindUnknown}},
		"source":           {"[default]\n" + onTop + "credential_source = Environment\n", env, "", []CallerKind{KindRole, KindUnknown}},
		"a user's key":     {"[default]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n", nil, "", nil},
		"function": {"[default]\n", func(t *testing.T) {
			env(t)
			t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "s1")
		}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			cleanEnv(t, tt.profile)
			o := Options{RoleARN: tt.role}
			if tt.env != nil {
				tt.env(t)
			}
			if name == "source" {
				o.Profile = "default" // or the environment goes first
			}
			a := open(t, &fakeAWS{}, o)
			var got []CallerKind
			for _, p := range a.Caller.Chain {
				got = append(got, p.Kind)
				if p.Kind == KindUnknown && p.Why == "" {
					t.Errorf("%+v does not say why", p)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s (%s): chain %v, want %v", a.Caller.ARN, a.Caller.Source, got, tt.want)
			}
		})
	}
	for source, want := range map[string]int{
		"SSOProvider": 0, "EC2RoleProvider": 0, "CredentialsEndpointProvider": 0, "WebIdentityCredentials": 0, "LoginProvider": 1,
	} {
		if got := handed(Principal{Kind: KindRole, Source: source}); len(got) != want {
			t.Errorf("%s: %v", source, got)
		}
	}
}

func TestRoleRefused(t *testing.T) {
	cleanEnv(t, roleProfile)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	ask := func(context.Context, string) (string, error) { return "000000", nil }
	f := &fakeAWS{answer: func(w http.ResponseWriter, r request) bool {
		if r.Op != "AssumeRole" {
			return false
		}
		w.WriteHeader(403)
		io.WriteString(w, body("iam", "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code."))
		return true
	}}
	for _, o := range []Options{{HTTP: f, Prompt: ask}, {HTTP: f, Profile: "base", RoleARN: "arn:aws:iam::123456789012:role/Own"}} {
		if _, err := Open(context.Background(), o); Classify(err) != Unauthenticated || Permission(err) != "" {
			t.Errorf("%q (%v)", Classify(err), err)
		}
	}
	f.answer, f.fail = nil, func(r request) error {
		if r.Op == "AssumeRole" {
			return io.ErrUnexpectedEOF
		}
		return nil
	}
	if _, err := Open(context.Background(), Options{HTTP: f, Prompt: ask}); Classify(err) != Broken {
		t.Errorf("%q (%v)", Classify(err), err)
	}
}

func TestNoMFAPossible(t *testing.T) {
	cleanEnv(t, roleProfile)
	for name, o := range map[string]Options{
		"no prompt":        {},
		"no prompt, ours":  {Profile: "base", RoleARN: "arn:aws:iam::123456789012:role/Own", MFASerial: "x"},
		"declined":         {Prompt: func(context.Context, string) (string, error) { return "", errors.New("no") }},
		"no such profile":  {Profile: "nobody"},
		"endpoint no URL":  {EndpointURL: "localhost:1"},
		"endpoint no host": {EndpointURL: "http://"},
	} {
		o.HTTP = &fakeAWS{}
		_, err := Open(context.Background(), o)
		want := Unauthenticated
		if o.EndpointURL != "" {
			want = Broken
		}
		if err == nil || Classify(err) != want {
			t.Errorf("%s: %v is %q", name, err, Classify(err))
		}
	}
}

func TestDeclinedOnceIsDeclined(t *testing.T) {
	n := 0
	p := &prompter{ctx: context.Background(), ask: func(context.Context, string) (string, error) { n++; return "", errors.New("no") }}
	for range 3 {
		if _, err := p.code("x"); Classify(err) != Unauthenticated {
			t.Error(err)
		}
	}
	if n != 1 {
		t.Errorf("asked %d times", n)
	}
}
