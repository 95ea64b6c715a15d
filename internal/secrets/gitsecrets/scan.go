package gitsecrets

import (
	"bufio"
	"errors"
	"fmt"

	"cordon/internal/secrets/ere"
)

// scan searches files, or the repository where none are named or git is to say
// which.
func (r *run) scan(files []string) int {
	patterns := r.patterns()
	if r.cached || r.untracked || r.noIndex || len(files) == 0 {
		return r.scanRepository(patterns, files)
	}
	return r.scanFiles(patterns, files)
}

// scanFiles is what the original asks GNU grep.
func (r *run) scanFiles(patterns, files []string) int {
	if len(patterns) == 0 {
		return r.conclude(nothing, nil)
	}
	re, bad := r.compile(patterns, ere.Options{Word: true}, "grep: %s")
	if re == nil || bad && r.strict() {
		return r.conclude(exitTrouble, nil)
	}
	if r.strict() {
		for _, w := range re.Warnings() {
			fmt.Fprintf(r.Err, "grep: warning: %s\n", w)
		}
	}
	g := &grep{run: r, re: re}
	for _, file := range files {
		g.argument(file)
	}
	switch {
	case (g.trouble || bad) && (r.strict() || len(g.found) == 0):
		return r.conclude(exitTrouble, nil)
	case g.any, len(g.found) > 0 && !r.strict():
		return r.conclude(0, g.found)
	}
	return r.conclude(nothing, nil)
}

// nothing is grep's answer when no line matches.
const nothing = 1

// compile reads patterns. What is wrong with one is told; strictly, nothing is
// searched then, else the others are.
func (r *run) compile(patterns []string, opt ere.Options, format string) (re *ere.Regexp, bad bool) {
	re, err := ere.Compile(patterns, opt)
	if err == nil {
		return re, false
	}
	var good []string
	for _, p := range patterns {
		_, err := ere.Compile([]string{p}, opt)
		if err == nil {
			good = append(good, p)
			continue
		}
		var wrong *ere.Error
		if errors.As(err, &wrong) {
			fmt.Fprintf(r.Err, format+"\n", wrong.Text)
		}
	}
	if len(good) == 0 || r.strict() {
		return nil, true
	}
	re, err = ere.Compile(good, opt)
	if err != nil {
		return nil, true
	}
	return re, true
}

// conclude takes a search's status and lines, drops what is allowed, prints the
// rest, and answers the exit code.
func (r *run) conclude(status int, found [][]byte) int {
	if status != 0 {
		if r.strict() && !r.sure() {
			r.top() // where there is no work tree, git says so
		}
		if status == nothing {
			return 0
		}
		return status
	}
	w := r.newReporter()
	for _, l := range found {
		w.line(l)
	}
	return w.end()
}

// A reporter prints lines that no allowed pattern is on.
type reporter struct {
	out     *bufio.Writer
	allowed *ere.Regexp
	hides   bool // strictly, a bad allowed pattern hides everything
	shown   bool
}

func (r *run) newReporter() *reporter {
	w := &reporter{out: bufio.NewWriterSize(r.Err, 1<<16)}
	allowed := r.allowedPatterns()
	if len(allowed) == 0 {
		return w
	}
	re, bad := r.compile(allowed, ere.Options{}, "grep: %s")
	w.allowed, w.hides = re, bad && r.strict()
	if re != nil && r.strict() {
		for _, warning := range re.Warnings() {
			fmt.Fprintf(r.Err, "grep: warning: %s\n", warning)
		}
	}
	return w
}

func (w *reporter) line(l []byte) {
	if w.hides || w.allowed != nil && w.allowed.Match(l) {
		return
	}
	w.shown = true
	_, _ = w.out.Write(l)
	_ = w.out.WriteByte('\n')
}

func (w *reporter) end() int {
	_ = w.out.Flush()
	if w.shown {
		return exitFound
	}
	return 0
}
