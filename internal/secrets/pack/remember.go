package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sort"
	"strings"
)

// What Places found out holds for good, as a commit never changes: only those are
// read that were not there.

// maxNew is how many new commits are read one by one; with more the whole history
// is.
const maxNew = 500

// maxUnkept is how many are read again each time: writing the answer costs more
// than that.
const maxUnkept = 32

// memory is where the answer is kept, nil where there is no cache.
func (q *question) memory() (*cache, string, Matcher) {
	q.r.mu.Lock()
	o := q.r.last
	q.r.mu.Unlock()
	if o.Cache == "" || o.Matcher == nil {
		return nil, "", nil
	}
	sum := sha256.Sum256([]byte(q.r.commonDir))
	return openCache(o.Cache, o.Rules), "places-" + hex.EncodeToString(sum[:10]), o.Matcher()
}

// remember keeps the answer, and which objects there were: one that is asked for
// later and was not there can only have come in since. A path in which the matcher
// sees something is not kept: it is read from the commit again.
func (q *question) remember() {
	c, name, m := q.memory()
	if c == nil {
		return
	}
	l := q.lin
	l.settle()
	e := &encoder{b: make([]byte, 0, len(l.ids)+16*l.len())}
	e.number(len(q.r.packs))
	for _, sum := range sums(q.r.packs) {
		e.b = append(e.b, sum.b[:l.hash]...)
	}
	e.number(len(q.n.loose))
	for _, id := range q.n.loose {
		e.b = append(e.b, id.b[:l.hash]...)
	}
	e.number(l.len())
	e.b = append(e.b, l.ids...)
	for i := range l.len() {
		e.number(int(l.dates[i]))
		parents := l.parents(int32(i))
		e.number(len(parents)<<1 | int(bit(l.merges[i])))
		for _, p := range parents {
			e.number(i - int(p))
		}
	}
	for _, i := range l.byID {
		e.number(int(i))
	}
	q.keepWho(e, m)
	e.number(len(q.ids))
	for _, id := range q.ids {
		e.b = append(e.b, id.b[:l.hash]...)
		list := q.intro[id]
		e.number(len(list))
		for _, in := range list {
			e.number(int(in.commit))
			path := in.path
			if telling(m, path) {
				path = ""
			}
			e.bytes([]byte(path))
		}
		e.number(q.more[id])
	}
	c.keep(name, e)
}

// telling says whether a path may hold what is looked for.
func telling(m Matcher, path string) bool {
	for name := range strings.SplitSeq(path, "/") {
		if m.Name([]byte(name)) {
			return true
		}
	}
	return len(m.Lines([]byte(path), nil)) > 0
}

// remembered reads the answer as it was, and the commits that came since.
func (q *question) remembered(ctx context.Context) bool {
	c, name, _ := q.memory()
	d := c.load(name)
	if d == nil || !q.recall(d) {
		return false
	}
	var fresh []ID
	for i := range q.refs {
		id := q.refs[i].Peeled
		if q.lin.find(id) >= 0 || slices.Contains(fresh, id) || q.n.of(id.b[:id.n], nil) < 0 {
			continue
		}
		if fresh = append(fresh, id); len(fresh) > maxNew {
			return false
		}
	}
	before := q.lin.len()
	if !q.since(ctx, fresh) {
		return false
	}
	if q.lin.len() >= before+maxUnkept {
		q.remember()
	}
	return true
}

// recall reads what was kept, where it answers for all that is asked.
func (q *question) recall(d *decoder) bool {
	hash := q.r.hash
	var there []*index // packs that there were
	gone := false
	for range d.number(1 << 20) {
		sum := rawID(d.take(hash))
		k := slices.IndexFunc(q.r.packs, func(p *packFile) bool { return p.x.pack() == sum })
		if k < 0 {
			gone = true
			continue
		}
		there = append(there, q.r.packs[k].x)
	}
	loose := d.take(d.number(1<<26) * hash)
	was := func(id ID) bool { // there, for all that is known
		at := sort.Search(len(loose)/hash, func(i int) bool { return bytes.Compare(loose[i*hash:(i+1)*hash], id.b[:hash]) >= 0 })
		if at*hash < len(loose) && bytes.Equal(loose[at*hash:(at+1)*hash], id.b[:hash]) {
			return true
		}
		return gone || q.r.promisor || slices.ContainsFunc(there, func(x *index) bool { return x.find(id.b[:hash]) >= 0 })
	}
	n := d.number(1 << 28)
	l := &lineage{hash: hash, ids: bytes.Clone(d.take(n * hash)), begin: make([]int32, 1, n+1)}
	if d.bad {
		return false
	}
	l.dates, l.merges, l.byID = make([]int64, n), make([]bool, n), make([]int32, n)
	for i := range n {
		l.dates[i] = int64(d.number(1 << 41))
		k := d.number(1 << 20)
		l.merges[i] = k&1 != 0
		for range k >> 1 {
			back := d.number(i)
			if back == 0 {
				d.bad = true
			}
			if d.bad {
				return false
			}
			l.above = append(l.above, int32(i-back))
		}
		l.begin = append(l.begin, int32(len(l.above)))
	}
	for i := range l.byID {
		l.byID[i] = int32(d.number(max(n-1, 0)))
	}
	who := recallWho(d)
	intro, more, answered := map[ID][]introduction{}, map[ID]int{}, map[ID]bool{}
	var hidden []int32
	for range d.number(1 << 26) {
		id := rawID(d.take(hash))
		answered[id] = true
		for range d.number(MaxPlaces) {
			in := introduction{commit: int32(d.number(max(n-1, 0))), path: string(d.bytes())}
			if d.bad {
				return false
			}
			if in.path == "" {
				hidden = append(hidden, in.commit)
				continue
			}
			intro[id] = append(intro[id], in)
		}
		if k := d.number(1 << 30); k > 0 {
			more[id] = k
		}
		if d.bad {
			return false
		}
	}
	if d.bad || len(d.b) > 0 {
		return false
	}
	for _, id := range q.ids {
		if !answered[id] && l.find(id) < 0 && was(id) {
			return false
		}
	}
	q.lin, q.intro, q.more, q.who = l, intro, more, who
	slices.Sort(hidden)
	for _, i := range slices.Compact(hidden) {
		if !q.unhide(i) {
			return false
		}
	}
	return true
}

