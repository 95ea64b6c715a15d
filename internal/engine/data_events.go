package engine

import (
	"slices"
	"strings"
	"time"

	"cordon/internal/report"
	"cordon/internal/trail"
)

// dataCalls are the calls that only a trail of data events records, by service.
var dataCalls = []struct {
	service, source string
	calls           []string
}{
	{"S3", "s3.amazonaws.com", strings.Fields("GetObject HeadObject PutObject CopyObject DeleteObject DeleteObjects ListObjects ListObjectVersions " +
		"CreateMultipartUpload UploadPart CompleteMultipartUpload RestoreObject SelectObjectContent")},
	{"Lambda", "lambda.amazonaws.com", strings.Fields("Invoke InvokeExecution InvokeAsync InvokeWithResponseStream")},
	{"DynamoDB", "dynamodb.amazonaws.com", strings.Fields("GetItem PutItem UpdateItem DeleteItem Query Scan BatchGetItem BatchWriteItem TransactGetItems TransactWriteItems " +
		"ExecuteStatement BatchExecuteStatement ExecuteTransaction GetRecords")},
}

// dataGaps say of which services the record has no data events, and of which it
// has them for a small part of its time: one object event in years, from a trail
// long gone or another's bucket, shows nothing about the rest. What is left out
// must be more than a week and than half of the record, for a service may be at
// rest that long.
func dataGaps(uses []trail.Use, first, last time.Time) (gaps []report.RecordGap) {
	const rest = 7 * 24 * time.Hour
	var none []string
	for _, d := range dataCalls {
		var from, to time.Time
		for _, u := range uses {
			name, _, _ := strings.Cut(u.Name, "20") // Invoke20150331
			if u.Source != d.source || !slices.Contains(d.calls, name) {
				continue
			}
			if from.IsZero() || u.First.Before(from) {
				from = u.First
			}
			if u.Last.After(to) {
				to = u.Last
			}
		}
		whole, seen := last.Sub(first), to.Sub(from)
		switch {
		case from.IsZero():
			none = append(none, d.service)
		case whole-seen > max(rest, whole/2):
			gaps = append(gaps, report.RecordGap{Why: "few-data-events", Detail: d.service + " " + from.Format(time.DateOnly) + "/" + to.Format(time.DateOnly)})
		}
	}
	if len(none) > 0 {
		gaps = slices.Insert(gaps, 0, report.RecordGap{Why: "no-data-events", Detail: strings.Join(none, ", ")})
	}
	return gaps
}
