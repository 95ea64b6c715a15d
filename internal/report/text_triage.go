package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cordon/internal/clean"
	"cordon/internal/finding"
)

// live is how fresh an intruder's last call must be to say that it goes on.
const live = 2 * time.Hour

// someServices is how many services a screen counts the calls of; `-o json` has
// them all.
const someServices = 8

// triage is the screen that a frightened owner reads first: what is happening,
// is it going on, what could not be seen, what to do next.
func (t *Text) triage(s Summary) *page {
	p, w := t.page(), t.Words
	t.header(p)
	found := slices.DeleteFunc(slices.Clone(t.finds), func(f Finding) bool { return f.Outcome != finding.Found })
	p.blank()
	t.verdict(p, s, found)
	if len(t.leaks) > 0 {
		p.blank()
		t.leaked(p)
	}
	if len(found) > 0 {
		p.blank()
		p.head(w.T("screen.triage.found"))
		t.table(p, found)
	}
	if s.Clear > 0 {
		p.wrap(" ", w.T("screen.triage.clear", "n", s.Clear))
	}
	t.unseen(p, s)
	if s.TrailLag > 0 {
		p.wrap(" ", w.T("prose.triage.lag", "n", s.TrailLag))
	}
	p.blank()
	t.next(p, s, found)
	p.blank()
	p.wrap(" ", t.calls(s.Calls, s.Retries, s.ElapsedMS))
	p.wrap(" ", w.T("prose.triage.guidance"))
	if n := len(s.NotChecked); n > 0 {
		p.wrap(" ", w.T("prose.triage.blind", "n", n))
	}
	t.gaps, t.finds = nil, nil
	return p
}

func (t *Text) header(p *page) {
	c, w := t.head, t.Words
	if c == nil {
		return
	}
	mode, colour := w.T("screen.mode.read"), blue
	if Drill(c.Endpoint) {
		mode, colour = w.T("screen.mode.drill"), green
	}
	p.line("cordon  " + p.paint(colour, mode))
	p.wrap("", w.T("screen.head.account", "account", account(c.Account), "partition", safe(c.Partition), "case", safe(c.Case)))
	p.wrap("", w.T("screen.head.caller", "caller", safe(c.Caller)))
	if c.Source != "" {
		p.wrap("  ", w.T("screen.head.source", "source", safe(c.Source)))
	}
	if c.Endpoint != "" {
		p.wrap("  ", w.T("screen.head.endpoint", "endpoint", safe(c.Endpoint)))
	}
	p.line(stamp(t.Now()))
	if c.Narrowed {
		p.line(p.paint(yellow, strings.Repeat("=", min(p.Width, 76))))
		p.wrap("", w.T("prose.head.narrowed", "n", len(c.Regions), "all", c.AllCount, "regions", safe(strings.Join(c.Regions, ", "))))
		p.line(p.paint(yellow, strings.Repeat("=", min(p.Width, 76))))
	} else {
		p.wrap("", w.T("screen.head.regions", "n", len(c.Regions), "all", c.AllCount))
	}
	if !c.Since.IsZero() {
		p.wrap("", w.T("screen.head.since", "since", stamp(c.Since)))
	} else {
		p.wrap("", w.T("screen.head.sinceless"))
	}
	if c.Deadline != nil {
		p.wrap("", w.T("screen.head.deadline", "when", stamp(*c.Deadline)))
	}
}

