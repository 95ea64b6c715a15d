package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

const foreignBucketPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + stranger + `:root"},` +
	`"Action":"s3:GetObject","Resource":"arn:aws:s3:::ledger/*"}]}`

// openBucket is a bucket to which an intruder did all that he does to buckets.
func openBucket(t *testing.T, w kindtest.World) string {
	t.Helper()
	api, name := s3.NewFromConfig(w.Config(here)), aws.String("ledger")
	must[*s3.CreateBucketOutput](t)(api.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: name, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: here},
		ObjectOwnership: types.ObjectOwnershipObjectWriter,
	}))
	must[*s3.PutBucketPolicyOutput](t)(api.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: name, Policy: aws.String(foreignBucketPolicy)}))
	must[*s3.PutBucketAclOutput](t)(api.PutBucketAcl(t.Context(), &s3.PutBucketAclInput{Bucket: name, ACL: types.BucketCannedACLPublicRead}))
	must[*s3.PutBucketVersioningOutput](t)(api.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	}))
	must[*s3.PutBucketLifecycleConfigurationOutput](t)(api.PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{
		Bucket: name, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{
			{
				ID: aws.String("ransom"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
				Expiration: &types.LifecycleExpiration{Days: aws.Int32(3)},
			},
			{
				ID: aws.String("tidy"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("logs/")},
				Expiration: &types.LifecycleExpiration{Days: aws.Int32(90)},
			},
		}},
	}))
	must[*s3.PutBucketEncryptionOutput](t)(api.PutBucketEncryption(t.Context(), &s3.PutBucketEncryptionInput{
		Bucket: name, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{
			{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAwsKms}},
		}},
	}))
	must[*s3.PutBucketReplicationOutput](t)(api.PutBucketReplication(t.Context(), &s3.PutBucketReplicationInput{
		Bucket: name, ReplicationConfiguration: &types.ReplicationConfiguration{
			Role: aws.String("arn:aws:iam::" + kindtest.Account + ":role/copy"),
			Rules: []types.ReplicationRule{{
				ID: aws.String("all"), Status: types.ReplicationRuleStatusEnabled, Priority: aws.Int32(1), Filter: &types.ReplicationRuleFilter{Prefix: aws.String("")},
				DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusDisabled},
				Destination:             &types.Destination{Bucket: aws.String("arn:aws:s3:::away"), Account: aws.String("777788889999")},
			}},
		},
	}))
	for range 2 {
		putObject(t, api, "ledger", "a/one.txt", "first")
	}
	putObject(t, api, "ledger", "two.txt", "second")
	must[*s3.DeleteObjectOutput](t)(api.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: name, Key: aws.String("two.txt")}))
	return "ledger"
}

func putObject(t *testing.T, api *s3.Client, bucket, key, body string) {
	t.Helper()
	must[*s3.PutObjectOutput](t)(api.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(body)}))
}

func TestBucket(t *testing.T) {
	kindtest.Run(t, kindtest.Case[bucketReader, bucketWriter]{
		Spec: bucketSpec, Region: here, Setup: openBucket,
		Before: befores{
			"restore-policy": putBack(""), "restore-acl": putBack(""), "restore-public-block": putBack(allBlocked), "restore-versioning": putBack("Suspended"),
			"restore-lifecycle": putBack(""), "restore-replication": putBack(""),
			"restore-encryption": putBack(`{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}`),
			"restore-notify":     putBack(""), "restore-logging": putBack(`{"TargetBucket":"ledger","TargetPrefix":"log/"}`),
		},
		Verbs: setups{"restore-logging": loggedBucket, "restore-notify": notifyingBucket},
		New:   newly{"make-log-bucket": fresh("s3.bucket", TrailBucket(kindtest.Account, here))},
	})
}

// notifyingBucket tells a queue of every object.
func notifyingBucket(t *testing.T, w kindtest.World) string {
	t.Helper()
	name := openBucket(t, w)
	must[*s3.PutBucketNotificationConfigurationOutput](t)(s3.NewFromConfig(w.Config(here)).PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{
		Bucket: &name, SkipDestinationValidation: aws.Bool(true), NotificationConfiguration: &types.NotificationConfiguration{
			QueueConfigurations: []types.QueueConfiguration{{
				Id: aws.String("all"), QueueArn: aws.String("arn:aws:sqs:" + here + ":" + kindtest.Account + ":drop"), Events: []types.Event{types.EventS3ObjectCreated},
			}},
		},
	}))
	return name
}

