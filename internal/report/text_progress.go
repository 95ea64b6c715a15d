package report

import (
	"fmt"
	"io"
	"time"

	"cordon/internal/clean"
)

// heartbeat is how often a log that is no terminal gets a line.
const heartbeat = 15 * time.Second

// Ticker writes how far a run has got: on a terminal one line that is drawn
// again, elsewhere a plain line now and then. It belongs on standard error.
type Ticker struct {
	Style
	out   io.Writer
	tty   bool
	last  time.Time
	drawn bool
}

// NewTicker returns a handler that writes to out; tty says that out is a
// terminal, on which a line may be drawn again.
func NewTicker(out io.Writer, s Style, tty bool) *Ticker {
	return &Ticker{Style: s, out: out, tty: tty}
}

// Handle implements Handler.
func (k *Ticker) Handle(m Message) error {
	switch m := m.(type) {
	case Progress:
		return k.tell(k.text(m))
	case Step:
		if m.Step == "start" || m.Step == "doing" || m.Step == "undoing" {
			return k.tell(k.Words.T("screen.progress.applying", "done", m.Number, "total", m.Of))
		}
	}
	return k.wipe()
}

// End implements Handler.
func (k *Ticker) End() error { return k.wipe() }

func (k *Ticker) text(m Progress) string {
	text := k.first(safe(m.Step), "screen.progress."+m.Step)
	if m.Total > 0 {
		text = k.Words.T("screen.progress.count", "step", text, "done", m.Done, "total", m.Total)
	}
	if m.Total == 0 && m.Done > 0 {
		text = k.Words.T("screen.progress.so-far", "step", text, "n", m.Done)
	}
	if !m.At.IsZero() {
		text = k.Words.T("screen.progress.as-of", "step", text, "time", stamp(m.At))
	}
	if m.Slow != "" {
		return k.Words.T("screen.progress.slow", "service", safe(m.Slow), "time", k.elapsed(m.Wait.Milliseconds()))
	}
	if m.Region != "" {
		text += "  " + safe(m.Region)
	}
	return text
}

func (k *Ticker) tell(text string) error {
	now := k.Now()
	if k.tty {
		if k.drawn && now.Sub(k.last) < 100*time.Millisecond {
			return nil
		}
		k.last, k.drawn = now, true
		_, err := fmt.Fprintf(k.out, "\r\x1b[2K%s", clean.Fit(text, k.Width-1))
		return err
	}
	if !k.last.IsZero() && now.Sub(k.last) < heartbeat {
		return nil
	}
	k.last = now
	_, err := fmt.Fprintln(k.out, text)
	return err
}

func (k *Ticker) wipe() error {
	if !k.drawn {
		return nil
	}
	k.drawn = false
	_, err := io.WriteString(k.out, "\r\x1b[2K")
	return err
}
