package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"cordon/internal/durable"
	"cordon/internal/engine"
	"cordon/internal/plan"
	"cordon/internal/report"
)

type hardenOptions struct {
	engine.HardenOptions
	file, scp string
}

func newPlanHarden(a *app) *cobra.Command {
	var o hardenOptions
	c := a.leaf("harden [--only ITEM] [--all-free] [--regions A,B] [--notify ARN] [--above USD] [--trail-bucket NAME] [--scp FILE] [--file FILE]", "harden", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runPlanHarden(cmd.Context(), a, o)
	})
	f := c.Flags()
	f.StringSliceVar(&o.Only, "only", nil, "")
	f.BoolVar(&o.AllFree, "all-free", false, "")
	f.StringSliceVar(&o.Regions, "regions", nil, "")
	f.StringVar(&o.Notify, "notify", "", "")
	f.Float64Var(&o.Above, "above", 0, "")
	f.StringVar(&o.Bucket, "trail-bucket", "", "")
	f.StringVar(&o.scp, "scp", "", "")
	f.StringVarP(&o.file, "file", "f", "", "")
	return c
}

// runPlanHarden lists what can be set up, and makes a plan only of what was chosen.
func runPlanHarden(ctx context.Context, a *app, o hardenOptions) error {
	if o.Above < 0 {
		return usage("usage.flag-invalid", "name", "above", "value", fmt.Sprint(o.Above))
	}
	if o.scp != "" {
		return runProposals(ctx, a, o)
	}
	if len(o.Only) == 0 && !o.AllFree {
		return a.looking(ctx, func(s *engine.Session) error { return s.Harden(ctx, o.HardenOptions) })
	}
	return runPlanClean(ctx, a, planOptions{file: o.file}, func(s *engine.Session, ctx context.Context, _ engine.PlanOptions) (plan.Plan, error) {
		return s.PlanHarden(ctx, o.HardenOptions)
	})
}

// runProposals writes the service control policies to a new file. Nothing attaches
// them.
func runProposals(ctx context.Context, a *app, o hardenOptions) error {
	if _, err := os.Lstat(o.scp); !errors.Is(err, fs.ErrNotExist) {
		return &problem{reason: "harden-file-there", args: []any{"file", safe(o.scp)}, exit: exitUsage, err: err}
	}
	s, err := a.session(ctx, nil)
	if err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	all, err := s.Proposals(ctx, o.HardenOptions)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err == nil {
		err = durable.Write(o.scp, append(text, '\n'))
	}
	if err != nil {
		return &problem{reason: "file", args: []any{"file", safe(o.scp)}, exit: exitError, err: err}
	}
	return a.record("scp_proposals", map[string]any{"file": o.scp, "n": len(all)}, func() {
		a.say("prose.harden.scp", "n", len(all), "file", safe(o.scp))
	})
}
