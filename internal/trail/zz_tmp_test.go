package trail

import (
	"os"
	"sort"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/inflate"
)

// rowsBench: scan+add of the corpus's files in time order.
func BenchmarkRows(b *testing.B) {
	home, _ := os.UserHomeDir()
	all := walk(b, home+"/.cache/trailbench/corpus-1500000/AWSLogs")
	sort.Slice(all, func(i, j int) bool { return all[i].At.Before(all[j].At) })
	all = all[10000:10600]
	var plain [][]byte
	for _, f := range all {
		z, _ := os.ReadFile(f.Name)
		p, err := inflate.Gunzip(nil, z, 1<<28)
		if err != nil {
			b.Fatal(err)
		}
		plain = append(plain, p)
	}
	bestScan, bestAll, bestTok := 1e9, 1e9, 1e9
	n := 0
	for b.Loop() {
		n = 0
		var v event.View
		t0 := cpu()
		for _, p := range plain {
			at, _ := event.Records(p)
			for {
				next, more, err := event.NextRecord(p, at)
				if err != nil || !more {
					break
				}
				k, err := v.Scan(p[next:])
				if err != nil {
					b.Fatal(err)
				}
				at = next + k
				n++
			}
		}
		t1 := cpu()
		r := newRows(newNames(), claimer{seen: newSeen(nil, 1, seenLimit)}, nil)
		for _, p := range plain {
			at, _ := event.Records(p)
			for {
				next, more, err := event.NextRecord(p, at)
				if err != nil || !more {
					break
				}
				k, err := v.Scan(p[next:])
				if err != nil {
					b.Fatal(err)
				}
				if _, err := r.add(&v, 0); err != nil {
					b.Fatal(err)
				}
				at = next + k
			}
		}
		t2 := cpu()
		var tk tokens
		for _, p := range plain {
			at, _ := event.Records(p)
			for {
				next, more, err := event.NextRecord(p, at)
				if err != nil || !more {
					break
				}
				k, err := v.Scan(p[next:])
				if err != nil {
					b.Fatal(err)
				}
				tk.begin()
				tk.collect(0, v.Request)
				tk.collect(0, v.Response)
				tk.collect(0, v.Resources)
				at = next + k
			}
		}
		t3 := cpu()
		bestScan, bestAll, bestTok = min(bestScan, t1-t0), min(bestAll, t2-t1), min(bestTok, t3-t2)
	}
	_ = time.Now
	b.ReportMetric(bestScan*1e9/float64(n), "scan-ns/ev")
	b.ReportMetric((bestAll-bestScan)*1e9/float64(n), "add-ns/ev")
	b.ReportMetric((bestTok-bestScan)*1e9/float64(n), "tok-ns/ev")
	b.ReportMetric(float64(n), "events")
}
