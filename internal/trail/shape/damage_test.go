package shape

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// all reads to the end: ids of records, and damages.
func all(t testing.TB, r *Reader) (ids []string, damages []string) {
	t.Helper()
	for {
		item, err := r.Next()
		if err == io.EOF {
			return ids, damages
		}
		if err != nil {
			t.Fatal(err)
		}
		if item.Damage != nil {
			damages = append(damages, fmt.Sprintf("%d %v", item.Offset, item.Damage))
			continue
		}
		id := ""
		members(item.Record, func(name, value []byte, _ bool) bool {
			if string(name) == "eventID" {
				id = textOf(value)
			}
			return true
		})
		ids = append(ids, id)
	}
}

func record(id string) string {
	return `{"eventVersion":"1.08","eventName":"A","eventSource":"x.amazonaws.com","eventTime":"2026-01-02T03:04:05Z","requestParameters":{"a":[{"b":"c"}]},"eventID":"` + id + `"}`
}

func TestDamageIsToldAndReadingGoesOn(t *testing.T) {
	a, b, c := record("a"), record("b"), record("c")
	half := b[:len(b)-30]
	for name, test := range map[string]struct{ text, ids, damage string }{
		"half a record at the end":           {`{"Records":[` + a + `,` + half, "a", "half a record at the end: unexpected EOF"},
		"half a line at the end":             {a + "\n" + half, "a", "half a record at the end: unexpected EOF"},
		"no end of the list":                 {`{"Records":[` + a + `,` + b, "a b", "has no end: unexpected EOF"},
		"half a line in the midst":           {a + "\n" + half + "\n" + c, "a c", "not closed at its line's end"},
		"a cut line in the midst":            {a + "\n" + b[:len(b)-1] + "\n" + c, "a c", `unexpected '{'`},
		"a cut record in a list":             {`{"Records":[` + a + `,` + b[:len(b)-1] + `,` + c + `]}`, "a c", `unexpected '{'`},
		"a cut string in a list":             {`{"Records":[` + a + `,` + b[:len(b)-2] + `},` + c + `]}`, "a c", "unexpected 'e'"},
		"garbage between lines":              {a + "\nÄ garbage { \"x\n" + b, "a b", "between records"},
		"garbage between records":            {`{"Records":[` + a + `,garbage "{", {]` + b + `]}`, "a b", "between records"},
		"no comma":                           {`{"Records":[` + a + b + `]}`, "a b", ""},
		"numbers in the list":                {`{"Records":[` + a + `,1,"x",null,` + b + `]}`, "a b", "unexpected '1' between"},
		"a string's end before a record":     {`{"Records":[` + a + `,garbage"` + "\n" + `,"` + b + `,` + c + `]}`, "a b c", "unexpected 'g' between"},
		"a text that is no record":           {`["` + strings.ReplaceAll(a, `"`, `\"`) + `","hello {","{\"x\":1}","{",` + b + `]`, "a b", `unexpected '"' between`},
		"a text without an end":              {`["` + strings.ReplaceAll(a, `"`, `\"`) + `","{\"eventVersion\"`, "a", "half a record at the end"},
		"a text without an end, then more":   {`["` + strings.ReplaceAll(a, `"`, `\"`) + `","{\"eventVersion\"` + "\n" + b + "]", "a b", "unexpected '\"' between"},
		"not a record":                       {`{"Records":[` + a + `,{"x":1},` + b + `]}`, "a b", "not a CloudTrail record"},
		"a broken member":                    {`{"x":tr,"y":{"a" 1},"Records":[` + b + `]}` + "\n" + c, "b c", "broken JSON"},
		"a bracket too many":                 {`{"Records":[` + a + `]}]}` + "\n" + b, "a b", "unexpected ']' between"},
		"the wrong bracket":                  {`{"Records":[` + a + `}]` + "\n" + b, "a b", "unexpected '}' between"},
		"only text":                          {"hello\nworld", "", "unexpected 'h' between"},
		"zero bytes behind":                  {a + "\n" + strings.Repeat("\x00", 100), "a", `unexpected '\x00' between`},
		"a label that is first, behind":      {`{"x":` + a + "\n" + `{"x":1,"event":` + b + `}`, "a b", `unexpected '{'`},
		"deep":                               {a + "\n" + `{"eventName":` + strings.Repeat("[", 300) + `"]"` + strings.Repeat("]", 300) + "}\n" + b, "a b", "more than 256 levels"},
		"lists within lists":                 {strings.Repeat("[", 20) + strings.Repeat("]", 20) + a, "a", "lists within lists"},
		"a document whose member has no end": {`{"Records":[` + a + `],"x":"`, "a", "half a record at the end"},
	} {
		ids, damages := all(t, NewReader(strings.NewReader(test.text), Log))
		if strings.Join(ids, " ") != test.ids || (test.damage == "") != (len(damages) == 0) || !strings.Contains(strings.Join(damages, "|"), test.damage) {
			t.Errorf("%s: %v, damage %v", name, ids, damages)
		}
	}
}

