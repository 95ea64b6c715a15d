package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Target looks at one thing that a person named: a repository, folder or file, or
// what a program gives as one. A link that was named is followed, once and for
// all; what was named and cannot be read is an error or a gap.
func (s *Scan) Target(ctx context.Context, path string) error {
	s.res.Sources++
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("cannot scan %s: %w", path, cause(err))
	}
	real, err := filepath.EvalSymlinks(path)
	switch {
	case info.IsDir() && err != nil:
		return fmt.Errorf("cannot scan %s: %w", path, cause(err))
	case info.IsDir() && isRepository(real):
		return s.Repository(ctx, path)
	case info.IsDir():
		return s.folder(ctx, real, path)
	case info.Mode().IsRegular() && err == nil:
		return s.one(ctx, real, path)
	}
	return s.opened(path) // a pipe, a device, a file that has no name any more
}

// one looks at one file.
func (s *Scan) one(ctx context.Context, path, source string) error {
	at := Place{Source: source, Where: InFile, Path: filepath.ToSlash(filepath.Base(source))}
	before := s.res.Files + len(s.res.Gaps)
	err := s.files(ctx, []item{{path: path, at: at}}, nil)
	if err == nil && s.res.Files+len(s.res.Gaps) == before {
		s.gap(Gap{Source: source, Why: "missing", Detail: "it went away"})
	}
	return err
}

// opened looks at what can be read only once, from its beginning.
func (s *Scan) opened(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("cannot scan %s: %w", path, cause(err))
	}
	if err != nil { // a socket
		s.gap(Gap{Source: path, Why: "unreadable", Detail: cause(err).Error()})
		return nil
	}
	defer f.Close()
	at := Place{Source: path, Where: InFile, Path: filepath.ToSlash(filepath.Base(path))}
	s.named(s.detect, s.match, at, nil)
	s.read(f, at)
	return nil
}

// Stream looks at what comes until its end.
func (s *Scan) Stream(_ context.Context, in io.Reader) error {
	s.res.Sources++
	s.read(in, Place{Source: "-", Where: InStdin})
	return nil
}

// read looks at a stream as far as one is read.
func (s *Scan) read(in io.Reader, at Place) {
	body, err := io.ReadAll(io.LimitReader(in, mostFile+1))
	switch {
	case err != nil:
		s.gap(Gap{Source: at.Source, Why: "unreadable", Detail: cause(err).Error()})
	case len(body) > mostFile:
		body = body[:mostFile]
		s.gap(Gap{Source: at.Source, Why: "too-large"})
	}
	s.res.Files++
	s.res.Bytes += int64(len(body))
	s.content(s.detect, body, at, nil)
}
