package sigma

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	nesting    = 64     // parentheses and nots within each other
	mostTokens = 10_000 // of one condition
)

var tokens = regexp.MustCompile(`^(?:[()|]|[^\s()|]+)`)

// A conditioner reads one condition over selections that were read before.
type conditioner struct {
	names  []string // in order
	nodes  map[string]*node
	left   []string
	nested int
}

// condition reads a condition. after is what stands behind a pipe.
func condition(text string, names []string, nodes map[string]*node) (out *node, after string, err error) {
	c := conditioner{names: names, nodes: nodes}
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		word := tokens.FindString(text)
		if text = text[len(word):]; word == "|" {
			after = strings.TrimSpace(text)
			if after == "" {
				return nil, "", errors.New("nothing behind |")
			}
			break
		}
		if c.left = append(c.left, word); len(c.left) > mostTokens {
			return nil, "", errors.New("is too long")
		}
	}
	if out, err = c.or(); err != nil {
		return nil, "", err
	}
	if len(c.left) > 0 {
		return nil, "", fmt.Errorf("%.60q is not expected there", c.left[0])
	}
	return out, after, nil
}

func (c *conditioner) next(word string) bool {
	if len(c.left) > 0 && strings.EqualFold(c.left[0], word) {
		c.left = c.left[1:]
		return true
	}
	return false
}

func (c *conditioner) or() (*node, error)  { return c.list("or", anyOf, c.and) }
func (c *conditioner) and() (*node, error) { return c.list("and", all, c.not) }

func (c *conditioner) list(word string, o op, operand func() (*node, error)) (*node, error) {
	var kids []*node
	for {
		k, err := operand()
		if err != nil {
			return nil, err
		}
		kids = append(kids, k)
		if !c.next(word) {
			return join(o, 0, kids), nil
		}
	}
}

func (c *conditioner) not() (*node, error) {
	negated := false
	for c.next("not") {
		negated = !negated
	}
	out, err := c.operand()
	if err == nil && negated {
		out = join(not, 0, []*node{out})
	}
	return out, err
}

func (c *conditioner) operand() (*node, error) {
	if len(c.left) == 0 {
		return nil, errors.New("ends too soon")
	}
	if c.next("(") {
		if c.nested++; c.nested > nesting {
			return nil, errors.New("is nested too deep")
		}
		out, err := c.or()
		if err != nil {
			return nil, err
		}
		if !c.next(")") {
			return nil, errors.New("lacks a closing parenthesis")
		}
		c.nested--
		return out, nil
	}
	word := c.left[0]
	c.left = c.left[1:]
	if len(c.left) > 1 && strings.EqualFold(c.left[0], "of") {
		pattern := c.left[1]
		c.left = c.left[2:]
		return c.of(word, pattern)
	}
	if n := c.nodes[word]; n != nil {
		return n, nil
	}
	return nil, fmt.Errorf("there is no selection %.60q", word)
}

// of is "1 of x*", "all of them".
func (c *conditioner) of(word, pattern string) (*node, error) {
	match := compile(pieces(strings.ReplaceAll(pattern, "?", `\?`)), true)
	them := strings.EqualFold(pattern, "them")
	var kids []*node
	for _, name := range c.names {
		hidden := strings.HasPrefix(name, "_") && !strings.HasPrefix(pattern, "_")
		if !hidden && (them || match.match([]byte(name))) {
			kids = append(kids, c.nodes[name])
		}
	}
	if len(kids) == 0 {
		return nil, fmt.Errorf("there is no selection %.60q", pattern)
	}
	switch strings.ToLower(word) {
	case "all":
		return join(all, 0, kids), nil
	case "any":
		return join(anyOf, 0, kids), nil
	}
	n, err := strconv.Atoi(word)
	switch {
	case err != nil || n < 1:
		return nil, fmt.Errorf("%.60q of %.60q", word, pattern)
	case n > len(kids):
		return nil, fmt.Errorf("%d of %.60q: there are only %d", n, pattern, len(kids))
	case n == 1:
		return join(anyOf, 0, kids), nil
	case n == len(kids):
		return join(all, 0, kids), nil
	}
	return join(atLeast, n, slices.Clone(kids)), nil
}