// loggedBucket may be written to by S3's log delivery.
func loggedBucket(t *testing.T, w kindtest.World) string {
	t.Helper()
	name := openBucket(t, w)
	must[*s3.PutBucketPolicyOutput](t)(s3.NewFromConfig(w.Config(here)).PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{
		Bucket: &name, Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},` +
			`"Action":"s3:PutObject","Resource":"arn:aws:s3:::ledger/*"}]}`),
	}))
	return name
}

func TestBucketFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, bucket, openBucket(t, w))
	wantForeign(t, r)
	if public, known := fact.Public.Get(r); !public || !known {
		t.Errorf("public %v, %v", public, known)
	}
	if with := fact.SharedWith.Or(r, nil); !slices.Contains(with, "777788889999") {
		t.Errorf("the account that gets the copies is not among %v", with)
	}
	now := fact.Aspects.Or(r, nil)
	for _, a := range bucketAspects {
		if _, known := now[a.name]; !known {
			t.Errorf("%s is not known", a.name)
		}
	}
	if now["versioning"] != "Enabled" || !strings.Contains(now["lifecycle"], "ransom") {
		t.Errorf("%v", now)
	}
	at := fact.Place{Account: kindtest.Account, Region: "eu-central-1"}
	if err := bucket.List(t.Context(), w.Config(at.Region), at, func(r fact.Resource) { t.Errorf("%s is listed in %s", r.ID, at.Region) }); err != nil {
		t.Error(err)
	}
	if err := w.Lab.AddFault(t.Context(), lab.Fault{Match: map[string]string{"op": "GetBucketReplication"}, Code: "AccessDenied", Status: 403}); err != nil {
		t.Fatal(err)
	}
	at.Region = here
	if err := bucket.List(t.Context(), w.Config(here), at, func(r fact.Resource) { t.Errorf("%s is listed", r.ID) }); awsapi.Classify(err) != awsapi.Denied {
		t.Errorf("what may not be read: %v", err)
	}
}

// What the bucket's own block holds back is open to nobody.
func TestBlockedBucketIsNotPublic(t *testing.T) {
	w := kindtest.NewWorld(t)
	name := openBucket(t, w)
	if err := setBucketBlock(t.Context(), bucketSpec.Writer(w.Config(here)), name, allBlocked); err != nil {
		t.Fatal(err)
	}
	if public, known := fact.Public.Get(listed(t, w, bucket, name)); public || !known {
		t.Errorf("public %v, %v", public, known)
	}
}

// A bucket is deleted only while all that it holds is kept.
func TestBucketIsKeptBeforeItIsDeleted(t *testing.T) {
	w := kindtest.NewWorld(t)
	j := kind.Job{Resource: listed(t, w, bucket, openBucket(t, w))}
	read := bucketSpec.Reader(w.Config(here))
	kept := map[string]string{}
	if err := keepBucket(t.Context(), read, j.Resource, func(name string, b []byte) error { kept[name] = string(b); return nil }); err != nil {
		t.Fatal(err)
	}
	bodies := 0
	for name, body := range kept {
		if strings.HasPrefix(name, "version-") && (body == "first" || body == "second") {
			bodies++
		}
	}
	if bodies != 3 || kept["unread.json"] != "" {
		t.Errorf("%d versions of 3 are kept: %v", bodies, kept)
	}
	if err := bucketKept(t.Context(), read, j); err != nil {
		t.Error(err)
	}
	before := must[[]byte](t)(removeBucket.Prior(t.Context(), read, j.Resource))
	putObject(t, s3.NewFromConfig(w.Config(here)), "ledger", "three.txt", "third")
	if after := must[[]byte](t)(removeBucket.Prior(t.Context(), read, j.Resource)); string(after) == string(before) {
		t.Error("an object that came since does not show")
	} else if removeBucket.Rest(before, after) || removeBucket.Rest(before, before) {
		t.Error("a bucket with something in it is the rest of a deletion")
	}
	var content bucketContent
	if err := json.Unmarshal(before, &content); err != nil || len(content.Versions) < 2 {
		t.Fatalf("%s: %v", before, err)
	}
	for what, c := range map[string]struct {
		versions []string
		want     bool
	}{
		"emptied":          {[]string{}, true},
		"emptied in part":  {content.Versions[1:], true},
		"filled otherwise": {[]string{"another"}, false},
	} {
		now := must[[]byte](t)(json.Marshal(bucketContent{Made: content.Made, Versions: c.versions}))
		if removeBucket.Rest(before, now) != c.want {
			t.Errorf("%s: a rest of a deletion: %v", what, !c.want)
		}
	}
	if err := w.Lab.AddFault(t.Context(), lab.Fault{Match: map[string]string{"op": "GetObject"}, Code: "InvalidRequest", Status: 400}); err != nil {
		t.Fatal(err)
	}
	if err := bucketKept(t.Context(), read, j); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("objects that only their writer can read: %v", err)
	}
	big := []objectVersion{{Size: keptBytes}, {Size: 1}}
	if smallBucket(big, false) || smallBucket(nil, true) || !smallBucket(big[:1], false) {
		t.Error("the limits do not hold")
	}
}

func TestStopExpiry(t *testing.T) {
	rule := func(status types.ExpirationStatus, days int32) types.LifecycleRule {
		return types.LifecycleRule{Status: status, Expiration: &types.LifecycleExpiration{Days: &days}}
	}
	for name, c := range map[string]struct {
		rule types.LifecycleRule
		want bool
	}{
		"a day":        {rule(types.ExpirationStatusEnabled, 1), true},
		"seven days":   {rule(types.ExpirationStatusEnabled, 7), true},
		"eight":        {rule(types.ExpirationStatusEnabled, 8), false},
		"off already":  {rule(types.ExpirationStatusDisabled, 1), false},
		"old versions": {types.LifecycleRule{Status: types.ExpirationStatusEnabled, NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(1)}}, true},
		"no deleting":  {types.LifecycleRule{Status: types.ExpirationStatusEnabled}, false},
	} {
		if got := expiresSoon(c.rule); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The records are as AWS writes them: JSON made of the XML body.
func TestRecallBucket(t *testing.T) {
	for name, c := range map[string]struct {
		call, request, want string
		ok                  bool
	}{
		"policy":        {"PutBucketPolicy", `{"bucketName":"b","bucketPolicy":{"Version":"2012-10-17","Statement":[]}}`, `{"Statement":[],"Version":"2012-10-17"}`, true},
		"no policy":     {"PutBucketPolicy", `{"bucketName":"b"}`, "", false},
		"policy gone":   {"DeleteBucketPolicy", `{"bucketName":"b"}`, "", true},
		"private":       {"PutBucketAcl", `{"bucketName":"b","x-amz-acl":["private"]}`, "", true},
		"a canned acl":  {"PutBucketAcl", `{"bucketName":"b","x-amz-acl":["public-read"]}`, "", false},
		"versioning":    {"PutBucketVersioning", `{"VersioningConfiguration":{"Status":"Enabled","xmlns":"http://s3.amazonaws.com/doc/2006-03-01/"}}`, "Enabled", true},
		"block":         {"PutBucketPublicAccessBlock", `{"PublicAccessBlockConfiguration":{"xmlns":"x","RestrictPublicBuckets":true,"BlockPublicPolicy":true,"BlockPublicAcls":true,"IgnorePublicAcls":true}}`, allBlocked, true},
		"one rule":      {"PutBucketLifecycle", `{"LifecycleConfiguration":{"xmlns":"x","Rule":{"ID":"a","Status":"Enabled","Filter":{"Prefix":""},"Expiration":{"Days":30}}}}`, `{"Rules":[{"Expiration":{"Days":30},"Filter":{"Prefix":""},"ID":"a","Status":"Enabled"}]}`, true},
		"two rules":     {"PutBucketLifecycle", `{"LifecycleConfiguration":{"Rule":[{"ID":"a","Status":"Enabled","Filter":""},{"ID":"b","Status":"Disabled","Filter":""}]}}`, `{"Rules":[{"Filter":{},"ID":"a","Status":"Enabled"},{"Filter":{},"ID":"b","Status":"Disabled"}]}`, true},
		"unnamed rule":  {"PutBucketLifecycle", `{"LifecycleConfiguration":{"Rule":{"Status":"Enabled","Filter":""}}}`, "", false},
		"for what?":     {"PutBucketLifecycle", `{"LifecycleConfiguration":{"Rule":{"ID":"a","Status":"Enabled","Expiration":{"Days":30}}}}`, "", false},
		"encryption":    {"PutBucketEncryption", `{"ServerSideEncryptionConfiguration":{"xmlns":"x","Rule":{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"},"BucketKeyEnabled":false}}}`, `{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}`, true},
		"notifications": {"PutBucketNotification", `{"NotificationConfiguration":{"xmlns":"x"}}`, "", true},
		"something new": {"PutBucketLifecycle", `{"LifecycleConfiguration":{"Rule":{"ID":"a","Status":"Enabled","Surprise":1}}}`, "", false},
	} {
		got, ok := recallBucket(c.call, []byte(c.request), nil)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %s, %v; want %s, %v", name, got, ok, c.want, c.ok)
		}
	}
}

