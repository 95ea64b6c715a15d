package report

import (
	"fmt"
	"slices"
	"strings"
)

// someThings is how many resources of one sort a screen shows.
const someThings = 40

// cleaning is what the commands of cleaning up have told and no screen shows yet.
type cleaning struct {
	things  []Resource
	pieces  []Evidence
	differs []Difference
	secrets []Secret
	spend   *Spend
	over    int
}

func gather[T any](c *cleaning, list *[]T, m T) {
	if len(*list) < kept {
		*list = append(*list, m)
	} else {
		c.over++
	}
}

// cleans takes what baselines, inventories and evidence tell. ours is false for
// messages of other commands.
func (t *Text) cleans(m Message) (p *page, ours bool) {
	c := &t.cleaned
	switch m := m.(type) {
	case Resource:
		gather(c, &c.things, m)
	case Evidence:
		gather(c, &c.pieces, m)
	case Difference:
		gather(c, &c.differs, m)
	case Secret:
		gather(c, &c.secrets, m)
	case Spend:
		c.spend = &m
	case Inventory:
		p = t.screen(func(p *page) { t.inventory(p, m) })
	case Preserved:
		p = t.screen(func(p *page) { t.preserved(p, m) })
	case EvidenceVerified:
		p = t.screen(func(p *page) { t.evidenceVerified(p, m) })
	case Baseline:
		p = t.screen(func(p *page) { t.baseline(p, m) })
	case Compared:
		p = t.screen(func(p *page) { t.compared(p, m) })
	case Secrets:
		p = t.screen(func(p *page) { t.secretList(p, m) })
	case Kept:
		p = t.screen(func(p *page) { t.kept(p, m) })
	case HandedOut:
		p = t.screen(func(p *page) { t.handedOut(p, m) })
	case EvidenceCopying:
		p = t.screen(func(p *page) { t.copying(p, m) })
	case EvidenceCopied:
		p = t.screen(func(p *page) { t.copied(p, m) })
	default:
		return nil, false
	}
	return p, true
}

// thing is one resource on a line: kind, region, id.
func (t *Text) thing(kind, region, id string) string {
	return t.first(safe(kind), "kind."+kind) + "  " + t.region(region) + "  " + safe(id)
}

func (t *Text) inventory(p *page, m Inventory) {
	w, c := t.Words, &t.cleaned
	for _, whose := range []string{"intruder", "tampered", "unknown", "owner"} {
		var mine []Resource
		for _, r := range c.things {
			if r.Whose == whose {
				mine = append(mine, r)
			}
		}
		p.separate()
		p.head(w.T("screen.clean.whose."+whose, "n", m.Counts[whose]))
		t.things(p, mine)
	}
	t.unlisted(p, m)
	if m.Counts["unknown"] > 0 {
		p.blank()
		p.head(w.T("screen.plan.next"))
		t.commands(p, [][2]string{
			{"cordon finding mark RESOURCE mine", w.T("screen.clean.do.mark")},
			{"cordon plan eradicate", w.T("screen.clean.do.eradicate")},
		})
	}
	t.cleaned = cleaning{}
}

func (t *Text) reasons(r Resource) string {
	var all []string
	for _, reason := range r.Reasons {
		all = append(all, t.first(safe(reason), "whose."+reason))
	}
	if !r.Created.IsZero() {
		all = append(all, t.Words.T("screen.clean.created", "at", stamp(r.Created)))
	}
	if r.PerHour != nil {
		all = append(all, t.Words.T("screen.clean.cost", "usd", fmt.Sprintf("%.2f", *r.PerHour)))
	}
	return strings.Join(all, t.Words.T("screen.plan.and"))
}

func (t *Text) preserved(p *page, m Preserved) {
	w := t.Words
	p.head(w.T("screen.clean.preserved", "n", m.Resources, "pieces", m.Pieces))
	p.wrap("   ", safe(m.Dir))
	if m.Manifest != "" {
		p.wrap("   ", w.T("screen.clean.manifest", "hash", m.Manifest))
	}
	t.listed(p, "screen.clean.unkept", m.Unkept)
	p.blank()
	p.head(w.T("screen.plan.next"))
	t.commands(p, [][2]string{{"cordon preserve plan", w.T("screen.clean.do.copies")}, {"cordon plan eradicate", w.T("screen.clean.do.eradicate")}})
}

// listed writes a heading with a list, if there is anything in it.
func (t *Text) listed(p *page, head string, list []string) {
	if len(list) == 0 {
		return
	}
	p.separate()
	p.head(t.Words.T(head, "n", len(list)))
	for i, s := range list {
		if i == someThings && !t.All {
			t.rest(p, len(list)-i)
			return
		}
		p.wrap("   ", safe(s))
	}
}

// evidences lists pieces of evidence at the end of a command.
func (t *Text) evidences(p *page) {
	c := &t.cleaned
	for _, e := range c.pieces {
		p.line(" " + e.ID[:min(12, len(e.ID))] + "  " + stamp(e.Taken) + "  " + safe(e.Name))
		p.wrap("     ", safe(e.Ref)+"  "+t.bytes(e.Size))
	}
	if c.over > 0 {
		t.rest(p, c.over)
	}
	t.cleaned = cleaning{}
}

