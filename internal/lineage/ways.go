package lineage

import "slices"

// Through lists, for each target behind a node, the shortest way from the
// intruder through it, as node ids. A target that is the node itself counts.
func (g Graph) Through(node string) (ways [][]string) {
	before := g.from(g.Start, nil)[node]
	if before == nil {
		return nil
	}
	behind := g.from(node, nil)
	for _, n := range g.Nodes {
		if way := behind[n.ID]; n.Target && way != nil {
			ways = append(ways, slices.Concat(before, way[1:]))
		}
	}
	return ways
}

// Open lists a way to each target that is still reached when nodes are cut.
func (g Graph) Open(cut map[string]bool) (ways [][]string) {
	reached := g.from(g.Start, cut)
	for _, n := range g.Nodes {
		if way := reached[n.ID]; n.Target && way != nil {
			ways = append(ways, way)
		}
	}
	return ways
}

// from finds the shortest way from a node to every other, around what is cut.
func (g Graph) from(start string, cut map[string]bool) map[string][]string {
	next := map[string][]string{}
	for _, l := range g.Links {
		next[l.From] = append(next[l.From], l.To)
	}
	ways := map[string][]string{start: {start}}
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, to := range next[at] {
			if ways[to] == nil && !cut[to] {
				ways[to] = append(slices.Clone(ways[at]), to)
				queue = append(queue, to)
			}
		}
	}
	return ways
}
