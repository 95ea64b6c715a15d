package pack

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Refs lists HEAD, of every work tree, and what stands beside it (ORIG_HEAD and
// the like), every ref, and what reflogs name. Refs come in the order of their
// names, reflogs behind them.
func (r *Repository) Refs(ctx context.Context) (list []Ref, err error) {
	defer guard(&err)()
	if r.reftable {
		return r.askRefs(ctx)
	}
	if list, err = r.bareRefs(ctx); err != nil {
		return nil, err
	}
	logs, err := r.reflogs(ctx)
	if err != nil {
		return nil, err
	}
	list = append(list, logs...)
	r.peel(list)
	return list, ctx.Err()
}

// bareRefs are those of Refs without reflogs, and tags are not followed: no object
// is read for it.
func (r *Repository) bareRefs(ctx context.Context) (list []Ref, err error) {
	if r.reftable {
		return r.askRefs(ctx)
	}
	all := map[string]Ref{}
	if err := r.packedRefs(all); err != nil {
		return nil, err
	}
	if err := r.looseRefs(ctx, filepath.Join(r.commonDir, "refs"), "refs", all); err != nil {
		return nil, err
	}
	r.heads(r.gitDir, "", all)
	if r.gitDir != r.commonDir {
		r.heads(r.commonDir, "main-worktree/", all)
	}
	trees, _ := os.ReadDir(filepath.Join(r.commonDir, "worktrees"))
	for _, e := range trees {
		dir := filepath.Join(r.commonDir, "worktrees", e.Name())
		if dir == r.gitDir {
			continue
		}
		r.heads(dir, "worktrees/"+e.Name()+"/", all)
		if err := r.looseRefs(ctx, filepath.Join(dir, "refs"), "worktrees/"+e.Name()+"/refs", all); err != nil {
			return nil, err
		}
	}
	list = make([]Ref, 0, len(all))
	for _, ref := range all {
		list = append(list, ref)
	}
	slices.SortFunc(list, func(a, b Ref) int { return cmp.Compare(a.Name, b.Name) })
	return list, ctx.Err()
}

// packedRefs reads the file of refs that rarely change.
func (r *Repository) packedRefs(all map[string]Ref) error {
	b, err := readSmall(filepath.Join(r.commonDir, "packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read refs: %w", err)
	}
	last := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if peeled, ok := strings.CutPrefix(line, "^"); ok {
			if id, err := ParseID(peeled); err == nil && last != "" {
				ref := all[last]
				ref.Peeled = id
				all[last] = ref
			}
			continue
		}
		digits, name, ok := strings.Cut(line, " ")
		if id, err := ParseID(digits); ok && err == nil {
			all[name] = Ref{Name: name, ID: id}
			last = name
		}
	}
	return nil
}

func (r *Repository) looseRefs(ctx context.Context, dir, name string, all map[string]Ref) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return errors.Join(err, ctx.Err())
		}
		rest, err := filepath.Rel(dir, path)
		if err != nil || strings.HasSuffix(rest, ".lock") {
			return err
		}
		full := name + "/" + filepath.ToSlash(rest)
		if id, ok := r.follow(path); ok {
			all[full] = Ref{Name: full, ID: id}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("cannot read refs: %w", err)
	}
	return nil
}

// follow reads a file that names an object, or another ref.
func (r *Repository) follow(path string) (ID, bool) {
	for range 5 {
		line, err := readLine(path)
		if err != nil {
			return ID{}, false
		}
		to, symbolic := strings.CutPrefix(line, "ref: ")
		if !symbolic {
			digits, _, _ := strings.Cut(line, "\t") // FETCH_HEAD says more
			id, err := ParseID(strings.TrimSpace(digits))
			return id, err == nil && !id.IsZero()
		}
		to = strings.TrimSpace(to)
		if !filepath.IsLocal(to) {
			return ID{}, false
		}
		path = filepath.Join(r.commonDir, filepath.FromSlash(to))
		if _, err := os.Lstat(path); err != nil {
			all := map[string]Ref{}
			if r.packedRefs(all) != nil {
				return ID{}, false
			}
			ref, ok := all[to]
			return ref.ID, ok
		}
	}
	return ID{}, false
}

