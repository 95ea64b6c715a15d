package lab_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"cordon/internal/lab"
)

// config is the SDK's configuration for a lab as root: real host names, and a
// transport that leads them all to the lab. Retries wait next to nothing.
func config(l *lab.Lab, region string) aws.Config {
	id, secret := l.RootKey()
	return configFor(l, region, id, secret)
}

func configFor(l *lab.Lab, region, id, secret string) aws.Config {
	return aws.Config{
		Region: region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
		}),
		HTTPClient: &http.Client{Transport: lab.Transport(l.URL())},
		Retryer:    func() aws.Retryer { return quick{} },
	}
}

// quick retries like the SDK's standard, at once.
type quick struct{}

func (quick) IsErrorRetryable(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		code := api.ErrorCode()
		return code == "Throttling" || code == "RequestLimitExceeded" || code == "ThrottlingException" || code == "InternalFailure"
	}
	var canceled *aws.RequestCanceledError
	return !errors.As(err, &canceled)
}
func (quick) MaxAttempts() int                             { return 3 }
func (quick) RetryDelay(int, error) (time.Duration, error) { return 0, nil }
func (quick) GetRetryToken(context.Context, error) (func(error) error, error) {
	return func(error) error { return nil }, nil
}
func (quick) GetInitialToken() func(error) error { return func(error) error { return nil } }

// code is the error code of AWS in an error, or "".
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func mustCreateUser(t *testing.T, c *iam.Client, name string) {
	t.Helper()
	if _, err := c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name}); err != nil {
		t.Fatal(err)
	}
}

// requests counts the requests for an operation that reached the lab.
func requests(t *testing.T, l *lab.Lab, op string) (n int, last lab.Event) {
	t.Helper()
	events, err := l.Events(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Lab.Op == op {
			n, last = n+1, e
		}
	}
	return n, last
}

