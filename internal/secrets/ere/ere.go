// Package ere reads extended regular expressions as GNU grep -E and git grep -E
// read them under LC_ALL=C: bytes and no characters, leftmost and longest, with
// GNU's escapes and back-references, whole words as -w has them, and their words
// for what is wrong. Texts are searched by an automaton that is built while it
// runs, in one pass whatever the expression; only back-references need another
// way, whose steps are bounded.
package ere

import (
	"errors"
	"strings"
)

// A Dialect is whose reading it is. The two differ:
//
//   - grep takes * + ? { at the beginning of an expression for an empty one
//     repeated, and a { that begins no interval for itself; git refuses both.
//   - A repetition after ^ $ \b \< and their like repeats them for grep; git
//     refuses it.
//   - grep refuses [:space:] outside a bracket expression; for git it is a set.
//   - . is any byte for grep, any but NUL for git.
//   - Whole words: grep asks whether any match at all stands between bytes that
//     are no word's; git looks at the longest match of each beginning only, wants
//     at least one byte, and goes on behind the next byte that is no word's.
type Dialect uint8

// The dialects.
const (
	Grep Dialect = iota
	Git
)

// An Error says what is wrong with an expression, in the words of the C library.
type Error struct{ Pattern, Text string }

func (e *Error) Error() string { return e.Text }

// Options says how expressions are meant.
type Options struct {
	Dialect Dialect
	Word    bool // -w
}

// A Regexp is what a list of expressions became: a line matches when one of them
// does. It is used by one goroutine at a time; Clone gives another its own.
type Regexp struct {
	opt      Options
	plain    []*node // without back-references, for all at once
	backs    []*back
	prog     *prog // what a line must at least match, to be matched
	fwd      *dfa
	rev, end *dfa // git's -w: where matches begin, and how far they go
	exact    bool // prog is all there is to ask
	filter   *filter
	warnings []string
	scratch  []uint64
}

// Compile reads expressions. An empty list matches nothing. The error holds one
// Error for every expression that is wrong.
func Compile(patterns []string, opt Options) (*Regexp, error) {
	re := &Regexp{opt: opt, exact: !opt.Word || opt.Dialect == Grep}
	var (
		faults []error
		all    []*node
		seen   = map[string]bool{}
	)
	for _, pattern := range patterns {
		if seen[pattern] {
			continue
		}
		seen[pattern] = true
		p := &parser{src: pattern, dialect: opt.Dialect}
		n, err := p.parse()
		re.warnings = append(re.warnings, p.warnings...)
		if err != nil {
			faults = append(faults, &Error{Pattern: pattern, Text: err.Error()})
			continue
		}
		if p.backrefs || p.symbols && opt.Dialect == Grep {
			sure, err := p.again()
			if err != nil {
				faults = append(faults, &Error{Pattern: pattern, Text: err.Error()})
				continue
			}
			if p.backrefs || opt.Word { // GNU's -w is another one for these
				re.backs = append(re.backs, &back{root: sure, groups: p.groups, plain: !p.backrefs})
			} else {
				re.plain = append(re.plain, sure)
			}
			re.exact = false
			all = append(all, loosen(n))
			continue
		}
		re.plain = append(re.plain, n)
		all = append(all, n)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return re, re.build(all)
}

// build makes the automaton that every line must pass.
func (re *Regexp) build(all []*node) error {
	n := &node{op: opAlt, subs: all}
	re.filter = newFilter(all)
	if re.opt.Word {
		n = wordly(n)
	}
	var err error
	if re.prog, err = compile(n); err != nil {
		return &Error{Text: err.Error()}
	}
	re.fwd = newDFA(re.prog, true)
	if re.exact || len(re.plain) == 0 {
		return nil
	}
	// Beyond the first answer: the plain ones alone, and where they stand.
	n = &node{op: opAlt, subs: re.plain}
	if re.opt.Dialect == Git && re.opt.Word {
		back, err := compile(reversed(n))
		if err != nil {
			return &Error{Text: err.Error()}
		}
		here, err := compile(n)
		if err != nil {
			return &Error{Text: err.Error()}
		}
		re.rev, re.end = newDFA(back, true), newDFA(here, false)
		return nil
	}
	if re.opt.Word {
		n = wordly(n)
	}
	here, err := compile(n)
	if err != nil {
		return &Error{Text: err.Error()}
	}
	re.end = newDFA(here, true)
	return nil
}

// Warnings are what GNU grep says on standard error of expressions that it takes
// all the same.
func (re *Regexp) Warnings() []string { return re.warnings }

// Clone is the same for another goroutine.
func (re *Regexp) Clone() *Regexp {
	c := *re
	c.fwd, c.scratch = re.fwd.clone(), nil
	if re.rev != nil {
		c.rev = re.rev.clone()
	}
	if re.end != nil {
		c.end = re.end.clone()
	}
	return &c
}

// Match says whether a line, without its newline, is one that grep would print.
func (re *Regexp) Match(line []byte) bool {
	if !re.fwd.exists(line) {
		return false
	}
	return re.exact || re.sure(line)
}

// sure answers for a line that passed the automaton.
func (re *Regexp) sure(line []byte) bool {
	if len(re.plain) > 0 {
		if re.rev != nil {
			if re.gitWord(line) {
				return true
			}
		} else if re.end.exists(line) {
			return true
		}
	}
	for _, b := range re.backs {
		if b.selects(line, re.opt) {
			return true
		}
	}
	return false
}

// Lines appends to hits, for every line of text that matches, the offset at which
// the line begins.
func (re *Regexp) Lines(text []byte, hits []int) []int {
	if len(re.filter.needs) > 0 {
		return re.filtered(text, hits)
	}
	for from := 0; from < len(text); {
		begin, end, ok := re.next(text, from)
		if !ok {
			break
		}
		if re.exact || re.sure(text[begin:end]) {
			hits = append(hits, begin)
		}
		from = end + 1
	}
	return hits
}

// Split is a pattern list as grep gets it: one expression a line.
func Split(list string) []string { return strings.Split(list, "\n") }
