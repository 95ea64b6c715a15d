package trail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"cordon/internal/event"
	"cordon/internal/trail/shape"
)

// tabled writes calls as an export of Athena does that names four columns.
func tabled(t *testing.T, from, to int) []byte {
	t.Helper()
	var b strings.Builder
	b.WriteString("eventid,eventtime,eventname,eventsource\n")
	for n := from; n < to; n++ {
		fmt.Fprintf(&b, "%s,%s,PutUserPolicy,iam.amazonaws.com\n", id(n), day.Add(time.Duration(n)*time.Minute).Format(time.RFC3339))
	}
	return []byte(b.String())
}

func policies(from, to int) (all []string) {
	for n := from; n < to; n++ {
		all = append(all, call{n: n, source: "iam.amazonaws.com", name: "PutUserPolicy", request: `{"userName":"eve"}`}.record())
	}
	return all
}

// requests counts the events whose request can be read.
func requests(t *testing.T, s *Store, m memory) (whole, all int) {
	t.Helper()
	rows, err := s.Rows(Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for e, err := range s.Events(context.Background(), rows, m) {
		if err != nil {
			t.Fatal(err)
		}
		if all++; len(e.Request) > 0 {
			whole++
		}
	}
	return whole, all
}

// A table without the bodies stands back behind the log files, wherever and
// whenever they lie.
func TestTablesAreReadLast(t *testing.T) {
	m := memory{"a.csv": tabled(t, 0, 400), "b.json": tabled(t, 100, 200)}
	for n := 0; n < 300; n += 10 {
		m[fmt.Sprintf("logs/%d", n)] = gz(logFile(policies(n, n+10)...))
	}
	for _, workers := range []int{1, 3} {
		s, r := imported(t, t.TempDir(), m, Options{Workers: workers, rows: 64})
		if whole, all := requests(t, s, m); whole != 300 || all != 400 || r.Duplicates != 400 || r.New != len(m) {
			t.Errorf("%d workers: %d of %d whole, %+v", workers, whole, all, r)
		}
		for _, d := range r.Damaged {
			if !strings.Contains(d.Why, shape.LostBodies) {
				t.Errorf("%+v", d)
			}
		}
	}
	var told []int
	s, _ := imported(t, t.TempDir(), memory{}, Options{})
	if _, err := s.Import(context.Background(), m.files(), m, Options{Ahead: 4, Progress: func(n, total int, _ uint64) { told = append(told, n, total) }}); err != nil {
		t.Fatal(err)
	}
	if n := len(told); n < 2 || told[n-2] != len(m) || told[n-1] != len(m) {
		t.Errorf("progress %v", told)
	}
	if whole, all := requests(t, s, m); whole != 300 || all != 400 {
		t.Errorf("%d of %d whole", whole, all)
	}
}

// What an earlier import took from such a table is told when its log file comes.
func TestAPoorerCopyIsTold(t *testing.T) {
	m := memory{"a.csv": tabled(t, 0, 50), "first": logFile(policies(50, 60)...)}
	s, _ := imported(t, t.TempDir(), m, Options{})
	m["log"], m["again"], m["c.csv"] = logFile(policies(40, 70)...), logFile(policies(50, 55)...), tabled(t, 0, 20)
	r, err := s.Import(context.Background(), m.files(), m, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	var notes []Damage
	for _, d := range r.Damaged {
		if d.Why == poorer {
			notes = append(notes, d)
		}
	}
	if len(notes) != 1 || notes[0].File != "log" || notes[0].Count != 10 || !notes[0].Note {
		t.Errorf("%+v", notes)
	}
}

// Copies of a record of version 1.0, which has no id, are one event however they
// are spaced; that two calls of one second may be so too is told.
func TestRecordsWithoutIDs(t *testing.T) {
	bare := func(n int) string {
		r := strings.Replace(call{n: n}.record(), `"eventID":"`+id(n)+`",`, "", 1)
		return strings.Replace(r, `"eventVersion":"1.08"`, `"eventVersion":"1.0"`, 1)
	}
	pretty := func(records ...string) []byte {
		var b bytes.Buffer
		if err := json.Indent(&b, logFile(records...), "", "  "); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	m := memory{"a": logFile(bare(1), bare(2)), "b": pretty(bare(1), bare(2), bare(3)), "c": []byte(bare(4)), "d": logFile(call{n: 5}.record(), call{n: 5}.record())}
	s, r := imported(t, t.TempDir(), m, Options{Workers: 1})
	if r.Events != 5 || r.Duplicates != 3 || len(r.Damaged) != 1 || r.Damaged[0].File != "b" || r.Damaged[0].Why != nameless || r.Damaged[0].Count != 2 || !r.Damaged[0].Note {
		t.Errorf("%+v", r)
	}
	if _, all := requests(t, s, m); all != 5 {
		t.Errorf("%d can be read again", all)
	}
	if st, err := s.Status(); err != nil || len(st.Damaged) > 0 { // copies are no damage of the record
		t.Errorf("%+v %v", st.Damaged, err)
	}
	rows, err := s.Rows(Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		light, lerr := s.Light(row)
		whole, err := s.Event(context.Background(), row, m)
		if lerr != nil || err != nil || light.ID != whole.ID {
			t.Errorf("%s is read again as %s: %v %v", light.ID, whole.ID, lerr, err)
		}
	}
}

// A store that an earlier version made has ids of the bytes as they lie.
func TestFormerIDsAreFound(t *testing.T) {
	var v, odd event.View
	spaced := []byte(`{ "eventVersion": "1.0", "eventName": "A" }`)
	if _, err := v.Scan(spaced); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(v.FormerID())
	now, _ := readID(&v)
	if id := [16]byte(sum[:]); id == now || !isID(&v, id) || !isID(&v, now) {
		t.Errorf("%x, now %x", id, now)
	}
	if _, err := odd.Scan([]byte(`{"eventID":"x","eventName":"A","eventVersion":"1.0"}`)); err != nil || isID(&odd, now) || isID(&odd, [16]byte(sum[:])) {
		t.Errorf("another record has its id: %v", err)
	}
}
