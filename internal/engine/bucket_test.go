package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"cordon/internal/engine"
	"cordon/internal/report"
	"cordon/internal/trail"
	"cordon/internal/trail/source"
)

// TestABucketIsVerifiedByItsDigests: what a trail with log file validation
// delivered agrees with its signed digest files, is read once, and a file that
// somebody put in another's place is named.
func TestABucketIsVerifiedByItsDigests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cfg := t.Context(), w.rootIn("us-east-1")
	buckets, trails := s3.NewFromConfig(cfg), cloudtrail.NewFromConfig(cfg)
	const bucket, url = "signed-logs", "s3://signed-logs/all/"
	if _, err := buckets.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Fatal(err)
	}
	_, err := trails.CreateTrail(ctx, &cloudtrail.CreateTrailInput{Name: aws.String("signed"), S3BucketName: aws.String(bucket), S3KeyPrefix: aws.String("all"),
		IsMultiRegionTrail: aws.Bool(true), EnableLogFileValidation: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trails.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: aws.String("signed")}); err != nil {
		t.Fatal(err)
	}
	if _, err := iam.NewFromConfig(cfg).CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("seen")}); err != nil {
		t.Fatal(err)
	}
	delivered(t, w)

	a, h := w.archive()
	read := func() report.Imported {
		t.Helper()
		h.all = nil
		if err := a.Import(ctx, engine.ImportOptions{Buckets: []string{url}, Session: a.Session}); err != nil {
			t.Fatal(err)
		}
		return heardOf[report.Imported](h)[0]
	}
	if got := read(); got.New == 0 || got.Events == 0 || len(got.Damaged) > 0 {
		t.Fatalf("%+v", got)
	}
	if got := read(); got.New != 0 || got.Events != 0 {
		t.Errorf("read again: %+v", got)
	}
	check := func() (int, report.TrailVerified) {
		t.Helper()
		h.all = nil
		n, err := a.Verify(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return n, heardOf[report.TrailVerified](h)[0]
	}
	if n, got := check(); n != 0 || got.Digests == 0 || got.Signatures == 0 || got.Unsigned != "" || got.DigestFiles != got.Digests || got.Logs == 0 {
		t.Errorf("%d problems, %+v: %v", n, got, heardOf[report.TrailProblem](h))
	}

	key := logIn(t, buckets, bucket, "all/AWSLogs/111122223333/CloudTrail/")
	if _, err := buckets.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), Body: strings.NewReader(`{"Records":[]}`)}); err != nil {
		t.Fatal(err)
	}
	n, got := check()
	named := 0
	for _, p := range heardOf[report.TrailProblem](h) {
		if strings.HasSuffix(p.File, key) {
			named++
		}
	}
	if n == 0 || got.Problems != n || named == 0 {
		t.Errorf("%d problems, %d name %s: %v", n, named, key, heardOf[report.TrailProblem](h))
	}
	if got.Digests != got.DigestFiles-1 {
		t.Errorf("%d of %d digests agree, with one log file changed", got.Digests, got.DigestFiles)
	}
	h.all = nil
	if err := a.Status(ctx); err != nil {
		t.Fatal(err)
	}
	if st := heardOf[report.TrailStatus](h)[0]; st.Verified == nil || st.Verified.Problems != n || len(st.Gaps) == 0 || st.Gaps[len(st.Gaps)-1].Why != "disagrees" {
		t.Errorf("%+v of %+v", st.Gaps, st.Verified)
	}
}

func delivered(t *testing.T, w *world) {
	t.Helper()
	done, err := w.Deliver(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for arn, d := range done {
		if d.Error != "" {
			t.Fatalf("%s: %s", arn, d.Error)
		}
	}
}

// logIn is the key of one log file below a folder of a bucket.
func logIn(t *testing.T, in *s3.Client, bucket, folder string) string {
	t.Helper()
	out, err := in.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String(folder)})
	if err != nil || len(out.Contents) == 0 {
		t.Fatal(out, err)
	}
	return aws.ToString(out.Contents[0].Key)
}

// A file that cannot be read holds up no bucket but the one that it was listed in.
func TestAnUnreadFileHoldsUpItsOwnBucket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	buckets := s3.NewFromConfig(w.rootIn("us-east-1"))
	put := func(bucket, hour string, class types.StorageClass) {
		t.Helper()
		if _, err := buckets.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
			t.Fatal(err)
		}
		key := "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/111122223333_CloudTrail_us-east-1_20260102T" + hour + "Z_abcdefgh12345678.json"
		if _, err := buckets.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), Body: strings.NewReader(`{"Records":[]}`), StorageClass: class}); err != nil {
			t.Fatal(err)
		}
	}
	put("warm-logs", "0100", types.StorageClassStandard)
	put("mild-logs", "0100", types.StorageClassStandard)
	put("cold-logs", "0100", types.StorageClassGlacier)
	a, _ := w.archive()
	store, err := trail.Open(a.Case.Trail())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Import(t.Context(), []trail.File{{Name: "/gone/log.json", Size: 1}}, source.Route{}, trail.Options{}); err != nil {
		t.Fatal(err)
	}
	if unread, err := store.Unread(); err != nil || !unread["/gone/log.json"] {
		t.Fatalf("unread: %v, %v", unread, err)
	}
	if err := errors.Join(store.Close(), a.Import(t.Context(), engine.ImportOptions{Buckets: []string{"s3://warm-logs/", "s3://cold-logs/", "s3://mild-logs/"}, Session: a.Session})); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(a.Case.Trail(), "buckets.json"))
	if err != nil || !strings.Contains(string(b), "s3://warm-logs/") || !strings.Contains(string(b), "s3://mild-logs/") || strings.Contains(string(b), "cold-logs") {
		t.Errorf("marked: %s, %v", b, err)
	}
}
