package kinds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type versionLister interface {
	ListObjectVersions(context.Context, *s3.ListObjectVersionsInput, ...func(*s3.Options)) (*s3.ListObjectVersionsOutput, error)
}

type bucketContentReader interface {
	versionLister
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

type bucketEmptier interface {
	versionLister
	DeleteObjects(context.Context, *s3.DeleteObjectsInput, ...func(*s3.Options)) (*s3.DeleteObjectsOutput, error)
	DeleteBucket(context.Context, *s3.DeleteBucketInput, ...func(*s3.Options)) (*s3.DeleteBucketOutput, error)
}

// A bucket is kept whole up to these; a greater one is never deleted.
const (
	keptVersions = 1000
	keptBytes    = 64 << 20
)

// An objectVersion is one version of an object, or a delete marker.
type objectVersion struct {
	Key, Version, ETag string
	Size               int64
	Marker             bool      `json:",omitempty"`
	Modified           time.Time `json:",omitzero"`
}

// print tells it from every other that the bucket may come to hold.
func (v objectVersion) print() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", v.Key, v.Version, v.ETag))
	return hex.EncodeToString(sum[:8])
}

// objectVersions reads the first page of a bucket's versions; more says that there
// are others, too many to be kept.
func objectVersions(ctx context.Context, api versionLister, name string) (all []objectVersion, more bool, err error) {
	out, err := api.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &name, MaxKeys: aws.Int32(keptVersions)})
	if err != nil {
		return nil, false, gone(err)
	}
	for _, v := range out.Versions {
		all = append(all, objectVersion{Key: aws.ToString(v.Key), Version: aws.ToString(v.VersionId), ETag: aws.ToString(v.ETag), Size: aws.ToInt64(v.Size), Modified: aws.ToTime(v.LastModified)})
	}
	for _, m := range out.DeleteMarkers {
		all = append(all, objectVersion{Key: aws.ToString(m.Key), Version: aws.ToString(m.VersionId), Marker: true, Modified: aws.ToTime(m.LastModified)})
	}
	slices.SortFunc(all, func(a, b objectVersion) int { return strings.Compare(a.Key+"\x00"+a.Version, b.Key+"\x00"+b.Version) })
	return all, aws.ToBool(out.IsTruncated), nil
}

// small says whether a bucket's content is little enough to be kept whole.
func smallBucket(all []objectVersion, more bool) bool {
	bytes := int64(0)
	for _, v := range all {
		bytes += v.Size
	}
	return !more && bytes <= keptBytes
}

// A bucketContent is the Prior of a removal: just which versions there are. When
// somebody puts or deletes one after they were kept, the bucket is not as planned.
type bucketContent struct {
	Made     time.Time `json:"made"`
	Versions []string  `json:"versions"` // by their prints
	More     bool      `json:"more,omitempty"`
}

var removeBucket = func() kind.Verb[bucketReader, bucketWriter] {
	v := remove(kind.Verb[bucketReader, bucketWriter]{
		Name: "delete", Mends: []string{"CreateBucket"},
		Needs: []string{"s3:DeleteObjects=s3:DeleteObject,s3:DeleteObjectVersion", "s3:DeleteBucket"},
		Kept:  bucketKept, Rest: emptied,
	}, func(ctx context.Context, api bucketReader, r fact.Resource) (any, error) {
		all, more, err := objectVersions(ctx, api, r.ID)
		if err != nil {
			return nil, err
		}
		c := bucketContent{Made: r.Created, Versions: []string{}, More: more}
		for _, v := range all {
			c.Versions = append(c.Versions, v.print())
		}
		return c, nil
	}, nil)
	v.Do = func(ctx context.Context, api bucketWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[bucketContent](prior)
		if err != nil {
			return err
		}
		if err := gone(emptyAndDelete(ctx, api, j, was)); !errors.Is(err, kind.ErrGone) {
			return err
		}
		return nil
	}
	return v
}()

// emptied says that some of the versions are gone, and nothing else is new: what
// stands in the bucket otherwise is not what was kept, and stays.
func emptied(first, now json.RawMessage) bool {
	was, err := read[bucketContent](first)
	is, readErr := read[bucketContent](now)
	return err == nil && readErr == nil && !is.More && is.Made.Equal(was.Made) && len(is.Versions) < len(was.Versions) &&
		!slices.ContainsFunc(is.Versions, func(v string) bool { return !slices.Contains(was.Versions, v) })
}

