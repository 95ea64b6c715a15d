package pack

import (
	"bytes"
	"maps"
	"slices"
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
		q.r.describe(q.lin.id(i), &p)
		if q.who == nil {
			q.who = map[int32]Place{}
		}
		q.who[i] = p
	}
	return p
}

// keepWho keeps who made the commits that places name, unless the matcher sees
// something there.
func (q *question) keepWho(e *encoder, m Matcher) {
	for _, list := range q.intro {
		for _, in := range list {
			q.made(in.commit)
		}
	}
	var kept []int32
	for _, i := range slices.Sorted(maps.Keys(q.who)) {
		if p := q.who[i]; !telling(m, p.Author) && !telling(m, p.Email) && p.Authored.Unix() >= 0 && p.Committed.Unix() >= 0 {
			kept = append(kept, i)
		}
	}
	e.number(len(kept))
	for _, i := range kept {
		p := q.who[i]
		e.number(int(i))
		e.bytes([]byte(p.Author))
		e.bytes([]byte(p.Email))
		for _, t := range []time.Time{p.Authored, p.Committed} {
			_, zone := t.Zone()
			e.number(int(t.Unix()))
			e.number(zone + 24*3600)
		}
	}
}

func recallWho(d *decoder) map[int32]Place {
	who := map[int32]Place{}
	for range d.number(1 << 26) {
		i := int32(d.number(1 << 30))
		p := Place{Author: string(d.bytes()), Email: string(d.bytes())}
		for _, t := range []*time.Time{&p.Authored, &p.Committed} {
			unix, zone := d.number(1<<41), d.number(48*3600)-24*3600
			*t = time.Unix(int64(unix), 0).In(time.FixedZone("", zone))
		}
		if d.bad {
			return nil
		}
		who[i] = p
	}
	return who
}
