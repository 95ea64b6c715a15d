package trail

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/inflate"
	"cordon/internal/trail/corpus"
)

// disk is Files in a folder.
type disk struct{}

func (disk) Load(_ context.Context, name string, buf []byte, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := f.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return nil, ErrLarge
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (disk) Open(_ context.Context, name string) (io.ReadCloser, error) { return os.Open(name) }

func walk(b testing.TB, dir string) (all []File) {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".gz") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		f := File{Name: path, Size: info.Size(), Version: info.ModTime().String()}
		if parts := strings.Split(filepath.Base(path), "_"); len(parts) > 3 {
			f.At, _ = time.Parse("20060102T1504Z", parts[3])
		}
		all = append(all, f)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return all
}

func cpu() float64 {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
}

// BenchmarkImport measures one import into an empty store, of the corpus in
// CORDON_TRAIL_CORPUS or of a small one that it makes.
func BenchmarkImport(b *testing.B) {
	dir := os.Getenv("CORDON_TRAIL_CORPUS")
	if dir == "" {
		dir = b.TempDir()
		if _, err := corpus.Make(dir, corpus.Scaled(30_000), 2); err != nil {
			b.Fatal(err)
		}
	}
	files := walk(b, dir)
	for b.Loop() {
		s, err := Open(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		before := cpu()
		r, err := s.Import(context.Background(), files, disk{}, Options{Workers: 2})
		if err != nil || len(r.Damaged) > 0 {
			b.Fatal(r.Damaged, err)
		}
		used := cpu() - before
		status, err := s.Status()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(used*1e6/float64(r.Events), "cpu-µs/event")
		b.ReportMetric(float64(r.Events)/used, "events/s/core")
		b.ReportMetric(float64(status.Disk)/float64(r.Events), "B/event")
		b.ReportMetric(0, "ns/op")
		s.Close()
	}
}

// BenchmarkRows measures what scanning a record and adding it to the columns
// cost, of a corpus as BenchmarkImport has it, without disk and inflating.
func BenchmarkRows(b *testing.B) {
	dir := os.Getenv("CORDON_TRAIL_CORPUS")
	if dir == "" {
		dir = b.TempDir()
		if _, err := corpus.Make(dir, corpus.Scaled(30_000), 2); err != nil {
			b.Fatal(err)
		}
	}
	all := walk(b, dir)
	slices.SortFunc(all, func(x, y File) int { return x.At.Compare(y.At) })
	var plain [][]byte
	for _, f := range all[:min(len(all), 600)] {
		z, err := os.ReadFile(f.Name)
		if err != nil {
			b.Fatal(err)
		}
		p, err := inflate.Gunzip(nil, z, wholePlain)
		if err != nil {
			b.Fatal(err)
		}
		plain = append(plain, p)
	}
	pass := func(add func(*event.View)) (events int, used float64) {
		var v event.View
		before := cpu()
		for _, p := range plain {
			at, _ := event.Records(p)
			for next, more, err := event.NextRecord(p, at); more && err == nil; next, more, err = event.NextRecord(p, at) {
				n, err := v.Scan(p[next:])
				if err != nil {
					b.Fatal(err)
				}
				add(&v)
				events, at = events+1, next+n
			}
		}
		return events, cpu() - before
	}
	scan, both, events := math.MaxFloat64, math.MaxFloat64, 0
	for b.Loop() {
		n, used := pass(func(*event.View) {})
		scan, events = min(scan, used), n
		r := newRows(newNames(), claimer{seen: newSeen(nil, 1, seenLimit)}, nil)
		_, used = pass(func(v *event.View) {
			if _, err := r.add(v, 0); err != nil {
				b.Fatal(err)
			}
		})
		both = min(both, used)
	}
	b.ReportMetric(scan*1e9/float64(events), "scan-ns/event")
	b.ReportMetric((both-scan)*1e9/float64(events), "add-ns/event")
	b.ReportMetric(0, "ns/op")
}

// TestQuestionsAreQuick prints what the standing questions take on the store in
// CORDON_TRAIL_STORE, opened cold; its corpus is in CORDON_TRAIL_CORPUS.
func TestQuestionsAreQuick(t *testing.T) {
	dir, logs := os.Getenv("CORDON_TRAIL_STORE"), os.Getenv("CORDON_TRAIL_CORPUS")
	if dir == "" || logs == "" {
		t.Skip("CORDON_TRAIL_STORE and CORDON_TRAIL_CORPUS are not set")
	}
	timed := func(what string, f func() int) {
		from, used := time.Now(), cpu()
		n := f()
		fmt.Printf("%-12s %8.2f ms wall %8.2f ms cpu  %d\n", what, float64(time.Since(from).Microseconds())/1e3, (cpu()-used)*1e3, n)
	}
	var s *Store
	timed("open", func() int {
		var err error
		if s, err = Open(dir); err != nil {
			t.Fatal(err)
		}
		return s.Len()
	})
	if s.Len() == 0 {
		timed("import", func() int {
			r, err := s.Import(context.Background(), walk(t, logs), disk{}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			return r.Events
		})
	}
	files := walk(t, logs)
	timed("nothing new", func() int {
		r, err := s.Import(context.Background(), files, disk{}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r.New
	})
	for range 2 {
		timed("timeline", func() int { return len(s.Timeline(os.Getenv("KEY"), time.Time{}, time.Time{})) })
		timed("uses", func() int { return len(s.Uses()) })
		timed("creators", func() int {
			c, err := s.Creators(context.Background(), os.Getenv("RES"), disk{})
			if err != nil {
				t.Fatal(err)
			}
			return len(c)
		})
		timed("news", func() int { return len(s.News(time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC))) })
		timed("hours", func() int { return len(s.Hours()) })
		timed("first", func() int { s.First("", "", ""); return 0 })
		timed("principals", func() int { return len(s.Principals()) })
		timed("credentials", func() int { return len(s.Credentials()) })
		timed("status", func() int { st, _ := s.Status(); return st.Files })
		timed("ids", func() int { r, _ := s.Rows(Filter{IDs: []string{id(1)}}); return len(r) })
		timed("writes", func() int { r, _ := s.Rows(Filter{Writes: true}); return len(r) })
	}
}
