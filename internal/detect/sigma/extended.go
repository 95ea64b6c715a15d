package sigma

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Conditions of temporal correlations that are text: which of the parts have
// to hit, instead of how many.

// named are the parts that such a text names, in the order of it.
func named(text string) (out []string, err error) {
	for _, word := range strings.Fields(strings.NewReplacer("(", " ", ")", " ").Replace(text)) {
		switch strings.ToLower(word) {
		case "and", "or", "not":
			continue
		case "of":
			return nil, errors.New("of without a list of rules")
		}
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
		if len(out) > mostParts {
			break // that is told as too many
		}
	}
	return out, nil
}

// extend reads the text, once it is known which rule each of its names is.
// Every rule of the correlation has to be named, or it would be there for
// nothing.
func (l *loader) extend(p *pending) error {
	var names []string
	nodes := map[string]*node{}
	for k, ref := range p.refers {
		if nodes[ref] == nil {
			names = append(names, ref)
			nodes[ref] = &node{op: is, leaf: int32(k)}
		}
	}
	for k, i := range p.c.parts { // by the other name, too
		for _, other := range []string{l.set.rules[i].Name, l.set.rules[i].ID} {
			if nodes[other] == nil {
				nodes[other] = &node{op: is, leaf: int32(k)}
			}
		}
	}
	cond, after, err := condition(p.text, names, nodes)
	if err == nil && after != "" {
		err = errors.New("anything behind | is not supported")
	}
	if err != nil {
		return fmt.Errorf("correlation: condition: %w", err)
	}
	used := map[int32]bool{}
	cond.leaves(func(leaf int32) { used[p.c.parts[leaf]] = true })
	for k, i := range p.c.parts {
		if !used[i] {
			return fmt.Errorf("correlation: condition: does not name %.60q", p.refers[k])
		}
	}
	if p.c.kind == temporal {
		p.c.cond = cond
		return nil
	}
	p.c.orders, err = orders(cond, p.c.parts)
	return err
}

// some are the chains of any so many parts as the bounds ask for at least.
func some(bounds []bound, parts []int32) ([][]int32, error) {
	cond := &node{op: atLeast, n: 1}
	for _, b := range bounds {
		n := int(b.n)
		if b.sign == "gt" {
			n++
		}
		cond.n = max(cond.n, n)
	}
	if cond.n > len(parts) {
		return nil, fmt.Errorf("correlation: condition: asks for %d of %d rules", cond.n, len(parts))
	}
	for k := range parts {
		cond.kids = append(cond.kids, &node{op: is, leaf: int32(k)})
	}
	return orders(cond, parts)
}

// negates says whether a condition can stop being true when more comes.
func (n *node) negates() bool {
	return n.op == not || slices.ContainsFunc(n.kids, (*node).negates)
}

// mostOrders is how many chains a condition of temporal_ordered may allow.
const mostOrders = 64

// orders are the chains by which a condition can be met, the parts of each in
// the order of the correlation.
func orders(cond *node, parts []int32) (out [][]int32, err error) {
	if cond.negates() {
		return nil, errors.New("correlation: temporal_ordered with not is not supported")
	}
	sets, ok := cond.sets()
	if !ok {
		return nil, fmt.Errorf("correlation: the condition can be met in more than %d ways", mostOrders)
	}
	for _, set := range sets {
		var chain []int32
		for k, i := range parts {
			if set>>k&1 != 0 {
				chain = append(chain, i)
			}
		}
		out = append(out, chain)
	}
	return out, nil
}

// sets are the least sets of leaves, as bits, of which a condition without not
// is true. It is false where there are too many.
func (n *node) sets() (out []uint64, ok bool) {
	if n.op == is {
		return []uint64{1 << n.leaf}, true
	}
	// met[k] are those that meet k of the kids so far.
	need := map[op]int{all: len(n.kids), anyOf: 1, atLeast: n.n}[n.op]
	met := make([][]uint64, need+1)
	met[0] = []uint64{0}
	for i, kid := range n.kids {
		of, ok := kid.sets()
		if !ok {
			return nil, false
		}
		for k := min(need, i+1); k > 0 && k >= need-(len(n.kids)-i-1); k-- { // fewer could not become enough
			for _, a := range met[k-1] {
				for _, b := range of {
					met[k] = append(met[k], a|b)
				}
			}
			if met[k] = least(met[k]); len(met[k]) > mostOrders {
				return nil, false
			}
		}
	}
	return met[need], true
}

// least leaves out the sets that hold another one.
func least(sets []uint64) (out []uint64) {
	slices.SortFunc(sets, func(a, b uint64) int {
		if d := bits.OnesCount64(a) - bits.OnesCount64(b); d != 0 {
			return d
		}
		return cmp.Compare(a, b)
	})
	for _, s := range sets {
		if !slices.ContainsFunc(out, func(o uint64) bool { return s&o == o }) {
			out = append(out, s)
		}
	}
	return out
}

// enough says whether what a window has seen meets the condition.
func (r *run) enough(w *window) bool {
	if r.cond == nil {
		return r.met(float64(len(w.seen)))
	}
	return r.cond.eval(func(leaf int32) bool {
		_, ok := w.seen[strconv.Itoa(int(r.parts[leaf]))]
		return ok
	})
}

// A chain is what is held of one order of temporal_ordered. Of each length the
// chain that began last is kept: no other can be in time where it is not.
type chain struct {
	held [][]entryOf // by place
	tie  []entryOf   // by place, what came before what it needs
}

// link adds a hit to the chains of a window and returns one that is complete.
func (r *run) link(w *window, rule int32, e entryOf) []entryOf {
	if w.chains == nil {
		w.chains = make([]chain, len(r.orders))
	}
	for i, parts := range r.orders {
		if all := w.chains[i].link(parts, r.span, rule, e); all != nil {
			return all
		}
	}
	return nil
}

func (c *chain) link(parts []int32, span time.Duration, rule int32, e entryOf) []entryOf {
	n := len(parts)
	if c.held == nil {
		c.held, c.tie = make([][]entryOf, n), make([]entryOf, n)
	}
	reach := func(k int, e entryOf) bool {
		if k == 0 {
			c.held[0] = []entryOf{e}
			return true
		}
		before := c.held[k-1]
		if before == nil || before[0].at.Before(e.at.Add(-span)) {
			return false
		}
		c.held[k] = append(slices.Clone(before), e)
		return true
	}
	for k := n - 1; k >= 0; k-- { // backwards: one hit takes one place of a chain
		if parts[k] != rule {
			continue
		}
		c.tie[k] = e
		for j := k; reach(j, c.tie[j]); {
			// What came in the same second, before this, can follow it.
			if j++; j == n || parts[j] == rule || !c.tie[j].at.Equal(e.at) || c.tie[j].event == "" {
				break
			}
		}
	}
	return c.held[n-1]
}
