package shape

import (
	"bytes"
	"encoding/json"
)

// members walks the members of the object at the beginning of b, which may be
// cut anywhere, without going into them. It says whether it saw the object's
// end; visit ends the walk by returning false. A value that is cut is visited
// with whole=false.
func members(b []byte, visit func(name, value []byte, whole bool) bool) (all bool) {
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '{' {
		return false
	}
	i = skipSpace(b, i+1)
	for i < len(b) && b[i] == '"' {
		name, n, ok := one(b[i:])
		if !ok {
			return false
		}
		i = skipSpace(b, i+n)
		if i >= len(b) || b[i] != ':' {
			return false
		}
		i = skipSpace(b, i+1)
		value, n, ok := one(b[i:])
		if !visit(unquoted(name), value, ok) {
			return false
		}
		if !ok {
			return false
		}
		i = skipSpace(b, i+n)
		if i < len(b) && b[i] == ',' {
			i = skipSpace(b, i+1)
		}
	}
	return i < len(b) && b[i] == '}'
}

// elements walks the list at the beginning of b likewise.
func elements(b []byte, visit func(value []byte) bool) {
	i := skipSpace(b, 0)
	if i >= len(b) || b[i] != '[' {
		return
	}
	i = skipSpace(b, i+1)
	for i < len(b) && b[i] != ']' {
		value, n, ok := one(b[i:])
		if !ok || !visit(value) {
			return
		}
		i = skipSpace(b, i+n)
		if i < len(b) && b[i] == ',' {
			i = skipSpace(b, i+1)
		}
	}
}

// one is the value at b[0]; not ok: it is cut or broken.
func one(b []byte) (value []byte, n int, ok bool) {
	var m machine
	n, done, err := m.run(b)
	if !done && err == nil && m.state == inScalar && m.depth == 0 {
		return b[:n], n, n > 0 // at the very end
	}
	return b[:n], n, done && err == nil
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

// unquoted is the text of a member's name.
func unquoted(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return nil
	}
	return []byte(s)
}

// textOf is a scalar as text: "" for null, objects and lists.
func textOf(value []byte) string {
	if len(value) == 0 {
		return ""
	}
	switch value[0] {
	case '"':
		var s string
		if json.Unmarshal(value, &s) != nil {
			return ""
		}
		return s
	case '{', '[', 'n':
		return ""
	}
	return string(value)
}
