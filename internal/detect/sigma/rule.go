package sigma

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// add numbers a rule. A correlation has no condition.
func (l *loader) add(r Rule, cond *node) (int32, error) {
	i := int32(len(l.set.rules))
	if r.ID != "" {
		if err := l.identify(r, i); err != nil {
			return 0, err
		}
	}
	if r.Name != "" {
		l.names[r.Name] = append(l.names[r.Name], i)
	}
	l.set.rules = append(l.set.rules, r)
	l.set.conditions = append(l.set.conditions, cond)
	return i, nil
}

// identify notes the id of a rule. No two have the same, but those of one file
// that have it from an action.
func (l *loader) identify(r Rule, i int32) error {
	others := l.common[r.ID]
	if other, ok := l.ids[r.ID]; ok {
		others = []int32{other}
	}
	if len(others) == 0 {
		l.ids[r.ID] = i
		return nil
	}
	if file := l.set.rules[others[0]].File; !l.inherits || file != r.File {
		return fmt.Errorf("has the id of a rule in %s", file)
	}
	delete(l.ids, r.ID)
	l.common[r.ID] = append(others, i)
	return nil
}

// meant are the rules that an id or a name means: of an id one, but for
// actions.
func (l *loader) meant(ref string) []int32 {
	if i, ok := l.ids[ref]; ok {
		return []int32{i}
	}
	return append(slices.Clone(l.common[ref]), l.names[ref]...)
}

// detected is what selections and conditions say.
type detected struct {
	cond              *node
	counts, timeframe string // the old aggregation
}

func (l *loader) detected(members []entry) (out detected, err error) {
	var names, conditions []string
	nodes := map[string]*node{}
	for _, m := range members {
		switch m.key {
		case "condition":
			conditions, err = l.texts(m.value)
		case "timeframe":
			out.timeframe, err = l.text(m.value)
		default:
			names = append(names, m.key)
			nodes[m.key], err = l.selection(m.value)
		}
		if err != nil {
			return out, fmt.Errorf("%.60s: %w", m.key, err)
		}
	}
	if len(conditions) == 0 {
		return out, errors.New("no condition")
	}
	var either []*node
	for _, text := range conditions {
		c, after, err := condition(text, names, nodes)
		if err != nil {
			return out, fmt.Errorf("condition: %w", err)
		}
		if after != "" && len(conditions) > 1 {
			return out, errors.New("condition: several, with an aggregation")
		}
		either, out.counts = append(either, c), after
	}
	out.cond = join(anyOf, 0, either)
	return out, nil
}

// detection is what makes a rule one of single events.
func (l *loader) detection(r Rule, n *yaml.Node) error {
	members, err := l.entries(n)
	if err != nil {
		return fmt.Errorf("detection: %w", err)
	}
	d, err := l.detected(members)
	switch {
	case err != nil:
		return err
	case d.counts != "":
		return l.aggregation(r, d.cond, d.counts, d.timeframe)
	}
	_, err = l.add(r, d.cond)
	return err
}

var aggregation = regexp.MustCompile(`(?i)^(count|sum|avg|min|max|near)\s*(?:\(\s*([^)]*?)\s*\))?\s*(?:by\s+([^<>=!]+?))?\s*(?:(<=|>=|==|!=|<|>|=)\s*(\d+))?$`)

var signs = map[string]string{"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "=": "eq", "==": "eq", "!=": "neq"}

// aggregation is the old "| count(field) by group > 5": the rule becomes a
// part, and a correlation takes its name.
func (l *loader) aggregation(r Rule, cond *node, text, timeframe string) error {
	m := aggregation.FindStringSubmatch(text)
	switch {
	case m == nil || m[4] == "":
		return fmt.Errorf("condition: cannot read %.60q behind |", text)
	case !strings.EqualFold(m[1], "count"):
		return fmt.Errorf("condition: the aggregation %.20q is not supported", m[1])
	case timeframe == "":
		return errors.New("condition: count() without a timeframe")
	}
	span, err := timespan(timeframe)
	if err != nil {
		return fmt.Errorf("timeframe: %w", err)
	}
	n, err := strconv.Atoi(m[5])
	if err != nil {
		return fmt.Errorf("condition: %w", err)
	}
	c := correlation{kind: eventCount, span: span, bounds: []bound{{signs[m[4]], float64(n)}}}
	if m[2] != "" && m[2] != "*" {
		c.kind, c.fields = valueCount, m[2:3]
	}
	c.group = strings.FieldsFunc(m[3], func(c rune) bool { return c == ',' || c == ' ' })
	if err := c.check(); err != nil {
		return fmt.Errorf("condition: %w", err)
	}
	part := r
	part.ID, part.Name = "", ""
	base, err := l.add(part, cond)
	if err != nil {
		return err
	}
	l.pending = append(l.pending, pending{rule: r, c: c, parts: []int32{base}, inherits: l.inherits})
	return nil
}
