package cli

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/report"
)

// newEvidence is what can be done with the evidence in the case without looking
// at the account: most of it needs no credentials.
func newEvidence(a *app) *cobra.Command {
	list, verify := a.evidence("evidence")
	return a.group("evidence", "evidence", list, newEvidenceShow(a), verify, newEvidenceCopy(a))
}

func newEvidenceShow(a *app) *cobra.Command {
	var o engine.ShowOptions
	c := a.leaf("show RESOURCE|PIECE [--out FILE] [--identity FILE]", "evidence.show", between(1, 1), func(cmd *cobra.Command, args []string) error {
		o.Of, o.Who, o.Now = args[0], a.sys.Who, a.sys.Now
		return runEvidenceShow(cmd.Context(), a, o)
	})
	c.Flags().StringVar(&o.Out, "out", "", "")
	c.Flags().StringVar(&o.Keys, "identity", "", "")
	return c
}

func runEvidenceShow(ctx context.Context, a *app, o engine.ShowOptions) error {
	c, err := a.theCase()
	if err != nil {
		return err
	}
	if o.Out != "" {
		if o.Out, err = filepath.Abs(o.Out); err != nil {
			return err
		}
	}
	return engine.ShowEvidence(ctx, c, o, a.out(report.Owner))
}

func newEvidenceCopy(a *app) *cobra.Command {
	o := engine.CopyOptions{}
	c := a.leaf("copy s3://BUCKET/PREFIX [--lock-days N] [--lock MODE] [--no-lock] [--plain] [--bucket-owner ACCOUNT]", "evidence.copy", between(1, 1),
		func(cmd *cobra.Command, args []string) error {
			o.To = args[0]
			return runEvidenceCopy(cmd.Context(), a, o)
		})
	f := c.Flags()
	f.IntVar(&o.Days, "lock-days", 365, "")
	f.StringVar(&o.Mode, "lock", engine.Locks[0], "")
	f.BoolVar(&o.NoLock, "no-lock", false, "")
	f.BoolVar(&o.Plain, "plain", false, "")
	f.StringVar(&o.Owner, "bucket-owner", "", "")
	return c
}

// runEvidenceCopy signs in to whatever account has the bucket: the case's own is
// the one that somebody else is in.
func runEvidenceCopy(ctx context.Context, a *app, o engine.CopyOptions) error {
	if !slices.Contains(engine.Locks, o.Mode) {
		return usage("usage.flag-invalid", "name", "lock", "value", safe(o.Mode))
	}
	if o.Days < 1 || o.Days > 36500 {
		return usage("usage.flag-invalid", "name", "lock-days", "value", o.Days)
	}
	c, err := a.theCase()
	if err != nil {
		return err
	}
	acct, err := a.account(ctx, c.ID, nil)
	if err != nil {
		return err
	}
	s := &engine.Session{Account: acct, Case: c, Who: a.sys.Who, Version: a.sys.Version, Now: a.sys.Now, Wait: a.sys.Wait, Out: a.out(report.Owner)}
	a.sys.Arm(s)
	return s.CopyEvidence(ctx, o)
}
