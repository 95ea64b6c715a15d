package gitsecrets

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"

	"cordon/internal/secrets/ere"
)

// history searches every commit whose change has a line with a pattern: all of
// the tree as it was then, so that a finding comes with each commit that touched
// one. Where there is no such commit the files of the work tree are searched, as
// the original does by leaving out the revision.
func (r *run) history() int {
	patterns := r.patterns()
	if r.strict() {
		if patterns = r.words(patterns); len(patterns) > 0 {
			patterns = []string{strings.Join(patterns, "|")}
		}
	}
	if len(patterns) == 0 {
		return 0
	}
	if _, err := ere.Compile(patterns, ere.Options{Dialect: r.dialect()}); err != nil && r.strict() {
		r.touching(patterns) // git log says so first, where there is a commit
		fmt.Fprintf(r.Err, "fatal: command line, '%s': %v\n", patterns[0], err)
		return r.conclude(exitGit, nil)
	}
	re, bad := r.compile(patterns, ere.Options{Dialect: r.dialect(), Word: true}, "git-secrets: cannot use a pattern: %s")
	if re == nil {
		return r.conclude(exitGit, nil)
	}
	commits, blobs, code := r.touching(good(patterns, r.dialect()))
	if code != 0 && !r.strict() {
		return code
	}
	if len(commits) == 0 {
		items, code := r.tracked(false, nil)
		if code != 0 {
			return r.conclude(code, nil)
		}
		return r.settle(bad, r.grepItems(re, items))
	}
	f := &forest{run: r, re: re, only: blobs, trees: map[string][]leaf{}, blobs: map[string][]hit{}}
	return r.grepCommits(f, commits, bad)
}

// settle concludes with what was found, or with the bad pattern where nothing was.
func (r *run) settle(bad bool, found [][]byte) int {
	switch {
	case len(found) > 0:
		return r.conclude(0, found)
	case bad:
		return r.conclude(exitGit, nil)
	}
	return r.conclude(nothing, nil)
}

func good(patterns []string, d ere.Dialect) (all []string) {
	for _, p := range patterns {
		if _, err := ere.Compile([]string{p}, ere.Options{Dialect: d}); err == nil {
			all = append(all, p)
		}
	}
	return all
}

// maxArgument is how long a pattern for git may be: systems end one argument at
// 128 KiB, or all of them at 32.
const maxArgument = 24 << 10

// touching lists the commits that add or drop a line with a pattern, in the order
// of git log --all, and the files that have one, if that is known.
func (r *run) touching(patterns []string) (commits []string, blobs map[string]bool, code int) {
	filter := []string{"--pretty=%H", "-G" + strings.Join(patterns, "|")}
	_, err := ere.Compile(patterns, ere.Options{Dialect: ere.Git})
	able := err == nil && len(filter[1]) < maxArgument || r.strict()
	if !r.strict() {
		env := r.Env
		defer func() { r.Env = env }()
		r.Env = append(slices.Clone(env), "LC_ALL=C")
		filter = append(filter, "--cc", "--no-patch", "--no-textconv", "--text", "--extended-regexp")
	}
	if r.History != nil {
		found, ok := r.History(Question{Dir: r.Dir, Env: r.Env, Patterns: patterns, Dialect: r.dialect(), Merges: !r.strict()})
		switch {
		case !ok:
		case len(found.Commits)+len(found.Merges) == 0:
			return nil, found.Blobs, 0
		default:
			commits, code := r.narrow(found, patterns, filter, able)
			return commits, found.Blobs, code
		}
	}
	if !able {
		out, code := r.told("rev-list", "--all")
		return strings.Fields(string(out)), nil, code
	}
	out, code := r.told(append([]string{"log", "--all"}, filter...)...)
	return strings.Fields(string(out)), nil, code
}

