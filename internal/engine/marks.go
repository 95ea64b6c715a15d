package engine

import (
	"fmt"
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/playbook"
)

// marksFor reads what people said of the resources of a snapshot. A mark holds
// for what it was put on: where the snapshot has something else under the same
// name, by the id that AWS never gives out twice, the mark says nothing of it and
// is among the stale. A mark on what the snapshot lacks is kept.
func marksFor(c *incident.Case, s fact.Snapshot) (marks map[fact.Ref]playbook.Mark, stale []fact.Ref, err error) {
	saved, err := c.Marks()
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the marks: %w", err)
	}
	unique := map[fact.Ref]string{}
	for _, r := range s.Resources {
		unique[r.Ref] = r.UniqueID
	}
	marks = map[fact.Ref]playbook.Mark{}
	for name, m := range saved {
		parts := strings.SplitN(name, "/", 4)
		if len(parts) != 4 {
			return nil, nil, fmt.Errorf("cannot read the marks: %q is not a resource", name)
		}
		ref := fact.Ref{Kind: fact.Kind(parts[2]), Place: fact.Place{Account: parts[0], Region: parts[1]}, ID: parts[3]}
		if now := unique[ref]; m.UniqueID != "" && now != "" && now != m.UniqueID {
			stale = append(stale, ref)
			continue
		}
		marks[ref] = playbook.Mark(m.Mark)
	}
	slices.SortFunc(stale, func(a, b fact.Ref) int { return strings.Compare(a.String(), b.String()) })
	return marks, stale, nil
}
