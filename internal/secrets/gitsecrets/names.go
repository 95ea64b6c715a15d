package gitsecrets

import (
	"fmt"
	"strings"
)

// quote writes a name as git does: in double quotes where it holds what a line
// cannot show.
func (r *run) quote(name string) string {
	verbatim := r.config().verbatim
	odd := func(c byte) bool { return c < ' ' || c == '"' || c == '\\' || c == 0x7f || c > 0x7f && !verbatim }
	clean := true
	for i := 0; i < len(name); i++ {
		clean = clean && !odd(name[i])
	}
	if clean {
		return name
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(name); i++ {
		c := name[i]
		at := strings.IndexByte("\a\b\t\n\v\f\r\"\\", c)
		switch {
		case at >= 0:
			b.WriteString(`\` + `abtnvfr"\`[at:at+1])
		case odd(c):
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// specified says whether one of the paths, if there are any, means this file: its
// name, a directory above it, or a pattern in which * goes across directories.
func specified(paths []string, name string) bool {
	if len(paths) == 0 {
		return true
	}
	for _, p := range paths {
		dir := strings.TrimSuffix(strings.TrimPrefix(p, "./"), "/")
		if dir == "." || dir == "" || name == dir || strings.HasPrefix(name, dir+"/") || strings.ContainsAny(p, "*?[") && wild(p, name) {
			return true
		}
	}
	return false
}

// wild matches *, ? and [] as git does in paths.
func wild(pattern, name string) bool {
	for pattern != "" {
		switch c := pattern[0]; c {
		case '*':
			for i := 0; i <= len(name); i++ {
				if wild(pattern[1:], name[i:]) {
					return true
				}
			}
			return false
		case '[':
			end := strings.IndexByte(pattern[1:], ']') // a ] that is first is a member
			if end == 0 {
				end = strings.IndexByte(pattern[2:], ']') + 1
			}
			if end <= 0 || name == "" || !member(pattern[1:end+1], name[0]) {
				return false
			}
			pattern, name = pattern[end+2:], name[1:]
			continue
		case '\\':
			if len(pattern) > 1 {
				pattern = pattern[1:]
			}
			if name == "" || name[0] != pattern[0] {
				return false
			}
		default:
			if name == "" || c != '?' && c != name[0] {
				return false
			}
		}
		pattern, name = pattern[1:], name[1:]
	}
	return name == ""
}

func member(set string, c byte) bool {
	negated := set[0] == '!' || set[0] == '^'
	if negated {
		set = set[1:]
	}
	in := false
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' {
			in = in || set[i] <= c && c <= set[i+2]
			i += 2
			continue
		}
		in = in || set[i] == c
	}
	return in != negated
}
