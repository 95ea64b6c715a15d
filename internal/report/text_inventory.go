package report

import (
	"slices"
	"strings"
)

// fewAlike is how many things of one kind, unknown for the same reasons, stand
// one by one on a screen.
const fewAlike = 3

// things lists resources. Many that nobody knows for the same reasons, such as the
// default groups of every Region, stand on one line: they hide what matters.
func (t *Text) things(p *page, mine []Resource) {
	alike := map[string][]Resource{}
	if !t.All && slices.ContainsFunc(mine, func(r Resource) bool { return r.Kind != mine[0].Kind }) {
		for _, r := range mine {
			if r.Whose == "unknown" && r.Mark == "" {
				alike[sameness(r)] = append(alike[sameness(r)], r)
			}
		}
	}
	shown, lines := 0, 0
	for _, r := range mine {
		same := alike[sameness(r)]
		if len(same) > fewAlike && same[0].Ref != r.Ref {
			continue // it stands with the first of them
		}
		if lines++; lines > someThings && !t.All {
			t.rest(p, len(mine)-shown)
			return
		}
		if len(same) > fewAlike {
			shown += len(same)
			t.together(p, same)
			continue
		}
		shown++
		p.wrap("   ", t.thing(string(r.Kind), r.Region, r.ID))
		p.wrap("     ", t.reasons(r))
	}
}

func sameness(r Resource) string { return string(r.Kind) + " " + strings.Join(r.Reasons, " ") }

// together writes many things of one kind on a line.
func (t *Text) together(p *page, same []Resource) {
	var regions []string
	for _, r := range same {
		if !slices.Contains(regions, r.Region) {
			regions = append(regions, r.Region)
		}
	}
	where := t.region(regions[0])
	if len(regions) > 1 {
		where = t.Words.T("screen.clean.regions", "n", len(regions))
	}
	p.wrap("   ", t.kind(same[0].Kind)+"  "+where+"  "+t.Words.T("screen.clean.alike", "n", len(same), "kind", safe(string(same[0].Kind))))
	p.wrap("     ", t.reasons(Resource{Reasons: same[0].Reasons}))
}

// unlisted says what is not in the list, by why.
func (t *Text) unlisted(p *page, m Inventory) {
	w := t.Words
	p.blank()
	for _, l := range []struct {
		key string
		n   int
	}{{"prose.clean.gaps", m.Unread}, {"prose.clean.closed", m.Closed}, {"prose.clean.left-out", m.LeftOut}, {"prose.clean.ended", m.Ended}} {
		if l.n > 0 {
			p.wrap(" ", w.T(l.key, "n", l.n))
		}
	}
}
