package sigma

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A reader takes YAML nodes apart. Anchors make a small file big: budget is
// how many nodes one file may still show, counted as often as they are seen.
type reader struct{ budget int }

const (
	budget     = 200_000
	aliasDepth = 16
)

var errBudget = errors.New("too large once its anchors are followed")

type entry struct {
	key   string
	value *yaml.Node
}

// follow is the node itself, where n is an alias of it.
func (r *reader) follow(n *yaml.Node) (*yaml.Node, error) {
	for range aliasDepth {
		if r.budget--; r.budget < 0 {
			return nil, errBudget
		}
		if n.Kind != yaml.AliasNode {
			return n, nil
		}
		n = n.Alias
	}
	return nil, errors.New("anchors too deep")
}

// entries are the members of a mapping, in order, with what it merges in. A
// name that stands twice is an error: one of the two would be lost.
func (r *reader) entries(n *yaml.Node) ([]entry, error) { return r.merge(n, 0) }

func (r *reader) merge(n *yaml.Node, depth int) (out []entry, err error) {
	if n, err = r.follow(n); err != nil {
		return nil, err
	}
	if n.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d is no mapping", n.Line)
	}
	if depth > aliasDepth {
		return nil, errors.New("anchors too deep")
	}
	seen := map[string]bool{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, err := r.follow(n.Content[i])
		if err != nil {
			return nil, err
		}
		if key.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("line %d: a name that is no text", key.Line)
		}
		if key.Tag == "!!merge" {
			merged = append(merged, n.Content[i+1])
			continue
		}
		if seen[key.Value] {
			return nil, fmt.Errorf("line %d: %.60q stands twice", key.Line, key.Value)
		}
		seen[key.Value] = true
		out = append(out, entry{key.Value, n.Content[i+1]})
	}
	for _, m := range merged {
		if m, err = r.follow(m); err != nil {
			return nil, err
		}
		from := []*yaml.Node{m}
		if m.Kind == yaml.SequenceNode {
			from = m.Content
		}
		for _, f := range from {
			more, err := r.merge(f, depth+1)
			if err != nil {
				return nil, err
			}
			for _, e := range more {
				if !seen[e.key] {
					seen[e.key] = true
					out = append(out, e)
				}
			}
		}
	}
	return out, nil
}

// items are the items of a list; what is no list is a list of itself.
func (r *reader) items(n *yaml.Node) ([]*yaml.Node, error) {
	n, err := r.follow(n)
	if err != nil {
		return nil, err
	}
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}, nil
	}
	out := make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		if out[i], err = r.follow(c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// text is a scalar's text; null is empty.
func (r *reader) text(n *yaml.Node) (string, error) {
	n, err := r.follow(n)
	if err != nil {
		return "", err
	}
	if n.Kind != yaml.ScalarNode {
		return "", fmt.Errorf("line %d is no text", n.Line)
	}
	if n.Tag == "!!null" {
		return "", nil
	}
	return n.Value, nil
}

// texts is a list of texts, or one.
func (r *reader) texts(n *yaml.Node) (out []string, err error) {
	items, err := r.items(n)
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		s, err := r.text(it)
		if err != nil {
			return nil, err
		}
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out, nil
}
