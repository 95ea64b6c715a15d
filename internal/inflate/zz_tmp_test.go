package inflate

import (
	"os"
	"path/filepath"
	"io/fs"
	"syscall"
	"testing"
)

func corpusFiles(b testing.TB) (zs [][]byte, total int) {
	home, _ := os.UserHomeDir()
	n := 0
	filepath.WalkDir(home+"/.cache/trailbench/corpus-1500000/AWSLogs", func(p string, d fs.DirEntry, err error) error {
		if err != nil { return err }
		if d.IsDir() { return nil }
		n++
		if n%20 == 0 {
			z, _ := os.ReadFile(p)
			zs = append(zs, z)
			total += len(z)
		}
		return nil
	})
	return
}
func cpuNow() float64 {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
}
func BenchmarkCorpus(b *testing.B) {
	zs, _ := corpusFiles(b)
	var buf []byte
	best := 1e9
	out := 0
	for b.Loop() {
		t := cpuNow()
		out = 0
		for _, z := range zs {
			var err error
			buf, err = Gunzip(buf[:0], z, 1<<26)
			if err != nil { b.Fatal(err) }
			out += len(buf)
		}
		best = min(best, cpuNow()-t)
	}
	b.ReportMetric(float64(out)/1e6/best, "bestMB/s")
	b.ReportMetric(float64(out)/1e6, "MB")
}