func TestDamagedTables(t *testing.T) {
	head := "eventid,eventname,eventsource,eventversion\n"
	for text, want := range map[string][2]string{
		head + "a,A,x,1\nb,A\nc,A,x,1\n":                       {"a c", "a row of 2 values under 4 names"},
		head + "a,A,x,1\nb,A,\"x":                              {"a", "half a row at the end: unexpected EOF"},
		"1,2\n" + head + "a,A,x,1":                             {"a", "before the one that names"},
		head + "a,A,x,1\n\n" + head + "b,A,\"x\ny\"\"\",1\r\n": {"a b", ""},
		head + ",,,\na,A,x,1\n":                                {"a", "not a CloudTrail record"},
	} {
		ids, damages := all(t, NewReader(strings.NewReader(text), CSV))
		if strings.Join(ids, " ") != want[0] || (want[1] == "") != (len(damages) == 0) || !strings.Contains(strings.Join(damages, "|"), want[1]) {
			t.Errorf("%q: %v, %v", text, ids, damages)
		}
	}
}

func TestTruncatedGzipKeepsWhatCameBefore(t *testing.T) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for i := range 2000 {
		fmt.Fprintln(w, record(fmt.Sprint(i)))
	}
	_ = w.Close()
	for _, cut := range []int{12, b.Len() / 2, b.Len() - 4} {
		plain, _, err := Open(bytes.NewReader(b.Bytes()[:cut]))
		if err != nil {
			t.Fatal(err)
		}
		ids, damages := all(t, NewReader(plain, Lines))
		if cut > 100 && len(ids) < 900 || len(damages) != 1 || !strings.Contains(damages[0], "unexpected EOF") {
			t.Errorf("cut at %d: %d records, %v", cut, len(ids), damages)
		}
	}
	flipped := bytes.Clone(b.Bytes())
	flipped[len(flipped)-6] ^= 1
	plain, _, _ := Open(bytes.NewReader(flipped))
	if ids, damages := all(t, NewReader(plain, Lines)); len(ids) != 2000 || len(damages) != 1 || !strings.Contains(damages[0], "checksum") {
		t.Errorf("%d records, %v", len(ids), damages)
	}
}

