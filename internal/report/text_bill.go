package report

import (
	"fmt"
	"math"
	"strings"

	"cordon/internal/bill"
	"cordon/internal/charges"
	"cordon/internal/clean"
)

// money is an amount in the bill's currency.
func (s *Style) money(v float64, currency string) string {
	if currency == "" {
		currency = "USD"
	}
	cents := math.Round(math.Abs(v) * 100)
	whole := math.Floor(cents / 100)
	text := s.Words.Number(whole) + strings.Trim(s.Words.Number(1.5), "15") + fmt.Sprintf("%02d", int(cents-whole*100))
	if v < 0 && cents > 0 {
		text = "-" + text
	}
	return text + "\u00a0" + clean.TextCap(currency, 5)
}

func (t *Text) billAsk(p *page, m BillAsk) {
	w := t.Words
	p.wrap("", w.T("prose.bill.ask", "n", m.Requests, "usd", t.money(m.USD, "USD"), "most", m.Most, "most_usd", t.money(m.MostUSD, "USD"), "from", m.From.String(), "to", m.To.String()))
}

func (t *Text) bill(p *page, m Bill) {
	w := t.Words
	switch {
	case m.NoData:
		p.head(w.T("screen.bill.nodata"))
		p.wrap("   ", w.T("prose.bill.nodata"))
	case m.Compared == nil:
		p.head(w.T("screen.bill.unread"))
	default:
		t.comparison(p, m)
	}
	if m.Paid > 0 {
		p.wrap("   ", w.T("screen.bill.paid", "n", m.Paid, "usd", t.money(m.PaidUSD, "USD")))
	}
	t.bought(p, m)
	t.anomalies(p, m)
	t.budgets(p, m)
	t.freeTier(p, m.FreeTier)
	t.unreads(p, m.Unread)
	if m.Saved != "" {
		p.blank()
		p.head(w.T("screen.plan.next"))
		t.commands(p, [][2]string{{"cordon support dispute", w.T("help.cmd.support.dispute")}, {"cordon inventory --whose intruder", w.T("help.cmd.inventory")}})
	}
}

func (t *Text) comparison(p *page, m Bill) {
	w, c := t.Words, *m.Compared
	p.head(w.T("screen.bill.head", "since", c.Since.String(), "last", (c.To - 1).String(), "n", c.Past))
	p.wrap("   ", w.T("screen.bill.sums", "total", t.money(c.Total, c.Currency), "day", t.money(c.PerDay, c.Currency), "usual", t.money(c.Usual, c.Currency)))
	if lines := t.billChart(c, p.Width); len(lines) > 0 {
		p.blank()
		for _, line := range lines {
			p.line(line)
		}
		p.wrap("   ", t.billAxis(c))
	}
	p.blank()
	for i, f := range c.Findings {
		if i == someThings && !t.All {
			t.rest(p, len(c.Findings)-i)
			break
		}
		t.billFinding(p, c, f)
	}
	for _, text := range t.billVerdict(c) {
		p.wrap("   ", text)
	}
	for _, what := range c.Blind {
		p.ink(yellow, "   ", w.T("screen.bill.blind."+what))
	}
	if c.Small > 0 {
		p.wrap("   ", w.T("screen.bill.small", "n", c.Small, "cost", t.money(c.SmallCost, c.Currency)))
	}
	if len(c.Missing) > 0 {
		p.ink(yellow, "   ", w.T("screen.bill.missing", "n", len(c.Missing), "first", c.Missing[0].String()))
	}
	age := "prose.bill.age"
	if m.Source == "file" {
		age = "prose.bill.age.file"
	}
	p.wrap("   ", w.T(age))
	t.purchases(p, c)
}

