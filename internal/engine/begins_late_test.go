package engine

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/report"
	"cordon/internal/trail"
	"cordon/internal/trail/source"
)

// A place of which the record begins late is told, since when and of which account
// and region; one that is rare, or that was watched before, is not.
func TestPlacesThatBeginLate(t *testing.T) {
	const day = 24 * time.Hour
	const one, two = "111122223333", "444455556666"
	last := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	place := func(account, region string, n uint64, from, to time.Duration) trail.Place {
		p := trail.Place{Account: account, Region: region}
		p.Count, p.First, p.Last = n, last.Add(-from), last.Add(-to)
		return p
	}
	watch := func(region string, from, to time.Duration) source.Watch {
		return source.Watch{Account: one, Region: region, From: last.Add(-from), To: last.Add(-to)}
	}
	year := place(one, "us-east-1", 100_000, 360*day, 0)
	made := place(one, "eu-central-1", 90, day, 0) // its trail was made yesterday
	for name, c := range map[string]struct {
		places  []trail.Place
		watched []source.Watch
		want    []string // account, region and days before the end
		regions []string
	}{
		"one region":                  {[]trail.Place{year}, nil, nil, []string{": us-east-1"}},
		"made yesterday":              {[]trail.Place{year, made}, nil, []string{one + " eu-central-1 1"}, []string{": eu-central-1, us-east-1"}},
		"steady for a month":          {[]trail.Place{year, place(one, "eu-west-1", 50_000, 30*day, 0)}, nil, []string{one + " eu-west-1 30"}, []string{": eu-west-1, us-east-1"}},
		"one call":                    {[]trail.Place{year, place(one, "eu-west-1", 1, 3*day, 3*day)}, nil, []string{one + " eu-west-1 3"}, []string{": eu-west-1, us-east-1"}},
		"rare":                        {[]trail.Place{year, place(one, "eu-west-1", 12, 300*day, day)}, nil, nil, []string{": eu-west-1, us-east-1"}},
		"a weekend later":             {[]trail.Place{year, place(one, "eu-west-1", 50_000, 357*day, 0)}, nil, nil, []string{": eu-west-1, us-east-1"}},
		"young as a whole":            {[]trail.Place{place(one, "us-east-1", 900, day, 0), made}, nil, nil, []string{": eu-central-1, us-east-1"}},
		"in the history for 90 days":  {[]trail.Place{year, made}, []source.Watch{watch("eu-central-1", 90*day, 0)}, []string{one + " eu-central-1 90"}, []string{": eu-central-1, us-east-1"}},
		"in the history all the time": {[]trail.Place{place(one, "us-east-1", 9000, 80*day, 0), made}, []source.Watch{watch("eu-central-1", 90*day, 0), watch("us-east-1", 90*day, 0)}, nil, []string{": eu-central-1, us-east-1"}},
		"digests all the time":        {[]trail.Place{year, made}, []source.Watch{watch("eu-central-1", 360*day, 0)}, nil, []string{": eu-central-1, us-east-1"}},
		"digests with a break":        {[]trail.Place{year, made}, []source.Watch{watch("eu-central-1", 360*day, 40*day), watch("eu-central-1", 30*day, 0)}, []string{one + " eu-central-1 30"}, []string{": eu-central-1, us-east-1"}},
		"digests, then the history":   {[]trail.Place{year, made}, []source.Watch{watch("eu-central-1", 360*day, 40*day), watch("eu-central-1", 90*day, 0)}, nil, []string{": eu-central-1, us-east-1"}},
		"watched, and never called":   {[]trail.Place{year}, []source.Watch{watch("eu-north-1", 360*day, 0)}, nil, []string{": eu-north-1, us-east-1"}},
		"watched until last month":    {[]trail.Place{year}, []source.Watch{watch("eu-north-1", 360*day, 30*day)}, nil, []string{": us-east-1"}},
		"another account's watch":     {[]trail.Place{year, place(two, "us-east-1", 90_000, 360*day, 0), place(two, "eu-central-1", 90, day, 0)}, []source.Watch{watch("eu-central-1", 360*day, 0)}, []string{two + " eu-central-1 1"}, []string{": eu-central-1, us-east-1"}},
		"a late account": {[]trail.Place{year, place(two, "us-east-1", 900, 10*day, 0), place(two, "eu-west-1", 90, day, 0)}, nil,
			[]string{two + " eu-west-1 1", two + "  10"}, []string{one + ": us-east-1", two + ": eu-west-1, us-east-1"}},
		"no region's": {[]trail.Place{year, place(one, "", 90, day, 0)}, nil, nil, []string{": us-east-1"}},
	} {
		st := trail.Status{Places: c.places}
		for _, p := range c.places {
			i := slices.IndexFunc(st.Accounts, func(s trail.Seen) bool { return s.Name == p.Account })
			if i < 0 {
				s := p.Seen
				s.Name = p.Account
				st.Accounts = append(st.Accounts, s)
				continue
			}
			s := &st.Accounts[i]
			s.Count += p.Count
			if p.First.Before(s.First) {
				s.First = p.First
			}
			if p.Last.After(s.Last) {
				s.Last = p.Last
			}
		}
		var got, regions []string
		places := since(st, c.watched)
		for _, g := range lateGaps(places, st.Accounts) {
			got = append(got, fmt.Sprint(g.Account, " ", g.Region, " ", last.Sub(g.To).Hours()/24))
		}
		for _, g := range regionGaps(places) {
			regions = append(regions, g.Account+": "+g.Detail)
		}
		if !slices.Equal(got, c.want) || !slices.Equal(regions, c.regions) {
			t.Errorf("%s: %q, want %q; regions %q, want %q", name, got, c.want, regions, c.regions)
		}
	}
}

