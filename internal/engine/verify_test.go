package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"cordon/internal/report"
	"cordon/internal/trail/source"
)

// What was never imported is not read to be verified: of a bucket of years, one
// day may have been asked for.
func TestOnlyWhatWasImportedIsVerified(t *testing.T) {
	a, h := offline(t)
	dir := t.TempDir()
	for _, month := range []string{"01", "03"} {
		for kind, text := range map[string]string{"CloudTrail": string(by(t, 1, "ListUsers", "iam", "olga", "", "AKIAEXAMPLEOLGA00001", nil)), "CloudTrail-Digest": "no digest"} {
			folder := filepath.Join(dir, "AWSLogs", followedAccount, kind, "us-east-1", "2026", month, "02")
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(folder, fmt.Sprintf("%s_%s_us-east-1_2026%s02T0305Z_abcdefgh12345678.json", followedAccount, kind, month)), []byte(text))
		}
	}
	check := func(o ImportOptions, digests int) {
		t.Helper()
		o.Paths = []string{dir}
		h.all = nil
		if err := a.Import(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		n, err := a.Verify(t.Context())
		if got := of[report.TrailVerified](h)[0]; err != nil || n != digests || got.DigestFiles != digests {
			t.Errorf("%d problems in %d digest files, want %d: %v", n, got.DigestFiles, digests, err)
		}
	}
	march := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	check(ImportOptions{From: march}, 1)
	check(ImportOptions{From: march.AddDate(0, 0, 1), Regions: []string{"us-east-1"}}, 1)
	check(ImportOptions{From: march.AddDate(0, 0, 1), Accounts: []string{followedAccount}}, 1) // narrower: nothing is added
	check(ImportOptions{}, 2)
	check(ImportOptions{From: march}, 2)
}

func TestWhatOfARootWasWanted(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	part := func(s string, from, to time.Time, regions ...string) asked {
		return asked{Sources: []string{s}, From: from, To: to, Regions: regions}
	}
	for name, c := range map[string]struct {
		imports []asked
		want    source.Only
	}{
		"nobody wrote it down": {nil, source.Only{}},
		"of another":           {[]asked{part("s3://c/", day(1), day(2))}, source.Only{}},
		"one":                  {[]asked{part("s3://b/p", day(2), day(3), "r")}, source.Only{Regions: []string{"r"}, From: day(2), To: day(3)}},
		"two":                  {[]asked{part("s3://b/p", day(2), day(3), "r"), part("s3://b/p/", day(1), day(9), "q", "r")}, source.Only{Regions: []string{"q", "r"}, From: day(1), To: day(9)}},
		"open ends":            {[]asked{part("s3://b/p", day(2), day(3), "r"), part("s3://b/p", time.Time{}, day(2)), part("s3://b/p", day(3), time.Time{}, "r")}, source.Only{}},
		"of what is above":     {[]asked{part("s3://b/p", day(2), day(3)), part("s3://b", time.Time{}, time.Time{})}, source.Only{}},
		"of what is below":     {[]asked{part("s3://b/p", day(2), day(3)), part("s3://b/p/q", time.Time{}, time.Time{})}, source.Only{From: day(2), To: day(3)}},
	} {
		if got := importedOf("s3://b/p", c.imports); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
