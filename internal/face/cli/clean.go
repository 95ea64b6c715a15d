package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/report"
)

func newPreserve(a *app) *cobra.Command {
	var o planOptions
	make := a.leaf("plan [--file FILE] [--only N|KIND] [--except N|KIND]", "preserve.plan", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runPlanClean(cmd.Context(), a, o, (*engine.Session).PlanPreserve)
	})
	o.flags(make)
	run := a.leaf("run [RESOURCE…]", "preserve.run", between(0, -1), func(cmd *cobra.Command, args []string) error {
		return a.looking(cmd.Context(), func(s *engine.Session) error { return s.Preserve(cmd.Context(), args) })
	})
	list, verify := a.evidence("preserve")
	return a.group("preserve", "preserve", make, run, list, verify)
}

func (a *app) evidence(group string) (list, verify *cobra.Command) {
	list = a.leaf("list [RESOURCE]", group+".list", between(0, 1), func(_ *cobra.Command, args []string) error {
		c, err := a.theCase()
		if err != nil {
			return err
		}
		of := ""
		if len(args) > 0 {
			of = args[0]
		}
		return engine.ListEvidence(c, of, a.out(report.Owner))
	})
	verify = a.leaf("verify", group+".verify", between(0, 0), func(cmd *cobra.Command, _ []string) error { return runVerify(cmd.Context(), a) })
	return list, verify
}

func runVerify(ctx context.Context, a *app) error {
	c, err := a.theCase()
	if err != nil {
		return err
	}
	if err := c.Lock("evidence verify", a.sys.Now()); err != nil {
		return err
	}
	defer c.Close()
	sound, err := engine.VerifyEvidence(ctx, c, a.sys.Who, a.out(report.Owner))
	if err == nil && !sound {
		return &problem{reason: "evidence-unsound", exit: exitError}
	}
	return err
}

func newBaseline(a *app) *cobra.Command {
	save := a.leaf("save [FILE]", "baseline.save", between(0, 1), func(cmd *cobra.Command, args []string) error {
		return a.comparing(cmd.Context(), args, (*engine.Session).SaveBaseline)
	})
	diff := a.leaf("diff [FILE]", "baseline.diff", between(0, 1), func(cmd *cobra.Command, args []string) error {
		return a.comparing(cmd.Context(), args, (*engine.Session).DiffBaseline)
	})
	return a.group("baseline", "baseline", save, diff)
}

// comparing runs one of the commands that list the whole account beside a file.
func (a *app) comparing(ctx context.Context, args []string, run func(*engine.Session, context.Context, string) error) error {
	path := ""
	if len(args) > 0 {
		var err error
		if path, err = filepath.Abs(args[0]); err != nil {
			return err
		}
	}
	s, err := a.sessionOrNew(ctx, nil, incident.Info{})
	if err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	return run(s, ctx, path)
}

// looking opens a session that tells on the screen.
func (a *app) looking(ctx context.Context, run func(*engine.Session) error) error {
	s, err := a.session(ctx, nil)
	if err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	return run(s)
}

func newInventory(a *app) *cobra.Command {
	var o engine.InventoryOptions
	var all bool
	c := a.leaf("inventory [--whose intruder|tampered|unknown|owner] [--kind KIND] [--in REGION] [--all]", "inventory", between(0, 0), func(*cobra.Command, []string) error {
		c, err := a.theCase()
		if err != nil {
			return err
		}
		if len(o.Whose) == 0 && a.human() && !all {
			o.Whose = []string{"intruder", "tampered", "unknown"}
		}
		out := a.out(report.Owner)
		if a.text != nil {
			a.text.All = all
		}
		return engine.Inventory(c, o, out)
	})
	f := c.Flags()
	f.StringSliceVar(&o.Whose, "whose", nil, "")
	f.StringSliceVar(&o.Kinds, "kind", nil, "")
	f.StringSliceVar(&o.Regions, "in", nil, "")
	f.BoolVar(&all, "all", false, "")
	return c
}
