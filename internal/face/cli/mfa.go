package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/durable"
	"cordon/internal/engine"
	"cordon/internal/plan"
	"cordon/internal/report"
)

type mfaOptions struct {
	png, digest string
	keep        bool
}

func newMFA(a *app) *cobra.Command {
	var o mfaOptions
	enrol := a.leaf("enrol USER|root [--png FILE] [--keep] [--approve DIGEST]", "mfa.enrol", between(1, 1), func(cmd *cobra.Command, args []string) error {
		return runEnrol(cmd.Context(), a, args[0], o)
	})
	enrol.Flags().StringVar(&o.png, "png", "", "")
	enrol.Flags().BoolVar(&o.keep, "keep", false, "")
	enrol.Flags().StringVar(&o.digest, "approve", "", "")
	list := a.leaf("list", "mfa.list", between(0, 0), func(cmd *cobra.Command, _ []string) error { return runMFAList(cmd.Context(), a) })
	return a.group("mfa", "mfa", enrol, list)
}

func runMFAList(ctx context.Context, a *app) error {
	s, err := a.session(ctx, nil)
	if err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	all, err := s.ListMFA(ctx)
	if err != nil {
		return err
	}
	for _, u := range all {
		err := a.record("mfa_user", u, func() {
			state := "screen.mfa.state.none"
			switch {
			case u.Orphan:
				state = "screen.mfa.state.orphan"
			case !u.Known:
				state = "screen.mfa.state.unknown"
			case len(u.Devices) > 0:
				state = "screen.mfa.state.has"
			case !u.Console:
				state = "screen.mfa.state.keys"
			}
			name := safe(u.User)
			if u.Orphan {
				name = "-"
			}
			a.rows("", [][2]string{{name, strings.TrimSpace(a.words.T(state) + "  " + safe(strings.Join(u.Devices, " ")))}})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func runEnrol(ctx context.Context, a *app, user string, o mfaOptions) error {
	if user == "root" { // nobody else can: it is a person's step
		return a.record("mfa_root", map[string]any{"user": "root"}, func() { a.say("prose.mfa.root") })
	}
	switch {
	case o.png == "" && (!a.sys.InTTY || !a.sys.OutTTY):
		return &problem{reason: "mfa-terminal", exit: exitUsage, fix: "cordon mfa enrol " + safe(user) + " --png FILE"}
	case o.png == "" && a.ascii():
		return &problem{reason: "mfa-ascii", exit: exitUsage, fix: "cordon mfa enrol " + safe(user) + " --png FILE"}
	}
	s, err := a.session(ctx, nil)
	if err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	var p plan.Plan
	if o.digest != "" {
		p, err = s.EnrolPlan(o.digest, user)
	} else {
		p, err = s.PlanEnrol(ctx, user)
	}
	if err != nil {
		return a.empty(s.Case, p, err)
	}
	if err := engine.TellPlan(s.Case, p, a.sys.Now(), s.Out); err != nil {
		return err
	}
	e := &enrolment{a: a, run: ctx, png: o.png, tried: map[string]bool{}}
	s.Sink = engine.Scanning(&engine.Scan{Show: e.show, Ask: e.ask})
	again := "cordon mfa enrol " + user
	if o.png != "" {
		again += " --png " + o.png
	}
	err = a.carryOut(ctx, s, p, o.digest, again)
	e.clear()
	if o.png != "" && !o.keep && e.shown {
		err = errors.Join(err, os.Remove(o.png))
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err != nil {
		return err
	}
	return a.readBack(ctx, s, user, p.Actions[0].Target.ID)
}

// readBack says that the device is there because it was read, and not because it
// was asked for.
func (a *app) readBack(ctx context.Context, s *engine.Session, user, device string) error {
	all, err := s.ListMFA(ctx)
	if err != nil {
		return err
	}
	for _, u := range all {
		for _, d := range u.Devices {
			if u.User == user && d == device {
				return a.record("mfa_enrolled", map[string]any{"user": user, "device": device}, func() {
					a.say("screen.mfa.enrolled", "user", safe(user), "device", safe(device))
				})
			}
		}
	}
	return &problem{reason: "mfa-unread", args: []any{"user", safe(user)}, exit: exitPart}
}

// An enrolment shows the seed and asks for its codes. It keeps the seed while the
// person may still ask for it in letters, and writes it nowhere but where he
// reads it.
type enrolment struct {
	a      *app
	run    context.Context // ends with Ctrl-C; the verb's own does not
	png    string
	seed   []byte
	screen bool
	shown  bool
	tried  map[string]bool
}

// The alternate screen has no scroll-back: what stood on it is gone.
const (
	screenOpen  = "\x1b[?1049h\x1b[2J\x1b[H"
	screenClose = "\x1b[2J\x1b[3J\x1b[H\x1b[?1049l"
)

func (e *enrolment) show(_ context.Context, device, user string, seed []byte) error {
	if err := e.run.Err(); err != nil {
		return err
	}
	e.seed = seed
	account := strings.Split(device+"::::", ":")[4]
	text := "otpauth://totp/" + url.PathEscape("AWS:"+user+"@"+account) + "?secret=" + string(seed) + "&issuer=AWS"
	code, err := newQR(text)
	if err != nil {
		return err
	}
	if e.png != "" {
		if err := durable.Create(e.png, code.png()); err != nil {
			return fmt.Errorf("cannot write the picture %s: %w", e.png, err)
		}
		e.shown = true
		e.a.note("screen.mfa.picture", "file", safe(e.png))
		return nil
	}
	lines := code.blocks()
	if w := e.a.sys.Width; w > 0 && w < code.width() {
		return errors.New("cannot draw the picture: the window is too narrow")
	}
	out := e.a.sys.Out
	e.screen, e.shown = true, true
	fmt.Fprint(out, screenOpen)
	for _, l := range lines {
		fmt.Fprint(out, "\x1b[30;107m"+l+"\x1b[0m\n")
	}
	e.a.say("screen.mfa.scan", "user", safe(user))
	return nil
}

// clear takes the seed off the screen and out of memory.
func (e *enrolment) clear() {
	if e.screen {
		fmt.Fprint(e.a.sys.Out, screenClose)
		e.screen = false
	}
	clear(e.seed)
	e.seed = nil
}

// ask reads two codes, one after the other. What AWS cannot take is not sent:
// a single code, the same twice, a pair that it refused.
func (e *enrolment) ask(_ context.Context, why string) (first, second string, err error) {
	if why != "" {
		e.a.note("screen.mfa." + why)
	}
	for {
		if first, err = e.code("screen.mfa.first"); err != nil {
			return "", "", err
		}
		if second, err = e.code("screen.mfa.second"); err != nil {
			return "", "", err
		}
		switch pair := first + second; {
		case first == second:
			e.a.note("screen.mfa.same")
		case e.tried[pair]:
			e.a.note("screen.mfa.reused")
		default:
			e.tried[pair] = true
			return first, second, nil
		}
	}
}

func (e *enrolment) code(key string) (string, error) {
	for {
		e.a.ask(key)
		line, err := e.a.read(e.run)
		if errors.Is(err, io.EOF) {
			return "", errCancelled
		}
		if err != nil {
			return "", err
		}
		line = strings.ReplaceAll(line, " ", "")
		if len(line) == 6 && strings.Trim(line, "0123456789") == "" {
			return line, nil
		}
		if line == "t" && e.screen { // for who cannot scan
			fmt.Fprintln(e.a.sys.Out, "  "+string(e.seed))
			continue
		}
		e.a.note("screen.mfa.digits")
	}
}
