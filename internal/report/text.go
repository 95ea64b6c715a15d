package report

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"cordon/internal/clean"
	"cordon/internal/fact"
	"cordon/internal/words"
)

// Style is how a text screen is written. It depends on the terminal and on
// who reads, never on the data.
type Style struct {
	Words  *words.Words
	Width  int  // cells; at least 40
	ASCII  bool // no symbol beyond ASCII besides the language's own letters
	Colour bool
	Now    func() time.Time
}

// A View says which screen the findings of a triage become.
type View string

// The views.
const (
	Owner   View = ""        // the whole triage, for the owner of the account
	List    View = "list"    // the table of findings alone
	Show    View = "show"    // one finding with every target and its evidence
	Explain View = "explain" // one finding in four parts
	// Timeline writes events as they come, also those behind verdicts.
	Timeline View = "timeline"
)

// Text writes screens for people. What belongs together is written when the
// message that closes it comes, or at the end; the steps of an apply are
// written one by one.
type Text struct {
	Style
	View View
	All  bool // a plan with every action on a line of its own
	// Follow writes an event of a timeline when it comes: repeats stand one by one.
	Follow bool

	out     io.Writer
	head    *Case
	gaps    []Gap
	finds   []Finding
	plan    *Plan
	actions []Action
	started map[string]Step
	asked   inquiry
	cleaned cleaning
	report  told
	leaks   []LeakedKey
}

// NewText returns a handler that writes to out.
func NewText(out io.Writer, s Style) *Text {
	s.Width = max(s.Width, 40)
	return &Text{Style: s, out: out, started: map[string]Step{}}
}

// Handle implements Handler.
func (t *Text) Handle(m Message) error {
	switch m := m.(type) {
	case Case:
		t.head = &m
	case Gap:
		t.gaps = append(t.gaps, m)
	case Finding:
		t.finds = append(t.finds, m)
	case LeakedKey:
		t.leaks = append(t.leaks, m)
	case Summary:
		if t.View == Owner {
			return t.flush(t.triage(m))
		}
	case Plan:
		t.plan, t.actions = &m, nil
	case Action:
		t.actions = append(t.actions, m)
	case Step:
		return t.flush(t.step(m))
	case Applied:
		return t.flush(t.applied(m))
	case Check:
		return t.flush(t.check(m))
	case DossierEnd:
		return t.flush(t.sheet(t.dossier(t.report, t.finds, t.gaps, m)))
	case PolicyCheck:
		return t.flush(t.screen(func(p *page) { t.policyCheck(p, m) }))
	default:
		if t.report.take(m) {
			return nil
		}
		if p, ours := t.cleans(m); ours {
			return t.flush(p)
		}
		if p, ours := t.recovers(m); ours {
			return t.flush(p)
		}
		if p, ours := t.protects(m); ours {
			return t.flush(p)
		}
		if p, ours := t.owns(m); ours {
			return t.flush(p)
		}
		return t.flush(t.inquire(m))
	}
	return nil
}

// End implements Handler.
func (t *Text) End() error {
	if t.plan != nil {
		p := t.planned(*t.plan)
		t.plan = nil
		return t.flush(p)
	}
	if p := t.broken(); p != nil {
		return t.flush(p)
	}
	if len(t.cleaned.pieces) > 0 {
		p := t.page()
		t.evidences(p)
		return t.flush(p)
	}
	if len(t.leaks) > 0 && t.View == Owner { // of a key that the record knows nothing of
		p := t.page()
		t.leaked(p)
		return t.flush(p)
	}
	var p *page
	switch t.View {
	case List:
		p = t.page()
		t.table(p, t.finds)
	case Show, Explain:
		p = t.page()
		for _, f := range t.finds {
			if t.View == Show {
				t.show(p, f)
			} else {
				t.explain(p, f)
			}
		}
	}
	t.finds = nil
	return t.flush(p)
}

func (t *Text) flush(p *page) error {
	if p == nil || p.b.Len() == 0 {
		return nil
	}
	s := p.b.String()
	if t.ASCII {
		s = plain.Replace(s)
	}
	_, err := io.WriteString(t.out, s)
	return err
}

// plain writes in ASCII what is no letter.
var plain = strings.NewReplacer("…", ".", "’", "'", "‘", "'", "“", `"`, "”", `"`, "–", "-", "—", "-", "×", "x", "✗", "x", "←", "<", "‹", "<", "›", ">", "→", ">", "·", "-")

// A page collects the lines of one screen.
type page struct {
	b strings.Builder
	*Style
}

func (t *Text) page() *page { return &page{Style: &t.Style} }

func (p *page) line(s string) { p.b.WriteString(strings.TrimRight(s, " ") + "\n") }

func (p *page) blank() { p.b.WriteByte('\n') }

// wrap writes s with its first line after first and the others under it.
func (p *page) wrap(first, s string) {
	indent := clean.Width(first)
	for i, line := range clean.Wrap(s, max(p.Width-indent, 16)) {
		if i == 0 {
			p.line(first + line)
		} else {
			p.line(strings.Repeat(" ", indent) + line)
		}
	}
}

// head writes the heading of a part.
func (p *page) head(s string) {
	for _, line := range clean.Wrap(s, p.Width-1) {
		p.line(" " + p.paint(bold, line))
	}
}

// label writes "  label   text", with the text below the label where both do
// not fit side by side.
func (p *page) label(label string, width int, text string) {
	if p.Width < 72 {
		p.wrap("   ", label)
		p.wrap("     ", text)
		return
	}
	p.wrap("   "+clean.Pad(label, width)+"  ", text)
}

// The paints, as ANSI has them.
const (
	bold   = "1"
	red    = "1;31"
	yellow = "33"
	green  = "32"
	blue   = "36"
)

func (s *Style) paint(colour, text string) string {
	if !s.Colour || text == "" || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// first returns the text of the first key that the catalogue has, or other.
func (s *Style) first(other string, keys ...string) string {
	for _, k := range keys {
		if s.Words.Has(k) {
			return s.Words.T(k)
		}
	}
	return other
}

func (s *Style) kind(k fact.Kind) string { return s.first(safe(string(k)), "kind."+string(k)) }

// safe is every string of AWS's on its way to a screen.
func safe(s string) string { return clean.TextCap(s, 120) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// account writes 1111-2222-3333.
func account(s string) string {
	if len(s) != 12 || strings.Trim(s, "0123456789") != "" {
		return safe(s)
	}
	return s[:4] + "-" + s[4:8] + "-" + s[8:]
}

// Drill says whether an endpoint is on this machine: no real account.
func Drill(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if endpoint == "" || err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func (s *Style) elapsed(ms int64) string {
	if ms >= 120_000 {
		return s.Words.Span(time.Duration(ms) * time.Millisecond)
	}
	return s.Words.T("screen.seconds", "s", s.Words.Number(float64((ms+50)/100)/10))
}

func numbers(ns []int) string {
	var parts []string
	for _, n := range ns {
		parts = append(parts, fmt.Sprint(n))
	}
	return strings.Join(parts, ", ")
}
