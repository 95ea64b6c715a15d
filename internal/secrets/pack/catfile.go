package pack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A catFile is git itself, asked for what is not understood here. It is one
// process for as long as it answers. It may not fetch: what a partial clone left
// at its remote stays there, and a hostile configuration starts nothing.
type catFile struct {
	dir    string
	stores []string // the variables of git that say where objects lie
	mu     sync.Mutex
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
}

var errNoGit = errors.New("git does not answer")

func (r *Repository) git() *catFile {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cat == nil {
		r.cat = &catFile{dir: r.gitDir, stores: r.stores}
	}
	return r.cat
}

// harmless overrides what a configuration could have a reading command run: the
// monitor of files, hooks, and the program that checks signatures.
var harmless = []string{"-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull, "-c", "log.showSignature=false", "--no-replace-objects", "--no-optional-locks"}

// gitCommand is git on this repository, kept from everything but reading. It must
// not be given a command that compares files: git would run the repository's
// filters.
func gitCommand(ctx context.Context, gitDir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", slices.Concat([]string{"--git-dir=" + gitDir}, harmless, args)...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	return cmd
}

// Untracked has git list the files of the work tree that are not in the index, as
// paths from its root; one that ends in "/" is a repository of its own. ignored
// adds those that git is told to ignore.
func (r *Repository) Untracked(ctx context.Context, ignored bool) ([]string, error) {
	args := []string{"--work-tree=" + r.workTree, "ls-files", "-z", "-o"}
	if !ignored {
		args = append(args, "--exclude-standard")
	}
	cmd := gitCommand(ctx, r.gitDir, args...)
	cmd.Dir = r.workTree
	cmd.Env = append(cmd.Env, "GIT_INDEX_FILE="+r.indexFile)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot list the files that are not tracked: %w: %s", err, strings.TrimSpace(complaint.String()))
	}
	return strings.FieldsFunc(string(out), func(c rune) bool { return c == 0 }), nil
}

func (c *catFile) start() error {
	if c.cmd != nil {
		return nil
	}
	cmd := gitCommand(context.Background(), c.dir, "cat-file", "--batch")
	cmd.Env = append(cmd.Env, c.stores...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errNoGit, err)
	}
	c.cmd, c.in, c.out = cmd, in, bufio.NewReaderSize(out, 64<<10)
	return nil
}

// close ends the process: it reads the end of its input.
func (c *catFile) close() {
	if c.cmd == nil {
		return
	}
	c.in.Close()
	if c.cmd.Process != nil {
		c.cmd.Process.Kill()
	}
	c.cmd.Wait()
	c.cmd = nil
}

// ask begins an answer: c.out then holds size bytes and a newline.
func (c *catFile) ask(id ID) (Kind, int64, error) {
	if err := c.start(); err != nil {
		return 0, 0, err
	}
	if _, err := io.WriteString(c.in, id.String()+"\n"); err != nil {
		c.close()
		return 0, 0, errNoGit
	}
	line, err := c.out.ReadString('\n')
	if err != nil {
		c.close() // it ends at what is corrupt
		return 0, 0, errNoGit
	}
	f := strings.Fields(line)
	if len(f) == 2 && f[1] == "missing" {
		return 0, 0, ErrMissing
	}
	if len(f) != 3 || kindOf(f[1]) == 0 {
		c.close()
		return 0, 0, errNoGit
	}
	size, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil {
		c.close()
		return 0, 0, errNoGit
	}
	return kindOf(f[1]), size, nil
}

// object reads one object whole.
func (c *catFile) object(ctx context.Context, id ID) (Kind, []byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kind, size, err := c.ask(id)
	if err != nil {
		return 0, nil, err
	}
	if size > maxBody {
		c.close()
		return 0, nil, ErrLarge
	}
	body := make([]byte, size+1)
	if _, err := io.ReadFull(c.out, body); err != nil {
		c.close()
		return 0, nil, errNoGit
	}
	return kind, body[:size], ctx.Err()
}

const (
	// window is how much of a streamed object is read at once, and maxLine the
	// longest line that is shown in one piece.
	window  = 1 << 20
	maxLine = 16 << 20
	overlap = 64 << 10
)

// stream shows an object of any size in pieces of whole lines. at is where a piece
// begins; cut says that it is a part of a line longer than maxLine.
func (c *catFile) stream(ctx context.Context, id ID, show func(kind Kind, piece []byte, at int64, cut bool)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	kind, size, err := c.ask(id)
	if err != nil {
		return err
	}
	var buf []byte
	at := int64(0)
	for left := size; left > 0; {
		n := int(min(left, window))
		old := len(buf)
		buf = append(buf, make([]byte, n)...)
		if _, err := io.ReadFull(c.out, buf[old:]); err != nil || ctx.Err() != nil {
			c.close()
			return errors.Join(errNoGit, ctx.Err())
		}
		left -= int64(n)
		whole := len(buf)
		if left > 0 {
			whole = old + 1 + bytes.LastIndexByte(buf[old:], '\n')
			if whole == old {
				whole = 0
			}
		}
		cut := whole == 0 && len(buf) >= maxLine
		keep := whole
		if cut {
			whole, keep = len(buf), len(buf)-overlap
		}
		if whole > 0 {
			show(kind, buf[:whole], at, cut)
			at += int64(keep)
			buf = append(buf[:0], buf[keep:]...)
		}
	}
	if _, err := c.out.Discard(1); err != nil {
		c.close()
	}
	return nil
}
