package gitsecrets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
)

// This package starts programs and joins paths itself: os/exec and path/filepath
// are initialised behind every client of the AWS SDK, whose initialisation costs
// more than a pre-commit hook may (see internal/face/gitsecrets).

var errNoProgram = errors.New("command not found")

// A proc is a program to run.
type proc struct {
	args     []string
	in       []byte // nil is no input
	out, err io.Writer
}

// start runs a program and answers its exit code.
func (r *run) start(p proc) (int, error) {
	file, err := r.lookup(p.args[0])
	if err != nil {
		return 127, err
	}
	var (
		wg    sync.WaitGroup
		after []*os.File
		files []*os.File
	)
	defer func() {
		for _, f := range after {
			_ = f.Close()
		}
	}()
	// give makes one end of a stream for the program; ours is copied aside.
	in, err := p.input(&wg)
	if err != nil {
		return 127, err
	}
	after, files = append(after, in), append(files, in)
	for _, w := range []io.Writer{p.out, p.err} {
		f, err := output(w, &wg)
		if err != nil {
			return 127, err
		}
		if f != w {
			after = append(after, f)
		}
		files = append(files, f)
	}
	started, err := os.StartProcess(file, p.args, &os.ProcAttr{Dir: r.Dir, Env: r.Env, Files: files})
	for _, f := range after {
		_ = f.Close()
	}
	after = nil
	if err != nil {
		return 127, err
	}
	state, err := started.Wait()
	wg.Wait()
	if err != nil {
		return 127, err
	}
	return state.ExitCode(), nil
}

func (p proc) input(wg *sync.WaitGroup) (*os.File, error) {
	if p.in == nil {
		return os.Open(os.DevNull)
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		_, _ = ours.Write(p.in) // a program may stop reading
		_ = ours.Close()
	}()
	return theirs, nil
}

// output is what a program writes to: the file itself, or a pipe that is copied.
func output(w io.Writer, wg *sync.WaitGroup) (*os.File, error) {
	switch f := w.(type) {
	case nil:
		return os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	case *os.File:
		return f, nil
	}
	ours, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		_, _ = io.Copy(w, ours)
		_ = ours.Close()
	}()
	return theirs, nil
}

// lookup finds a program as a shell would.
func (r *run) lookup(name string) (string, error) {
	endings := []string{""}
	if runtime.GOOS == "windows" {
		endings = []string{"", ".exe", ".com", ".cmd", ".bat"}
	}
	dirs := []string{""}
	switch {
	case strings.ContainsAny(name, "/"+string(os.PathSeparator)):
		if !absolute(name) {
			name = r.at(name)
		}
	default:
		dirs = strings.Split(r.env("PATH"), string(os.PathListSeparator))
	}
	for _, dir := range dirs {
		file := name
		if dir != "" {
			file = join(dir, name)
		}
		for _, ending := range endings {
			info, err := os.Stat(file + ending)
			if err == nil && info.Mode().IsRegular() && (info.Mode()&0o111 != 0 || runtime.GOOS == "windows" && strings.Contains(file+ending, ".")) {
				return file + ending, nil
			}
		}
	}
	return "", errNoProgram
}

// git runs git and answers what it printed and its exit code. What it says on
// standard error goes to complaints, when that is not nil.
func (r *run) git(complaints *bytes.Buffer, args ...string) (out []byte, code int) {
	return r.gitIn(complaints, nil, args...)
}

func (r *run) gitIn(complaints *bytes.Buffer, in []byte, args ...string) (out []byte, code int) {
	var printed bytes.Buffer
	p := proc{args: append([]string{"git"}, args...), in: in, out: &printed}
	if complaints != nil {
		p.err = complaints
	}
	code = r.code(r.start(p))
	return printed.Bytes(), code
}

func (r *run) code(code int, err error) int {
	if err != nil {
		fmt.Fprintf(r.Err, "git-secrets: cannot run git: %v\n", err)
	}
	return code
}

// told runs git with its complaints on our standard error.
func (r *run) told(args ...string) (out []byte, code int) {
	var printed bytes.Buffer
	code = r.code(r.start(proc{args: append([]string{"git"}, args...), out: &printed, err: r.Err}))
	return printed.Bytes(), code
}

// line is git's output without its newline.
func line(out []byte) string { return string(bytes.TrimRight(out, "\r\n")) }
