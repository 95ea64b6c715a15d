package sigma

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A correlation is met by several hits of its parts within span.
type correlation struct {
	rule   int32 // its own number
	kind   correlationKind
	parts  []int32
	group  []string
	fields []string                    // whose values count, of several together
	alias  map[string]map[int32]string // name in group → part → field
	span   time.Duration
	bounds []bound

	percentile float64   // which, of value_percentile
	cond       *node     // of temporal, where it is text: over places in parts
	orders     [][]int32 // of temporal_ordered: each a chain of parts
}

type correlationKind uint8

const (
	eventCount correlationKind = iota
	valueCount
	temporal
	temporalOrdered
	valueSum
	valueAvg
	valuePercentile
)

var correlationKinds = map[string]correlationKind{
	"event_count": eventCount, "value_count": valueCount, "temporal": temporal, "temporal_ordered": temporalOrdered,
	"temporal_extended": temporal, "temporal_ordered_extended": temporalOrdered,
	"value_sum": valueSum, "value_avg": valueAvg, "value_percentile": valuePercentile, "value_median": valuePercentile,
}

// A bound is one line of a condition.
type bound struct {
	sign string // gt, gte, lt, lte, eq, neq
	n    float64
}

func (b bound) holds(count float64) bool {
	switch b.sign {
	case "gt":
		return count > b.n
	case "gte":
		return count >= b.n
	case "lt":
		return count < b.n
	case "lte":
		return count <= b.n
	case "neq":
		return count != b.n
	}
	return count == b.n
}

// met is false of what is no number, as of an infinite sum less another.
func (c *correlation) met(count float64) bool {
	return !math.IsNaN(count) && !slices.ContainsFunc(c.bounds, func(b bound) bool { return !b.holds(count) })
}

// waits says whether only the end of a window can tell: more may still come.
func (c *correlation) waits() bool {
	return c.cond != nil && c.cond.negates() || slices.ContainsFunc(c.bounds, func(b bound) bool { return b.sign != "gt" && b.sign != "gte" })
}

// mostCounted is to what count the events of a group are held one by one;
// beyond, they are counted in a tally.
const mostCounted = 10_000

// The highest counts that a condition may name: events are only counted, but
// of values each has to be known again.
const (
	mostEvents   = 1_000_000_000
	mostDistinct = 100_000
)

// mostFields is how many fields may be counted together.
const mostFields = 16

// mostParts is how many rules one correlation may refer to.
const mostParts = 64

func (c *correlation) check() error {
	if c.measures() {
		return nil
	}
	most := mostDistinct
	if c.kind == eventCount {
		most = mostEvents
	}
	for _, b := range c.bounds {
		text := strconv.FormatFloat(b.n, 'f', -1, 64)
		if b.n != math.Trunc(b.n) {
			return fmt.Errorf("%s is no count", text)
		}
		if b.n < 0 || b.n > float64(most) {
			return fmt.Errorf("counts to %s; from 0 to %d is possible", text, most)
		}
	}
	return nil
}

// pending is a correlation whose parts are looked for when all rules are known.
type pending struct {
	rule     Rule
	c        correlation
	refers   []string
	text     string // the condition, where it is text
	aliases  map[string]map[string]string
	parts    []int32 // known already
	generate bool
	inherits bool // see loader
}

