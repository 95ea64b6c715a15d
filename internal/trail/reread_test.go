package trail

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cordon/internal/event"
)

// allRows are the store's rows in the order of time.
func allRows(t testing.TB, s *Store) []Row {
	t.Helper()
	rows, err := s.Rows(Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestOneFileGone: what lies in other files is read all the same, and every row
// that is not is told, with one reason for each file.
func TestOneFileGone(t *testing.T) {
	records := world(100, 5)
	m := spread(records, 10)
	s, _ := imported(t, t.TempDir(), m, Options{Workers: 1, rows: 30})
	rows := allRows(t, s)
	delete(m, "logs/00002.json.gz")
	m["logs/00005.json.gz"] = gz(logFile(append(slices.Clone(records[50:54]), records[57:60]...)...))
	m["logs/00007.json.gz"] = []byte("something else")
	lost := func(i int) bool { return i/10 == 2 || i >= 54 && i < 57 || i/10 == 7 }

	check := func(name string, got map[int]string, why map[int]error) {
		t.Helper()
		reasons := map[string]bool{}
		for i := range records {
			if _, read := got[i]; read == lost(i) || (why[i] != nil) != lost(i) {
				t.Errorf("%s: record %d is read: %v, error %v", name, i, read, why[i])
			}
			if !lost(i) && got[i] != records[i] {
				t.Errorf("%s: record %d is %s", name, i, got[i])
			}
			if why[i] != nil {
				reasons[why[i].Error()] = true
				if !strings.Contains(why[i].Error(), fmt.Sprintf("logs/%05d", i/10)) {
					t.Errorf("%s: %v does not name the file", name, why[i])
				}
			}
		}
		if len(reasons) != 3 {
			t.Errorf("%s: %d reasons for three files: %v", name, len(reasons), reasons)
		}
	}
	got, why := map[int]string{}, map[int]error{}
	note := func(r Record, err error) {
		if i := slices.Index(rows, r.Row); err != nil {
			why[i] = err
		} else {
			got[i] = string(r.Raw)
		}
	}
	for r, err := range s.Each(t.Context(), m, time.Time{}, time.Time{}) {
		note(r, err)
	}
	check("Each", got, why)

	got, why = map[int]string{}, map[int]error{}
	n := 0
	for r, err := range s.Raws(t.Context(), rows, m) {
		if r.Row != rows[n] {
			t.Fatalf("Raws: %v is in the place of %v", r.Row, rows[n])
		}
		note(r, err)
		n++
	}
	check("Raws", got, why)

	got, why = map[int]string{}, map[int]error{}
	var mu sync.Mutex
	err := s.Whole(t.Context(), rows, m, func(i int, e event.Event) {
		mu.Lock()
		defer mu.Unlock()
		if want, _ := event.Parse([]byte(records[i])); fmt.Sprint(e) == fmt.Sprint(want) {
			got[i] = records[i]
		}
	}, func(i int, err error) { why[i] = err })
	if err != nil {
		t.Fatal(err)
	}
	check("Whole", got, why)

	why = map[int]error{}
	named, err := s.Rows(Filter{Token: "new25"})
	if err != nil || len(named) != 1 {
		t.Fatal(named, err)
	}
	sure, err := s.Confirm(t.Context(), rows, "new35", m, func(r Row, err error) { why[slices.Index(rows, r)] = err })
	if err != nil || len(sure) != 1 || sure[0] != rows[35] || len(why) != 23 {
		t.Errorf("confirmed %v, %d unread: %v", sure, len(why), err)
	}
	if _, err := s.Creators(t.Context(), "new25", m); err == nil || !strings.Contains(err.Error(), "cannot read event "+id(25)) {
		t.Errorf("an answer that is whole or none: %v", err)
	}
}

// TestUnreadByName: what cannot be read again is told by the names of the files,
// whichever was imported first.
func TestUnreadByName(t *testing.T) {
	m := spread(world(60, 5), 10)
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	all := m.files()
	for _, n := range []int{4, 1, 5, 0, 3, 2} {
		if _, err := s.Import(t.Context(), all[n:n+1], m, Options{Workers: 1}); err != nil {
			t.Fatal(err)
		}
	}
	rows := allRows(t, s)
	var told []string
	if err := s.Whole(t.Context(), rows, memory{}, func(int, event.Event) { t.Error("read") }, func(i int, err error) {
		told = append(told, fmt.Sprintf("%s %02d", err, i))
	}); err != nil {
		t.Fatal(err)
	}
	if len(told) != len(rows) || !slices.IsSorted(told) {
		t.Errorf("%q", told)
	}
}

// TestRowsTwice: a row that is asked for twice is read, or told, twice; also
// where the file changed and is searched.
func TestRowsTwice(t *testing.T) {
	records := world(3, 5)
	m := memory{"f": logFile(records...)}
	s, _ := imported(t, t.TempDir(), m, Options{})
	m["f"] = logFile(records[2], records[1])
	rows := allRows(t, s)
	read, bad := 0, 0
	for r, err := range s.Raws(t.Context(), slices.Concat(rows, rows), m) {
		if err != nil {
			bad++
		} else if len(r.Raw) > 0 {
			read++
		}
	}
	if read != 4 || bad != 2 {
		t.Errorf("%d read, %d not", read, bad)
	}
}

// together is Files that answer only when so many have been asked for at once.
type together struct {
	memory
	want    int32
	at      atomic.Int32
	most    atomic.Int32
	there   chan struct{}
	release sync.Once
	late    bool
}

func (f *together) Late(string) bool { return f.late }

func (f *together) Load(ctx context.Context, name string, buf []byte, limit int64) ([]byte, error) {
	n := f.at.Add(1)
	defer f.at.Add(-1)
	for most := f.most.Load(); n > most && !f.most.CompareAndSwap(most, n); most = f.most.Load() {
	}
	if n >= f.want {
		f.release.Do(func() { close(f.there) })
	}
	select {
	case <-f.there:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return f.memory.Load(ctx, name, buf, limit)
}

// TestSeveralAtOnce: files are read on every processor, and where they answer
// late many at once; what comes of it is the same, in the same order.
func TestSeveralAtOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	records := world(900, 5)
	m := spread(records, 10)
	s, _ := imported(t, t.TempDir(), m, Options{Workers: 1, rows: 200})
	rows := allRows(t, s)
	for _, late := range []bool{false, true} {
		want := int32(3)
		if late {
			want = lateAhead
		}
		files := func() *together {
			return &together{memory: m, want: want, there: make(chan struct{}), late: late}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // it never ends if fewer are asked for
		from, n := files(), 0
		for r, err := range s.Each(ctx, from, time.Time{}, time.Time{}) {
			if err != nil {
				t.Fatal(err)
			}
			if string(r.Raw) != records[n] { // the files are in the order of time here
				t.Fatalf("record %d is %s", n, r.Raw)
			}
			n++
		}
		if n != len(records) || from.most.Load() != want {
			t.Errorf("late %v: %d records, %d files at once, want %d", late, n, from.most.Load(), want)
		}
		from = files()
		read := make([]string, len(rows))
		err := s.Whole(ctx, rows, from, func(i int, e event.Event) { read[i] = e.ID }, func(_ int, err error) { t.Error(err) })
		for i := range read {
			if read[i] != id(i) {
				t.Fatalf("event %d is %s", i, read[i])
			}
		}
		if err != nil || from.most.Load() != want {
			t.Errorf("late %v: %d files at once: %v", late, from.most.Load(), err)
		}
		from = files()
		for range s.Each(ctx, from, time.Time{}, time.Time{}) {
			break // whoever has enough leaves nobody behind
		}
		if from.at.Load() != 0 {
			t.Errorf("%d files are still read", from.at.Load())
		}
		cancel()
	}
}

// TestStoppedReread: who is stopped is told so, and no row is called unreadable.
func TestStoppedReread(t *testing.T) {
	m := spread(world(200, 5), 10)
	s, _ := imported(t, t.TempDir(), m, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	from := &together{memory: m, want: 1000, there: make(chan struct{}), late: true}
	go cancel()
	err := s.Whole(ctx, allRows(t, s), from, func(int, event.Event) {}, func(_ int, err error) { t.Error(err) })
	if err != context.Canceled {
		t.Error(err)
	}
}

// counting is Files that count what they serve.
type counting struct {
	memory
	opens, bytes atomic.Int64
	anywhere     bool // whether what it opens can be read from any place
}

func (f *counting) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	f.opens.Add(1)
	if f.anywhere {
		return &counted{bytes.NewReader(f.memory[name]), f}, nil
	}
	return struct{ io.ReadCloser }{io.NopCloser(&counted{bytes.NewReader(f.memory[name]), f})}, nil
}

type counted struct {
	r *bytes.Reader
	f *counting
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.f.bytes.Add(int64(n))
	return n, err
}

func (c *counted) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.r.ReadAt(p, at)
	c.f.bytes.Add(int64(n))
	return n, err
}

func (c *counted) Close() error { return nil }

// TestLargeFileIsReadOnce: where a file is too large for memory, a record is read
// where it lies if that can be done, and else the file once, however many rows.
func TestLargeFileIsReadOnce(t *testing.T) {
	var records []string
	for n := range 6000 {
		records = append(records, call{n: n, request: `{"note":"` + strings.Repeat("a b c ", 700) + `"}`}.record())
	}
	records[77] = call{n: 77, request: `{"note":"` + strings.Repeat("a b c ", 300_000) + `"}`}.record() // larger than any first look
	lines := []byte(strings.Join(records, "\n"))
	if len(lines) <= wholeStored {
		t.Fatalf("%d bytes are not large", len(lines))
	}
	m := memory{"lines": lines}
	s, _ := imported(t, t.TempDir(), m, Options{rows: 1000})
	rows := allRows(t, s)
	whole := func(from *counting, rows []Row) {
		t.Helper()
		read := make([]string, len(rows))
		err := s.Whole(t.Context(), rows, from, func(i int, e event.Event) { read[i] = e.ID }, func(_ int, err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range rows {
			if e, _ := s.Light(r); e.ID != read[i] {
				t.Fatalf("row %v is event %s", r, read[i])
			}
		}
	}
	few := []Row{rows[5999], rows[77], rows[3000]}
	from := &counting{memory: m, anywhere: true}
	if whole(from, few); from.bytes.Load() > 12<<20 || from.opens.Load() != 1 {
		t.Errorf("three records took %d bytes, opened %d times", from.bytes.Load(), from.opens.Load())
	}
	from = &counting{memory: m, anywhere: true}
	if whole(from, rows); from.bytes.Load() > int64(len(lines))*3/2 || from.opens.Load() != 1 {
		t.Errorf("all of %d bytes took %d, opened %d times", len(lines), from.bytes.Load(), from.opens.Load())
	}
	from = &counting{memory: m}
	if whole(from, rows); from.bytes.Load() > int64(len(lines)) {
		t.Errorf("a stream of %d bytes took %d", len(lines), from.bytes.Load())
	}
	from = &counting{memory: m}
	n := 0
	for r, err := range s.Each(t.Context(), from, time.Time{}, time.Time{}) {
		if err != nil || string(r.Raw) != records[n] {
			t.Fatal(n, err)
		}
		n++
	}
	if n != len(records) || from.bytes.Load() > int64(len(lines)) {
		t.Errorf("Each gave %d records for %d bytes of %d", n, from.bytes.Load(), len(lines))
	}
	changed := &counting{memory: memory{"lines": append([]byte("\n\n"), lines...)}, anywhere: true}
	if whole(changed, few); changed.opens.Load() != 2 {
		t.Errorf("a file that changed was opened %d times: to look, and to search", changed.opens.Load())
	}
}
