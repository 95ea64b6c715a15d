package awsapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
)

// Each caller speaks another protocol of AWS.
var callers = map[string]func(aws.Config) error{
	"iam": func(c aws.Config) error { // query, XML
		_, err := iam.NewFromConfig(c).ListUsers(context.Background(), &iam.ListUsersInput{})
		return err
	},
	"ec2": func(c aws.Config) error { // EC2's own XML
		_, err := ec2.NewFromConfig(c).DescribeInstances(context.Background(), &ec2.DescribeInstancesInput{})
		return err
	},
	"cloudtrail": func(c aws.Config) error { // JSON 1.1
		_, err := cloudtrail.NewFromConfig(c).LookupEvents(context.Background(), &cloudtrail.LookupEventsInput{})
		return err
	},
	"lambda": func(c aws.Config) error { // REST JSON
		_, err := lambda.NewFromConfig(c).ListFunctions(context.Background(), &lambda.ListFunctionsInput{})
		return err
	},
	"guardduty": func(c aws.Config) error { // REST JSON
		_, err := guardduty.NewFromConfig(c).ListDetectors(context.Background(), &guardduty.ListDetectorsInput{})
		return err
	},
}

var every = []Need{"iam:ListUsers", "ec2:DescribeInstances", "cloudtrail:LookupEvents", "lambda:ListFunctions", "guardduty:ListDetectors"}

func body(svc, code, msg string) string {
	switch svc {
	case "iam":
		return fmt.Sprintf(`<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>r</RequestId></ErrorResponse>`, code, msg)
	case "ec2":
		return fmt.Sprintf(`<?xml version="1.0"?><Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>r</RequestID></Response>`, code, msg)
	case "cloudtrail":
		return fmt.Sprintf(`{"__type":"com.amazonaws.cloudtrail#%s","message":%q}`, code, msg)
	}
	return fmt.Sprintf(`{"__type":"%s:http://internal.amazon.com/","message":%q}`, code, msg)
}

func TestClasses(t *testing.T) {
	cleanEnv(t, "")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	synctest.Test(t, testClasses) // after a throttle the lane is paced
}

