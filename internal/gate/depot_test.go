package gate

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// A shelf is a bucket that keeps state and refuses what S3 would refuse.
type shelf struct {
	t       *testing.T
	held    map[string]*s3.HeadObjectOutput
	lock    types.ObjectLockEnabled
	lose    int   // answers of puts that succeed
	refuse  error // instead of a put
	swallow bool  // puts that do nothing
	blind   bool  // locks cannot be read
	puts    int
}

func coded(code string) error { return &smithy.GenericAPIError{Code: code, Message: "no"} }

func (s *shelf) ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	return &s3.ListObjectsV2Output{}, nil
}

func (s *shelf) GetObjectLockConfiguration(context.Context, *s3.GetObjectLockConfigurationInput, ...func(*s3.Options)) (*s3.GetObjectLockConfigurationOutput, error) {
	if s.lock == "" {
		return nil, coded("ObjectLockConfigurationNotFoundError")
	}
	return &s3.GetObjectLockConfigurationOutput{ObjectLockConfiguration: &types.ObjectLockConfiguration{ObjectLockEnabled: s.lock}}, nil
}

func (s *shelf) HeadObject(_ context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	if in.ChecksumMode != types.ChecksumModeEnabled || aws.ToString(in.ExpectedBucketOwner) != "4444" {
		s.t.Errorf("asked for %+v", in)
	}
	out, there := s.held[*in.Key]
	if !there {
		return nil, &types.NotFound{}
	}
	if s.blind {
		return &s3.HeadObjectOutput{ChecksumSHA256: out.ChecksumSHA256}, nil
	}
	return out, nil
}

func (s *shelf) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	s.puts++
	body, err := io.ReadAll(in.Body)
	sum := sha256.Sum256(body)
	check := base64.StdEncoding.EncodeToString(sum[:])
	if err != nil || aws.ToString(in.IfNoneMatch) != "*" || aws.ToString(in.ChecksumSHA256) != check || aws.ToString(in.ExpectedBucketOwner) != "4444" {
		s.t.Errorf("put without a condition, its checksum or the owner: %+v %v", in, err)
	}
	switch _, there := s.held[*in.Key]; {
	case s.refuse != nil:
		return nil, s.refuse
	case there:
		return nil, coded("PreconditionFailed")
	case s.swallow:
		return &s3.PutObjectOutput{}, nil
	}
	s.held[*in.Key] = &s3.HeadObjectOutput{ChecksumSHA256: &check, ObjectLockMode: in.ObjectLockMode, ObjectLockRetainUntilDate: in.ObjectLockRetainUntilDate}
	if s.lose > 0 {
		s.lose--
		return nil, coded("PreconditionFailed") // what the SDK's second attempt gets
	}
	return &s3.PutObjectOutput{}, nil
}

var shelved = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func newShelf(t *testing.T) (*shelf, *Depot) {
	s := &shelf{t: t, held: map[string]*s3.HeadObjectOutput{}, lock: types.ObjectLockEnabledEnabled}
	return s, &Depot{Bucket: "vault", Prefix: "C-1/evidence", Owner: "4444", Mode: types.ObjectLockModeGovernance, At: shelved, Until: shelved.AddDate(0, 0, 90), api: s}
}

