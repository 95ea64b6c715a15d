package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cordon/internal/clean"
)

const (
	someDamage = 5
	somePlaces = 12
)

// imported says what could not be read before what was.
func (t *Text) imported(p *page, m Imported) {
	w := t.Words
	t.damaged(p, "screen.inquiry.trail.damaged", m.Damaged)
	t.damaged(p, "screen.inquiry.trail.skipped", m.Skipped)
	p.separate()
	p.head(w.T("screen.inquiry.trail.imported", "n", m.Events))
	var rows [][2]string
	add := func(key, text string) {
		if text != "" {
			rows = append(rows, [2]string{w.T("screen.inquiry.trail." + key), text})
		}
	}
	add("files", w.T("screen.inquiry.trail.filecount", "n", m.Files, "new", m.New, "known", m.Known))
	if m.New > 0 {
		add("size", t.bytes(m.Bytes))
	}
	if m.Duplicates > 0 {
		add("duplicates", w.T("screen.inquiry.trail.dupcount", "n", m.Duplicates))
	}
	add("span", t.span(m.First, m.Last))
	add("shapes", t.counts(m.Shapes, "shape."))
	if m.Rules > 0 {
		add("rules", w.T("screen.inquiry.trail.rulecount", "n", m.Rules, "hits", m.RuleHits))
	}
	add("took", t.elapsed(m.ElapsedMS))
	t.rows(p, rows)
	p.blank()
	p.head(w.T("screen.inquiry.next"))
	t.commands(p, [][2]string{
		{"cordon investigate verdict", w.T("screen.inquiry.do.verdict")},
		{"cordon trail status", w.T("screen.inquiry.do.status")},
	})
}

// damaged lists what was left out, by reason: how often, and the first places.
func (t *Text) damaged(p *page, head string, list []Damage) {
	if len(list) == 0 {
		return
	}
	w := t.Words
	var order []string
	by := map[string][]Damage{}
	for _, d := range list {
		why := t.damage(d.Why)
		if by[why] == nil {
			order = append(order, why)
		}
		by[why] = append(by[why], d)
	}
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(len(by[b]), len(by[a])) })
	p.separate()
	p.head(w.T(head, "n", len(list)))
	for _, why := range order[:min(len(order), someDamage)] {
		records, files := 0, []string(nil)
		for _, d := range by[why] {
			records += d.Count
			if name := file(d.File); !slices.Contains(files[:min(len(files), 20)], name) {
				files = append(files, name)
			}
		}
		text := why
		if records > 0 {
			text = w.T("screen.inquiry.trail.records", "why", text, "n", records)
		}
		p.ink(yellow, "   ", text)
		p.wrap("     ", t.some(files, 2))
	}
	t.rest(p, len(order)-someDamage)
}

// damages are the reasons of readers, which say them in English, by a part of
// them that stays.
var damages = [][2]string{
	{"half a r", "half"}, {"no end", "half"}, {"EOF", "half"}, {"inflate", "inflate"}, {"gzip", "inflate"}, {"record of more than", "large"},
	{"nested", "deep"}, {"lists within", "deep"}, {"without a record", "barren"}, {"nsight", "insight"}, {"igest", "digest"},
	{"not CloudTrail", "foreign"}, {"not a CloudTrail", "foreign"}, {"broken JSON", "broken"}, {"unexpected", "broken"},
	{"permission denied", "denied"}, {"symbolic link", "link"},
	{"that equal others", "copies"}, {"from a table without", "poorer"}, {"full identity, the request", "bodies"},
}

// damage is a reason in the reader's language where it is a known one.
func (t *Text) damage(why string) string {
	for _, d := range damages {
		if strings.Contains(why, d[0]) {
			return t.Words.T("damage." + d[1])
		}
	}
	return t.first(safe(why), "damage."+why)
}

// file is the end of a long name: what tells log files apart is at the end.
func file(s string) string {
	const most = 72
	if r := []rune(s); len(r) > most {
		s = "…" + string(r[len(r)-most:])
	}
	return clean.TextCap(s, most*2)
}

func (t *Text) counts(m map[string]int, prefix string) string {
	names := slices.Collect(maps.Keys(m))
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
	var parts []string
	for _, n := range names {
		parts = append(parts, t.Words.T("screen.inquiry.tally", "value", t.first(short(n), prefix+n), "n", m[n]))
	}
	return strings.Join(parts, t.Words.T("screen.inquiry.comma"))
}

