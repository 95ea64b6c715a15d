package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cordon/internal/clean"
	"cordon/internal/fact"
	"cordon/internal/plan"
)

var classes = []plan.Class{plan.Reversible, plan.Disruptive, plan.Permanent, plan.Person}

var symbols = map[plan.Class][2]string{ // and in ASCII
	plan.Reversible: {"⟲", "[U]"},
	plan.Disruptive: {"◐", "[D]"},
	plan.Permanent:  {"✖", "[X]"},
	plan.Person:     {"☞", "[P]"},
}

var classColour = map[plan.Class]string{plan.Reversible: green, plan.Disruptive: yellow, plan.Permanent: red, plan.Person: blue}

// many is from how many like actions on a plan groups them into one line.
const many = 5

// planned is the screen that a person approves.
func (t *Text) planned(pl Plan) *page {
	p, w := t.page(), t.Words
	kind := t.first(safe(pl.Kind), "screen.plan."+pl.Kind)
	var live, refused []Action
	for _, a := range t.actions {
		if a.Refused != "" {
			refused = append(refused, a)
		} else {
			live = append(live, a)
		}
	}
	p.head(w.T("screen.plan.head", "kind", kind, "n", len(live), "code", pl.Code))
	p.wrap(" ", w.T("screen.plan.account", "account", account(pl.Account), "case", safe(pl.Case)))
	p.wrap(" ", w.T("screen.plan.times", "made", stamp(pl.MadeAt), "expires", stamp(pl.Expires), "in", w.In(pl.Expires.Sub(t.Now()))))
	p.wrap(" ", w.T("screen.plan.digest", "digest", pl.Digest))
	t.spending(p)
	if pl.Stale != "" {
		p.blank()
		p.wrap(" ", t.first(w.T("screen.plan.stale"), "stale."+pl.Stale))
	}
	p.blank()
	p.head(w.T("screen.plan.protected"))
	for _, arn := range pl.Protects {
		p.wrap("   ", safe(arn))
	}
	p.wrap("   ", w.T("screen.plan.protected.services"))
	for _, c := range classes {
		t.class(p, c, live)
	}
	t.refusals(p, refused)
	t.open(p, pl.Open)
	p.blank()
	t.totals(p, pl, live)
	t.after(p, pl, live)
	return p
}

func (t *Text) class(p *page, c plan.Class, all []Action) {
	var mine []Action
	for _, a := range all {
		if a.Class == c {
			mine = append(mine, a)
		}
	}
	if len(mine) == 0 {
		return
	}
	p.blank()
	symbol := symbols[c][0]
	if t.ASCII {
		symbol = symbols[c][1]
	}
	first := " " + symbol + " "
	lines := clean.Wrap(t.first(string(c), "class."+string(c))+"  ("+t.Words.Number(len(mine))+")", p.Width-clean.Width(first))
	for i, l := range lines {
		if i > 0 {
			first = strings.Repeat(" ", clean.Width(first))
		}
		p.line(first + p.paint(classColour[c], l))
	}
	told := map[string]bool{} // steps that several have in common
	for _, group := range t.groups(mine) {
		t.group(p, group, told[group[0].Verb])
		told[group[0].Verb] = c == plan.Person && ofMany(group[0].Verb)
	}
}

// ofMany says whether the steps of a person are the same for many targets, which
// are then named.
func ofMany(verb string) bool { return verb == "review-change" || verb == "enrol-user-mfa" }

// groups joins like actions on many targets, in the order of the first.
func (t *Text) groups(as []Action) (out [][]Action) {
	at := map[string]int{}
	for _, a := range as {
		key := fmt.Sprint(a.Verb, "\x00", a.Target.Kind, "\x00", a.Undoes)
		if t.All || a.Class == plan.Person {
			key = a.ID
		}
		i, there := at[key]
		if !there {
			i = len(out)
			at[key] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], a)
	}
	var split [][]Action
	for _, g := range out {
		if len(g) >= many {
			split = append(split, g)
			continue
		}
		for _, a := range g {
			split = append(split, []Action{a})
		}
	}
	return split
}

