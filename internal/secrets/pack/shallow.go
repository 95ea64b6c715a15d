package pack

import (
	"bytes"
	"path/filepath"
	"strings"
)

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
