package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/trail"
)

// A trail that is told to record less is blind from then on, until that very thing
// is given back.
func TestTimesInWhichATrailSawLess(t *testing.T) {
	const (
		stop     = `StopLogging {"name":"arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"}`
		start    = `StartLogging {"name":"main"}`
		everyone = `PutEventSelectors {"trailName":"main","eventSelectors":[{"includeManagementEvents":true,"readWriteType":"All"}]}`
		nobody   = `PutEventSelectors {"trailName":"main","eventSelectors":[{"includeManagementEvents":false,"readWriteType":"All"}]}`
		reads    = `PutEventSelectors {"trailName":"main","eventSelectors":[{"includeManagementEvents":true,"readWriteType":"ReadOnly"}]}`
		data     = `PutEventSelectors {"trailName":"main","advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Data"]}]}]}`
		but      = `PutEventSelectors {"trailName":"main","advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]},{"field":"eventSource","notEquals":["kms.amazonaws.com"]}]}]}`
		advanced = `PutEventSelectors {"trailName":"main","advancedEventSelectors":[{"fieldSelectors":[{"field":"eventCategory","equals":["Management"]}]}]}`
		here     = `UpdateTrail {"name":"main","isMultiRegionTrail":false}`
		all      = `UpdateTrail {"name":"main","isMultiRegionTrail":true}`
		local    = `UpdateTrail {"name":"main","includeGlobalServiceEvents":false}`
		moved    = `UpdateTrail {"name":"main","s3BucketName":"elsewhere","enableLogFileValidation":false}`
		gone     = `DeleteTrail {"name":"main"}`
		anew     = `CreateTrail {"name":"main"}`
		other    = `StartLogging {"name":"second"}`
	)
	for name, c := range map[string]struct {
		calls []string
		want  []string // why, what, and the numbers of the calls from and to
	}{
		"off and on":             {[]string{stop, start}, []string{"stopped main 0-1"}},
		"another on":             {[]string{stop, other}, []string{"stopped main 0-"}},
		"selectors do not start": {[]string{stop, everyone, start}, []string{"stopped main 0-2"}},
		"no management events":   {[]string{nobody, everyone}, []string{"stopped main 0-1"}},
		"reads only":             {[]string{reads, advanced}, []string{"trail-narrowed main readWriteType 0-1"}},
		"data only":              {[]string{data, all, advanced}, []string{"stopped main 0-2"}},
		"all but one service":    {[]string{but}, []string{"trail-narrowed main advancedEventSelectors 0-"}},
		"less and less":          {[]string{reads, nobody, everyone}, []string{"trail-narrowed main readWriteType 0-1", "stopped main 1-2"}},
		"one region":             {[]string{here, start, everyone, all}, []string{"trail-narrowed main isMultiRegionTrail 0-3"}},
		"no global services":     {[]string{local, all}, []string{"trail-narrowed main includeGlobalServiceEvents 0-"}},
		"moved":                  {[]string{moved, everyone, all, start}, nil},
		"made anew":              {[]string{here, gone, anew, start}, []string{"trail-narrowed main isMultiRegionTrail 0-2", "stopped main 1-3"}},
	} {
		began := time.Date(2026, 3, 10, 22, 0, 0, 0, time.UTC)
		var events []event.Event
		for i, call := range c.calls {
			name, request, _ := strings.Cut(call, " ")
			events = append(events, event.Event{
				Name: name, Source: "cloudtrail.amazonaws.com", Account: "111122223333", Request: json.RawMessage(request), Time: began.Add(time.Duration(i) * time.Minute),
			})
		}
		var got []string
		for _, g := range blinded(events) {
			to := ""
			if !g.To.IsZero() {
				to = fmt.Sprint(g.To.Sub(began).Minutes())
			}
			got = append(got, fmt.Sprint(g.Why, " ", strings.TrimPrefix(g.Detail, "111122223333 "), " ", g.From.Sub(began).Minutes(), "-", to))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Each service by itself, and by the time in which its data events stand.
func TestServicesWithoutDataEvents(t *testing.T) {
	first := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(3, 0, 0)
	use := func(source, name string, from, to time.Time) trail.Use {
		return trail.Use{Source: source, Name: name, First: from, Last: to, Count: 2}
	}
	s3, lambda, tables := "s3.amazonaws.com", "lambda.amazonaws.com", "dynamodb.amazonaws.com"
	for name, c := range map[string]struct {
		uses []trail.Use
		last time.Time
		want []string
	}{
		"none":           {[]trail.Use{use(s3, "ListBuckets", first, last), use("ec2.amazonaws.com", "GetItem", first, last)}, last, []string{"no-data-events S3, Lambda, DynamoDB"}},
		"objects only":   {[]trail.Use{use(s3, "GetObject", first, last)}, last, []string{"no-data-events Lambda, DynamoDB"}},
		"one in years":   {[]trail.Use{use(s3, "GetObject", first, first)}, last, []string{"no-data-events Lambda, DynamoDB", "few-data-events S3 2023-01-01/2023-01-01"}},
		"one in an hour": {[]trail.Use{use(s3, "PutObject", first, first)}, first.Add(time.Hour), []string{"no-data-events Lambda, DynamoDB"}},
		"all": {[]trail.Use{use(s3, "GetObject", first, first), use(s3, "PutObject", last, last), use(lambda, "Invoke20150331", first, last), use(tables, "Query", first, last)},
			last, nil},
	} {
		var got []string
		for _, g := range dataGaps(c.uses, first, c.last) {
			got = append(got, g.Why+" "+g.Detail)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
