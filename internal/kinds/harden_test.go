package kinds

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

// fresh is what a plan names before it is there.
func fresh(k fact.Kind, id string, more ...func(*fact.Resource)) func(*testing.T, kindtest.World) fact.Resource {
	return func(*testing.T, kindtest.World) fact.Resource {
		r := fact.Resource{Ref: fact.Ref{Kind: k, Place: fact.Place{Account: kindtest.Account, Region: here}, ID: id}}
		for _, f := range more {
			f(&r)
		}
		return r
	}
}

type newly = map[string]func(*testing.T, kindtest.World) fact.Resource

// A region that has a detector gets no second one, and undoing takes away none that
// was there before.
func TestCreateDetectorLeavesAnother(t *testing.T) {
	w := kindtest.NewWorld(t)
	id := makeDetector(t, w)
	api := guardduty.NewFromConfig(w.Config(here))
	r := fresh("guardduty.detector", NewDetector)(t, w)
	j := kind.Job{Resource: r, Case: "C-20260101-A"}
	prior, err := createDetector.Prior(t.Context(), api, r)
	if err != nil || string(prior) == `""` {
		t.Fatalf("prior = %s, %v", prior, err)
	}
	for _, f := range []func() error{
		func() error { return createDetector.Do(t.Context(), api, j, prior) },
		func() error { return createDetector.Undo(t.Context(), api, j, prior) },
	} {
		if err := f(); err != nil {
			t.Fatal(err)
		}
		out := must[*guardduty.ListDetectorsOutput](t)(api.ListDetectors(t.Context(), &guardduty.ListDetectorsInput{}))
		if len(out.DetectorIds) != 1 || out.DetectorIds[0] != id {
			t.Errorf("detectors: %v", out.DetectorIds)
		}
	}
}

// The amount and whom to tell are in the plan; what a triage lists of the alarm says
// that it is about the bill.
func TestBillingAlarm(t *testing.T) {
	w := kindtest.NewWorld(t)
	j := kind.Job{Resource: fresh("cloudwatch.alarm", BillingAlarm)(t, w), Case: "C-20260101-A"}
	if err := createBillingAlarm.Do(t.Context(), alarmSpec.Writer(w.Config(here)), j, []byte(`""`)); err == nil {
		t.Error("an alarm without an amount was made")
	}
	j.Resource = freshAlarm(t, w)
	if err := createBillingAlarm.Do(t.Context(), alarmSpec.Writer(w.Config(here)), j, []byte(`""`)); err != nil {
		t.Fatal(err)
	}
	if above, known := fact.Threshold.Get(listed(t, w, alarm, BillingAlarm)); !known || above != 100 {
		t.Errorf("above %v, %v", above, known)
	}
}

func freshAlarm(t *testing.T, w kindtest.World) fact.Resource {
	return fresh("cloudwatch.alarm", BillingAlarm, func(r *fact.Resource) {
		fact.Threshold.Set(r, 100)
		fact.Notify.Set(r, "arn:aws:sns:us-east-1:"+kindtest.Account+":bill")
	})(t, w)
}

// freshTrail writes to a bucket that is there.
func freshTrail(t *testing.T, w kindtest.World) fact.Resource {
	t.Helper()
	bucket := "some-logs"
	must[*s3.CreateBucketOutput](t)(s3.NewFromConfig(w.Config("us-east-1")).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}))
	return fresh("cloudtrail.trail", "arn:aws:cloudtrail:"+here+":"+kindtest.Account+":trail/"+NewTrail, func(r *fact.Resource) { fact.Bucket.Set(r, bucket) })(t, w)
}

// makeLocalTrail records one region and signs nothing.
func makeLocalTrail(t *testing.T, w kindtest.World) string {
	t.Helper()
	bucket := fact.Bucket.Or(freshTrail(t, w), "")
	out := must[*cloudtrail.CreateTrailOutput](t)(cloudtrail.NewFromConfig(w.Config(here)).CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{
		Name: aws.String("local"), S3BucketName: &bucket,
	}))
	return aws.ToString(out.TrailARN)
}

