package report

import (
	"fmt"
	"strings"

	"cordon/internal/clean"
	"cordon/internal/finding"
)

// show writes every target of one finding with its evidence. The number before
// a target is what "cordon finding mark" takes.
func (t *Text) show(p *page, f Finding) {
	w := t.Words
	t.table(p, []Finding{f})
	if len(f.Attack) > 1 {
		p.wrap("     ", w.T("screen.finding.techniques", "list", safe(strings.Join(f.Attack, ", "))))
	}
	if text := t.first("", "check."+f.Check+".saw"); text != "" {
		p.blank()
		p.wrap("   ", text)
	}
	for i, h := range f.Hits {
		p.blank()
		t.target(p, fmt.Sprintf("%d.%d", f.Number, i+1), h.Target)
		if mark := f.Marks[h.Ref.String()]; mark != "" {
			p.wrap("         ", w.T("screen.finding.marked", "mark", t.first(safe(mark), "screen.mark."+mark)))
		}
		for _, e := range h.Evidence {
			p.wrap("         ", t.evidence(e))
		}
	}
	if len(f.Gaps) > 0 {
		p.blank()
		p.wrap("   ", w.T("screen.finding.gaps", "n", len(f.Gaps)))
	}
	if f.Outcome == finding.Found && f.Confidence == finding.Ask {
		p.blank()
		t.commands(p, [][2]string{{fmt.Sprintf("cordon finding mark %d mine", f.Number), w.T("screen.finding.mark")}})
	}
}

func (t *Text) target(p *page, number string, x finding.Target) {
	p.wrap(fmt.Sprintf("  %5s  ", number), t.kind(x.Kind)+"  "+safe(x.ID)+"  "+t.region(x.Region))
	if x.ARN != "" && x.ARN != x.ID {
		p.wrap("         ", safe(x.ARN))
	}
}

func (s *Style) region(r string) string {
	if r == "" || r == "global" {
		return s.Words.T("screen.global")
	}
	return safe(r)
}

// evidence is one reason: the fact's name as records have it, and its value.
func (t *Text) evidence(e finding.Evidence) string {
	name := t.first(safe(e.Fact), "fact."+e.Fact)
	value := t.first(safe(e.Value), "reason."+e.Value)
	switch {
	case e.EventID != "" && e.Fact == "":
		return t.Words.T("screen.finding.trace", "why", value, "event", safe(e.EventID))
	case e.EventID != "":
		return t.Words.T("screen.finding.event", "call", name, "why", value, "event", safe(e.EventID))
	case e.Value == "true":
		return name
	}
	return name + " = " + value
}

// explain answers four questions about one finding.
func (t *Text) explain(p *page, f Finding) {
	t.table(p, []Finding{f})
	for _, part := range []string{"saw", "why", "else", "do"} {
		text := t.first("", "check."+f.Check+"."+part)
		if text == "" {
			continue
		}
		p.blank()
		p.head(t.Words.T("screen.explain." + part))
		p.wrap("   ", text)
	}
}

var stateColour = map[string]string{"ok": green, "warn": yellow, "fail": red}

// check is one line of the doctor, and what it means when it is not well.
func (t *Text) check(c Check) *page {
	p, w := t.page(), t.Words
	args := make([]any, len(c.Args))
	for i, a := range c.Args {
		if s, ok := a.(string); ok {
			a = safe(s)
			if s == "" {
				a = "-"
			}
		}
		args[i] = a
	}
	text := safe(c.Name)
	if w.Has("doctor." + c.Name) {
		text = w.T("doctor."+c.Name, args...)
	}
	state := t.first(safe(c.State), "doctor.state."+c.State)
	first := "[" + clean.Pad(state, 6) + "] "
	lines := clean.Wrap(text, max(p.Width-clean.Width(first), 16))
	p.line("[" + t.paint(stateColour[c.State], clean.Pad(state, 6)) + "] " + lines[0])
	for _, l := range lines[1:] {
		p.line(strings.Repeat(" ", clean.Width(first)) + l)
	}
	if more := t.first("", "doctor."+c.Name+"."+c.State); more != "" {
		p.wrap(strings.Repeat(" ", clean.Width(first)), more)
	}
	return p
}
