package pack

import (
	"bytes"
	"context"
	"slices"
	"strings"
)

// maxNew is how many new commits are read one by one; with more the whole history
// is.
const maxNew = 500

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
		if q.all.find(s.id) >= 0 || ctx.Err() != nil || !s.done && begun[s.id] {
			continue
		}
		if !q.all.known(s.id) {
			return false
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
			if k := q.all.find(p); k >= 0 {
				above = append(above, k)
			}
		}
		var when Place
		q.r.describe(s.id, &when)
		i, ok := q.all.add(s.id, max(0, when.Committed.Unix()), above, len(parents) > 1)
		if !ok || !q.changes(tree, q.trees(parents), func(path string, k int) { q.note(k, introduction{i, path}) }) {
			return false
		}
	}
	return ctx.Err() == nil
}

// changes calls yield for what is asked for, by its place in ids, and stands in a
// tree where none of the others has it. It is false where a tree cannot be read.
func (q *question) changes(tree ID, others []ID, yield func(path string, k int)) bool {
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
			if k, asked := q.asked(id); asked {
				yield(prefix+string(e.name), k)
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
