package lab_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

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
