package scan

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"cordon/internal/secrets/leak"
	"cordon/internal/secrets/pack"
)

// mostFile is the largest file that is read. A larger one is a gap.
const mostFile = 512 << 20

// An item is one file to look at, but where its content is one of what is staged.
type item struct {
	path   string
	at     Place
	staged []pack.ID
}

// cause is an error without the path that is said already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// folder looks at every file below a folder, and at each repository that lies
// there as a repository. Links are not followed: what they lead to is another
// place, and their target is read as text. dir may not be a link itself; source
// is what it is called.
func (s *Scan) folder(ctx context.Context, dir, source string) error {
	known := s.allowedOf(source, dir)
	var list []item
	var inner []nested
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rel, relErr := filepath.Rel(dir, path)
		if relErr != nil {
			return relErr
		}
		if err != nil {
			s.gap(Gap{Source: source, Where: rel, Why: "unreadable", Detail: cause(err).Error()})
			return nil
		}
		if d.IsDir() {
			if path != dir && isRepository(path) {
				inner = append(inner, nested{path: path, source: filepath.Join(source, rel), outer: source, where: rel, plain: true})
				return fs.SkipDir
			}
			return nil
		}
		list = append(list, item{path: path, at: Place{Source: source, Where: InFile, Path: filepath.ToSlash(rel)}})
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.files(ctx, list, known); err != nil {
		return err
	}
	return s.nested(ctx, inner)
}

// files looks at many, some at once.
func (s *Scan) files(ctx context.Context, list []item, allowed *allowed) error {
	workers := min(runtime.GOMAXPROCS(0), len(list))
	next := make(chan item)
	var wg sync.WaitGroup
	for range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			d, m := leak.New(s.o.leak()), s.o.leak().Matcher()
			for f := range next {
				s.file(d, m, f, allowed)
			}
		}()
	}
	for _, f := range list {
		if ctx.Err() != nil {
			break
		}
		next <- f
	}
	close(next)
	wg.Wait()
	return ctx.Err()
}

// file looks at one, and at its name.
func (s *Scan) file(d *leak.Detector, m *leak.Matcher, f item, allowed *allowed) {
	at := f.at
	unread := func(why, detail string) { s.gap(Gap{Source: at.Source, Where: at.Path, Why: why, Detail: detail}) }
	info, err := os.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return // gone meanwhile, or deleted from the work tree
	}
	if err != nil {
		unread("unreadable", cause(err).Error())
		return
	}
	if len(f.staged) == 0 {
		s.named(d, m, at, allowed)
	}
	var body []byte
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(f.path)
		if err != nil {
			unread("unreadable", cause(err).Error())
			return
		}
		body, at.Where = []byte(target), InLink
	case !info.Mode().IsRegular():
		return // a device or a socket has no content of its own
	case info.Size() > mostFile:
		unread("too-large", "")
		return
	default:
		if body, err = os.ReadFile(f.path); err != nil {
			unread("unreadable", cause(err).Error())
			return
		}
	}
	s.mu.Lock()
	s.res.Files++
	s.res.Bytes += int64(len(body))
	s.mu.Unlock()
	if len(f.staged) > 0 {
		if f.is(body) {
			return
		}
		s.named(d, m, f.at, allowed)
	}
	s.body(d, m, body, at, allowed)
}

// named looks at the name of a file.
func (s *Scan) named(d *leak.Detector, m *leak.Matcher, at Place, allowed *allowed) {
	if at.Where == InGitDir || !m.Name([]byte(at.Path)) {
		return
	}
	at.Where = InName
	s.note(allowed.sightings(d.Text([]byte(at.Path)), []byte(at.Path), at))
}

// body holds a content against the rules where the matcher sees a reason.
func (s *Scan) body(d *leak.Detector, m *leak.Matcher, body []byte, at Place, allowed *allowed) {
	if m.Whole(body[:min(len(body), 8000)]) || len(m.Lines(body, nil)) > 0 {
		s.content(d, body, at, allowed)
	}
}
