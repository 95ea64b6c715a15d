package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cordon/internal/words"
)

// TestInquiryWidths: on terminals of any width nothing is wider, and colour only
// adds to what is there without it.
func TestInquiryWidths(t *testing.T) {
	ansi := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for name, play := range inquiries {
		for _, width := range []int{40, 71, 72, 100, 200} {
			var text [2]string
			for i, colour := range []bool{false, true} {
				var b bytes.Buffer
				h := NewText(&b, Style{Words: words.For(words.FR), Width: width, Colour: colour, Now: func() time.Time { return night }})
				play(t, h)
				if err := h.End(); err != nil {
					t.Fatal(err)
				}
				text[i] = ansi.ReplaceAllString(b.String(), "")
			}
			keeps(t, text[0], width, false)
			if text[0] != text[1] {
				t.Errorf("%s, %d: colour changes the text", name, width)
			}
		}
	}
}

// FuzzInquiry: no string that an intruder chose does harm on any screen.
func FuzzInquiry(f *testing.F) {
	for _, h := range hostile {
		f.Add(h, int64(0), 80)
	}
	f.Add("arn:aws:iam::1:", int64(-1<<40), 60)
	f.Add("trust:a/b/c.d/", int64(1<<40), 200)
	f.Add("AKIA\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", int64(1), 72)
	f.Fuzz(func(t *testing.T, s string, at int64, width int) {
		width = 40 + max(width, -width)%200
		when := night.Add(time.Duration(at))
		e := Event{Name: s, Source: s, Region: s, Principal: s, Credential: s, Address: s, Error: s, Lane: s, Confidence: s, Resource: s, Time: when}
		his := e
		his.Lane, his.Time = "intruder", night
		gap := RecordGap{Why: s, Region: s, Detail: s, From: when, EventID: s, Account: s}
		v := Verdict{Credential: s, Kind: s, Principal: s, Seed: s, SeedFrom: s, Addresses: []string{s, s}, Agents: []string{s}, Confidence: s, First: when, Last: night,
			Issued: []IssuedCred{{ID: s, Kind: s, Principal: s}}, Techniques: []Technique{{ID: s, Name: s, Severity: s, Status: s, Attack: s, Author: s, Args: []any{s, s}}},
			Made: []MadeThing{{Resource: s, Kind: s, Change: s}}, Undo: []UndoCall{{Call: s, Resource: s}}, Gaps: []RecordGap{gap}, Why: []VerdictSign{{Word: s, Detail: s}}}
		for _, question := range []string{"verdict", "timeline", s} {
			var b bytes.Buffer
			h := NewText(&b, Style{Words: words.For(words.ZH), Width: width, Now: func() time.Time { return night }})
			tell(t, h, v, gap, e, his, e, Edge{From: s, To: s, What: s}, Edge{From: "intruder", To: s, What: s, At: when}, Cut{Target: s, Kind: s, Closes: []string{s}, Open: []string{s}},
				Creator{Resource: s, Change: s, Call: s, By: s, Credential: s, Lane: s, Error: s, Chain: []Link{{s, s, s, s, when, s}, {Credential: s, Why: s}}},
				Detection{ID: s, Title: s, Severity: s, Status: s, Principal: s, Attack: []string{s}}, Impact{Subject: s, Agent: s, Address: s, Lane: s}, Cost{Resource: s, Kind: s, Region: s},
				Inquiry{Question: question, Gaps: []RecordGap{gap}, Verdicts: 1, Lanes: map[string]int{s: 1}},
				Subject{Kind: s, ID: s, Events: 1, Agents: []Tally{{Value: s, Lane: s}}}, Answer{Question: s, Columns: []string{s}, Rows: [][]string{{s}, {s, s}}},
				TrailStatus{Events: 1, Places: []Reach{{Account: s, Region: s}}, Damaged: []Damage{{File: s, Why: s}}}, TrailProblem{What: s, File: s, Why: s}, TrailVerified{Unsigned: s, Problems: 1})
			if err := h.End(); err != nil {
				t.Fatal(err)
			}
			keeps(t, b.String(), width, false)
		}
	})
}

