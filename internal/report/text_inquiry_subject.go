package report

import (
	"slices"
	"strings"
	"time"

	"cordon/internal/clean"
)

// subject is the page about one key, user, role, session or address.
func (t *Text) subject(p *page, s Subject) {
	w := t.Words
	p.head(w.T("screen.inquiry.subject.head", "what", t.named(s.Kind, s.ID)))
	t.leaked(p)
	if s.Events == 0 {
		p.wrap("   ", w.T("prose.inquiry.subject.none"))
		t.gapList(p, s.Gaps, 3, true)
		return
	}
	var rows [][2]string
	add := func(key, text string) {
		if text != "" {
			rows = append(rows, [2]string{w.T("screen.inquiry." + key), text})
		}
	}
	if len(s.Lanes) <= 1 { // said once
		for _, list := range []*[]Tally{&s.Addresses, &s.Agents, &s.Regions, &s.Services, &s.Calls, &s.Keys} {
			*list = laneless(*list)
		}
	}
	add("verdict.principal", safe(s.Principal))
	add("verdict.calls", w.T("screen.inquiry.verdict.count", "n", s.Events, "failed", s.Failed))
	if !s.First.IsZero() {
		add("verdict.active", w.T("screen.inquiry.verdict.when", "from", stamp(s.First), "to", stamp(s.Last), "span", w.Span(s.Last.Sub(s.First))))
	}
	add("subject.whose", t.tallies(laneless(s.Lanes), 5, t.lane))
	add("subject.addresses", t.tallies(s.Addresses, 4, short))
	add("subject.agents", t.tallies(s.Agents, 2, brief))
	add("subject.regions", t.tallies(s.Regions, 5, short))
	add("subject.services", t.tallies(s.Services, 6, short))
	add("subject.calls", t.tallies(s.Calls, 6, short))
	add("subject.credentials", t.tallies(s.Keys, 3, short))
	add("subject.hours", t.hours(s.Hours))
	t.rows(p, rows)
	if len(s.Chain) > 0 {
		p.blank()
		p.head(w.T("screen.inquiry.subject.chain"))
		t.chain(p, "   ", s.Chain)
	}
	t.gapList(p, s.Gaps, 3, false)
}

// laneless leaves out whose what is a lane itself.
func laneless(list []Tally) []Tally {
	list = slices.Clone(list)
	for i := range list {
		list[i].Lane = ""
	}
	return list
}

// tallies are the most frequent values, each with its number, how many failed
// and whose most are.
func (t *Text) tallies(list []Tally, n int, show func(string) string) string {
	w := t.Words
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Tally) int { return b.Events - a.Events })
	var parts []string
	for i, x := range list {
		if i > n {
			parts = append(parts, "") // only counted
			continue
		}
		args := []any{"value", show(x.Value), "n", x.Events, "failed", x.Failed, "lane", t.lane(x.Lane)}
		switch {
		case x.Lane != "" && x.Failed > 0:
			parts = append(parts, w.T("screen.inquiry.tally.both", args...))
		case x.Lane != "":
			parts = append(parts, w.T("screen.inquiry.tally.lane", args...))
		case x.Failed > 0:
			parts = append(parts, w.T("screen.inquiry.tally.failed", args...))
		default:
			parts = append(parts, w.T("screen.inquiry.tally", args...))
		}
	}
	return t.some(parts, n)
}

// hours draws the hours of a day, 0 to 23 UTC, each as a bar or a digit of 0 to 9.
func (t *Text) hours(hours []int) string {
	most := 0
	for _, n := range hours {
		most = max(most, n)
	}
	if len(hours) != 24 || most == 0 {
		return ""
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	if t.ASCII {
		bars = []rune("123456789")
	}
	var b strings.Builder
	for _, n := range hours {
		if n <= 0 {
			b.WriteByte('.')
			continue
		}
		b.WriteRune(bars[int(float64(n)/float64(most)*float64(len(bars)-1))])
	}
	return t.Words.T("screen.inquiry.subject.day", "bars", b.String())
}

// chain is how a credential came to be, its root first.
func (t *Text) chain(p *page, indent string, links []Link) {
	const most = 12
	w := t.Words
	left := max(len(links)-most, 0)
	if left > 0 { // the newest are what was asked about
		p.wrap(indent, w.T("screen.inquiry.chain.before", "n", left))
	}
	for i, l := range links[left:] {
		first := indent
		if i > 0 {
			first = indent + strings.Repeat("  ", i-1) + "→ "
		}
		text := short(l.Credential)
		if l.Principal != "" {
			text += "  " + tail(l.Principal)
		}
		switch why := t.first(short(l.Why), "step."+l.Why); {
		case l.Call != "":
			text += "  " + w.T("screen.inquiry.chain.by", "why", why, "call", short(l.Call), "at", stampOr(l.At))
		case why != "":
			text += "  " + w.T("screen.inquiry.chain.why", "why", why)
		}
		p.wrap(first, strings.TrimSpace(text))
	}
}

// stampOr is a time, or a dash where there is none.
func stampOr(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return stamp(at)
}

// answer is a table: in columns where they fit, else each row below the other.
func (t *Text) answer(p *page, a Answer) {
	w := t.Words
	p.head(short(a.Question))
	n := len(a.Rows)
	if a.Shown > 0 && !t.All {
		n = min(n, a.Shown)
	}
	widths, fit := fitting(a.Columns, a.Rows[:n], t.Width-3)
	switch {
	case n == 0:
		p.wrap("   ", w.T("screen.inquiry.answer.none"))
	case fit:
		t.grid(p, a.Columns, a.Rows[:n], widths)
	default:
		t.stacked(p, a.Columns, a.Rows[:n])
	}
	t.rest(p, len(a.Rows)-n)
	if a.Scanned > 0 {
		p.wrap(" ", w.T("screen.inquiry.answer.scanned", "bytes", t.bytes(a.Scanned)))
	}
	switch {
	case a.Cached:
		p.wrap(" ", w.T("screen.inquiry.answer.cached", "at", stampOr(a.AsOf)))
	case !a.AsOf.IsZero():
		p.wrap(" ", w.T("screen.inquiry.answer.asof", "at", stamp(a.AsOf)))
	}
}

func fitting(columns []string, rows [][]string, room int) (widths []int, fit bool) {
	for i, c := range columns {
		width := clean.Width(short(c))
		for _, r := range rows {
			if i < len(r) {
				width = max(width, clean.Width(cell(r[i])))
			}
		}
		widths = append(widths, width)
		room -= width + 2
	}
	return widths, room >= -2
}

func cell(s string) string { return clean.TextCap(s, 40) }

func (t *Text) grid(p *page, columns []string, rows [][]string, widths []int) {
	write := func(row []string, paint string) {
		line := "   "
		for i, width := range widths {
			value := ""
			if i < len(row) {
				value = cell(row[i])
			}
			line += clean.Pad(value, width) + "  "
		}
		p.line("   " + p.paint(paint, strings.TrimRight(line[3:], " ")))
	}
	write(columns, bold)
	for _, r := range rows {
		write(r, "")
	}
}

func (t *Text) stacked(p *page, columns []string, rows [][]string) {
	for i, r := range rows {
		if i > 0 {
			p.blank()
		}
		for j, value := range r {
			name := ""
			if j < len(columns) {
				name = short(columns[j])
			}
			p.wrap("   ", name+": "+safe(value))
		}
	}
}
