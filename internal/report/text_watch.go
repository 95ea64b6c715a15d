package report

import (
	"strings"
)

// someNew is how many new identities a screen shows.
const someNew = 8

// watched writes one line for each look, and a screen for the last.
func (t *Text) watched(p *page, m Watch) {
	w := t.Words
	if m.Round == 1 {
		p.head(w.T("screen.watch.head", "at", stamp(m.Contained)))
		p.wrap(" ", w.T("prose.watch.delay", "lag", w.Span(m.Lag), "wanted", w.Span(m.Wanted)))
		p.blank()
	}
	colour := green
	if m.Calls > 0 {
		colour = red
	} else if m.Refused+m.Unsure > 0 {
		colour = yellow
	}
	p.line("  " + p.paint(colour, w.T("screen.watch.line", "at", m.At.UTC().Format("15:04:05Z"), "q", int(m.Quiet.Minutes()), "of", int(m.Wanted.Minutes()),
		"c", m.Calls, "r", m.Refused, "new", len(m.New))))
	if m.State != "watching" {
		p.blank()
		t.watchEnd(p, m)
	}
}

// watchEnd is the last screen. Silence is no proof, and it says so.
func (t *Text) watchEnd(p *page, m Watch) {
	w := t.Words
	p.head(w.T("screen.watch.end." + m.State))
	p.wrap(" ", w.T("screen.watch.counts", "calls", m.Calls, "refused", m.Refused, "unsure", m.Unsure))
	if m.Last != nil {
		key := "screen.watch.last"
		if m.Last.Refused != "" {
			key = "screen.watch.last.refused"
		}
		p.wrap(" ", w.T(key, "at", stamp(m.Last.At), "call", safe(m.Last.Call), "by", safe(m.Last.By), "region", safe(m.Last.Region), "code", safe(m.Last.Refused)))
	}
	if m.Unsure > 0 {
		p.wrap(" ", w.T("prose.watch.unsure"))
	}
	if len(m.New) > 0 {
		p.blank()
		p.head(w.T("screen.watch.new", "n", len(m.New)))
		for i, n := range m.New {
			if i == someNew && !t.All {
				t.rest(p, len(m.New)-i)
				break
			}
			whose := map[bool]string{true: "screen.watch.theirs", false: "screen.watch.ask"}[n.Theirs]
			p.wrap("   ", stamp(n.At)+"  "+safe(n.Call)+"  "+safe(n.What)+"  "+safe(n.By)+"  "+w.T(whose))
		}
	}
	if len(m.Unseen) > 0 {
		p.blank()
		p.wrap(" ", w.T("prose.watch.unseen", "list", safe(strings.Join(m.Unseen, ", "))))
	}
	p.blank()
	p.wrap(" ", w.T("prose.watch.end."+m.State, "wanted", w.Span(m.Wanted), "until", stamp(m.Delivered)))
	p.blank()
	p.head(w.T("screen.plan.next"))
	rows := map[string][][2]string{
		"quiet":   {{"cordon plan eradicate", w.T("screen.watch.do.eradicate")}, {"cordon plan harden", w.T("screen.watch.do.harden")}},
		"active":  {{"cordon triage", w.T("screen.watch.do.triage")}, {"cordon plan contain", w.T("screen.watch.do.contain")}},
		"unseen":  {{"cordon policy triage", w.T("screen.watch.do.policy")}, {"cordon watch", w.T("screen.watch.do.again")}},
		"stopped": {{"cordon watch", w.T("screen.watch.do.again")}},
	}[m.State]
	t.commands(p, rows)
}