// verdict is one sentence and the few numbers behind it.
func (t *Text) verdict(p *page, s Summary, found []Finding) {
	w := t.Words
	suspicious := s.Suspects > 0 || slices.ContainsFunc(found, func(f Finding) bool {
		return f.Severity >= finding.High && f.Confidence == finding.Sure
	})
	going := s.LastSeen != nil && t.Now().Sub(*s.LastSeen) < live
	key, colour := "screen.verdict.clear", green
	switch {
	case suspicious && going:
		key, colour = "screen.verdict.ongoing", red
	case suspicious:
		key, colour = "screen.verdict.suspicious", red
	case len(found) > 0:
		key, colour = "screen.verdict.ask", yellow
	case s.Unknown > 0:
		key, colour = "screen.verdict.blind", yellow
	}
	for _, line := range clean.Wrap(w.T(key), p.Width-1) {
		p.line(" " + p.paint(colour, line))
	}
	var rows [][2]string
	add := func(key, text string) { rows = append(rows, [2]string{w.T(key), text}) }
	if s.LastSeen != nil {
		add("screen.verdict.last", w.T("screen.verdict.when", "when", stamp(*s.LastSeen), "ago", w.Ago(t.Now().Sub(*s.LastSeen))))
	}
	if s.FirstSeen != nil {
		add("screen.verdict.first", stamp(*s.FirstSeen))
	}
	if s.Suspects > 0 {
		add("screen.verdict.suspects", w.Number(s.Suspects))
	}
	if s.Running > 0 {
		add("screen.verdict.running", w.T("screen.verdict.instances", "n", s.Running, "regions", s.RunningIn))
	}
	t.rows(p, rows)
}

func (t *Text) rows(p *page, rows [][2]string) {
	width := 0
	for _, r := range rows {
		width = max(width, clean.Width(r[0]))
	}
	for _, r := range rows {
		p.label(r[0], width, r[1])
	}
}

var severityColour = map[finding.Severity]string{finding.Critical: red, finding.High: red, finding.Medium: yellow}

// table lists findings: number, severity, title, how many, how sure, technique.
func (t *Text) table(p *page, fs []Finding) {
	w := t.Words
	sure := w.T("screen.triage.sure")
	sevW, sureW, nW := 0, clean.Width(sure), 0
	for _, f := range fs {
		sevW = max(sevW, clean.Width(t.severity(f.Severity)))
		sureW = max(sureW, clean.Width(t.confidence(f.Confidence)))
		nW = max(nW, len(w.Number(len(f.Hits))))
	}
	const technique = 9
	left := 1 + 3 + 1 + sevW + 2
	right := 2 + nW + 2 + sureW + 2 + technique
	titleW := p.Width - left - right
	if titleW < 26 {
		t.stack(p, fs, left)
		return
	}
	if len(fs) > 0 {
		p.line(strings.Repeat(" ", left+titleW+2+nW+2) + sure)
	}
	for _, f := range fs {
		attack := ""
		if len(f.Attack) > 0 {
			attack = f.Attack[0]
		}
		for i, line := range clean.Wrap(t.name(f), titleW) {
			if i > 0 {
				p.line(strings.Repeat(" ", left) + line)
				continue
			}
			p.line(fmt.Sprintf(" %3d %s  %s  %*s  %s  %s", f.Number, p.paint(severityColour[f.Severity], clean.Pad(t.severity(f.Severity), sevW)),
				clean.Pad(line, titleW), nW, t.count(f), clean.Pad(t.confidence(f.Confidence), sureW), safe(attack)))
		}
	}
}

// stack is the table for a narrow terminal.
func (t *Text) stack(p *page, fs []Finding, left int) {
	for _, f := range fs {
		p.wrap(fmt.Sprintf(" %3d %s  ", f.Number, t.severity(f.Severity)), t.name(f))
		more := t.Words.T("screen.triage.stack", "sure", t.confidence(f.Confidence), "n", len(f.Hits))
		if len(f.Attack) > 0 {
			more += "  " + safe(f.Attack[0])
		}
		p.wrap("     ", more)
	}
}

func (t *Text) count(f Finding) string {
	if f.Outcome != finding.Found {
		return "-"
	}
	return t.Words.Number(len(f.Hits))
}

func (t *Text) severity(s finding.Severity) string {
	return t.first(s.String(), "severity."+s.String())
}

func (t *Text) confidence(c finding.Confidence) string {
	return t.first(string(c), "confidence."+string(c))
}

func (t *Text) name(f Finding) string {
	name := t.first(safe(f.Check), "check."+f.Check+".title")
	if f.Outcome == finding.Unknown {
		name += " " + t.Words.T("screen.finding.unknown")
	} else if f.Outcome == finding.Clear {
		name += " " + t.Words.T("screen.finding.clear")
	}
	return name
}

