package engine

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// dataCalls are the calls that only a trail of data events records, by service,
// with the member of their request that names what they are about, and what stands
// before the name in the ARNs of a record's resources.
var dataCalls = []struct {
	service, source string
	calls           []string
	member, before  string
}{
	{"S3", "s3", strings.Fields("GetObject HeadObject PutObject CopyObject DeleteObject DeleteObjects ListObjects ListObjectVersions " +
		"CreateMultipartUpload UploadPart CompleteMultipartUpload RestoreObject SelectObjectContent"), "bucketName", ":s3:::"},
	{"Lambda", "lambda", strings.Fields("Invoke InvokeExecution InvokeAsync InvokeWithResponseStream"), "functionName", ":function:"},
	{"DynamoDB", "dynamodb", strings.Fields("GetItem PutItem UpdateItem DeleteItem Query Scan BatchGetItem BatchWriteItem TransactGetItems TransactWriteItems " +
		"ExecuteStatement BatchExecuteStatement ExecuteTransaction GetRecords"), "tableName", ":table/"},
}

// dataEvents says what the record's data events are about, by account.
func (a *Archive) dataEvents(ctx context.Context, s *trail.Store) ([]trail.About, error) {
	var calls []string
	for _, d := range dataCalls {
		for _, c := range d.calls {
			calls = append(calls, d.source+":"+c)
		}
	}
	return s.Abouts(ctx, trail.Filter{Calls: calls}, a.files(), func(v *event.View) []string { return dataOf(string(v.Source), v.Request, v.Resources) })
}

// dataOf are the names of the buckets, functions or tables that a call was about.
func dataOf(source string, request, resources json.RawMessage) (names []string) {
	for _, d := range dataCalls {
		if source != d.source+".amazonaws.com" {
			continue
		}
		all := event.Path(request, d.member)
		if len(all) == 0 && len(resources) > 0 { // several tables at once
			all = event.Path(slices.Concat([]byte(`{"all":`), resources, []byte("}")), "all[].ARN")
		}
		for _, name := range all {
			if _, after, is := strings.Cut(name, d.before); is {
				name = after
				if i := strings.IndexAny(name, "/:"); i >= 0 { // an object, a version, a stream
					name = name[:i]
				}
			}
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// dataGaps say of which services the record has no data events, of which it has
// them for a small part of its time, and what they are about where it has any: a
// trail chooses buckets, functions and tables by name, so one that is not named
// was perhaps at rest, and perhaps read without a trace. What the record is known
// to choose would not tell more, for another trail's choice may stand in it.
//
// One object event in years, from a trail long gone, shows nothing about the
// rest: what is left out must be more than a week and than half of the account's
// time, for a service may be at rest that long.
func dataGaps(abouts []trail.About, accounts []trail.Seen) (gaps []report.RecordGap) {
	const rest = 7 * 24 * time.Hour
	var none []string                // services of which no account has any
	lacking := map[string][]string{} // of those that some accounts have, by account
	var part, some []report.RecordGap
	for _, d := range dataCalls {
		of := map[string]*trail.About{}
		for i := range abouts {
			if a := &abouts[i]; a.Source == d.source+".amazonaws.com" {
				of[a.Account] = a
			}
		}
		if len(of) == 0 {
			none = append(none, d.service)
			continue
		}
		for i := range accounts {
			account := &accounts[i]
			a := of[account.Name]
			switch {
			case a == nil && account.Name == "": // records that name no account
				continue
			case a == nil:
				lacking[account.Name] = append(lacking[account.Name], d.service)
				continue
			}
			if whole := account.Last.Sub(account.First); whole-a.Last.Sub(a.First) > max(rest, whole/2) {
				part = append(part, report.RecordGap{Why: "few-data-events", Account: a.Account, Detail: d.service + " " + a.First.Format(time.DateOnly) + "/" + a.Last.Format(time.DateOnly)})
			}
			some = append(some, report.RecordGap{Why: "some-data-events", Account: a.Account, Detail: d.service + ": " + strings.Join(a.Names, ", ") + more(a)})
		}
	}
	if len(none) > 0 {
		gaps = append(gaps, report.RecordGap{Why: "no-data-events", Detail: strings.Join(none, ", ")})
	}
	for i := range accounts {
		if services := lacking[accounts[i].Name]; len(services) > 0 {
			gaps = append(gaps, report.RecordGap{Why: "no-data-events", Account: accounts[i].Name, Detail: strings.Join(services, ", ")})
		}
	}
	return slices.Concat(gaps, part, some)
}

// more marks a list of names that may have others.
func more(a *trail.About) string {
	switch {
	case !a.More:
		return ""
	case len(a.Names) == 0:
		return "…"
	}
	return ", …"
}
