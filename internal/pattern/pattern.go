// Package pattern holds regular expressions that are compiled when they are
// first asked: a start of the program pays for none that it does not need. A
// hook of git is such a start, many times a day.
package pattern

import (
	"regexp"
	"sync"
)

// A Pattern is one expression in the syntax of package regexp. It is safe for
// concurrent use.
type Pattern struct {
	source   string
	once     sync.Once
	compiled *regexp.Regexp
}

// New takes an expression of the program's own. One that is malformed panics
// when it is first asked, so each belongs to a test that asks it.
func New(source string) *Pattern { return &Pattern{source: source} }

func (p *Pattern) re() *regexp.Regexp {
	p.once.Do(func() { p.compiled = regexp.MustCompile(p.source) })
	return p.compiled
}

// The methods are those of regexp.Regexp.

// Match is regexp.Regexp's.
func (p *Pattern) Match(b []byte) bool { return p.re().Match(b) }

// MatchString is regexp.Regexp's.
func (p *Pattern) MatchString(s string) bool { return p.re().MatchString(s) }

// FindString is regexp.Regexp's.
func (p *Pattern) FindString(s string) string { return p.re().FindString(s) }

// FindStringSubmatch is regexp.Regexp's.
func (p *Pattern) FindStringSubmatch(s string) []string { return p.re().FindStringSubmatch(s) }

// FindAllString is regexp.Regexp's.
func (p *Pattern) FindAllString(s string, n int) []string { return p.re().FindAllString(s, n) }

// FindAllStringIndex is regexp.Regexp's.
func (p *Pattern) FindAllStringIndex(s string, n int) [][]int {
	return p.re().FindAllStringIndex(s, n)
}

// FindAllStringSubmatch is regexp.Regexp's.
func (p *Pattern) FindAllStringSubmatch(s string, n int) [][]string {
	return p.re().FindAllStringSubmatch(s, n)
}

// FindAllStringSubmatchIndex is regexp.Regexp's.
func (p *Pattern) FindAllStringSubmatchIndex(s string, n int) [][]int {
	return p.re().FindAllStringSubmatchIndex(s, n)
}

// ReplaceAllString is regexp.Regexp's.
func (p *Pattern) ReplaceAllString(s, with string) string { return p.re().ReplaceAllString(s, with) }

// Split is regexp.Regexp's.
func (p *Pattern) Split(s string, n int) []string { return p.re().Split(s, n) }

// String is the expression.
func (p *Pattern) String() string { return p.source }
