package pack

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Object reads one object. Where it is not understood here, git is asked. The
// error wraps ErrMissing where no store has it, and ErrLarge where it has more
// than 32 MiB. What it returns must not be changed: it may be given out again.
func (r *Repository) Object(ctx context.Context, id ID) (is Kind, content []byte, err error) {
	defer guard(&err)()
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	kind, body, err := r.objectBut(id, nil)
	if err == nil || errors.Is(err, ErrMissing) && len(r.odd) == 0 || errors.Is(err, ErrLarge) || errors.Is(err, errFile) {
		return kind, body, about(id, err)
	}
	if kind, body, other := r.git().object(ctx, id); other == nil {
		return kind, body, nil
	}
	return 0, nil, about(id, err)
}

func about(id ID, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot read object %s: %w", id, err)
}

// objectBut reads an object from any store but one pack.
func (r *Repository) objectBut(id ID, but *packFile) (Kind, []byte, error) {
	missing := ErrMissing
	q := chase{}
	for _, p := range r.packs {
		if p == but {
			continue
		}
		pos := p.x.find(id.b[:id.n])
		if pos < 0 {
			continue
		}
		off := p.x.offset(pos)
		kind, body, err := r.readAt(p, off, &q)
		if err == nil {
			return kind, body, nil
		}
		missing = fmt.Errorf("at offset %d of %s: %w", off, p.name, err)
	}
	if path, ok := r.looseObjects()[id]; ok {
		return readLoose(path)
	}
	return 0, nil, missing
}

// A spot is where an object of a pack begins.
type spot struct {
	p   *packFile
	off int64
}

// maxChain bounds a chain of deltas; git makes none longer than 4,095.
const maxChain = 1 << 14

// A chase is what one question for an object met of deltas whose base lies in
// another pack. Each is followed once: packs that name each other's objects as bases
// could otherwise be gone through in as many ways as there are, which doubles with
// every step.
type chase struct {
	seen  map[spot]bool
	calls int // of foreign, for tests
}

// maxChase bounds them: git itself stores no such delta.
const maxChase = 64

func (q *chase) follow(s spot) bool {
	if q.seen[s] || len(q.seen) == maxChase {
		return false
	}
	if q.seen == nil {
		q.seen = map[spot]bool{}
	}
	q.seen[s] = true
	return true
}

// readAt reads the object at an offset of a pack: down the chain of its deltas to
// what is whole, and up again.
func (r *Repository) readAt(p *packFile, off int64, q *chase) (Kind, []byte, error) {
	var chain []header
	var offs []int64
	var kind Kind
	var body []byte
	for at := off; ; {
		if k, b := r.recent.get(spot{p, at}); b != nil {
			kind, body = k, b
			break
		}
		h, err := p.header(at)
		if err != nil {
			return 0, nil, err
		}
		if h.size > maxBody {
			return 0, nil, ErrLarge
		}
		if len(chain) > maxChain {
			return 0, nil, errCircle
		}
		if h.kind <= Tag {
			kind = h.kind
			if body, err = p.unpack(nil, h.stream, p.end, int(h.size)); err != nil {
				return 0, nil, err
			}
			r.recent.put(spot{p, at}, kind, body)
			break
		}
		chain, offs = append(chain, h), append(offs, at)
		if h.kind == byOffset {
			at = h.base
			continue
		}
		if pos := p.x.find(h.id); pos >= 0 {
			at = p.x.offset(pos)
			continue
		}
		if !q.follow(spot{p, at}) {
			return 0, nil, errCircle
		}
		if kind, body, err = r.foreign(p, h.id, q); err != nil {
			return 0, nil, fmt.Errorf("its delta base %s cannot be read: %w", rawID(h.id), err)
		}
		break
	}
	for k := len(chain) - 1; k >= 0; k-- {
		delta, err := p.unpack(nil, chain[k].stream, p.end, int(chain[k].size))
		if err != nil {
			return 0, nil, err
		}
		from, size, rest, err := deltaSizes(delta)
		if err != nil {
			return 0, nil, err
		}
		if size > maxBody {
			return 0, nil, ErrLarge
		}
		if from != uint64(len(body)) {
			return 0, nil, errTarget
		}
		out := make([]byte, size)
		if _, err = patch(out, body, rest, nil); err != nil {
			return 0, nil, err
		}
		body = out
		r.recent.put(spot{p, offs[k]}, kind, body)
	}
	return kind, body, nil
}

// foreign reads a delta base that is not in the pack itself.
func (r *Repository) foreign(but *packFile, id []byte, q *chase) (Kind, []byte, error) {
	q.calls++
	for _, p := range r.packs {
		if p == but {
			continue
		}
		if pos := p.x.find(id); pos >= 0 {
			if kind, body, err := r.readAt(p, p.x.offset(pos), q); err == nil {
				return kind, body, nil
			}
		}
	}
	if path, ok := r.looseObjects()[rawID(id)]; ok {
		return readLoose(path)
	}
	return 0, nil, ErrMissing
}

// A recent keeps what was put together lately: what is asked for next is often
// made from it.
type recent struct {
	mu   sync.Mutex
	m    map[spot]kept
	ring []spot
	size int
}

type kept struct {
	kind Kind
	body []byte
}

const maxRecent = 12 << 20

func (c *recent) get(s spot) (Kind, []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.m[s]
	return k.kind, k.body
}

func (c *recent) put(s spot, kind Kind, body []byte) {
	if len(body) > maxRecent/8 || body == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[spot]kept{}
	}
	if _, ok := c.m[s]; ok {
		return
	}
	c.m[s] = kept{kind, body}
	c.ring = append(c.ring, s)
	for c.size += len(body) + 100; c.size > maxRecent; {
		old := c.ring[0]
		c.ring = c.ring[1:]
		c.size -= len(c.m[old].body) + 100
		delete(c.m, old)
	}
}
