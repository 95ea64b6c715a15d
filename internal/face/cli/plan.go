package cli

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"cordon/internal/durable"
	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/plan"
	"cordon/internal/report"
)

type planOptions struct {
	engine.PlanOptions
	file, org string
}

func newPlan(a *app) *cobra.Command {
	var o planOptions
	contain := a.leaf("contain [--org-profile NAME] [--stop-spend] [--file FILE] [--only N|KIND] [--except N|KIND]", "plan.contain", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runPlanContain(cmd.Context(), a, o)
	})
	o.flags(contain)
	contain.Flags().BoolVar(&o.StopSpend, "stop-spend", false, "")
	contain.Flags().StringVar(&o.org, "org-profile", "", "")
	var e planOptions
	eradicate := a.leaf("eradicate [--file FILE] [--only N|KIND] [--except N|KIND]", "plan.eradicate", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runPlanClean(cmd.Context(), a, e, (*engine.Session).PlanEradicate)
	})
	e.flags(eradicate)
	var r recoverOptions
	recover := a.leaf("recover [--all] [--to file:PATH] [--file FILE] [--only N|KIND] [--except N|KIND]", "plan.recover", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runRecover(cmd.Context(), a, r)
	})
	r.planOptions.flags(recover)
	recover.Flags().BoolVar(&r.all, "all", false, "")
	recover.Flags().StringVar(&r.to, "to", "", "")
	var u undoOptions
	undo := a.leaf("undo [--all|--last|ACTION…] [--even-if-exposed] [--org-profile NAME]", "plan.undo", between(0, -1), func(cmd *cobra.Command, args []string) error {
		u.Actions, u.dryRun = args, true
		return runUndo(cmd.Context(), a, u)
	})
	u.flags(undo)
	var all bool
	show := a.leaf("show [PLAN] [--all]", "plan.show", between(0, 1), func(_ *cobra.Command, args []string) error { return runPlanShow(a, args, all) })
	show.Flags().BoolVar(&all, "all", false, "")
	return a.group("plan", "plan", contain, eradicate, recover, newPlanHarden(a), undo, show)
}

func (o *planOptions) flags(c *cobra.Command) {
	c.Flags().StringVarP(&o.file, "file", "f", "", "")
	c.Flags().StringSliceVar(&o.Only, "only", nil, "")
	c.Flags().StringSliceVar(&o.Except, "except", nil, "")
}

func runPlanContain(ctx context.Context, a *app, o planOptions) error {
	return runPlanClean(ctx, a, o, (*engine.Session).PlanContain)
}

type recoverOptions struct {
	planOptions
	to  string
	all bool
}

// runRecover lists the secrets that the intruder was shown or could read, what
// nobody uses, and what is known of root; with a file it makes the plan of new
// passwords.
func runRecover(ctx context.Context, a *app, o recoverOptions) error {
	if o.to != "" {
		return runPlanClean(ctx, a, o.planOptions, func(s *engine.Session, ctx context.Context, p engine.PlanOptions) (plan.Plan, error) {
			return s.PlanRecover(ctx, o.to, p)
		})
	}
	c, err := a.theCase()
	if err != nil {
		return err
	}
	out := a.out(report.Owner)
	if a.text != nil {
		a.text.All = o.all
	}
	if err := engine.Secrets(c, out); err != nil {
		return err
	}
	return engine.Recovering(c, out)
}

// runPlanClean makes a plan and shows it.
func runPlanClean(ctx context.Context, a *app, o planOptions, make func(*engine.Session, context.Context, engine.PlanOptions) (plan.Plan, error)) error {
	s, err := a.session(ctx, nil)
	if err != nil {
		return err
	}
	if err := a.withOrg(ctx, s, o.org); err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	p, err := make(s, ctx, o.PlanOptions)
	if err != nil {
		return a.empty(s.Case, p, err)
	}
	if err := engine.TellPlan(s.Case, p, a.sys.Now(), s.Out); err != nil || o.file == "" {
		return err
	}
	return a.copyPlan(s.Case, p, o.file)
}

// empty shows what was refused of a plan with nothing left in it.
func (a *app) empty(c *incident.Case, p plan.Plan, err error) error {
	var r *engine.Refused
	if !errors.As(err, &r) || r.Reason != "nothing-to-do" || len(p.Refused) == 0 {
		return err
	}
	if told := engine.TellPlan(c, p, a.sys.Now(), a.out(report.Owner)); told != nil {
		return told
	}
	if p.Type == plan.Undo {
		return errAllSkipped
	}
	return err
}

func (a *app) copyPlan(c *incident.Case, p plan.Plan, file string) error {
	data, err := os.ReadFile(c.Path("plans", p.Digest()+".json"))
	if err == nil {
		err = durable.Write(file, data)
	}
	if err != nil {
		return &problem{reason: "file", args: []any{"file", safe(file)}, exit: exitError, err: err}
	}
	return nil
}

// thePlan finds a plan by digest, code, file or "last".
func (a *app) thePlan(c *incident.Case, args []string) (plan.Plan, error) {
	name := "last"
	if len(args) > 0 {
		name = args[0]
	}
	return engine.LoadPlan(c, name)
}

func runPlanShow(a *app, args []string, all bool) error {
	c, err := a.theCase()
	if err != nil {
		return err
	}
	p, err := a.thePlan(c, args)
	if err != nil {
		return err
	}
	out := a.out(report.Owner)
	if a.text != nil {
		a.text.All = all
	}
	return engine.TellPlan(c, p, a.sys.Now(), out)
}
