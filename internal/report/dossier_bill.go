package report

import "strings"

// dossierBill is the last comparison of the bill, as the case keeps it: nothing
// where nobody compared it, which the article's own line says.
func (s *Style) dossierBill(out *sheet, m *Bill) {
	if m == nil {
		return
	}
	w := s.Words
	if m.Compared == nil {
		key := "screen.bill.unread"
		if m.NoData {
			key = "screen.bill.nodata"
		}
		p := out.part(1, w.T(key))
		p.says = append(p.says, w.T("screen.report.as-of", "when", stamp(m.At)))
		return
	}
	c := *m.Compared
	p := out.part(1, w.T("screen.bill.head", "since", c.Since.String(), "last", (c.To-1).String(), "n", c.Past))
	p.draw = s.billChart(c, s.Width)
	for i, f := range c.Findings {
		if i == reportNames {
			p.list = append(p.list, entry{mark: "…", text: "+" + w.Number(len(c.Findings)-i)})
			break
		}
		p.list = append(p.list, entry{
			mark: w.T("screen.bill.kind." + f.Kind), colour: red, text: strings.ReplaceAll(s.billSubject(f), "`", "'"), more: []string{s.billExcess(f, c.Currency)},
		})
	}
	if len(p.draw) > 0 {
		p.says = append(p.says, s.billAxis(c))
	}
	p.says = append(p.says, w.T("screen.bill.sums", "total", s.money(c.Total, c.Currency), "day", s.money(c.PerDay, c.Currency), "usual", s.money(c.Usual, c.Currency)))
	p.says = append(p.says, s.billVerdict(c)...)
	for _, what := range c.Blind {
		p.says = append(p.says, w.T("screen.bill.blind."+what))
	}
	if len(c.Missing) > 0 {
		p.says = append(p.says, w.T("screen.bill.missing", "n", len(c.Missing), "first", c.Missing[0].String()))
	}
	if n := len(m.Unread); n > 0 {
		p.says = append(p.says, w.T("screen.bill.gaps", "n", n))
	}
	p.says = append(p.says, w.T("screen.report.as-of", "when", stamp(m.At)))
}
