package engine

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"cordon/internal/fact"
	"cordon/internal/incident"
)

// Mark records what a person says of one or more resources of the last triage:
// a finding's number (all its targets), "3.2" (its second target), a resource's
// id, its ARN, or its full reference. It returns what was marked.
func Mark(c *incident.Case, name, mark, who, why string, now time.Time) ([]fact.Ref, error) {
	t, err := LoadTriage(c)
	if err != nil {
		return nil, err
	}
	refs, err := t.refs(name)
	if err != nil {
		return nil, err
	}
	for _, r := range refs {
		seen, _ := t.Snapshot.Find(r) // root is in no listing
		m := incident.Mark{Ref: r.String(), Mark: mark, By: who, At: now, Why: why, UniqueID: seen.UniqueID}
		if err := c.AddMark(m); err != nil {
			return nil, err
		}
	}
	return refs, nil
}

func (t Triage) refs(name string) ([]fact.Ref, error) {
	finding, target, some := strings.Cut(name, ".")
	if n, err := strconv.Atoi(finding); err == nil && !strings.Contains(target, ".") {
		for _, f := range t.Findings {
			if f.Number != n {
				continue
			}
			var refs []fact.Ref
			for i, h := range f.Hits {
				if !some || target == strconv.Itoa(i+1) {
					refs = append(refs, h.Ref)
				}
			}
			if len(refs) > 0 {
				return refs, nil
			}
		}
		return nil, refuse("no-such-finding", fmt.Errorf("cannot mark %s: the last triage has no such finding or target", name), "name", name)
	}
	var refs []fact.Ref
	for _, r := range t.Snapshot.Resources {
		if name == r.ID || name == r.ARN || name == r.Ref.String() {
			refs = append(refs, r.Ref)
		}
	}
	switch len(refs) {
	case 1:
		return refs, nil
	case 0:
		return nil, refuse("no-such-finding", fmt.Errorf("cannot mark %q: the last triage did not see it", name), "name", name)
	}
	return nil, refuse("ambiguous", fmt.Errorf("cannot mark %q: %d resources are called so; name one in full, such as %s", name, len(refs), refs[0]), "name", name)
}
