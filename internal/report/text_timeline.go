package report

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"cordon/internal/clean"
)

// Rows of a timeline collapse: calls of one name, side and outcome that follow
// each other within repeat are one row, for at most long. So at most open rows
// wait, and a timeline of any length takes the same memory.
const (
	repeat   = time.Minute
	longest  = time.Hour
	openRows = 64
	gapsKept = 500
)

// sides are the columns of a timeline. What may be anybody's goes with the
// owner's, marked.
var sides = []string{"intruder", "owner", "responder", "aws"}

// heldBytes is how much of a timeline waits where it is not known yet whether
// the events are a timeline or stand behind a verdict.
const heldBytes = 1 << 20

// lanes is a timeline that is being written.
type lanes struct {
	told  int // events
	held  *page
	lost  int  // rows that held had no room for
	cut   bool // events behind the last row are not shown
	rows  []*laneRow
	day   string
	gaps  []RecordGap // not drawn yet, by when they begin
	shown map[string][3]string
	drawn []RecordGap
}

// A laneRow is calls that stand on one line.
type laneRow struct {
	lane, call, marks      string
	unsure                 bool
	n                      int
	first, last            time.Time
	things, regions, froms values
	credential             string
}

// values are the first few different ones of many.
type values struct {
	list []string
	more int // different from the first, perhaps among each other not
}

func (v *values) add(s string) {
	switch {
	case s == "" || slices.Contains(v.list, s):
	case len(v.list) < 3:
		v.list = append(v.list, s)
	default:
		v.more++
	}
}

func (l *lanes) gap(g RecordGap) {
	same := func(o RecordGap) bool { return o.key() == g.key() }
	if !g.From.IsZero() && len(l.gaps) < gapsKept && !slices.ContainsFunc(l.gaps, same) {
		l.gaps = append(l.gaps, g)
		slices.SortStableFunc(l.gaps, func(a, b RecordGap) int { return a.From.Compare(b.From) })
	}
}

// event takes one event of a timeline, and writes the rows that are complete.
// Behind verdicts they wait for the Inquiry, unless this is Timeline's view.
func (t *Text) event(e Event) *page {
	l := &t.asked.lanes
	write := func(p *page) {
		if l.told == 0 {
			t.laneHead(p)
		}
		l.told++
		if t.Follow {
			t.row(p, newRow(e))
			return
		}
		for len(l.rows) > 0 && (len(l.rows) >= openRows || l.rows[0].over(e.Time)) {
			t.row(p, l.rows[0])
			l.rows = slices.Delete(l.rows, 0, 1)
		}
		l.add(e)
	}
	if len(t.asked.verdicts) == 0 || t.View == Timeline || t.Follow {
		return t.screen(write)
	}
	if l.held == nil {
		l.held = t.page()
	}
	write(l.held)
	return nil
}

func (r *laneRow) over(now time.Time) bool {
	return now.Sub(r.last) > repeat || now.Sub(r.first) > longest
}

func (l *lanes) add(e Event) {
	fresh := newRow(e)
	for _, r := range l.rows {
		if r.lane == fresh.lane && r.call == fresh.call && r.marks == fresh.marks && r.unsure == fresh.unsure &&
			r.credential == fresh.credential && !r.over(e.Time) && r.first.Sub(e.Time) <= repeat {
			r.n++
			r.things.add(e.Resource)
			r.regions.add(e.Region)
			r.froms.add(e.Address)
			if e.Time.After(r.last) {
				r.last = e.Time
			}
			return
		}
	}
	l.rows = append(l.rows, fresh)
}

func newRow(e Event) *laneRow {
	r := &laneRow{lane: e.Lane, call: e.Name, marks: marks(e), unsure: e.Confidence == "low" || e.Lane == "unknown", n: 1, first: e.Time, last: e.Time}
	if r.credential = e.Credential; r.credential == "" {
		r.credential = e.Principal
	}
	if e.Lane == "aws" { // its services and sessions are too many, and say little
		r.credential = ""
	}
	if !slices.Contains(sides, r.lane) {
		r.lane = "unknown"
	}
	r.things.add(e.Resource)
	r.regions.add(e.Region)
	r.froms.add(e.Address)
	return r
}

