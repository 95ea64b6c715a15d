package source

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

type deniedKeys struct{ asked int }

func (k *deniedKeys) ListPublicKeys(ContextT, *cloudtrail.ListPublicKeysInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListPublicKeysOutput, error) {
	k.asked++
	return nil, apiError("AccessDeniedException")
}

type headFunc func() error

func (h headFunc) HeadObject(ContextT, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	return nil, h()
}

// TestDigestsThatNobodyMayCheck: what AWS refuses about signatures is a reason of
// each digest, and log files are held against digests all the same.
func TestDigestsThatNobodyMayCheck(t *testing.T) {
	denied := &deniedKeys{}
	for name, test := range map[string]struct {
		keys func(*fakeS3) *LiveKeys
		why  string
	}{
		"public keys": {func(f *fakeS3) *LiveKeys {
			return &LiveKeys{CloudTrail: func(string) KeyAPI { return denied }, S3: func(ContextT, string) (HeadAPI, error) { return f, nil }}
		}, DeniedKeys},
		"signature": {func(f *fakeS3) *LiveKeys {
			k := live(f, &keyList{})
			k.S3 = func(ContextT, string) (HeadAPI, error) {
				return headFunc(func() error { return apiError("Forbidden") }), nil
			}
			return k
		}, DeniedSignature},
		"slow down": {func(f *fakeS3) *LiveKeys {
			k := live(f, &keyList{})
			k.S3 = func(ContextT, string) (HeadAPI, error) {
				return headFunc(func() error { return apiError("SlowDown") }), nil
			}
			return k
		}, "the signature beside the file cannot be read: SlowDown"},
	} {
		f := delivered(t)
		changed := logName(acct, "us-east-1", "20260102T0110Z")
		f.objects[changed] = zipped(`{"Records":[]}`)
		got := verifyIn(t, f, Only{}, test.keys(f))
		if got.Signed != 0 || got.Unsigned[test.why] != 4 || len(got.Unsigned) != 1 {
			t.Errorf("%s: %d signed, unsigned %v", name, got.Signed, got.Unsigned)
		}
		if got.Logs != 7 || len(got.Problems) != 1 || !strings.HasSuffix(got.Problems[0].File, changed) {
			t.Errorf("%s: log files were not compared: %+v", name, got)
		}
		if got.Digests != 4 || got.Agree != 3 {
			t.Errorf("%s: %d of %d digests agree, want 3 of 4", name, got.Agree, got.Digests)
		}
	}
	if denied.asked != 1 {
		t.Errorf("a region that refused was asked %d times", denied.asked)
	}
}

// TestLogFilesThatNoDigestCovers are counted, whatever their name.
func TestLogFilesThatNoDigestCovers(t *testing.T) {
	f := delivered(t)
	f.objects[logName(acct, "us-east-1", "20250102T0445Z")] = zipped("{}")
	f.objects[logName(acct, "us-east-1", "20270102T0445Z")] = zipped("{}")
	f.objects["copies/events.json"] = "{}"
	if got := verifyIn(t, f, Only{}, nil); len(got.Outside) != 3 || got.Agree != 4 || len(got.Problems) > 0 {
		t.Errorf("%+v", got)
	}
}

// TestSignaturesAreAskedForTogether: each answer waits for a second question.
func TestSignaturesAreAskedForTogether(t *testing.T) {
	f := delivered(t)
	var (
		mu      sync.Mutex
		waiting int
		both    = make(chan struct{})
	)
	k := live(f, &keyList{})
	k.S3 = func(ContextT, string) (HeadAPI, error) {
		return headFunc(func() error {
			mu.Lock()
			if waiting++; waiting == 2 {
				close(both)
			}
			mu.Unlock()
			select {
			case <-both:
			case <-time.After(10 * time.Second):
				t.Error("one signature at a time")
			}
			return apiError("Forbidden")
		}), nil
	}
	verifyIn(t, f, Only{}, k)
}