// billChart draws the days of the bill, with a mark where the period begins: none
// where there is nothing to draw. billAxis says what the marks are.
func (s *Style) billChart(c bill.Comparison, width int) (lines []string) {
	if len(c.Totals) == 0 || top(c.Totals) <= 0 {
		return nil
	}
	const height = 5
	label := s.money(top(c.Totals), c.Currency)
	left := clean.Width(label) + 4
	width = max(width-left-2, 10)
	cols, at := columns(c.Totals, width)
	for i, row := range s.bars(c.Totals, width, height) {
		side := strings.Repeat(" ", left-1)
		if i == 0 {
			side = "   " + label
		}
		lines = append(lines, side+" "+row)
	}
	mark := int(c.Since-c.From) / at
	under := []byte(strings.Repeat("-", len(cols)))
	if mark >= 0 && mark < len(under) {
		under[mark] = '^'
	}
	return append(lines, strings.Repeat(" ", left)+string(under))
}

func (s *Style) billAxis(c bill.Comparison) string {
	return s.Words.T("screen.bill.axis", "from", c.From.String(), "last", (c.To - 1).String(), "since", c.Since.String())
}

// billSubject names what a finding of the bill is about.
func (s *Style) billSubject(f bill.Finding) string {
	what := []string{}
	for _, part := range []string{f.Service, f.Usage} {
		if part != "" {
			what = append(what, safe(part))
		}
	}
	if f.Region != "" {
		what = append(what, s.region(f.Region))
	}
	return strings.Join(what, "  ")
}

// billExcess says how a finding of the bill differs from the past.
func (s *Style) billExcess(f bill.Finding, currency string) string {
	key := "screen.bill.new"
	if f.Kind == bill.Jump || f.Kind == bill.UsageJump || f.Kind == bill.RestJump {
		key = "screen.bill.jump"
	}
	return s.Words.T(key, "cost", s.money(f.Cost, currency), "usual", s.money(f.Usual, currency), "excess", s.money(f.Excess, currency), "first", f.First.String())
}

// billVerdict are the sentences under the findings: none where findings say it all.
func (s *Style) billVerdict(c bill.Comparison) (says []string) {
	w := s.Words
	switch {
	case c.Unjudged == bill.Empty:
		says = append(says, w.T("screen.bill.empty"))
	case c.Unjudged == bill.NoPeriod:
		says = append(says, w.T("screen.bill.no-period", "last", (c.To-1).String()))
	case c.Unjudged != "":
		says = append(says, w.T("screen.bill.short", "n", c.Past))
	case len(c.Findings) == 0 && len(c.Blind) == 0:
		says = append(says, w.T("screen.bill.nothing", "last", (c.To-1).String()))
	case len(c.Findings) == 0:
		says = append(says, w.T("screen.bill.nothing.seen"))
	}
	return says
}

func (t *Text) billFinding(p *page, c bill.Comparison, f bill.Finding) {
	w := t.Words
	p.ink(red, " ", w.T("screen.bill.kind."+f.Kind)+"  "+t.billSubject(f))
	p.wrap("     ", t.billExcess(f, c.Currency))
	p.wrap("     ", w.T("screen.bill.peak", "peak", t.money(f.Peak, c.Currency), "day", f.PeakDay.String()))
	if line := strings.TrimRight(t.spark(f.Series, max(p.Width-8, 20)), " "); line != "" {
		p.line("     " + line)
	}
	for _, part := range f.Parts {
		p.wrap("       ", t.money(part.Cost, c.Currency)+"  "+safe(part.Name))
	}
}

func (t *Text) purchases(p *page, c bill.Comparison) {
	if len(c.Purchases) == 0 {
		return
	}
	w := t.Words
	p.blank()
	p.head(w.T("screen.bill.purchases"))
	for _, x := range c.Purchases {
		key := "screen.bill.purchase.old"
		if x.New {
			key = "screen.bill.purchase.new"
		}
		what := safe(x.Service)
		if x.Usage != "" {
			what += "  " + safe(x.Usage)
		}
		p.wrap("   ", t.first(safe(x.Sort), "bill.purchase."+x.Sort)+"  "+what)
		p.wrap("     ", w.T(key, "cost", t.money(x.Cost, c.Currency), "first", x.First.String()))
	}
	p.wrap("   ", w.T("prose.bill.purchases"))
}

