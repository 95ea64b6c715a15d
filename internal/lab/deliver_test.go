package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"cordon/internal/event"
	"cordon/internal/lab"
	"cordon/internal/trail"
	"cordon/internal/trail/shape"
	"cordon/internal/trail/source"
)

// events reads all records of some files.
func eventsOf(t *testing.T, from trail.Files, files []trail.File) (all []event.Event) {
	t.Helper()
	for _, f := range files {
		stored, err := from.Load(t.Context(), f.Name, nil, 1<<24)
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(stored)) != f.Size {
			t.Errorf("%s: %d bytes, listed with %d", f.Name, len(stored), f.Size)
		}
		plain, _, err := shape.Open(bytes.NewReader(stored))
		if err != nil {
			t.Fatal(err)
		}
		r, err := shape.NewSniffed(f.Name, plain)
		if err != nil {
			t.Fatal(err)
		}
		for {
			item, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil || item.Damage != nil {
				t.Fatal(f.Name, err, item.Damage)
			}
			e, err := event.Parse(item.Record)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, e)
		}
	}
	return all
}

// liveKeys asks the lab for keys and signatures.
func liveKeys(l *lab.Lab) *source.LiveKeys {
	return &source.LiveKeys{
		CloudTrail: func(region string) source.KeyAPI { return cloudtrail.NewFromConfig(config(l, region)) },
		S3: func(context.Context, string) (source.HeadAPI, error) {
			return s3.NewFromConfig(config(l, "us-east-1")), nil
		},
	}
}

func TestATrailDeliversToItsBucket(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	buckets, trails, users := s3.NewFromConfig(config(l, "us-east-1")), cloudtrail.NewFromConfig(config(l, "us-east-1")), iam.NewFromConfig(config(l, "us-east-1"))
	if _, err := buckets.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("our-logs")}); err != nil {
		t.Fatal(err)
	}
	_, err := trails.CreateTrail(ctx, &cloudtrail.CreateTrailInput{Name: aws.String("audit"), S3BucketName: aws.String("our-logs"),
		S3KeyPrefix: aws.String("all"), IsMultiRegionTrail: aws.Bool(true), EnableLogFileValidation: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	mustCreateUser(t, users, "before")
	if _, err := trails.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: aws.String("audit")}); err != nil {
		t.Fatal(err)
	}
	mustCreateUser(t, users, "seen")
	done, err := l.Deliver(ctx)
	if err != nil || len(done) != 1 {
		t.Fatal(done, err)
	}
	in := source.NewS3(buckets, "our-logs", "all/")
	listed, err := in.List(ctx, source.Only{})
	if err != nil || len(listed.Files) == 0 {
		t.Fatal(listed, err)
	}
	var names []string
	for _, e := range eventsOf(t, in, listed.Files) {
		names = append(names, e.Name+" "+strings.Join(event.Path(e.Request, "userName"), ""))
	}
	if !slices.Contains(names, "CreateUser seen") || slices.Contains(names, "CreateUser before") {
		t.Errorf("%q", names)
	}
	digests, err := in.List(ctx, source.Only{Digests: true})
	if err != nil || len(digests.Files) == 0 {
		t.Fatal(digests, err)
	}
	verified, err := source.VerifyDigests(ctx, in, listed.Files, digests.Files, source.Only{}, liveKeys(l))
	if err != nil || len(verified.Problems) > 0 || verified.Signed != len(digests.Files) || verified.Logs != len(listed.Files) {
		t.Errorf("%+v, %v", verified, err)
	}
	if _, err := buckets.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("our-logs"), Key: aws.String(strings.TrimPrefix(listed.Files[0].Name, "s3://our-logs/")), Body: strings.NewReader("{}")}); err != nil {
		t.Fatal(err)
	}
	verified, err = source.VerifyDigests(ctx, in, listed.Files, digests.Files, source.Only{}, liveKeys(l))
	if err != nil || len(verified.Problems) != 1 || verified.Problems[0].What != source.Changed {
		t.Errorf("%+v, %v", verified, err)
	}
}

// TestTheNightIsInTheTrailsBucket: what the lab recorded while the company's
// trail logged is what its bucket holds.
func TestTheNightIsInTheTrailsBucket(t *testing.T) {
	ctx, l := t.Context(), fork(t)
	if _, err := l.Seed(ctx, "night", time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	done, err := l.Deliver(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for arn, d := range done {
		if d.Error != "" || d.Events == 0 {
			t.Errorf("%s: %+v", arn, d)
		}
	}
	recorded, err := l.Events(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	logging := false
	slices.SortStableFunc(recorded, func(a, b lab.Event) int { return a.Time.Compare(b.Time) })
	for _, e := range recorded {
		var r struct {
			ID         string `json:"eventID"`
			Management bool   `json:"managementEvent"`
			Account    string `json:"recipientAccountId"`
		}
		if err := json.Unmarshal(e.Raw, &r); err != nil {
			t.Fatal(err)
		}
		if e.Name == "StartLogging" && bytes.Contains(e.Parameters, []byte(`"tidemark-audit"`)) {
			logging = true
		}
		if logging && r.Management && r.Account == "111122223333" {
			want[r.ID] = true
		}
	}
	in := source.NewS3(s3.NewFromConfig(config(l, "us-east-1")), "tidemark-audit-logs", "")
	listed, err := in.List(ctx, source.Only{})
	if err != nil {
		t.Fatal(err)
	}
	got, seen := map[string]bool{}, 0
	for _, e := range eventsOf(t, in, listed.Files) {
		if got[e.ID] {
			t.Errorf("twice: %s", e.ID)
		}
		got[e.ID] = true
		if e.Principal.Type == "AWSAccount" && e.SharedID != "" {
			continue // what another account did with a role of ours: the lab lists it as that account's
		}
		seen++
		if !want[e.ID] {
			t.Errorf("%s at %s was delivered", e.Name, e.Time)
		}
	}
	if seen != len(want) || seen < 100 {
		t.Errorf("%d events of %d", seen, len(want))
	}
	t.Logf("%d events in %d files", len(got), len(listed.Files))
}
