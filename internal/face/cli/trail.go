package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/awsapi"
	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/report"
)

func newTrail(a *app) *cobra.Command {
	return a.group("trail", "trail", newTrailImport(a), newTrailStatus(a), newTrailVerify(a), newTrailExport(a))
}

type importFlags struct {
	accounts, regions []string
	from, to, rules   string
}

func newTrailImport(a *app) *cobra.Command {
	var o importFlags
	c := a.leaf("import PATH|s3://BUCKET/PREFIX|event-history|-…", "trail.import", between(1, -1), func(cmd *cobra.Command, args []string) error {
		return runTrailImport(cmd.Context(), a, args, o)
	})
	f := c.Flags()
	f.StringSliceVar(&o.accounts, "accounts", nil, "")
	f.StringSliceVar(&o.regions, "regions", nil, "")
	f.StringVar(&o.from, "from", "", "")
	f.StringVar(&o.to, "to", "", "")
	f.StringVar(&o.rules, "rules", "", "")
	return c
}

func runTrailImport(ctx context.Context, a *app, paths []string, o importFlags) error {
	opt := engine.ImportOptions{Accounts: o.accounts, Regions: o.regions}
	if err := a.window(o.from, o.to, &opt.From, &opt.To); err != nil {
		return err
	}
	remote := false
	for _, p := range paths {
		switch {
		case strings.HasPrefix(p, "s3://"):
			opt.Buckets, remote = append(opt.Buckets, p), true
		case p == "event-history":
			opt.History, remote = true, true
		case p == "-":
			spool, err := a.spool()
			if err != nil {
				return err
			}
			defer os.Remove(spool.Name())
			defer spool.Close()
			opt.Stdin = spool
		default:
			abs, err := filepath.Abs(p)
			if err != nil {
				return err
			}
			opt.Paths = append(opt.Paths, abs)
		}
	}
	rules, err := a.rules(o.rules)
	if err != nil {
		return err
	}
	var s *engine.Session
	if remote {
		if s, err = a.sessionOrNew(ctx, nil, incident.Info{}); err != nil {
			return err
		}
		s.Out = a.out(report.Owner)
		opt.Session = s
	}
	c, err := a.caseFor(ctx, s, opt)
	if err != nil {
		return err
	}
	if err := c.Lock("trail import", a.sys.Now()); err != nil {
		return err
	}
	defer c.Close()
	ar := a.archive(c, rules)
	ar.Session = s
	defer ar.Close()
	return ar.Import(ctx, opt)
}

// caseFor is the case that the events go to. Where none is in use, or --case
// names a folder that is not there yet, one is opened for the account that the
// first records name: no credentials are needed to look at files.
func (a *app) caseFor(ctx context.Context, s *engine.Session, opt engine.ImportOptions) (*incident.Case, error) {
	if s != nil {
		return s.Case, nil
	}
	c, err := a.theCase()
	if err == nil || !errors.Is(err, incident.ErrNoCase) {
		return c, err
	}
	dir := ""
	if name := a.flags.caseID; name != "" {
		if !strings.ContainsRune(name, filepath.Separator) {
			return nil, err
		}
		if dir, err = filepath.Abs(name); err != nil {
			return nil, err
		}
	}
	paths := opt.Paths
	if f, spooled := opt.Stdin.(*os.File); spooled {
		paths = append(slices.Clone(paths), f.Name())
	}
	account, partition, err := engine.AccountOf(ctx, paths)
	if err != nil {
		return nil, err
	}
	info := incident.Info{Account: account, Partition: partition, By: "files"}
	if dir == "" {
		c, err = a.create(info)
	} else {
		c, err = a.createAt(dir, info)
	}
	if err != nil {
		return nil, err
	}
	a.note("screen.case.opened", "case", c.ID, "account", c.Account)
	return c, nil
}

// spool copies standard input to a file, so that it can be looked at before a
// case is opened for it. It is the person's alone.
func (a *app) spool() (*os.File, error) {
	f, err := os.CreateTemp("", "cordon-stdin-")
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(f, a.sys.In)
	if err == nil && n == 0 {
		err = &problem{reason: "refused.no-files", exit: exitError}
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return f, nil
}

func (a *app) archive(c *incident.Case, rules *engine.Rules) *engine.Archive {
	return &engine.Archive{Case: c, Out: a.out(report.Owner), Who: a.sys.Who, Now: a.sys.Now, Rules: rules}
}

// rules reads a folder of Sigma rules. What cannot be used is told and not
// passed over: a rule that was thought to run would read as "nothing found".
func (a *app) rules(dir string) (*engine.Rules, error) {
	if dir == "" {
		return nil, nil
	}
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return nil, usage("usage.rules", "dir", safe(dir))
	}
	r, problems, err := engine.LoadRules(os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		a.note("prose.rules.refused", "file", safe(p.File), "why", safe(p.Why))
	}
	return r, nil
}

func newTrailStatus(a *app) *cobra.Command {
	return a.leaf("status", "trail.status", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return a.withArchive(cmd.Context(), "", func(ctx context.Context, ar *engine.Archive) error { return ar.Status(ctx) })
	})
}

func newTrailVerify(a *app) *cobra.Command {
	return a.leaf("verify", "trail.verify", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return a.withArchive(cmd.Context(), "", func(ctx context.Context, ar *engine.Archive) error {
			problems, err := ar.Verify(ctx)
			if err == nil && problems > 0 {
				err = &problem{reason: "trail-problems", args: []any{"n", problems}, exit: exitError}
			}
			return err
		})
	})
}

func newTrailExport(a *app) *cobra.Command {
	var layout, from, to string
	c := a.leaf("export DIR", "trail.export", between(1, 1), func(cmd *cobra.Command, args []string) error {
		opt := engine.ExportOptions{Layout: layout}
		if layout != "athena" && layout != "ocsf" {
			return usage("usage.flag-invalid", "name", "layout", "value", safe(layout))
		}
		if err := a.window(from, to, &opt.From, &opt.To); err != nil {
			return err
		}
		dir, err := filepath.Abs(args[0])
		if err != nil {
			return err
		}
		opt.Dir = dir
		return a.withArchive(cmd.Context(), "", func(ctx context.Context, ar *engine.Archive) error { return ar.Export(ctx, opt) })
	})
	f := c.Flags()
	f.StringVar(&layout, "layout", "athena", "")
	f.StringVar(&from, "from", "", "")
	f.StringVar(&to, "to", "", "")
	return c
}

// withArchive opens the case's record of events. Credentials are asked for only
// when a record has to be read again from S3.
func (a *app) withArchive(ctx context.Context, rules string, do func(context.Context, *engine.Archive) error) error {
	r, err := a.rules(rules)
	if err != nil {
		return err
	}
	c, err := a.theCase()
	if err != nil {
		return err
	}
	ar := a.archive(c, r)
	ar.Open = func(ctx context.Context) (*engine.Session, error) {
		acct, err := a.account(ctx, c.ID, nil)
		if err != nil {
			return nil, err
		}
		return a.pair(acct, c)
	}
	defer ar.Close()
	err = do(ctx, ar)
	if awsapi.Classify(err) == awsapi.Unauthenticated && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
