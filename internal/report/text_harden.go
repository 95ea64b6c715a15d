package report

import (
	"strings"

	"cordon/internal/clean"
)

// someOfItem is how many regions or users of one item a screen shows.
const someOfItem = 6

// protects takes what hardening and watching tell.
func (t *Text) protects(m Message) (p *page, ours bool) {
	switch m := m.(type) {
	case Hardening:
		p = t.screen(func(p *page) { t.hardening(p, m) })
	case Watch:
		p = t.page()
		t.watched(p, m)
	default:
		return nil, false
	}
	return p, true
}

// hardening lists the items with how each stands, what it costs and what it may
// break: the owner chooses.
func (t *Text) hardening(p *page, m Hardening) {
	w := t.Words
	p.head(w.T("screen.harden.head"))
	if !m.Chosen {
		p.wrap(" ", w.T("prose.harden.nothing"))
	}
	p.wrap(" ", w.T("prose.harden.used", "list", safe(strings.Join(m.Used, ", "))))
	for _, i := range m.Items {
		p.blank()
		t.hardenItem(p, m, i)
	}
	if m.Chosen {
		p.blank()
		return
	}
	p.blank()
	p.wrap(" ", w.T("prose.harden.prices", "date", m.AsOf.Format("2006-01-02")))
	p.blank()
	p.head(w.T("screen.plan.next"))
	t.commands(p, [][2]string{
		{"cordon plan harden --only mfa,passwords", w.T("screen.harden.do.only")},
		{"cordon plan harden --all-free", w.T("screen.harden.do.free")},
		{"cordon plan harden --scp FILE", w.T("screen.harden.do.scp")},
	})
}

var hardenColour = map[string]string{"on": green, "off": yellow, "part": yellow, "unread": red}

func (t *Text) hardenItem(p *page, m Hardening, i HardenItem) {
	w := t.Words
	state := i.State
	if i.Proposal {
		state = "proposal"
	}
	first := "  " + clean.Pad(i.ID, 17)
	p.line(first + p.paint(hardenColour[state], w.T("screen.harden.state."+state)))
	p.wrap("     ", w.T("harden."+i.ID+".title"))
	if i.State == "on" && !i.Proposal {
		return
	}
	t.names(p, "screen.harden.off", i.Off)
	if len(i.Off) > 0 {
		t.names(p, "screen.harden.on", i.On)
	}
	for _, u := range i.Unread {
		where, why, _ := strings.Cut(u, ": ")
		p.wrap("     ", w.T("screen.harden.unread", "where", safe(where))+"  "+t.first("", "unread."+why, "harden.unread."+where))
	}
	cost := "harden." + i.ID + ".cost"
	p.wrap("     ", w.T("screen.harden.cost")+" "+t.first(w.T("harden.free"), cost))
	p.wrap("     ", w.T("screen.harden.breaks")+" "+w.T("harden."+i.ID+".breaks"))
	if i.Person {
		p.wrap("     ", w.T("screen.harden.person"))
	}
	if i.Wants != "" {
		p.wrap("     ", w.T("harden."+i.ID+".wants"))
	}
}

// names writes a list of regions or users, the first of them.
func (t *Text) names(p *page, key string, all []string) {
	if len(all) == 0 {
		return
	}
	shown, more := all, ""
	if len(all) > someOfItem && !t.All {
		shown = all[:someOfItem]
		more = " …"
	}
	p.wrap("     ", t.Words.T(key, "n", len(all))+" "+safe(strings.Join(shown, ", "))+more)
}