// What the owner set up otherwise under that name is left as it is, and what was
// recorded is not deleted.
func TestMakeLogBucketLeavesAnother(t *testing.T) {
	w := kindtest.NewWorld(t)
	api := s3.NewFromConfig(w.Config(here))
	r := fresh("s3.bucket", TrailBucket(kindtest.Account, here))(t, w)
	j := kind.Job{Resource: r, Case: "C-20260101-A"}
	if err := makeLogBucket.Do(t.Context(), api, j, []byte(`""`)); err != nil {
		t.Fatal(err)
	}
	must[*s3.PutObjectOutput](t)(api.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &r.ID, Key: aws.String("AWSLogs/1")}))
	if err := makeLogBucket.Undo(t.Context(), api, j, []byte(`""`)); err == nil {
		t.Error("a bucket with logs is said to be gone")
	}
	if done, err := makeLogBucket.Done(t.Context(), api, j); err != nil || !done {
		t.Errorf("done = %t, %v", done, err)
	}
	must[*s3.DeleteBucketPolicyOutput](t)(api.DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: &r.ID}))
	prior, err := makeLogBucket.Prior(t.Context(), api, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := makeLogBucket.Do(t.Context(), api, j, prior); err == nil {
		t.Error("somebody else's bucket was changed")
	}
}

// Killed between its two calls, the making of a trail goes on from there; one that
// was there before is nobody's half.
func TestHalfATrailIsFinished(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := freshTrail(t, w)
	api, ctx := cloudtrail.NewFromConfig(w.Config(here)), t.Context()
	first := must[[]byte](t)(createTrail.Prior(ctx, api, r))
	bucket, name := fact.Bucket.Or(r, ""), NewTrail
	must[*cloudtrail.CreateTrailOutput](t)(api.CreateTrail(ctx, &cloudtrail.CreateTrailInput{
		Name: &name, S3BucketName: &bucket, IsMultiRegionTrail: aws.Bool(true), EnableLogFileValidation: aws.Bool(true),
	}))
	half := must[[]byte](t)(createTrail.Prior(ctx, api, r))
	if !createTrail.Rest(first, half) || createTrail.Rest(half, half) || createTrail.Rest(first, first) {
		t.Errorf("what %s left is %s", first, half)
	}
	j := kind.Job{Resource: r, Case: "C-20260101-A"}
	if err := createTrail.Do(ctx, api, j, half); err == nil {
		t.Error("somebody else's trail was changed")
	}
	if err := createTrail.Do(ctx, api, j, first); err != nil {
		t.Fatal(err)
	}
	if done, err := createTrail.Done(ctx, api, j); err != nil || !done {
		t.Errorf("done = %t, %v", done, err)
	}
	if whole := must[[]byte](t)(createTrail.Prior(ctx, api, r)); createTrail.Rest(first, whole) {
		t.Errorf("%s is no half", whole)
	}
}

// Stricter stays, laxer becomes as recommended, and nothing is made laxer.
func TestBetterPasswords(t *testing.T) {
	for is, want := range map[string]string{
		"": `{"minimumPasswordLength":14,"requireSymbols":true,"requireNumbers":true,"requireUppercaseCharacters":true,"requireLowercaseCharacters":true,"allowUsersToChangePassword":true,"passwordReusePrevention":24,"hardExpiry":false}`,
		`{"minimumPasswordLength":20,"maxPasswordAge":90,"passwordReusePrevention":5,"hardExpiry":true}`: `{"minimumPasswordLength":20,"requireSymbols":true,"requireNumbers":true,"requireUppercaseCharacters":true,"requireLowercaseCharacters":true,"allowUsersToChangePassword":true,"maxPasswordAge":90,"passwordReusePrevention":24,"hardExpiry":true}`,
		`{"minimumPasswordLength":8,"allowUsersToChangePassword":false}`:                                 `{"minimumPasswordLength":14,"requireSymbols":true,"requireNumbers":true,"requireUppercaseCharacters":true,"requireLowercaseCharacters":true,"allowUsersToChangePassword":false,"passwordReusePrevention":24,"hardExpiry":false}`,
	} {
		got, err := betterPasswords(is)
		if err != nil || got != want {
			t.Errorf("%s\n got  %s, %v\n want %s", is, got, err, want)
		}
		if again, err := betterPasswords(got); err != nil || again != got {
			t.Errorf("better of better differs: %s, %v", again, err)
		}
	}
	if _, err := betterPasswords("{"); err == nil {
		t.Error("what cannot be read was made better")
	}
}