// marks say at a glance what a call is: P it gives rights, ! it touches what
// records the account, W it writes, ✗ it failed.
func marks(e Event) string {
	s := ""
	switch {
	case e.Grants:
		s = "P"
	case blinds(e):
		s = "!"
	case !e.ReadOnly && !reads.MatchString(e.Name) && !strings.HasPrefix(e.Source, "signin."):
		s = "W"
	}
	if e.Error != "" {
		s += "✗"
	}
	return s
}

var (
	recorders = []string{"cloudtrail", "config", "guardduty", "securityhub", "logs", "access-analyzer", "macie2", "detective"}
	blinders  = []string{"Stop", "Delete", "Disable", "Update", "Put", "Disassociate", "Archive", "CreateFilter", "CreateIPSet"}
	writesLog = []string{"PutLogEvents", "PutEvaluations", "PutAuditEvents", "PutResourceConfig"}
)

// reads are the names of calls that only look: records before version 1.05 do
// not say which do.
var reads = regexp.MustCompile(`^(Get|List|Describe|Head|Lookup|Search|BatchGet|Query|Scan|Select)[A-Z]`)

// blinds says whether a call changes what records or watches the account.
func blinds(e Event) bool {
	if e.ReadOnly || slices.Contains(writesLog, e.Name) {
		return false
	}
	service, _, _ := strings.Cut(e.Source, ".")
	if service == "ec2" {
		return e.Name == "DeleteFlowLogs"
	}
	return slices.Contains(recorders, service) && slices.ContainsFunc(blinders, func(s string) bool { return strings.HasPrefix(e.Name, s) })
}

// A row is time, marks, and then the call in the column of its side; what is
// longer than the column runs on to the right, where nothing else stands.
const laneAt = 12

func (t *Text) columns() bool { return t.Width >= 72 }

// offset is where a lane begins.
func (t *Text) offset(lane string) int {
	if !t.columns() {
		return laneAt + 2
	}
	step := min((t.Width-laneAt-24)/3, 24)
	if lane == "unknown" {
		lane = "owner"
	}
	return laneAt + step*max(slices.Index(sides, lane), 0)
}

func (t *Text) laneHead(p *page) {
	w := t.Words
	for _, v := range t.asked.verdicts[:min(len(t.asked.verdicts), 9)] {
		p.ink(red, "", w.T("screen.inquiry.lanes.caption", "number", v.Number, "who", t.named(v.Kind, v.Credential), "from", stampOr(v.First), "to", stampOr(v.Last)))
	}
	if !t.columns() {
		p.wrap("", w.T("screen.inquiry.lanes.letters", "q", "?"))
		return
	}
	line := clean.Pad("UTC", laneAt)
	for i, side := range sides {
		name := w.T("screen.inquiry.lanes." + side)
		if i < len(sides)-1 {
			name = clean.Pad(name, t.offset(sides[i+1])-t.offset(side)-1) + " "
		}
		line += name
	}
	p.line(p.paint(bold, strings.TrimRight(line, " ")))
}

var laneColour = map[string]string{"intruder": red, "responder": blue, "unknown": yellow}

// row writes one row, below the gaps that began before it.
func (t *Text) row(p *page, r *laneRow) {
	l := &t.asked.lanes
	if p == l.held && p.b.Len() > heldBytes {
		l.lost += r.n
		return
	}
	for len(l.gaps) > 0 && !l.gaps[0].From.After(r.first) {
		t.gapLine(p, l.gaps[0])
		l.gaps = l.gaps[1:]
	}
	t.day(p, r.first)
	lead := clean.Pad(r.first.UTC().Format("15:04:05"), 9) + clean.Pad(r.marks, 3)
	if !t.columns() {
		lead += clean.Pad(t.Words.T("screen.inquiry.letter."+r.lane), 2)
	}
	at := t.offset(r.lane)
	for i, line := range clean.Wrap(t.rowText(r), max(t.Width-at-2, 16)) {
		head := lead + strings.Repeat(" ", max(at-clean.Width(lead), 0))
		if i > 0 {
			head = strings.Repeat(" ", at+2)
		}
		p.line(head + p.paint(laneColour[r.lane], line))
	}
}