// TestInquiryRecords: every record of an investigation has no null where the
// contract says list, and no field that a record did not have before is lost.
func TestInquiryRecords(t *testing.T) {
	var b bytes.Buffer
	j := NewJSON(&b)
	tell(t, j, Imported{}, TrailStatus{}, TrailProblem{}, TrailVerified{}, TrailExported{}, RecordGap{}, Verdict{Techniques: []Technique{{}}, Why: []VerdictSign{{}}},
		Event{}, Creator{}, Subject{}, Edge{}, Cut{}, Impact{}, Cost{}, Detection{}, Answer{Rows: [][]string{nil}}, Inquiry{})
	if err := j.End(); err != nil || strings.Contains(b.String(), "null") {
		t.Fatalf("%v\n%s", err, &b)
	}
	var doc struct{ Records []map[string]any }
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil || len(doc.Records) != 17 {
		t.Errorf("%v, %d records", err, len(doc.Records))
	}
	v := evil()
	_ = v.whole()
	if v.Issued == nil || v.Techniques[0].EventIDs == nil {
		t.Error("whole changed what it was given")
	}
}

// TestTimelineIsBounded: however many events come, what waits does not grow, and
// nothing is lost between rows.
func TestTimelineIsBounded(t *testing.T) {
	var b bytes.Buffer
	h := NewText(&b, Style{Words: words.For(words.EN), Width: 80, Now: func() time.Time { return night }})
	const n = 20_000
	for i := range n {
		tell(t, h, call(i*7, "intruder", fmt.Sprint("Call", i%100), Event{ReadOnly: true, Resource: fmt.Sprint(i)}))
		if len(h.asked.lanes.rows) > openRows {
			t.Fatalf("%d rows wait", len(h.asked.lanes.rows))
		}
	}
	tell(t, h, inquiry0("timeline", n))
	total := 0
	for _, line := range strings.Split(b.String(), "\n") {
		if !strings.Contains(line, "Call") {
			continue
		}
		k := 1
		if _, after, many := strings.Cut(line, " ×"); many {
			if _, err := fmt.Sscan(strings.ReplaceAll(after, ",", ""), &k); err != nil {
				t.Fatal(line)
			}
		}
		total += k
	}
	if total != n {
		t.Errorf("rows tell of %d calls, there were %d", total, n)
	}
}

// TestHeldTimeline: behind verdicts a timeline waits for its Inquiry in bounded
// memory, and what had no room is counted as not shown.
func TestHeldTimeline(t *testing.T) {
	var b bytes.Buffer
	h := NewText(&b, Style{Words: words.For(words.EN), Width: 80, Now: func() time.Time { return night }})
	tell(t, h, evil())
	const n = 40_000
	for i := range n {
		tell(t, h, call(i*100, "owner", "PutObject", Event{}))
	}
	if b.Len() > 0 || h.asked.lanes.held.b.Len() > heldBytes+1000 {
		t.Errorf("%d written, %d held", b.Len(), h.asked.lanes.held.b.Len())
	}
	m := inquiry0("timeline", n)
	tell(t, h, m)
	shown := strings.Count(b.String(), "PutObject")
	if want := words.For(words.EN).Number(n - shown); shown < 1000 || !strings.Contains(b.String(), want+" more events are not shown") {
		t.Errorf("%d rows shown; it does not say that %s are not", shown, want)
	}
}

// TestViews: in its own view and with Follow a timeline is written as it comes.
func TestViews(t *testing.T) {
	for _, follow := range []bool{false, true} {
		var b bytes.Buffer
		h := NewText(&b, Style{Words: words.For(words.EN), Width: 80, Now: func() time.Time { return night }})
		h.View, h.Follow = Timeline, follow
		tell(t, h, evil(), call(0, "intruder", "First", Event{}), call(1, "intruder", "First", Event{}), call(200, "owner", "Second", Event{}))
		if got := strings.Count(b.String(), "First"); follow && got != 2 || !follow && !strings.Contains(b.String(), "First ×2") {
			t.Errorf("follow %t: %s", follow, &b)
		}
	}
}