// narrow asks git, of the commits that may be, which are.
func (r *run) narrow(found Found, patterns, filter []string, able bool) ([]string, int) {
	commits := found.Commits
	if len(found.Merges) > 0 {
		out, code := r.told("rev-list", "--all")
		if code != 0 {
			return nil, code
		}
		wanted := map[string]bool{}
		for _, id := range slices.Concat(commits, found.Merges) {
			wanted[id] = true
		}
		commits = slices.DeleteFunc(strings.Fields(string(out)), func(id string) bool { return !wanted[id] })
	}
	if !able || len(commits) == 0 {
		return commits, 0
	}
	sure, rest := r.sift(commits, patterns, found.Blobs)
	if len(rest) > 0 {
		var complaints bytes.Buffer
		args := append([]string{"log", "--no-walk=unsorted", "--stdin"}, filter...)
		out, code := r.gitIn(&complaints, []byte(strings.Join(rest, "\n")+"\n"), args...)
		_, _ = r.Err.Write(complaints.Bytes())
		if code != 0 {
			return nil, code
		}
		for _, id := range strings.Fields(string(out)) {
			sure[id] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(commits), func(id string) bool { return !sure[id] }), 0
}

// forest searches trees; what it has seen it does not look at again.
type forest struct {
	*run
	re    *ere.Regexp
	only  map[string]bool // nil is any
	trees map[string][]leaf
	blobs map[string][]hit
	gaps  int

	links  bool            // links count as well
	marked map[string]bool // files with an attribute
}

// A leaf is a file with findings, by its path below a tree.
type leaf struct {
	path, id string
	link     bool
}

// grepCommits prints what stands in the trees of commits.
func (r *run) grepCommits(f *forest, commits []string, bad bool) int {
	prefix := ""
	if !r.atTop() {
		out, _ := r.git(nil, "rev-parse", "--show-prefix")
		prefix = line(out)
	}
	attributes := r.newAttributes()
	var w *reporter
	for _, commit := range commits {
		for _, l := range f.commit(commit, prefix) {
			hits := f.blobs[l.id]
			if !attributes.text(l.path, hits[0].binary) {
				continue
			}
			if w == nil {
				w = r.newReporter()
			}
			name := commit + ":" + r.quote(l.path)
			for _, h := range hits {
				w.line(record(name, h.number, h.text))
			}
		}
	}
	if w != nil {
		if code := w.end(); code != 0 || f.gaps == 0 {
			return code
		}
	}
	if bad || f.gaps > 0 {
		return r.conclude(exitGit, nil)
	}
	return r.conclude(nothing, nil)
}

// atTop says that this directory is the root of a work tree.
func (r *run) atTop() bool {
	return r.sure() && exists(join(r.Dir, ".git"))
}

// commit lists what was found in one, below a directory. Of a merge, which the
// original never looks at, it is what none of the parents has.
func (f *forest) commit(id, prefix string) []leaf {
	all, parents := f.below(id, prefix)
	if len(parents) < 2 || len(all) == 0 {
		return all
	}
	known := map[leaf]bool{}
	for _, p := range parents {
		theirs, _ := f.below(p, prefix)
		for _, l := range theirs {
			known[l] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(l leaf) bool { return known[l] })
}

// below lists what was found in a commit, below a directory, and its parents: none
// where a shallow clone's history is cut off, whatever the commit says.
func (f *forest) below(id, prefix string) (all []leaf, parents []string) {
	body, err := f.object(id)
	head, _, _ := bytes.Cut(body, []byte("\n\n"))
	at := ""
	for _, l := range strings.Split(string(head), "\n") {
		if tree, ok := strings.CutPrefix(l, "tree "); ok && at == "" {
			at = tree
		}
		if p, ok := strings.CutPrefix(l, "parent "); ok {
			parents = append(parents, p)
		}
	}
	if len(parents) > 0 && f.shallow()[id] {
		parents = nil
	}
	if err != nil || at == "" {
		f.gap(id)
		return nil, nil
	}
	for _, part := range strings.Split(strings.Trim(prefix, "/"), "/") {
		if part == "" {
			continue
		}
		if at = f.child(at, part); at == "" {
			return nil, parents
		}
	}
	return f.tree(at), parents
}

// shallow are the commits at which the history is cut off.
func (r *run) shallow() map[string]bool {
	if r.cut == nil {
		r.cut = map[string]bool{}
		if out, code := r.git(nil, "rev-parse", "--git-path", "shallow"); code == 0 {
			body, _ := os.ReadFile(r.at(line(out))) // there is none, in most cases
			for _, id := range strings.Fields(string(body)) {
				r.cut[id] = true
			}
		}
	}
	return r.cut
}

func (f *forest) gap(id string) {
	f.gaps++
	fmt.Fprintf(f.Err, "error: cannot read object %s: it was not searched\n", id)
}

// child is the directory of that name in a tree.
func (f *forest) child(tree, name string) (id string) {
	body, err := f.object(tree)
	if err != nil {
		f.gap(tree)
		return ""
	}
	eachEntry(body, len(tree)/2, func(mode, n, child string) {
		if n == name && mode == "40000" {
			id = child
		}
	})
	return id
}

func (f *forest) tree(id string) []leaf { return f.deep(id, 0) }

// Bounds of a tree: no file system takes directories that nest deeper, and small
// trees that hold others many times have more files than there is memory.
const (
	maxDepth  = 4096
	maxLeaves = 1 << 18
)

func (f *forest) deep(id string, depth int) []leaf {
	if known, ok := f.trees[id]; ok {
		return known
	}
	body, err := f.object(id)
	if err != nil || depth > maxDepth {
		f.gap(id)
		return nil
	}
	f.trees[id] = nil // a tree that holds itself holds nothing more
	var all []leaf
	full := false
	add := func(l leaf) {
		if full = full || len(all) == maxLeaves; !full {
			all = append(all, l)
		}
	}
	eachEntry(body, len(id)/2, func(mode, name, child string) {
		switch {
		case mode == "40000":
			for _, l := range f.deep(child, depth+1) {
				l.path = name + "/" + l.path
				add(l)
			}
		case strings.HasPrefix(mode, "100") && f.blob(child):
			add(leaf{path: name, id: child})
		case mode == "120000" && f.links && f.blob(child):
			add(leaf{path: name, id: child, link: true})
		}
	})
	if full {
		f.gap(id)
		return nil
	}
	f.trees[id] = slices.Clip(all)
	return all
}

// blob says whether there is anything in a file.
func (f *forest) blob(id string) bool {
	if f.only != nil && !f.only[id] {
		return false
	}
	hits, ok := f.blobs[id]
	if !ok {
		body, err := f.object(id)
		if err != nil {
			f.gap(id)
		}
		hits = search(f.re, body)
		f.blobs[id] = hits
	}
	return len(hits) > 0
}

// eachEntry reads a tree object, whose ids have size bytes.
func eachEntry(body []byte, size int, entry func(mode, name, id string)) {
	for len(body) > 0 {
		head, rest, ok := bytes.Cut(body, []byte{0})
		mode, name, both := strings.Cut(string(head), " ")
		if !ok || !both || len(rest) < size {
			return
		}
		entry(mode, name, fmt.Sprintf("%x", rest[:size]))
		body = rest[size:]
	}
}
