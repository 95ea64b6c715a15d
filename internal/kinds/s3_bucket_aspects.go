package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type bucketACLReader interface {
	GetBucketAcl(context.Context, *s3.GetBucketAclInput, ...func(*s3.Options)) (*s3.GetBucketAclOutput, error)
}

type bucketAspectReader interface {
	GetBucketPolicy(context.Context, *s3.GetBucketPolicyInput, ...func(*s3.Options)) (*s3.GetBucketPolicyOutput, error)
	GetPublicAccessBlock(context.Context, *s3.GetPublicAccessBlockInput, ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error)
	GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error)
	GetBucketLifecycleConfiguration(context.Context, *s3.GetBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error)
	GetBucketReplication(context.Context, *s3.GetBucketReplicationInput, ...func(*s3.Options)) (*s3.GetBucketReplicationOutput, error)
	GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error)
	GetBucketNotificationConfiguration(context.Context, *s3.GetBucketNotificationConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketNotificationConfigurationOutput, error)
	GetBucketLogging(context.Context, *s3.GetBucketLoggingInput, ...func(*s3.Options)) (*s3.GetBucketLoggingOutput, error)
	bucketACLReader
}

// A bucketAspect is one of a bucket's configurations, in the form of storeForm;
// "" is none. set takes the same form and removes the configuration for "".
type bucketAspect struct {
	name  string
	verb  string
	needs []string
	mends []string
	class kind.Class
	get   func(ctx context.Context, api bucketAspectReader, bucket string) (string, error)
	set   func(ctx context.Context, api bucketWriter, bucket, value string) error
}

// bucketAspects are all of them, in the order in which they are read. The names
// of the calls are CloudTrail's, which are not always those of the API.
var bucketAspects = []bucketAspect{
	{
		"policy", "restore-policy", []string{"s3:PutBucketPolicy", "s3:DeleteBucketPolicy"},
		[]string{"PutBucketPolicy", "DeleteBucketPolicy"}, kind.Disruptive, getBucketPolicy, setBucketPolicy,
	},
	{"acl", "restore-acl", []string{"s3:PutBucketAcl"}, []string{"PutBucketAcl"}, kind.Disruptive, getBucketACL, putBucketACL},
	{
		"public-block", "restore-public-block",
		[]string{"s3:PutPublicAccessBlock=s3:PutBucketPublicAccessBlock", "s3:DeletePublicAccessBlock=s3:PutBucketPublicAccessBlock"},
		[]string{"PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock"}, kind.Disruptive, getBucketBlock, setBucketBlock,
	},
	{
		"versioning", "restore-versioning", []string{"s3:PutBucketVersioning"},
		[]string{"PutBucketVersioning"}, kind.Reversible, getBucketVersioning, setBucketVersioning,
	},
	{
		"lifecycle", "restore-lifecycle",
		[]string{"s3:PutBucketLifecycleConfiguration=s3:PutLifecycleConfiguration", "s3:DeleteBucketLifecycle=s3:PutLifecycleConfiguration"},
		[]string{"PutBucketLifecycle", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle"}, kind.Reversible, getBucketLifecycle, setBucketLifecycle,
	},
	{
		"replication", "restore-replication",
		[]string{"s3:PutBucketReplication=s3:PutReplicationConfiguration", "s3:DeleteBucketReplication=s3:PutReplicationConfiguration", "=iam:PassRole"},
		[]string{"PutBucketReplication", "DeleteBucketReplication"}, kind.Disruptive, getBucketReplication, setBucketReplication,
	},
	{
		"encryption", "restore-encryption",
		[]string{"s3:PutBucketEncryption=s3:PutEncryptionConfiguration", "s3:DeleteBucketEncryption=s3:PutEncryptionConfiguration"},
		[]string{"PutBucketEncryption", "DeleteBucketEncryption"}, kind.Reversible, getBucketEncryption, setBucketEncryption,
	},
	{
		"notify", "restore-notify", []string{"s3:PutBucketNotificationConfiguration=s3:PutBucketNotification"},
		[]string{"PutBucketNotification"}, kind.Disruptive, getBucketNotify, setBucketNotify,
	},
	{
		"logging", "restore-logging", []string{"s3:PutBucketLogging"},
		[]string{"PutBucketLogging"}, kind.Reversible, getBucketLogging, setBucketLogging,
	},
}

// bucketRestores makes one restoring verb of each aspect.
func bucketRestores() (all []kind.Verb[bucketReader, bucketWriter]) {
	for _, a := range bucketAspects {
		all = append(all, restore(kind.Verb[bucketReader, bucketWriter]{
			Name: a.verb, Class: a.class, Of: a.name, Needs: a.needs, Mends: a.mends, Recall: recallBucket,
		}, bucketGet(a.name), bucketSet(a.name)))
	}
	return all
}

func bucketGet(name string) func(context.Context, bucketReader, fact.Resource) (string, error) {
	return func(ctx context.Context, api bucketReader, r fact.Resource) (string, error) {
		return aspectOfBucket(name).get(ctx, api, r.ID)
	}
}

func bucketSet(name string) func(context.Context, bucketWriter, kind.Job, string) error {
	return func(ctx context.Context, api bucketWriter, j kind.Job, value string) error {
		return aspectOfBucket(name).set(ctx, api, j.ID, value)
	}
}

// bucketConfig is the form of what a call answered: "" where S3 says with one
// of the codes that there is none.
func bucketConfig(v any, err error, none ...string) (string, error) {
	if storeAbsent(err, none...) || err == nil && v == nil {
		return "", nil
	}
	if err != nil {
		return "", gone(err)
	}
	text, err := storeForm(v)
	if text == "{}" || text == "null" {
		text = ""
	}
	return text, err
}

func getBucketPolicy(ctx context.Context, api bucketAspectReader, name string) (string, error) {
	out, err := api.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &name})
	if storeAbsent(err, "NoSuchBucketPolicy") {
		return "", nil
	}
	if err != nil {
		return "", gone(err)
	}
	return aws.ToString(out.Policy), nil
}

