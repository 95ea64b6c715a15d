package kinds

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

// What came into a bucket after it was kept is not deleted with it, and is the
// reason why the rest stays too; what is gone already does not hinder.
func TestOnlyWhatWasKeptIsDeleted(t *testing.T) {
	w := kindtest.NewWorld(t)
	api := s3.NewFromConfig(w.Config(here))
	j := kind.Job{Resource: listed(t, w, bucket, openBucket(t, w)), At: time.Now().Add(time.Minute)}
	read := bucketSpec.Reader(w.Config(here))
	prior := must[[]byte](t)(removeBucket.Prior(t.Context(), read, j.Resource))
	putObject(t, api, "ledger", "three.txt", "third")
	had, _, err := objectVersions(t.Context(), api, j.ID)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(j kind.Job, prior []byte, why string) {
		t.Helper()
		if err := removeBucket.Do(t.Context(), api, j, prior); !errors.Is(err, kind.ErrUnkept) {
			t.Errorf("%s: %v", why, err)
		}
		if left, _, err := objectVersions(t.Context(), api, j.ID); err != nil || len(left) != len(had) {
			t.Errorf("%s: %d versions of %d are left, %v", why, len(left), len(had), err)
		}
	}
	refused(j, prior, "a version that was not kept")
	all := must[[]byte](t)(removeBucket.Prior(t.Context(), read, j.Resource))
	before := j
	before.At = time.Now().Add(-time.Hour)
	refused(before, all, "a version that came after the order")
	for _, v := range had[:2] {
		must[*s3.DeleteObjectOutput](t)(api.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &j.ID, Key: &v.Key, VersionId: &v.Version}))
	}
	if err := removeBucket.Do(t.Context(), api, j, all); err != nil {
		t.Errorf("a part of it is gone already: %v", err)
	}
	if done, err := removeBucket.Done(t.Context(), read, j); !done || err != nil {
		t.Errorf("done %v, %v", done, err)
	}
}
