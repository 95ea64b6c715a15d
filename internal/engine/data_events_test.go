package engine

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cordon/internal/report"
)

// TestOneBucketsDataEvents: a year of one bucket's object events says nothing of
// the others, and every look at the record says so.
func TestOneBucketsDataEvents(t *testing.T) {
	a, h := offline(t)
	a.Now = func() time.Time { return askedDay.AddDate(1, 0, 1) }
	var lines []string
	for day := range 365 {
		more := fmt.Sprintf(`,"readOnly":true,"managementEvent":false,"requestParameters":{"bucketName":"audit-logs","key":"k%d"},"resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::audit-logs"}]`, day)
		lines = append(lines, askedRecord(day+1, 24*day+6, "s3", "GetObject", more), askedRecord(1000+day, 24*day+7, "ec2", "DescribeInstances", `,"readOnly":true`))
	}
	file := filepath.Join(t.TempDir(), "year.jsonl")
	write(t, file, []byte(strings.Join(lines, "\n")+"\n"))
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{file}}); err != nil {
		t.Fatal(err)
	}
	if err := a.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := (&Inquiry{Archive: a}).Ask(t.Context(), "hours", ""); err != nil {
		t.Fatal(err)
	}
	if err := (&Inquiry{Archive: a}).Verdict(t.Context()); err != nil {
		t.Fatal(err)
	}
	looks := [][]report.RecordGap{of[report.TrailStatus](h)[0].Gaps}
	for _, m := range of[report.Inquiry](h) {
		looks = append(looks, m.Gaps)
	}
	if len(looks) != 3 {
		t.Fatalf("%d looks", len(looks))
	}
	for i, gaps := range looks {
		for _, want := range []report.RecordGap{
			{Why: "no-data-events", Detail: "Lambda, DynamoDB"}, {Why: "some-data-events", Account: "347283850106", Detail: "S3: audit-logs"},
		} {
			if !slices.Contains(gaps, want) {
				t.Errorf("look %d: %+v lacks %+v", i, gaps, want)
			}
		}
	}
}