// bytes writes a size in units of 1,000.
func (t *Text) bytes(n int64) string {
	size, unit := float64(n), "b"
	for _, u := range []string{"kb", "mb", "gb"} {
		if size < 1000 {
			break
		}
		size, unit = size/1000, u
	}
	return t.Words.T("screen.inquiry.bytes."+unit, "size", round(size))
}

// status says what the store holds: what is missing first.
func (t *Text) status(p *page, m TrailStatus) {
	w := t.Words
	if m.Events == 0 && len(m.Damaged) == 0 {
		p.head(w.T("screen.inquiry.trail.empty"))
		t.commands(p, [][2]string{
			{"cordon trail import PATH", w.T("screen.inquiry.do.import")},
			{"cordon trail import event-history", w.T("screen.inquiry.do.history")},
		})
		return
	}
	t.damaged(p, "screen.inquiry.trail.damaged", m.Damaged)
	t.gapList(p, m.Gaps, 4, true)
	p.separate()
	p.head(w.T("screen.inquiry.trail.holds", "n", m.Events))
	var rows [][2]string
	add := func(key, text string) {
		if text != "" {
			rows = append(rows, [2]string{w.T("screen.inquiry.trail." + key), text})
		}
	}
	add("files", w.Number(m.Files))
	add("size", t.bytes(m.Bytes))
	add("span", t.span(m.First, m.Last))
	add("rules", short(m.Rules))
	add("checked", t.checked(m.Verified))
	t.rows(p, rows)
	t.places(p, m.Places)
}

// places is how far the record goes, by account and Region.
func (t *Text) places(p *page, list []Reach) {
	if len(list) == 0 {
		return
	}
	w := t.Words
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Reach) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region))
	})
	n := min(len(list), somePlaces)
	if t.All {
		n = len(list)
	}
	p.blank()
	p.head(w.T("screen.inquiry.trail.places", "n", len(list)))
	width := 0
	for _, r := range list[:n] {
		width = max(width, clean.Width(w.Number(r.Events)))
	}
	for _, r := range list[:n] {
		count := w.Number(r.Events)
		count = strings.Repeat(" ", width-clean.Width(count)) + count
		line, days := "   "+clean.Pad(account(r.Account), 15)+clean.Pad(short(r.Region), 15)+"  "+count, t.days(r.First, r.Last)
		if clean.Width(line)+2+clean.Width(days) <= p.Width {
			p.line(line + "  " + days)
			continue
		}
		p.wrap("   ", strings.TrimSpace(line))
		p.wrap("     ", days)
	}
	t.rest(p, len(list)-n)
}

// days is a span to the day: a table of many has no room for more.
func (t *Text) days(from, to time.Time) string {
	if from.IsZero() || to.IsZero() {
		return t.span(from, to)
	}
	return t.Words.T("screen.inquiry.span", "from", from.UTC().Format(time.DateOnly), "to", to.UTC().Format(time.DateOnly))
}

// problems are what a verification found wrong, by what and why.
func (t *Text) problems(p *page, list []TrailProblem) {
	if len(list) == 0 {
		return
	}
	type group struct{ what, why string }
	var order []group
	by := map[group][]string{}
	for _, x := range list {
		g := group{x.What, x.Why}
		if by[g] == nil {
			order = append(order, g)
		}
		by[g] = append(by[g], file(x.File))
	}
	w := t.Words
	p.separate()
	p.head(w.T("screen.inquiry.trail.problems", "n", len(list)))
	for _, g := range order[:min(len(order), 12)] {
		p.ink(yellow, "   ", w.T("screen.inquiry.of", "what", t.first(short(g.what), "problem."+g.what), "list", t.damage(g.why)))
		p.wrap("     ", t.some(by[g], 3))
	}
	t.rest(p, len(order)-12)
}

