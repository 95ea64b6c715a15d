package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/report"
)

func newDoctor(a *app) *cobra.Command {
	return a.leaf("doctor", "doctor", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		out := a.out(report.Owner)
		for _, c := range a.local() {
			if err := out.Handle(c); err != nil {
				return err
			}
		}
		acct, err := a.account(ctx, "", nil)
		if err != nil {
			return err
		}
		s := &engine.Session{Account: acct, Out: out, Who: a.sys.Who, Version: a.sys.Version, Now: a.sys.Now}
		return s.Doctor(ctx)
	})
}

// local is what can be said before AWS is asked.
func (a *app) local() []report.Check {
	state := func(ok bool) string {
		if ok {
			return "ok"
		}
		return "warn"
	}
	root, err := a.root()
	checks := []report.Check{{Name: "folder", State: "ok", Args: []any{"dir", root}}}
	if err != nil {
		checks[0] = report.Check{Name: "folder", State: "fail", Args: []any{"dir", "-"}}
	}
	width := a.sys.Width
	if width <= 0 {
		width = 80
	}
	return append(checks,
		report.Check{Name: "terminal", State: state(width >= 80), Args: []any{"width", fmt.Sprint(width)}},
		report.Check{Name: "version", State: "ok", Args: []any{"version", a.sys.Version}})
}
