package gitsecrets

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
)

// store answers for objects: a loose one is read as it lies, for the others one
// git cat-file --batch is kept.
type store struct {
	mu    sync.Mutex
	once  sync.Once
	loose string // the folder of objects, where it is plain where that is
	git   *os.Process
	in    *os.File
	from  *os.File
	out   *bufio.Reader
	err   error
}

var errNoObject = errors.New("no such object")

// begin starts git.
func (r *run) begin(s *store) {
	file, err := r.lookup("git")
	if err != nil {
		s.err = err
		return
	}
	theirIn, ourIn, err := os.Pipe()
	if err != nil {
		s.err = err
		return
	}
	ourOut, theirOut, err := os.Pipe()
	if err != nil {
		s.err = err
		return
	}
	s.git, s.err = os.StartProcess(file, []string{"git", "cat-file", "--batch"}, &os.ProcAttr{
		Dir: r.Dir, Env: r.Env, Files: []*os.File{theirIn, theirOut, os.Stderr},
	})
	_, _ = theirIn.Close(), theirOut.Close()
	s.in, s.from, s.out = ourIn, ourOut, bufio.NewReaderSize(ourOut, 1<<16)
}

// object reads one object's body.
func (r *run) object(id string) ([]byte, error) {
	r.opened.Do(func() { r.store = &store{loose: r.looseDir()} })
	s := r.store
	if body, ok := s.looseObject(id); ok {
		return body, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.once.Do(func() { r.begin(s) })
	if s.err != nil {
		return nil, s.err
	}
	body, err := s.ask(id)
	if err != nil && !errors.Is(err, errNoObject) {
		s.err = err
	}
	return body, err
}

func (s *store) ask(id string) ([]byte, error) {
	if _, err := fmt.Fprintln(s.in, id); err != nil {
		return nil, err
	}
	head, err := s.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	f := strings.Fields(head)
	if len(f) != 3 {
		return nil, fmt.Errorf("%w: %s", errNoObject, id)
	}
	size, err := strconv.Atoi(f[2])
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	if _, err := io.CopyN(&body, s.out, int64(size)); err != nil {
		return nil, err
	}
	_, err = s.out.Discard(1)
	return body.Bytes(), err
}

// close ends what was started.
func (r *run) close() {
	if s := r.store; s != nil && s.git != nil {
		_ = s.in.Close()
		_ = s.from.Close()
		_, _ = s.git.Wait()
	}
}