func (t *Text) trailVerified(p *page, m TrailVerified) {
	w := t.Words
	t.pending(p)
	p.separate()
	switch {
	case m.Problems > 0:
		p.ink(yellow, " ", w.T("screen.inquiry.trail.differs", "n", m.Problems))
	case m.Whole():
		p.ink(green, " ", w.T("screen.inquiry.trail.agrees"))
	default:
		p.ink(yellow, " ", w.T("screen.inquiry.trail.agrees.part"))
	}
	of := func(n, all int) string { return w.T("screen.inquiry.trail.of", "n", n, "all", all) }
	t.rows(p, [][2]string{
		{w.T("screen.inquiry.trail.segments"), w.Number(m.Segments)},
		{w.T("screen.inquiry.trail.sources"), w.Number(m.Sources)},
		{w.T("screen.inquiry.trail.digests"), of(m.Digests, m.DigestFiles)},
		{w.T("screen.inquiry.trail.signatures"), of(m.Signatures, m.Signatures+m.Unchecked)},
		{w.T("screen.inquiry.trail.named"), w.Number(m.Logs)},
	})
	if m.Unsigned != "" {
		p.wrap("   ", w.T("prose.inquiry.unsigned", "why", t.unsigned(m.Unsigned)))
	}
	if m.DigestFiles == 0 {
		p.wrap("   ", w.T("prose.inquiry.nodigests"))
	}
	if m.Uncovered > 0 {
		p.wrap("   ", w.T("prose.inquiry.uncovered", "n", m.Uncovered))
	}
}

// unsigneds are the reasons for which signatures are not checked, by a part of
// them that stays.
var unsigneds = [][2]string{
	{"nobody is signed in", "offline"}, {"does not list", "unlisted"}, {"a copy in a folder", "beside"},
	{"public keys is denied", "denied-keys"}, {"the file is denied", "denied-signature"},
}

// unsigned are such reasons in the reader's language where they are known ones.
func (t *Text) unsigned(list string) string {
	parts := strings.Split(list, "; ")
	for i, why := range parts {
		known := slices.IndexFunc(unsigneds, func(u [2]string) bool { return strings.Contains(why, u[0]) })
		if parts[i] = safe(why); known >= 0 {
			parts[i] = t.Words.T("unsigned." + unsigneds[known][1])
		}
	}
	return strings.Join(parts, t.Words.T("screen.inquiry.comma"))
}

// checked is the last verification on one line.
func (t *Text) checked(m *TrailVerified) string {
	w := t.Words
	switch {
	case m == nil:
		return w.T("screen.inquiry.trail.checked.never")
	case m.Problems > 0:
		return w.T("screen.inquiry.trail.checked.differs", "at", stamp(m.At), "n", m.Problems)
	case m.Whole():
		return w.T("screen.inquiry.trail.checked.agrees", "at", stamp(m.At))
	}
	return w.T("screen.inquiry.trail.checked.part", "at", stamp(m.At))
}

func (t *Text) exported(p *page, m TrailExported) {
	w := t.Words
	p.head(w.T("screen.inquiry.trail.exported", "n", m.Events))
	t.rows(p, [][2]string{
		{w.T("screen.inquiry.trail.dir"), safe(m.Dir)},
		{w.T("screen.inquiry.trail.layout"), short(m.Layout)},
		{w.T("screen.inquiry.trail.files"), w.Number(m.Files)},
		{w.T("screen.inquiry.trail.size"), t.bytes(m.Bytes)},
	})
	if m.Missing > 0 {
		p.wrap(" ", w.T("prose.inquiry.exported.missing", "n", m.Missing))
	}
	p.wrap(" ", w.T("prose.inquiry.exported"))
}

// estimate is the text of a question for Athena and what it will cost.
func (t *Text) estimate(p *page, e Estimate) {
	statement(p, e.SQL)
	key := "screen.inquiry.estimate"
	switch {
	case !e.Known:
		key += ".unknown"
	case e.AtMost:
		key += ".most"
	}
	p.wrap(" ", t.Words.T(key, "bytes", t.bytes(e.Bytes), "cost", fmt.Sprintf("%.2f", e.Cost), "currency", safe(e.Currency), "day", e.PriceAsOf.Format(time.DateOnly)))
}

// statement is text to be copied: its lines are never broken.
func statement(p *page, sql string) {
	for line := range strings.Lines(sql) {
		p.line("   " + clean.TextCap(strings.TrimRight(line, "\n"), 10_000))
	}
	p.blank()
}

// athenaTable is the statement that makes a table, and what the table leaves out.
func (t *Text) athenaTable(p *page, m AthenaTable) {
	w := t.Words
	p.wrap(" ", w.T("prose.inquiry.athena.table", "table", short(m.Table)))
	p.blank()
	statement(p, m.DDL)
	p.wrap(" ", w.T("prose.inquiry.athena.reads", "accounts", t.safely(m.Accounts, 5), "since", m.Since.Format(time.DateOnly)))
	if len(m.Regions) > 0 {
		p.wrap(" ", w.T("prose.inquiry.athena.regions", "regions", t.safely(m.Regions, 20)))
	}
}
