package sigma

import (
	"fmt"
	"slices"
	"time"
)

// An Input is one hit of a rule, with what correlations need to know of it. It
// shares no memory with the record.
type Input struct {
	Rule   int32
	At     time.Time
	Event  string // its id
	values [][]string
}

// mostValues is how many values of one field count.
const mostValues = 16

// Input is the hit of a rule in the record that was matched last. It is false
// where no correlation refers to the rule.
func (m *Matcher) Input(rule int32) (Input, bool, error) {
	w := m.set.wants[rule]
	if w.names == nil {
		return Input{}, false, nil
	}
	at, err := time.Parse(time.RFC3339, string(m.view.Time))
	if err != nil {
		return Input{}, true, fmt.Errorf("cannot correlate event %.60q: %w", m.view.ID, err)
	}
	in := Input{Rule: rule, At: at.UTC(), Event: string(m.view.ID)}
	for _, f := range w.ids {
		var texts []string
		for _, s := range m.field(f).text {
			if len(texts) == mostValues {
				break
			}
			if !slices.Contains(texts, string(s)) {
				texts = append(texts, string(s))
			}
		}
		in.values = append(in.values, texts)
	}
	return in, true, nil
}

// Correlates says whether any correlation refers to the rule.
func (s *Set) Correlates(rule int32) bool { return s.wants[rule].names != nil }

// A hit is an Input, or a correlation that was met and counts in another.
type hit struct {
	rule  int32
	at    time.Time
	event string
	get   func(name string) []string
}

func (s *Set) hit(in Input) hit {
	w := s.wants[in.Rule]
	return hit{in.Rule, in.At, in.Event, func(name string) []string {
		if i := slices.Index(w.names, name); i >= 0 && i < len(in.values) {
			return in.values[i]
		}
		return nil
	}}
}

// groups are the values of group-by, in every combination.
func (c *correlation) groups(h hit) [][]string { return c.together(c.group, h) }

// together are the values of fields, in every combination.
func (c *correlation) together(names []string, h hit) [][]string {
	out := [][]string{nil}
	for _, name := range names {
		var next [][]string
		for _, head := range out {
			for _, v := range h.get(c.of(name, h.rule)) {
				if len(next) < mostValues {
					next = append(next, append(slices.Clone(head), v))
				}
			}
		}
		out = next
	}
	return out
}
