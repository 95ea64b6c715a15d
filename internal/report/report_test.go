package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"cordon/internal/clean"
	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/plan"
	"cordon/internal/words"
)

var update = flag.Bool("update", false, "write the golden files")

var night = time.Date(2026, 11, 21, 2, 16, 31, 0, time.UTC)

// hostile is what an intruder writes into names: escapes, direction marks, a
// spreadsheet formula, and far too much of it.
var hostile = []string{
	"\x1b]0;pwned\a\x1b[2Jweb", "user\u202egpj.exe", `=HYPERLINK("http://x","y")`, strings.Repeat("A", 10<<10), "密钥\u200b\r\nroot",
}

func target(kind, region, id string) finding.Target {
	return finding.Target{Ref: fact.Ref{Kind: fact.Kind(kind), Place: fact.Place{Account: "111122223333", Region: region}, ID: id}}
}

func head() Case {
	return Case{
		Case: "C-20261121-A", Account: "111122223333", Partition: "aws", Caller: "arn:aws:iam::111122223333:user/claire",
		Source: "SharedConfigCredentials", Regions: []string{"eu-west-1", "eu-west-3"}, AllCount: 34, Narrowed: true,
		Since: night.Add(-4 * time.Hour), SinceFrom: "flag",
	}
}

func findings() []Finding {
	key := target("iam.access-key", "global", "AKIAIOSFODNN7EXAMPLE")
	key.ARN = "arn:aws:iam::111122223333:user/deploy-bot"
	f := []Finding{
		{Finding: finding.Finding{
			Number: 1, Check: "suspect-credential", Outcome: finding.Found, Severity: finding.Critical, Confidence: finding.Sure,
			Attack: []string{"T1098.001", "T1078.004"}, Answer: "cut-credential",
			Hits: []finding.Hit{{Target: key, Evidence: []finding.Evidence{{Fact: "CreateAccessKey", Value: "minted", EventID: "11111111-2222-3333-4444-555555555555"}, {Fact: "last-used", Value: "2026-11-21T02:15:50Z"}, {Value: "opened", EventID: "e2"}}}},
		}},
		{Finding: finding.Finding{Number: 2, Check: "identity-since", Outcome: finding.Found, Severity: finding.High, Confidence: finding.Ask, Attack: []string{"T1136.003"}}},
		{Finding: finding.Finding{Number: 3, Check: "stopped-trail", Outcome: finding.Unknown, Severity: finding.High, Confidence: finding.Sure}},
		{Finding: finding.Finding{Number: 4, Check: "root-keys", Outcome: finding.Clear, Severity: finding.Critical, Confidence: finding.Probable}},
	}
	for _, h := range hostile {
		f[1].Hits = append(f[1].Hits, finding.Hit{Target: target("iam.user", "global", h), Evidence: []finding.Evidence{{Fact: "created", Value: h}}})
	}
	f[1].Marks = map[string]string{f[1].Hits[0].Ref.String(): "mine"}
	return f
}

func gaps() []Gap {
	return []Gap{
		{Kind: "lambda.function", Account: "111122223333", Region: "eu-west-1", State: fact.Denied, Why: "AccessDenied: \x1b[31mno", Permission: "lambda:ListFunctions"},
		{Kind: "ec2.instance", Account: "111122223333", Region: "eu-west-3", State: fact.Failed, Why: "network"},
		{Kind: "ec2.instance", Account: "111122223333", Region: "ap-east-1", State: fact.Closed},
		{Kind: "ec2.instance", Account: "111122223333", Region: "us-east-1", State: fact.Skipped},
	}
}

func summary() Summary {
	last, first := night.Add(-41*time.Second), night.Add(-4*time.Hour)
	return Summary{
		Calls: map[string]int{"iam": 12, "ec2": 1204}, Retries: 2, ElapsedMS: 72_400, Regions: 2, Found: 2, Clear: 30, Unknown: 1, Gaps: 4,
		Suspects: 9, LastSeen: &last, FirstSeen: &first, Running: 38, RunningIn: 6, NotChecked: []string{"A6", "D4", "D8"},
	}
}

func tellTriage(t *testing.T, h Handler) {
	t.Helper()
	tell(t, h, head(), Progress{Step: "listing", Done: 1, Total: 2})
	for _, g := range gaps() {
		tell(t, h, g)
	}
	for _, f := range findings() {
		tell(t, h, f)
	}
	tell(t, h, summary())
}

func tell(t *testing.T, h Handler, ms ...Message) {
	t.Helper()
	for _, m := range ms {
		if err := h.Handle(m); err != nil {
			t.Fatal(err)
		}
	}
}

