package report

import (
	"slices"
	"strings"
	"time"

	"cordon/internal/clean"
	"cordon/internal/finding"
)

// kept writes what a resource was, what was done to it, and what is kept of it.
// No content of a piece stands on the screen.
func (t *Text) kept(p *page, m Kept) {
	w := t.Words
	p.separate()
	p.head(t.thing(string(m.Kind), m.Region, m.ID))
	if m.ARN != "" && m.ARN != m.ID {
		p.wrap("   ", safe(m.ARN))
	}
	switch {
	case m.Known:
		t.was(p, m)
	case m.Sealed > 0:
		p.wrap("   ", w.T("prose.evidence.sealed"))
	default:
		p.wrap("   ", w.T("prose.evidence.undescribed"))
	}
	t.past(p, m.Deeds)
	p.separate()
	p.head(w.T("screen.evidence.kept", "n", m.Pieces))
	for _, e := range t.cleaned.pieces {
		p.line("   " + e.ID[:min(12, len(e.ID))] + "  " + stamp(e.Taken) + "  " + t.bytes(e.Size) + "  " + safe(e.Name))
		switch {
		case e.Lost:
			p.ink(red, "     ", w.T("screen.evidence.lost"))
		case len(e.Members) > 0:
			p.wrap("     ", w.T("screen.evidence.members", "list", "`"+strings.ReplaceAll(safeList(e.Members), "`", "'")+"`"))
		}
	}
	p.blank()
	p.head(w.T("screen.plan.next"))
	t.commands(p, [][2]string{{"cordon evidence show " + t.aPiece() + " --out FILE", w.T("screen.evidence.do.out")}})
	t.cleaned = cleaning{}
}

// aPiece is the id of the last piece, for the command line that takes one.
func (t *Text) aPiece() string {
	if n := len(t.cleaned.pieces); n > 0 {
		id := t.cleaned.pieces[n-1].ID
		return id[:min(12, len(id))]
	}
	return "PIECE"
}

// was writes what a resource was when it was last described.
func (t *Text) was(p *page, m Kept) {
	w := t.Words
	for _, l := range []struct {
		key string
		at  time.Time
	}{{"screen.clean.created", m.Created}, {"screen.evidence.seen", m.Seen}} {
		if !l.at.IsZero() {
			p.wrap("   ", w.T(l.key, "at", stamp(l.at)))
		}
	}
	if len(m.Reasons) > 0 {
		p.wrap("   ", t.reasons(Resource{Reasons: m.Reasons}))
	}
	var named []string
	for _, f := range m.Facts {
		if !w.Has("fact."+f.Name) || f.Value == "" || f.Value == "false" {
			continue
		}
		named = append(named, t.evidence(finding.Evidence{Fact: f.Name, Value: f.Value}))
	}
	if len(named) > 0 {
		p.wrap("   ", strings.Join(named, w.T("screen.plan.and")))
	}
}

// past writes what cordon did to a resource, and in red that it is gone.
func (t *Text) past(p *page, all []Deed) {
	if len(all) == 0 {
		return
	}
	w := t.Words
	p.separate()
	if slices.ContainsFunc(all, func(d Deed) bool { return d.Class == "permanent" && d.Step == "verified" }) {
		p.ink(red, "   ", w.T("screen.evidence.gone"))
	}
	p.head(w.T("screen.evidence.deeds", "n", len(all)))
	for _, d := range all {
		verb := t.first(safe(d.Verb), "verb."+d.Verb)
		p.wrap("   "+stamp(d.At)+"  ", w.T("screen.evidence.deed."+d.Step, "verb", verb, "plan", d.Plan[:min(12, len(d.Plan))], "line", d.Line))
	}
}

// safeList cleans each name of a list.
func safeList(all []string) string {
	var out []string
	for _, s := range all {
		out = append(out, safe(s))
	}
	return strings.Join(out, ", ")
}

func (t *Text) handedOut(p *page, m HandedOut) {
	p.head(t.Words.T("screen.evidence.out", "name", safe(m.Name), "size", t.bytes(m.Size)))
	p.wrap("   ", clean.TextCap(m.File, 300))
	p.blank()
	p.wrap(" ", t.Words.T("prose.evidence.out"))
}

// copying says what is about to leave this machine, before it does.
func (t *Text) copying(p *page, m EvidenceCopying) {
	w := t.Words
	p.head(w.T("screen.evidence.copying", "n", m.Objects, "size", t.bytes(m.Bytes)))
	p.wrap("   ", clean.TextCap(m.To, 300))
	p.wrap("   ", w.T("screen.evidence.owner", "account", account(m.Owner)))
	t.locked(p, m.Lock, m.Until, "screen.evidence.lock.")
	if m.Exposed {
		p.blank()
		p.ink(yellow, " ", w.T("prose.evidence.same-account"))
	}
	if m.Plain > 0 {
		p.blank()
		p.ink(yellow, " ", w.T("prose.evidence.plain", "n", m.Plain))
	}
}

func (t *Text) locked(p *page, lock string, until time.Time, key string) {
	if lock == "" {
		p.ink(yellow, "   ", t.Words.T(key+"none"))
		return
	}
	p.wrap("   ", t.Words.T(key+lock, "at", stamp(until)))
}

func (t *Text) copied(p *page, m EvidenceCopied) {
	w := t.Words
	p.separate()
	if m.Whole {
		p.head(w.T("screen.evidence.copied", "n", m.Copied+m.Known, "new", m.Copied, "known", m.Known))
	} else {
		p.head(w.T("screen.evidence.part", "n", m.Copied+m.Known, "new", m.Copied, "known", m.Known))
	}
	p.wrap("   ", clean.TextCap(m.To, 300))
	if m.Whole {
		t.locked(p, m.Lock, m.Until, "screen.evidence.kept-until.")
		p.wrap("   ", safe(m.Manifest))
		p.wrap("   ", safe(m.Custody))
		p.blank()
		p.wrap(" ", w.T("prose.evidence.copied"))
	}
	if n := len(m.Others); n > 0 {
		p.separate()
		p.head(w.T("screen.evidence.others", "n", n))
		for i, o := range m.Others {
			if i == someThings && !t.All {
				t.rest(p, n-i)
				break
			}
			p.wrap("   ", clean.TextCap(o.Place, 300))
			p.wrap("     ", t.first(safe(o.Why), "screen.evidence.other."+o.Why))
		}
	}
	if !m.Whole {
		p.blank()
		p.wrap(" ", w.T("prose.evidence.part"))
	}
}
