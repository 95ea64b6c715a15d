package trail

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cordon/internal/event"
)

// TestDamagedFiles: what can be read is kept, and what cannot is told.
func TestDamagedFiles(t *testing.T) {
	records := world(40, 7)
	packed := gz(logFile(records...))
	half := logFile(records[:10]...)
	half = half[:len(half)-300]
	noID := strings.Replace(records[0], `"eventID":"`+id(0)+`",`, "", 1)
	noID = strings.Replace(noID, `"eventVersion":"1.08"`, `"eventVersion":"1.0"`, 1)
	for name, c := range map[string]struct {
		file           []byte
		events, damage int
		why            string
	}{
		"whole":            {packed, 40, 0, ""},
		"plain":            {logFile(records...), 40, 0, ""},
		"lines":            {[]byte(strings.Join(records, "\n")), 40, 0, ""},
		"array":            {[]byte("[" + strings.Join(records, ",\n ") + "]"), 40, 0, ""},
		"one record":       {[]byte(records[0]), 1, 0, ""},
		"empty list":       {[]byte(`{"Records":[]}`), 0, 0, ""},
		"empty":            {nil, 0, 0, ""},
		"half a record":    {half, 9, 1, ""},
		"no list's end":    {logFile(records...)[:len(logFile(records...))-2], 40, 1, ""},
		"cut gz":           {packed[:len(packed)-200], -1, 1, "gzip"},
		"no trailer":       {packed[:len(packed)-8], 40, 1, "gzip"},
		"no gz at all":     {[]byte("\x1f\x8bnothing"), 0, 1, ""},
		"garbage between":  {[]byte(`{"Records":[` + records[0] + `,xyz,` + "\n" + records[1] + `]}`), 2, 1, ""},
		"not our files":    {[]byte("PK\x03\x04 zip"), 0, 1, "zip"},
		"no name":          {logFile(strings.Replace(records[0], `"eventName":`, `"eventname":`, 1), records[1]), 1, 1, "eventName"},
		"no time":          {logFile(strings.Replace(records[0], `"eventTime":"2026`, `"eventTime":"soon`, 1), records[1]), 1, 1, "eventTime"},
		"early":            {logFile(strings.Replace(records[0], `"eventTime":"2026`, `"eventTime":"1926`, 1), records[1]), 1, 1, "range"},
		"bad identity":     {logFile(strings.Replace(records[0], `"userIdentity":{`, `"userIdentity":{"sessionContext":{"attributes":{"creationDate":"never"}},`, 1), records[1]), 1, 1, "userIdentity"},
		"bad UTF-8":        {logFile(strings.Replace(records[0], "aws-cli", "aws\xff\xfecli", 1), records[1]), 2, 0, ""},
		"escapes":          {logFile(strings.Replace(records[0], "aws-cli", `aws-\u0063li \"\\`, 1), records[1]), 2, 0, ""},
		"no ids":           {logFile(noID, records[1]), 2, 0, ""},
		"odd id":           {logFile(strings.Replace(records[0], id(0), "not-a-uuid", 1)), 1, 0, ""},
		"upper-case id":    {logFile(strings.Replace(records[0], id(0), strings.ToUpper(id(0xabc)), 1)), 1, 0, ""},
		"version one file": {[]byte(`{"Records":[` + noID + `]}`), 1, 0, ""},
	} {
		m := memory{"f": c.file}
		s, r := imported(t, t.TempDir(), memory{}, Options{})
		r, err := s.Import(context.Background(), []File{{Name: "f", Size: int64(len(c.file))}}, m, Options{})
		if err != nil {
			t.Fatal(name, err)
		}
		told := 0
		for _, d := range r.Damaged {
			told += d.Count
		}
		if c.events >= 0 && r.Events != c.events || c.events < 0 && (r.Events == 0 || r.Events == 40) || told != c.damage {
			t.Errorf("%s: %d events, damage %+v", name, r.Events, r.Damaged)
		}
		if c.why != "" && !strings.Contains(fmt.Sprint(r.Damaged), c.why) {
			t.Errorf("%s: damage %+v does not name %q", name, r.Damaged, c.why)
		}
		status, err := s.Status()
		if err != nil || !slices.Equal(status.Damaged, r.Damaged) || status.Events != r.Events {
			t.Errorf("%s: status %+v %v", name, status, err)
		}
		sameAgain(t, name, s, m)
	}
}

