package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/plan"
	"cordon/internal/report"
)

type applyOptions struct {
	digest string
	dryRun bool
}

func newApply(a *app) *cobra.Command {
	var o applyOptions
	c := a.leaf("apply PLAN|CODE [--approve DIGEST] [--dry-run]", "apply", between(0, 1), func(cmd *cobra.Command, args []string) error {
		return runApply(cmd.Context(), a, args, o)
	})
	c.Flags().StringVar(&o.digest, "approve", "", "")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "")
	return c
}

func runApply(ctx context.Context, a *app, args []string, o applyOptions) error {
	s, err := a.session(ctx, nil)
	if err != nil {
		return err
	}
	p, err := a.thePlan(s.Case, args)
	if err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	// A program that resumes gets the plan again too: its stream stands alone.
	if err := engine.TellPlan(s.Case, p, a.sys.Now(), s.Out); err != nil {
		return err
	}
	if err := fresh(s, p); err != nil {
		return err
	}
	if o.dryRun {
		return a.dry()
	}
	return a.carryOut(ctx, s, p, o.digest, "cordon apply "+plan.Code(p.Digest()))
}

// fresh refuses before anybody is asked what the gate would refuse after.
func fresh(s *engine.Session, p plan.Plan) error {
	switch {
	case !s.Account.Clock().Before(p.Expires):
		return &engine.Refused{Reason: "expired", Err: plan.ErrExpired}
	case p.Account != s.Account.Caller.Account:
		return &engine.Refused{Reason: "account", Args: []any{"want", p.Account, "have", s.Account.Caller.Account}}
	case p.Case != s.Case.ID:
		return &engine.Refused{Reason: "case", Args: []any{"want", p.Case, "have", s.Case.ID}}
	case p.Caller.ARN != s.Account.Caller.ARN:
		return &engine.Refused{Reason: "caller", Args: []any{"want", p.Caller.ARN, "have", s.Account.Caller.ARN}}
	}
	return nil
}

func (a *app) dry() error {
	if err := a.show(); err != nil {
		return err
	}
	a.note("prose.dry")
	return nil
}

// carryOut gets the approval and applies. again is the command line that
// answers a missing approval.
func (a *app) carryOut(ctx context.Context, s *engine.Session, p plan.Plan, digest, again string) error {
	if err := a.show(); err != nil {
		return err
	}
	if err := a.approve(ctx, s.Case, p, digest, again, s.Account.Clock()); err != nil {
		return err
	}
	if a.human() {
		fmt.Fprintln(a.sys.Out)
		a.say("screen.apply.head", "account", p.Account, "code", plan.Code(p.Digest()), "case", s.Case.ID)
	}
	a.sys.Arm(s)
	sum, err := s.Apply(ctx, p)
	if err != nil {
		return err
	}
	return outcome(sum, p)
}

// outcome turns the sum of an apply into an exit code.
func outcome(sum report.Applied, p plan.Plan) error {
	switch {
	case sum.Interrupted:
		return errInterrupted
	case sum.Failed > 0 || sum.Untouched > 0:
		return errPart
	case sum.Verified+sum.Undone == 0 && sum.Skipped > 0:
		return errAllSkipped
	}
	return nil
}

type undoOptions struct {
	engine.UndoOptions
	digest, since string
	dryRun        bool
}

func (u *undoOptions) flags(c *cobra.Command) {
	c.Flags().BoolVar(&u.All, "all", false, "")
	c.Flags().BoolVar(&u.Last, "last", false, "")
	c.Flags().StringVar(&u.since, "since", "", "")
	c.Flags().BoolVar(&u.EvenIfExposed, "even-if-exposed", false, "")
}

func newUndo(a *app) *cobra.Command {
	var u undoOptions
	c := a.leaf("undo [--all|--last|ACTION…] [--even-if-exposed] [--dry-run] [--approve DIGEST]", "undo", between(0, -1), func(cmd *cobra.Command, args []string) error {
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
		return a.dry()
	}
	return a.carryOut(ctx, s, p, u.digest, "cordon apply "+plan.Code(p.Digest()))
}
