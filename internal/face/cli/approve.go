package cli

import (
	"context"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/plan"
	"cordon/internal/report"
)

func newApprove(a *app) *cobra.Command {
	var digest string
	c := a.leaf("approve PLAN|CODE [--approve DIGEST]", "approve", between(1, 1), func(cmd *cobra.Command, args []string) error {
		return runApprove(cmd.Context(), a, args, digest)
	})
	c.Flags().StringVar(&digest, "approve", "", "")
	return c
}

// runApprove signs a plan without applying it: another person on another
// machine, with no credentials.
func runApprove(ctx context.Context, a *app, args []string, digest string) error {
	c, err := a.theCase()
	if err != nil {
		return err
	}
	p, err := a.thePlan(c, args)
	if err != nil {
		return err
	}
	now := a.sys.Now()
	if err := engine.TellPlan(c, p, now, a.out(report.Owner)); err != nil {
		return err
	}
	if err := a.show(); err != nil {
		return err
	}
	full := p.Digest()
	switch {
	case !now.Before(p.Expires):
		return &engine.Refused{Reason: "expired", Err: plan.ErrExpired}
	case digest != "" && digest != full:
		return &problem{reason: "approve-digest", exit: exitApproval, fix: "cordon plan show " + plan.Code(full)}
	case digest != "":
	case a.flags.noInput || !a.sys.InTTY:
		return &problem{reason: "needs-approval", exit: exitApproval, fix: "cordon approve " + plan.Code(full) + " --approve " + full + " --no-input"}
	default:
		if err := a.climb(ctx, p); err != nil {
			return err
		}
	}
	if err := a.sign(c, p, now); err != nil {
		return err
	}
	data := map[string]any{"digest": full, "code": plan.Code(full), "by": a.sys.Who, "at": now.UTC()}
	return a.record("approval", data, func() {
		a.say("screen.approved", "code", plan.Code(full), "who", a.sys.Who)
		a.rows("  ", [][2]string{{"cordon apply " + plan.Code(full), a.words.T("screen.do.apply")}})
	})
}
