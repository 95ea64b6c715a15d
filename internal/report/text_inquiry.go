package report

import (
	"cmp"
	"slices"
	"strings"

	"cordon/internal/clean"
)

// kept is how many messages of one sort wait for their screen. What comes
// beyond is counted, and the screen tells how many.
const kept = 5000

// An inquiry is what an investigation has told and no screen has shown yet.
type inquiry struct {
	headed   bool            // a screen was written
	gapped   map[string]bool // gaps that were shown
	over     int             // messages beyond kept
	verdicts []Verdict
	creators []Creator
	edges    []Edge
	cuts     []Cut
	impacts  []Impact
	costs    []Cost
	hits     []Detection
	problems []TrailProblem
	lanes    lanes
	span     Span
}

func keep[T any](q *inquiry, list *[]T, m T) {
	if len(*list) < kept {
		*list = append(*list, m)
	} else {
		q.over++
	}
}

// inquire takes what investigations tell. The page is nil while nothing can be
// shown.
func (t *Text) inquire(m Message) *page {
	q := &t.asked
	switch m := m.(type) {
	case TrailProblem:
		keep(q, &q.problems, m)
	case RecordGap:
		q.lanes.gap(m)
	case Span:
		q.span = m
	case Creator:
		keep(q, &q.creators, m)
	case Edge:
		keep(q, &q.edges, m)
	case Cut:
		keep(q, &q.cuts, m)
	case Impact:
		keep(q, &q.impacts, m)
	case Cost:
		keep(q, &q.costs, m)
	case Detection:
		keep(q, &q.hits, m)
	case Event:
		return t.event(m)
	case Verdict:
		keep(q, &q.verdicts, m)
		for _, g := range m.Gaps {
			q.lanes.gap(g)
		}
	case Subject:
		return t.screen(func(p *page) { t.subject(p, m) })
	case Answer:
		return t.screen(func(p *page) { t.answer(p, m) })
	case Estimate:
		return t.screen(func(p *page) { t.estimate(p, m) })
	case AthenaTable:
		return t.screen(func(p *page) { t.athenaTable(p, m) })
	default:
		return t.last(m)
	}
	return nil
}

// last is the screen of a message that ends a command.
func (t *Text) last(m Message) *page {
	var write func(*page)
	switch m := m.(type) {
	case Imported:
		write = func(p *page) { t.imported(p, m) }
	case TrailStatus:
		write = func(p *page) { t.status(p, m) }
	case TrailVerified:
		write = func(p *page) { t.trailVerified(p, m) }
	case TrailExported:
		write = func(p *page) { t.exported(p, m) }
	case Inquiry:
		write = func(p *page) { t.inquired(p, m) }
	default:
		return nil
	}
	p := t.screen(write)
	t.asked = inquiry{}
	return p
}

// broken is what was told of an investigation that did not come to its end.
func (t *Text) broken() *page {
	p := t.screen(func(p *page) {
		t.verdicts(p)
		t.pending(p)
	})
	t.asked = inquiry{}
	return p
}

// verdicts writes the pages of verdicts that were told.
func (t *Text) verdicts(p *page) {
	for _, v := range t.asked.verdicts {
		p.separate()
		t.judged(p, v)
	}
	t.asked.verdicts = nil
}

// screen writes one page, the first under a line that says which account this
// is. A page without a line is nil.
func (t *Text) screen(write func(*page)) *page {
	body, p := t.page(), t.page()
	write(body)
	if body.b.Len() == 0 {
		return nil
	}
	switch q := &t.asked; {
	case !q.headed:
		t.caption(p)
	case q.lanes.told == 0:
		p.blank()
	}
	p.b.WriteString(body.b.String())
	return p
}

func (t *Text) caption(p *page) {
	t.asked.headed = true
	if t.head == nil {
		return
	}
	p.wrap("", t.Words.T("screen.head.account", "account", account(t.head.Account), "partition", safe(t.head.Partition), "case", safe(t.head.Case)))
	p.line(stamp(t.Now()))
	p.blank()
}

// pending writes what waited for the end.
func (t *Text) pending(p *page) {
	q := &t.asked
	t.closeLanes(p)
	t.creators(p, q.creators)
	t.graph(p, q.edges)
	t.cut(p, q.cuts)
	t.impacts(p, q.impacts)
	t.costs(p, q.costs)
	t.detections(p, q.hits)
	t.problems(p, q.problems)
	if q.over > 0 {
		p.wrap(" ", t.Words.T("screen.inquiry.over", "n", q.over))
	}
}

// inquired ends the screens of a question: what waited, how much of the record
// it rests on, what the record cannot tell, and what to do next.
func (t *Text) inquired(p *page, m Inquiry) {
	w, q := t.Words, &t.asked
	if m.Question == "verdict" { // the events and creators behind it are for programs
		t.verdicts(p)
		q.lanes, q.creators = lanes{}, nil
	}
	if m.Verdicts == 0 && slices.Contains([]string{"verdict", "graph", "cost"}, m.Question) {
		t.noIntruder(p, m) // first of all: what looked odd proves nobody
		return
	}
	told, cut := q.lanes.told, len(q.cuts) > 0
	q.lanes.cut = m.Matched > told
	t.pending(p)
	if p.b.Len() == 0 && !q.headed {
		p.head(w.T("screen.inquiry.nothing"))
		p.wrap("   ", w.T("prose.inquiry.nothing"))
	}
	if told > 0 {
		p.blank()
		t.laneEnd(p, m, told)
	}
	if !q.span.From.IsZero() {
		p.wrap(" ", w.T("prose.inquiry.span", "from", stamp(q.span.From), "to", stamp(q.span.To)))
	}
	t.gapList(p, append(q.lanes.gaps, m.Gaps...), 3, false)
	p.separate()
	p.wrap(" ", t.basis(m))
	question := m.Question
	if cut {
		question = "cut"
	}
	if next, known := after[question]; known {
		p.blank()
		p.head(w.T("screen.inquiry.next"))
		t.commands(p, next(w.T))
	}
}

