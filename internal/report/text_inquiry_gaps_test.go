package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"cordon/internal/words"
)

// gapScreen is what a status says of gaps, on one line.
func gapScreen(t *testing.T, lang words.Lang, gaps ...RecordGap) string {
	t.Helper()
	var b bytes.Buffer
	h := NewText(&b, Style{Words: words.For(lang), Width: 76, Now: func() time.Time { return night }})
	tell(t, h, TrailStatus{Events: 1, Gaps: gaps})
	for line := range strings.Lines(b.String()) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 76 {
			t.Errorf("a line of %d: %s", n, line)
		}
	}
	return squeeze(b.String())
}

// The things whose data events there are, and no more of them than are read.
func TestDataEventsOfSomeThings(t *testing.T) {
	var many []string
	for i := range 99 {
		many = append(many, fmt.Sprintf("bucket-%02d", i))
	}
	got := gapScreen(t, words.EN,
		RecordGap{Why: "some-data-events", Account: "111122223333", Detail: "S3: audit-logs"},
		RecordGap{Why: "some-data-events", Account: "111122223333", Detail: "Lambda: " + strings.Join(many, ", ") + ", …"},
		RecordGap{Why: "some-data-events", Account: "111122223333", Detail: "DynamoDB: …"})
	for _, want := range []string{"1111-2222-3333 S3: audit-logs,", "1111-2222-3333 Lambda: bucket-00, bucket-01, bucket-02, bucket-03 and 95 more …,", "1111-2222-3333 DynamoDB: …"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

// Sixteen Regions of one day are one place on one line; one Region keeps its time.
func TestManyRegionsAreOnePlace(t *testing.T) {
	var gaps []RecordGap
	for i := range 16 {
		gaps = append(gaps, RecordGap{Why: "begins-late", Account: "111122223333", Region: fmt.Sprintf("region-%02d", i), To: at(i, 0, 0)})
	}
	alone := RecordGap{Why: "begins-late", Account: "444455556666", Region: "sa-east-1", To: at(22, 9, 1)}
	for lang, want := range map[words.Lang]string{
		words.EN: "it. 4444-5555-6666 sa-east-1 until 2026-11-20 22:09:01Z, 1111-2222-3333 region-00, region-01, region-02, region-03 and 12 more until 2026-11-20 THE",
		words.FR: "4444-5555-6666 sa-east-1 jusqu’au 2026-11-20 22:09:01Z, 1111-2222-3333 region-00, region-01, region-02, region-03 et 12 autres jusqu’au 2026-11-20 ",
		words.ZH: "sa-east-1 至 2026-11-20 22:09:01Z",
	} {
		if got := gapScreen(t, lang, append([]RecordGap{alone}, gaps...)...); !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}
