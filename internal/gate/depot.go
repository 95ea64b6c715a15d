package gate

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"cordon/internal/awsapi"
)

// DepotNeeds are the calls of copying evidence to a bucket. Setting and reading
// back a retention takes permissions of its own; a copy without a lock does
// without them.
func DepotNeeds(locked bool) []string {
	if !locked {
		return []string{"s3:ListObjectsV2=s3:ListBucket", "s3:HeadObject=s3:GetObject", "s3:PutObject"}
	}
	return []string{
		"s3:ListObjectsV2=s3:ListBucket", "s3:GetObjectLockConfiguration=s3:GetBucketObjectLockConfiguration",
		"s3:HeadObject=s3:GetObject,s3:GetObjectRetention", "s3:PutObject=s3:PutObject,s3:PutObjectRetention",
	}
}

// depotAPI is what is called of S3: nothing there deletes or overwrites.
type depotAPI interface {
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	GetObjectLockConfiguration(context.Context, *s3.GetObjectLockConfigurationInput, ...func(*s3.Options)) (*s3.GetObjectLockConfigurationOutput, error)
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// A Depot is a bucket that evidence is copied to. What lies there is never
// written over, and with a lock nobody deletes it before its day.
type Depot struct {
	Bucket string
	Prefix string // of every key, without a slash at its end
	// Owner is the account that the bucket must belong to: a name that somebody
	// else took over meanwhile gets nothing.
	Owner string
	Mode  types.ObjectLockMode // "": no lock
	Until time.Time            // the lock's day
	At    time.Time            // now, by AWS's clock
	// Write gives configurations that may make only the named calls.
	Write func(region string, needs []string) aws.Config
	// PathStyle: the endpoint has no names of buckets' own.
	PathStyle bool

	api depotAPI
}

// What a depot may answer besides AWS's own errors.
var (
	ErrNoLock   = errors.New("the bucket has no Object Lock")
	ErrNoBucket = errors.New("the bucket is not there, or belongs to another account")
	// ErrOther: under the key stands an object that is not this one, or whose
	// bytes nobody can compare. It is left as it is.
	ErrOther = errors.New("another object stands there")
	// ErrUnlocked: the object is the right one and is not locked as wanted, or
	// the lock may not be read.
	ErrUnlocked = errors.New("the object is not locked")
)

// Open finds the bucket's region and asks for its Object Lock.
func (d *Depot) Open(ctx context.Context) error {
	if d.api == nil {
		d.api = d.client("")
	}
	region, err := d.region(ctx)
	if err != nil {
		return fmt.Errorf("cannot open the bucket %s: %w", d.Bucket, err)
	}
	if region != "" {
		d.api = d.client(region)
	}
	if d.Mode == "" {
		return nil
	}
	out, err := d.api.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &d.Bucket, ExpectedBucketOwner: d.owner()})
	switch {
	case awsapi.Code(err) == "ObjectLockConfigurationNotFoundError":
		return fmt.Errorf("cannot copy to the bucket %s: %w", d.Bucket, ErrNoLock)
	case err != nil:
		return fmt.Errorf("cannot read the Object Lock of the bucket %s: %w", d.Bucket, err)
	case out.ObjectLockConfiguration == nil || out.ObjectLockConfiguration.ObjectLockEnabled != types.ObjectLockEnabledEnabled:
		return fmt.Errorf("cannot copy to the bucket %s: %w", d.Bucket, ErrNoLock)
	}
	return nil
}

func (d *Depot) client(region string) depotAPI {
	return s3.NewFromConfig(d.Write(region, DepotNeeds(d.Mode != "")), func(o *s3.Options) { o.UsePathStyle = d.PathStyle })
}

func (d *Depot) owner() *string {
	if d.Owner == "" {
		return nil
	}
	return &d.Owner
}

// region asks for the bucket; "" says that it is where it was asked for. From a
// wrong region S3 refuses, and says in the refusal which is the right one.
func (d *Depot) region(ctx context.Context) (string, error) {
	_, err := d.api.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &d.Bucket, Prefix: &d.Prefix, MaxKeys: aws.Int32(1), ExpectedBucketOwner: d.owner()})
	if err == nil {
		return "", nil
	}
	var answer *smithyhttp.ResponseError
	if !errors.As(err, &answer) || answer.Response == nil {
		return "", err
	}
	switch region := answer.Response.Header.Get("X-Amz-Bucket-Region"); {
	case answer.HTTPStatusCode() == 404:
		return "", fmt.Errorf("%w: %w", ErrNoBucket, err)
	case region != "" && (answer.HTTPStatusCode() == 301 || answer.HTTPStatusCode() == 400):
		return region, nil
	case answer.HTTPStatusCode() == 403:
		return "", fmt.Errorf("%w, or you may not use it: %w", ErrNoBucket, err)
	}
	return "", err
}

