package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"cordon/internal/trail"
)

// API is what is called of S3. NoSuchKey and NoSuchBucket mean not there,
// AccessDenied not allowed; every other error is a failure.
type API interface {
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	GetBucketLocation(context.Context, *s3.GetBucketLocationInput, ...func(*s3.Options)) (*s3.GetBucketLocationOutput, error)
}

// S3 is the log files in one bucket, below a prefix. The client retries; it is
// to be one for the bucket's region.
type S3 struct {
	client API
	bucket string
	prefix string
	// Pays says that the caller pays for requests and transfer, without which a
	// bucket with requester pays refuses them.
	Pays bool
}

var _ trail.Files = (*S3)(nil)

// NewS3 reads a bucket. The prefix may end anywhere: at the bucket, a trail's
// prefix, AWSLogs, an organisation, an account, a region or a day.
func NewS3(client API, bucket, prefix string) *S3 {
	return &S3{client: client, bucket: bucket, prefix: strings.TrimPrefix(prefix, "/")}
}

// ParseS3 takes s3://bucket/prefix apart.
func ParseS3(name string) (bucket, prefix string, err error) {
	rest, ok := strings.CutPrefix(name, inBucket)
	bucket, prefix, _ = strings.Cut(rest, "/")
	if !ok || bucket == "" {
		return "", "", fmt.Errorf("cannot find %q: a bucket is written s3://bucket/prefix", name)
	}
	return bucket, prefix, nil
}

// Region asks where a bucket is. A caller that may not ask is not stopped: the
// region is then "", and a wrong one shows in the first listing.
func Region(ctx context.Context, client API, bucket string) (string, error) {
	out, err := client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &bucket})
	switch {
	case err != nil && isDenied(err):
		return "", nil
	case err != nil:
		return "", explain("find the bucket", bucket, "", err)
	}
	switch region := string(out.LocationConstraint); region {
	case "":
		return "us-east-1", nil // which has no constraint
	case string(types.BucketLocationConstraintEu):
		return "eu-west-1", nil // by its first name
	default:
		return region, nil
	}
}

func (s *S3) name(key string) string { return inBucket + s.bucket + "/" + key }

func (s *S3) key(name string) (string, error) {
	key, ok := strings.CutPrefix(name, inBucket+s.bucket+"/")
	if !ok || key == "" {
		return "", fmt.Errorf("cannot read %s from the bucket %s", name, s.bucket)
	}
	return key, nil
}

func (s *S3) payer() types.RequestPayer {
	if s.Pays {
		return types.RequestPayerRequester
	}
	return ""
}

const bodyTries = 3 // the SDK retries requests, not bodies that break off

// Load implements trail.Files.
func (s *S3) Load(ctx context.Context, name string, buf []byte, limit int64) ([]byte, error) {
	key, err := s.key(name)
	if err != nil {
		return buf[:0], err
	}
	for try := 1; ; try++ {
		out, err := s.get(ctx, key)
		if err != nil {
			return buf[:0], err
		}
		size := aws.ToInt64(out.ContentLength)
		if size > limit {
			_ = out.Body.Close()
			return buf[:0], trail.ErrLarge
		}
		buf, err = fill(out.Body, buf[:0], max(size, 0), limit)
		_ = out.Body.Close()
		if err == nil && out.ContentLength != nil && int64(len(buf)) != size {
			err = fmt.Errorf("%d of %d bytes came", len(buf), size)
		}
		if err == nil || err == trail.ErrLarge {
			return buf, err
		}
		if try == bodyTries || ctx.Err() != nil {
			return buf[:0], fmt.Errorf("cannot read %s: the transfer broke off: %w", name, transfer{err})
		}
	}
}

// Open implements trail.Files.
func (s *S3) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	key, err := s.key(name)
	if err != nil {
		return nil, err
	}
	out, err := s.get(ctx, key)
	if err != nil {
		return nil, err
	}
	return body{out.Body}, nil
}

func (s *S3) get(ctx context.Context, key string) (*s3.GetObjectOutput, error) {
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key, RequestPayer: s.payer()})
	if err != nil {
		return nil, explain("read", s.bucket, key, err)
	}
	return out, nil
}

// body tells a transfer that broke off from a file that was stored cut.
type body struct{ io.ReadCloser }

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("the transfer broke off: %w", transfer{err})
	}
	return n, err
}

// A transfer error is never io.ErrUnexpectedEOF, which is damage of a file.
type transfer struct{ cause error }

func (t transfer) Error() string { return t.cause.Error() }

func (t transfer) Unwrap() error {
	if errors.Is(t.cause, io.ErrUnexpectedEOF) {
		return nil
	}
	return t.cause
}
