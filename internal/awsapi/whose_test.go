package awsapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestWhose: only what AWS says of the key itself is a verdict on it.
func TestWhose(t *testing.T) {
	cleanEnv(t, "")
	for code, want := range map[string]error{
		"InvalidClientTokenId": ErrRefused, "InvalidAccessKeyId": ErrRefused, "ExpiredToken": ErrRefused, "ExpiredTokenException": ErrRefused,
		"SignatureDoesNotMatch": ErrOtherSecret,
		"RequestTimeTooSkewed":  nil, "RequestExpired": nil, "IncompleteSignature": nil, "MissingAuthenticationToken": nil, "AccessDenied": nil,
	} {
		f := &fakeAWS{answer: func(w http.ResponseWriter, _ request) bool {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>no</Message></Error></ErrorResponse>`, code)
			return true
		}}
		_, err := Whose(t.Context(), Options{HTTP: f, Now: time.Now}, "AKIAX", "s", "")
		if err == nil || errors.Is(err, ErrRefused) != (want == ErrRefused) || errors.Is(err, ErrOtherSecret) != (want == ErrOtherSecret) || Code(err) != code {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// TestWhere: a region that has to be opted into says nothing of other people's
// keys, and is asked only where it was asked for.
func TestWhere(t *testing.T) {
	cleanEnv(t, "")
	for _, c := range []struct{ configured, asked, want string }{
		{"eu-south-1", "", "sts.us-east-1.amazonaws.com"},
		{"cn-northwest-1", "", "sts.cn-north-1.amazonaws.com.cn"},
		{"us-gov-east-1", "", "sts.us-gov-west-1.amazonaws.com"},
		{"eu-west-1", "eu-south-1", "sts.eu-south-1.amazonaws.com"},
	} {
		t.Setenv("AWS_REGION", c.configured)
		f := &fakeAWS{}
		if _, err := Whose(t.Context(), Options{HTTP: f, Now: time.Now, Region: c.asked}, "AKIAX", "s", ""); err != nil {
			t.Fatal(err)
		}
		if got := f.ops("GetCallerIdentity"); len(got) != 1 || !strings.HasPrefix(got[0].Host, c.want) {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}
