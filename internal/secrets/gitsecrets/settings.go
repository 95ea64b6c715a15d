package gitsecrets

import (
	"bytes"
	"os"
	"path"
	"slices"
	"strings"
)

// settings are the secrets.* of git's configuration, system, global and local, in
// git's order.
type settings struct {
	patterns, allowed, providers []string
	strict                       bool
	copies                       bool // diff.renames=copies: git looks for more than renames
	verbatim                     bool // core.quotePath=false: names beyond ASCII stay as they are
}

// config reads all settings with one call of git.
func (r *run) config() *settings {
	if r.settings == nil {
		r.settings = r.readConfig("--get-regexp")
	}
	return r.settings
}

func (r *run) readConfig(args ...string) *settings {
	s := &settings{}
	out, _ := r.told(append(append([]string{"config", "--null"}, args...), `^(secrets\..*|core\.quotepath|diff\.renames)$`)...)
	for _, entry := range strings.Split(string(out), "\x00") {
		key, value, _ := strings.Cut(entry, "\n")
		switch key {
		case "secrets.patterns":
			s.patterns = append(s.patterns, value)
		case "secrets.allowed":
			s.allowed = append(s.allowed, value)
		case "secrets.providers":
			s.providers = append(s.providers, value)
		case "diff.renames":
			s.copies = strings.HasPrefix(value, "cop")
		case "core.quotepath":
			s.verbatim = slices.Contains([]string{"false", "no", "off", "0"}, strings.ToLower(value))
		case "secrets.compat":
			s.strict = value == "strict"
		}
	}
	return s
}

func (r *run) strict() bool { return r.config().strict }

// lines are the lines of values as the original prints and catches them: empty
// ones count, but those at the end.
func lines(values []string) []string {
	text := strings.TrimRight(strings.Join(values, "\n"), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// filled drops empty lines: an empty pattern is on every line.
func filled(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return strings.Trim(s, " \t\r") == "" })
}

// patterns are the prohibited ones, those of the providers last.
func (r *run) patterns() []string {
	c := r.config()
	all := slices.Clone(c.patterns)
	for _, command := range c.providers {
		if out := r.provide(command); out != "" {
			all = append(all, out)
		}
	}
	if !c.strict {
		return filled(lines(all))
	}
	return lines(all)
}

// words are the patterns as git grep gets them from the original: cut at every
// blank, and what looks like the name of files replaced by these.
func (r *run) words(patterns []string) []string {
	var all []string
	for _, p := range patterns {
		for _, word := range strings.FieldsFunc(p, func(c rune) bool { return c == ' ' || c == '\t' || c == '\n' }) {
			all = append(all, r.glob(word)...)
		}
	}
	return all
}

func blank(c rune) bool { return c == ' ' || c == '\t' }

// allowedPatterns are the settings' and those of .gitallowed in the work tree's
// root.
func (r *run) allowedPatterns() []string {
	all := slices.Clone(r.config().allowed)
	top, code := r.top()
	if code == 0 || r.strict() {
		body, err := os.ReadFile(top + "/.gitallowed")
		if err == nil {
			for _, l := range strings.Split(strings.TrimSuffix(string(body), "\n"), "\n") {
				if f := strings.FieldsFunc(l, blank); len(f) > 0 && !strings.HasPrefix(f[0], "#") {
					all = append(all, l)
				}
			}
		}
	}
	if r.strict() {
		return lines(all)
	}
	return filled(lines(all))
}

// top is the root of the work tree. The original asks at every scan and lets git
// complain; without strictness nobody hears that there is none.
func (r *run) top() (dir string, code int) {
	var complaints bytes.Buffer
	out, code := r.git(&complaints, "rev-parse", "--show-toplevel")
	if r.strict() {
		_, _ = r.Err.Write(complaints.Bytes())
	}
	return line(out), code
}

// sure says that a work tree is around us, without asking git.
func (r *run) sure() bool {
	if r.env("GIT_DIR") != "" || r.env("GIT_WORK_TREE") != "" {
		return false
	}
	for dir := r.Dir; dir != ""; dir = up(dir) {
		if path.Base(dir) == ".git" {
			return false
		}
		if exists(join(dir, ".git")) {
			return true
		}
	}
	return false
}