func TestCallsCarryRealHostsAndRegions(t *testing.T) {
	l := fork(t)
	who, err := sts.NewFromConfig(config(l, "eu-west-1")).GetCallerIdentity(t.Context(), nil)
	if err != nil || *who.Arn != "arn:aws:iam::111122223333:root" {
		t.Fatalf("%v %v", who, err)
	}
	if _, err := ec2.NewFromConfig(config(l, "ap-south-1")).DescribeInstances(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, first := requests(t, l, "GetCallerIdentity")
	_, second := requests(t, l, "DescribeInstances")
	if first.Lab.Host != "sts.eu-west-1.amazonaws.com" || first.Region != "eu-west-1" ||
		second.Lab.Host != "ec2.ap-south-1.amazonaws.com" || second.Region != "ap-south-1" {
		t.Errorf("%+v\n%+v", first.Lab, second.Lab)
	}
}

func TestThrottlingIsRetried(t *testing.T) {
	l := fork(t)
	for _, f := range []lab.Fault{
		{Match: map[string]string{"service": "iam", "op": "List.*"}, Times: 2, Throttle: true},
		{Match: map[string]string{"service": "ec2", "region": "eu-.*"}, Times: 2, Throttle: true},
	} {
		if err := l.AddFault(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := iam.NewFromConfig(config(l, "us-east-1")).ListUsers(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, err := ec2.NewFromConfig(config(l, "eu-west-1")).DescribeVolumes(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if n, last := requests(t, l, "ListUsers"); n != 3 || last.Lab.Faulted {
		t.Errorf("%d requests, the last %+v", n, last.Lab)
	}
	if n, _ := requests(t, l, "DescribeVolumes"); n != 3 {
		t.Errorf("%d requests", n)
	}
}

func TestErrorsOfAnyKind(t *testing.T) {
	l := fork(t)
	if err := l.AddFault(t.Context(), lab.Fault{
		Match: map[string]string{"op": "GetUser"}, Code: "ServiceFailure", Status: 500, Message: "no luck", Skip: 1,
	}); err != nil {
		t.Fatal(err)
	}
	c := iam.NewFromConfig(config(l, "us-east-1"))
	mustCreateUser(t, c, "alice")
	in := &iam.GetUserInput{UserName: aws.String("alice")}
	if _, err := c.GetUser(t.Context(), in); err != nil {
		t.Errorf("the skipped call: %v", err)
	}
	_, err := c.GetUser(t.Context(), in)
	if code(err) != "ServiceFailure" || !strings.Contains(err.Error(), "no luck") {
		t.Error(err)
	}
	if err := l.ClearFaults(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetUser(t.Context(), in); err != nil {
		t.Errorf("after the faults were cleared: %v", err)
	}
}

func TestDroppedConnection(t *testing.T) {
	l := fork(t)
	if err := l.AddFault(t.Context(), lab.Fault{Match: map[string]string{"op": "CreateUser"}, Drop: true}); err != nil {
		t.Fatal(err)
	}
	c := iam.NewFromConfig(config(l, "us-east-1"))
	_, err := c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("alice")})
	if err == nil || code(err) != "" {
		t.Errorf("no dropped connection: %v", err)
	}
	if _, last := requests(t, l, "CreateUser"); last.Lab.CarriedOut || last.Lab.Status != 0 {
		t.Errorf("%+v", last.Lab)
	}
	if err := l.ClearFaults(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustCreateUser(t, c, "alice") // it was not made before
}

func TestDoneButAnswered500(t *testing.T) {
	l := fork(t)
	if err := l.AddFault(t.Context(), lab.Fault{
		Match: map[string]string{"op": "CreateUser"}, Times: 1, Status: 500, Code: "InternalFailure", After: true,
	}); err != nil {
		t.Fatal(err)
	}
	c := iam.NewFromConfig(config(l, "us-east-1"))
	_, err := c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("alice")})
	var exists *iamtypes.EntityAlreadyExistsException
	if !errors.As(err, &exists) {
		t.Errorf("the retry does not find what the first try did: %v", err)
	}
	if n, _ := requests(t, l, "CreateUser"); n != 2 {
		t.Errorf("%d requests", n)
	}
}

func TestDoneButDropped(t *testing.T) {
	l := fork(t)
	if err := l.AddFault(t.Context(), lab.Fault{
		Match: map[string]string{"op": "DeleteUser"}, Times: 1, Drop: true, After: true,
	}); err != nil {
		t.Fatal(err)
	}
	c := iam.NewFromConfig(config(l, "us-east-1"))
	mustCreateUser(t, c, "alice")
	_, err := c.DeleteUser(t.Context(), &iam.DeleteUserInput{UserName: aws.String("alice")})
	if code(err) != "NoSuchEntity" {
		t.Errorf("the retry does not find the user gone: %v", err)
	}
}

func TestDelay(t *testing.T) {
	l := fork(t)
	if err := l.AddFault(t.Context(), lab.Fault{Match: map[string]string{"service": "sts"}, DelayMS: 150}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := sts.NewFromConfig(config(l, "us-east-1")).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 150*time.Millisecond {
		t.Errorf("took only %v", took)
	}
}

func TestWrongFaultsAreRefused(t *testing.T) {
	l := fork(t)
	for _, f := range []lab.Fault{
		{Match: map[string]string{"op": "("}},
		{Match: map[string]string{"color": "red"}},
		{Status: 200},
	} {
		if err := l.AddFault(t.Context(), f); err == nil {
			t.Errorf("taken: %+v", f)
		}
	}
}

func TestWhatNobodyAnswersIsCounted(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	_, err := account.NewFromConfig(config(l, "us-east-1")).GetPrimaryEmail(ctx, &account.GetPrimaryEmailInput{
		AccountId: aws.String("111122223333"),
	})
	if code(err) != "NotImplemented" {
		t.Error(err)
	}
	_, err = lambda.NewFromConfig(config(l, "eu-west-1")).ListCapacityProviders(ctx, nil)
	if code(err) != "NotImplemented" {
		t.Error(err)
	}
	missing, err := l.Missing(ctx)
	if err != nil || missing["account:GetPrimaryEmail"] != 1 {
		t.Errorf("%v %v", missing, err)
	}
}

func TestRegionsThatAreNotEnabled(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	c := ec2.NewFromConfig(config(l, "us-east-1"))
	names := func(in *ec2.DescribeRegionsInput) map[string]string {
		out, err := c.DescribeRegions(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, r := range out.Regions {
			found[*r.RegionName] = *r.OptInStatus
		}
		return found
	}
	some, all := names(nil), names(&ec2.DescribeRegionsInput{AllRegions: aws.Bool(true)})
	if some["eu-west-1"] != "opt-in-not-required" || some["eu-south-1"] != "" || all["eu-south-1"] != "not-opted-in" {
		t.Errorf("%v\n%v", some, all)
	}
	if _, err := ec2.NewFromConfig(config(l, "eu-south-1")).DescribeInstances(ctx, nil); code(err) != "AuthFailure" {
		t.Errorf("ec2: %v", err)
	}
	if _, err := sts.NewFromConfig(config(l, "eu-south-1")).GetCallerIdentity(ctx, nil); code(err) != "InvalidClientTokenId" {
		t.Errorf("sts: %v", err)
	}
	if _, err := lambda.NewFromConfig(config(l, "eu-south-1")).ListFunctions(ctx, nil); code(err) != "UnrecognizedClientException" {
		t.Errorf("lambda: %v", err)
	}
	_, err := account.NewFromConfig(config(l, "us-east-1")).EnableRegion(ctx, &account.EnableRegionInput{RegionName: aws.String("eu-south-1")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ec2.NewFromConfig(config(l, "eu-south-1")).DescribeInstances(ctx, nil); err != nil {
		t.Errorf("enabled: %v", err)
	}
	if names(nil)["eu-south-1"] != "opted-in" {
		t.Error("an enabled region does not show")
	}
}

func TestUnreachableRegion(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	if _, err := l.Settings(ctx, map[string]any{"unreachable_regions": []string{"eu-west-3"}}); err != nil {
		t.Fatal(err)
	}
	_, err := ec2.NewFromConfig(config(l, "eu-west-3")).DescribeInstances(ctx, nil)
	if err == nil || code(err) != "" {
		t.Errorf("%v", err)
	}
}
