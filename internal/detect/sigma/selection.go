package sigma

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A builder turns detections into nodes over the set's leaves and fields.
type builder struct {
	reader
	set    *Set
	fields map[string]int32
	leaves map[string]int32
	given  map[string][]string // placeholders
}

// selection is one search identifier: a map, a list of maps or of keywords, or
// a keyword.
func (b *builder) selection(n *yaml.Node) (*node, error) {
	items, err := b.items(n)
	if err != nil {
		return nil, err
	}
	var alternatives []*node
	for _, it := range items {
		var one *node
		switch it.Kind {
		case yaml.MappingNode:
			one, err = b.mapping(it)
		case yaml.ScalarNode:
			one, err = b.item("", []*yaml.Node{it})
		default:
			err = fmt.Errorf("line %d: a list within a list", it.Line)
		}
		if err != nil {
			return nil, err
		}
		alternatives = append(alternatives, one)
	}
	if len(alternatives) == 0 {
		return nil, errors.New("is empty")
	}
	return join(anyOf, 0, alternatives), nil
}

func (b *builder) mapping(n *yaml.Node) (*node, error) {
	members, err := b.entries(n)
	if err != nil {
		return nil, err
	}
	var parts []*node
	for _, m := range members {
		list, err := b.items(m.value)
		if err != nil {
			return nil, err
		}
		one, err := b.item(m.key, list)
		if err != nil {
			return nil, fmt.Errorf("%.80q: %w", m.key, err)
		}
		parts = append(parts, one)
	}
	if len(parts) == 0 {
		return nil, errors.New("is empty")
	}
	return join(all, 0, parts), nil
}

// A spec is what the modifiers of an item say.
type spec struct {
	test    test
	all     bool
	neq     bool
	expand  bool
	flags   string
	changes []string
	typed   string // the modifier that set test.kind or test.compare
}

func (s *spec) set(k kind, by string) error {
	if s.typed != "" {
		return fmt.Errorf("modifiers %s and %s together", s.typed, by)
	}
	s.test.kind, s.typed = k, by
	return nil
}

var compares = map[string]compare{"lt": less, "lte": atMost, "gt": more, "gte": atLeastAs}
var parts = map[string]part{"minute": minute, "hour": hour, "day": day, "week": week, "month": month, "year": year}

func readSpec(modifiers []string) (s spec, err error) {
	s.test.kind = textual
	if len(modifiers) > mostModifiers {
		return s, errors.New("too many modifiers")
	}
	for _, m := range modifiers {
		c, isCompare := compares[m]
		p, isPart := parts[m]
		switch {
		case m == "all":
			s.all = true
		case m == "neq":
			s.neq = true
		case m == "cased":
			s.test.cased = true
		case m == "expand":
			s.expand = true
		case m == "re":
			err = s.set(regular, m)
		case (m == "i" || m == "m" || m == "s") && s.test.kind == regular:
			s.flags += m
		case m == "exists":
			err = s.set(there, m)
		case m == "cidr":
			err = s.set(network, m)
		case m == "fieldref":
			err = s.set(reference, m)
		case isCompare:
			err = s.set(numeric, m)
			s.test.compare = c
		case isPart && s.test.part == whole:
			s.test.part = p
		case changes[m] != nil:
			s.changes = append(s.changes, m)
		default:
			err = fmt.Errorf("unknown modifier %.40q", m)
		}
		if err != nil {
			return s, err
		}
	}
	return s, s.check()
}

func (s *spec) check() error {
	if s.test.part != whole && s.test.kind == textual {
		s.test.kind = numeric
	}
	allowed := map[kind][]string{regular: {"contains"}, reference: {"contains", "startswith", "endswith"}}[s.test.kind]
	for _, c := range s.changes {
		if s.test.kind != textual && !slices.Contains(allowed, c) {
			return fmt.Errorf("modifier %s together with %s", c, s.typed)
		}
	}
	switch {
	case s.test.part != whole && s.test.kind != numeric:
		return fmt.Errorf("a time modifier together with %s", s.typed)
	case s.test.kind == reference && len(s.changes) > 1:
		return errors.New("fieldref with several modifiers")
	}
	return nil
}

