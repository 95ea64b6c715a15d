package source

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/trail"
)

const (
	acct  = "111122223333"
	other = "444455556666"
)

// logName is the key of a log file.
func logName(account, region, stamp string) string {
	return "AWSLogs/" + account + "/CloudTrail/" + region + "/" + stamp[:4] + "/" + stamp[4:6] + "/" + stamp[6:8] + "/" +
		account + "_CloudTrail_" + region + "_" + stamp + "_abcdefgh12345678.json.gz"
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	full := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return full
}

func TestPlaces(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 5, 0, 0, time.UTC)
	for path, want := range map[string]place{
		logName(acct, "eu-west-1", "20260102T0305Z"):                           {acct, logs, "eu-west-1", 2026, 1, 2, at},
		"/data/x/" + logName(acct, "eu-west-1", "20260102T0305Z"):              {acct, logs, "eu-west-1", 2026, 1, 2, at},
		"AWSLogs/o-abc123/" + acct + "/CloudTrail/us-east-1/2026/01/02/x.json": {acct, logs, "us-east-1", 2026, 1, 2, at.Truncate(24 * time.Hour)},
		acct + "_CloudTrail_us-east-1_20260102T0305Z_x.json.gz":                {acct, logs, "us-east-1", 0, 0, 0, at},
		"AWSLogs/" + acct + "/Config/us-east-1/2026/1/2/x.json.gz":             {},
		"AWSLogs/" + acct + "/CloudTrail-Digest/us-east-1/2026/01/02/" + acct + "_CloudTrail-Digest_us-east-1_my_trail_eu-west-1_20260102T030500Z.json.gz": {acct, digests, "us-east-1", 2026, 1, 2, at},
		"123456789012/notes/x.json": {},
		"p/AWSLogs/" + acct + "/CloudTrail-Lake/Query/2026/03/02/0a1b/result_1.csv.gz": {kind: lake},
		"": {},
		acct + "_CloudTrail_us-east-1_20261302T0305Z_x.json.gz": {acct, logs, "us-east-1", 0, 0, 0, time.Time{}},
	} {
		if got := placeOf(path); got != want {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
	}
}

// TestStampTime: what time.Parse reads, and nothing else.
func TestStampTime(t *testing.T) {
	for _, s := range []string{"20260102T0305Z", "20260102T030506Z", "20240229T2359Z", "20230229T2359Z", "20261301T0000Z", "20260100T0000Z", "20260131T2400Z",
		"20260131T2360Z", "20260131T235960Z", "2026O131T2359Z", "20260131T235 Z", "20260131T2359z", "20260131 2359Z", "00000101T0000Z", "", "Z", "20260102T030506123Z"} {
		want, err := time.Parse("20060102T1504Z", s)
		if len(s) > 14 {
			want, err = time.Parse("20060102T150405Z", s)
		}
		if got, ok := stampTime(s); ok != (err == nil && len(s) <= 16) || ok && !got.Equal(want) {
			t.Errorf("%s: %v %v, want %v %v", s, got, ok, want, err)
		}
	}
}

// Results of Lake's queries lie by when and by whom they were asked for: of when
// and where their events were that says nothing.
func TestLakeResultsLieByTheirQuery(t *testing.T) {
	dir := t.TempDir()
	objects := map[string]string{}
	for _, name := range []string{"result_1.csv.gz", "result_2.csv.gz", "result_sign.json"} {
		key := "p/AWSLogs/" + acct + "/CloudTrail-Lake/Query/2026/03/02/0a1b/" + name
		write(t, dir, key, "x")
		objects[key] = "x"
	}
	only := Only{Accounts: []string{other}, Regions: []string{"us-east-1"}, To: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)}
	local, notes, err := Local([]string{dir}, only)
	fake := newFake("b", objects)
	listing, serr := NewS3(fake, "b", "p/").List(t.Context(), only)
	for from, got := range map[string]struct {
		files []trail.File
		notes []Damage
		err   error
	}{"folder": {local, notes, err}, "bucket": {listing.Files, listing.Notes, serr}} {
		if got.err != nil || len(got.files) != 2 || !got.files[0].At.IsZero() {
			t.Errorf("%s: %+v, %v", from, got.files, got.err)
		}
		if len(got.notes) != 1 || got.notes[0].File != lakeSign || !got.notes[0].Note {
			t.Errorf("%s: %+v", from, got.notes)
		}
	}
	if d, err := NewS3(fake, "b", "p/").List(t.Context(), Only{Digests: true}); err != nil || len(d.Files) > 0 || len(listing.Marks) > 0 {
		t.Errorf("%+v, %+v, %v", d.Files, listing.Marks, err)
	}
}

func bases(files []trail.File) (all []string) {
	for _, f := range files {
		all = append(all, filepath.Base(filepath.FromSlash(f.Name)))
	}
	return all
}

