package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"

	"cordon/internal/durable"
)

// A chain is a file of JSON lines. Each line holds, in "prev", the SHA-256 of
// the line before it, so that no line but the last can be altered, taken away
// or put in between unseen; the last is held by the head, which is printed,
// and by the other chain of the store.
type chain struct {
	path  string
	lines int
	head  ID // of the last line; empty before the first
}

// link is what every line of a chain begins with.
type link struct {
	V    int `json:"v"`
	Seq  int `json:"seq"`
	Prev ID  `json:"prev,omitempty"`
}

// next is the link of the line that comes now.
func (c *chain) next() link { return link{V: 1, Seq: c.lines + 1, Prev: c.head} }

// append writes a record, whose link came from next, and syncs it.
func (c *chain) append(record any) (ID, error) {
	line, err := json.Marshal(record)
	if err != nil {
		return "", err
	}
	if err := durable.Append(c.path, line); err != nil {
		return "", err
	}
	c.lines++
	c.head = sum(line)
	return c.head, nil
}

// walk reads a chain from its file. Each whole line goes to visit; what does
// not hold is returned as breaks and does not end the walk.
func walk(path string, visit func(line []byte, hash ID) error) (c chain, torn []byte, breaks []Break, err error) {
	c.path = path
	lines, torn, err := durable.Lines(path)
	if err != nil {
		return c, nil, nil, err
	}
	for _, line := range lines {
		c.lines++
		fault := func(format string, args ...any) {
			breaks = append(breaks, Break{File: base(path), Line: c.lines, Why: fmt.Sprintf(format, args...)})
		}
		hash := sum(line)
		var l link
		switch err := json.Unmarshal(line, &l); {
		case err != nil:
			fault("it is not JSON")
		case l.V != 1:
			fault("its version is %d", l.V)
		case l.Prev != c.head:
			fault("the line before it is not the one it was written after")
		case l.Seq != c.lines:
			fault("its number is %d", l.Seq)
		}
		c.head = hash
		if err := visit(line, hash); err != nil {
			fault("%v", err)
		}
	}
	return c, bytes.Clone(torn), breaks, nil
}
