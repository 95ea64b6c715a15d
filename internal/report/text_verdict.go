package report

import (
	"cmp"
	"slices"
	"strings"

	"cordon/internal/clean"
	"cordon/internal/finding"
)

// How much of each part stands on the page of a verdict; what is left out is
// counted on it, and `-o jsonl` has it.
const (
	someNames      = 2
	someSigns      = 3
	someTechniques = 7
	someIssued     = 3
	someMade       = 5
	someUndo       = 4
)

// judged is the page about one intruder: who, from where, since when, how sure;
// what he did, had issued and made, what would take it back, what the record
// cannot tell.
func (t *Text) judged(p *page, v Verdict) {
	w := t.Words
	head := w.T("screen.inquiry.verdict.bare", "number", v.Number)
	if v.Confidence != "" {
		head = w.T("screen.inquiry.verdict.head", "number", v.Number, "sure", t.first(short(v.Confidence), "confidence."+v.Confidence))
	}
	p.ink(red, " ", head)
	t.rows(p, t.who(v))
	t.signs(p, v.Why)
	t.techniques(p, v.Techniques)
	t.issued(p, v.Issued)
	t.made(p, v.Made)
	t.undo(p, v.Undo)
	t.gapList(p, v.Gaps, 2, false)
}

func (t *Text) who(v Verdict) (rows [][2]string) {
	w := t.Words
	add := func(key, text string) {
		if text != "" {
			rows = append(rows, [2]string{w.T("screen.inquiry.verdict." + key), text})
		}
	}
	add("who", t.named(v.Kind, v.Credential))
	add("principal", safe(v.Principal))
	add("from", t.safely(v.Addresses, someNames+1))
	add("with", t.some(agents(v.Agents), someNames))
	add("regions", t.safely(v.Regions, 5))
	if !v.First.IsZero() {
		add("active", w.T("screen.inquiry.verdict.when", "from", stamp(v.First), "to", stamp(v.Last), "span", w.Span(v.Last.Sub(v.First))))
	}
	key := "screen.inquiry.verdict.count"
	switch {
	case v.Unsure > 0:
		key = "screen.inquiry.verdict.unsure"
	case v.Attempted == 0:
		key = "screen.inquiry.verdict.well"
	}
	add("calls", w.T(key, "n", v.Events, "failed", v.Attempted, "unsure", v.Unsure))
	if v.Seed != "" && (v.Seed != v.Credential || v.SeedFrom != "found") {
		key := "screen.inquiry.seed." + v.SeedFrom
		if w.Has(key) {
			add("began", w.T(key, "seed", short(v.Seed)))
		} else {
			add("began", short(v.Seed))
		}
	}
	if len(v.Issued) == 0 {
		add("issued", w.T("screen.inquiry.verdict.none"))
	}
	return rows
}

// signs are the reasons why this is held to be an intruder's.
func (t *Text) signs(p *page, why []VerdictSign) {
	if len(why) == 0 {
		return
	}
	w := t.Words
	why = slices.Clone(why)
	slices.SortStableFunc(why, func(a, b VerdictSign) int {
		return cmp.Or(weak(a.Word)-weak(b.Word), cmp.Compare(len(b.EventIDs), len(a.EventIDs)))
	})
	p.blank()
	p.head(w.T("screen.inquiry.verdict.why"))
	for _, s := range why[:min(len(why), someSigns)] {
		text := t.first(short(s.Word), "sign."+s.Word, "lane."+s.Word, "detection."+s.Word+".title")
		if s.Detail != "" {
			text = w.T("screen.inquiry.detail", "text", text, "detail", t.first(short(s.Detail), "detection."+s.Detail+".title"))
		}
		if n := len(s.EventIDs); n > 0 {
			text = w.T("screen.inquiry.verdict.sign", "why", text, "n", n)
		}
		p.wrap("   ", text)
	}
	t.rest(p, len(why)-someSigns)
}

// weak orders signs: where and how the calls came says more about who it is than
// what they did, and some words only say what is not known.
func weak(word string) int {
	switch word {
	case "off-instance", "root", "new-address", "new-agent", "same-origin", "from-intruder-address", "issued-by-suspect", "marked":
		return 0
	case "new-region", "new-calls", "odd-hour", "overlapping":
		return 1
	case "detected", "seed", "same-agent", "unsettled":
		return 3
	case "no-history", "no-sign", "not-suspect", "before-intrusion", "known-address", "known-agent", "known-calls", "known-origin", "habit":
		return 4
	}
	return 2 // detections
}

