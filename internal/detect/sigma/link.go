package sigma

import (
	"fmt"
	"slices"
)

// wants are the fields of a hit that correlations need.
type wants struct {
	names []string
	ids   []int32
}

// link finds the parts of correlations. A correlation of correlations is
// linked after these, so the list is in the order to run it in.
func (l *loader) link() {
	stands, part := map[int32]bool{}, map[int32]bool{}
	for progress := true; progress; {
		progress = false
		var left []pending
		for _, p := range l.pending {
			l.file, l.inherits = p.rule.File, p.inherits
			ready, err := l.resolve(&p)
			if err == nil && !ready {
				left = append(left, p)
				continue
			}
			progress = true
			if err == nil {
				p.rule.Correlation = true
				p.c.rule, err = l.add(p.rule, nil)
			}
			if err != nil {
				for _, i := range p.parts {
					part[i] = true // made for this one only
				}
				l.problem(p.rule.called(), err)
				continue
			}
			for _, i := range p.c.parts {
				part[i] = true
				stands[i] = stands[i] || p.generate
			}
			l.set.correlations = append(l.set.correlations, p.c)
		}
		l.pending = left
	}
	for _, p := range l.pending {
		l.file = p.rule.File
		l.problem(p.rule.called(), fmt.Errorf("correlation: one of %.200q is not there, cannot be used, or refers back", p.refers))
	}
	for i := range l.set.rules {
		l.set.rules[i].Part = part[int32(i)] && !stands[int32(i)]
	}
	l.want()
}

// resolve is false while a part is not known.
func (l *loader) resolve(p *pending) (bool, error) {
	parts := slices.Clone(p.parts)
	for _, ref := range p.refers {
		named := l.meant(ref)
		if len(named) > 1 {
			return false, fmt.Errorf("correlation: %d rules are named %.60q", len(named), ref)
		}
		if len(named) == 0 {
			return false, nil
		}
		parts = append(parts, named[0])
	}
	p.c.parts = parts
	p.c.alias = map[string]map[int32]string{}
	for name, of := range p.aliases {
		p.c.alias[name] = map[int32]string{}
		for ref, field := range of {
			k := slices.Index(p.refers, ref)
			if k < 0 { // it may be called by its other name
				k = slices.IndexFunc(parts, func(i int32) bool { return l.set.rules[i].Name == ref || l.set.rules[i].ID == ref })
			}
			if k < 0 {
				return false, fmt.Errorf("correlation: aliases name %.60q, which is not among its rules", ref)
			}
			p.c.alias[name][parts[k]] = field
		}
	}
	p.c.orders = [][]int32{parts}
	switch {
	case p.text != "":
		return true, l.extend(p)
	case p.c.kind == temporalOrdered && len(p.c.bounds) > 0:
		var err error
		p.c.orders, err = some(p.c.bounds, parts)
		return true, err
	}
	if p.c.kind == temporal && len(p.c.bounds) == 0 {
		distinct := slices.Clone(parts)
		slices.Sort(distinct)
		p.c.bounds = []bound{{"gte", float64(len(slices.Compact(distinct)))}}
	}
	return true, nil
}

// of is what a name in the correlation is called in a part.
func (c *correlation) of(name string, part int32) string {
	if field, ok := c.alias[name][part]; ok {
		return field
	}
	return name
}

// names are what the correlation asks of each hit.
func (c *correlation) names() []string {
	return append(slices.Clone(c.group), c.fields...)
}

// want notes for every rule which fields of its hits are asked for: by its own
// correlations, and by those above them that group by something else.
func (l *loader) want() {
	l.set.wants = make([]wants, len(l.set.rules))
	asked := map[int32][]string{} // of correlations, by those above
	for _, c := range slices.Backward(l.set.correlations) {
		for _, name := range append(c.names(), asked[c.rule]...) {
			if slices.Contains(c.group, name) || slices.Contains(c.fields, name) || slices.Contains(asked[c.rule], name) {
				for _, p := range c.parts {
					l.ask(p, c.of(name, p), asked)
				}
			}
		}
		for _, p := range c.parts {
			if l.set.conditions[p] != nil && l.set.wants[p].names == nil {
				l.set.wants[p].names = []string{} // counted, even where nothing is asked
			}
		}
	}
}

func (l *loader) ask(rule int32, name string, asked map[int32][]string) {
	if l.set.conditions[rule] == nil {
		if !slices.Contains(asked[rule], name) {
			asked[rule] = append(asked[rule], name)
		}
		return
	}
	w := &l.set.wants[rule]
	if !slices.Contains(w.names, name) {
		w.names = append(w.names, name)
		w.ids = append(w.ids, l.field(name))
	}
}