func TestLocalOrdersAndPrunes(t *testing.T) {
	dir := t.TempDir()
	for _, key := range []string{
		logName(acct, "us-east-1", "20260103T0000Z"), logName(acct, "eu-west-1", "20260102T0305Z"), logName(other, "us-east-1", "20260105T0000Z"),
		logName(acct, "us-east-1", "20251230T0000Z"), "plain.jsonl",
		strings.Replace(logName(acct, "us-east-1", "20260102T0000Z"), "CloudTrail", "CloudTrail-Digest", 2),
	} {
		write(t, dir, key, "{}")
	}
	got, notes, err := Local([]string{dir, filepath.Join(dir, "AWSLogs"), filepath.Join(dir, "plain.jsonl")}, Only{})
	stamps := func(files []trail.File) (all []string) {
		for _, f := range files {
			if f.At.IsZero() {
				all = append(all, filepath.Base(f.Name))
				continue
			}
			all = append(all, f.At.Format("0102"))
		}
		return all
	}
	if want := []string{"plain.jsonl", "1230", "0102", "0103", "0105"}; err != nil || !slices.Equal(stamps(got), want) {
		t.Errorf("%v, %v", stamps(got), err)
	}
	if len(notes) != 1 || notes[0].File != digests || !notes[0].Note {
		t.Errorf("%+v", notes)
	}
	day := func(d int) time.Time { return time.Date(2026, 1, d, 12, 0, 0, 0, time.UTC) }
	for name, test := range map[string]struct {
		only Only
		want []string
	}{
		"account":         {Only{Accounts: []string{other}}, []string{"plain.jsonl", "0105"}},
		"region":          {Only{Regions: []string{"eu-west-1"}}, []string{"plain.jsonl", "0102"}},
		"from":            {Only{From: day(5)}, []string{"plain.jsonl", "0105"}},
		"from, a day off": {Only{From: day(3)}, []string{"plain.jsonl", "0103", "0105"}},
		"to":              {Only{To: day(1)}, []string{"plain.jsonl", "1230", "0102"}},
		"digests":         {Only{Digests: true}, []string{"0102"}},
	} {
		got, _, err := Local([]string{dir}, test.only)
		if err != nil || !slices.Equal(stamps(got), test.want) {
			t.Errorf("%s: %v, %v", name, stamps(got), err)
		}
	}
	if _, _, err := Local([]string{filepath.Join(dir, "nothing")}, Only{}); err == nil || !strings.Contains(err.Error(), "cannot find") {
		t.Error(err)
	}
}

func TestVersionChangesWithTheFile(t *testing.T) {
	name := write(t, t.TempDir(), "x.json", "{}")
	version := func() string {
		files, _, err := Local([]string{name}, Only{})
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		return files[0].Version
	}
	before := version()
	if err := os.Chtimes(name, time.Time{}, time.Date(2026, 1, 1, 0, 0, 0, 1, time.UTC)); err != nil {
		t.Fatal(err)
	}
	if version() == before {
		t.Error("the same version at another time")
	}
}

func TestLinksAndWhatCannotBeReadAreTold(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	dir, outside := t.TempDir(), t.TempDir()
	write(t, dir, "a/x.json", "{}")
	write(t, outside, "y.json", "{}")
	for link, to := range map[string]string{"a/loop": "..", "away": outside, "dangling": "nowhere", "a/z.json": filepath.Join(outside, "y.json")} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	files, notes, err := Local([]string{dir}, Only{})
	if got := bases(files); err != nil || !slices.Equal(got, []string{"x.json", "z.json", "y.json"}) {
		t.Errorf("%v, %v", got, err)
	}
	if len(notes) != 2 || !strings.Contains(notes[0].Why, "listed already") || !strings.Contains(notes[1].Why, "no such file") {
		t.Errorf("%+v", notes)
	}
	if os.Geteuid() == 0 {
		return // root reads everything
	}
	if err := os.Chmod(filepath.Join(dir, "a"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "a"), 0o700) })
	if _, notes, err := Local([]string{dir}, Only{}); err != nil || !strings.Contains(notes[0].Why, "permission denied") {
		t.Errorf("%+v, %v", notes, err)
	}
}

func TestRoute(t *testing.T) {
	ctx := t.Context()
	name := write(t, t.TempDir(), "x.json", "hello")
	fake := newFake("b", map[string]string{"k/x": "remote"})
	r := Route{
		Bucket: func(_ ContextT, bucket string) (trail.Files, error) {
			if bucket != "b" {
				return nil, errors.New("other bucket")
			}
			return NewS3(fake, "b", ""), nil
		},
		Evidence: func(_ ContextT, hash string) ([]byte, error) { return []byte("kept " + hash), nil },
	}
	for name, want := range map[string]string{name: "hello", "s3://b/k/x": "remote", "evidence:abc": "kept abc"} {
		got, err := r.Load(ctx, name, []byte("old"), 100)
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		in, err := r.Open(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(in); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		_ = in.Close()
		if got, err := r.Load(ctx, name, nil, 4); !errors.Is(err, trail.ErrLarge) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"s3://c/x", "s3://b/none", "/nowhere/x"} {
		if _, err := r.Load(ctx, name, nil, 4); err == nil {
			t.Error(name)
		}
		if _, err := r.Open(ctx, name); err == nil {
			t.Error(name)
		}
	}
	if _, err := (Route{}).Load(ctx, "s3://b/x", nil, 4); err == nil || !strings.Contains(err.Error(), "nobody is signed in") {
		t.Error(err)
	}
	if _, err := (Route{}).Open(ctx, "evidence:x"); err == nil {
		t.Error("evidence from nowhere")
	}
}