func sumOf(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

func TestDepotKeepsOnceAndReadsBack(t *testing.T) {
	s, d := newShelf(t)
	for i, want := range []bool{false, true, true} {
		known, until, err := d.Keep(t.Context(), "a", sumOf("one"), []byte("one"))
		if err != nil || known != want || !until.Equal(d.Until) {
			t.Fatalf("%d: known %v, until %v, %v", i, known, until, err)
		}
	}
	if s.puts != 1 || s.held["C-1/evidence/a"].ObjectLockMode != types.ObjectLockModeGovernance {
		t.Errorf("%d puts, %+v", s.puts, s.held)
	}
	s.lose = 1
	if known, _, err := d.Keep(t.Context(), "b", sumOf("two"), []byte("two")); err != nil || known {
		t.Errorf("a lost answer: %v", err)
	}
}

func TestDepotCallsNothingDoneThatIsNot(t *testing.T) {
	denied := coded("AccessDenied")
	other := aws.String(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 32))))
	same := func() *string {
		raw, _ := hex.DecodeString(sumOf("one"))
		return aws.String(base64.StdEncoding.EncodeToString(raw))
	}()
	later, past := aws.Time(shelved.AddDate(0, 0, 1)), aws.Time(shelved.AddDate(0, 0, -1))
	for _, c := range []struct {
		why  string
		do   func(*shelf, *Depot)
		want error // nil: it is known
	}{
		{"another object", func(s *shelf, _ *Depot) { s.held["C-1/evidence/a"] = &s3.HeadObjectOutput{ChecksumSHA256: other} }, ErrOther},
		{"an object without a checksum", func(s *shelf, _ *Depot) { s.held["C-1/evidence/a"] = &s3.HeadObjectOutput{} }, ErrOther},
		{"the same, not locked", func(s *shelf, _ *Depot) { s.held["C-1/evidence/a"] = &s3.HeadObjectOutput{ChecksumSHA256: same} }, ErrUnlocked},
		{"its lock is over", func(s *shelf, _ *Depot) {
			s.held["C-1/evidence/a"] = &s3.HeadObjectOutput{ChecksumSHA256: same, ObjectLockMode: types.ObjectLockModeGovernance, ObjectLockRetainUntilDate: past}
		}, ErrUnlocked},
		{"a weaker lock", func(s *shelf, d *Depot) {
			d.Mode = types.ObjectLockModeCompliance
			s.held["C-1/evidence/a"] = &s3.HeadObjectOutput{ChecksumSHA256: same, ObjectLockMode: types.ObjectLockModeGovernance, ObjectLockRetainUntilDate: later}
		}, ErrUnlocked},
		{"a stronger lock", func(s *shelf, _ *Depot) {
			s.held["C-1/evidence/a"] = &s3.HeadObjectOutput{ChecksumSHA256: same, ObjectLockMode: types.ObjectLockModeCompliance, ObjectLockRetainUntilDate: later}
		}, nil},
		{"no lock wanted", func(s *shelf, d *Depot) {
			d.Mode = ""
			s.held["C-1/evidence/a"] = &s3.HeadObjectOutput{ChecksumSHA256: same}
		}, nil},
		{"the lock cannot be read", func(s *shelf, _ *Depot) { s.blind = true }, ErrUnlocked},
		{"refused", func(s *shelf, _ *Depot) { s.refuse = denied }, denied},
	} {
		s, d := newShelf(t)
		c.do(s, d)
		known, _, err := d.Keep(t.Context(), "a", sumOf("one"), []byte("one"))
		if !errors.Is(err, c.want) || c.want == nil && !known {
			t.Errorf("%s: known %v, %v", c.why, known, err)
		}
	}
	s, d := newShelf(t)
	s.swallow = true
	if _, _, err := d.Keep(t.Context(), "a", sumOf("one"), []byte("one")); err == nil || !strings.Contains(err.Error(), "is not there") {
		t.Errorf("what was swallowed: %v", err)
	}
	if _, _, err := d.Keep(t.Context(), "a", "00ff", nil); err == nil || s.puts != 1 {
		t.Errorf("no hash: %v", err)
	}
}

func TestDepotWantsALock(t *testing.T) {
	s, d := newShelf(t)
	if err := d.Open(t.Context()); err != nil {
		t.Error(err)
	}
	s.lock = ""
	if err := d.Open(t.Context()); !errors.Is(err, ErrNoLock) {
		t.Errorf("no Object Lock: %v", err)
	}
	s.lock = "Disabled"
	if err := d.Open(t.Context()); !errors.Is(err, ErrNoLock) {
		t.Errorf("an Object Lock that is off: %v", err)
	}
	d.Mode = ""
	if err := d.Open(t.Context()); err != nil {
		t.Errorf("none is wanted: %v", err)
	}
}

// astray refuses to list with a status and a region.
type astray struct {
	shelf
	status int
	region string
}

func (a *astray) ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	r := &http.Response{StatusCode: a.status, Header: http.Header{}}
	if a.region != "" {
		r.Header.Set("X-Amz-Bucket-Region", a.region)
	}
	return nil, &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: r}, Err: errors.New("no")}
}

func TestDepotFindsItsRegion(t *testing.T) {
	for _, c := range []struct {
		status       int
		header, want string
		missing      bool
	}{
		{301, "eu-central-1", "eu-central-1", false}, {400, "eu-central-1", "eu-central-1", false}, {400, "", "", false},
		{404, "", "", true}, {403, "eu-central-1", "", true}, {403, "", "", true}, {500, "", "", false},
	} {
		d := &Depot{Bucket: "vault", api: &astray{status: c.status, region: c.header}}
		got, err := d.region(t.Context())
		if got != c.want || (err == nil) != (c.want != "") || errors.Is(err, ErrNoBucket) != c.missing {
			t.Errorf("%d %q: %q, %v", c.status, c.header, got, err)
		}
	}
}