func tellPlan(t *testing.T, h Handler) {
	used := night.Add(-time.Minute)
	digest := strings.Repeat("9f1c", 16)
	tell(t, h, Plan{
		Digest: digest, Code: plan.Code(digest), Kind: plan.Contain, Case: "C-20261121-A", Account: "111122223333", MadeAt: night,
		Expires: night.Add(4 * time.Hour), File: "/cases/C-20261121-A/plans/9f1c.json", Evidence: 12,
		Protects: []string{"arn:aws:iam::111122223333:user/claire", "arn:aws:iam::111122223333:role/emergency-access"},
	})
	n := 0
	act := func(verb string, class plan.Class, x finding.Target, refused string) {
		n++
		tell(t, h, Action{ID: fmt.Sprint(n), Number: n, Verb: verb, Class: class, Target: x, Because: []string{"suspect-credential"}, Refused: refused})
	}
	tell(t, h, Action{ID: "k", Number: 0, Verb: "deactivate", Class: plan.Disruptive, Target: target("iam.access-key", "global", "AKIAIOSFODNN7EXAMPLE"),
		Because: []string{"suspect-credential", "marked"}, Owner: "deploy-bot", LastUse: &used})
	act("start", plan.Reversible, target("cloudtrail.trail", "eu-west-3", "main"), "")
	for i := range 38 {
		act("stop", plan.Disruptive, target("ec2.instance", []string{"eu-north-1", "sa-east-1"}[i%2], fmt.Sprintf("i-%017d", i)), "")
	}
	for _, name := range hostile {
		act("deny-all", plan.Permanent, target("iam.user", "global", name), "")
		n += 10 // keeps them from being one group
	}
	act("change-root-password", plan.Person, target("iam.root", "global", "root"), "")
	act("deny-all", plan.Disruptive, target("iam.user", "global", "claire"), "own-principal")
}

func tellApply(t *testing.T, h Handler) {
	step := func(n int, s string, ms int64, x finding.Target, more Step) {
		more.ID, more.Number, more.Of, more.Verb, more.Target, more.Step, more.ElapsedMS = fmt.Sprint(n), n, 4, "deactivate", x, s, ms
		tell(t, h, more)
	}
	key := target("iam.access-key", "global", "AKIAIOSFODNN7EXAMPLE")
	step(1, "start", 0, key, Step{})
	step(1, "done", 400, key, Step{})
	step(2, "start", 10, target("iam.access-key", "global", hostile[0]), Step{})
	step(1, "verified", 4800, key, Step{})
	step(2, "failed", 900, target("iam.access-key", "global", hostile[0]), Step{Code: "AccessDenied", Err: "User: x is not authorized \x1b[31m", Reason: "refused"})
	step(3, "skipped", 950, target("iam.access-key", "global", hostile[1]), Step{Reason: "changed"})
	step(4, "undone", 990, key, Step{Undoes: true})
	tell(t, h, Applied{
		Digest: strings.Repeat("9f1c", 16), Kind: plan.Contain, Verified: 1, Skipped: 1, Failed: 1, Undone: 1, Chain: 3, ElapsedMS: 31_000,
		JournalHead: strings.Repeat("ab", 32), JournalSeq: 43, Journal: "/cases/C-20261121-A/journal.jsonl", People: 1, Calls: map[string]int{"iam": 30},
	})
}

var screens = map[string]func(*testing.T, Handler){
	"triage": tellTriage, "plan": tellPlan, "apply": tellApply,
	"show":    func(t *testing.T, h Handler) { h.(*Text).View = Show; tell(t, h, findings()[0], findings()[1]) },
	"explain": func(t *testing.T, h Handler) { h.(*Text).View = Explain; tell(t, h, findings()[0]) },
	"list": func(t *testing.T, h Handler) {
		h.(*Text).View = List
		tell(t, h, findings()[0], findings()[2], findings()[3])
	},
	"doctor": func(t *testing.T, h Handler) {
		tell(t, h, Check{"identity", "warn", []any{"arn", hostile[0], "source", "x", "kind", "root"}}, Check{"clock", "ok", []any{"skew", "1s"}})
	},
}

// inEnglish are screens of which only the English ones are compared: the others
// are held to what all screens must keep.
var inEnglish = map[string]bool{}

// TestScreens compares every screen in every language and width with its
// golden file, and holds it to what all screens must keep.
func TestScreens(t *testing.T) {
	for name, play := range screens {
		for _, lang := range words.Langs() {
			for _, width := range []int{80, 60} {
				for _, ascii := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s-%s-%d-%t", name, lang, width, ascii), func(t *testing.T) {
						w := words.For(lang)
						before := len(w.Faults())
						var b bytes.Buffer
						h := NewText(&b, Style{Words: w, Width: width, ASCII: ascii, Now: func() time.Time { return night }})
						play(t, h)
						if err := h.End(); err != nil {
							t.Fatal(err)
						}
						keeps(t, b.String(), width, ascii)
						if faults := w.Faults(); len(faults) > before {
							t.Errorf("words that are not there: %v", faults)
						}
						if !ascii && (lang == words.EN || !inEnglish[name]) {
							golden(t, fmt.Sprintf("%s.%s.%d.txt", name, lang, width), b.String())
						}
					})
				}
			}
		}
	}
}

