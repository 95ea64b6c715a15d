package pack

import (
	"bytes"
	"path/filepath"
	"strings"
)

// Grafted says that a commit at which the history is cut off has a parent that is
// here all the same: for git it has none, for Places and Touching it has one.
func (r *Repository) Grafted() bool {
	if !r.shallow {
		return false
	}
	n := r.numbers()
	for id := range r.cutParents() {
		if n.of(id.b[:id.n], nil) >= 0 {
			return true
		}
	}
	return false
}

// cutParents are the commits at which a shallow clone's history is cut off: they
// are named, and it is as wanted that they are not here.
func (r *Repository) cutParents() map[ID]bool {
	cut := map[ID]bool{}
	b, err := readSmall(filepath.Join(r.commonDir, "shallow"))
	if err != nil {
		return cut
	}
	for line := range strings.Lines(string(b)) {
		id, err := ParseID(strings.TrimSpace(line))
		if err != nil {
			continue
		}
		kind, body, err := r.objectBut(id, nil)
		if err != nil || kind != Commit {
			continue
		}
		for len(body) > 0 && body[0] != '\n' {
			head, rest, _ := bytes.Cut(body, []byte{'\n'})
			body = rest
			if digits, ok := bytes.CutPrefix(head, []byte("parent ")); ok {
				if parent, err := ParseID(string(digits)); err == nil {
					cut[parent] = true
				}
			}
		}
	}
	return cut
}
