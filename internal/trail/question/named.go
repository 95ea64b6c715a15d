package question

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// names are how keys end whose values are somebody's choice of a name, even
// where they are plain words. It is package trail's rule (tokens), and must be:
// both ways of asking give the same answer.
const names = `(?i:id|name|role|table|arn|function|user|bucket|group|alias|identifier|key|topic)`

// named is the pattern of a JSON text that names a resource: one of its values
// is the id, name or ARN; or it is an ARN whose last part is; or the bucket or
// the role in one. A part of a longer name is another name.
func named(resource string) (pattern string, err error) {
	switch {
	case len(resource) < 3:
		return "", fmt.Errorf("%q is too short to be looked for", resource)
	case strings.ContainsAny(resource, `"\`):
		return "", fmt.Errorf("%q is not written like that in a response's JSON", resource)
	case len(resource) > 2048:
		return "", errors.New("the name is too long")
	}
	r := regexp.QuoteMeta(resource)
	whole := `"` + r
	if !telling(resource) {
		whole = `"[^"]*` + names + `"\s*:\s*\[?\s*(?:"[^"]*"\s*,\s*)*"` + r
	}
	return `(?:` + whole +
		`|"arn:[^"]*[/:]` + r +
		`|"arn:[^"]*:assumed-role/` + r + `/[^"]*` +
		`|"arn:[^"]*:s3:::` + r + `/[^"]*)"\s*(?:[,}\]]|$)`, nil
}

// telling says whether a value is more than a word: it has a digit or a sign.
func telling(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < 'A' && r != ' ' || r == '_' || r >= 0x80 })
}