// rest says how many are left out.
func (t *Text) rest(p *page, n int) {
	if n > 0 {
		p.wrap("   ", t.Words.T("screen.inquiry.rest", "n", n))
	}
}

// grade reads a severity as records have it.
func grade(s string) finding.Severity {
	for g := finding.Info; g <= finding.Critical; g++ {
		if g.String() == s {
			return g
		}
	}
	return finding.Info
}

// title is what a detection is called; one that has no words, such as a Sigma
// rule, has its own title, with its author.
func (t *Text) title(id, name, author string, args []any) string {
	w := t.Words
	text := short(name)
	if key := "detection." + id + ".title"; w.Has(key) {
		text = w.T(key, safeArgs(args)...)
	} else if text == "" {
		text = short(id)
	}
	if author != "" {
		text = w.T("screen.inquiry.author", "title", text, "author", short(author))
	}
	return text
}

// safeArgs are arguments of words whose values come from events.
func safeArgs(args []any) []any {
	out := slices.Clone(args)
	for i, a := range out {
		if s, ok := a.(string); ok && i%2 == 1 {
			out[i] = short(s)
		}
	}
	return out
}

// merged counts techniques of one name and outcome together, the gravest and
// what was done first.
func merged(ts []Technique) []Technique {
	var out []Technique
	for _, x := range ts {
		i := slices.IndexFunc(out, func(y Technique) bool {
			return x.ID == y.ID && x.Name == y.Name && x.Status == y.Status && x.Severity == y.Severity
		})
		if i < 0 {
			if len(out) < kept {
				out = append(out, x)
			}
			continue
		}
		out[i].Count += x.Count
		if x.First.Before(out[i].First) {
			out[i].First = x.First
		}
	}
	slices.SortStableFunc(out, func(a, b Technique) int {
		return cmp.Or(cmp.Compare(grade(b.Severity), grade(a.Severity)), cmp.Compare(b.Status, a.Status),
			cmp.Compare(b.Count, a.Count), a.First.Compare(b.First), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (t *Text) techniques(p *page, ts []Technique) {
	if len(ts) == 0 {
		return
	}
	p.blank()
	p.head(t.Words.T("screen.inquiry.verdict.did"))
	ts = merged(ts)
	var list []deed
	for _, x := range ts[:min(len(ts), someTechniques)] {
		list = append(list, deed{x.Severity, t.title(x.ID, x.Name, x.Author, x.Args), x.Status, firstWord(x.Attack), "", x.Count})
	}
	t.deeds(p, list)
	t.rest(p, len(ts)-someTechniques)
}

// A deed is one line about something that was done, or tried; a note stands
// below it.
type deed struct {
	severity, title, status, attack, note string
	count                                 int
}

// deeds is their table: how grave, what, done or tried, how often, technique.
func (t *Text) deeds(p *page, list []deed) {
	w := t.Words
	sevW, statusW, nW := 0, 0, 0
	for _, d := range list {
		sevW = max(sevW, clean.Width(t.severity(grade(d.severity))))
		statusW = max(statusW, clean.Width(t.outcome(d.status)))
		nW = max(nW, clean.Width(w.Number(d.count)))
	}
	const technique = 9
	left := 3 + sevW + 2
	width := p.Width - left - (2 + statusW + 2 + nW + 2 + technique)
	under := strings.Repeat(" ", left)
	for _, d := range list {
		g := grade(d.severity)
		first := "   " + p.paint(severityColour[g], clean.Pad(t.severity(g), sevW)) + "  "
		count := w.Number(d.count)
		count = strings.Repeat(" ", nW-clean.Width(count)) + count
		right := "  " + clean.Pad(t.outcome(d.status), statusW) + "  " + count + "  " + clean.Fit(short(d.attack), technique)
		lines := clean.Wrap(d.title, max(width, 26))
		if width < 26 {
			right = ""
			lines = clean.Wrap(d.title, max(p.Width-left, 16))
		}
		for i, line := range lines {
			if i == 0 && right != "" {
				line = clean.Pad(line, width) + right
			}
			p.line(first + line)
			first = under
		}
		if right == "" {
			p.wrap(under, w.T("screen.inquiry.deed", "status", t.outcome(d.status), "n", d.count, "attack", short(d.attack)))
		}
		if d.note != "" {
			p.wrap(under+"  ", d.note)
		}
	}
}

// outcome says whether something was done or tried.
func (t *Text) outcome(s string) string {
	return clean.Fit(t.first(short(s), "technique."+s), 12)
}

func (t *Text) issued(p *page, list []IssuedCred) {
	if len(list) == 0 {
		return
	}
	w := t.Words
	p.blank()
	p.head(w.T("screen.inquiry.verdict.issued.head", "n", len(list)))
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b IssuedCred) int {
		return cmp.Or(used(b)-used(a), cmp.Compare(b.Events, a.Events), a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
	for _, c := range list[:min(len(list), someIssued)] {
		use := w.T("screen.inquiry.unused")
		if c.Used {
			use = w.T("screen.inquiry.used", "n", c.Events)
		}
		whom := ""
		if c.Principal != "" {
			whom = "  " + tail(c.Principal)
		}
		p.wrap("   ", t.named(c.Kind, c.ID)+whom+"  "+use)
	}
	t.rest(p, len(list)-someIssued)
}

func used(c IssuedCred) int {
	if c.Used {
		return 1
	}
	return 0
}

// made groups what was made by what was done to it and by kind.
func (t *Text) made(p *page, list []MadeThing) {
	if len(list) == 0 {
		return
	}
	type group struct{ change, kind string }
	names := map[group][]string{}
	var order []group
	for _, m := range list {
		g := group{m.Change, m.Kind}
		if names[g] == nil {
			order = append(order, g)
		}
		if name := tail(m.Resource); !slices.Contains(names[g][:min(len(names[g]), 50)], name) {
			names[g] = append(names[g], name)
		}
	}
	slices.SortStableFunc(order, func(a, b group) int { return cmp.Or(byChange(a.change, b.change), cmp.Compare(a.kind, b.kind)) })
	w := t.Words
	p.blank()
	p.head(w.T("screen.inquiry.verdict.made"))
	width := 0
	for _, c := range changes {
		width = max(width, clean.Width(t.change(c)))
	}
	for _, g := range order[:min(len(order), someMade)] {
		what := t.first(short(g.kind), "kind."+g.kind)
		p.wrap("   "+clean.Pad(t.change(g.change), width)+"  ", w.T("screen.inquiry.of", "what", what, "list", t.some(names[g], someNames)))
	}
	t.rest(p, len(order)-someMade)
}

// undo groups the calls that would take things back.
func (t *Text) undo(p *page, list []UndoCall) {
	if len(list) == 0 {
		return
	}
	on := map[string][]string{}
	var order []string
	for _, u := range list {
		if on[u.Call] == nil {
			order = append(order, u.Call)
		}
		if name := tail(u.Resource); !slices.Contains(on[u.Call][:min(len(on[u.Call]), 50)], name) {
			on[u.Call] = append(on[u.Call], name)
		}
	}
	w := t.Words
	p.blank()
	p.head(w.T("screen.inquiry.verdict.undo"))
	for _, call := range order[:min(len(order), someUndo)] {
		p.wrap("   ", w.T("screen.inquiry.of", "what", short(call), "list", t.some(on[call], someNames)))
	}
	t.rest(p, len(order)-someUndo)
}

// noIntruder is the page where the record shows none. That is no proof.
func (t *Text) noIntruder(p *page, m Inquiry) {
	w := t.Words
	if m.Unjudged > 0 {
		p.head(w.T("screen.inquiry.verdict.unjudged", "n", m.Unjudged))
	} else {
		p.head(w.T("screen.inquiry.verdict.nobody"))
	}
	p.wrap("   ", w.T("prose.inquiry.nobody"))
	t.pending(p)
	t.gapList(p, m.Gaps, 3, true)
	p.blank()
	p.wrap(" ", t.basis(m))
	p.blank()
	p.head(w.T("screen.inquiry.next"))
	t.commands(p, [][2]string{
		{"cordon investigate detections", w.T("screen.inquiry.do.detections")},
		{"cordon investigate key KEY", w.T("screen.inquiry.do.key")},
		{"cordon investigate verdict --seed KEY", w.T("screen.inquiry.do.seed")},
		{"cordon trail import PATH", w.T("screen.inquiry.do.import")},
	})
}

// firstWord of several techniques: the others are in the records.
func firstWord(s string) string { s, _, _ = strings.Cut(s, " "); return s }
