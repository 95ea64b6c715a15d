package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"cordon/internal/trail"
)

type ContextT = context.Context

// fakeS3 is one bucket that keeps its objects, gives short pages and refuses
// other buckets.
type fakeS3 struct {
	bucket   string
	objects  map[string]string
	meta     map[string]map[string]string
	archived map[string]bool
	page     int

	mu     sync.Mutex
	lists  []string // prefix and start of each first page
	denied string   // a prefix that may not be listed
	cut    int      // bodies that break off
}

func newFake(bucket string, objects map[string]string) *fakeS3 {
	return &fakeS3{bucket: bucket, objects: objects, page: 3, meta: map[string]map[string]string{}, archived: map[string]bool{}}
}

func apiError(code string) error { return &smithy.GenericAPIError{Code: code, Message: "no"} }

func (f *fakeS3) ListObjectsV2(_ ContextT, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	prefix, after := aws.ToString(in.Prefix), aws.ToString(in.StartAfter)
	if *in.Bucket != f.bucket {
		return nil, apiError("NoSuchBucket")
	}
	if f.denied != "" && strings.HasPrefix(prefix, f.denied) && (in.ContinuationToken != nil || f.page > 1000) {
		return nil, apiError("AccessDenied")
	}
	if in.ContinuationToken == nil {
		f.lists = append(f.lists, prefix+" > "+after)
	} else {
		after = *in.ContinuationToken
	}
	var keys []string
	for k := range f.objects {
		if strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	out := &s3.ListObjectsV2Output{IsTruncated: aws.Bool(false)}
	last, n := "", 0
	for _, k := range keys {
		entry := k
		if d := aws.ToString(in.Delimiter); d != "" {
			if i := strings.Index(k[len(prefix):], d); i >= 0 {
				entry = k[:len(prefix)+i+1]
			}
		}
		if entry == last || entry <= after {
			continue
		}
		if n == f.page {
			out.IsTruncated, out.NextContinuationToken = aws.Bool(true), aws.String(last)
			break
		}
		last = entry
		n++
		if entry != k || strings.HasSuffix(entry, "/") && aws.ToString(in.Delimiter) != "" && entry != prefix {
			out.CommonPrefixes = append(out.CommonPrefixes, types.CommonPrefix{Prefix: aws.String(entry)})
			continue
		}
		o := types.Object{Key: aws.String(k), Size: aws.Int64(int64(len(f.objects[k]))), ETag: aws.String(fmt.Sprintf(`"%x"`, len(k)))}
		if f.archived[k] {
			o.StorageClass = types.ObjectStorageClassGlacier
		}
		out.Contents = append(out.Contents, o)
	}
	return out, nil
}

func (f *fakeS3) GetObject(_ ContextT, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, ok := f.objects[*in.Key]
	switch {
	case *in.Bucket != f.bucket:
		return nil, apiError("NoSuchBucket")
	case !ok:
		return nil, &types.NoSuchKey{}
	case f.archived[*in.Key]:
		return nil, &types.InvalidObjectState{}
	}
	var r io.Reader = strings.NewReader(text)
	if f.cut > 0 {
		f.cut--
		r = io.MultiReader(strings.NewReader(text[:len(text)/2]), failing{})
	}
	return &s3.GetObjectOutput{Body: io.NopCloser(r), ContentLength: aws.Int64(int64(len(text)))}, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func (f *fakeS3) GetBucketLocation(_ ContextT, in *s3.GetBucketLocationInput, _ ...func(*s3.Options)) (*s3.GetBucketLocationOutput, error) {
	switch *in.Bucket {
	case "b":
		return &s3.GetBucketLocationOutput{}, nil
	case "eu":
		return &s3.GetBucketLocationOutput{LocationConstraint: "EU"}, nil
	case "denied":
		return nil, apiError("AccessDenied")
	}
	return nil, apiError("NoSuchBucket")
}

func (f *fakeS3) HeadObject(_ ContextT, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	return &s3.HeadObjectOutput{Metadata: f.meta[*in.Key]}, nil
}

// months is a bucket with an account's logs of two regions, of an organisation's
// account, and of what else lies in buckets.
func months() map[string]string {
	all := map[string]string{}
	for d := 1; d <= 28; d++ {
		for _, h := range []string{"0100", "1300"} {
			all[logName(acct, "us-east-1", fmt.Sprintf("202601%02dT%sZ", d, h))] = "x"
			all["org/"+strings.Replace(logName(other, "eu-west-1", fmt.Sprintf("202601%02dT%sZ", d, h)), "AWSLogs/", "AWSLogs/o-1/", 1)] = "x"
		}
	}
	all[logName(acct, "eu-west-1", "20260102T0305Z")] = "x"
	all["AWSLogs/"+acct+"/CloudTrail/"] = ""
	all["AWSLogs/"+acct+"/Config/us-east-1/2026/1/1/c.json.gz"] = "x"
	all["AWSLogs/"+acct+"/elasticloadbalancing/us-east-1/2026/01/01/l.gz"] = "x"
	all[strings.Replace(logName(acct, "us-east-1", "20260102T0000Z"), "CloudTrail", "CloudTrail-Digest", 2)] = "x"
	all["results/q.csv"] = "x"
	all["results/q.csv.metadata"] = "x"
	return all
}

func TestListFindsLogs(t *testing.T) {
	for prefix, want := range map[string]int{
		"": 56 + 56 + 1 + 1, "AWSLogs": 57, "AWSLogs/": 57, "org/": 56, "org/AWSLogs/o-1/": 56, "results": 1,
		"AWSLogs/" + acct + "/":                                   57,
		"AWSLogs/" + acct + "/CloudTrail/":                        57,
		"AWSLogs/" + acct + "/CloudTrail/us-east-1":               56,
		"AWSLogs/" + acct + "/CloudTrail/us-east-1/":              56,
		"AWSLogs/" + acct + "/CloudTrail/us-east-1/2026/01/02/":   2,
		"AWSLogs/" + acct + "/CloudTrail/us-east-1/2026/01/0":     18,
		"/AWSLogs/" + acct + "/CloudTrail/us-east-1/2026/01/0":    18,
		"AWSLogs/" + acct + "/CloudTrail/us-east-1/2026/01/02/11": 2,
		"nothing/": 0,
	} {
		l, err := NewS3(newFake("b", months()), "b", prefix).List(t.Context(), Only{})
		if err != nil || len(l.Files) != want {
			t.Errorf("%q: %d files, want %d; %v", prefix, len(l.Files), want, err)
		}
	}
	l, err := NewS3(newFake("b", months()), "b", "").List(t.Context(), Only{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(l.Files, func(a, b trail.File) int { return a.At.Compare(b.At) }) || l.Files[0].Version == "" || !strings.HasPrefix(l.Files[0].Name, "s3://b/") {
		t.Errorf("%+v", l.Files[:2])
	}
	if len(l.Notes) != 2 { // digests, and other names
		t.Errorf("%+v", l.Notes)
	}
	d, err := NewS3(newFake("b", months()), "b", "").List(t.Context(), Only{Digests: true})
	if err != nil || len(d.Files) != 1 || !strings.Contains(d.Files[0].Name, "Digest") {
		t.Errorf("%+v, %v", d, err)
	}
}

// A central bucket may keep each account's logs under its number: what stands
// above AWSLogs says nothing of what AWS delivers beside the logs.
func TestAPrefixThatIsAnAccountsNumber(t *testing.T) {
	objects := map[string]string{}
	for key, text := range months() {
		objects[acct+"/"+key] = text
	}
	for prefix, want := range map[string]int{"": 57, acct: 57, acct + "/": 57, acct + "/AWS": 57, acct + "/AWSLogs/" + acct + "/": 57} {
		fake := newFake("b", objects)
		l, err := NewS3(fake, "b", prefix).List(t.Context(), Only{Regions: []string{"us-east-1", "eu-west-1"}})
		logs := slices.DeleteFunc(l.Files, func(f trail.File) bool { return !strings.Contains(f.Name, "/"+acct+"/CloudTrail/") })
		if err != nil || len(logs) != want {
			t.Errorf("%q: %d log files, want %d; %v", prefix, len(logs), want, err)
		}
		if slices.ContainsFunc(fake.lists, func(s string) bool { return strings.Contains(s, "/Config/") }) {
			t.Errorf("%q: the folder of another service was listed", prefix)
		}
	}
}

func TestListAsksForARangeOnly(t *testing.T) {
	only := Only{Accounts: []string{acct}, Regions: []string{"us-east-1"}, From: time.Date(2026, 1, 10, 12, 0, 0, 0, time.UTC), To: time.Date(2026, 1, 11, 12, 0, 0, 0, time.UTC)}
	fake := newFake("b", months())
	l, err := NewS3(fake, "b", "AWSLogs/").List(t.Context(), only)
	if err != nil || len(l.Files) != 6 { // a day more at both ends: 9th 13:00 to 12th 01:00
		t.Errorf("%v, %v", bases(l.Files), err)
	}
	root := "AWSLogs/" + acct + "/CloudTrail/us-east-1/"
	if !slices.Contains(fake.lists, root+" > "+root+"2026/01/09") || slices.ContainsFunc(fake.lists, func(s string) bool { return strings.Contains(s, "eu-west-1") }) {
		t.Errorf("%q", fake.lists)
	}
}

func TestResumeListsOneDayBack(t *testing.T) {
	objects := months()
	fake := newFake("b", objects)
	in := NewS3(fake, "b", "AWSLogs/")
	first, err := in.List(t.Context(), Only{Regions: []string{"us-east-1"}})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(first.Marks)
	var marks Marks
	if err = errors.Join(err, json.Unmarshal(raw, &marks)); err != nil || len(marks) != 1 {
		t.Fatal(string(raw), err)
	}
	objects[logName(acct, "us-east-1", "20260127T0000Z")] = "late"
	objects[logName(acct, "us-east-1", "20260129T0000Z")] = "new"
	objects[logName(acct, "us-east-1", "20260111T0000Z")] = "too late"
	again, err := in.List(t.Context(), Only{Regions: []string{"us-east-1"}, Marks: marks})
	if err != nil || len(again.Files) != 6 {
		t.Errorf("%v, %v", bases(again.Files), err)
	}
	// What an earlier listing left out at its beginning is listed still.
	part, err := in.List(t.Context(), Only{Regions: []string{"us-east-1"}, From: time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	all, err := in.List(t.Context(), Only{Regions: []string{"us-east-1"}, Marks: part.Marks})
	if err != nil || len(all.Files) != 59 {
		t.Errorf("%d files, %v", len(all.Files), err)
	}
	same, err := in.List(t.Context(), Only{Regions: []string{"us-east-1"}, From: time.Date(2026, 1, 20, 0, 30, 0, 0, time.UTC), Marks: part.Marks})
	if err != nil || !strings.Contains(strings.Join(bases(same.Files), " "), "20260119T0100Z") {
		t.Errorf("%v, %v: the first day of the earlier listing was taken in part", bases(same.Files), err)
	}
}

func TestAListingIsCompleteOrAnError(t *testing.T) {
	fake := newFake("b", months())
	fake.denied = "AWSLogs/" + acct + "/CloudTrail/us-east-1/" // on its second page
	l, err := NewS3(fake, "b", "").List(t.Context(), Only{})
	if err == nil || len(l.Files) > 0 || !strings.Contains(err.Error(), "access is denied") {
		t.Errorf("%d files, %v", len(l.Files), err)
	}
	if _, err := NewS3(fake, "c", "").List(t.Context(), Only{}); err == nil || !strings.Contains(err.Error(), "no such bucket") {
		t.Error(err)
	}
}

func TestLoadFromS3(t *testing.T) {
	ctx := t.Context()
	fake := newFake("b", map[string]string{"x": strings.Repeat("x", 5000), "cold": "x"})
	fake.archived["cold"] = true
	in := NewS3(fake, "b", "")
	fake.cut = 2
	got, err := in.Load(ctx, "s3://b/x", make([]byte, 3), 1<<20)
	if err != nil || string(got) != fake.objects["x"] {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	fake.cut = 3
	if got, err := in.Load(ctx, "s3://b/x", nil, 1<<20); err == nil || errors.Is(err, io.ErrUnexpectedEOF) || len(got) > 0 || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	fake.cut = 1
	r, err := in.Open(ctx, "s3://b/x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("a transfer that broke off reads as a file that was cut: ", err)
	}
	for name, want := range map[string]string{"s3://b/cold": "restore it first", "s3://b/none": "not there any more", "s3://c/x": "from the bucket b", "x": "from the bucket b"} {
		if _, err := in.Load(ctx, name, nil, 10); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fake.page = 1
	l, err := in.List(ctx, Only{})
	if err != nil || len(l.Files) != 2 || len(l.Notes) != 1 || !strings.Contains(l.Notes[0].Why, "restored") {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestErrorsOfS3AreExplained(t *testing.T) {
	for err, want := range map[error]string{
		apiError("PermanentRedirect"): "another region",
		&smithy.GenericAPIError{Code: "AccessDenied", Message: "is not authorized to perform: kms:Decrypt on the resource"}: "kms:Decrypt on its key is denied",
		&smithy.GenericAPIError{Code: "AccessDenied", Message: "Bucket is a requester pays bucket"}:                         "requester to pay",
		&smithy.GenericAPIError{Code: "KMS.DisabledException", Message: "is disabled"}:                                      "KMS key cannot be used",
		&smithy.GenericAPIError{Code: "AccessDenied", Message: "User: x is not authorized to perform: s3:GetObject"}:        "access is denied",
	} {
		got := explain("read", "b", "k", err)
		if !strings.Contains(got.Error(), want) || !strings.HasPrefix(got.Error(), "cannot read s3://b/k: ") || !errors.Is(got, err) {
			t.Errorf("%v", got)
		}
	}
	var elsewhere *WrongRegion
	if !errors.As(explain("list", "b", "", apiError("PermanentRedirect")), &elsewhere) || elsewhere.Bucket != "b" {
		t.Error("the wrong region is no type")
	}
}

func TestRegion(t *testing.T) {
	for bucket, want := range map[string]string{"b": "us-east-1", "eu": "eu-west-1", "denied": ""} {
		if got, err := Region(t.Context(), newFake("b", nil), bucket); err != nil || got != want {
			t.Errorf("%s: %q, %v", bucket, got, err)
		}
	}
	if _, err := Region(t.Context(), newFake("b", nil), "none"); err == nil {
		t.Error("a bucket that is not there has a region")
	}
	for in, ok := range map[string]bool{"s3://b/p/q": true, "s3://b": true, "s3://": false, "/x": false} {
		if b, p, err := ParseS3(in); (err == nil) != ok {
			t.Error(in, b, p, err)
		}
	}
}