// What an import of the event history looked at.
func TestTheHistoryWatches(t *testing.T) {
	at := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	got := ""
	for _, w := range watchedByHistory([]asked{
		{At: at, Answered: []string{"us-east-1", "eu-west-1"}, Refused: []string{"sa-east-1"}},
		{At: at, Answered: []string{"eu-west-2"}, From: at.AddDate(0, 0, -3), To: at.AddDate(0, 0, -1)},
		{At: at, Answered: []string{"eu-west-3"}, From: at.AddDate(-1, 0, 0), To: at.AddDate(0, -6, 0)},
		{At: at, Sources: []string{"/logs"}},
	}, "1") {
		got += fmt.Sprint(w.Account, " ", w.Region, " ", at.Sub(w.From).Hours()/24, "-", at.Sub(w.To).Hours()/24, "; ")
	}
	if want := "1 us-east-1 90-0; 1 eu-west-1 90-0; 1 eu-west-2 3-1; "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// aYearAndADay is a year's record of one region, and one of a day of another.
func aYearAndADay(t *testing.T, dir string) {
	t.Helper()
	var lines []string
	for day := range 365 {
		lines = append(lines, askedRecord(day+1, 24*day+6, "ec2", "DescribeInstances", `,"readOnly":true`))
	}
	for hour := range 20 {
		line := askedRecord(1000+hour, 24*364+hour, "ec2", "RunInstances", `,"readOnly":false`)
		lines = append(lines, strings.Replace(line, `"awsRegion":"eu-west-1"`, `"awsRegion":"eu-central-1"`, 1))
	}
	write(t, filepath.Join(dir, "year.jsonl"), []byte(strings.Join(lines, "\n")+"\n"))
}

// TestATrailMadeYesterday: a year of one region, and a day of another: no answer
// lets what lay before in the other pass for looked at.
func TestATrailMadeYesterday(t *testing.T) {
	a, h := offline(t)
	a.Now = func() time.Time { return askedDay.AddDate(1, 0, 1) }
	dir := t.TempDir()
	aYearAndADay(t, dir)
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{dir}}); err != nil {
		t.Fatal(err)
	}
	if err := a.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := (&Inquiry{Archive: a}).Verdict(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := report.RecordGap{Why: "begins-late", Account: "347283850106", Region: "eu-central-1", To: askedDay.AddDate(0, 0, 364)}
	for i, gaps := range [][]report.RecordGap{of[report.TrailStatus](h)[0].Gaps, of[report.Inquiry](h)[0].Gaps} {
		if !slices.Contains(gaps, want) || slices.ContainsFunc(gaps, func(g report.RecordGap) bool { return g.Why == want.Why && g != want }) {
			t.Errorf("look %d: %+v lacks %+v, or has more", i, gaps, want)
		}
	}
}

// TestDigestsOfAQuietRegion: digest files of the year show that a trail recorded
// where nobody called. They count once they were verified, of a whole import.
func TestDigestsOfAQuietRegion(t *testing.T) {
	for _, part := range []bool{false, true} {
		a, h := offline(t)
		a.Now = func() time.Time { return askedDay.AddDate(1, 0, 1) }
		dir := t.TempDir()
		aYearAndADay(t, dir)
		place := "AWSLogs/347283850106/CloudTrail-Digest/eu-central-1/2027/03/10/"
		name := place + "347283850106_CloudTrail-Digest_eu-central-1_main_eu-west-1_20270310T000000Z.json.gz"
		if err := os.MkdirAll(filepath.Join(dir, place), 0o755); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		fmt.Fprintf(w, `{"awsAccountId":"347283850106","digestStartTime":%q,"digestEndTime":"2027-03-10T00:00:00Z","digestS3Bucket":"b","digestS3Object":%q,"digestPublicKeyFingerprint":"f1","digestSignatureAlgorithm":"SHA256withRSA","logFiles":[],"previousDigestSignature":null}`,
			askedDay.Format(time.RFC3339), name)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), b.Bytes())
		o := ImportOptions{Paths: []string{dir}}
		if part {
			o.From = askedDay.AddDate(0, 0, -1)
		}
		if err := a.Import(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		var told []bool
		look := func() {
			if err := a.Status(t.Context()); err != nil {
				t.Fatal(err)
			}
			all := of[report.TrailStatus](h)
			told = append(told, slices.ContainsFunc(all[len(all)-1].Gaps, func(g report.RecordGap) bool { return g.Why == "begins-late" }))
		}
		look()
		if n, err := a.Verify(t.Context()); err != nil || n > 0 {
			t.Fatalf("%d problems, %v", n, err)
		}
		look()
		if want := []bool{true, part}; !slices.Equal(told, want) {
			t.Errorf("imported in part %v: told %v, want %v", part, told, want)
		}
	}
}

// An import of the event history that is repeated leaves watched what the ones
// before it watched, unless days between them were never asked for.
func TestHistoryThatIsImportedAgain(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }
	for name, c := range map[string]struct {
		at   []int
		from int
	}{
		"each month": {[]int{0, 30, 60, 149}, -90}, "after a break": {[]int{0, 30, 130}, 40}, "once": {[]int{5}, -85},
	} {
		a, _ := offline(t)
		for _, n := range c.at {
			if err := a.noteAsked(asked{At: day(n), Sources: []string{eventHistory}, Answered: []string{"eu-west-1"}}); err != nil {
				t.Fatal(err)
			}
		}
		watched, err := a.watched()
		if err != nil || len(watched) != 1 || !watched[0].From.Equal(day(c.from)) || !watched[0].To.Equal(day(c.at[len(c.at)-1])) {
			t.Errorf("%s: %+v %v", name, watched, err)
		}
	}
}
