package kinds

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

var testTime = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// verbsOnly cuts a spec down to one verb.
func verbsOnly[R, W any](s kind.Spec[R, W], names ...string) kind.Spec[R, W] {
	s.Verbs = slices.DeleteFunc(slices.Clone(s.Verbs), func(v kind.Verb[R, W]) bool { return !slices.Contains(names, v.Name) })
	return s
}

func TestIAMDenialSaysWhatTheConsoleSays(t *testing.T) {
	const want = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-03-01T10:00:00Z"}}}]}`
	if got := denyOlder(testTime); got != want {
		t.Errorf("%s", got)
	}
	if got := denyOlder(testTime.Add(-time.Millisecond)); got != want {
		t.Errorf("part of a second is not rounded up: %s", got)
	}
	if got := denyOlder(testTime.In(time.FixedZone("", 3600))); got != want {
		t.Errorf("not in UTC: %s", got)
	}
	if got := denyEverything("C-2026 03\"\n01-é"); !strings.Contains(got, `"Sid":"CordonC20260301"`) {
		t.Errorf("%s", got)
	}
}

func TestIAMDenialIsOnlyADenial(t *testing.T) {
	edit := func(from, to string) string { return strings.Replace(denyEverything("C-1"), from, to, 1) }
	for _, c := range []struct {
		name, doc string
		want      bool
	}{
		{"ours", denyEverything("C-1"), true},
		{"lists for strings", edit(`"*"`, `["*"]`), true},
		{"bare statement", `{"Version":"2012-10-17","Statement":{"Sid":"CordonC1","Effect":"Deny","Action":"*","Resource":"*"}}`, true},
		{"spaces", edit(",", " ,\n"), true},
		{"another case's", denyEverything("C-2"), false},
		{"allow", edit("Deny", "Allow"), false},
		{"one service", edit(`"Action":"*"`, `"Action":"s3:*"`), false},
		{"one bucket", edit(`"Resource":"*"`, `"Resource":"arn:aws:s3:::a"`), false},
		{"not an action", edit(`"Action":"*"`, `"NotAction":"*"`), false},
		{"a condition", edit(`"Resource":"*"`, `"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}`), false},
		{"only old sessions", denyOlder(testTime), false},
		{"not JSON", `{`, false},
		{"empty", ``, false},
		{"no statement", `{"Version":"2012-10-17","Statement":[]}`, false},
	} {
		if got := denies(&c.doc, "C-1"); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if denies(nil, "C-1") {
		t.Error("no policy denies")
	}
}

func TestIAMRevocationReachesFarEnough(t *testing.T) {
	milliseconds := strings.Replace(denyOlder(testTime), "00Z", "00.250Z", 1)
	for _, c := range []struct {
		name, doc string
		at        time.Time
		want      bool
	}{
		{"the same", denyOlder(testTime), testTime, true},
		{"newer", denyOlder(testTime.Add(time.Hour)), testTime, true},
		{"older", denyOlder(testTime), testTime.Add(time.Second), false},
		{"as the console writes it", milliseconds, testTime, true},
		{"total", denyEverything("C-1"), testTime, false},
		{"another condition beside it", strings.Replace(denyOlder(testTime), `"DateLessThan"`, `"Bool":{"aws:SecureTransport":"false"},"DateLessThan"`, 1), testTime, false},
		{"another key beside it", strings.Replace(denyOlder(testTime), `"aws:TokenIssueTime"`, `"aws:CurrentTime":"2020-01-01T00:00:00Z","aws:TokenIssueTime"`, 1), testTime, false},
		{"no date", strings.Replace(denyOlder(testTime), "2026", "soon", 1), testTime, false},
	} {
		if got := revokes(&c.doc, c.at); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestIAMDocument(t *testing.T) {
	for in, want := range map[string]string{"%7B%22a%22%3A+1%7D": `{"a":+1}`, "a%20b%2Bc": "a b+c", "": ""} {
		if got, err := document(&in); got != want || err != nil {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
	if _, err := document(aws.String("100%")); err == nil {
		t.Error("a document that cannot be decoded was taken")
	}
}

func TestIAMARNs(t *testing.T) {
	r := fact.Resource{ARN: "arn:aws-cn:iam::111122223333:user/ann"}
	if got := awsDenyAll(r); got != "arn:aws-cn:iam::aws:policy/AWSDenyAll" {
		t.Error(got)
	}
	if got := awsDenyAll(fact.Resource{}); got != "arn:aws:iam::aws:policy/AWSDenyAll" {
		t.Error(got)
	}
	fact.Attached.Set(&r, []fact.Document{{ARN: "arn:aws-cn:iam::aws:policy/X"}, {ARN: "arn:aws-cn:iam::111122223333:policy/Y"}})
	fact.Groups.Set(&r, []string{"g"})
	if got := holdsPolicies(r); len(got) != 2 || got[0].ID != "arn:aws-cn:iam::111122223333:policy/Y" || got[1].ID != "g" {
		t.Errorf("%v", got)
	}
}

const reportText = "user,arn,user_creation_time,password_enabled,password_last_used,access_key_1_last_used_date,access_key_2_last_used_date,something_new\n" +
	"<root_account>,arn:aws:iam::1:root,2019-03-01T09:00:00+00:00,not_supported,no_information,2026-01-02T03:04:05+00:00,2026-01-03T03:04:05+00:00,x\n" +
	"ann,arn:aws:iam::1:user/ann,2020-03-01T09:00:00+00:00,true,2026-01-02T03:04:05+00:00,N/A,N/A,x\n"

func TestIAMRootRow(t *testing.T) {
	var r fact.Resource
	if err := setRootRow(&r, &iam.GetCredentialReportOutput{Content: []byte(reportText), GeneratedTime: &testTime}); err != nil {
		t.Fatal(err)
	}
	if use, _ := fact.RootKeyUse.Get(r); !use.Equal(time.Date(2026, 1, 3, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("key use %v", use)
	}
	if _, known := fact.RootPassword.Get(r); known {
		t.Error("no_information is not a date")
	}
	if made, _ := fact.ReportAge.Get(r); !made.Equal(testTime) || r.ARN != "arn:aws:iam::1:root" {
		t.Errorf("%v %s", made, r.ARN)
	}
	for _, bad := range []string{"", "<html>", "user,arn\n\"<root_account>"} {
		if err := setRootRow(&r, &iam.GetCredentialReportOutput{Content: []byte(bad)}); err == nil {
			t.Errorf("%q was taken for a report", bad)
		}
	}
}

// slowReport is an account whose report takes its time, or is refused.
type slowReport struct {
	waits int
	err   error
}

func (s *slowReport) GetAccountSummary(context.Context, *iam.GetAccountSummaryInput, ...func(*iam.Options)) (*iam.GetAccountSummaryOutput, error) {
	return &iam.GetAccountSummaryOutput{SummaryMap: map[string]int32{"AccountAccessKeysPresent": 1, "AccountMFAEnabled": 0}}, nil
}

func (s *slowReport) GenerateCredentialReport(context.Context, *iam.GenerateCredentialReportInput, ...func(*iam.Options)) (*iam.GenerateCredentialReportOutput, error) {
	if s.waits--; s.waits >= 0 {
		return &iam.GenerateCredentialReportOutput{State: types.ReportStateTypeInprogress}, nil
	}
	return &iam.GenerateCredentialReportOutput{State: types.ReportStateTypeComplete}, s.err
}

func (s *slowReport) GetCredentialReport(context.Context, *iam.GetCredentialReportInput, ...func(*iam.Options)) (*iam.GetCredentialReportOutput, error) {
	return &iam.GetCredentialReportOutput{Content: []byte(reportText), GeneratedTime: &testTime}, nil
}

func TestIAMRootWithoutReportIsKnownInPart(t *testing.T) {
	denied := &smithy.GenericAPIError{Code: "AccessDenied"}
	broken := &smithy.GenericAPIError{Code: "InternalFailure"}
	for _, c := range []struct {
		name    string
		api     slowReport
		fails   bool
		keyUse  bool
		atLeast time.Duration
	}{
		{"at once", slowReport{}, false, true, 0},
		{"third time", slowReport{waits: 2}, false, true, time.Second},
		{"never", slowReport{waits: 1000}, false, false, 20 * time.Second},
		{"denied", slowReport{err: denied}, false, false, 0},
		{"broken", slowReport{err: broken}, true, false, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			var got []fact.Resource
			err := listRoot(t.Context(), &c.api, fact.Place{}, func(r fact.Resource) { got = append(got, r) })
			if (err != nil) != c.fails {
				t.Fatalf("%s: %v", c.name, err)
			}
			if took := time.Since(begun); took < c.atLeast || took > time.Minute {
				t.Errorf("%s: took %v", c.name, took)
			}
			if c.fails {
				return
			}
			keys, known := fact.RootKeys.Get(got[0])
			mfa, mfaKnown := fact.MFA.Get(got[0])
			_, used := fact.RootKeyUse.Get(got[0])
			_, certs := fact.RootCerts.Get(got[0])
			if !keys || !known || mfa || !mfaKnown || used != c.keyUse || certs {
				t.Errorf("%s: %+v", c.name, got[0])
			}
		})
	}
}

func TestIAMWaitingForTheReportEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := listRoot(ctx, &slowReport{waits: 1000}, fact.Place{}, func(fact.Resource) { t.Error("listed") })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestIAMPerUserForgetsTheVanishedOnly(t *testing.T) {
	users := []types.User{{UserName: aws.String("ann")}, {UserName: aws.String("bob")}, {UserName: aws.String("eve")}}
	read := func(bob error) (map[string][]string, error) {
		return perUser(t.Context(), users, func(_ context.Context, name string) ([]string, error) {
			if name == "bob" {
				return nil, bob
			}
			return []string{name + "'s"}, nil
		})
	}
	got, err := read(&types.NoSuchEntityException{})
	if _, there := got["bob"]; err != nil || there || len(got) != 2 || got["eve"][0] != "eve's" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := read(errors.New("throttled")); err == nil {
		t.Errorf("%v", got)
	}
}

func TestIAMNobodyIsNotTheCaller(t *testing.T) {
	r := fact.Resource{Ref: fact.Ref{Kind: "iam.access-key", ID: "AKIA1"}}
	for _, v := range accessKeySpec.Verbs {
		if err := v.Do(t.Context(), nil, kind.Job{Resource: r}, []byte(`{"status":"Active"}`)); err == nil {
			t.Error("a key without an owner reached IAM")
		}
	}
}
