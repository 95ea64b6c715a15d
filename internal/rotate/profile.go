package rotate

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// hidden stands for a secret in what is shown.
const hidden = "****************"

// Why a credentials file cannot be changed.
var (
	ErrNoProfile    = errors.New("the file has no such profile")
	ErrOtherKey     = errors.New("the profile uses another key")
	ErrSessionToken = errors.New("the profile holds a session token: it is written by another program")
)

// Profile puts a new key into one profile of a credentials file, where the old
// one stands, and leaves every other byte as it is. diff shows what changes, with
// the secrets hidden.
func Profile(file []byte, name, old, id, secret string) (changed []byte, diff []string, err error) {
	fail := func(err error) ([]byte, []string, error) {
		return nil, nil, fmt.Errorf("cannot change the profile %s: %w", name, err)
	}
	lines := bytes.SplitAfter(file, []byte("\n"))
	inside, found := false, false
	idAt, secretAt := -1, -1
	for i, line := range lines {
		text := strings.TrimSpace(string(line))
		if strings.HasPrefix(text, "[") {
			section := strings.TrimSpace(strings.Trim(text, "[]"))
			inside = section == name || section == "profile "+name
			found = found || inside
			continue
		}
		key, _, assigns := strings.Cut(text, "=")
		if !inside || !assigns || strings.HasPrefix(text, "#") || strings.HasPrefix(text, ";") {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "aws_access_key_id":
			idAt = i
		case "aws_secret_access_key":
			secretAt = i
		case "aws_session_token":
			return fail(ErrSessionToken)
		}
	}
	switch {
	case !found || idAt < 0 || secretAt < 0:
		return fail(ErrNoProfile)
	case value(lines[idAt]) != old:
		return fail(ErrOtherKey)
	}
	diff = []string{"  [" + name + "]"}
	for _, c := range []struct {
		at                int
		to, shown, before string
	}{{idAt, id, id, old}, {secretAt, secret, hidden, hidden}} {
		diff = append(diff, "- "+shownLine(lines[c.at], c.before), "+ "+shownLine(lines[c.at], c.shown))
		lines[c.at] = assign(lines[c.at], c.to)
	}
	return bytes.Join(lines, nil), diff, nil
}

func value(line []byte) string {
	_, v, _ := strings.Cut(string(line), "=")
	return strings.TrimSpace(v)
}

// assign replaces the value of a line and keeps its spaces and its end.
func assign(line []byte, to string) []byte {
	head, rest, _ := strings.Cut(string(line), "=")
	was := strings.TrimSpace(rest)
	lead := rest[:len(rest)-len(strings.TrimLeft(rest, " \t"))]
	end := rest[len(lead):] // of a line without a value
	if was != "" {
		end = rest[strings.LastIndex(rest, was)+len(was):]
	}
	return []byte(head + "=" + lead + to + end)
}

func shownLine(line []byte, v string) string {
	return strings.TrimSpace(string(assign(line, v)))
}
