// Package cli is the face that people type at and scripts call. A command
// parses, calls the engine and prints; it decides nothing. Streams,
// environment, clock and terminal are parameters, so that tests have them all.
package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"cordon/internal/engine"
	"cordon/internal/words"
)

// System is everything that a command needs of the machine it runs on.
type System struct {
	Args     []string // without the program's name
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) string
	Now      func() time.Time
	Wait     func(context.Context, time.Duration) error

	InTTY, OutTTY, ErrTTY bool
	Width                 int // of the terminal; 0 is unknown

	// Terminal opens the person's own terminal for MFA codes, which never come
	// from standard input.
	Terminal   func() (io.ReadWriteCloser, error)
	Interrupts <-chan os.Signal
	Exit       func(int) // ends the process at once

	Who     string // the operating system's user
	Version string
	HTTP    interface { // tests: the lab's transport
		Do(*http.Request) (*http.Response, error)
	}
	// Arm gives a session what it needs to change the account. Only apply and
	// undo call it.
	Arm func(*engine.Session)
}

// Run runs one command line and returns its exit code.
func Run(sys System) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	a := &app{sys: sys}
	lang, err := words.Pick(scan(sys.Args, "lang"), sys.Env)
	if err != nil {
		lang = words.EN
	}
	a.words = words.For(lang)
	a.machine = scan(sys.Args, "output", "o")
	go a.watch(cancel)
	if err == nil {
		root := newRoot(a)
		root.SetArgs(sys.Args)
		err = root.ExecuteContext(ctx)
		if ctx.Err() != nil && err != nil {
			err = errInterrupted
		}
	}
	return a.finish(err)
}

// watch stops the run safely at the first Ctrl-C, and at once at the second.
func (a *app) watch(cancel func()) {
	if a.sys.Interrupts == nil {
		return
	}
	if _, ok := <-a.sys.Interrupts; !ok {
		return
	}
	fmt.Fprintln(a.sys.Err)
	a.note("prose.interrupt.first")
	cancel()
	if _, ok := <-a.sys.Interrupts; ok {
		a.note("screen.interrupt.second")
		a.sys.Exit(exitInterrupted)
	}
}

// scan finds a flag's value before the command line is parsed: help and errors
// need the language and the form of the output.
func scan(args []string, names ...string) string {
	value := ""
	for i, arg := range args {
		if arg == "--" {
			break
		}
		for _, name := range names {
			flag := "--" + name
			if len(name) == 1 {
				flag = "-" + name
				if len(arg) > 2 && arg[:2] == flag && arg[2] != '=' {
					value = arg[2:]
				}
			}
			switch {
			case arg == flag && i+1 < len(args):
				value = args[i+1]
			case len(arg) > len(flag) && arg[:len(flag)+1] == flag+"=":
				value = arg[len(flag)+1:]
			}
		}
	}
	return value
}
