package gitsecrets

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"cordon/internal/secrets/ere"
)

// An item is a file that git would grep.
type item struct {
	name string // as it is printed, before quoting
	id   string // of the blob; "" reads the file of that name
}

// scanRepository is what the original asks git grep.
func (r *run) scanRepository(patterns, paths []string) int {
	flags := r.gitFlags(&paths)
	if r.strict() {
		if patterns = r.words(patterns); len(patterns) > 0 {
			patterns = []string{strings.Join(patterns, "|")}
		}
	}
	if len(patterns) == 0 {
		return r.conclude(nothing, nil)
	}
	format := "fatal: command line, '" + strings.ReplaceAll(patterns[0], "%", "%%") + "': %s"
	if !r.strict() {
		format = "git-secrets: cannot use a pattern: %s"
	}
	re, bad := r.compile(patterns, ere.Options{Dialect: r.dialect(), Word: true}, format)
	if re == nil {
		return r.conclude(exitGit, nil)
	}
	items, code := r.items(flags, paths)
	if code != 0 {
		return r.conclude(code, nil)
	}
	found := r.grepItems(re, items)
	switch {
	case len(found) > 0:
		return r.conclude(0, found)
	case bad:
		return r.conclude(exitGit, nil)
	}
	return r.conclude(nothing, nil)
}

// where says in what git grep looks.
type where struct{ cached, untracked, noIndex bool }

// gitFlags says where to look. The original hands git grep only the first of
// several options; the others become names of files.
func (r *run) gitFlags(paths *[]string) where {
	w := where{cached: r.cached, untracked: r.untracked, noIndex: r.noIndex}
	if !r.strict() {
		return w
	}
	var given []string
	for _, f := range []struct {
		on   *bool
		name string
	}{{&w.cached, "--cached"}, {&w.untracked, "--untracked"}, {&w.noIndex, "--no-index"}} {
		if *f.on {
			if *f.on = len(given) == 0; !*f.on {
				*paths = append([]string{f.name}, *paths...)
			}
			given = append(given, f.name)
		}
	}
	if len(given) == 3 { // the order in which they were written
		(*paths)[0], (*paths)[1] = (*paths)[1], (*paths)[0]
	}
	return w
}

// items lists what is to be searched, in git's order.
func (r *run) items(w where, paths []string) ([]item, int) {
	switch {
	case w.noIndex:
		items, code := r.around(paths)
		if w.cached && code == 0 {
			tracked, code := r.tracked(true, paths)
			return append(items, tracked...), code
		}
		return items, code
	case w.untracked && r.strict():
		return r.untrackedItems(paths, nil)
	case w.untracked:
		tracked, code := r.tracked(w.cached, paths)
		if code != 0 {
			return nil, code
		}
		return r.untrackedItems(paths, tracked)
	}
	return r.tracked(w.cached, paths)
}

// tracked lists what is in the index: the files, or with cached what is staged.
func (r *run) tracked(cached bool, paths []string) ([]item, int) {
	if !cached && !r.sure() {
		if _, code := r.told("rev-parse", "--show-toplevel"); code != 0 {
			return nil, code
		}
	}
	out, code := r.told(append([]string{"ls-files", "-z", "--stage", "-v", "--cached", "--"}, paths...)...)
	if code != 0 {
		return nil, code
	}
	var items []item
	for _, entry := range strings.Split(string(out), "\x00") {
		head, name, ok := strings.Cut(entry, "\t")
		f := strings.Fields(head)
		if !ok || len(f) != 4 || !strings.HasPrefix(f[1], "100") {
			continue
		}
		tag, id, stage := f[0], f[2], f[3]
		valid := tag == strings.ToLower(tag)
		switch {
		case cached || valid:
			if stage == "0" {
				items = append(items, item{name, id})
			}
		case tag == "S": // not checked out
		case len(items) == 0 || items[len(items)-1].name != name || items[len(items)-1].id != "":
			items = append(items, item{name: name})
		}
	}
	return items, 0
}

