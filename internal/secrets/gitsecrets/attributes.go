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

// marked lists the files that have a diff attribute of any sort, by one question.
func (r *run) marked(paths map[string]bool) map[string]bool {
	var in strings.Builder
	for p := range paths {
		in.WriteString(p + "\x00")
	}
	out, code := r.gitIn(nil, []byte(in.String()), "check-attr", "-z", "--stdin", "diff")
	marked := map[string]bool{}
	f := strings.Split(string(out), "\x00")
	for i := 0; i+2 < len(f); i += 3 {
		if f[i+2] != "unspecified" {
			marked[f[i]] = true
		}
	}
	if code != 0 {
		return paths
	}
	return marked
}

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