// sameAgain: every event read again is the one that its columns are of.
func sameAgain(t *testing.T, name string, s *Store, m memory) {
	t.Helper()
	rows, _ := s.Rows(Filter{})
	for _, r := range rows {
		raw, err := s.Raw(context.Background(), r, m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e, _ := s.Light(r)
		if got := fmt.Sprintf("%+v", e); got != light(t, string(raw)) {
			t.Errorf("%s: columns\n%s\nrecord\n%s", name, got, light(t, string(raw)))
		}
	}
}

// TestUnreadFileIsTriedAgain: a file that cannot be opened is no file that was imported.
func TestUnreadFileIsTriedAgain(t *testing.T) {
	m := spread(world(40, 7), 10)
	files := m.files()
	gone := m[files[1].Name]
	delete(m, files[1].Name)
	s, _ := imported(t, t.TempDir(), memory{}, Options{})
	r, err := s.Import(context.Background(), files, m, Options{})
	if err != nil || r.Events != 30 || len(r.Damaged) != 1 || r.Damaged[0].File != files[1].Name {
		t.Fatalf("%+v %v", r, err)
	}
	status, _ := s.Status()
	if status.Unread != 1 || len(status.Damaged) != 1 {
		t.Fatalf("%+v", status)
	}
	m[files[1].Name] = gone
	r, err = s.Import(context.Background(), files, m, Options{})
	if err != nil || r.Events != 10 || r.New != 1 || len(r.Damaged) != 0 {
		t.Fatalf("%+v %v", r, err)
	}
	if status, _ := s.Status(); status.Unread != 0 || len(status.Damaged) != 0 || status.Files != 4 {
		t.Fatalf("%+v", status)
	}
}

func TestVerifyFindsEveryFlippedByte(t *testing.T) {
	m := spread(world(200, 8), 20)
	dir := t.TempDir()
	s, _ := imported(t, dir, m, Options{Workers: 1})
	if p, err := s.Verify(t.Context(), m); err != nil || len(p) > 0 {
		t.Fatal(p, err)
	}
	name := segmentName(dir, 1)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	padding := 0
	for at := segmentHead + maxSections*sectionEntry; at < len(whole); at += 97 {
		bad := slices.Clone(whole)
		bad[at] ^= 4
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		other, err := Open(dir)
		if err != nil {
			continue // it was found at once
		}
		if p, _ := other.Verify(t.Context(), nil); len(p) == 0 {
			padding++
		}
		other.Close()
	}
	if padding > 5 { // between sections are up to seven bytes of nothing
		t.Errorf("%d flipped bytes were not found", padding)
	}
	if err := os.WriteFile(name, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	first := m.files()[0].Name
	m[first][30] ^= 1
	delete(m, m.files()[1].Name)
	p, err := s.Verify(t.Context(), m)
	if err != nil || len(p) != 2 || p[0].File != first || !strings.Contains(p[1].Why, "gone") {
		t.Errorf("sources: %+v %v", p, err)
	}
}

// TestHostileStore: whatever is in the files, opening and asking is an error or
// an answer, and no end of the program.
func TestHostileStore(t *testing.T) {
	m := spread(world(60, 8), 20)
	dir := t.TempDir()
	s, _ := imported(t, dir, m, Options{Workers: 1})
	s.Close()
	for _, name := range []string{manifestName, namesName, filepath.Base(segmentName(dir, 1))} {
		whole, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		for at := 0; at < len(whole); at += 1 + len(whole)/400 {
			bad := slices.Clone(whole)
			bad[at] ^= byte(1 + at%255)
			if err := os.WriteFile(filepath.Join(dir, name), bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if !tryStore(t, dir, m) {
				refused++
			}
			if err := os.WriteFile(filepath.Join(dir, name), whole[:at], 0o600); err != nil {
				t.Fatal(err)
			}
			tryStore(t, dir, m)
		}
		if name == manifestName && refused == 0 {
			t.Error("no damage of the manifest was found")
		}
		if err := os.WriteFile(filepath.Join(dir, name), whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// tryStore opens and asks everything.
func tryStore(t testing.TB, dir string, m memory) bool {
	s, err := Open(dir)
	if err != nil {
		if !strings.HasPrefix(err.Error(), "cannot open the trail") {
			t.Errorf("the error does not say what could not be done: %v", err)
		}
		return false
	}
	defer s.Close()
	ask(s, m)
	return true
}

func ask(s *Store, m memory) {
	ctx := context.Background()
	rows, _ := s.Rows(Filter{})
	for _, r := range rows {
		s.Light(r)
		s.Call(r)
	}
	for range s.Events(ctx, rows, m) {
	}
	s.Rows(Filter{Token: "new25", Users: []string{"user1"}, Regions: []string{"eu-west-1"}, Calls: []string{"iam:CreateUser"}})
	s.Uses()
	s.News(day)
	s.Hours()
	s.Creators(ctx, "new25", m)
	s.First("", DidCall, "")
	s.Credentials()
	s.Principals()
	s.Status()
	hits, _ := s.Hits("")
	for range hits {
	}
	s.Verify(ctx, m)
}

// FuzzSegment reads forged segments: their checksums are right, what they say
// is not.
func FuzzSegment(f *testing.F) {
	m := spread(world(60, 8), 20)
	dir := f.TempDir()
	imported(f, dir, m, Options{Workers: 1})
	whole, err := os.ReadFile(segmentName(dir, 1))
	if err != nil {
		f.Fatal(err)
	}
	names, err := os.ReadFile(filepath.Join(dir, namesName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(12), uint32(5), true)
	f.Add(uint16(64), uint32(math.MaxUint32), true)
	f.Add(uint16(2200), uint32(1<<31), true)
	f.Fuzz(func(t *testing.T, at uint16, value uint32, seal bool) {
		b := slices.Clone(whole)
		for i := range 4 {
			b[(int(at)+i)%len(b)] = byte(value >> (8 * i))
		}
		if seal {
			clear(b[28:32])
			_, sum := headSum(b)
			copy(b[28:], []byte{byte(sum), byte(sum >> 8), byte(sum >> 16), byte(sum >> 24)})
		}
		seg, err := readSegment(b)
		if err != nil {
			return
		}
		n, err := readNames(names)
		if err != nil {
			t.Fatal(err)
		}
		st := &state{names: n, segments: []*segment{seg}}
		st.lists.Do(func() {})
		s := &Store{dir: t.TempDir(), mapped: map[uint32]*segment{}, now: st}
		ask(s, m)
	})
}

// TestCodesWiden: millions of distinct values take wider codes, and nothing else
// changes.
func TestCodesWiden(t *testing.T) {
	for _, most := range []uint32{0, 255, 256, 65535, 65536, math.MaxUint32} {
		var s sealer
		s.column(secAPI, []uint32{1, most, 0}, 0)
		var c column
		if !c.set(widthOf(most), s.out) || c.len() != 3 || c.at(0) != 1 || c.at(1) != most || c.at(2) != 0 {
			t.Errorf("%d: %+v", most, c)
		}
	}
	d := newDict()
	for i := range 2_000_000 {
		if c := d.put(fmt.Appendf(nil, "agent-%d", i)); c != uint32(i+1) {
			t.Fatalf("value %d has code %d", i, c)
		}
	}
	if c := d.put([]byte("agent-1234567")); c != 1234568 || d.text(c) != "agent-1234567" {
		t.Error(c, d.text(c))
	}
}

// TestLongValues: no value is kept beyond its bound, and none becomes another.
func TestLongValues(t *testing.T) {
	long := strings.Repeat("x", 3*maxText)
	a := call{n: 1, agent: long + "a"}.record()
	b := call{n: 2, agent: long + "b"}.record()
	m := memory{"f": logFile(a, b)}
	s, _ := imported(t, t.TempDir(), m, Options{})
	rows, _ := s.Rows(Filter{Agents: []string{long + "b"}})
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	if e, _ := s.Light(rows[0]); len(e.Agent) > maxText || e.ID != id(2) {
		t.Errorf("%d bytes are kept of %s", len(e.Agent), e.ID)
	}
	if e, err := s.Event(t.Context(), rows[0], m); err != nil || e.Agent != long+"b" {
		t.Error(err)
	}
}

// TestOneFileOfManySegments: it is part of the store all at once, and what came
// before it in the same part is not lost.
func TestOneFileOfManySegments(t *testing.T) {
	records := world(1000, 3)
	m := memory{"a": logFile(records[:30]...), "b": logFile(records[30:970]...), "c": logFile(records[970:]...)}
	s, r := imported(t, t.TempDir(), m, Options{Workers: 1, rows: 100})
	var want []string
	for _, raw := range records {
		want = append(want, light(t, raw))
	}
	if got := everything(t, s); r.Events != 1000 || !slices.Equal(got, want) {
		t.Fatalf("%d events: %s", r.Events, firstDifference(got, want))
	}
	sameAgain(t, "large", s, m)
	if n := len(s.state().commits); n != 2 {
		t.Errorf("%d commits, want 2: before the large file, and with its end", n)
	}
}

// TestStopped: what was read before the import was stopped is kept.
func TestStopped(t *testing.T) {
	m := spread(world(1000, 3), 20)
	ctx, cancel := context.WithCancel(t.Context())
	s, _ := imported(t, t.TempDir(), memory{}, Options{})
	n := 0
	r, err := s.Import(ctx, m.files(), stopping{m, func() {
		if n++; n == 25 {
			cancel()
		}
	}}, Options{Workers: 1, rows: 100})
	if err == nil || r.Events == 0 || r.Events == 1000 || s.Len() != r.Events {
		t.Fatalf("%d events, %d kept: %v", r.Events, s.Len(), err)
	}
	again, err := s.Import(t.Context(), m.files(), m, Options{Workers: 2, rows: 100})
	if err != nil || r.Events+again.Events != 1000 || s.Len() != 1000 {
		t.Fatalf("%d and %d events: %v", r.Events, again.Events, err)
	}
}

type stopping struct {
	memory
	loaded func()
}

func (s stopping) Load(ctx context.Context, name string, buf []byte, limit int64) ([]byte, error) {
	s.loaded()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.memory.Load(ctx, name, buf, limit)
}

func TestTokens(t *testing.T) {
	body := `{"userName":"deploy","mode":"ENABLED","ids":["i-0abc12","vol-1"], "arn" : "arn:aws:s3:::logs/2026/a.gz","session":"arn:aws:sts::1:assumed-role/Admin/kim","policy":"{\"Resource\":\"*\"}","note":"say \"a-b\"","at":"2026-01-02T03:04:05Z","group":"arn:aws:logs:eu-west-1:1:log-group:x:*"}`
	var k tokens
	k.begin()
	k.collect(3, []byte(body), event.Texts{})
	for token, want := range map[string]bool{
		"deploy": true, "ENABLED": false, "i-0abc12": true, "vol-1": true, "logs": true, "a.gz": true, "Admin": true, "kim": true,
		"arn:aws:s3:::logs/2026/a.gz": true, `say "a-b"`: true, "2026-01-02T03:04:05Z": false, "userName": false, "*": false,
	} {
		if got := slices.Contains(k.hash, hashToken([]byte(token))); got != want {
			t.Errorf("%q is a token: %v, want %v", token, got, want)
		}
	}
	if hashToken([]byte("i-0123456789abcdef0")) != 0xf930820a || hashToken([]byte("abc")) != 0x4609dcf {
		t.Error("the hash is kept on disk and must not change")
	}
	if !bytes.Equal(k.rowsOnly(), bytes.Repeat([]byte{3}, len(k.row))) {
		t.Error("tokens of another row")
	}
}

func (t *tokens) rowsOnly() (b []byte) {
	for _, r := range t.row {
		b = append(b, byte(r))
	}
	return b
}

func FuzzTokens(f *testing.F) {
	f.Add([]byte(`{"a":"b\"c","d":["e-1"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var k tokens
		k.collect(1, b, event.Texts{})
		mentions(b, "i-0abc")
	})
}

// TestQuickTime: the quick way gives what event.Parse gives.
func TestQuickTime(t *testing.T) {
	var r rows
	for _, s := range []string{"2026-03-01T00:00:00Z", "2024-02-29T23:59:59Z", "2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T00:00:60Z", "2106-02-07T06:28:16Z", "1969-12-31T23:59:59Z", "2026-03-01t00:00:00Z", "2O26-03-01T00:00:00Z"} {
		got, ok := r.quickTime([]byte(s))
		e, err := event.Parse([]byte(`{"eventName":"a","eventSource":"b","eventTime":"` + s + `"}`))
		if want := err == nil && e.Time.Unix() >= 0 && e.Time.Unix() <= math.MaxUint32 && s[10] == 'T'; ok != want || ok && int64(got) != e.Time.Unix() {
			t.Errorf("%s: %d %v, event.Parse says %v %v", s, got, ok, e.Time, err)
		}
	}
}
