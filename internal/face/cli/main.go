package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"os/user"
	"runtime/debug"
	"time"

	"github.com/mattn/go-isatty"
	"golang.org/x/term"

	"cordon/internal/engine"
)

// Version is set by the linker for a release.
var Version = ""

// Host is the machine that this process runs on.
func Host(arm func(*engine.Session)) System {
	tty := func(f *os.File) bool { return isatty.IsTerminal(f.Fd()) }
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, stops...)
	s := System{
		Args: os.Args[1:], In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv, Now: time.Now, Wait: wait,
		InTTY: tty(os.Stdin), OutTTY: tty(os.Stdout), ErrTTY: tty(os.Stderr),
		Terminal:   func() (io.ReadWriteCloser, error) { return os.OpenFile(terminal, os.O_RDWR, 0) },
		Interrupts: interrupts, Exit: os.Exit, Who: who(), Version: version(), Arm: arm,
	}
	if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		s.Width = w
	}
	return s
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func who() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}

func version() string {
	if Version != "" {
		return Version
	}
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		return b.Main.Version
	}
	return "(devel)"
}