// TestBroken: what was told before an investigation failed is on the screen.
func TestBroken(t *testing.T) {
	var b bytes.Buffer
	h := NewText(&b, Style{Words: words.For(words.EN), Width: 80, Now: func() time.Time { return night }})
	tell(t, h, evil(), call(0, "intruder", "First", Event{}), paths()[1], Cut{Target: "x", Of: 1})
	if err := h.End(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"INTRUDER 1", "First", "ASIAEXAMPLEEXAMPLE01", "CUT THIS 1"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
	n := b.Len()
	if err := h.End(); err != nil || b.Len() != n {
		t.Error("a second End wrote again")
	}
}

// TestVerdictFits: however much an intruder did, the page about him is one that
// a person reads, and says what it leaves out.
func TestVerdictFits(t *testing.T) {
	v := evil()
	for i := range 300 {
		v.Techniques = append(v.Techniques, Technique{Name: fmt.Sprint("Technique ", i), Severity: "low", Status: "done", Count: i})
		v.Issued = append(v.Issued, IssuedCred{ID: fmt.Sprint("ASIA", i), Kind: "session"})
		v.Made = append(v.Made, MadeThing{Resource: fmt.Sprint("r", i), Kind: fmt.Sprint("kind", i), Change: "created"})
		v.Undo = append(v.Undo, UndoCall{Call: fmt.Sprint("call", i), Resource: "r"})
		v.Why = append(v.Why, VerdictSign{Word: "detected"})
		v.Gaps = append(v.Gaps, RecordGap{Why: "stopped", Region: fmt.Sprint("r", i)})
		v.Addresses, v.Agents, v.Regions = append(v.Addresses, fmt.Sprint(i)), append(v.Agents, fmt.Sprint(i)), append(v.Regions, fmt.Sprint(i))
	}
	var b bytes.Buffer
	h := NewText(&b, Style{Words: words.For(words.EN), Width: 80, Now: func() time.Time { return night }})
	tell(t, h, v, inquiry0("verdict", 574))
	if n := strings.Count(b.String(), "\n"); n > 70 {
		t.Errorf("%d lines\n%s", n, &b)
	}
	if n := strings.Count(squeeze(b.String()), " more"); n < 9 {
		t.Errorf("%d times it says that there is more:\n%s", n, &b)
	}
}

// sources are the Go files of a package beside this one.
func sources(t *testing.T, pkg string) (all string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", pkg, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", pkg, err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all += string(data)
	}
	return all
}

// TestWordsOfOthers: what lineage and the engine say by a word has a text: why a
// call is whose, how a credential came to be, what a path's step is, what the
// record lacks.
func TestWordsOfOthers(t *testing.T) {
	for _, c := range []struct {
		pkg, pattern string
		keys         []string
		least        int
	}{
		{"lineage", `\n\twhy[A-Z]\w+ += "([a-z-]+)"`, []string{"lane.", "sign."}, 15},
		{"lineage", `\n\tStep[A-Z]\w+ += "([a-z-]+)"`, []string{"step."}, 5},
		{"lineage", `d\.link\([^"\n]*"([a-z-]+)"`, []string{"edge."}, 5},
		{"lineage", `\n\tNode[A-Z]\w+ += "((?:credential|sessions|trust|principal|resource))"`, []string{"screen.inquiry.node."}, 4},
		{"lineage", `CredentialKind = "([a-z-]+)"`, []string{"credential."}, 8},
		{"engine", `RecordGap\{Why: "([a-z-]+)"`, []string{"recordgap."}, 3},
		{"trail/shape", `\n\t\w+ +Shape = "([a-z-]+)"`, []string{"shape."}, 8},
	} {
		found := regexp.MustCompile(c.pattern).FindAllStringSubmatch(sources(t, c.pkg), -1)
		if len(found) < c.least {
			t.Errorf("%s: %s is there %d times, at least %d are expected: the test looks at nothing", c.pkg, c.pattern, len(found), c.least)
		}
		for _, m := range found {
			for _, prefix := range c.keys {
				if !words.For(words.EN).Has(prefix + m[1]) {
					t.Errorf("%s says %q, and there is no %s", c.pkg, m[1], prefix+m[1])
				}
			}
		}
	}
}

