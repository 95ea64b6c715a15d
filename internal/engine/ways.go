package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"cordon/internal/lineage"
	"cordon/internal/report"
)

// Graph tells the ways that the intruder has, and with Cut the smallest set of
// credentials and trusts whose cutting closes all of them.
func (q *Inquiry) Graph(ctx context.Context) error {
	if err := q.prepare(ctx); err != nil {
		return err
	}
	n := 0
	for _, in := range q.intruders {
		g := in.closure.Graph(q.status.Last, nil)
		for _, l := range g.Links {
			n++
			if err := q.tell(report.Edge{From: l.From, To: l.To, What: l.What, EventIDs: append([]string{}, l.EventIDs...)}); err != nil {
				return err
			}
		}
		if !q.Cut {
			continue
		}
		if err := q.tellCut(g); err != nil {
			return err
		}
	}
	return q.end("graph", n, nil)
}

func (q *Inquiry) tellCut(g lineage.Graph) error {
	cuts, open := lineage.Cut(g)
	paths := 0
	for _, c := range cuts {
		paths += len(c.Paths)
	}
	var still []string
	for _, way := range open {
		still = append(still, strings.Join(way[1:], " → "))
	}
	if len(cuts) == 0 && len(still) > 0 {
		return q.tell(report.Cut{Kind: "none", Open: still})
	}
	for _, c := range cuts {
		m := report.Cut{Target: c.Node.ID, Kind: c.Node.Kind, Of: len(cuts), Paths: paths, Open: still}
		for _, p := range c.Paths {
			m.Closes = append(m.Closes, strings.Join(p[1:], " → "))
		}
		if err := q.tell(m); err != nil {
			return err
		}
	}
	return nil
}

// waysText is one way as its nodes' names, without the intruder himself.
func waysText(g lineage.Graph, ids []string) string {
	var names []string
	for _, id := range ids {
		if id == g.Start {
			continue
		}
		name := id
		if i := slices.IndexFunc(g.Nodes, func(n lineage.Node) bool { return n.ID == id }); i >= 0 {
			name = g.Nodes[i].Kind + " " + cmp.Or(g.Nodes[i].Name, id)
		}
		names = append(names, name)
	}
	return strings.Join(names, " → ")
}
