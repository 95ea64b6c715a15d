package sigma

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A filter narrows rules that are told of elsewhere: each of them hits only
// where the filter's condition holds too.
type filter struct {
	file, called string
	rules        []string
	every        bool // all single rules, instead
	cond         *node
}

// filter reads a filter; it is applied when all rules are known.
func (l *loader) filter(r Rule, n *yaml.Node) error {
	members, err := l.entries(n)
	if err != nil {
		return fmt.Errorf("filter: %w", err)
	}
	f := filter{file: r.File, called: r.called()}
	var detection []entry
	for _, m := range members {
		if m.key != "rules" {
			detection = append(detection, m)
			continue
		}
		if f.rules, err = l.texts(m.value); err != nil {
			return fmt.Errorf("filter: rules: %w", err)
		}
	}
	switch {
	case len(f.rules) == 0:
		return errors.New("filter: names no rules")
	case len(f.rules) == 1 && (strings.EqualFold(f.rules[0], "any") || strings.EqualFold(f.rules[0], "all")):
		f.every = true
	}
	d, err := l.detected(detection)
	switch {
	case err != nil:
		return fmt.Errorf("filter: %w", err)
	case d.counts != "":
		return errors.New("filter: condition: an aggregation")
	}
	f.cond = d.cond
	l.filters = append(l.filters, f)
	return nil
}

// narrow applies the filters. A rule that a filter names and that is not there
// is a problem, and the others that it names are narrowed.
func (l *loader) narrow() {
	by := make([][]*node, len(l.set.conditions))
	for _, f := range l.filters {
		l.file = f.file
		some := false
		on := func(i int32) {
			some = true
			by[i] = append(by[i], f.cond)
		}
		if f.every {
			for i := range l.set.conditions {
				on(int32(i))
			}
			if !some {
				l.problem(f.called, errors.New("filter: there is no rule that it could filter"))
			}
			continue
		}
		done := map[int32]bool{}
		for _, ref := range f.rules {
			i, err := l.single(ref)
			if err != nil {
				l.problem(f.called, err)
			} else if !done[i] {
				done[i] = true
				on(i)
			}
		}
	}
	for i, conds := range by {
		if len(conds) > 0 {
			l.set.conditions[i] = join(all, 0, append(conds, l.set.conditions[i]))
		}
	}
}

// single is the rule of single events with an id or a name, also where its
// events are counted.
func (l *loader) single(ref string) (int32, error) {
	found := l.meant(ref)
	for _, p := range l.pending {
		if p.rule.ID != ref && p.rule.Name != ref {
			continue
		}
		if len(p.parts) == 0 {
			return 0, fmt.Errorf("filter: %.60q is a correlation: the rules that it refers to can be filtered", ref)
		}
		found = append(found, p.parts...)
	}
	switch len(found) {
	case 0:
		return 0, fmt.Errorf("filter: the rule %.60q is not there, or cannot be used", ref)
	case 1:
		return found[0], nil
	}
	return 0, fmt.Errorf("filter: %d rules are named %.60q", len(found), ref)
}