// emptyAndDelete goes on where it was interrupted. It deletes only what was there
// when the bucket was kept: it is called again while AWS says that the bucket is
// not empty, and after a crash, and what somebody writes meanwhile is in no
// evidence. A version under a retention or a legal hold is AWS's no, and then
// nothing more is deleted.
func emptyAndDelete(ctx context.Context, api bucketWriter, j kind.Job, was bucketContent) error {
	all, more, err := objectVersions(ctx, api, j.ID)
	if err != nil {
		return err
	}
	if !smallBucket(all, more) {
		return fmt.Errorf("cannot delete %s: it holds more than is kept: %w", j.Ref, kind.ErrUnkept)
	}
	for _, v := range all {
		if v.Modified.After(j.At) || !slices.Contains(was.Versions, v.print()) {
			return fmt.Errorf("cannot delete %s: %q came after it was kept: %w", j.Ref, v.Key, kind.ErrUnkept)
		}
	}
	if len(all) > 0 {
		var ids []types.ObjectIdentifier
		for _, v := range all {
			ids = append(ids, types.ObjectIdentifier{Key: &v.Key, VersionId: given(v.Version)})
		}
		out, err := api.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &j.ID, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)}})
		if err != nil {
			return err
		}
		if len(out.Errors) > 0 {
			e := out.Errors[0]
			return fmt.Errorf("cannot delete %d objects, %s among them: %s: %s", len(out.Errors), aws.ToString(e.Key), aws.ToString(e.Code), aws.ToString(e.Message))
		}
	}
	_, err = api.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &j.ID})
	return err
}

// bucketKept reads every version once more: what can be read to its end now
// could be when it was kept. An object that is archived, or encrypted with a
// key that only its writer has, cannot.
func bucketKept(ctx context.Context, api bucketReader, j kind.Job) error {
	all, more, err := objectVersions(ctx, api, j.ID)
	if err != nil {
		return err
	}
	if !smallBucket(all, more) {
		return fmt.Errorf("cannot delete %s: it holds more than %d versions or %d MB: %w", j.Ref, keptVersions, keptBytes>>20, kind.ErrUnkept)
	}
	for _, v := range all {
		if err := readVersion(ctx, api, j.ID, v, func([]byte) error { return nil }); err != nil {
			return fmt.Errorf("cannot delete %s: %w: %w", j.Ref, kind.ErrUnkept, err)
		}
	}
	return nil
}

func readVersion(ctx context.Context, api bucketReader, name string, v objectVersion, put func([]byte) error) error {
	if v.Marker {
		return nil
	}
	out, err := api.GetObject(ctx, &s3.GetObjectInput{Bucket: &name, Key: &v.Key, VersionId: given(v.Version)})
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", v.Key, err)
	}
	b, err := io.ReadAll(io.LimitReader(out.Body, keptBytes+1))
	if err = errors.Join(err, out.Body.Close()); err != nil {
		return fmt.Errorf("cannot read %s: %w", v.Key, err)
	}
	if int64(len(b)) != v.Size {
		return fmt.Errorf("cannot read %s: %d bytes of %d came", v.Key, len(b), v.Size)
	}
	return put(b)
}

// keepBucket keeps what is configured, which versions there are, and, of a
// small bucket, every version. What cannot be read is told in unread.json and
// does not hinder the rest; bucketKept finds it again before anything is deleted.
func keepBucket(ctx context.Context, api bucketReader, r fact.Resource, put func(string, []byte) error) error {
	now := map[string]string{}
	for _, a := range bucketAspects {
		value, err := a.get(ctx, api, r.ID)
		if err != nil {
			return err
		}
		now[a.name] = value
	}
	if err := putJSON(put, "bucket.json", now); err != nil {
		return err
	}
	all, more, err := objectVersions(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "versions.json", map[string]any{"versions": all, "more": more}); err != nil || !smallBucket(all, more) {
		return err
	}
	unread := map[string]string{}
	for i, v := range all {
		if v.Size == 0 {
			continue
		}
		file := fmt.Sprintf("version-%04d", i+1) // its place in versions.json: a key is no file name
		var failed error
		err := readVersion(ctx, api, r.ID, v, func(b []byte) error { failed = put(file, b); return failed })
		if failed != nil || ctx.Err() != nil {
			return errors.Join(failed, ctx.Err())
		}
		if err != nil {
			unread[v.Key] = err.Error()
		}
	}
	if len(unread) == 0 {
		return nil
	}
	return putJSON(put, "unread.json", unread)
}
