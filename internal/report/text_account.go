package report

import (
	"strings"

	"cordon/internal/clean"
)

// owns takes what the commands about the account's owner and its bill tell.
func (t *Text) owns(m Message) (p *page, ours bool) {
	switch m := m.(type) {
	case AccountField:
		p = t.page()
		t.accountField(p, m)
	case AccountChecked:
		p = t.screen(func(p *page) { t.accountChecked(p, m) })
	case ContactWanted:
		p = t.page()
		t.contactWanted(p, m)
	case BillAsk:
		p = t.page()
		t.billAsk(p, m)
	case Bill:
		p = t.screen(func(p *page) { t.bill(p, m) })
	default:
		return nil, false
	}
	return p, true
}

func (t *Text) fieldName(name string) string {
	return t.first(safe(name), "account.field."+name)
}

func (t *Text) accountField(p *page, m AccountField) {
	w := t.Words
	colour := map[string]string{"same": green, "unread": yellow, "uncompared": "", "changed": red, "set": red, "removed": red}[m.State]
	first := " " + clean.Pad(t.fieldName(m.Name), 22) + "  "
	if p.Width < 72 {
		p.wrap(" ", t.fieldName(m.Name))
		first = "     "
	}
	p.ink(colour, first, w.T("screen.account.state."+m.State))
	if m.Unread != nil {
		p.wrap("     ", t.why(*m.Unread))
	} else if !m.Set {
		p.wrap("     ", w.T("screen.account.unset"))
	}
	for _, part := range m.Parts {
		if m.State == "set" {
			part.Differs = false // all of it is
		}
		t.part(p, part, m.Name == "regions", "screen.account.was")
	}
	for i, c := range m.Changes {
		if i == someLanes && !t.All {
			t.rest(p, len(m.Changes)-i)
			break
		}
		t.accountChange(p, c)
	}
}

// part is one line of a field; the names of regions need no words.
func (t *Text) part(p *page, part AccountPart, bare bool, before string) {
	w := t.Words
	label := safe(part.Name)
	if !bare {
		label = t.first(label, "account.part."+part.Name)
	}
	value := safe(part.Value)
	if value == "" {
		value = w.T("screen.account.unset")
	}
	p.wrap("     "+clean.Pad(label, 16)+"  ", value)
	if part.Differs {
		was := safe(part.Was)
		if was == "" {
			was = w.T("screen.account.unset")
		}
		p.ink(red, "       ", w.T(before, "was", was))
	}
}

func (t *Text) accountChange(p *page, c AccountChange) {
	w := t.Words
	key := "screen.account.change"
	if c.Refused {
		key = "screen.account.refused"
	}
	what := safe(c.Call)
	if c.Detail != "" {
		what += " " + safe(c.Detail)
	}
	colour := ""
	if c.By.Lane == "intruder" && !c.Refused {
		colour = red
	}
	p.ink(colour, "     ", w.T(key, "at", stamp(c.At), "call", what, "lane", t.first(safe(c.By.Lane), "account.lane."+c.By.Lane)))
	p.wrap("       ", t.caller(c.By))
}

// why is what AWS said instead of an answer.
func (t *Text) why(u Unread) string {
	if u.Word != "" {
		return t.first(safe(u.Why), "account.unread."+u.Word)
	}
	if u.Permission != "" {
		return safe(u.Why) + "  (" + safe(u.Permission) + ")"
	}
	return safe(u.Why)
}

// caller is who made a call, on one line.
func (t *Text) caller(c Caller) string {
	var parts []string
	for _, s := range []string{c.ARN, c.Credential, c.Address} {
		if s != "" {
			parts = append(parts, safe(s))
		}
	}
	return strings.Join(parts, "  ")
}

func (t *Text) accountChecked(p *page, m AccountChecked) {
	w := t.Words
	p.head(w.T("screen.account.head", "account", account(m.Account), "at", stamp(m.At)))
	if m.State != "" && m.State != "ACTIVE" {
		p.ink(red, "   ", w.T("screen.account.status", "state", safe(m.State)))
	}
	switch {
	case m.Copy == "":
		p.wrap("   ", w.T("prose.account.no-copy"))
	default:
		p.wrap("   ", w.T("screen.account.compared", "at", stamp(m.CopyAt)))
		p.wrap("   ", w.T("screen.account.counts", "same", m.Same, "differ", m.Differ, "unread", m.Unread))
		if m.Late {
			p.ink(yellow, "   ", w.T("prose.account.late"))
		}
	}
	switch {
	case len(m.Unseen) > 0:
		p.wrap("   ", w.T("prose.account.unseen", "list", safe(strings.Join(m.Unseen, ", "))))
	case m.Changes == 0:
		p.wrap("   ", w.T("prose.account.no-change", "since", stamp(m.Since), "lag", m.Lag))
	case m.His > 0:
		p.ink(red, "   ", w.T("screen.account.his", "n", m.His))
	}
	if !m.Triaged {
		p.wrap("   ", w.T("prose.account.untriaged"))
	}
	for _, step := range m.People {
		p.blank()
		p.wrap(" ", w.T("person."+step+".steps"))
	}
	p.blank()
	p.wrap(" ", w.T("prose.account.root"))
	if m.Saved != "" {
		p.blank()
		p.wrap("   ", w.T("screen.account.saved", "file", safe(m.Saved)))
	}
	p.blank()
	p.head(w.T("screen.plan.next"))
	next := [][2]string{{"cordon account contacts set security", w.T("help.cmd.account.contacts.set")}}
	if m.Copy != "" && m.Differ > 0 {
		next = [][2]string{{"cordon account contacts restore", w.T("help.cmd.account.contacts.restore")}}
	}
	if m.Copy == "" && m.Saved == "" {
		next = append(next, [2]string{"cordon account check --save", w.T("help.flag.account.save")})
	}
	t.commands(p, next)
}

func (t *Text) contactWanted(p *page, m ContactWanted) {
	w := t.Words
	key := "screen.account.wanted.set"
	if m.Remove {
		key = "screen.account.wanted.remove"
	}
	p.head(w.T(key, "contact", t.fieldName(m.Contact)))
	for _, part := range m.Parts {
		t.part(p, part, false, "screen.account.until")
	}
	p.blank()
}
