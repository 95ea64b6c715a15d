package report

import (
	"cmp"
	"slices"
	"strings"
)

// How many entries a screen shows of each sort.
const (
	someCreators   = 10
	someDetections = 15
	someUses       = 12
)

// creators says who made and changed a resource. What one credential did again
// and again is one entry.
func (t *Text) creators(p *page, list []Creator) {
	if len(list) == 0 {
		return
	}
	type entry struct {
		Creator
		n    int
		last string
	}
	var all []*entry
	by := map[string]*entry{}
	for _, c := range list {
		key := strings.Join([]string{c.Resource, c.Change, c.Call, c.By, c.Credential, c.Address, c.Lane}, "\x00")
		if e := by[key]; e != nil {
			e.n, e.last = e.n+1, stamp(c.At)
			continue
		}
		by[key] = &entry{Creator: c, n: 1}
		all = append(all, by[key])
	}
	slices.SortStableFunc(all, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.Resource, b.Resource), byChange(a.Change, b.Change), a.At.Compare(b.At))
	})
	said := map[string]bool{} // credentials whose origin stands above
	for i, e := range all[:min(len(all), someCreators)] {
		if said[e.Credential] {
			e.Chain = nil
		}
		said[e.Credential] = said[e.Credential] || len(e.Chain) > 0
		p.separate()
		if i == 0 || all[i-1].Resource != e.Resource {
			p.head(safe(e.Resource))
		}
		t.creator(p, e.Creator)
		if e.n > 1 {
			p.wrap("     ", t.Words.T("screen.inquiry.again", "n", e.n-1, "last", e.last))
		}
	}
	t.rest(p, len(all)-someCreators)
}

func (t *Text) creator(p *page, c Creator) {
	w := t.Words
	whose := w.T("screen.inquiry.whose", "lane", t.lane(c.Lane), "sure", t.first(short(c.Confidence), "confidence."+c.Confidence))
	text := w.T("screen.inquiry.creator", "change", t.change(c.Change), "call", short(c.Call), "at", stampOr(c.At), "whose", whose)
	p.ink(laneColour[c.Lane], "   ", text)
	p.wrap("     ", w.T("screen.inquiry.creator.by", "by", safe(c.By)))
	if c.Credential != "" && len(c.Chain) == 0 {
		p.wrap("     ", w.T("screen.inquiry.creator.key", "credential", short(c.Credential)))
	}
	if c.Address != "" || c.Agent != "" {
		p.wrap("     ", w.T("screen.inquiry.creator.from", "address", short(c.Address), "agent", brief(c.Agent), "region", short(c.Region)))
	}
	if c.Error != "" {
		p.wrap("     ", w.T("screen.inquiry.creator.failed", "code", short(c.Error)))
	}
	if len(c.Chain) > 0 {
		p.wrap("     ", w.T("screen.inquiry.creator.chain"))
		t.chain(p, "       ", c.Chain)
	}
}

// detections are groups of hits, the gravest and what was done first.
func (t *Text) detections(p *page, list []Detection) {
	if len(list) == 0 {
		return
	}
	w := t.Words
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Detection) int {
		return cmp.Or(cmp.Compare(grade(b.Severity), grade(a.Severity)), cmp.Compare(b.Status, a.Status), // "done" is behind "attempted"
			a.First.Compare(b.First), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Principal, b.Principal))
	})
	n := min(len(list), someDetections)
	if t.All {
		n = len(list)
	}
	p.separate()
	p.head(w.T("screen.inquiry.detections", "n", len(list)))
	var rows []deed
	for _, d := range list[:n] {
		attack := ""
		if len(d.Attack) > 0 {
			attack = d.Attack[0]
		}
		who := tail(d.Principal)
		if who == "" {
			who = short(d.Credential)
		}
		note := w.T("screen.inquiry.detection", "lane", t.lane(d.Lane), "who", who, "region", t.region(d.Region), "first", stampOr(d.First))
		rows = append(rows, deed{d.Severity, t.title(d.ID, d.Title, d.Author, d.Args), d.Status, attack, note, d.Count})
	}
	t.deeds(p, rows)
	t.rest(p, len(list)-n)
}

// impacts are what would stop: what is the owner's first, the busiest first.
func (t *Text) impacts(p *page, list []Impact) {
	if len(list) == 0 {
		return
	}
	w := t.Words
	p.separate()
	p.head(w.T("screen.inquiry.impact.head", "subject", short(list[0].Subject)))
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Impact) int {
		return cmp.Or(cmp.Compare(b.PerHour, a.PerHour), cmp.Compare(b.Events, a.Events), cmp.Compare(a.Agent+a.Address, b.Agent+b.Address))
	})
	for _, his := range []bool{false, true} {
		part := slices.DeleteFunc(slices.Clone(list), func(i Impact) bool { return (i.Lane == "intruder") != his })
		switch {
		case len(part) > 0 && his:
			p.separate()
			p.head(w.T("screen.inquiry.impact.intruder"))
		case len(part) == 0 && !his:
			p.wrap("   ", w.T("prose.inquiry.impact.none"))
		}
		for _, i := range part[:min(len(part), someUses)] {
			t.use(p, i)
		}
		t.rest(p, len(part)-someUses)
	}
}

func (t *Text) use(p *page, i Impact) {
	w := t.Words
	agent := short(i.Agent)
	if agent == "" {
		agent = "-"
	}
	if i.Lane == "unknown" {
		agent += "?"
	}
	p.wrap("   ", w.T("screen.inquiry.impact.what", "agent", agent, "address", short(i.Address), "principal", tail(i.Principal)))
	p.wrap("     ", w.T("screen.inquiry.impact.use", "rate", round(i.PerHour), "n", i.Events, "last", stampOr(i.Last), "services", t.safely(i.Services, 5)))
}

// round keeps what a person compares: whole calls, and one decimal below ten.
func round(f float64) any {
	if f >= 10 {
		return int(f + 0.5)
	}
	return float64(int(f*10+0.5)) / 10
}

// costs are quantities: what they cost is in the bill and on AWS's price list.
func (t *Text) costs(p *page, list []Cost) {
	if len(list) == 0 {
		return
	}
	w := t.Words
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Cost) int {
		return cmp.Or(cmp.Compare(b.Running, a.Running), cmp.Compare(b.Hours, a.Hours), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Region, b.Region))
	})
	p.separate()
	p.head(w.T("screen.inquiry.cost.head"))
	running, hours := 0, 0.0
	for i, c := range list {
		running, hours = running+c.Running, hours+c.Hours
		if i >= someUses && !t.All {
			continue
		}
		what := tail(c.Resource)
		if c.Kind != "" {
			what += "  " + t.first(short(c.Kind), "kind."+c.Kind)
		}
		p.wrap("   ", w.T("screen.inquiry.cost.what", "n", c.Count, "what", what, "region", t.region(c.Region)))
		p.wrap("     ", w.T("screen.inquiry.cost.hours", "hours", round(c.Hours), "n", c.Running, "from", stampOr(c.From)))
	}
	if !t.All {
		t.rest(p, len(list)-someUses)
	}
	p.wrap(" ", w.T("screen.inquiry.cost.total", "hours", round(hours), "n", running))
	p.wrap(" ", w.T("prose.inquiry.cost"))
}