func getBucketACL(ctx context.Context, api bucketAspectReader, name string) (string, error) {
	_, all, err := bucketACL(ctx, api, name)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return storeForm(all)
}

func getBucketBlock(ctx context.Context, api bucketAspectReader, name string) (string, error) {
	out, err := api.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &name})
	if err != nil || out.PublicAccessBlockConfiguration == nil {
		return bucketConfig(nil, err, "NoSuchPublicAccessBlockConfiguration")
	}
	return publicBlockForm(*out.PublicAccessBlockConfiguration)
}

// publicBlockForm writes all four switches: one that is not given is off.
func publicBlockForm(c types.PublicAccessBlockConfiguration) (string, error) {
	for _, b := range []**bool{&c.BlockPublicAcls, &c.BlockPublicPolicy, &c.IgnorePublicAcls, &c.RestrictPublicBuckets} {
		*b = aws.Bool(aws.ToBool(*b))
	}
	return storeForm(c)
}

// getBucketVersioning has one word for a bucket that never kept versions and
// one that no longer does: AWS can bring none back to the first.
func getBucketVersioning(ctx context.Context, api bucketAspectReader, name string) (string, error) {
	out, err := api.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &name})
	if err != nil {
		return "", gone(err)
	}
	if out.Status == "" {
		return string(types.BucketVersioningStatusSuspended), nil
	}
	return string(out.Status), nil
}

func getBucketLifecycle(ctx context.Context, api bucketAspectReader, name string) (string, error) {
	out, err := api.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &name})
	if err != nil {
		return bucketConfig(nil, err, "NoSuchLifecycleConfiguration")
	}
	return bucketConfig(types.BucketLifecycleConfiguration{Rules: out.Rules}, nil)
}

func getBucketReplication(ctx context.Context, api bucketAspectReader, name string) (string, error) {
	out, err := api.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &name})
	if err != nil {
		return bucketConfig(nil, err, "ReplicationConfigurationNotFoundError")
	}
	return bucketConfig(out.ReplicationConfiguration, nil)
}

func getBucketEncryption(ctx context.Context, api bucketAspectReader, name string) (string, error) {
	out, err := api.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &name})
	if err != nil {
		return bucketConfig(nil, err, "ServerSideEncryptionConfigurationNotFoundError")
	}
	if out.ServerSideEncryptionConfiguration == nil {
		return "", nil
	}
	return encryptionForm(*out.ServerSideEncryptionConfiguration)
}

// encryptionForm leaves out the "false" that AWS tells for what was not set.
func encryptionForm(c types.ServerSideEncryptionConfiguration) (string, error) {
	for i := range c.Rules {
		if !aws.ToBool(c.Rules[i].BucketKeyEnabled) {
			c.Rules[i].BucketKeyEnabled = nil
		}
	}
	return bucketConfig(c, nil)
}

func getBucketNotify(ctx context.Context, api bucketAspectReader, name string) (string, error) {
	out, err := api.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &name})
	if err != nil {
		return "", gone(err)
	}
	return bucketConfig(types.NotificationConfiguration{
		EventBridgeConfiguration: out.EventBridgeConfiguration, LambdaFunctionConfigurations: out.LambdaFunctionConfigurations,
		QueueConfigurations: out.QueueConfigurations, TopicConfigurations: out.TopicConfigurations,
	}, nil)
}

func getBucketLogging(ctx context.Context, api bucketAspectReader, name string) (string, error) {
	out, err := api.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: &name})
	if err != nil || out.LoggingEnabled == nil {
		return "", gone(err)
	}
	return bucketConfig(out.LoggingEnabled, nil)
}
