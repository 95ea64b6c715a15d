package cli

import (
	"context"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/report"
)

func newWatch(a *app) *cobra.Command {
	var o engine.WatchOptions
	c := a.leaf("watch [--quiet TIME] [--every TIME]", "watch", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runWatch(cmd.Context(), a, o)
	})
	c.Flags().DurationVar(&o.Quiet, "quiet", 0, "")
	c.Flags().DurationVar(&o.Every, "every", 0, "")
	return c
}

// runWatch ends with 0 only after silence that could be heard everywhere.
func runWatch(ctx context.Context, a *app, o engine.WatchOptions) error {
	if o.Quiet < 0 || o.Every < 0 {
		return usage("usage.watch-time")
	}
	s, err := a.session(ctx, nil)
	if err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	end, err := s.Watch(ctx, o)
	switch {
	case err != nil:
		return err
	case end.State == engine.Active:
		return &problem{reason: "watch-active", exit: exitFindings, fix: "cordon triage"}
	case end.State == engine.Unseen:
		return &problem{reason: "watch-unseen", exit: exitGap, fix: "cordon policy triage"}
	}
	return nil
}
