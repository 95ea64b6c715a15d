package source

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"cordon/internal/trail"
)

var ourKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func hexHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// delivered is a bucket with four hours of logs, two files an hour, and their
// digests, made and signed as AWS documents it, by our own key.
func delivered(t *testing.T) *fakeS3 {
	t.Helper()
	f := newFake("b", map[string]string{})
	var previous map[string]any
	previousText, previousSignature := "", ""
	for h := range 4 {
		start := time.Date(2026, 1, 2, h, 0, 0, 0, time.UTC)
		end := start.Add(time.Hour)
		var logs []map[string]any
		for m := range 2 {
			key := logName(acct, "us-east-1", start.Add(time.Duration(10+20*m)*time.Minute).Format("20060102T1504Z"))
			text := fmt.Sprintf(`{"Records":[{"h":%d,"m":%d}]}`, h, m)
			f.objects[key] = zipped(text)
			logs = append(logs, map[string]any{"s3Bucket": "b", "s3Object": key, "hashValue": hexHash(text), "hashAlgorithm": "SHA-256"})
		}
		key := "AWSLogs/" + acct + "/CloudTrail-Digest/us-east-1/2026/01/02/" + acct + "_CloudTrail-Digest_us-east-1_my_trail_eu-west-1_" + end.Format("20060102T150405Z") + ".json.gz"
		d := map[string]any{"awsAccountId": acct, "digestStartTime": start.Format(time.RFC3339), "digestEndTime": end.Format(time.RFC3339),
			"digestS3Bucket": "b", "digestS3Object": key, "digestPublicKeyFingerprint": "f1", "digestSignatureAlgorithm": "SHA256withRSA",
			"logFiles": logs, "previousDigestSignature": nil}
		signedPrevious := "null"
		if previous != nil {
			d["previousDigestS3Bucket"], d["previousDigestS3Object"] = "b", previous["digestS3Object"]
			d["previousDigestHashValue"], d["previousDigestSignature"] = hexHash(previousText), previousSignature
			signedPrevious = previousSignature
		}
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(d["digestEndTime"].(string) + "\nb/" + key + "\n" + hexHash(string(raw)) + "\n" + signedPrevious))
		signature, err := rsa.SignPKCS1v15(rand.Reader, ourKey(), crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		previous, previousText, previousSignature = d, string(raw), hex.EncodeToString(signature)
		f.objects[key] = zipped(string(raw))
		f.meta[key] = map[string]string{"Signature": previousSignature, "signature-algorithm": "SHA256withRSA"}
	}
	return f
}

// keyList is CloudTrail that lists our key, on its second page.
type keyList struct{ asked int }

func (k *keyList) ListPublicKeys(_ ContextT, in *cloudtrail.ListPublicKeysInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.ListPublicKeysOutput, error) {
	k.asked++
	if in.NextToken == nil {
		return &cloudtrail.ListPublicKeysOutput{NextToken: aws.String("2")}, nil
	}
	return &cloudtrail.ListPublicKeysOutput{PublicKeyList: []types.PublicKey{{Fingerprint: aws.String("f1"), Value: x509.MarshalPKCS1PublicKey(&ourKey().PublicKey)}}}, nil
}

func live(f *fakeS3, k *keyList) *LiveKeys {
	return &LiveKeys{
		CloudTrail: func(region string) KeyAPI {
			if region != "eu-west-1" {
				panic("the key of another region was asked for: " + region)
			}
			return k
		},
		S3: func(ContextT, string) (HeadAPI, error) { return f, nil },
	}
}

