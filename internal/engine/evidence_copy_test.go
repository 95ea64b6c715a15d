package engine_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"cordon/internal/awsapi"
	"cordon/internal/engine"
	"cordon/internal/evidence"
	"cordon/internal/gate"
	"cordon/internal/incident"
	"cordon/internal/kinds"
	"cordon/internal/lab"
	"cordon/internal/report"
)

// A vault is a world with evidence and buckets to copy it to.
type vault struct {
	*world
	h       *heardAll
	buckets *s3.Client
}

func newVault(t *testing.T) *vault {
	v := &vault{world: newWorld(t)}
	store, err := evidence.Open(v.Case.Evidence(), evidence.Options{Who: "claire"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		item := evidence.Item{Name: fmt.Sprint("piece-", i), Kind: "iam.user", Ref: fmt.Sprint("u", i), Source: "test", Taken: night}
		if _, err := store.Put(t.Context(), item, []byte(fmt.Sprint("what was seen ", i))); err != nil {
			t.Fatal(err)
		}
	}
	v.buckets = s3.NewFromConfig(v.rootIn("eu-central-1"))
	for name, locked := range map[string]bool{"locked": true, "open": false} {
		_, err := v.buckets.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("vault-" + name), ObjectLockEnabledForBucket: &locked,
			CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func (v *vault) copy(o engine.CopyOptions) (report.EvidenceCopied, error) {
	v.t.Helper()
	if o.Mode == "" {
		o.Mode, o.Days = "governance", 30
	}
	v.h = &heardAll{}
	s := v.session()
	s.Out = v.h
	err := s.CopyEvidence(v.t.Context(), o)
	if done := heardOf[report.EvidenceCopied](v.h); len(done) > 0 {
		return done[0], err
	}
	return report.EvidenceCopied{}, err
}

func (v *vault) objects(bucket string) map[string]int64 {
	v.t.Helper()
	out, err := v.buckets.ListObjectsV2(v.t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil {
		v.t.Fatal(err)
	}
	all := map[string]int64{}
	for _, o := range out.Contents {
		all[*o.Key] = aws.ToInt64(o.Size)
	}
	return all
}

func (v *vault) custody() string {
	v.t.Helper()
	b, err := os.ReadFile(filepath.Join(v.Case.Evidence(), "custody.jsonl"))
	if err != nil {
		v.t.Fatal(err)
	}
	return string(b)
}

func TestEvidenceIsCopiedLocked(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	to := engine.CopyOptions{To: "s3://vault-locked/cases/", Plain: true}
	done, err := v.copy(to)
	if err != nil || !done.Whole || done.Copied != 11 || done.Known != 0 || len(done.Others) > 0 {
		t.Fatalf("%+v %v", done, err)
	}
	if begins := heardOf[report.EvidenceCopying](v.h)[0]; !begins.Exposed || begins.Plain != 9 || begins.Owner != truth.Account {
		t.Errorf("%+v", begins)
	}
	if left := time.Until(done.Until); left < 29*24*time.Hour || left > 31*24*time.Hour {
		t.Errorf("locked until %s", done.Until)
	}
	prefix := "cases/" + v.Case.ID + "/evidence/"
	all := v.objects("vault-locked")
	if len(all) != 11 || all[prefix+done.Manifest] == 0 || all[prefix+done.Custody] == 0 {
		t.Errorf("%v", all)
	}
	for key := range all {
		if _, err := v.buckets.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("vault-locked"), Key: &key, VersionId: v.version(key)}); err == nil {
			t.Errorf("%s could be deleted", key)
		}
	}
	if log := v.custody(); strings.Count(log, `"what":"copied"`) != 1 || strings.Count(log, `"what":"copying"`) != 1 {
		t.Error(log)
	}
	// Nothing new: everything is known but the custody log, which has grown.
	if done, err = v.copy(to); err != nil || !done.Whole || done.Known != 10 || done.Copied != 1 {
		t.Errorf("again: %+v %v", done, err)
	}
	r, err := v.verified()
	if err != nil || !r.Sound() {
		t.Errorf("%+v %v", r, err)
	}
}

func (v *vault) version(key string) *string {
	out, err := v.buckets.HeadObject(v.t.Context(), &s3.HeadObjectInput{Bucket: aws.String("vault-locked"), Key: &key})
	if err != nil {
		v.t.Fatal(err)
	}
	return out.VersionId
}

func (v *vault) verified() (evidence.Report, error) {
	store, err := evidence.Open(v.Case.Evidence(), evidence.Options{Who: "claire"})
	if err != nil {
		return evidence.Report{}, err
	}
	return store.Verify(v.t.Context())
}

func TestACopyThatBrokeOffGoesOn(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	to := engine.CopyOptions{To: "s3://vault-locked", Plain: true, Mode: "compliance", Days: 1}
	if err := v.AddFault(t.Context(), lab.Fault{Match: map[string]string{"service": "s3", "op": "PutObject"}, Skip: 4, Code: "AccessDenied", Status: 403}); err != nil {
		t.Fatal(err)
	}
	done, err := v.copy(to)
	if awsapi.Classify(err) != awsapi.Denied || !refusedAs(err, "copy-denied") || done.Whole || done.Manifest != "" || len(v.objects("vault-locked")) != 4 {
		t.Fatalf("%+v %v %v", done, err, v.objects("vault-locked"))
	}
	if strings.Contains(v.custody(), `"copied"`) {
		t.Error("the custody log calls it copied")
	}
	if err := v.ClearFaults(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done, err = v.copy(to); err != nil || !done.Whole || done.Known != 4 || done.Copied != 7 {
		t.Errorf("%+v %v", done, err)
	}
}

func TestACopyWritesOverNothing(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	blob := ""
	for name := range v.blobs() {
		blob = name
	}
	key := "p/" + v.Case.ID + "/evidence/" + blob
	if _, err := v.buckets.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("vault-open"), Key: &key, Body: strings.NewReader("not it"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256}); err != nil {
		t.Fatal(err)
	}
	done, err := v.copy(engine.CopyOptions{To: "s3://vault-open/p", Plain: true, NoLock: true})
	if !refusedAs(err, "copy-others") || done.Whole || done.Copied != 8 || len(done.Others) != 1 || done.Others[0] != (report.Other{Place: "s3://vault-open/" + key, Why: "other"}) {
		t.Errorf("%+v %v", done, err)
	}
	if all := v.objects("vault-open"); len(all) != 9 || all[key] != 6 {
		t.Errorf("%v", all)
	}
}

func (v *vault) blobs() map[string]bool {
	store, err := evidence.Open(v.Case.Evidence(), evidence.Options{ReadOnly: true})
	if err != nil {
		v.t.Fatal(err)
	}
	all := map[string]bool{}
	for _, b := range store.Blobs() {
		all[b.Name] = true
	}
	return all
}

func TestWhatIsNotCopied(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	for why, c := range map[string]struct {
		o    engine.CopyOptions
		want string
	}{
		"no lock":            {engine.CopyOptions{To: "s3://vault-open", Plain: true}, "copy-no-lock"},
		"not encrypted":      {engine.CopyOptions{To: "s3://vault-locked"}, "copy-plain"},
		"no bucket":          {engine.CopyOptions{To: "s3://vault-nowhere", Plain: true}, "copy-no-bucket"},
		"somebody else's":    {engine.CopyOptions{To: "s3://vault-locked", Plain: true, Owner: "444455556666"}, "copy-no-bucket"},
		"no place in S3":     {engine.CopyOptions{To: "/tmp/x", Plain: true}, "copy-place"},
		"no name of a place": {engine.CopyOptions{To: "s3://", Plain: true}, "copy-place"},
	} {
		if _, err := v.copy(c.o); !refusedAs(err, c.want) {
			t.Errorf("%s: %v", why, err)
		}
	}
	if done, err := v.copy(engine.CopyOptions{To: "s3://vault-open", Plain: true, NoLock: true}); err != nil || !done.Whole || !done.Until.IsZero() {
		t.Errorf("--no-lock: %+v %v", done, err)
	}
	for name := range v.blobs() {
		if err := os.WriteFile(filepath.Join(v.Case.Evidence(), name), []byte("altered"), 0o600); err != nil {
			t.Fatal(err)
		}
		break
	}
	if _, err := v.copy(engine.CopyOptions{To: "s3://vault-locked", Plain: true}); !refusedAs(err, "copy-unsound") || len(v.objects("vault-locked")) > 0 {
		t.Errorf("altered: %v %v", err, v.objects("vault-locked"))
	}
}

// TestEncryptedEvidenceIsCopiedAsItLies: with a recipient nothing has to be
// confirmed, nothing readable leaves, and only the key opens a description.
func TestEncryptedEvidenceIsCopiedAsItLies(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	v.Case, err = incident.Create(t.TempDir(), incident.Info{Account: truth.Account, Partition: "aws", Opened: night, By: "claire", Tool: "test", Recipient: key.Recipient().String()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := evidence.Open(v.Case.Evidence(), evidence.Options{Who: "claire", Recipients: []string{v.Case.Recipient}})
	if err != nil {
		t.Fatal(err)
	}
	ref := truth.Account + "/global/iam.user/mara"
	item := evidence.Item{Name: "resource.json", Kind: "iam.user", Ref: ref, Source: "test", Taken: night}
	if _, err := store.Put(t.Context(), item, []byte(`{"kind":"iam.user","account":"`+truth.Account+`","region":"global","id":"mara","arn":"arn:aws:iam::`+truth.Account+`:user/mara"}`)); err != nil {
		t.Fatal(err)
	}
	done, err := v.copy(engine.CopyOptions{To: "s3://vault-locked"})
	if err != nil || !done.Whole || done.Copied != 3 {
		t.Fatalf("%+v %v", done, err)
	}
	sealed := 0
	for name := range v.objects("vault-locked") {
		if strings.HasSuffix(name, ".age") {
			sealed++
		}
	}
	if sealed != 1 || heardOf[report.EvidenceCopying](v.h)[0].Plain != 0 {
		t.Errorf("%v", v.objects("vault-locked"))
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(key.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for keys, known := range map[string]bool{"": false, file: true} {
		h := &heardAll{}
		if err := engine.ShowEvidence(t.Context(), v.Case, engine.ShowOptions{Of: "mara", Keys: keys, Now: time.Now}, h); err != nil {
			t.Fatal(err)
		}
		if m := heardOf[report.Kept](h)[0]; m.Known != known || m.ID != "mara" || m.Kind != "iam.user" || (m.Sealed == 1) == known {
			t.Errorf("with keys %q: %+v", keys, m)
		}
	}
	out := engine.ShowOptions{Of: "mara", Out: filepath.Join(t.TempDir(), "out"), Now: time.Now}
	if err := engine.ShowEvidence(t.Context(), v.Case, out, &heardAll{}); !refusedAs(err, "evidence-sealed") {
		t.Errorf("%v", err)
	}
}

// TestLookingCannotCopy: what a triage is given lets none of it through, and a
// session that only looks refuses.
func TestLookingCannotCopy(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	s := v.session()
	s.Write = nil
	if err := s.CopyEvidence(t.Context(), engine.CopyOptions{To: "s3://vault-open", NoLock: true, Plain: true}); err == nil || len(v.objects("vault-open")) > 0 {
		t.Errorf("%v", err)
	}
	var needs []string
	for _, k := range kinds.All() {
		needs = append(needs, k.Needs()...)
	}
	for _, configured := range []struct {
		what string
		cfg  aws.Config
		may  bool
	}{
		{"a triage's", s.Account.Read("eu-central-1", needs), false},
		{"the copy's", s.Account.Writer().Write("eu-central-1", gate.DepotNeeds(true)), true},
	} {
		_, err := s3.NewFromConfig(configured.cfg).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("vault-open"), Key: aws.String("k"), Body: strings.NewReader("x")})
		var not awsapi.ErrNotDeclared
		if errors.As(err, &not) == configured.may || (err == nil) != configured.may {
			t.Errorf("%s configuration: %v", configured.what, err)
		}
		_, err = s3.NewFromConfig(configured.cfg).DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("vault-open"), Key: aws.String("k")})
		if !errors.As(err, &not) {
			t.Errorf("%s configuration deletes: %v", configured.what, err)
		}
	}
}
