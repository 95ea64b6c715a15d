package report

import (
	"maps"
	"slices"
	"strings"

	"cordon/internal/article"
	"cordon/internal/clean"
	"cordon/internal/fact"
	"cordon/internal/finding"
)

// A sheet is a report before it is written as a screen or as Markdown: both say
// the same sentences in the same order.
type sheet struct{ parts []part }

type part struct {
	head string
	deep int // 0: the title, 1: a part, 2: a section of it
	rows [][2]string
	draw []string // lines of a drawing: they stand as they are
	list []entry
	says []string
}

// An entry is one line of a list. Its strings are clean.
type entry struct {
	mark, colour, text string
	more               []string
	command            string
}

func (s *sheet) part(deep int, head string) *part {
	s.parts = append(s.parts, part{head: head, deep: deep})
	return &s.parts[len(s.parts)-1]
}

// reportNames is how many names a line of a report has; `-o json` has them all.
const reportNames = 6

// dossier makes the sheet of a whole report.
func (s *Style) dossier(d told, finds []Finding, gaps []Gap, end DossierEnd) sheet {
	var out sheet
	s.dossierHead(&out, *d.head)
	s.dossierFound(&out, *d.head, finds)
	s.dossierDone(&out, d)
	s.dossierBill(&out, d.bill)
	s.dossierArticle(&out, d, end)
	s.dossierUnseen(&out, *d.head, gaps, end)
	return out
}

func (s *Style) dossierHead(out *sheet, d Dossier) {
	w := s.Words
	p := out.part(0, w.T("screen.report.title", "case", safe(d.Case)))
	add := func(key, text string) { p.rows = append(p.rows, [2]string{w.T("screen.report." + key), text}) }
	add("account", account(d.Account)+"  ("+safe(d.Partition)+")")
	if d.Title != "" {
		add("subject", strings.ReplaceAll(safe(d.Title), "`", "'"))
	}
	add("opened", stamp(d.Opened))
	add("written", stamp(d.At))
	switch {
	case !d.Notice:
		add("notice", w.T("screen.report.notice.none"))
	case !d.Answered.IsZero():
		add("notice", w.T("screen.report.notice.done", "when", stamp(d.Answered)))
	case d.Deadline.IsZero():
		add("notice", w.T("screen.report.notice.open"))
	default:
		add("notice", w.T("screen.report.notice.due", "when", stamp(d.Deadline)))
	}
	if d.Looked.IsZero() {
		add("looked", w.T("screen.report.looked.never"))
	} else {
		add("looked", w.T("screen.report.looked.at", "when", stamp(d.Looked), "n", d.Regions))
	}
	if !d.FirstSeen.IsZero() {
		add("intruder", w.T("screen.report.intruder.span", "first", stamp(d.FirstSeen), "last", stamp(d.LastSeen)))
	}
	add("evidence", w.T("screen.report.evidence.pieces", "n", d.Evidence))
	if d.Records == 0 {
		return
	}
	add("journal", w.T("screen.report.journal.records", "n", d.Records, "head", safe(d.Head[:min(len(d.Head), 16)])))
}

func (s *Style) dossierFound(out *sheet, d Dossier, finds []Finding) {
	w := s.Words
	p := out.part(1, w.T("screen.report.found"))
	for _, f := range finds {
		if f.Outcome == finding.Found {
			title := s.first(safe(f.Check), "check."+f.Check+".title")
			p.list = append(p.list, entry{
				mark: s.first(f.Severity.String(), "severity."+f.Severity.String()), colour: severityColour[f.Severity],
				text: w.T("screen.report.found.line", "title", title, "n", len(f.Hits)),
			})
		}
	}
	switch {
	case len(p.list) > 0:
	case d.Looked.IsZero():
		p.says = append(p.says, w.T("screen.report.found.never"))
	default:
		p.says = append(p.says, w.T("screen.report.found.none"))
	}
}

func (s *Style) dossierDone(out *sheet, d told) {
	w := s.Words
	p := out.part(1, w.T("screen.report.done"))
	for _, one := range d.deeds {
		p.list = append(p.list, entry{text: w.T("letter.done."+one.Sort, "n", len(one.Names), "names", s.some(one.Names), "at", stamp(one.Last))})
	}
	if len(d.deeds) == 0 {
		p.says = append(p.says, w.T("screen.report.done.none"))
	}
	if d.head.Unverified > 0 {
		p.says = append(p.says, w.T("screen.report.unverified", "n", d.head.Unverified))
	}
}

// some writes the first names of a list, and how many there are beside them.
func (s *Style) some(names []string) string {
	shown := []string{}
	for _, n := range names[:min(len(names), reportNames)] {
		shown = append(shown, strings.ReplaceAll(clean.TextCap(n, 48), "`", "'")) // no code span of Markdown
	}
	list := strings.Join(shown, ", ")
	if more := len(names) - len(shown); more > 0 {
		list += " … +" + s.Words.Number(more)
	}
	return list
}

