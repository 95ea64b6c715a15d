package sigma

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Actions are how rules of one file shared what they have in common, before
// there were filters and correlations. Public sets still hold them.
type actions struct {
	global *yaml.Node // goes into every document that follows
	last   *yaml.Node // the rule that repeat repeats
	rules  int
	unused bool // a global that no rule has followed
}

// act is one document of a file: a rule, or what others are made of. title is
// what it calls itself.
func (l *loader) act(a *actions, n *yaml.Node) (title string, err error) {
	action, own, err := l.action(n)
	if err != nil {
		return "", err
	}
	l.inherits = false
	switch action {
	case "":
		if a.global != nil {
			if own, err = l.overlay(own, a.global, 0); err != nil {
				return "", err
			}
			l.inherits = true
		}
	case "global":
		if a.global != nil {
			if own, err = l.overlay(a.global, own, 0); err != nil {
				return "", err
			}
		}
		a.global, a.unused = own, true
		return "", nil
	case "reset":
		a.global = nil
		return "", nil
	case "repeat":
		if a.last == nil {
			return "", errors.New("action: repeat without a rule before it")
		}
		if own, err = l.overlay(a.last, own, 0); err != nil {
			return "", err
		}
		l.inherits = true
	default:
		return "", fmt.Errorf("action: %.40q is not known", action)
	}
	a.last, a.unused = own, false
	a.rules++
	return l.document(own)
}

// told notes that a document is a problem: it is lost, but not in silence.
func (a *actions) told() { a.rules, a.unused = a.rules+1, false }

// over is what is wrong with the actions of a file at its end.
func (a *actions) over() error {
	if a.unused || a.rules == 0 {
		return errors.New("action: no rule follows it")
	}
	return nil
}

// action takes the action out of a document.
func (l *loader) action(n *yaml.Node) (action string, own *yaml.Node, err error) {
	own = &yaml.Node{Kind: n.Kind, Tag: n.Tag, Line: n.Line}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != "action" || n.Kind != yaml.MappingNode {
			own.Content = append(own.Content, n.Content[i], n.Content[i+1])
			continue
		}
		if action, err = l.text(n.Content[i+1]); err != nil {
			return "", nil, fmt.Errorf("action: %w", err)
		}
		if action == "" {
			return "", nil, errors.New("action: says nothing")
		}
		action = strings.ToLower(action)
	}
	if action == "" {
		return "", n, nil
	}
	return action, own, nil
}

// overlay is a mapping with what another says put over it: into mappings that
// both have, and in place of anything else.
func (l *loader) overlay(under, over *yaml.Node, depth int) (*yaml.Node, error) {
	if depth > aliasDepth {
		return nil, errors.New("nested too deep for an action")
	}
	below, err := l.entries(under)
	if err != nil {
		return nil, err
	}
	above, err := l.entries(over)
	if err != nil {
		return nil, err
	}
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: under.Line}
	put := func(key string, value *yaml.Node) {
		out.Content = append(out.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key, Line: value.Line}, value)
	}
	at := map[string]int{}
	for _, e := range below {
		at[e.key] = len(out.Content) + 1
		put(e.key, e.value)
	}
	for _, e := range above {
		i, both := at[e.key]
		if !both {
			put(e.key, e.value)
			continue
		}
		a, err := l.follow(out.Content[i])
		if err != nil {
			return nil, err
		}
		b, err := l.follow(e.value)
		if err != nil {
			return nil, err
		}
		if a.Kind == yaml.MappingNode && b.Kind == yaml.MappingNode {
			if b, err = l.overlay(a, b, depth+1); err != nil {
				return nil, err
			}
		}
		out.Content[i] = b
	}
	return out, nil
}