// untrackedItems lists every file that is not ignored, tracked or not: with an
// index that holds nothing, as git grep --untracked does. What is tracked all the
// same and ignored comes from tracked.
func (r *run) untrackedItems(paths []string, tracked []item) ([]item, int) {
	env := r.Env
	defer func() { r.Env = env }()
	r.Env = append(slices.Clone(env), "GIT_INDEX_FILE="+join(os.TempDir(), "git-secrets-no-such-index"))
	out, code := r.told(append([]string{"ls-files", "-z", "--others", "--exclude-standard", "--"}, paths...)...)
	if code != 0 {
		return nil, code
	}
	items, have := tracked, map[string]bool{}
	for _, it := range tracked {
		have[it.name] = it.id == ""
	}
	for _, name := range strings.Split(string(out), "\x00") {
		if name != "" && !strings.HasSuffix(name, "/") && !have[name] {
			items = append(items, item{name: name})
		}
	}
	return items, 0
}

// around lists every file below this directory, whatever git knows of it.
func (r *run) around(paths []string) ([]item, int) {
	var items []item
	r.walk("", func(name string) {
		if specified(paths, name) {
			items = append(items, item{name: name})
		}
	})
	slices.SortFunc(items, func(a, b item) int { return strings.Compare(a.name, b.name) })
	return items, 0
}

// walk finds plain files. What git keeps for itself is passed by.
func (r *run) walk(dir string, file func(name string)) {
	list, err := os.ReadDir(r.at(dir))
	if err != nil {
		fmt.Fprintf(r.Err, "warning: could not open directory '%s/': %s\n", dir, reason(err))
	}
	for _, e := range list {
		name := join(dir, e.Name())
		switch {
		case e.Name() == ".git":
		case e.IsDir():
			r.walk(name, file)
		case e.Type().IsRegular():
			file(name)
		}
	}
}

// grepItems searches side by side and answers in order.
func (r *run) grepItems(re *ere.Regexp, items []item) [][]byte {
	found := make([][]hit, len(items))
	wrong := make([]string, len(items))
	body := func(it item) ([]byte, string) {
		if it.id != "" {
			b, err := r.object(it.id)
			if err != nil {
				return b, fmt.Sprintf("error: '%s': unable to read %s\n", it.name, it.id)
			}
			return b, ""
		}
		return r.readFile(it.name)
	}
	workers := min(runtime.GOMAXPROCS(0), len(items)/8+1)
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		next int
	)
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			re := re.Clone()
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= len(items) {
					return
				}
				text, complaint := body(items[i])
				found[i], wrong[i] = search(re, text), complaint
			}
		}()
	}
	wg.Wait()
	fmt.Fprint(r.Err, strings.Join(wrong, ""))
	var all [][]byte
	attributes := r.newAttributes()
	for i, hits := range found {
		if len(hits) == 0 || !attributes.text(items[i].name, hits[0].binary) {
			continue
		}
		name := r.quote(items[i].name)
		for _, h := range hits {
			all = append(all, record(name, h.number, h.text))
		}
	}
	return all
}

// A hit is a line that matched. binary says that the file would be passed by,
// unless an attribute says otherwise.
type hit struct {
	number int
	text   []byte
	binary bool
}

func search(re *ere.Regexp, body []byte) (hits []hit) {
	binary := bytes.IndexByte(body[:min(len(body), 8000)], 0) >= 0
	number, at := 1, 0
	for _, begin := range re.Lines(body, nil) {
		number += bytes.Count(body[at:begin], []byte{'\n'})
		at = begin
		text := body[begin:]
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			text = text[:i]
		}
		hits = append(hits, hit{number, bytes.Clone(text), binary})
	}
	return hits
}

// readFile reads a file of the work tree, or says why it cannot; what is gone or
// is no plain file is not searched.
func (r *run) readFile(name string) (body []byte, complaint string) {
	p := r.at(name)
	info, err := os.Lstat(p)
	if err == nil {
		if !info.Mode().IsRegular() {
			return nil, ""
		}
		if body, err = os.ReadFile(p); err == nil {
			return body, ""
		}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		complaint = fmt.Sprintf("error: failed to stat '%s': %s\n", name, reason(err))
	}
	return nil, complaint
}
