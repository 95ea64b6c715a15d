package pack

import (
	"bytes"
	"time"
)

// describe reads who made a commit or tag, and when.
func (r *Repository) describe(id ID, p *Place) {
	_, body, err := r.objectBut(id, nil)
	if err != nil {
		return
	}
	for len(body) > 0 && body[0] != '\n' {
		line, rest, _ := bytes.Cut(body, []byte{'\n'})
		body = rest
		what, who, _ := bytes.Cut(line, []byte{' '})
		unix, zone := stamp(line)
		when := time.Unix(unix, 0).In(time.FixedZone("", zone))
		switch string(what) {
		case "author", "tagger":
			name, mail, _ := bytes.Cut(who, []byte{'<'})
			mail, _, _ = bytes.Cut(mail, []byte{'>'})
			p.Author, p.Email, p.Authored = string(bytes.TrimSpace(name)), string(mail), when
			if p.Committed.IsZero() {
				p.Committed = when
			}
		case "committer":
			p.Committed = when
		}
	}
}

// made is who made a commit, and when.
func (q *question) made(i int32) Place {
	p, ok := q.who[i]
	if !ok {
		q.r.describe(q.all.id(i), &p)
		if q.who == nil {
			q.who = map[int32]Place{}
		}
		q.who[i] = p
	}
	return p
}
