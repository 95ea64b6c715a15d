package kinds

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type bucketReader interface {
	ListBuckets(context.Context, *s3.ListBucketsInput, ...func(*s3.Options)) (*s3.ListBucketsOutput, error)
	GetBucketTagging(context.Context, *s3.GetBucketTaggingInput, ...func(*s3.Options)) (*s3.GetBucketTaggingOutput, error)
	GetBucketPolicyStatus(context.Context, *s3.GetBucketPolicyStatusInput, ...func(*s3.Options)) (*s3.GetBucketPolicyStatusOutput, error)
	GetObjectLockConfiguration(context.Context, *s3.GetObjectLockConfigurationInput, ...func(*s3.Options)) (*s3.GetObjectLockConfigurationOutput, error)
	bucketAspectReader
	bucketContentReader
}

type bucketWriter interface {
	bucketAspectWriter
	bucketEmptier
	CreateBucket(context.Context, *s3.CreateBucketInput, ...func(*s3.Options)) (*s3.CreateBucketOutput, error)
}

var bucket = kind.Of(bucketSpec)

var bucketSpec = kind.Spec[bucketReader, bucketWriter]{
	Name:   "s3.bucket",
	Reader: func(c aws.Config) bucketReader { return s3.NewFromConfig(c) },
	Writer: func(c aws.Config) bucketWriter { return s3.NewFromConfig(c) },
	Needs: []string{
		"s3:ListBuckets=s3:ListAllMyBuckets", "s3:GetBucketTagging", "s3:GetBucketPolicy", "s3:GetBucketPolicyStatus", "s3:GetBucketAcl",
		"s3:GetPublicAccessBlock=s3:GetBucketPublicAccessBlock", "s3:GetBucketVersioning",
		"s3:GetBucketLifecycleConfiguration=s3:GetLifecycleConfiguration", "s3:GetBucketReplication=s3:GetReplicationConfiguration",
		"s3:GetBucketEncryption=s3:GetEncryptionConfiguration", "s3:GetBucketNotificationConfiguration=s3:GetBucketNotification",
		"s3:GetBucketLogging", "s3:GetObjectLockConfiguration=s3:GetBucketObjectLockConfiguration",
		"s3:ListObjectVersions=s3:ListBucketVersions", "s3:GetObject=s3:GetObject,s3:GetObjectVersion",
	},
	List: listBuckets,
	// S3 has no call that tells more than one thing about a bucket, and each of
	// them is a way in, out or to destroy it.
	Cost:   kind.Cost{Fixed: 1, Page: 1000, Each: 12},
	Covers: []string{"A19", "C4", "C5", "D1"},
	Named:  true,
	Keep:   keepBucket,
	Verbs: slices.Concat(bucketRestores(), []kind.Verb[bucketReader, bucketWriter]{
		closePolicy(kind.Verb[bucketReader, bucketWriter]{
			Name: "close-policy", Class: kind.Disruptive, Mends: []string{"PutBucketPolicy"},
			Needs: []string{"s3:PutBucketPolicy", "s3:DeleteBucketPolicy"},
		}, bucketGet("policy"), bucketSet("policy")),
		withdraw(kind.Verb[bucketReader, bucketWriter]{
			Name: "unshare", Class: kind.Disruptive, For: kind.Close, Mends: []string{"PutBucketAcl"},
			Needs: []string{"s3:PutBucketAcl"},
		}, bucketStrangers, func(ctx context.Context, api bucketWriter, j kind.Job, _ []aclGrant) error {
			return setBucketACL(ctx, api, j.ID, nil)
		}, func(ctx context.Context, api bucketWriter, j kind.Job, had []aclGrant) error {
			return setBucketACL(ctx, api, j.ID, had)
		}),
		stopExpiry,
		removeBucket, makeLogBucket,
	}),
}

// listBuckets asks each region's endpoint for its own buckets (S3 API
// Reference, ListBuckets, bucket-region), so that a bucket has its region
// without a call of its own.
func listBuckets(ctx context.Context, api bucketReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, s3.NewListBucketsPaginator(api, &s3.ListBucketsInput{BucketRegion: &at.Region, MaxBuckets: aws.Int32(1000)})) {
		if err != nil {
			return fmt.Errorf("cannot list buckets: %w", err)
		}
		for _, b := range page.Buckets {
			name := aws.ToString(b.Name)
			drafts = append(drafts, fact.Resource{
				Ref: fact.Ref{Kind: "s3.bucket", Place: at, ID: name}, ARN: "arn:" + partition(at.Region) + ":s3:::" + name,
				Created: aws.ToTime(b.CreationDate),
			})
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error { return readBucket(ctx, api, r) }, put)
	if err != nil {
		return fmt.Errorf("cannot list buckets: %w", err)
	}
	return nil
}

func readBucket(ctx context.Context, api bucketReader, r *fact.Resource) error {
	now := map[string]string{}
	for _, a := range bucketAspects {
		value, err := a.get(ctx, api, r.ID)
		if err != nil {
			return fmt.Errorf("cannot read the %s of %s: %w", a.name, r.ID, err)
		}
		now[a.name] = value
		setAspect(r, a.name, value)
	}
	fact.Encrypted.Set(r, now["encryption"] != "")
	tags, err := api.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &r.ID})
	if err != nil && !storeAbsent(err, "NoSuchTagSet") {
		return gone(err)
	}
	if err == nil {
		setBucketTags(r, tags.TagSet)
	}
	lock, err := api.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &r.ID})
	if err != nil && !storeAbsent(err, "ObjectLockConfigurationNotFoundError") {
		return gone(err)
	}
	fact.Protections.Set(r, []string{})
	if err == nil && lock.ObjectLockConfiguration != nil && lock.ObjectLockConfiguration.ObjectLockEnabled == types.ObjectLockEnabledEnabled {
		fact.Protections.Set(r, []string{"object-lock"})
	}
	public := false
	if now["policy"] != "" {
		status, err := api.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: &r.ID})
		if err != nil && !storeAbsent(err, "NoSuchBucketPolicy") {
			return gone(err)
		}
		public = err == nil && status.PolicyStatus != nil && aws.ToBool(status.PolicyStatus.IsPublic)
	}
	return setBucketSharing(r, now, public)
}

func setBucketTags(r *fact.Resource, tags []types.Tag) {
	all := map[string]string{}
	for _, t := range tags {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	setStoreTags(r, all)
}
