package report

import (
	"cmp"
	"slices"
	"strings"

	"cordon/internal/clean"
	"cordon/internal/fact"
)

// A tree on the screen has at most treeLines lines, is drawn treeDeep steps deep,
// and names at most treeLeaves ends that one step led to.
const (
	treeLines  = 60
	treeDeep   = 12
	treeLeaves = 4
)

// A tree is the intruder's paths while they are drawn. A node is followed once:
// cycles end there.
type tree struct {
	*Text
	p     *page
	from  map[string][]Edge
	seen  map[string]bool
	lines int
	left  int
}

// graph draws the paths from where the intruder began.
func (t *Text) graph(p *page, edges []Edge) {
	if len(edges) == 0 {
		return
	}
	g := &tree{Text: t, p: p, from: map[string][]Edge{}, seen: map[string]bool{}}
	reached := map[string]bool{}
	for _, e := range edges {
		g.from[e.From] = append(g.from[e.From], e)
		if e.From != e.To {
			reached[e.To] = true
		}
	}
	var starts, inside []string
	for _, e := range edges {
		switch {
		case slices.Contains(starts, e.From) || slices.Contains(inside, e.From):
		case reached[e.From]:
			inside = append(inside, e.From)
		default:
			starts = append(starts, e.From)
		}
	}
	p.separate()
	p.head(t.Words.T("screen.inquiry.graph"))
	for _, node := range append(starts, inside...) { // inside: cycles that nothing leads to
		if g.seen[node] {
			continue
		}
		g.line("   ", g.node(node))
		g.grow(node, 0)
	}
	t.rest(p, g.left)
}

func (g *tree) line(first, text string) {
	if g.lines++; g.lines > treeLines {
		g.left++
		return
	}
	g.p.wrap(first, text)
}

// node writes a place on a path: "trust:111122223333/global/iam.role/admin" and
// "trust admin" are the trust of a role. Other names stand as they are.
func (t *Text) node(id string) string {
	if id == "intruder" {
		return t.lane(id)
	}
	i := strings.IndexAny(id, ": ")
	key := "screen.inquiry.node." + id[:max(i, 0)]
	if i < 0 || !t.Words.Has(key) {
		return clean.TextCap(id, 72)
	}
	name := strings.TrimPrefix(id[i+1:], "of:")
	f := strings.SplitN(name, "/", 4)
	switch first, rest, _ := strings.Cut(name, "/"); {
	case len(f) == 4 && strings.Contains(f[2], "."): // account/region/kind/id
		name = t.kind(fact.Kind(f[2])) + " " + clean.TextCap(f[3], 72)
	case rest != "" && strings.Contains(first, "."): // kind/id
		name = t.kind(fact.Kind(first)) + " " + clean.TextCap(rest, 72)
	default:
		name = clean.TextCap(name, 72)
	}
	return t.Words.T(key, "name", name)
}

// path writes the places of a path.
func (t *Text) path(s string) string {
	places := strings.SplitN(s, " → ", 20)
	for i, id := range places {
		places[i] = t.node(id)
	}
	return strings.Join(places, " → ")
}

// grow draws what node led to: ends of one sort together, then what goes on.
func (g *tree) grow(node string, depth int) {
	g.seen[node] = true
	first := "   " + strings.Repeat("  ", min(depth, treeDeep)) + "→ "
	edges := g.from[node]
	slices.SortStableFunc(edges, func(a, b Edge) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.What, b.What), cmp.Compare(a.To, b.To))
	})
	leaves := map[string][]string{}
	for _, e := range edges {
		if len(g.from[e.To]) == 0 {
			leaves[e.What] = append(leaves[e.What], g.node(e.To))
		}
	}
	done := map[string]bool{}
	for _, e := range edges {
		what := g.Text.first(short(e.What), "edge."+e.What)
		if many := leaves[e.What]; len(g.from[e.To]) == 0 && len(many) > treeLeaves+1 {
			if !done[e.What] {
				done[e.What] = true
				g.line(first, g.Words.T("screen.inquiry.of", "what", what, "list", g.some(many, treeLeaves)))
			}
			continue
		}
		text := g.Words.T("screen.inquiry.of", "what", what, "list", g.node(e.To))
		if !e.At.IsZero() {
			text += "  " + stamp(e.At)
		}
		again := g.seen[e.To] && len(g.from[e.To]) > 0
		if again {
			text = g.Words.T("screen.inquiry.graph.above", "text", text)
		}
		g.line(first, text)
		if !again && len(g.from[e.To]) > 0 {
			if depth >= 1000 { // of the stack, whatever the edges are
				g.left += len(g.from[e.To])
				continue
			}
			g.grow(e.To, depth+1)
		}
	}
}

// cut is the smallest set that closes every path, each with the paths it
// closes, and the ends that it cannot close; one set for each intruder.
func (t *Text) cut(p *page, list []Cut) {
	w := t.Words
	var open []string
	for _, c := range list {
		for _, o := range c.Open {
			if !slices.Contains(open, o) {
				open = append(open, o)
			}
		}
	}
	targets := slices.DeleteFunc(slices.Clone(list), func(c Cut) bool { return c.Target == "" })
	if len(list) > 0 && len(targets) == 0 {
		p.separate()
		p.head(w.T("screen.inquiry.cut.none"))
	}
	for len(targets) > 0 {
		n := min(max(targets[0].Of, 1), len(targets))
		p.separate()
		p.head(w.T("screen.inquiry.cut.head", "n", n, "paths", targets[0].Paths))
		for i, c := range targets[:n] {
			t.cutting(p, i+1, c)
		}
		targets = targets[n:]
	}
	if len(open) > 0 {
		p.separate()
		p.head(w.T("screen.inquiry.cut.open"))
		for _, o := range open[:min(len(open), 8)] {
			p.ink(yellow, "   ", t.path(o))
		}
		t.rest(p, len(open)-8)
	}
}

func (t *Text) cutting(p *page, number int, c Cut) {
	const some = 3
	w := t.Words
	target := t.node(c.Target)
	if target == clean.TextCap(c.Target, 72) { // a bare name: its kind says what it is
		target = t.node(c.Kind + ":" + c.Target)
	}
	p.wrap("   "+w.Number(number)+"  ", target)
	switch len(c.Closes) {
	case 0:
		return
	case 1:
		p.wrap("      ", w.T("screen.inquiry.cut.one", "path", t.path(c.Closes[0])))
		return
	}
	p.wrap("      ", w.T("screen.inquiry.cut.closes", "n", len(c.Closes)))
	for _, path := range c.Closes[:min(len(c.Closes), some)] {
		p.wrap("        ", t.path(path))
	}
	if more := len(c.Closes) - some; more > 0 {
		p.wrap("        ", w.T("screen.inquiry.rest", "n", more))
	}
}