// unhide reads a commit for the paths that were not kept.
func (q *question) unhide(i int32) bool {
	tree, parents, ok := q.r.commitOf(q.lin.id(i))
	if !ok {
		return false
	}
	return q.changes(tree, q.trees(parents), func(path string, id ID) {
		if !slices.ContainsFunc(q.intro[id], func(in introduction) bool { return in == introduction{i, path} }) {
			q.note(id, introduction{i, path})
		}
	})
}

// commitOf reads a commit's tree and parents.
func (r *Repository) commitOf(id ID) (tree ID, parents []ID, ok bool) {
	kind, body, err := r.objectBut(id, nil)
	if err != nil || kind != Commit {
		return ID{}, nil, false
	}
	for len(body) > 0 && body[0] != '\n' {
		line, rest, _ := bytes.Cut(body, []byte{'\n'})
		body = rest
		what, digits, _ := strings.Cut(string(line), " ")
		switch what {
		case "tree":
			tree, _ = ParseID(digits)
		case "parent":
			if p, err := ParseID(digits); err == nil {
				parents = append(parents, p)
			}
		}
	}
	return tree, parents, true
}

func (q *question) trees(commits []ID) (list []ID) {
	for _, id := range commits {
		if tree, _, ok := q.r.commitOf(id); ok {
			list = append(list, tree)
		}
	}
	return list
}

// since adds the commits that lead from tips down to those known, and what they
// brought in.
func (q *question) since(ctx context.Context, tips []ID) bool {
	type step struct {
		id   ID
		done bool
	}
	var stack []step
	for _, id := range tips {
		stack = append(stack, step{id: id})
	}
	begun := map[ID]bool{}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if q.lin.find(s.id) >= 0 || ctx.Err() != nil || !s.done && begun[s.id] {
			continue
		}
		tree, parents, ok := q.r.commitOf(s.id)
		if !ok {
			continue // a ref to something else
		}
		if !s.done {
			if begun[s.id] = true; len(begun) > maxNew {
				return false
			}
			stack = append(stack, step{s.id, true})
			for _, p := range parents {
				stack = append(stack, step{id: p})
			}
			continue
		}
		var above []int32
		for _, p := range parents {
			if k := q.lin.find(p); k >= 0 {
				above = append(above, k)
			}
		}
		var when Place
		q.r.describe(s.id, &when)
		i := q.lin.add(s.id, max(0, when.Committed.Unix()), above, len(parents) > 1)
		if !q.changes(tree, q.trees(parents), func(path string, id ID) { q.note(id, introduction{i, path}) }) {
			return false
		}
	}
	return ctx.Err() == nil
}

// changes calls yield for what is asked for and stands in a tree where none of
// the others has it. It is false where a tree cannot be read.
func (q *question) changes(tree ID, others []ID, yield func(path string, id ID)) bool {
	steps := 0
	var walk func(tree ID, others []ID, prefix string) bool
	walk = func(tree ID, others []ID, prefix string) bool {
		if slices.Contains(others, tree) {
			return true
		}
		kind, body, err := q.r.objectBut(tree, nil)
		if err != nil || kind != Tree || len(prefix) > 1<<16 {
			return false
		}
		type beside struct {
			id   ID
			tree bool
		}
		there := map[string][]beside{}
		for _, o := range others {
			if _, b, err := q.r.objectBut(o, nil); err == nil {
				leaves(b, q.r.hash, func(e leaf) bool {
					there[string(e.name)] = append(there[string(e.name)], beside{rawID(e.id), e.mode == modeTree})
					return true
				})
			}
		}
		ok := true
		leaves(body, q.r.hash, func(e leaf) bool {
			if steps++; steps > maxSteps {
				ok = false
				return false
			}
			id := rawID(e.id)
			var below []ID
			for _, b := range there[string(e.name)] {
				if b.id == id {
					return true
				}
				if b.tree {
					below = append(below, b.id)
				}
			}
			if q.asked(id) {
				yield(prefix+string(e.name), id)
			}
			if e.mode == modeTree {
				ok = walk(id, below, prefix+string(e.name)+"/")
			}
			return ok
		})
		return ok
	}
	return walk(tree, others, "")
}
