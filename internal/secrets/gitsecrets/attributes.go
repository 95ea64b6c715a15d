package gitsecrets

import "strings"

// attributes answers whether git takes a file for text: by its diff attribute, and
// where nobody set one by its first bytes. Git is asked only for files in which
// something was found.
type attributes struct {
	run   *run
	known map[string]string
}

func (r *run) newAttributes() *attributes { return &attributes{run: r, known: map[string]string{}} }

// text says whether what was found in a file counts. An attribute that makes a
// text binary hides it from the original only: it says how changes are shown, and
// nothing of secrets.
func (a *attributes) text(name string, binary bool) bool {
	if !binary && !a.run.strict() {
		return true
	}
	value, ok := a.known[name]
	if !ok {
		out, _ := a.run.git(nil, "check-attr", "-z", "diff", "--", name)
		if f := strings.Split(string(out), "\x00"); len(f) >= 3 {
			value = f[2]
		}
		a.known[name] = value
	}
	switch value {
	case "set":
		return true
	case "unset":
		return false
	}
	return !binary
}