func testClasses(t *testing.T) {
	f := &fakeAWS{}
	a := open(t, f, Options{})
	html := "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>"
	for _, tt := range []struct {
		svc        string
		status     int
		code, msg  string
		want       Class
		permission string
	}{
		{"iam", 403, "AccessDenied", "User: arn:aws:iam::1:user/b is not authorized to perform: iam:ListUsers on resource: arn:aws:iam::1:user/ because no identity-based policy allows the iam:ListUsers action", Denied, "iam:ListUsers"},
		{"ec2", 403, "UnauthorizedOperation", "You are not authorized to perform this operation. Encoded authorization failure message: abc", Denied, "ec2:DescribeInstances"},
		{"ec2", 403, "UnauthorizedOperation", "You are not authorized to perform this operation. User: arn:aws:sts::1:assumed-role/R/s is not authorized to perform: ec2:DescribeInstances with an explicit deny in a service control policy", Denied, "ec2:DescribeInstances"},
		{"ec2", 401, "AuthFailure", "Not authorized for images: [ami-1]", Denied, "ec2:DescribeInstances"},
		{"cloudtrail", 400, "AccessDeniedException", "User: x is not authorized to perform: cloudtrail:LookupEvents because of a deny", Denied, "cloudtrail:LookupEvents"},
		{"lambda", 403, "AccessDeniedException", "User: x is not authorized to perform: kms:Decrypt on resource: k", Denied, "kms:Decrypt"},
		{"lambda", 403, "AccessDeniedException", "", Denied, "lambda:ListFunctions"},
		{"guardduty", 403, "AccessDeniedException", "The account is not subscribed to it", NotSubscribed, ""},
		{"ec2", 401, "OptInRequired", "You are not subscribed to this service.", NotSubscribed, ""},
		{"iam", 403, "SubscriptionRequiredException", "The AWS Access Key Id needs a subscription for the service", NotSubscribed, ""},
		{"iam", 400, "Throttling", "Rate exceeded", Throttled, ""},
		{"ec2", 503, "RequestLimitExceeded", "Request limit exceeded.", Throttled, ""},
		{"ec2", 503, "Client.RequestLimitExceeded", "Request limit exceeded.", Throttled, ""},
		{"cloudtrail", 400, "ThrottlingException", "Rate exceeded", Throttled, ""},
		{"lambda", 429, "TooManyRequestsException", "Rate Exceeded.", Throttled, ""},
		{"guardduty", 429, "Odd", "x", Throttled, ""},
		{"iam", 404, "NoSuchEntity", "The user with name x cannot be found.", NotFound, ""},
		{"ec2", 400, "InvalidInstanceID.NotFound", "The instance ID 'i-1' does not exist", NotFound, ""},
		{"cloudtrail", 400, "TrailNotFoundException", "Unknown trail", NotFound, ""},
		{"lambda", 404, "ResourceNotFoundException", "Function not found", NotFound, ""},
		{"iam", 400, "ValidationError", "Stack with id x does not exist", NotFound, ""},
		{"iam", 403, "InvalidClientTokenId", "The security token included in the request is invalid.", Unauthenticated, ""},
		{"iam", 403, "ExpiredToken", "The security token included in the request is expired", Unauthenticated, ""},
		{"ec2", 401, "AuthFailure", "AWS was not able to validate the provided access credentials", Unauthenticated, ""},
		{"cloudtrail", 400, "UnrecognizedClientException", "The security token included in the request is invalid.", Unauthenticated, ""},
		{"lambda", 403, "ExpiredTokenException", "x", Unauthenticated, ""},
		{"iam", 409, "DeleteConflict", "Cannot delete entity, must detach all policies first.", InUse, ""},
		{"ec2", 400, "DependencyViolation", "resource sg-1 has a dependent object", InUse, ""},
		{"ec2", 400, "InvalidGroup.InUse", "There are active instances using it", InUse, ""},
		{"ec2", 400, "VolumeInUse", "vol-1 is attached", InUse, ""},
		{"lambda", 400, "ResourceInUseException", "x", InUse, ""},
		{"iam", 400, "ScalingActivityInProgress", "You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.", InUse, ""},
		{"iam", 400, "ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.", InUse, ""},
		{"iam", 400, "InvalidDBInstanceState", "Instance x is not in available state.", InUse, ""},
		{"iam", 409, "DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.", InUse, ""},
		{"iam", 400, "ValidationError", "Stack:arn:aws:cloudformation:x is in UPDATE_IN_PROGRESS state and can not be updated.", InUse, ""},
		{"iam", 400, "ValidationError", "1 validation error detected: Value 'x' failed to satisfy constraint", Broken, ""},
		{"ec2", 400, "IncorrectState", "vol-1 is in the creating state", InUse, ""},
		{"cloudtrail", 400, "ValidationException", "Status (Stopping) not in ([Stopped, Failed]). Unable to transition to (Deleting)", InUse, ""},
		{"cloudtrail", 400, "ValidationException", "1 validation error detected", Broken, ""},
		{"cloudtrail", 400, "UpdateInProgressException", "There's already a current update in progress", InUse, ""},
		{"lambda", 400, "ClientException", "Cannot delete, resource is being modified.", InUse, ""},
		{"lambda", 400, "ClientException", "Cannot delete, found existing JobQueue relationship", InUse, ""},
		{"lambda", 400, "ClientException", "Job queue arn:aws:batch:x does not exist", Broken, ""},
		{"lambda", 409, "ResourceConflictException", "The operation cannot be performed at this time. An update is in progress for resource", InUse, ""},
		{"lambda", 409, "ConflictException", "cannot delete: in use", InUse, ""},
		{"lambda", 400, "InvalidParameterValueException", "Lambda was unable to delete x because it is a replicated function.", InUse, ""},
		{"lambda", 400, "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.", Broken, ""},
		{"iam", 501, "NotImplemented", "not here", NotImplemented, ""},
		{"lambda", 501, "", "", NotImplemented, ""},
		{"iam", 404, html, "", NotImplemented, ""},
		{"cloudtrail", 500, html, "", NotImplemented, ""},
		{"lambda", 404, html, "", NotImplemented, ""},
		{"guardduty", 502, html, "", Broken, ""},
		{"lambda", 403, html, "", Broken, ""},
		{"iam", 500, "ServiceFailure", "x", Broken, ""},
		{"iam", 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", Broken, ""},
		{"iam", 400, "ValidationError", "1 validation error detected", Broken, ""},
		{"cloudtrail", 400, "SomethingNew", "x", Broken, ""},
		{"iam", 200, `<ListUsersResponse><ListUsersResult><IsTrunc`, "", Broken, ""},
		{"lambda", 200, `{"Functions":[{`, "", Broken, ""},
	} {
		f.set(func(w http.ResponseWriter, r request) bool {
			text := tt.code
			if tt.msg != "" || !strings.ContainsAny(tt.code, "<{") {
				text = body(tt.svc, tt.code, tt.msg)
			}
			if strings.HasPrefix(text, "<!doctype") && tt.svc != "lambda" {
				w.Header().Set("Content-Type", "text/html; charset=utf-8") // and Lambda's without a header
			} else {
				w.Header().Set("Content-Type", "application/x")
			}
			w.WriteHeader(tt.status)
			io.WriteString(w, text)
			return true
		})
		err := callers[tt.svc](a.Read("eu-west-1", every))
		name := fmt.Sprintf("%s %d %.30s %.40s", tt.svc, tt.status, tt.code, tt.msg)
		if got := Classify(err); got != tt.want {
			t.Errorf("%s: %q, want %q (%v)", name, got, tt.want, err)
		}
		if got := Permission(err); got != tt.permission {
			t.Errorf("%s: permission %q, want %q", name, got, tt.permission)
		}
		if !strings.Contains(tt.code, "<") && tt.status != 501 && Code(err) != strings.TrimPrefix(tt.code, "Client.") && tt.status != 200 {
			t.Errorf("%s: code %q", name, Code(err))
		}
	}
	for code, want := range map[string]Class{ // REST XML: no such client is linked here
		"NoSuchBucket": NotFound, "BucketNotEmpty": InUse, "SlowDown": Throttled, "InvalidAccessKeyId": Unauthenticated,
		"AccessDenied": Denied, "NoSuchHostedZone": NotFound, "NotSignedUp": NotSubscribed, "UnknownEndpoint": Broken,
	} {
		if got := Classify(&smithy.GenericAPIError{Code: code}); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	for _, err := range []error{&smithy.GenericAPIError{Code: "UnknownEndpoint"}, &aws.EndpointNotFoundError{}} {
		for svc, want := range map[string]Class{"GuardDuty": AbsentInRegion, "EC2": Broken, "IAM": Broken} {
			if got := Classify(&smithy.OperationError{ServiceID: svc, OperationName: "X", Err: err}); got != want {
				t.Errorf("%s, %v: %q, want %q", svc, err, got, want)
			}
		}
	}
	if Classify(nil) != OK || Classify(context.Canceled) != Broken || Permission(nil) != "" {
		t.Error("no error, or an ended context")
	}
}

func TestNoSuchHost(t *testing.T) {
	cleanEnv(t, "")
	none := func(r request) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: r.Host, IsNotFound: true}}
	}
	for _, tt := range []struct {
		svc  string
		dns  error // of the name that every region has
		want Class
	}{
		{"guardduty", nil, AbsentInRegion},
		{"guardduty", errors.New("no network"), Broken},
		{"ec2", nil, Broken},
		{"iam", nil, Broken},
	} {
		f := &fakeAWS{}
		a := open(t, f, Options{})
		f.fail = none
		a.lookup = func(_ context.Context, host string) error {
			if host != "sts.eu-south-2.amazonaws.com" {
				t.Errorf("looked up %s", host)
			}
			return tt.dns
		}
		before := len(f.seen)
		err := callers[tt.svc](a.Read("eu-south-2", every))
		if got := Classify(err); got != tt.want {
			t.Errorf("%s, DNS %v: %q, want %q (%v)", tt.svc, tt.dns, got, tt.want, err)
		}
		if n := len(f.seen) - before; n != 1 {
			t.Errorf("%s: %d attempts at a name that does not exist", tt.svc, n)
		}
	}
}

