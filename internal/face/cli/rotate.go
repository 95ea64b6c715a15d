package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/plan"
	"cordon/internal/report"
)

type rotateOptions struct {
	engine.RotateOptions
	digest, profile string
	dryRun          bool
}

func newRotate(a *app) *cobra.Command {
	return a.group("rotate", "rotate",
		a.rotation("key KEY --to SINK", "key", 1, func(o *rotateOptions, args []string) { o.Key = args[0] }),
		a.rotation("user USER --to SINK", "user", 1, func(o *rotateOptions, args []string) { o.User = args[0] }),
		a.rotation("all --to SINK", "all", 0, func(o *rotateOptions, _ []string) { o.All = true }),
		newRotateStatus(a), newRotateContinue(a), newRotateBack(a),
	)
}

// rotation is a command that begins.
func (a *app) rotation(use, name string, args int, choose func(*rotateOptions, []string)) *cobra.Command {
	var o rotateOptions
	c := a.leaf(use+" [--retire] [--give-up KEY] [--quiet TIME] [--update-profile NAME] [--dry-run] [--approve DIGEST]", "rotate."+name, between(args, args), func(cmd *cobra.Command, args []string) error {
		if o.Quiet < 0 {
			return usage("usage.quiet")
		}
		choose(&o, args)
		return runRotate(cmd.Context(), a, o, nil, func(s *engine.Session) (plan.Plan, error) { return s.Rotate(cmd.Context(), o.RotateOptions) })
	})
	f := c.Flags()
	f.StringVar(&o.To, "to", "", "")
	f.BoolVar(&o.Retire, "retire", false, "")
	f.StringVar(&o.GiveUp, "give-up", "", "")
	f.DurationVar(&o.Quiet, "quiet", 0, "")
	f.BoolVar(&o.Unsure, "sink-unsure", false, "")
	o.flags(c)
	return c
}

func (o *rotateOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.profile, "update-profile", "", "")
	f.BoolVar(&o.dryRun, "dry-run", false, "")
	f.StringVar(&o.digest, "approve", "", "")
}

func newRotateStatus(a *app) *cobra.Command {
	return a.leaf("status [ID|KEY|USER…]", "rotate.status", between(0, -1), func(cmd *cobra.Command, args []string) error {
		return a.looking(cmd.Context(), func(s *engine.Session) error { return s.Rotations(cmd.Context(), args) })
	})
}

func newRotateContinue(a *app) *cobra.Command {
	var o rotateOptions
	c := a.leaf("continue [ID|KEY|USER…] [--update-profile NAME] [--dry-run] [--approve DIGEST]", "rotate.continue", between(0, -1), func(cmd *cobra.Command, args []string) error {
		return runRotate(cmd.Context(), a, o, args, func(s *engine.Session) (plan.Plan, error) { return s.Continue(cmd.Context(), args, o.RotateOptions) })
	})
	c.Flags().BoolVar(&o.Unseen, "despite-gaps", false, "")
	c.Flags().BoolVar(&o.Unsure, "sink-unsure", false, "")
	o.flags(c)
	return c
}

func newRotateBack(a *app) *cobra.Command {
	var o rotateOptions
	c := a.leaf("back [ID|KEY|USER…] [--even-if-exposed] [--dry-run] [--approve DIGEST]", "rotate.back", between(0, -1), func(cmd *cobra.Command, args []string) error {
		return runRotate(cmd.Context(), a, o, args, func(s *engine.Session) (plan.Plan, error) { return s.Back(cmd.Context(), args, o.RotateOptions) })
	})
	c.Flags().BoolVar(&o.EvenIfExposed, "even-if-exposed", false, "")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "")
	c.Flags().StringVar(&o.digest, "approve", "", "")
	return c
}

// runRotate makes the plan of the step that is due, gets the approval, carries it
// out, and looks where the rotation stands then. Every step may come days after
// the one before, from another process.
func runRotate(ctx context.Context, a *app, o rotateOptions, names []string, make func(*engine.Session) (plan.Plan, error)) error {
	s, err := a.session(ctx, nil)
	if err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	if o.profile != "" && len(names) > 0 { // the second key may be there already
		if done, err := a.updateProfile(ctx, s, o, names); done || err != nil {
			return err
		}
	}
	// An approval by digest is for the plan that was shown: a new one would have
	// another digest.
	var p plan.Plan
	if o.digest != "" {
		if p, err = engine.LoadPlan(s.Case, digestOnly(o.digest)); err == nil && p.Type != plan.Rotate && p.Type != plan.Undo {
			err = usage("usage.not-rotate")
		}
	} else {
		p, err = make(s)
	}
	if err != nil {
		return a.notDue(s, p, err)
	}
	if err := engine.TellPlan(s.Case, p, a.sys.Now(), s.Out); err != nil {
		return err
	}
	if err := fresh(s, p); err != nil {
		return err
	}
	if o.dryRun {
		return a.dry(ctx, s, p)
	}
	failed := a.carryOut(ctx, s, p, o.digest, "cordon apply "+plan.Code(p.Digest()))
	if errors.Is(failed, context.Canceled) || ctx.Err() != nil {
		return failed
	}
	if err := s.Note(ctx, p.Digest(), names); err != nil {
		return errors.Join(failed, err)
	}
	if failed == nil && o.profile != "" {
		_, failed = a.updateProfile(ctx, s, o, names)
	}
	return failed
}

// notDue shows what was refused of a plan with nothing left in it.
func (a *app) notDue(s *engine.Session, p plan.Plan, err error) error {
	var r *engine.Refused
	if !errors.As(err, &r) || r.Reason != "nothing-due" || len(p.Refused) == 0 {
		return a.empty(s.Case, p, err)
	}
	if told := engine.TellPlan(s.Case, p, a.sys.Now(), s.Out); told != nil {
		return told
	}
	return errAllSkipped
}