var lineColour = map[article.State]string{article.Done: green, article.Open: red, article.Unchecked: yellow}

func (s *Style) state(x article.State) string { return s.Words.T("screen.report.state." + string(x)) }

// dossierArticle is the checklist: what a line asks for, how far it is, and of
// what is open who does it, by when and how.
func (s *Style) dossierArticle(out *sheet, d told, end DossierEnd) {
	w := s.Words
	p := out.part(1, w.T("screen.report.article"))
	for _, x := range article.States() {
		p.rows = append(p.rows, [2]string{s.state(x), w.T("screen.report.count", "n", end.Counts[x])})
	}
	section := ""
	for _, l := range d.lines {
		if l.Section != section {
			section = l.Section
			p = out.part(2, w.T("article.section."+section))
		}
		e := entry{mark: s.state(l.State), colour: lineColour[l.State], text: w.T("article.line." + l.Line), command: command(l.Do)}
		names := l.Names
		if l.Why == "regions" && len(names) > 0 { // one name for many listings
			names = slices.Compact(slices.Sorted(slices.Values(names)))
		}
		why := w.T("article.why."+l.Why, "n", l.N, "list", s.some(names))
		if !l.At.IsZero() && !l.At.Equal(d.head.Looked) { // the head says when that was
			why += "  " + w.T("screen.report.as-of", "when", stamp(l.At))
		}
		e.more = append(e.more, why)
		if l.State == article.Open || l.Who != "" {
			e.more = append(e.more, s.who(l))
		}
		p.list = append(p.list, e)
	}
}

func command(do string) string {
	if do == "" {
		return ""
	}
	return "cordon " + do
}

func (s *Style) who(l ArticleLine) string {
	who := s.Words.T("article.who." + l.Who)
	if l.Due.IsZero() {
		return "→ " + who
	}
	return "→ " + s.Words.T("screen.report.who.by", "who", who, "when", stamp(l.Due))
}

// dossierUnseen is the list of what was not checked, and the sentence that stands
// under every list of good practice.
func (s *Style) dossierUnseen(out *sheet, d Dossier, gaps []Gap, end DossierEnd) {
	w := s.Words
	p := out.part(1, w.T("screen.report.unseen"))
	texts := func(prefix string, ids []string) []string {
		named := []string{}
		for _, id := range ids {
			named = append(named, s.first(safe(id), prefix+id, prefix+id+".title"))
		}
		return named
	}
	if n := len(end.Lines); n > 0 {
		p.list = append(p.list, entry{text: w.T("screen.report.unseen.lines", "n", n, "list", strings.Join(texts("article.line.", end.Lines), " "))})
	}
	if n := len(end.Checks); n > 0 {
		p.list = append(p.list, entry{text: w.T("screen.report.unseen.checks", "n", n, "list", strings.Join(texts("check.", end.Checks), "; "))})
	}
	for _, line := range s.gapLines(gaps) {
		p.list = append(p.list, entry{text: line})
	}
	switch {
	case d.Looked.IsZero():
		p.says = append(p.says, w.T("screen.report.found.never"))
	case len(gaps) == 0 && len(end.Checks) == 0:
		p.says = append(p.says, w.T("screen.report.unseen.none"))
	}
	if n := len(end.Blind); n > 0 {
		p.says = append(p.says, w.T("prose.triage.blind", "n", n))
	}
	p.says = append(p.says, w.T("prose.report.guidance"))
}

// gapLines groups listings that did not read, so that the list stays short.
func (s *Style) gapLines(gaps []Gap) (lines []string) {
	w := s.Words
	permissions, failed, closed, skipped := map[string]bool{}, map[fact.Kind]map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, g := range gaps {
		switch {
		case g.State == fact.Closed:
			closed[g.Region] = true
		case g.State == fact.Skipped:
			skipped[g.Region] = true
		case g.State == fact.Denied && g.Permission != "":
			permissions[g.Permission] = true
		default:
			if failed[g.Kind] == nil {
				failed[g.Kind] = map[string]bool{}
			}
			failed[g.Kind][g.Region] = true
		}
	}
	list := func(set map[string]bool) string {
		names := slices.Sorted(maps.Keys(set))
		for i := range names {
			names[i] = safe(names[i])
		}
		return strings.Join(names, ", ")
	}
	if len(permissions) > 0 {
		lines = append(lines, w.T("screen.unseen.denied", "n", len(permissions), "list", list(permissions)))
	}
	for _, k := range slices.Sorted(maps.Keys(failed)) {
		lines = append(lines, w.T("screen.unseen.failed", "what", s.kind(k), "list", list(failed[k])))
	}
	if len(closed) > 0 {
		lines = append(lines, w.T("prose.unseen.closed", "n", len(closed), "list", list(closed)))
	}
	if len(skipped) > 0 {
		lines = append(lines, w.T("screen.unseen.skipped", "n", len(skipped)))
	}
	return lines
}
