package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/plan"
	"cordon/internal/report"
)

type undoOptions struct {
	engine.UndoOptions
	digest, since, org string
	dryRun             bool
}

func (u *undoOptions) flags(c *cobra.Command) {
	c.Flags().BoolVar(&u.All, "all", false, "")
	c.Flags().BoolVar(&u.Last, "last", false, "")
	c.Flags().StringVar(&u.since, "since", "", "")
	c.Flags().BoolVar(&u.EvenIfExposed, "even-if-exposed", false, "")
	c.Flags().StringVar(&u.org, "org-profile", "", "")
}

func newUndo(a *app) *cobra.Command {
	var u undoOptions
	c := a.leaf("undo [--all|--last|ACTION…] [--even-if-exposed] [--org-profile NAME] [--dry-run] [--approve DIGEST]", "undo", between(0, -1), func(cmd *cobra.Command, args []string) error {
		u.Actions = args
		return runUndo(cmd.Context(), a, u)
	})
	u.flags(c)
	c.Flags().BoolVar(&u.dryRun, "dry-run", false, "")
	c.Flags().StringVar(&u.digest, "approve", "", "")
	return c
}

func runUndo(ctx context.Context, a *app, u undoOptions) error {
	if u.All && u.Last || len(u.Actions) > 0 && (u.All || u.Last) {
		return usage("usage.undo")
	}
	if u.since != "" {
		t, err := moment(u.since, a.sys.Now())
		if err != nil {
			return err
		}
		u.Since = t
	}
	s, err := a.session(ctx, nil)
	if err != nil {
		return err
	}
	if err := a.withOrg(ctx, s, u.org); err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	// An approval by digest is for the undo plan that was shown, not for a new
	// one, which would have another digest.
	var p plan.Plan
	if u.digest != "" {
		p, err = engine.LoadPlan(s.Case, strings.TrimPrefix(u.digest, "sha256:"))
		if err == nil && p.Type != plan.Undo {
			err = usage("usage.not-undo")
		}
	} else {
		p, err = s.PlanUndo(ctx, u.UndoOptions)
	}
	if err != nil {
		return a.empty(s.Case, p, err)
	}
	if err := engine.TellPlan(s.Case, p, a.sys.Now(), s.Out); err != nil {
		return err
	}
	if err := fresh(s, p); err != nil {
		return err
	}
	if u.dryRun {
		return a.dry(ctx, s, p)
	}
	return a.carryOut(ctx, s, p, u.digest, again(p, u.org))
}
