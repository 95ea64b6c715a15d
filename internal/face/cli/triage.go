package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/finding"
	"cordon/internal/incident"
	"cordon/internal/report"
)

type triageOptions struct {
	since, failOn string
	regions       []string
	complete      bool
	notice        *incident.Notice
}

func newTriage(a *app) *cobra.Command {
	var o triageOptions
	c := a.leaf("triage [--since TIME] [--regions A,B] [--fail-on SEVERITY] [--require-complete]", "triage", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runTriage(cmd.Context(), a, o)
	})
	f := c.Flags()
	f.StringVar(&o.since, "since", "", "")
	f.StringSliceVar(&o.regions, "regions", nil, "")
	f.StringVar(&o.failOn, "fail-on", "", "")
	f.BoolVar(&o.complete, "require-complete", false, "")
	return c
}

func runTriage(ctx context.Context, a *app, o triageOptions) error {
	threshold := finding.Severity(-1)
	if o.failOn != "" {
		if err := threshold.UnmarshalText([]byte(o.failOn)); err != nil {
			return err
		}
	}
	from := engine.TriageOptions{SinceFrom: "none"}
	if o.since != "" {
		t, err := moment(o.since, a.sys.Now())
		if err != nil {
			return err
		}
		from.Since, from.SinceFrom = t, "flag"
	}
	s, err := a.sessionOrNew(ctx, o.regions, incident.Info{Notice: o.notice})
	if err != nil {
		return err
	}
	if o.notice != nil && s.Case.Notice == nil {
		s.Case.Notice = o.notice
		if err := s.Case.Save(); err != nil {
			return err
		}
	}
	s.Out = a.out(report.Owner)
	t, err := s.Triage(ctx, from)
	if err != nil {
		return err
	}
	return judge(t, threshold, o.complete)
}

// judge turns a triage into an exit code, where one was asked for.
func judge(t engine.Triage, threshold finding.Severity, complete bool) error {
	n := 0
	for _, f := range t.Findings {
		if threshold >= 0 && f.Outcome == finding.Found && f.Severity >= threshold {
			n++
		}
	}
	if n > 0 {
		return &problem{reason: "findings", args: []any{"n", n}, exit: exitFindings}
	}
	if complete && (t.Summary.Gaps > 0 || slices.ContainsFunc(t.Findings, func(f finding.Finding) bool { return len(f.Gaps) > 0 })) {
		return errGaps
	}
	return nil
}
