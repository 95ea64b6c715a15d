package leak

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkLines is how fast text is passed over: this repository's own sources.
func BenchmarkLines(b *testing.B) {
	var text bytes.Buffer
	for _, dir := range []string{"../../kinds", "../../engine", "../../words/en", "../../lineage"} {
		files, err := filepath.Glob(dir + "/*")
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range files {
			if body, err := os.ReadFile(f); err == nil && !strings.HasSuffix(f, ".test") {
				text.Write(body)
			}
		}
	}
	m := Options{}.Matcher()
	b.SetBytes(int64(text.Len()))
	var hits []int
	for b.Loop() {
		hits = m.Lines(text.Bytes(), hits[:0])
	}
	b.ReportMetric(float64(len(hits)), "hits")
}
