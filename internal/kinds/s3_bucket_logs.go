package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// TrailBucket is what the bucket of a new trail is called: names of buckets are
// shared by all accounts, so that the account is in it.
func TrailBucket(account, region string) string { return "cordon-trail-" + account + "-" + region }

// makeLogBucket makes an empty bucket that nobody but CloudTrail can write to, for
// the trail NewTrail of the same account and region. Undo deletes it only while it
// is empty: what was recorded is nobody's to throw away.
var makeLogBucket = establish(kind.Verb[bucketReader, bucketWriter]{
	Name: "make-log-bucket",
	Needs: []string{
		"s3:CreateBucket", "s3:PutPublicAccessBlock=s3:PutBucketPublicAccessBlock", "s3:PutBucketPolicy", "s3:DeleteBucket",
	},
}, func(ctx context.Context, api bucketReader, r fact.Resource) (string, error) {
	doc, err := getBucketPolicy(ctx, api, r.ID)
	if errors.Is(err, kind.ErrGone) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	block, err := getBucketBlock(ctx, api, r.ID)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(map[string]any{"policy": sameText(doc, trailBucketPolicy(r)), "block": sameText(block, allBlocked)})
	return string(b), err
}, func(is string) bool { return is == `{"block":true,"policy":true}` },
	func(ctx context.Context, api bucketWriter, j kind.Job) error {
		q := &s3.CreateBucketInput{Bucket: &j.ID}
		if j.Region != "us-east-1" { // there it is an error to name it
			q.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(j.Region)}
		}
		_, err := api.CreateBucket(ctx, q)
		if err := storeThere(err, "BucketAlreadyOwnedByYou"); err != nil {
			return err
		}
		if err := setBucketBlock(ctx, api, j.ID, allBlocked); err != nil {
			return err
		}
		return setBucketPolicy(ctx, api, j.ID, trailBucketPolicy(j.Resource))
	},
	func(ctx context.Context, api bucketWriter, j kind.Job) error {
		_, err := api.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &j.ID})
		if storeAbsent(err, "BucketNotEmpty") {
			return fmt.Errorf("cannot delete the bucket %s: the trail has written to it; what was recorded stays: %w", j.ID, err)
		}
		return err
	})

// trailBucketPolicy is the one that CloudTrail asks for (CloudTrail User Guide,
// "Amazon S3 bucket policy for CloudTrail"), for the one trail.
func trailBucketPolicy(r fact.Resource) string {
	bucket := "arn:" + partition(r.Region) + ":s3:::" + r.ID
	from := map[string]string{"aws:SourceArn": arn(r.Place, "cloudtrail", "trail/"+NewTrail)}
	service := map[string]string{"Service": "cloudtrail.amazonaws.com"}
	b, err := json.Marshal(map[string]any{
		"Version": "2012-10-17",
		"Statement": []map[string]any{
			{
				"Sid": "TrailChecksItsBucket", "Effect": "Allow", "Principal": service, "Action": "s3:GetBucketAcl", "Resource": bucket,
				"Condition": map[string]any{"StringEquals": from},
			},
			{
				"Sid": "TrailWrites", "Effect": "Allow", "Principal": service, "Action": "s3:PutObject", "Resource": bucket + "/AWSLogs/" + r.Account + "/*",
				"Condition": map[string]any{"StringEquals": map[string]string{"aws:SourceArn": from["aws:SourceArn"], "s3:x-amz-acl": "bucket-owner-full-control"}},
			},
		},
	})
	if err != nil {
		panic("internal error: " + err.Error()) // maps of texts
	}
	return string(b)
}