// item is one line of a selection. An empty field searches the whole record.
func (b *builder) item(key string, list []*yaml.Node) (*node, error) {
	words := strings.Split(key, "|")
	name := strings.TrimSpace(words[0])
	s, err := readSpec(words[1:])
	if err != nil {
		return nil, err
	}
	switch {
	case len(list) == 0:
		return nil, errors.New("an empty list of values")
	case strings.Count(name, ".") >= deepest:
		return nil, errors.New("a field of too many parts")
	}
	if name == everything {
		if s.test.kind != textual && s.test.kind != regular {
			return nil, fmt.Errorf("%s without a field", s.typed)
		}
		if !slices.ContainsFunc(s.changes, func(c string) bool { return strings.HasSuffix(c, "with") || c == "contains" }) && s.test.kind == textual {
			s.changes = append(s.changes, "contains")
		}
	}
	f := b.field(name)
	var tests []test
	for _, n := range list {
		more, err := b.value(f, s, n)
		if err != nil {
			return nil, err
		}
		if s.all {
			tests = append(tests, gather(more)...)
			continue
		}
		tests = append(tests, more...)
	}
	o := all
	if !s.all {
		o, tests = anyOf, gather(tests)
	}
	var kids []*node
	for _, t := range tests {
		kids = append(kids, b.leaf(f, t))
	}
	out := join(o, 0, kids)
	if s.neq {
		out = join(not, 0, []*node{out})
	}
	return out, nil
}

// value is one value of an item, as alternatives.
func (b *builder) value(f int32, s spec, n *yaml.Node) ([]test, error) {
	if n.Kind != yaml.ScalarNode {
		return nil, fmt.Errorf("line %d: a value that is neither text, number, boolean nor null", n.Line)
	}
	t := s.test
	text := n.Value
	isNumber := n.Tag == "!!int" || n.Tag == "!!float"
	switch {
	case len(text) > longest:
		return nil, fmt.Errorf("line %d: a value of more than %d bytes", n.Line, longest)
	case n.Tag == "!!null":
		if len(s.changes) > 0 || t.kind != textual || b.set.fields[f].name == everything {
			return nil, errors.New("null with a modifier, or as a keyword")
		}
		t.kind = missing
		return []test{t}, nil
	case n.Tag == "!!bool":
		text = strings.ToLower(text)
	case t.kind == textual && isNumber && len(s.changes) == 0:
		if v, ok := parseNumber(text); ok {
			t.kind, t.numbers = numeric, []number{{v, text}}
			return []test{t}, nil
		}
	case !isNumber && n.Tag != "!!str" && n.Tag != "!!timestamp":
		return nil, fmt.Errorf("line %d: a value of type %.40s", n.Line, n.Tag)
	}
	texts := []string{text}
	if s.expand {
		var err error
		if texts, err = expand(text, b.given); err != nil {
			return nil, err
		}
	}
	var out []test
	for _, text := range texts {
		more, err := b.one(s, t, text, n.Tag)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// one is one text as tests.
func (b *builder) one(s spec, t test, text, tag string) ([]test, error) {
	switch t.kind {
	case there:
		if tag != "!!bool" {
			return nil, errors.New("exists takes true or false")
		}
		if text == "false" {
			t.kind = missing
		}
	case regular:
		if len(s.flags) > 0 {
			text = "(?" + s.flags + ")" + text
		}
		re, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("expression: %w", err)
		}
		t.re = re
	case network:
		p, ok := prefixOf(strings.TrimSpace(text))
		if !ok {
			return nil, fmt.Errorf("%.60q is no network", text)
		}
		t.nets = []netip.Prefix{p}
	case numeric:
		v, ok := parseNumber(text)
		if !ok {
			return nil, fmt.Errorf("%.60q is no number", text)
		}
		t.numbers = []number{{v, text}}
	case reference:
		t.words = map[string]struct{}{text: {}}
		t.patterns = []pattern{{shape: exact}}
		if len(s.changes) == 1 {
			t.patterns[0].shape = map[string]shape{"contains": within, "startswith": prefix, "endswith": suffix}[s.changes[0]]
		}
	default:
		return b.textTests(s, t, text)
	}
	return []test{t}, nil
}

// textTests is one text as patterns, after the changes in the order given.
func (b *builder) textTests(s spec, t test, text string) ([]test, error) {
	forms := [][]piece{pieces(text)}
	for _, c := range s.changes {
		var next [][]piece
		for _, f := range forms {
			more, err := changes[c](f)
			if err != nil {
				return nil, err
			}
			next = append(next, more...)
		}
		forms = next
		size := 0
		for _, f := range forms {
			for _, p := range f {
				size += len(p.text)
			}
		}
		if b.budget -= len(forms); b.budget < 0 || len(forms) > most || size > mostBytes {
			return nil, errors.New("modifiers make too many values")
		}
	}
	for _, f := range forms {
		t.patterns = append(t.patterns, compile(f, t.cased))
	}
	return []test{t}, nil
}