func keeps(t *testing.T, s string, width int, ascii bool) {
	t.Helper()
	for i, line := range strings.Split(s, "\n") {
		if n := clean.Width(line); n > width {
			t.Errorf("line %d takes %d cells: %q", i+1, n, line)
		}
		if line != strings.TrimRight(line, " ") {
			t.Errorf("line %d ends in spaces", i+1)
		}
		for _, r := range line {
			if r < 0x20 || r == 0x7f || unicode.Is(unicode.Bidi_Control, r) || r == '\u200b' {
				t.Errorf("line %d lets %U through", i+1, r)
			}
			if ascii && r > 0x7f && !unicode.IsLetter(r) && !strings.ContainsRune("\u00a0，。：；？、（）“”«»：", r) {
				t.Errorf("line %d has %q with --ascii", i+1, r)
			}
		}
	}
	if strings.Contains(s, "not authorized") {
		t.Error("AWS's own sentence is on the screen")
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; run with -update and read the change.\n%s", path, got)
	}
}

// TestColour: colour only adds; without it the same text is there.
func TestColour(t *testing.T) {
	var plain, painted bytes.Buffer
	for b, colour := range map[*bytes.Buffer]bool{&plain: false, &painted: true} {
		h := NewText(b, Style{Words: words.For(words.EN), Width: 80, Colour: colour, Now: func() time.Time { return night }})
		tellTriage(t, h)
		tellPlan(t, h)
		if err := h.End(); err != nil {
			t.Fatal(err)
		}
	}
	bare := painted.String()
	for _, c := range []string{bold, red, yellow, green, blue, "0"} {
		bare = strings.ReplaceAll(bare, "\x1b["+c+"m", "")
	}
	if squeeze(bare) != squeeze(plain.String()) {
		t.Error("the coloured screen has another text")
	}
	if !strings.Contains(painted.String(), "\x1b[") || strings.Contains(plain.String(), "\x1b") {
		t.Error("colour is not where it was asked for")
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestMachine(t *testing.T) {
	var doc, lines bytes.Buffer
	j, l := NewJSON(&doc), NewJSONL(&lines, func() time.Time { return night })
	both := Tee(j, l)
	tellTriage(t, both)
	tellPlan(t, both)
	tellApply(t, both)
	tell(t, both, Error{Message: "x <y>", Reason: "other", Exit: 1}, Item{"note", map[string]any{"text": "a"}})
	if err := both.End(); err != nil {
		t.Fatal(err)
	}
	if err := j.End(); err != nil || bytes.Count(doc.Bytes(), []byte(`{"v":1`)) != 1 {
		t.Error("a second End wrote again", err)
	}
	var whole struct {
		V       int              `json:"v"`
		Records []map[string]any `json:"records"`
	}
	if err := json.Unmarshal(doc.Bytes(), &whole); err != nil || whole.V != 1 {
		t.Fatalf("%v\n%.300s", err, doc.String())
	}
	rows := strings.Split(strings.TrimSpace(lines.String()), "\n")
	if len(rows) != len(whole.Records) {
		t.Fatalf("%d lines, %d records", len(rows), len(whole.Records))
	}
	seen := map[string]bool{}
	for i, row := range rows {
		var r map[string]any
		if err := json.Unmarshal([]byte(row), &r); err != nil {
			t.Fatal(err)
		}
		if r["v"] != 1.0 || r["seq"] != float64(i+1) || r["ts"] != "2026-11-21T02:16:31.000Z" || r["type"] != whole.Records[i]["type"] {
			t.Errorf("line %d: %.120s", i+1, row)
		}
		seen[r["type"].(string)] = true
	}
	for _, want := range []string{"case", "gap", "finding", "summary", "plan", "action", "action_start", "action_verified", "action_failed", "applied", "error", "note"} {
		if !seen[want] {
			t.Errorf("no record of type %s", want)
		}
	}
	if seen["progress"] {
		t.Error("progress is no data")
	}
	if !strings.Contains(lines.String(), "x <y>") {
		t.Error("HTML characters were escaped")
	}
}

// TestEmptyLists: the contract says list, so an empty one is no null.
func TestEmptyLists(t *testing.T) {
	var b bytes.Buffer
	j := NewJSON(&b)
	tell(t, j, Case{}, Finding{}, Plan{Counts: map[string]int{}}, Action{}, Summary{Calls: map[string]int{}}, Check{})
	if err := j.End(); err != nil || strings.Contains(b.String(), "null") {
		t.Errorf("%v\n%s", err, &b)
	}
}

func TestTicker(t *testing.T) {
	now := night
	style := Style{Words: words.For(words.EN), Width: 40, Now: func() time.Time { return now }}
	var tty, log bytes.Buffer
	a, b := NewTicker(&tty, style, true), NewTicker(&log, style, false)
	for range 60 {
		tell(t, Tee(a, b), Progress{Step: "listing", Done: 3, Total: 9, Region: strings.Repeat("x", 200)})
		now = now.Add(time.Second)
	}
	tell(t, a, Summary{})
	if strings.Contains(tty.String(), "\n") || !strings.HasSuffix(tty.String(), "\r\x1b[2K") {
		t.Errorf("terminal: %q", tty.String())
	}
	if n := strings.Count(log.String(), "\n"); n != 4 {
		t.Errorf("%d lines in a minute, want 4:\n%s", n, log.String())
	}
	if strings.ContainsAny(log.String(), "\r\x1b") {
		t.Error("cursor tricks in a log")
	}
}