func (t *Text) day(p *page, at time.Time) {
	l := &t.asked.lanes
	if day := at.UTC().Format(time.DateOnly); day != l.day {
		l.day = day
		p.line(p.paint(bold, day))
	}
}

// rowText is the call, how often, on what, and of region, address and
// credential what is new in its lane.
func (t *Text) rowText(r *laneRow) string {
	l, w := &t.asked.lanes, t.Words
	text := short(r.call)
	if r.unsure {
		text += "?"
	}
	if r.n > 1 {
		text += " ×" + w.Number(r.n)
	}
	part := func(s string) {
		if s != "" {
			text += "  " + s
		}
	}
	part(t.several(r.things, tail))
	if l.shown == nil {
		l.shown = map[string][3]string{}
	}
	now := [3]string{t.several(r.regions, short), t.several(r.froms, short), ending(r.credential)}
	for i, s := range now {
		if s != l.shown[r.lane][i] {
			part(s)
		}
	}
	l.shown[r.lane] = now
	return text
}

func (t *Text) several(v values, show func(string) string) string {
	var list []string
	for _, s := range v.list {
		list = append(list, show(s))
	}
	text := strings.Join(list, t.Words.T("screen.inquiry.comma"))
	if v.more > 0 {
		text += " …"
	}
	return text
}

// ending is a key as people tell keys apart: AKIA…7Q2F; a principal by its name.
func ending(s string) string {
	if len(s) >= 16 && len(s) <= 128 && (strings.HasPrefix(s, "AKIA") || strings.HasPrefix(s, "ASIA")) && safe(s) == s {
		return s[:4] + "…" + s[len(s)-4:]
	}
	return tail(s)
}

func (t *Text) gapLine(p *page, g RecordGap) {
	t.day(p, g.From)
	at := g.From
	g.From = time.Time{} // it stands before the line
	text := t.Words.T("screen.inquiry.lanes.gap", "why", t.gapWord(g.Why), "where", t.gapPlace(g))
	g.From = at
	for i, line := range clean.Wrap(text, t.Width-laneAt) {
		lead := clean.Pad(at.UTC().Format("15:04:05"), 9) + "-- "
		if i > 0 {
			lead = strings.Repeat(" ", laneAt)
		}
		p.line(lead + p.paint(yellow, line))
	}
	t.asked.lanes.drawn = append(t.asked.lanes.drawn, g)
}

// closeLanes writes the rows that waited, and the gaps that begin after them.
func (t *Text) closeLanes(p *page) {
	l := &t.asked.lanes
	if l.held != nil {
		p.b.WriteString(l.held.b.String())
		l.held = nil
	}
	for _, r := range l.rows {
		t.row(p, r)
	}
	l.rows = nil
	if l.told == 0 {
		return
	}
	if !l.cut {
		for _, g := range l.gaps {
			t.gapLine(p, g)
		}
		l.gaps = nil
	}
	for _, g := range l.drawn {
		t.told(g)
	}
}

// laneEnd explains the marks and says what is not on the screen.
func (t *Text) laneEnd(p *page, m Inquiry, told int) {
	w := t.Words
	p.wrap(" ", w.T("screen.inquiry.lanes.marks", "b", "!", "q", "?"))
	var parts []string
	for _, lane := range append(slices.Clone(sides), "unknown") {
		if n := m.Lanes[lane]; n > 0 {
			parts = append(parts, w.T("screen.inquiry.tally", "value", t.lane(lane), "n", n))
		}
	}
	if len(parts) > 0 {
		p.wrap(" ", strings.Join(parts, w.T("screen.inquiry.comma")))
	}
	if more := m.Matched - told + t.asked.lanes.lost; more > 0 {
		p.ink(yellow, " ", w.T("screen.inquiry.lanes.more", "n", more))
	}
}