func (t *Text) calls(calls map[string]int, retries int, ms int64) string {
	total, parts := 0, []string(nil)
	services := slices.Collect(maps.Keys(calls))
	slices.SortFunc(services, func(a, b string) int {
		return cmp.Or(cmp.Compare(calls[b], calls[a]), cmp.Compare(a, b))
	})
	for i, s := range services {
		total += calls[s]
		if i < someServices {
			parts = append(parts, safe(s)+" "+t.Words.Number(calls[s]))
		}
	}
	if len(services) > someServices {
		parts = append(parts, "…")
	}
	line := t.Words.T("screen.calls", "n", total, "services", strings.Join(parts, ", "), "time", t.elapsed(ms))
	if retries > 0 {
		line += " " + t.Words.T("screen.retries", "n", retries)
	}
	return line
}

// unseen says what could not be looked at, grouped so that it stays short.
func (t *Text) unseen(p *page, s Summary) {
	if len(t.gaps) == 0 {
		return
	}
	w := t.Words
	p.blank()
	p.head(w.T("screen.unseen"))
	if s.Unknown > 0 {
		p.wrap("   ", w.T("screen.unseen.checks", "n", s.Unknown))
	}
	for _, line := range t.gapLines(t.gaps) {
		p.wrap("   ", line)
	}
	p.wrap("   ", w.T("screen.unseen.help", "command", "cordon help gaps"))
}

// next says what to do: one thing now, then, and what can wait.
func (t *Text) next(p *page, s Summary, found []Finding) {
	w := t.Words
	var ask []int
	answer := false
	for _, f := range found {
		open := slices.ContainsFunc(f.Hits, func(h finding.Hit) bool { return f.Marks[h.Ref.String()] != "mine" })
		marked := slices.ContainsFunc(f.Hits, func(h finding.Hit) bool { return f.Marks[h.Ref.String()] == "not-mine" })
		answer = answer || f.Answer != "" && open || marked
		if f.Confidence == finding.Ask && slices.ContainsFunc(f.Hits, func(h finding.Hit) bool { return f.Marks[h.Ref.String()] == "" }) {
			ask = append(ask, f.Number)
		}
	}
	denied := slices.ContainsFunc(t.gaps, func(g Gap) bool { return g.Permission != "" })
	var now, then, wait [][2]string
	switch {
	case answer:
		now = append(now, [2]string{"cordon plan contain", w.T("prose.do.contain")})
	case len(found) > 0:
		now = append(now, [2]string{fmt.Sprintf("cordon finding show %d", found[0].Number), w.T("screen.do.show")})
	case denied:
		now = append(now, [2]string{"cordon policy triage", w.T("screen.do.policy")})
	case s.Unknown > 0:
		now = append(now, [2]string{"cordon triage", w.T("screen.do.again")})
	}
	if len(found) > 0 {
		then = append(then, [2]string{fmt.Sprintf("cordon finding explain %d", found[0].Number), w.T("screen.do.explain")})
	}
	if len(ask) > 0 {
		then = append(then, [2]string{fmt.Sprintf("cordon finding mark %d mine", ask[0]), w.T("screen.do.mark", "list", numbers(ask))})
	}
	if denied && len(found) > 0 {
		then = append(then, [2]string{"cordon policy triage", w.T("screen.do.policy")})
	}
	if answer {
		wait = append(wait, [2]string{"", w.T("prose.do.wait")})
	}
	wait = append(wait, [2]string{"cordon case export", w.T("screen.do.export")})
	for _, part := range []struct {
		key  string
		rows [][2]string
	}{{"screen.do.now", now}, {"screen.do.then", then}, {"screen.do.later", wait}} {
		if len(part.rows) > 0 {
			p.head(w.T(part.key))
			t.commands(p, part.rows)
		}
	}
}

func (t *Text) commands(p *page, rows [][2]string) {
	for _, r := range rows {
		switch {
		case r[0] == "":
			p.wrap("   ", r[1])
		case p.Width < 72 || clean.Width(r[0]) > 27: // a command is copied: it is never cut
			p.line("   " + p.paint(bold, r[0]))
			p.wrap("     ", r[1])
		default:
			lines := clean.Wrap(r[1], p.Width-3-29)
			p.line("   " + p.paint(bold, clean.Pad(r[0], 27)) + "  " + lines[0])
			for _, l := range lines[1:] {
				p.line(strings.Repeat(" ", 32) + l)
			}
		}
	}
}