func openAccount(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := s3AccountSpec.Writer(w.Config(fact.Global))
	j := kind.Job{Resource: fact.Resource{Ref: fact.Ref{Place: fact.Place{Account: kindtest.Account}}}}
	if err := setAccountBlock(t.Context(), api, j, strings.ReplaceAll(allBlocked, "true", "false")); err != nil {
		t.Fatal(err)
	}
	return kindtest.Account
}

func TestS3Account(t *testing.T) {
	kindtest.Run(t, kindtest.Case[s3AccountReader, s3AccountWriter]{
		Spec: s3AccountSpec, Region: fact.Global, Setup: openAccount,
		Before: befores{
			"restore-public-block": func(*testing.T, kindtest.World, string) string { return allBlocked },
		},
	})
}

func TestS3AccountFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	at := fact.Place{Account: kindtest.Account, Region: fact.Global}
	blocked := func() (on, known bool) {
		t.Helper()
		if err := s3Account.List(t.Context(), w.Config(fact.Global), at, func(r fact.Resource) { on, known = fact.Active.Get(r) }); err != nil {
			t.Fatal(err)
		}
		return on, known
	}
	if on, known := blocked(); on || !known {
		t.Errorf("never set: %v, %v", on, known)
	}
	_, err := s3control.NewFromConfig(w.Config(here)).GetPublicAccessBlock(context.Background(), &s3control.GetPublicAccessBlockInput{AccountId: aws.String(kindtest.Account)})
	if awsapi.Code(err) != "NoSuchPublicAccessBlockConfiguration" {
		t.Errorf("the lab answers %v", err)
	}
}