// TestVerifiedAsFarAsItGoes: only what was checked whole reads as whole.
func TestVerifiedAsFarAsItGoes(t *testing.T) {
	whole := TrailVerified{At: night, Segments: 1, Sources: 8, Logs: 8, Digests: 4, DigestFiles: 4, Signatures: 4}
	uncovered, unchecked, undigested, wrong := whole, whole, whole, whole
	uncovered.Uncovered = 40_000
	unchecked.Unchecked, unchecked.Signatures, unchecked.Unsigned = 4, 0, "access to CloudTrail's public keys is denied"
	undigested.Digests, undigested.DigestFiles = 0, 0
	wrong.Problems, wrong.Digests = 2, 3
	for _, lang := range words.Langs() {
		w := words.For(lang)
		for _, c := range []struct {
			m             TrailVerified
			verify, state string
			more          string
		}{
			{whole, w.T("screen.inquiry.trail.agrees"), w.T("screen.inquiry.trail.checked.agrees", "at", stamp(night)), "4"},
			{uncovered, w.T("screen.inquiry.trail.agrees.part"), w.T("screen.inquiry.trail.checked.part", "at", stamp(night)), w.T("prose.inquiry.uncovered", "n", 40_000)},
			{unchecked, w.T("screen.inquiry.trail.agrees.part"), w.T("screen.inquiry.trail.checked.part", "at", stamp(night)), w.T("unsigned.denied-keys")},
			{undigested, w.T("screen.inquiry.trail.agrees.part"), w.T("screen.inquiry.trail.checked.part", "at", stamp(night)), w.T("prose.inquiry.nodigests")},
			{wrong, w.T("screen.inquiry.trail.differs", "n", 2), w.T("screen.inquiry.trail.checked.differs", "at", stamp(night), "n", 2), w.T("screen.inquiry.trail.of", "n", 3, "all", 4)},
		} {
			var b bytes.Buffer
			h := NewText(&b, Style{Words: w, Width: 300, Now: func() time.Time { return night }})
			tell(t, h, c.m, TrailStatus{Events: 1, Verified: &c.m})
			for _, want := range []string{c.verify, c.state, c.more} {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%s: no %q in\n%s", lang, want, b.String())
				}
			}
		}
	}
}

// TestDetectionTitles: a detection of ours is named in the reader's language, a
// Sigma rule by its own title and its author.
func TestDetectionTitles(t *testing.T) {
	id := ""
	for _, key := range words.For(words.EN).Keys() {
		if rest, ok := strings.CutPrefix(key, "detection."); ok && strings.HasSuffix(rest, ".title") {
			id = strings.TrimSuffix(rest, ".title")
			break
		}
	}
	if id == "" {
		t.Fatal("the catalogues have no words of detections")
	}
	for _, lang := range words.Langs() {
		var b bytes.Buffer
		h := NewText(&b, Style{Words: words.For(lang), Width: 200, Now: func() time.Time { return night }})
		tell(t, h, Detection{ID: id, Title: "not this", Args: []any{"who", hostile[0]}}, Detection{ID: "", Title: "A rule", Author: "Somebody", Rule: "r"}, inquiry0("detections", 2))
		if s := b.String(); !strings.Contains(s, words.For(lang).T("detection."+id+".title")) || strings.Contains(s, "not this") || !strings.Contains(s, "Somebody") {
			t.Errorf("%s:\n%s", lang, s)
		}
	}
	if DetectionTitle(id) == id || DetectionTitle("x.y") != "x.y" {
		t.Error("machine records lack the English title")
	}
}