// after is what a question leads to.
var after = map[string]func(func(string, ...any) string) [][2]string{
	"verdict": func(say func(string, ...any) string) [][2]string {
		return [][2]string{
			{"cordon investigate graph --cut", say("screen.inquiry.do.cut")},
			{"cordon plan contain", say("prose.do.contain")},
			{"cordon investigate timeline", say("screen.inquiry.do.timeline")},
		}
	},
	"graph": func(say func(string, ...any) string) [][2]string {
		return [][2]string{
			{"cordon investigate graph --cut", say("screen.inquiry.do.cut")},
			{"cordon plan contain", say("prose.do.contain")},
		}
	},
	"cut": func(say func(string, ...any) string) [][2]string {
		return [][2]string{{"cordon plan contain", say("prose.do.contain")}}
	},
	"detections": func(say func(string, ...any) string) [][2]string {
		return [][2]string{{"cordon investigate verdict", say("screen.inquiry.do.verdict")}}
	},
}

// basis says on how much of the record the answer rests.
func (t *Text) basis(m Inquiry) string {
	w := t.Words
	if m.Events == 0 { // of a table on Athena: what it holds in all is not known
		return w.T("prose.inquiry.basis.table", "matched", m.Matched, "time", t.elapsed(m.ElapsedMS))
	}
	if m.First.IsZero() {
		return w.T("prose.inquiry.basis.bare", "n", m.Events, "matched", m.Matched, "time", t.elapsed(m.ElapsedMS))
	}
	return w.T("prose.inquiry.basis", "n", m.Events, "matched", m.Matched, "first", stamp(m.First), "last", stamp(m.Last), "time", t.elapsed(m.ElapsedMS))
}

// some lists the first n values: "a, b and 3 more". They are safe already.
func (t *Text) some(values []string, n int) string {
	if len(values) <= n+1 { // "and 1 more" takes the place of the one
		return strings.Join(values, t.Words.T("screen.inquiry.comma"))
	}
	return t.Words.T("screen.inquiry.more", "list", strings.Join(values[:n], t.Words.T("screen.inquiry.comma")), "n", len(values)-n)
}

// safely is some of values that are not safe yet.
func (t *Text) safely(values []string, n int) string {
	out := make([]string, min(len(values), n+1))
	for i := range out {
		out[i] = short(values[i])
	}
	if len(values) > len(out) { // the others are counted, not written
		out = append(out, make([]string, len(values)-len(out))...)
	}
	return t.some(out, n)
}

// short is a name on a line that it shares with others.
func short(s string) string { return clean.TextCap(s, 64) }

// brief is an agent without what every call changes in it, such as the command.
func brief(agent string) string {
	s := strings.Trim(clean.TextCap(agent, 240), "[]")
	if f := strings.Fields(s); len(f) > 1 && !strings.HasPrefix(s, "Mozilla/") {
		n := 1
		for n < len(f) && n < 3 && !strings.HasPrefix(f[n], "(") {
			n++
		}
		s = strings.Join(f[:n], " ")
	}
	return clean.Fit(s, 48)
}

// agents are the different ones, the most frequent first.
func agents(list []string) (out []string) {
	for _, a := range list {
		if a = brief(a); !slices.Contains(out, a) && len(out) < kept {
			out = append(out, a)
		}
	}
	return out
}

// tail is a resource without the account and service that its ARN begins with.
func tail(s string) string {
	if f := strings.SplitN(s, ":", 6); len(f) == 6 && f[0] == "arn" && f[5] != "" {
		s = f[5]
	}
	return clean.TextCap(s, 40)
}

// separate writes an empty line, unless the page is empty or ends with one.
func (p *page) separate() {
	if s := p.b.String(); s != "" && !strings.HasSuffix(s, "\n\n") {
		p.blank()
	}
}

// ink writes s in a colour, each line after first.
func (p *page) ink(colour, first, s string) {
	for _, line := range clean.Wrap(s, max(p.Width-clean.Width(first), 16)) {
		p.line(first + p.paint(colour, line))
	}
}

func (t *Text) lane(l string) string { return t.first(short(l), "screen.inquiry.lane."+l) }

func (t *Text) change(c string) string { return t.first(short(c), "change."+c) }

// named is a credential by its kind: "access key AKIA…".
func (t *Text) named(kind, id string) string {
	what := t.first(short(kind), "credential."+kind)
	if id == "" {
		return what
	}
	return strings.TrimSpace(what + " " + short(id))
}

// changes in the order in which screens tell them.
var changes = []string{"created", "changed", "shared", "deleted", "attempted"}

func byChange(a, b string) int {
	at := func(s string) int {
		if i := slices.Index(changes, s); i >= 0 {
			return i
		}
		return len(changes)
	}
	return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a, b))
}