func TestDroppedConnectionIsBroken(t *testing.T) {
	cleanEnv(t, "")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	drop := false
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if drop {
			conn, _, _ := http.NewResponseController(w).Hijack()
			conn.Close()
			return
		}
		usual(w, request{Op: "GetCallerIdentity"})
	}))
	a, err := Open(context.Background(), Options{EndpointURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	drop = true
	for svc, call := range callers {
		if err := call(a.Read("us-east-1", every)); Classify(err) != Broken {
			t.Errorf("%s: %q (%v)", svc, Classify(err), err)
		}
	}
	srv.Close()
	if err := callers["guardduty"](a.Read("us-east-1", every)); Classify(err) != Broken {
		t.Errorf("refused: %q (%v)", Classify(err), err)
	}
	if _, err := Open(context.Background(), Options{EndpointURL: srv.URL}); Classify(err) != Broken {
		t.Errorf("open: %q (%v)", Classify(err), err)
	}
}

func TestNoCredentials(t *testing.T) {
	cleanEnv(t, "[default]\nregion = us-east-1\n")
	_, err := Open(context.Background(), Options{HTTP: &fakeAWS{}})
	if Classify(err) != Unauthenticated {
		t.Errorf("%q (%v)", Classify(err), err)
	}
}

func TestWhy(t *testing.T) {
	api := func(code, msg string) error {
		return &smithy.OperationError{ServiceID: "IAM", OperationName: "ListUsers", Err: &smithy.GenericAPIError{Code: code, Message: msg}}
	}
	secret := "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	for _, tt := range []struct {
		err       error
		want, not string
	}{
		{api("AccessDenied", "you may not"), "AccessDenied: you may not", "operation error"},
		{api("UnauthorizedOperation", "No. Encoded authorization failure message: AbC123"), "UnauthorizedOperation: No.", "AbC123"},
		{api("SignatureDoesNotMatch", "bad. The Canonical String for this request should have been\n'GET x-amz-security-token:tok"), "bad.", "tok"},
		{api("X", "a\x1b[2Jb\r\nc\u202ed"), "X: a", "\x1b"},
		{api("X", "key "+secret+" end"), "end", secret},
		{errors.New("GET /?X-Amz-Security-Token=abc&y=1 failed"), "y=1 failed", "abc"},
		{api("X", strings.Repeat("long 字 ", 200)), "X: long", "\n"},
		{api("AccessDenied", "User: arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/me"), "AdministratorAccess_0123456789abcdef/me", "…"},
	} {
		got := Why(tt.err)
		if !strings.Contains(got, tt.want) || strings.Contains(got, tt.not) {
			t.Errorf("Why(%.60q) = %q", tt.err, got)
		}
		if n := utf8.RuneCountInString(got); n > 300 || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("%d characters: %q", n, got)
		}
	}
	if Why(nil) != "" {
		t.Error("nil")
	}
}
