package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cordon/internal/clean"
)

// someNamed are the buckets, functions or tables that are named of one account.
const someNamed = 4

// gapList says what the record cannot tell: each reason once, in full or in a
// few words, with up to n places. Gaps that a screen before has shown are left
// out.
func (t *Text) gapList(p *page, gaps []RecordGap, n int, full bool) {
	q := &t.asked
	var order []string
	by := map[string][]RecordGap{}
	for _, g := range gaps {
		if q.gapped[g.key()] {
			continue
		}
		t.told(g)
		if by[g.Why] == nil {
			order = append(order, g.Why)
		}
		by[g.Why] = append(by[g.Why], g)
	}
	if len(order) == 0 {
		return
	}
	p.separate()
	p.head(t.Words.T("screen.inquiry.gaps"))
	for _, why := range order {
		places := t.gapPlaces(by[why])
		places = slices.DeleteFunc(places, func(s string) bool { return s == "" })
		switch {
		case full:
			p.wrap("   ", t.first(short(why), "recordgap."+why))
			if len(places) > 0 {
				p.wrap("     ", t.some(places, n))
			}
		case len(places) > 0:
			p.wrap("   ", t.Words.T("screen.inquiry.of", "what", t.gapWord(why), "list", t.some(places, n)))
		default:
			p.wrap("   ", t.gapWord(why))
		}
	}
}

// gapWord is a reason in a few words.
func (t *Text) gapWord(why string) string {
	return t.first(short(why), "recordgap."+why+".short", "recordgap."+why)
}

// told remembers that a gap was shown.
func (t *Text) told(g RecordGap) {
	q := &t.asked
	if q.gapped == nil {
		q.gapped = map[string]bool{}
	}
	if len(q.gapped) < kept {
		q.gapped[g.key()] = true
	}
}

// gapPlaces are where and when gaps are. What begins or ends in many Regions of an
// account on one day is one place: a trail of theirs did.
func (t *Text) gapPlaces(gaps []RecordGap) (places []string) {
	on := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.DateOnly)
	}
	of := map[string][]string{} // Regions, by account and days
	at := func(g RecordGap) string { return g.Account + " " + on(g.From) + " " + on(g.To) }
	alike := func(g RecordGap) bool { return (g.Why == "begins-late" || g.Why == "ends-early") && g.Region != "" }
	for _, g := range gaps {
		if alike(g) {
			of[at(g)] = append(of[at(g)], g.Region)
		}
	}
	for _, g := range gaps {
		regions := of[at(g)]
		switch {
		case !alike(g) || len(regions) == 1:
			places = append(places, t.gapPlace(g))
		case g.Region == regions[0]:
			key, when := "screen.inquiry.until", on(g.To)
			if g.To.IsZero() {
				key, when = "screen.inquiry.since", on(g.From)
			}
			text := t.safely(regions, someNamed) + " " + t.Words.T(key, "to", when, "from", when)
			if g.Account != "" {
				text = account(g.Account) + " " + text
			}
			places = append(places, text)
		}
	}
	return places
}

// gapPlace is where and when a gap is, and what is said about it.
func (t *Text) gapPlace(g RecordGap) string {
	var parts []string
	if g.Account != "" {
		parts = append(parts, account(g.Account))
	}
	if g.Region != "" {
		parts = append(parts, short(g.Region))
	}
	if s := t.span(g.From, g.To); s != "" {
		parts = append(parts, s)
	}
	switch {
	case g.Why == "source-gone" || g.Why == "not-kept": // the detail is technical
		if g.EventID != "" {
			parts = append(parts, short(g.EventID))
		}
	case g.Why == "damaged" || g.Why == "unlisted":
		name, why, _ := strings.Cut(g.Detail, ": ")
		parts = append(parts, file(name), t.damage(why))
	case g.Why == "unverified" || g.Why == "disagrees" || g.Why == "sealed":
		if n, err := strconv.Atoi(g.Detail); err == nil {
			parts = append(parts, t.Words.Number(n))
		}
	case g.Why == "some-data-events":
		service, list, _ := strings.Cut(g.Detail, ": ")
		list, open := strings.CutSuffix(list, ", …")
		if list = t.safely(strings.Split(list, ", "), someNamed); open {
			list += " …"
		}
		parts = append(parts, t.Words.T("screen.inquiry.of", "what", short(service), "list", list))
	case g.Detail != "":
		parts = append(parts, clean.TextCap(g.Detail, 240))
	}
	return strings.Join(parts, " ")
}

// span writes two times, either of which may be unknown.
func (t *Text) span(from, to time.Time) string {
	w := t.Words
	switch {
	case from.IsZero() && to.IsZero():
		return ""
	case from.IsZero():
		return w.T("screen.inquiry.until", "to", stamp(to))
	case to.IsZero():
		return w.T("screen.inquiry.since", "from", stamp(from))
	}
	return w.T("screen.inquiry.span", "from", stamp(from), "to", stamp(to))
}
