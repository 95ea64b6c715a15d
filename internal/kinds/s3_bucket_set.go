package kinds

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

type bucketAspectWriter interface {
	PutBucketPolicy(context.Context, *s3.PutBucketPolicyInput, ...func(*s3.Options)) (*s3.PutBucketPolicyOutput, error)
	DeleteBucketPolicy(context.Context, *s3.DeleteBucketPolicyInput, ...func(*s3.Options)) (*s3.DeleteBucketPolicyOutput, error)
	PutBucketAcl(context.Context, *s3.PutBucketAclInput, ...func(*s3.Options)) (*s3.PutBucketAclOutput, error)
	PutPublicAccessBlock(context.Context, *s3.PutPublicAccessBlockInput, ...func(*s3.Options)) (*s3.PutPublicAccessBlockOutput, error)
	DeletePublicAccessBlock(context.Context, *s3.DeletePublicAccessBlockInput, ...func(*s3.Options)) (*s3.DeletePublicAccessBlockOutput, error)
	PutBucketVersioning(context.Context, *s3.PutBucketVersioningInput, ...func(*s3.Options)) (*s3.PutBucketVersioningOutput, error)
	PutBucketLifecycleConfiguration(context.Context, *s3.PutBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.PutBucketLifecycleConfigurationOutput, error)
	DeleteBucketLifecycle(context.Context, *s3.DeleteBucketLifecycleInput, ...func(*s3.Options)) (*s3.DeleteBucketLifecycleOutput, error)
	PutBucketReplication(context.Context, *s3.PutBucketReplicationInput, ...func(*s3.Options)) (*s3.PutBucketReplicationOutput, error)
	DeleteBucketReplication(context.Context, *s3.DeleteBucketReplicationInput, ...func(*s3.Options)) (*s3.DeleteBucketReplicationOutput, error)
	PutBucketEncryption(context.Context, *s3.PutBucketEncryptionInput, ...func(*s3.Options)) (*s3.PutBucketEncryptionOutput, error)
	DeleteBucketEncryption(context.Context, *s3.DeleteBucketEncryptionInput, ...func(*s3.Options)) (*s3.DeleteBucketEncryptionOutput, error)
	PutBucketNotificationConfiguration(context.Context, *s3.PutBucketNotificationConfigurationInput, ...func(*s3.Options)) (*s3.PutBucketNotificationConfigurationOutput, error)
	PutBucketLogging(context.Context, *s3.PutBucketLoggingInput, ...func(*s3.Options)) (*s3.PutBucketLoggingOutput, error)
	bucketACLReader // an ACL is written with its owner
}

func aspectOfBucket(name string) bucketAspect {
	return bucketAspects[slices.IndexFunc(bucketAspects, func(a bucketAspect) bool { return a.name == name })]
}

func setBucketPolicy(ctx context.Context, api bucketWriter, name, value string) (err error) {
	if value == "" {
		_, err = api.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &name})
	} else {
		_, err = api.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &name, Policy: &value})
	}
	return err
}

func putBucketACL(ctx context.Context, api bucketWriter, name, value string) error {
	var others []aclGrant
	if value != "" {
		var err error
		if others, err = storeUnform[[]aclGrant](value); err != nil {
			return err
		}
	}
	return setBucketACL(ctx, api, name, others)
}

func setBucketBlock(ctx context.Context, api bucketWriter, name, value string) error {
	if value == "" {
		_, err := api.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: &name})
		return err
	}
	c, err := storeUnform[types.PublicAccessBlockConfiguration](value)
	if err == nil {
		_, err = api.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: &name, PublicAccessBlockConfiguration: &c})
	}
	return err
}

func setBucketVersioning(ctx context.Context, api bucketWriter, name, value string) error {
	_, err := api.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatus(value)},
	})
	return err
}

func setBucketLifecycle(ctx context.Context, api bucketWriter, name, value string) error {
	if value == "" {
		_, err := api.DeleteBucketLifecycle(ctx, &s3.DeleteBucketLifecycleInput{Bucket: &name})
		return err
	}
	c, err := storeUnform[types.BucketLifecycleConfiguration](value)
	if err == nil {
		_, err = api.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{Bucket: &name, LifecycleConfiguration: &c})
	}
	return err
}

func setBucketReplication(ctx context.Context, api bucketWriter, name, value string) error {
	if value == "" {
		_, err := api.DeleteBucketReplication(ctx, &s3.DeleteBucketReplicationInput{Bucket: &name})
		return err
	}
	c, err := storeUnform[types.ReplicationConfiguration](value)
	if err == nil {
		_, err = api.PutBucketReplication(ctx, &s3.PutBucketReplicationInput{Bucket: &name, ReplicationConfiguration: &c})
	}
	return err
}

func setBucketEncryption(ctx context.Context, api bucketWriter, name, value string) error {
	if value == "" {
		_, err := api.DeleteBucketEncryption(ctx, &s3.DeleteBucketEncryptionInput{Bucket: &name})
		return err
	}
	c, err := storeUnform[types.ServerSideEncryptionConfiguration](value)
	if err == nil {
		_, err = api.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: &name, ServerSideEncryptionConfiguration: &c})
	}
	return err
}

// setBucketNotify does not let S3 try the targets: what stood there is put back
// although one of them may be cut off just now.
func setBucketNotify(ctx context.Context, api bucketWriter, name, value string) error {
	var c types.NotificationConfiguration // an empty one takes all away
	if value != "" {
		var err error
		if c, err = storeUnform[types.NotificationConfiguration](value); err != nil {
			return err
		}
	}
	_, err := api.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
		Bucket: &name, NotificationConfiguration: &c, SkipDestinationValidation: aws.Bool(true),
	})
	return err
}

func setBucketLogging(ctx context.Context, api bucketWriter, name, value string) error {
	var c types.BucketLoggingStatus // an empty one ends it
	if value != "" {
		to, err := storeUnform[types.LoggingEnabled](value)
		if err != nil {
			return err
		}
		c.LoggingEnabled = &to
	}
	_, err := api.PutBucketLogging(ctx, &s3.PutBucketLoggingInput{Bucket: &name, BucketLoggingStatus: &c})
	return err
}