func (l *loader) correlation(r Rule, n *yaml.Node) error {
	members, err := l.entries(n)
	if err != nil {
		return fmt.Errorf("correlation: %w", err)
	}
	p := pending{rule: r, c: correlation{percentile: -1}, inherits: l.inherits}
	kindName, span, conditioned := "", "", false
	for _, m := range members {
		switch m.key {
		case "type":
			kindName, err = l.text(m.value)
		case "rules":
			p.refers, err = l.texts(m.value)
		case "group-by":
			p.c.group, err = l.texts(m.value)
		case "timespan", "timeframe":
			span, err = l.text(m.value)
		case "condition":
			conditioned = true
			err = l.bounds(&p, m.value)
		case "aliases":
			p.aliases, err = l.aliases(m.value)
		case "generate":
			var s string
			s, err = l.text(m.value)
			p.generate = strings.EqualFold(s, "true")
		default:
			err = errors.New("is not known")
		}
		if err != nil {
			return fmt.Errorf("correlation: %s: %w", m.key, err)
		}
	}
	kind, ok := correlationKinds[kindName]
	p.c.kind = kind
	given := p.c.percentile >= 0
	if kindName == "value_median" {
		p.c.percentile = 50
	}
	if p.text != "" && len(p.refers) == 0 {
		if p.refers, err = named(p.text); err != nil {
			return fmt.Errorf("correlation: condition: %w", err)
		}
	}
	inTime := kind == temporal || kind == temporalOrdered
	switch {
	case !ok:
		return fmt.Errorf("correlation: the type %.40q is not supported", kindName)
	case len(p.refers) == 0 || len(p.refers) > mostParts:
		return fmt.Errorf("correlation: refers to %d rules; from 1 to %d is possible", len(p.refers), mostParts)
	case p.text != "" && !inTime:
		return fmt.Errorf("correlation: %s with a condition of text", kindName)
	case p.text == "" && strings.HasSuffix(kindName, "_extended"):
		return fmt.Errorf("correlation: %s without a condition of text", kindName)
	case !inTime && !conditioned:
		return errors.New("correlation: no condition")
	case (kind == valueCount || p.c.measures()) && len(p.c.fields) == 0:
		return fmt.Errorf("correlation: %s without a field", kindName)
	case p.c.measures() && len(p.c.fields) > 1:
		return fmt.Errorf("correlation: %s of several fields", kindName)
	case given && kindName != "value_percentile":
		return fmt.Errorf("correlation: %s with a percentile", kindName)
	case kind == valuePercentile && p.c.percentile < 0:
		return errors.New("correlation: value_percentile without a percentile")
	case kind == temporalOrdered && p.c.waits():
		return errors.New("correlation: temporal_ordered with a condition that bounds it from above is not supported")
	}
	if p.c.span, err = timespan(span); err != nil {
		return fmt.Errorf("correlation: timespan: %w", err)
	}
	if err := p.c.check(); err != nil {
		return fmt.Errorf("correlation: condition: %w", err)
	}
	l.pending = append(l.pending, p)
	return nil
}

func (l *loader) bounds(p *pending, n *yaml.Node) error {
	n, err := l.follow(n)
	switch {
	case err != nil:
		return err
	case n.Kind == yaml.ScalarNode && strings.TrimSpace(n.Value) != "":
		p.text = n.Value
		return nil
	case n.Kind != yaml.MappingNode:
		return errors.New("is neither a map nor text")
	}
	c := &p.c
	members, err := l.entries(n)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.key == "field" {
			if c.fields, err = l.texts(m.value); err != nil || len(c.fields) > mostFields {
				return cmp.Or(err, fmt.Errorf("counts the values of more than %d fields", mostFields))
			}
			continue
		}
		text, err := l.text(m.value)
		if err != nil {
			return err
		}
		switch m.key {
		case "percentile":
			if c.percentile, err = percentile(text); err != nil {
				return err
			}
		case "gt", "gte", "lt", "lte", "eq", "neq":
			v, ok := parseNumber(text)
			if !ok {
				return fmt.Errorf("%.40q is no count", text)
			}
			c.bounds = append(c.bounds, bound{m.key, v})
		default:
			return fmt.Errorf("%.40q is not known", m.key)
		}
	}
	if len(c.bounds) == 0 {
		return errors.New("says no count")
	}
	return nil
}

func (l *loader) aliases(n *yaml.Node) (map[string]map[string]string, error) {
	names, err := l.entries(n)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]string{}
	for _, name := range names {
		of, err := l.entries(name.value)
		if err != nil {
			return nil, err
		}
		out[name.key] = map[string]string{}
		for _, m := range of {
			if out[name.key][m.key], err = l.text(m.value); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// timespan reads "90m".
func timespan(s string) (time.Duration, error) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	if s = strings.TrimSpace(s); len(s) < 2 || units[s[len(s)-1]] == 0 {
		return 0, fmt.Errorf("%.40q is no number and s, m, h, d or w", s)
	}
	unit := units[s[len(s)-1]]
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n < 1 || time.Duration(n) > 10*366*24*time.Hour/unit {
		return 0, fmt.Errorf("%.40q is no number and s, m, h, d or w", s)
	}
	return time.Duration(n) * unit, nil
}