// key is a name's place in the bucket.
func (d *Depot) key(name string) string {
	if d.Prefix == "" {
		return name
	}
	return d.Prefix + "/" + name
}

// Place is where a name lies, as people write it.
func (d *Depot) Place(name string) string { return "s3://" + d.Bucket + "/" + d.key(name) }

// Keep sees to it that an object of this name and content lies in the depot, as
// wanted, by reading back what S3 says of it. sum is the content's SHA-256 in
// hex. known says that it was there already; until is its lock's day, which an
// earlier run may have set earlier than this one would.
func (d *Depot) Keep(ctx context.Context, name, sum string, data []byte) (known bool, until time.Time, err error) {
	fail := func(err error) (bool, time.Time, error) {
		return false, time.Time{}, fmt.Errorf("cannot keep %s: %w", d.Place(name), err)
	}
	raw, err := hex.DecodeString(sum)
	if err != nil || len(raw) != 32 {
		return fail(fmt.Errorf("%q is no SHA-256", sum))
	}
	check := base64.StdEncoding.EncodeToString(raw)
	there, until, err := d.look(ctx, name, check)
	if err != nil {
		return fail(err)
	}
	if there {
		return true, until, nil
	}
	// The answer of a call that succeeded may be lost, and the object then be
	// there when it is asked for again: reading decides.
	put := d.put(ctx, name, check, data)
	if put != nil && awsapi.Code(put) != "PreconditionFailed" && awsapi.Code(put) != "ConditionalRequestConflict" {
		return fail(put)
	}
	there, until, err = d.look(ctx, name, check)
	switch {
	case err != nil:
		return fail(err)
	case !there && put != nil:
		return fail(put)
	case !there:
		return fail(errors.New("it was accepted and is not there"))
	}
	return false, until, nil
}

func (d *Depot) put(ctx context.Context, name, check string, data []byte) error {
	in := &s3.PutObjectInput{
		Bucket: &d.Bucket, Key: aws.String(d.key(name)), Body: bytes.NewReader(data), ContentType: aws.String("application/octet-stream"),
		IfNoneMatch: aws.String("*"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256, ChecksumSHA256: &check, ExpectedBucketOwner: d.owner(),
	}
	if d.Mode != "" {
		in.ObjectLockMode, in.ObjectLockRetainUntilDate = d.Mode, &d.Until
	}
	_, err := d.api.PutObject(ctx, in)
	return err
}

// look reads what S3 says of an object: its checksum, and its lock.
func (d *Depot) look(ctx context.Context, name, check string) (there bool, until time.Time, err error) {
	out, err := d.api.HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &d.Bucket, Key: aws.String(d.key(name)), ChecksumMode: types.ChecksumModeEnabled, ExpectedBucketOwner: d.owner(),
	})
	var gone *types.NotFound
	switch has := ""; {
	case errors.As(err, &gone):
		return false, until, nil
	case err != nil:
		return false, until, err
	default:
		if has = aws.ToString(out.ChecksumSHA256); has != check {
			return true, until, fmt.Errorf("%w (its SHA-256 is %s, not %s)", ErrOther, orUnknown(has), check)
		}
	}
	if d.Mode == "" {
		return true, aws.ToTime(out.ObjectLockRetainUntilDate), nil
	}
	until = aws.ToTime(out.ObjectLockRetainUntilDate)
	if weaker(out.ObjectLockMode, d.Mode) || !until.After(d.At) {
		return true, until, fmt.Errorf("%w (mode %s, until %s)", ErrUnlocked, orUnknown(string(out.ObjectLockMode)), orUnknown(stampOf(until)))
	}
	return true, until, nil
}

// weaker says whether a lock in mode has is less than one in mode want.
func weaker(has, want types.ObjectLockMode) bool {
	return has != want && has != types.ObjectLockModeCompliance
}

func orUnknown(s string) string {
	if strings.TrimSpace(s) == "" {
		return "not known"
	}
	return s
}

func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