func (t *Text) bought(p *page, m Bill) {
	if len(m.Bought) == 0 {
		return
	}
	w := t.Words
	p.blank()
	p.head(w.T("screen.bill.bought"))
	for i, b := range m.Bought {
		if i == someThings && !t.All {
			t.rest(p, len(m.Bought)-i)
			break
		}
		key := "screen.account.change"
		if b.Refused {
			key = "screen.account.refused"
		}
		what := safe(b.Call) + "  " + t.region(b.Region)
		if b.What != "" {
			what += "  " + safe(b.What)
		}
		p.wrap("   ", w.T(key, "at", stamp(b.At), "call", what, "lane", t.first(safe(b.By.Lane), "account.lane."+b.By.Lane)))
		p.wrap("     ", t.caller(b.By))
	}
	p.wrap("   ", w.T("prose.bill.purchases"))
}

func (t *Text) anomalies(p *page, m Bill) {
	if len(m.Anomalies) == 0 {
		return
	}
	p.blank()
	p.head(t.Words.T("screen.bill.anomalies", "n", len(m.Anomalies)))
	for _, a := range m.Anomalies {
		what := strings.Join(append(append([]string{}, a.Services...), a.Regions...), "  ")
		p.wrap("   ", safe(a.From)+"  "+t.money(a.Impact, "USD")+"  "+safe(what))
	}
}

func (t *Text) budgets(p *page, m Bill) {
	w := t.Words
	unread := false
	for _, u := range m.Unread {
		unread = unread || u.What == "budgets"
	}
	if unread || m.Source == "file" {
		return
	}
	p.blank()
	if len(m.Budgets) == 0 {
		p.wrap(" ", w.T("screen.bill.budgets.none"))
	} else {
		p.head(w.T("screen.bill.budgets", "n", len(m.Budgets)))
	}
	for _, b := range m.Budgets {
		if b.Limit == nil || b.Spent == nil {
			p.wrap("   ", safe(b.Name)+"  "+safe(b.Per))
			continue
		}
		colour := ""
		if *b.Spent > *b.Limit {
			colour = red
		}
		p.ink(colour, "   ", safe(b.Name)+"  "+w.T("screen.bill.budget", "spent", t.money(*b.Spent, b.Unit), "limit", t.money(*b.Limit, b.Unit), "per", safe(b.Per)))
	}
	for _, a := range m.Actions {
		p.ink(yellow, "   ", w.T("screen.bill.action", "budget", safe(a.Budget), "sort", t.first(safe(a.Sort), "bill.action."+a.Sort)))
		p.wrap("     ", safe(strings.Join(append([]string{a.Approve, a.Status, a.Policy}, a.Targets...), "  ")))
	}
	if len(m.Actions) > 0 {
		p.wrap("   ", w.T("prose.bill.actions"))
	}
}

// nearlyUsed is from which share on an offer of the free tier is told.
const nearlyUsed = 0.85

func (t *Text) freeTier(p *page, all []charges.FreeUse) {
	var near []charges.FreeUse
	for _, f := range all {
		if f.Limit > 0 && f.Used >= nearlyUsed*f.Limit {
			near = append(near, f)
		}
	}
	if len(near) == 0 {
		return
	}
	w := t.Words
	p.blank()
	p.head(w.T("screen.bill.free", "n", len(near)))
	for _, f := range near {
		p.wrap("   ", safe(f.Service)+"  "+safe(f.Usage)+"  "+w.T("screen.bill.free.used", "used", math.Round(f.Used*100)/100, "limit", f.Limit, "unit", safe(f.Unit)))
	}
}

// unreads lists what could not be read: nothing is said about it.
func (t *Text) unreads(p *page, all []Unread) {
	if len(all) == 0 {
		return
	}
	w := t.Words
	p.blank()
	p.head(w.T("screen.bill.gaps", "n", len(all)))
	for i, u := range all {
		if i == someLanes && !t.All {
			t.rest(p, len(all)-i)
			return
		}
		what := t.first(safe(u.What), "bill.part."+u.What)
		if u.Where != "" {
			what += "  " + t.region(u.Where)
		}
		p.ink(yellow, "   ", what)
		p.wrap("     ", t.why(u))
	}
}
