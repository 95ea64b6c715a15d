package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/plan"
	"cordon/internal/report"
)

type applyOptions struct {
	digest, org string
	dryRun      bool
}

func newApply(a *app) *cobra.Command {
	var o applyOptions
	c := a.leaf("apply PLAN|CODE [--org-profile NAME] [--approve DIGEST] [--dry-run]", "apply", between(0, 1), func(cmd *cobra.Command, args []string) error {
		return runApply(cmd.Context(), a, args, o)
	})
	c.Flags().StringVar(&o.org, "org-profile", "", "")
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
	if err := a.withOrg(ctx, s, o.org); err != nil {
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
		return a.dry(ctx, s, p)
	}
	return a.carryOut(ctx, s, p, o.digest, again(p, o.org))
}

// again is the command line that applies a plan.
func again(p plan.Plan, org string) string {
	line := "cordon apply " + plan.Code(p.Digest())
	if org != "" {
		line += " --org-profile " + org
	}
	return line
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
	case p.Caller.ARN != s.Account.Caller.Binding():
		return &engine.Refused{Reason: "caller", Args: []any{"want", p.Caller.ARN, "have", s.Account.Caller.Binding()}}
	}
	return nil
}

// dry reads again what every action insists on, and changes nothing.
func (a *app) dry(ctx context.Context, s *engine.Session, p plan.Plan) error {
	fit, err := s.DryRun(ctx, p)
	if err := errors.Join(err, a.show()); err != nil {
		return err
	}
	a.note("prose.dry", "n", fit, "of", len(p.Actions))
	if fit == 0 {
		return errAllSkipped
	}
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