func (t *Text) group(p *page, g []Action, told bool) {
	w, a := t.Words, g[0]
	if len(g) == 1 {
		p.wrap(fmt.Sprintf("  %3d  ", a.Number), t.deed(a))
		if ofMany(a.Verb) { // its title is the same whatever it is about
			p.wrap("       ", t.thing(string(a.Target.Kind), a.Target.Region, a.Target.ID))
		}
		if a.Class == plan.Person {
			if steps := t.first("", "person."+a.Verb+".steps"); steps != "" && (!told || a.Verb == "review-change") {
				p.wrap("       ", steps)
			}
		}
		if a.Owner != "" {
			p.wrap("       ", w.T("screen.plan.owner", "owner", safe(a.Owner)))
		}
		if a.LastUse != nil {
			p.wrap("       ", w.T("screen.plan.used", "when", stamp(*a.LastUse), "ago", w.Ago(t.Now().Sub(*a.LastUse))))
		}
		if a.Sink != "" {
			p.wrap("       ", w.T("screen.rotate.sink", "sink", safe(a.Sink)))
		}
		if len(a.Because) > 0 {
			p.wrap("       ", w.T("screen.plan.because", "why", t.because(a.Because)))
		}
		t.closes(p, a)
		if does := "verb." + a.Verb + ".does"; t.All && !a.Undoes && a.Class != plan.Person && w.Has(does) {
			p.wrap("       ", w.T(does))
		}
		if a.Exposed && a.Undoes {
			p.wrap("       ", w.T("screen.plan.exposed"))
		}
		return
	}
	regions, ns, why := map[string]int{}, []int(nil), []string(nil)
	for _, a := range g {
		regions[t.region(a.Target.Region)]++
		ns = append(ns, a.Number)
		for _, b := range a.Because {
			if !slices.Contains(why, b) {
				why = append(why, b)
			}
		}
	}
	var places []string
	for _, r := range slices.Sorted(maps.Keys(regions)) {
		places = append(places, fmt.Sprintf("%s %d", r, regions[r]))
	}
	p.wrap("    *  ", t.verb(a)+"  "+w.T("screen.plan.many", "n", len(g), "kind", t.kind(a.Target.Kind), "where", strings.Join(places, ", ")))
	p.wrap("       ", w.T("screen.plan.numbers", "list", ranges(ns)))
	p.wrap("       ", w.T("screen.plan.because", "why", t.because(why)))
}

// closes tells which of the intruder's ways an action closes: the first, and how
// many more unless everything is asked for.
func (t *Text) closes(p *page, a Action) {
	shown := a.Closes
	if !t.All && len(shown) > 1 {
		shown = shown[:1]
	}
	for _, way := range shown {
		p.wrap("       ", t.Words.T("screen.plan.closes", "way", safe(way)))
	}
	if more := len(a.Closes) - len(shown); more > 0 {
		p.wrap("       ", t.Words.T("screen.plan.closes-more", "n", more))
	}
	if a.Cut {
		p.wrap("       ", t.Words.T("screen.plan.cut"))
	}
}

// open tells the ways that stay open when everything is done.
func (t *Text) open(p *page, ways []string) {
	if len(ways) == 0 {
		return
	}
	p.blank()
	p.head(t.Words.T("screen.plan.open", "n", len(ways)))
	for _, way := range ways {
		p.wrap("   ", safe(way))
	}
}