func TestAFailedReadIsNoDamage(t *testing.T) {
	broken := errors.New("connection reset")
	r := NewReader(io.MultiReader(strings.NewReader(record("a")+"\n"+record("b")[:50]), failing{broken}), Lines)
	if item, err := r.Next(); err != nil || item.Record == nil {
		t.Fatal(item, err)
	}
	for range 2 {
		if item, err := r.Next(); !errors.Is(err, broken) {
			t.Fatal(item, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// endless repeats a text n times without holding it.
type endless struct {
	text string
	n, i int
}

func (e *endless) Read(p []byte) (n int, err error) {
	for n < len(p) && e.n > 0 {
		c := copy(p[n:], e.text[e.i:])
		n += c
		if e.i += c; e.i == len(e.text) {
			e.i = 0
			e.n--
		}
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func times(text string, n int) io.Reader { return &endless{text: text, n: n} }

func TestMemoryIsBounded(t *testing.T) {
	a, b := record("a"), record("b")
	const mb = 1 << 20
	block := func(c string) string { return strings.Repeat(c, mb) }
	for name, test := range map[string]struct {
		in          io.Reader
		ids, damage string
	}{
		"spaces":         {io.MultiReader(strings.NewReader(a), times(block(" "), 1000)), "a", "256 MB without a record"},
		"zeros":          {io.MultiReader(strings.NewReader(a), times(block("\x00"), 1000)), "a", "256 MB without a record"},
		"brackets":       {io.MultiReader(strings.NewReader(a), times(block("["), 1000)), "a", "256 MB without a record"},
		"a long string":  {io.MultiReader(strings.NewReader(a+`{"eventName":"`), times(block("x"), 30), strings.NewReader(`"}`+b)), "a b", "more than 16 MB"},
		"many keys":      {io.MultiReader(strings.NewReader(a+`{"eventName":1,"requestParameters":{"x":1`), times(`,"key":null`, 3_000_000), strings.NewReader(`}}`+b)), "a b", "more than 16 MB"},
		"a large member": {io.MultiReader(strings.NewReader(`{"x":"`), times(block("x"), 30), strings.NewReader(`","Records":[`+a+`]}`)), "a", ""},
		"numbers":        {io.MultiReader(strings.NewReader(a+"["), times("1,", 200*mb)), "a", "256 MB without a record"},
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		r := NewReader(test.in, Log)
		switch name {
		case "spaces": // the limit as it is
		case "a long string", "many keys", "a large member":
			r.s.idle = 40 * mb
		default:
			r.s.idle = 8 * mb
		}
		ids, damages := all(t, r)
		runtime.ReadMemStats(&after)
		if strings.Join(ids, " ") != test.ids || (test.damage == "") != (len(damages) == 0) || !strings.Contains(strings.Join(damages, "|"), test.damage) || len(damages) > 2 {
			t.Errorf("%s: %v, %d damages: %v", name, ids, len(damages), damages[:min(len(damages), 3)])
		}
		if used := (after.TotalAlloc - before.TotalAlloc) / mb; used > 100 {
			t.Errorf("%s: allocated %d MB in all", name, used)
		}
	}
}

func TestManyDamagesEnd(t *testing.T) {
	ids, damages := all(t, NewReader(times("{}\n", 1<<22), Lines))
	if len(ids) != 0 || len(damages) != maxDamage+1 || !strings.Contains(damages[maxDamage], "the rest was not read") {
		t.Errorf("%d, %s", len(damages), damages[len(damages)-1])
	}
}

func TestRecordOfExactlyTheLimit(t *testing.T) {
	pad := func(n int) string {
		return `{"eventName":"` + strings.Repeat("x", n-len(`{"eventName":"","eventSource":"y"}`)) + `","eventSource":"y"}`
	}
	for n, want := range map[int]bool{MaxRecord: true, MaxRecord + 1: false} {
		for _, before := range []string{"", strings.Repeat(" ", 70_001)} {
			item, err := NewReader(strings.NewReader(before+pad(n)), Lines).Next()
			again, atErr := At(strings.NewReader(before+pad(n)), Lines, item.Offset)
			if err != nil || (item.Record != nil) != want || (atErr == nil) != want || !bytes.Equal(again, item.Record) {
				t.Errorf("%d behind %d: %v, %v, %v", n, len(before), item.Damage, err, atErr)
			}
		}
	}
}

func TestAtElsewhere(t *testing.T) {
	for _, s := range []Shape{Log, CSV, AthenaJSON} {
		for _, offset := range []int64{-1, 5, 1 << 40} {
			if got, err := At(strings.NewReader(`{"Records":[]}`), s, offset); err == nil {
				t.Errorf("%s at %d: %s", s, offset, got)
			}
		}
	}
}

func fuzzed(t *testing.T, text []byte, s Shape) {
	r := NewReader(bytes.NewReader(text), s)
	last := int64(-1)
	for n := 0; ; n++ {
		item, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil || n > 2*len(text)+2 {
			t.Fatalf("%d items, %v", n, err)
		}
		if item.Damage != nil {
			continue
		}
		if item.Offset <= last || item.Offset >= int64(len(text)) {
			t.Fatalf("offset %d behind %d", item.Offset, last)
		}
		last = item.Offset
		want := string(item.Record)
		again, err := At(bytes.NewReader(text), s, item.Offset)
		if err != nil || string(again) != want {
			t.Fatalf("at %d: %q, %v; want %q", item.Offset, again, err, want)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, file := range files() {
		f.Add([]byte(file.text))
	}
	f.Add([]byte(`{"class_uid":6003,"metadata":{"product":{"name":"CloudTrail"}},"api":{"operation":"A","service":{"name":"b"},"request":{"data":"{a={b=[c, d]}}"}},"unmapped":{"a.b":"c"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Sniff("x", text[:min(len(text), HeadSize)])
		if err == nil {
			plain, _, err := Open(bytes.NewReader(text))
			if err != nil {
				return
			}
			text, _ = io.ReadAll(io.LimitReader(plain, 1<<20))
			fuzzed(t, text, s)
		}
		for _, s := range []Shape{Log, CSV, AthenaJSON} {
			fuzzed(t, text, s)
		}
	})
}

// FuzzMachine holds the machine against encoding/json: all that is JSON it takes
// whole, however it is cut into pieces.
func FuzzMachine(f *testing.F) {
	f.Add([]byte(ours[0]), 3)
	f.Add([]byte(` [1,{"a\\\"":null,"b":[]},"é\u00e9 long enough for words"]`), 1)
	f.Fuzz(func(t *testing.T, raw []byte, size int) {
		if !json.Valid(raw) || size < 1 || len(raw) > 1<<16 {
			return
		}
		var m machine
		total, ended := 0, false
		for rest := raw; len(rest) > 0 && !ended; {
			n, done, err := m.run(rest[:min(size, len(rest))])
			if err != nil {
				t.Fatalf("%q at %d: %v", raw, total+n, err)
			}
			total, ended, rest = total+n, done, rest[n:]
		}
		if !ended && !(m.state == inScalar && m.depth == 0) || len(bytes.TrimSpace(raw[total:])) > 0 {
			t.Fatalf("%q: ended %v at %d", raw, ended, total)
		}
	})
}

func FuzzStructText(f *testing.F) {
	f.Add(`{a=b, c={d=[e, {f=null}], g={"h": [1, 2]}}}`)
	f.Add(`{a={a={a=[[[{, x=, }`)
	f.Fuzz(func(t *testing.T, s string) {
		if raw, ok := structText(s, "useridentity"); ok && !whole(raw) {
			t.Fatalf("%q: %q", s, raw)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	text := `{"Records":[` + strings.Repeat(each(",", asIs)+",", 2000) + record("a") + `]}`
	for b.Loop() {
		b.SetBytes(int64(len(text)))
		n := 0
		for r := NewReader(strings.NewReader(text), Log); ; n++ {
			if _, err := r.Next(); err != nil {
				break
			}
		}
		if n != 8001 {
			b.Fatal(n)
		}
	}
}

func TestSharedMaterial(t *testing.T) {
	patterns := []string{"stratus/sanitised/*.jsonl", "scenarios/*/*.jsonl", "panther/cloudtrail_tests.jsonl", "formats/schema-versions/*.json", "benign/opensearch-sample.jsonl", "scenarios/remix/*/AWSLogs/*/CloudTrail/*/*/*/*/*"}
	n := 0
	for _, p := range patterns {
		found, _ := filepath.Glob("../../../../shared/data/cloudtrail/" + p)
		for _, file := range found {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := Sniff(file, raw[:min(len(raw), HeadSize)])
			plain, _, openErr := Open(bytes.NewReader(raw))
			if err != nil || openErr != nil {
				t.Errorf("%s: %v %v", file, err, openErr)
				continue
			}
			ids, damages := all(t, NewReader(plain, s))
			n += len(ids)
			if len(damages) > 0 {
				t.Errorf("%s (%s): %d records, %d damages, such as %s", filepath.Base(file), s, len(ids), len(damages), damages[0])
			}
		}
	}
	if n == 0 {
		t.Skip("the shared data is not here")
	}
	t.Logf("%d records", n)
}