func (t *Text) evidenceVerified(p *page, m EvidenceVerified) {
	w := t.Words
	head := "screen.clean.sound"
	if !m.Sound {
		head = "screen.clean.unsound"
	}
	p.head(w.T(head, "n", m.Entries, "size", t.bytes(m.Bytes)))
	t.listed(p, "screen.clean.missing", m.Missing)
	t.listed(p, "screen.clean.altered", m.Altered)
	t.listed(p, "screen.clean.breaks", m.Breaks)
	t.listed(p, "screen.clean.unlisted", m.Unlisted)
	t.listed(p, "screen.clean.torn", m.Torn)
	p.blank()
	p.wrap("   ", w.T("screen.clean.manifest", "hash", m.Manifest))
	p.wrap("   ", w.T("screen.clean.custody", "hash", m.Custody))
}

func (t *Text) baseline(p *page, m Baseline) {
	w := t.Words
	key := "screen.clean.baseline.of"
	if m.Saved {
		key = "screen.clean.baseline.saved"
	}
	p.head(w.T(key, "n", m.Resources, "at", stamp(m.At)))
	p.wrap("   ", safe(m.File))
	if m.Digest != "" {
		p.wrap("   ", w.T("screen.plan.digest", "digest", m.Digest))
	}
	if m.Gaps > 0 {
		p.wrap("   ", w.T("prose.clean.gaps", "n", m.Gaps))
	}
	if m.Saved {
		p.blank()
		p.wrap(" ", w.T("prose.clean.baseline"))
	}
}

func (t *Text) compared(p *page, m Compared) {
	w, c := t.Words, &t.cleaned
	counts := map[string]int{"new": m.New, "gone": m.Gone, "changed": m.Changed}
	for _, how := range []string{"new", "changed", "gone"} {
		p.separate()
		p.head(w.T("screen.clean.diff."+how, "n", counts[how]))
		shown := 0
		for _, d := range c.differs {
			if d.How != how {
				continue
			}
			if shown++; shown > someThings && !t.All {
				t.rest(p, counts[how]-someThings)
				break
			}
			p.wrap("   ", t.thing(string(d.Kind), d.Region, d.ID))
			if len(d.Facts) > 0 {
				p.wrap("     ", t.factNames(d.Facts))
			}
		}
	}
	t.unseen(p, Summary{})
	t.gaps, t.cleaned = nil, cleaning{}
}

func (t *Text) factNames(names []string) string {
	var all []string
	for _, n := range names {
		all = append(all, t.first(safe(n), "fact."+n))
	}
	return strings.Join(all, ", ")
}

func (t *Text) secretList(p *page, m Secrets) {
	w, c := t.Words, &t.cleaned
	counts := map[string]int{"read": m.Read, "could-read": m.CouldRead, "not-known": m.Unknown}
	for _, how := range []string{"read", "could-read", "not-known"} {
		p.separate()
		p.head(w.T("screen.clean.secrets."+how, "n", counts[how]))
		shown := 0
		for _, s := range c.secrets {
			if s.How != how && !(how == "read" && s.How == "may-have-read") {
				continue
			}
			if shown++; shown > someThings && !t.All {
				t.rest(p, counts[how]-someThings)
				break
			}
			p.wrap("   ", t.thing(string(s.Kind), s.Region, s.ID))
			p.wrap("     ", t.secretDetail(s))
		}
	}
	if len(m.Unseen) > 0 {
		var kinds []string
		for _, k := range m.Unseen {
			kinds = append(kinds, t.kind(k))
		}
		slices.Sort(kinds)
		p.blank()
		p.wrap(" ", w.T("screen.clean.secrets.unseen", "list", strings.Join(kinds, ", ")))
	}
	p.blank()
	p.wrap(" ", w.T("prose.clean.secrets"))
	t.cleaned = cleaning{}
}

func (t *Text) secretDetail(s Secret) string {
	w := t.Words
	var all []string
	if len(s.By) > 0 {
		var by []string
		for _, b := range s.By {
			by = append(by, safe(b))
		}
		all = append(all, w.T("screen.clean.secrets.by", "list", strings.Join(by, ", ")))
	}
	if s.How == "may-have-read" {
		all = append(all, w.T("screen.clean.secrets.perhaps"))
	}
	if s.Rotated != nil {
		all = append(all, w.T("screen.clean.secrets.rotated", "at", stamp(*s.Rotated)))
	} else {
		all = append(all, w.T("screen.clean.secrets.rotate"))
	}
	return strings.Join(all, w.T("screen.plan.and"))
}

// spending says on a plan what the intruder's things cost by the hour.
func (t *Text) spending(p *page) {
	s := t.cleaned.spend
	if s == nil || s.Running == 0 {
		return
	}
	key := "prose.clean.spend"
	if s.Unknown > 0 {
		key = "prose.clean.spend.least"
	}
	p.wrap(" ", t.Words.T(key, "usd", fmt.Sprintf("%.2f", s.PerHour), "n", s.Running, "unknown", s.Unknown, "asof", s.AsOf.Format("2006-01-02")))
}
