package cli

import (
	"bufio"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"cordon/internal/clean"
	"cordon/internal/report"
	"cordon/internal/words"
)

// globals are the flags that every command has.
type globals struct {
	profile, region, endpoint, role, mfa string
	caseID, lang, output, colour         string
	progress                             string
	ascii, noInput, debug                bool
}

// app is one run of the program.
type app struct {
	sys     System
	flags   globals
	words   *words.Words
	machine string // what -o asked for, before the flags are parsed

	handler report.Handler
	text    *report.Text // the screen of a human run
	in      *bufio.Reader
	shown   bool // help was printed
	dueTold bool // AWS's deadline was told
}

// human says whether a person reads standard output. A form that does not
// exist is refused in words.
func (a *app) human() bool { return a.output() != "json" && a.output() != "jsonl" }

func (a *app) style(errStream bool) report.Style {
	tty, width := a.sys.OutTTY, a.sys.Width
	if errStream {
		tty = a.sys.ErrTTY
	}
	if width <= 0 {
		width = 80
	}
	return report.Style{Words: a.words, Width: min(width, 100), ASCII: a.ascii(), Colour: a.colour(tty), Now: a.sys.Now}
}

// ascii: box drawing and symbols are two cells wide in some Chinese terminals.
func (a *app) ascii() bool {
	return a.flags.ascii || a.sys.Env("TERM") == "dumb" || a.words.Lang() == words.ZH && a.sys.Env("RUNEWIDTH_EASTASIAN") == "1"
}

func (a *app) colour(tty bool) bool {
	env := a.sys.Env
	switch {
	case a.flags.colour == "always":
		return true
	case a.flags.colour == "never", env("NO_COLOR") != "", env("CLICOLOR") == "0", env("TERM") == "dumb":
		return false
	case env("CLICOLOR_FORCE") != "" && env("CLICOLOR_FORCE") != "0":
		return true
	}
	return tty
}

// out is where the engine tells what it does. Progress goes to standard error
// beside it.
func (a *app) out(view report.View) report.Handler {
	if a.handler != nil {
		return a.handler
	}
	var data report.Handler
	switch {
	case !a.human() && a.output() == "json":
		data = report.NewJSON(a.sys.Out)
	case !a.human():
		data = report.NewJSONL(a.sys.Out, a.sys.Now)
	default:
		a.text = report.NewText(a.sys.Out, a.style(false))
		a.text.View = view
		data = a.text
	}
	if a.flags.progress != "none" {
		tty := a.sys.ErrTTY && a.flags.progress != "plain" && a.sys.Env("CI") == "" && a.sys.Env("TERM") != "dumb"
		data = report.Tee(report.NewTicker(a.sys.Err, a.style(true), tty), data)
	}
	a.handler = &serial{h: data}
	return a.handler
}

func (a *app) output() string {
	if a.flags.output != "" {
		return a.flags.output
	}
	return a.machine
}

// show writes what the screen has gathered, before a question is asked.
func (a *app) show() error {
	if a.text == nil {
		return nil
	}
	return a.text.End()
}

// serial lets goroutines tell side by side.
type serial struct {
	mu sync.Mutex
	h  report.Handler
}

func (s *serial) Handle(m report.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.h.Handle(m)
}

func (s *serial) End() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.h.End()
}

// record tells a program one record, or a person some lines.
func (a *app) record(name string, data any, human func()) error {
	if a.human() {
		human()
		return nil
	}
	return a.out(report.Owner).Handle(report.Item{Name: name, Data: data})
}

// say writes a text of the catalogue for people on standard output.
func (a *app) say(key string, args ...any) { a.print("", a.words.T(key, args...)) }

// print writes text in the width of the terminal, under an indent.
func (a *app) print(indent, text string) {
	fmt.Fprint(a.sys.Out, a.wrapped(indent, text))
}

// note writes a text of the catalogue on standard error.
func (a *app) note(key string, args ...any) {
	fmt.Fprint(a.sys.Err, a.wrapped("", a.words.T(key, args...)))
}

func (a *app) wrapped(indent, text string) string {
	var b strings.Builder
	for _, line := range clean.Wrap(text, a.style(false).Width-clean.Width(indent)) {
		b.WriteString(strings.TrimRight(indent+line, " ") + "\n")
	}
	return b.String()
}

// rows writes two columns; the second wraps under itself.
func (a *app) rows(indent string, rows [][2]string) {
	width := 0
	for _, r := range rows {
		width = max(width, clean.Width(r[0]))
	}
	width = min(width, 30)
	for _, r := range rows {
		room := a.style(false).Width - len(indent) - width - 2
		if clean.Width(r[0]) > width || room < 24 {
			a.print(indent, r[0])
			a.print(indent+"    ", r[1])
			continue
		}
		for i, line := range clean.Wrap(r[1], room) {
			first := ""
			if i == 0 {
				first = r[0]
			}
			fmt.Fprintln(a.sys.Out, strings.TrimRight(indent+clean.Pad(first, width)+"  "+line, " "))
		}
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// leaf declares one command. Its help is in the catalogue under
// "help.cmd.<key>"; use is what no language translates.
func (a *app) leaf(use, key string, args cobra.PositionalArgs, run func(*cobra.Command, []string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: a.words.T("help.cmd." + key), Annotations: map[string]string{"key": key},
		Args: args, RunE: run, SilenceErrors: true, SilenceUsage: true, DisableFlagsInUseLine: true,
	}
}

// group declares a command that only has others below it.
func (a *app) group(use, key string, subs ...*cobra.Command) *cobra.Command {
	c := a.leaf(use, key, cobra.ArbitraryArgs, nil)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return usage("usage.subcommand", "command", cmd.CommandPath())
	}
	c.SuggestionsMinimumDistance = 2
	c.AddCommand(subs...)
	return c
}

// exactly wants n arguments, between lo and hi.
func between(lo, hi int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < lo || hi >= 0 && len(args) > hi {
			return usage("usage.arguments", "command", cmd.CommandPath(), "use", cmd.UseLine())
		}
		return nil
	}
}
