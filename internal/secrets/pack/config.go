package pack

import (
	"errors"
	"io/fs"
	"strings"
)

type setting struct{ key, value string }

// config reads git's configuration file as far as the format of a repository
// stands in it: no includes, which git does not follow for that either.
func config(path string) ([]setting, error) {
	b, err := readSmall(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []setting
	section := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			end := strings.LastIndexByte(line, ']')
			if end < 0 {
				continue
			}
			name, sub, _ := strings.Cut(line[1:end], " ")
			section = strings.ToLower(name) + "."
			if sub = strings.Trim(strings.TrimSpace(sub), `"`); sub != "" {
				section += sub + "."
			}
			if line = strings.TrimSpace(line[end+1:]); line == "" {
				continue
			}
		}
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, given := strings.Cut(line, "=")
		if !given {
			value = "true"
		}
		all = append(all, setting{section + strings.ToLower(strings.TrimSpace(key)), unquote(value)})
	}
	return all, nil
}

// unquote drops quotes, and a comment that follows.
func unquote(v string) string {
	var out strings.Builder
	quoted := false
	v = strings.TrimSpace(v)
	for i := 0; i < len(v); i++ {
		switch c := v[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && i+1 < len(v):
			i++
			out.WriteByte(v[i])
		case (c == '#' || c == ';') && !quoted:
			return strings.TrimSpace(out.String())
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

func truth(v string) bool {
	switch strings.ToLower(v) {
	case "", "false", "no", "off", "0":
		return false
	}
	return true
}
