package lab_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
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

func TestLookupEvents(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	users := iam.NewFromConfig(config(l, "us-east-1"))
	for i := range 60 {
		mustCreateUser(t, users, fmt.Sprintf("user-%02d", i))
	}
	key, err := users.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("user-07")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = sts.NewFromConfig(configFor(l, "eu-west-1", *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey)).
		GetCallerIdentity(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := cloudtrail.NewFromConfig(config(l, "us-east-1"))
	names := lookup(t, c, trailtypes.LookupAttributeKeyEventName, "CreateUser")
	if len(names) != 60 || !strings.Contains(*names[0].CloudTrailEvent, "user-59") {
		t.Errorf("%d events of CreateUser, the newest %v", len(names), aws.ToString(names[0].CloudTrailEvent))
	}
	about := lookup(t, c, trailtypes.LookupAttributeKeyResourceName, "user-07")
	if len(about) != 2 {
		t.Errorf("%d events about user-07", len(about))
	}
	if strings.Contains(*about[0].CloudTrailEvent, *key.AccessKey.SecretAccessKey) {
		t.Error("a record holds a secret key")
	}
	if !strings.Contains(*about[0].CloudTrailEvent, *key.AccessKey.AccessKeyId) {
		t.Error("the record of CreateAccessKey does not name the key")
	}
	id := *key.AccessKey.AccessKeyId
	if got := lookup(t, c, trailtypes.LookupAttributeKeyAccessKeyId, id); len(got) != 0 {
		t.Errorf("STS's event of another region shows here: %d", len(got))
	}
	there := cloudtrail.NewFromConfig(config(l, "eu-west-1"))
	got := lookup(t, there, trailtypes.LookupAttributeKeyAccessKeyId, id)
	if len(got) != 1 || *got[0].Username != "user-07" || *got[0].EventName != "GetCallerIdentity" {
		t.Errorf("%+v", got)
	}
}

// lookup returns all pages of LookupEvents for one attribute.
func lookup(t *testing.T, c *cloudtrail.Client, key trailtypes.LookupAttributeKey, value string) []trailtypes.Event {
	t.Helper()
	var all []trailtypes.Event
	pages := cloudtrail.NewLookupEventsPaginator(c, &cloudtrail.LookupEventsInput{
		LookupAttributes: []trailtypes.LookupAttribute{{AttributeKey: key, AttributeValue: &value}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Events) > 50 {
			t.Errorf("a page of %d events", len(page.Events))
		}
		all = append(all, page.Events...)
	}
	return all
}

func TestLookupEventsRefusesWhatAWSRefuses(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	c := cloudtrail.NewFromConfig(config(l, "us-east-1"))
	one := trailtypes.LookupAttribute{AttributeKey: trailtypes.LookupAttributeKeyEventName, AttributeValue: aws.String("A")}
	for want, in := range map[string]*cloudtrail.LookupEventsInput{
		"InvalidLookupAttributesException": {LookupAttributes: []trailtypes.LookupAttribute{one, one}},
		"InvalidMaxResultsException":       {MaxResults: aws.Int32(51)},
		"InvalidNextTokenException":        {NextToken: aws.String("bm90aGluZw")},
		"InvalidTimeRangeException": {
			StartTime: aws.Time(time.Now()), EndTime: aws.Time(time.Now().Add(-time.Hour)),
		},
	} {
		if _, err := c.LookupEvents(ctx, in); code(err) != want {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := l.Settings(ctx, map[string]any{"lookup_rps": 2}); err != nil {
		t.Fatal(err)
	}
	plain := config(l, "us-east-1")
	plain.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	c = cloudtrail.NewFromConfig(plain)
	throttled := false
	for range 20 {
		_, err := c.LookupEvents(ctx, nil)
		throttled = throttled || code(err) == "ThrottlingException"
	}
	if !throttled {
		t.Error("20 calls in a row were not throttled at 2 per second")
	}
}

func TestLookupEventsLagsBehind(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	mustCreateUser(t, iam.NewFromConfig(config(l, "us-east-1")), "alice")
	if _, err := l.Settings(ctx, map[string]any{"lookup_delay_s": 600}); err != nil {
		t.Fatal(err)
	}
	c := cloudtrail.NewFromConfig(config(l, "us-east-1"))
	if got := lookup(t, c, trailtypes.LookupAttributeKeyEventName, "CreateUser"); len(got) != 0 {
		t.Errorf("%d events at once", len(got))
	}
}

func TestRefusedCallsAreOnRecord(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	root := iam.NewFromConfig(config(l, "us-east-1"))
	mustCreateUser(t, root, "alice")
	made, err := root.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("alice")})
	if err != nil {
		t.Fatal(err)
	}
	id, secret := *made.AccessKey.AccessKeyId, *made.AccessKey.SecretAccessKey
	alice := iam.NewFromConfig(configFor(l, "us-east-1", id, secret))
	if _, err := alice.ListRoles(ctx, nil); code(err) != "AccessDenied" {
		t.Fatal(err)
	}
	c := cloudtrail.NewFromConfig(config(l, "us-east-1"))
	seen := lookup(t, c, trailtypes.LookupAttributeKeyAccessKeyId, id)
	if len(seen) != 1 || !strings.Contains(*seen[0].CloudTrailEvent, `"errorCode": "AccessDenied"`) {
		t.Errorf("%+v", seen)
	}
	_, err = root.UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{
		UserName: aws.String("alice"), AccessKeyId: &id, Status: iamtypes.StatusTypeInactive,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alice.ListRoles(ctx, nil); code(err) != "InvalidClientTokenId" {
		t.Errorf("an inactive key: %v", err)
	}
	if seen := lookup(t, c, trailtypes.LookupAttributeKeyAccessKeyId, id); len(seen) != 1 {
		t.Errorf("%d events: a call with bad credentials belongs to nobody", len(seen))
	}
	if n, _ := requests(t, l, "ListRoles"); n != 2 {
		t.Errorf("the lab knows of %d calls, not 2", n)
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

func TestForksDoNotShareTheAccount(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	c := iam.NewFromConfig(config(l, "us-east-1"))
	mustCreateUser(t, c, "before")
	child, err := l.Fork(ctx)
	if err != nil {
		t.Fatal(err)
	}
	mustCreateUser(t, iam.NewFromConfig(config(child, "us-east-1")), "in-the-child")
	mustCreateUser(t, c, "in-the-parent")
	for name, each := range map[string]*lab.Lab{"in-the-parent": l, "in-the-child": child} {
		dump, err := each.Dump(ctx, "iam")
		if err != nil {
			t.Fatal(err)
		}
		users := map[string]bool{}
		for resource := range dump["iam"] {
			if user, ok := strings.CutPrefix(resource, "user/"); ok {
				users[user] = true
			}
		}
		if len(users) != 2 || !users["before"] || !users[name] {
			t.Errorf("%s: %v", name, users)
		}
	}
	if err := l.Reset(ctx); err != nil {
		t.Fatal(err)
	}
	out, err := c.ListUsers(ctx, nil)
	if err != nil || len(out.Users) != 0 {
		t.Errorf("after a reset: %v %v", out, err)
	}
}

func TestDumpShowsWhatChanged(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	c := ec2.NewFromConfig(config(l, "eu-west-1"))
	run, err := c.RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: aws.String("ami-12345678"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1), InstanceType: ec2types.InstanceTypeT3Micro,
	})
	if err != nil {
		t.Fatal(err)
	}
	resource := "eu-west-1/instance/" + *run.Instances[0].InstanceId
	state := func() string {
		dump, err := l.Dump(ctx, "ec2")
		if err != nil {
			t.Fatal(err)
		}
		var instance struct{ State string }
		if err := json.Unmarshal(dump["ec2"][resource], &instance); err != nil {
			t.Fatal(err)
		}
		return instance.State
	}
	if state() != "running" {
		t.Errorf("state %q", state())
	}
	if _, err := c.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{*run.Instances[0].InstanceId}}); err != nil {
		t.Fatal(err)
	}
	if state() != "stopped" {
		t.Errorf("state %q", state())
	}
	if _, err := l.Dump(ctx, "nothing"); err == nil {
		t.Error("a dump of nothing")
	}
}

func TestSeedingFillsTheAccountAndTheTrail(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	if _, err := l.Seed(ctx, "no-such", time.Time{}); err == nil {
		t.Error("a scenario that does not exist was run")
	}
	truth, err := l.Seed(ctx, "night", time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	again, err := l.Truth(ctx)
	if err != nil || string(again) != string(truth) || len(truth) < 100 {
		t.Errorf("%d bytes of truth, then %d: %v", len(truth), len(again), err)
	}
	events, err := l.Events(ctx, true)
	if err != nil || len(events) < 50 {
		t.Errorf("%d events: %v", len(events), err)
	}
	if missing, err := l.Missing(ctx); err != nil || len(missing) != 0 {
		t.Errorf("the scenario asks for what nobody answers: %v %v", missing, err)
	}
}

func TestEndpointOverrideWorksToo(t *testing.T) {
	l := fork(t)
	cfg := config(l, "eu-west-1")
	cfg.HTTPClient, cfg.BaseEndpoint = http.DefaultClient, aws.String(l.URL())
	if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, err := ec2.NewFromConfig(cfg).DescribeInstances(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, last := requests(t, l, "DescribeInstances"); last.Region != "eu-west-1" {
		t.Errorf("%+v", last)
	}
}

func TestForksWhileCallsRun(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	stop := make(chan struct{})
	var calls sync.WaitGroup
	c := iam.NewFromConfig(config(l, "us-east-1"))
	for range 4 {
		calls.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := c.ListUsers(ctx, nil); err != nil {
					t.Error(err)
					return
				}
				if _, err := l.Events(ctx, true); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 20 {
		child, err := l.Fork(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := iam.NewFromConfig(config(child, "us-east-1")).ListUsers(ctx, nil); err != nil {
			t.Error(err)
		}
		if _, err := child.Events(ctx, false); err != nil {
			t.Error(err)
		}
		if err := child.Stop(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	calls.Wait()
}