// ranges writes 12-49, 51.
func ranges(ns []int) string {
	slices.Sort(ns)
	var parts []string
	for i := 0; i < len(ns); {
		j := i
		for j+1 < len(ns) && ns[j+1] == ns[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprint(ns[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", ns[i], ns[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ", ")
}

func (t *Text) because(checks []string) string {
	var names []string
	for _, c := range checks {
		names = append(names, t.first(safe(c), "check."+c+".title", "because."+c))
	}
	return strings.Join(names, t.Words.T("screen.plan.and"))
}

// deed is "deactivate  access key  AKIA…  everywhere".
func (t *Text) deed(a Action) string {
	if a.Class == plan.Person {
		return t.first(safe(a.Verb), "person."+a.Verb+".title")
	}
	return t.verb(a) + "  " + t.kind(a.Target.Kind) + "  " + safe(a.Target.ID) + "  " + t.region(a.Target.Region)
}

func (t *Text) verb(a Action) string { return t.verbOf(a.Target.Kind, a.Verb, a.Undoes) }

func (t *Text) verbOf(k fact.Kind, verb string, undo bool) string {
	if undo {
		return t.first(safe(verb), "undo."+string(k)+"."+verb, "undo."+verb)
	}
	return t.first(safe(verb), "verb."+string(k)+"."+verb, "verb."+verb)
}

func (t *Text) refusals(p *page, refused []Action) {
	if len(refused) == 0 {
		return
	}
	p.blank()
	p.head(t.Words.T("screen.plan.refused", "n", len(refused)))
	var order []string
	by := map[string][]Action{}
	for _, a := range refused {
		if by[a.Refused] == nil {
			order = append(order, a.Refused)
		}
		by[a.Refused] = append(by[a.Refused], a)
	}
	for _, reason := range order {
		for _, a := range by[reason] {
			p.wrap("    -  ", t.deed(a))
		}
		p.wrap("       ", t.first(safe(reason), "guard."+reason, "skip."+reason, reason))
	}
}

func (t *Text) totals(p *page, pl Plan, live []Action) {
	var parts, kinds []string
	byKind := map[fact.Kind]int{}
	byClass := map[plan.Class]int{}
	for _, a := range live {
		byClass[a.Class]++
		if a.Class != plan.Person {
			byKind[a.Target.Kind]++
		}
	}
	for _, c := range classes {
		if byClass[c] > 0 {
			parts = append(parts, t.Words.T("screen.plan.count."+string(c), "n", byClass[c]))
		}
	}
	names := slices.Collect(maps.Keys(byKind))
	slices.SortFunc(names, func(a, b fact.Kind) int { return cmp.Or(cmp.Compare(byKind[b], byKind[a]), cmp.Compare(a, b)) })
	for _, k := range names {
		kinds = append(kinds, t.kind(k)+" "+t.Words.Number(byKind[k]))
	}
	if len(parts) > 0 {
		p.wrap(" ", t.Words.T("screen.plan.totals", "classes", t.Words.Join(parts...)))
	}
	if len(kinds) > 0 {
		p.wrap(" ", strings.Join(kinds, ", "))
	}
	if pl.Evidence > 0 {
		p.wrap(" ", t.Words.T("screen.plan.evidence", "n", pl.Evidence))
	}
	if len(pl.Unkept) > 0 {
		p.wrap(" ", t.Words.T("prose.plan.unkept", "n", len(pl.Unkept), "what", clean.Text(strings.Join(pl.Unkept, ", "))))
	}
}

func (t *Text) after(p *page, pl Plan, live []Action) {
	w := t.Words
	p.line(" " + w.T("screen.plan.file", "file", safe(pl.File))) // to be copied: never broken
	p.blank()
	p.head(w.T("screen.plan.next"))
	if len(live) == 0 {
		p.wrap("   ", w.T("screen.plan.empty"))
		return
	}
	rows := [][2]string{{"cordon apply " + pl.Code, w.T("screen.do.apply")}}
	if !t.All {
		rows = append(rows, [2]string{"cordon plan show " + pl.Code + " --all", w.T("screen.do.all")})
	}
	if pl.Kind == plan.Contain {
		rows = append(rows, [2]string{"cordon plan contain --except N", w.T("screen.do.except")})
	}
	t.commands(p, rows)
}
