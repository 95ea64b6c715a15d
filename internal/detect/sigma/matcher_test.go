package sigma

import (
	"fmt"
	"io/fs"
	"syscall"
	"testing"
	"time"

	"cordon/internal/event"
)

func generatedSet(t testing.TB, n int) *Set {
	t.Helper()
	s, problems, err := Load(Generate(n, 1))
	if err != nil || len(problems) > 0 || s.Len() != n {
		t.Fatalf("%d rules, %v, problems %v", s.Len(), err, problems)
	}
	return s
}

func TestGenerateIsTheSameForASeed(t *testing.T) {
	read := func(seed uint64) (all string) {
		f := Generate(20, seed)
		entries, err := fs.ReadDir(f, ".")
		if err != nil || len(entries) != 20 {
			t.Fatal(len(entries), err)
		}
		for _, e := range entries {
			text, err := fs.ReadFile(f, e.Name())
			if err != nil {
				t.Fatal(err)
			}
			all += string(text)
		}
		return all
	}
	once, again := read(1), read(1)
	if once != again || once == read(2) {
		t.Error("rules do not come from the seed")
	}
}

// BenchmarkMatch counts CPU time, since other work shares the machine. In
// "strangers" every record has an origin of its own: the worst there is.
func BenchmarkMatch(b *testing.B) {
	for _, rules := range []int{1, 100, 700, 2000} {
		for _, corpus := range []struct {
			name string
			of   []string
		}{{"distinct", records(200, 3)}, {"sessions", sessions(20_000)}, {"strangers", records(20_000, 3)}} {
			b.Run(fmt.Sprintf("rules=%d/%s", rules, corpus.name), func(b *testing.B) { match(b, rules, corpus.of) })
		}
	}
}

func match(b *testing.B, rules int, corpus []string) {
	m := generatedSet(b, rules).Matcher()
	var views []*event.View
	var codes []Codes
	var c coder
	for _, r := range corpus {
		v := viewOf(b, r)
		views, codes = append(views, v), append(codes, c.codes(v))
	}
	found, n := 0, 0
	from := cpu(b)
	for b.Loop() {
		for i, v := range views {
			found += len(m.Match(v, codes[i]))
		}
		n += len(views)
	}
	b.ReportMetric(float64(cpu(b)-from)/float64(n), "cpu-ns/event")
	b.ReportMetric(float64(found)/float64(n), "hits/event")
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
