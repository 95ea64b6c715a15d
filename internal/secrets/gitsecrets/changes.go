package gitsecrets

import (
	"bytes"
	"slices"
	"strings"

	"cordon/internal/secrets/ere"
)

// A verdict says whether git log -G would name a commit.
type verdict uint8

// The verdicts, the weakest first: one sure change decides over any doubt.
const (
	no verdict = iota
	doubt
	yes
)

// judge decides what can be known of a commit without making its whole
// difference, of which only files with such a line matter. Where renames, links,
// attributes or the way in which git lines two texts up could matter, the answer
// is doubt.
func (f *forest) judge(commit string) verdict {
	gaps := f.gaps
	now, parents := f.below(commit, "")
	var before []leaf
	parent := ""
	switch len(parents) {
	case 0:
	case 1:
		parent = parents[0]
		before, _ = f.below(parent, "")
	default:
		return doubt
	}
	old, fresh := map[string]leaf{}, map[string]leaf{}
	for _, l := range before {
		old[l.path] = l
	}
	for _, l := range now {
		fresh[l.path] = l
	}
	result := no
	for _, l := range now {
		switch was, both := old[l.path]; {
		case both && was == l:
		case f.special(l) || both && f.special(was):
			result = max(result, doubt)
		case both:
			result = max(result, f.compare(was, l))
		default:
			result = max(result, f.alone(l, commit, parent))
		}
	}
	for _, l := range before {
		switch _, both := fresh[l.path]; {
		case both:
		case f.special(l):
			result = max(result, doubt)
		default:
			result = max(result, f.alone(l, parent, commit))
		}
	}
	if f.gaps != gaps {
		return doubt
	}
	return result
}

// alone looks at a file that has such a line in one commit, and in the other has
// none or is not there. It was added, dropped or changed for sure, unless git may
// hold it for another file's new name, or one of the two for no text.
func (f *forest) alone(l leaf, in, other string) verdict {
	tree, otherTree := f.treeOf(in), f.treeOf(other)
	mode, id := f.lookup(otherTree, l.path)
	if id == "" {
		if added, dropped := f.moved(otherTree, tree); added && dropped {
			return doubt
		}
		return yes
	}
	body, err := f.object(id)
	if err != nil || !strings.HasPrefix(mode, "100") || bytes.IndexByte(body[:min(len(body), 8000)], 0) >= 0 {
		return doubt
	}
	return yes
}

// treeOf is the tree of a commit, "" for no commit.
func (f *forest) treeOf(commit string) string {
	if commit == "" {
		return ""
	}
	body, _ := f.object(commit)
	head, _, _ := bytes.Cut(body, []byte{'\n'})
	return strings.TrimPrefix(string(head), "tree ")
}

// lookup finds a path in a tree; a path with a directory that is none is not
// there.
func (f *forest) lookup(tree, path string) (mode, id string) {
	id = tree
	for _, part := range strings.Split(path, "/") {
		if id == "" || mode != "" && mode != "40000" {
			return "", ""
		}
		body, err := f.object(id)
		if err != nil {
			f.gap(id)
			return "", ""
		}
		mode, id = "", ""
		eachEntry(body, len(tree)/2, func(m, name, child string) {
			if name == part {
				mode, id = m, child
			}
		})
	}
	return mode, id
}

// moved says whether, from one tree to another, names came and names went: only
// then can there be a rename.
func (f *forest) moved(old, fresh string) (added, dropped bool) {
	return f.renamed(old, fresh, map[[2]string]bool{}, 0)
}

// renamed looks at each pair of trees once: one can hold itself.
func (f *forest) renamed(old, fresh string, seen map[[2]string]bool, depth int) (added, dropped bool) {
	if old == fresh || seen[[2]string{old, fresh}] {
		return false, false
	}
	if depth > maxDepth {
		return true, true // in doubt git is asked
	}
	seen[[2]string{old, fresh}] = true
	type entry struct{ mode, id string }
	list := func(tree string) map[string]entry {
		all := map[string]entry{}
		if tree == "" {
			return all
		}
		body, err := f.object(tree)
		if err != nil {
			f.gap(tree)
		}
		eachEntry(body, len(tree)/2, func(mode, name, id string) { all[name] = entry{mode, id} })
		return all
	}
	a, b := list(old), list(fresh)
	for name, was := range a {
		is, both := b[name]
		switch {
		case !both:
			dropped = true
		case was.mode == "40000" && is.mode == "40000":
			up, down := f.renamed(was.id, is.id, seen, depth+1)
			added, dropped = added || up, dropped || down
		case was.mode == "40000" || is.mode == "40000":
			added, dropped = true, true
		}
	}
	for name := range b {
		if _, both := a[name]; !both {
			added = true
		}
	}
	return added, dropped
}

// special says that a file may not be read as the text it is.
func (f *forest) special(l leaf) bool {
	return l.link || f.strict() && (f.blobs[l.id][0].binary || f.marked[l.path])
}

// compare looks at a file that changed in its place. Git lines up what two texts
// begin and end with in common; lines outside of that may be shown as changed.
func (f *forest) compare(was, now leaf) verdict {
	texts := func(l leaf) (all []string) {
		for _, h := range f.blobs[l.id] {
			all = append(all, string(h.text))
		}
		slices.Sort(all)
		return all
	}
	if !slices.Equal(texts(was), texts(now)) {
		return yes
	}
	a, errA := f.object(was.id)
	b, errB := f.object(now.id)
	if errA != nil || errB != nil {
		return doubt
	}
	head, tail := common(a, b)
	for _, side := range []struct {
		body []byte
		id   string
	}{{a, was.id}, {b, now.id}} {
		from, to := bytes.Count(side.body[:head], []byte{'\n'}), bytes.Count(side.body[:len(side.body)-tail], []byte{'\n'})
		for _, h := range f.blobs[side.id] {
			if h.number > from && h.number <= to+1 {
				return doubt
			}
		}
	}
	return no
}

// common is how many bytes of whole lines two texts begin and end with in common.
func common(a, b []byte) (head, tail int) {
	n := min(len(a), len(b))
	for head < n && a[head] == b[head] {
		head++
	}
	head = bytes.LastIndexByte(a[:head], '\n') + 1
	for tail < n-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	if i := bytes.IndexByte(a[len(a)-tail:], '\n'); i >= 0 {
		return head, tail - i - 1
	}
	return head, 0
}

// sift splits commits into those that git log -G names for sure and those that it
// must be asked about.
func (r *run) sift(commits []string, patterns []string, blobs map[string]bool) (sure map[string]bool, rest []string) {
	sure = map[string]bool{}
	re, err := ere.Compile(patterns, ere.Options{Dialect: r.dialect()})
	if err != nil || r.config().copies {
		return sure, commits
	}
	f := &forest{run: r, re: re, only: blobs, links: true, trees: map[string][]leaf{}, blobs: map[string][]hit{}}
	paths := map[string]bool{}
	if r.strict() {
		for _, c := range commits {
			all, parents := f.below(c, "")
			for _, p := range parents {
				before, _ := f.below(p, "")
				all = append(all[:len(all):len(all)], before...)
			}
			for _, l := range all {
				paths[l.path] = true
			}
		}
		f.marked = r.marked(paths)
	}
	for _, c := range commits {
		switch f.judge(c) {
		case yes:
			sure[c] = true
		case doubt:
			rest = append(rest, c)
		}
	}
	return sure, rest
}