func verifyIn(t *testing.T, f *fakeS3, only Only, keys Keys) Digests {
	t.Helper()
	in := NewS3(f, "b", "")
	logFiles, err := in.List(t.Context(), only)
	if err != nil {
		t.Fatal(err)
	}
	only.Digests = true
	digestFiles, err := in.List(t.Context(), only)
	if err != nil {
		t.Fatal(err)
	}
	got, err := VerifyDigests(t.Context(), in, logFiles.Files, digestFiles.Files, only, keys)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDigestsOfUntouchedLogs(t *testing.T) {
	f, keys := delivered(t), &keyList{}
	got := verifyIn(t, f, Only{}, live(f, keys))
	if got.Digests != 4 || got.Logs != 8 || got.Signed != 4 || len(got.Outside) != 0 || len(got.Unsigned) > 0 || len(got.Problems) > 0 {
		t.Errorf("%+v", got)
	}
	if keys.asked != 2 {
		t.Errorf("the keys of one day were asked for %d times", keys.asked)
	}
	if got := verifyIn(t, f, Only{}, nil); got.Signed != 0 || got.Unsigned[NoKeys] != 4 || len(got.Problems) > 0 {
		t.Errorf("%+v", got)
	}
	if got := verifyIn(t, f, Only{Accounts: []string{other}}, nil); got.Digests != 0 || len(got.Problems) > 0 {
		t.Errorf("%+v", got)
	}
}

// Where digests follow upon one another a trail recorded; where one is missing or
// names a file that is wrong, nobody knows.
func TestDigestsSayWhereATrailRecorded(t *testing.T) {
	watched := func(f *fakeS3) (out []string) {
		for _, w := range verifyIn(t, f, Only{}, nil).Watched {
			out = append(out, fmt.Sprint(w.Account, " ", w.Region, " ", w.From.Hour(), "-", w.To.Hour()))
		}
		return out
	}
	f := delivered(t)
	if got, want := watched(f), []string{acct + " us-east-1 0-4"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	f.objects[logName(acct, "us-east-1", "20260102T0110Z")] = zipped("{}")
	if got, want := watched(f), []string{acct + " us-east-1 0-1", acct + " us-east-1 2-4"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDigestsFindWhatWasDone(t *testing.T) {
	logAt := func(stamp string) string { return logName(acct, "us-east-1", stamp) }
	digestAt := func(h int) string {
		return "AWSLogs/" + acct + "/CloudTrail-Digest/us-east-1/2026/01/02/" + acct + fmt.Sprintf("_CloudTrail-Digest_us-east-1_my_trail_eu-west-1_20260102T%02d0000Z.json.gz", h)
	}
	for name, test := range map[string]struct {
		change func(*fakeS3)
		want   []string // what and base of the file
	}{
		"changed": {func(f *fakeS3) { f.objects[logAt("20260102T0110Z")] = zipped(`{"Records":[]}`) }, []string{Changed + " " + logAt("20260102T0110Z")}},
		"zipped anew": {func(f *fakeS3) {
			var b bytes.Buffer
			w, _ := gzip.NewWriterLevel(&b, 1)
			_, _ = w.Write([]byte(`{"Records":[{"h":1,"m":0}]}`))
			_ = w.Close()
			f.objects[logAt("20260102T0110Z")] = b.String()
		}, nil},
		"deleted":   {func(f *fakeS3) { delete(f.objects, logAt("20260102T0110Z")) }, []string{Missing + " " + logAt("20260102T0110Z")}},
		"added":     {func(f *fakeS3) { f.objects[logAt("20260102T0115Z")] = zipped("{}") }, []string{Added + " " + logAt("20260102T0115Z")}},
		"not gzip":  {func(f *fakeS3) { f.objects[logAt("20260102T0110Z")] = "\x1f\x8bxx" }, []string{Unread + " " + logAt("20260102T0110Z")}},
		"after all": {func(f *fakeS3) { f.objects[logAt("20260102T0445Z")] = zipped("{}") }, nil},
		"digest edited": {func(f *fakeS3) {
			f.objects[digestAt(2)] = zipped(`{"awsAccountId":"` + acct + `","digestStartTime":"2026-01-02T01:00:00Z","digestEndTime":"2026-01-02T02:00:00Z","digestS3Bucket":"b","digestS3Object":"` + digestAt(2) + `","digestPublicKeyFingerprint":"f1","logFiles":[],"previousDigestSignature":null}`)
		}, []string{Added + " " + logAt("20260102T0110Z"), Added + " " + logAt("20260102T0130Z"), BadDigest + " " + digestAt(2), BrokenChain + " " + digestAt(2)}},
		"digest deleted":       {func(f *fakeS3) { delete(f.objects, digestAt(2)) }, []string{BrokenChain + " " + digestAt(3)}},
		"first digest deleted": {func(f *fakeS3) { delete(f.objects, digestAt(1)) }, nil},
		"digest broken":        {func(f *fakeS3) { f.objects[digestAt(4)] = zipped("{") }, []string{BadDigest + " " + digestAt(4)}},
		"digest moved":         {func(f *fakeS3) { f.objects[digestAt(4)] = f.objects[digestAt(3)] }, []string{BadDigest + " " + digestAt(4)}},
		"signature of another": {func(f *fakeS3) { f.meta[digestAt(2)] = f.meta[digestAt(1)] }, []string{BadDigest + " " + digestAt(2)}},
	} {
		f := delivered(t)
		test.change(f)
		got := verifyIn(t, f, Only{}, live(f, &keyList{}))
		var found []string
		for _, p := range got.Problems {
			found = append(found, p.What+" "+strings.TrimPrefix(p.File, "s3://b/"))
		}
		if !slices.Equal(found, test.want) {
			t.Errorf("%s: %q, want %q", name, found, test.want)
		}
	}
}

func TestDigestsOfACopyInAFolder(t *testing.T) {
	f, dir := delivered(t), t.TempDir()
	for key, text := range f.objects {
		write(t, dir, "copy/"+key, text)
	}
	check := func() Digests {
		logFiles, _, err := Local([]string{dir}, Only{})
		if err != nil {
			t.Fatal(err)
		}
		digestFiles, _, err := Local([]string{dir}, Only{Digests: true})
		if err != nil {
			t.Fatal(err)
		}
		got, err := VerifyDigests(t.Context(), Disk{}, logFiles, digestFiles, Only{}, live(f, &keyList{}))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := check(); got.Digests != 4 || got.Logs != 8 || got.Unsigned[NoSignature] != 4 || len(got.Problems) > 0 {
		t.Errorf("%+v", got)
	}
	if err := os.Remove(filepath.Join(dir, "copy", filepath.FromSlash(logName(acct, "us-east-1", "20260102T0110Z")))); err != nil {
		t.Fatal(err)
	}
	if got := check(); len(got.Problems) != 1 || got.Problems[0].What != Missing {
		t.Errorf("%+v", got)
	}
}

func FuzzDigest(f *testing.F) {
	f.Add([]byte(`{"digestS3Object":"a","digestEndTime":"2026-01-02T01:00:00Z","digestStartTime":"2026-01-02T00:00:00Z","logFiles":[{"s3Object":"x"}],"previousDigestS3Object":"a"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		fake := newFake("b", map[string]string{"a": string(raw), "x": "y"})
		_, err := VerifyDigests(t.Context(), NewS3(fake, "b", ""), []trail.File{{Name: "s3://b/x"}}, []trail.File{{Name: "s3://b/a"}}, Only{}, live(fake, &keyList{}))
		if err != nil {
			t.Fatal(err)
		}
	})
}
