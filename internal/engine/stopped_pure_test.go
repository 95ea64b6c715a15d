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

// Each service by itself, in each account, and by the time in which its data events
// stand; where it has any, of which things.
func TestServicesWithoutDataEvents(t *testing.T) {
	first := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(3, 0, 0)
	const one, two = "111122223333", "444455556666"
	seen := func(account string, from, to time.Time) trail.Seen {
		return trail.Seen{Name: account, First: from, Last: to}
	}
	about := func(account, source string, from, to time.Time, names ...string) trail.About {
		return trail.About{Account: account, Source: source, First: from, Last: to, Names: names}
	}
	much := func(a trail.About) trail.About { a.More = true; return a }
	alone := []trail.Seen{seen(one, first, last)}
	s3, lambda, tables := "s3.amazonaws.com", "lambda.amazonaws.com", "dynamodb.amazonaws.com"
	for name, c := range map[string]struct {
		abouts   []trail.About
		accounts []trail.Seen
		want     []string
	}{
		"none":    {nil, alone, []string{" no-data-events S3, Lambda, DynamoDB"}},
		"objects": {[]trail.About{about(one, s3, first, last, "audit-logs")}, alone, []string{" no-data-events Lambda, DynamoDB", one + " some-data-events S3: audit-logs"}},
		"one in years": {[]trail.About{about(one, s3, first, first, "a", "b")}, alone, []string{
			" no-data-events Lambda, DynamoDB", one + " few-data-events S3 2023-01-01/2023-01-01", one + " some-data-events S3: a, b"}},
		"one in an hour": {[]trail.About{about(one, s3, first, first, "a")}, []trail.Seen{seen(one, first, first.Add(time.Hour))}, []string{
			" no-data-events Lambda, DynamoDB", one + " some-data-events S3: a"}},
		"all": {[]trail.About{about(one, s3, first, last, "a"), about(one, lambda, first, last, "b"), much(about(one, tables, first, last, "c"))}, alone, []string{
			one + " some-data-events S3: a", one + " some-data-events Lambda: b", one + " some-data-events DynamoDB: c, …"}},
		"not to be read again": {[]trail.About{much(about(one, s3, first, last)), about(one, lambda, first, last, "b"), about(one, tables, first, last, "c")}, alone, []string{
			one + " some-data-events S3: …", one + " some-data-events Lambda: b", one + " some-data-events DynamoDB: c"}},
		"one account's": {[]trail.About{about(one, s3, first, last, "a")}, append(alone, seen(two, first, last)), []string{
			" no-data-events Lambda, DynamoDB", two + " no-data-events S3", one + " some-data-events S3: a"}},
		"records that name no account": {[]trail.About{about(one, s3, first, last, "a")}, append(alone, seen("", first, last)), []string{
			" no-data-events Lambda, DynamoDB", one + " some-data-events S3: a"}},
		"a young account's": {[]trail.About{about(two, s3, last.AddDate(0, -1, 0), last, "a"), about(one, s3, first, last, "b")}, append(alone, seen(two, last.AddDate(0, -1, 0), last)), []string{
			" no-data-events Lambda, DynamoDB", one + " some-data-events S3: b", two + " some-data-events S3: a"}},
	} {
		var got []string
		for _, g := range dataGaps(c.abouts, c.accounts) {
			got = append(got, g.Account+" "+g.Why+" "+g.Detail)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// The names that records have, by their request or else by their resources.
func TestWhatADataEventIsAbout(t *testing.T) {
	const arn = "arn:aws:"
	for _, c := range []struct {
		source, request, resources string
		want                       []string
	}{
		{"s3", `{"bucketName":"shop","key":"a/b.txt"}`, `[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::shop/a/b.txt"}]`, []string{"shop"}},
		{"s3", `null`, `[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::shop/a/b.txt"},{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::shop"}]`, []string{"shop"}},
		{"lambda", `{"functionName":"` + arn + `lambda:eu-west-1:111122223333:function:pay:prod"}`, ``, []string{"pay"}},
		{"lambda", `{"functionName":"pay"}`, ``, []string{"pay"}},
		{"dynamodb", `{"tableName":"users"}`, ``, []string{"users"}},
		{"dynamodb", `{"requestItems":{}}`, `[{"ARN":"` + arn + `dynamodb:eu-west-1:111122223333:table/a"},{"ARN":"` + arn + `dynamodb:eu-west-1:111122223333:table/b/stream/2026"}]`, []string{"a", "b"}},
		{"ec2", `{"bucketName":"shop"}`, ``, nil},
		{"s3", ``, ``, nil},
	} {
		if got := dataOf(c.source+".amazonaws.com", json.RawMessage(c.request), json.RawMessage(c.resources)); !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %q, want %q", c.source, c.request, got, c.want)
		}
	}
}