// heads reads the files beside HEAD that name objects, every line of them.
func (r *Repository) heads(dir, prefix string, all map[string]Ref) {
	if id, ok := r.follow(filepath.Join(dir, "HEAD")); ok {
		all[prefix+"HEAD"] = Ref{Name: prefix + "HEAD", ID: id}
	}
	names, _ := os.ReadDir(dir)
	for _, e := range names {
		name := e.Name()
		if !strings.HasSuffix(name, "_HEAD") && name != "AUTO_MERGE" || !e.Type().IsRegular() {
			continue
		}
		b, err := readSmall(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		n := 0
		for line := range strings.Lines(string(b)) {
			digits, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
			id, err := ParseID(digits)
			if err != nil || id.IsZero() {
				continue
			}
			full := prefix + name
			if n > 0 {
				full += "#" + strconv.Itoa(n)
			}
			all[full] = Ref{Name: full, ID: id}
			n++
		}
	}
}

// reflogs reads what refs were before.
func (r *Repository) reflogs(ctx context.Context) ([]Ref, error) {
	var list []Ref
	dirs := map[string]string{"": filepath.Join(r.commonDir, "logs")}
	trees, _ := os.ReadDir(filepath.Join(r.commonDir, "worktrees"))
	for _, e := range trees {
		dirs["worktrees/"+e.Name()+"/"] = filepath.Join(r.commonDir, "worktrees", e.Name(), "logs")
	}
	for prefix, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !d.Type().IsRegular() {
				return errors.Join(err, ctx.Err())
			}
			rest, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			logged, err := readReflog(path, prefix+filepath.ToSlash(rest))
			list = append(list, logged...)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("cannot read reflogs: %w", err)
		}
	}
	slices.SortStableFunc(list, func(a, b Ref) int {
		x, _, _ := strings.Cut(a.Name, "@{")
		y, _, _ := strings.Cut(b.Name, "@{")
		return cmp.Compare(x, y)
	})
	return list, nil
}

// readReflog lists the new ids, the newest first as git counts them, and the old
// one of the first line.
func readReflog(path, name string) ([]Ref, error) {
	b, err := readSmall(path)
	if err != nil {
		return nil, err
	}
	var ids []ID
	s := bufio.NewScanner(bytes.NewReader(b))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		old, rest, _ := strings.Cut(s.Text(), " ")
		now, _, _ := strings.Cut(rest, " ")
		if id, err := ParseID(old); err == nil && len(ids) == 0 {
			ids = append(ids, id)
		}
		if id, err := ParseID(now); err == nil {
			ids = append(ids, id)
		}
	}
	var list []Ref
	for i := len(ids) - 1; i >= 0; i-- {
		if !ids[i].IsZero() {
			list = append(list, Ref{Name: fmt.Sprintf("%s@{%d}", name, len(ids)-1-i), ID: ids[i], Reflog: true})
		}
	}
	return list, s.Err()
}

// peel follows annotated tags to what they stand for.
func (r *Repository) peel(list []Ref) {
	known := map[ID]ID{}
	for i := range list {
		ref := &list[i]
		if !ref.Peeled.IsZero() {
			continue
		}
		if strings.HasPrefix(ref.Name, "refs/heads/") || ref.Reflog {
			ref.Peeled = ref.ID // never a tag
			continue
		}
		to, ok := known[ref.ID]
		if !ok {
			to = r.peeled(ref.ID)
			known[ref.ID] = to
		}
		ref.Peeled = to
	}
}

func (r *Repository) peeled(id ID) ID {
	for range 10 {
		kind, body, err := r.objectBut(id, nil)
		if err != nil || kind != Tag {
			return id
		}
		next, ok := tagged(body)
		if !ok {
			return id
		}
		id = next
	}
	return id
}

// tagged is what a tag's body names.
func tagged(body []byte) (ID, bool) {
	line, _, _ := bytes.Cut(body, []byte{'\n'})
	digits, ok := bytes.CutPrefix(line, []byte("object "))
	if !ok {
		return ID{}, false
	}
	id, err := ParseID(string(digits))
	return id, err == nil
}

// askRefs has git list the refs of a format that is not read here.
func (r *Repository) askRefs(ctx context.Context) ([]Ref, error) {
	var list []Ref
	out, err := gitCommand(ctx, r.gitDir, "for-each-ref", "--format=%(objectname) %(*objectname) %(refname)").Output()
	if err != nil {
		return nil, fmt.Errorf("cannot read refs: git for-each-ref: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.SplitN(strings.TrimRight(line, "\n"), " ", 3)
		if len(f) != 3 {
			continue
		}
		if id, err := ParseID(f[0]); err == nil {
			peeled, _ := ParseID(f[1])
			list = append(list, Ref{Name: f[2], ID: id, Peeled: peeled})
		}
	}
	out, err = gitCommand(ctx, r.gitDir, "rev-parse", "--verify", "--quiet", "HEAD").Output()
	if id, bad := ParseID(strings.TrimSpace(string(out))); err == nil && bad == nil {
		list = append(list, Ref{Name: "HEAD", ID: id})
	}
	out, err = gitCommand(ctx, r.gitDir, "log", "--reflog", "--no-walk", "--format=%H").Output()
	if err != nil {
		return nil, fmt.Errorf("cannot read reflogs: git log: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		if id, err := ParseID(strings.TrimSpace(line)); err == nil {
			list = append(list, Ref{Name: "reflog", ID: id, Reflog: true})
		}
	}
	r.peel(list)
	return list, nil
}
