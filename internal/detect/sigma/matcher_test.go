package sigma

import (
	"fmt"
	"io/fs"
	"runtime"
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

// BenchmarkMatch counts CPU time, since other work shares the machine. The
// records are always the same 200 but for who calls from where. In "sessions"
// that is as in an account: credentials last for 25 calls, and 300 origins come
// again. In "strangers" each record has an origin and an identity of its own,
// so that nothing can be remembered of them: the worst there is.
func BenchmarkMatch(b *testing.B) {
	for _, rules := range []int{1, 100, 700, 2000} {
		b.Run(fmt.Sprintf("rules=%d/distinct", rules), func(b *testing.B) { match(b, rules, 0, 0) })
		b.Run(fmt.Sprintf("rules=%d/sessions", rules), func(b *testing.B) { match(b, rules, 25, 300) })
		b.Run(fmt.Sprintf("rules=%d/strangers", rules), func(b *testing.B) { match(b, rules, 1, 1<<30) })
	}
}

func match(b *testing.B, rules, calls, origins int) {
	m := generatedSet(b, rules).Matcher()
	var views []event.View
	var codes []Codes
	var c coder
	for _, r := range records(200, 3) {
		v := viewOf(b, r)
		views, codes = append(views, *v), append(codes, c.codes(v))
	}
	found, session := 0, uint32(0)
	var identity, address []byte
	var v event.View
	var code Codes
	b.ReportAllocs()
	runtime.GC()
	b.ResetTimer()
	from := cpu(b)
	for i := range b.N {
		v, code = views[i%len(views)], codes[i%len(views)]
		if calls > 0 {
			if i%calls == 0 {
				session++
				identity = append(identity[:0], views[int(session)%len(views)].Identity...)
				address = append(address[:0], v.Address...)
			}
			origin := int(session) % origins
			v.Identity, v.Address, v.Agent, v.Region = identity, address, views[origin%len(views)].Agent, views[origin%len(views)].Region
			code.Identity, code.Origin = 1000+session, 1000+uint32(origin)
		}
		found += len(m.Match(&v, code))
	}
	b.ReportMetric(float64(cpu(b)-from)/float64(b.N), "cpu-ns/event")
	b.ReportMetric(float64(found)/float64(b.N), "hits/event")
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
