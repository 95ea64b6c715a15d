package gitsecrets

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"cordon/internal/secrets/ere"
)

// grep searches files as GNU grep -d skip|recurse -nwHEI does.
type grep struct {
	*run
	re      *ere.Regexp
	found   [][]byte
	any     bool // a file that counts had a match
	trouble bool
	buffer  []byte
}

// argument searches what the command line names.
func (g *grep) argument(name string) {
	if name == "-" {
		g.read("(standard input)", g.In)
		return
	}
	info, err := os.Stat(g.at(name))
	switch {
	case name == "":
		g.fail(name, fs.ErrNotExist)
	case err != nil:
		g.fail(name, err)
	case !info.IsDir():
		g.file(name)
	case g.recursive:
		g.directory(strings.TrimRight(name, "/"), name)
	}
}

// directory searches what lies below, in the order in which the system lists it
// when the original's order is wanted.
func (g *grep) directory(name, arg string) {
	if name == "" {
		name = "/"
	}
	f, err := os.Open(g.at(name))
	if err != nil {
		g.fail(arg, err)
		return
	}
	names, err := f.Readdirnames(-1)
	_ = f.Close()
	if err != nil {
		g.fail(arg, err)
	}
	if !g.strict() {
		slices.Sort(names)
	}
	for _, n := range names {
		below := strings.TrimSuffix(name, "/") + "/" + n
		info, err := os.Lstat(g.at(below))
		switch {
		case err != nil:
			g.fail(below, err)
		case info.IsDir():
			g.directory(below, below)
		case info.Mode().IsRegular(): // links and devices that nobody named are passed by
			g.file(below)
		}
	}
}

func (g *grep) file(name string) {
	f, err := os.Open(g.at(name))
	if err != nil {
		g.fail(name, err)
		return
	}
	defer func() { _ = f.Close() }()
	g.read(name, f)
}

func (g *grep) fail(name string, err error) {
	g.trouble = true
	fmt.Fprintf(g.Err, "grep: %s: %s\n", name, reason(err))
}

// reason is the C library's word for what the system refused.
func reason(err error) string {
	var no syscall.Errno
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "No such file or directory"
	case errors.Is(err, fs.ErrPermission):
		return "Permission denied"
	case errors.As(err, &no) && no.Error() != "":
		text := no.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return err.Error()
}

// chunk is how much GNU grep reads at once: a NUL makes a file binary from the
// chunk that it is in, and what was found before no longer counts.
const chunk = 96 << 10

// read searches one file.
func (g *grep) read(name string, in io.Reader) {
	if g.buffer == nil {
		g.buffer = make([]byte, 0, 2*chunk)
	}
	text, number, before, binary := g.buffer[:0], 0, len(g.found), false
	for end := false; !end && !binary; {
		had := len(text)
		text = slices.Grow(text, chunk)[:had+chunk]
		n, err := io.ReadFull(in, text[had:])
		text = text[:had+n]
		end = err != nil
		if end && err != io.EOF && err != io.ErrUnexpectedEOF {
			g.fail(name, err)
		}
		if bytes.IndexByte(text[had:], 0) >= 0 {
			binary = true
			break
		}
		whole := len(text)
		if !end {
			whole = bytes.LastIndexByte(text, '\n') + 1
		}
		number = g.lines(name, text[:whole], number)
		text = text[:copy(text, text[whole:])]
	}
	g.buffer = text[:0]
	if len(g.found) > before && !binary {
		g.any = true
	}
}

// lines searches whole lines and answers how many there were so far.
func (g *grep) lines(name string, text []byte, number int) int {
	at := 0
	for _, hit := range g.re.Lines(text, nil) {
		number += bytes.Count(text[at:hit], []byte{'\n'})
		at = hit
		g.found = append(g.found, record(name, number+1, text[hit:]))
	}
	return number + bytes.Count(text[at:], []byte{'\n'})
}

// record is one line of output: the first line of text, with its place. A NUL does
// not survive the original's shell.
func record(name string, number int, text []byte) []byte {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	l := fmt.Appendf(make([]byte, 0, len(name)+len(text)+12), "%s:%d:", name, number)
	return bytes.ReplaceAll(append(l, text...), []byte{0}, nil)
}
