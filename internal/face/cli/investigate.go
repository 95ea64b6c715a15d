package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/report"
	"cordon/internal/trail/question"
)

// asked are the flags that questions share.
type asked struct {
	seed, from, to, principal, rules, engine string
	lanes                                    []string
	limit                                    int
	all, follow, cut                         bool
	athena                                   engine.Athena
	table                                    string
}

func newInvestigate(a *app) *cobra.Command {
	subject := func(kind, what string) *cobra.Command {
		return a.question(kind+" "+what, "investigate."+kind, 1, func(ctx context.Context, q *engine.Inquiry, args []string) error {
			return q.Subject(ctx, kind, args[0])
		}, "seed", "from", "to", "limit", "all")
	}
	return a.group("investigate", "investigate",
		a.question("verdict", "investigate.verdict", 0, func(ctx context.Context, q *engine.Inquiry, _ []string) error {
			return q.Verdict(ctx)
		}, "seed", "from", "to"),
		a.question("timeline", "investigate.timeline", 0, func(ctx context.Context, q *engine.Inquiry, _ []string) error {
			return q.Timeline(ctx)
		}, "seed", "from", "to", "lane", "principal", "limit", "all", "follow"),
		subject("key", "KEY"), subject("user", "NAME"), subject("role", "NAME"), subject("ip", "ADDRESS"), subject("session", "NAME"),
		a.question("resource ID|ARN", "investigate.resource", 1, func(ctx context.Context, q *engine.Inquiry, args []string) error {
			return q.Resource(ctx, args[0])
		}, "seed", "from", "to", "engine"),
		a.question("graph", "investigate.graph", 0, func(ctx context.Context, q *engine.Inquiry, _ []string) error {
			return q.Graph(ctx)
		}, "seed", "from", "to", "cut"),
		a.question("impact KEY|NAME|ARN", "investigate.impact", 1, func(ctx context.Context, q *engine.Inquiry, args []string) error {
			return q.Impact(ctx, args[0])
		}, "seed", "from", "to"),
		a.question("cost", "investigate.cost", 0, func(ctx context.Context, q *engine.Inquiry, _ []string) error {
			return q.Cost(ctx)
		}, "seed", "from", "to"),
		a.question("detections", "investigate.detections", 0, func(ctx context.Context, q *engine.Inquiry, _ []string) error {
			return q.Detections(ctx)
		}, "seed", "from", "to", "limit", "all"),
		a.question("ask QUESTION [VALUE]", "investigate.ask", -1, func(ctx context.Context, q *engine.Inquiry, args []string) error {
			return q.Ask(ctx, args[0], append(args[1:], "")[0])
		}, "from", "to", "limit", "all", "engine"),
		newInvestigateTable(a),
	)
}

// newInvestigateTable prints the statement for a table that questions are asked
// of on Athena.
func newInvestigateTable(a *app) *cobra.Command {
	var (
		o     asked
		place question.Place
		since string
	)
	c := a.leaf("table", "investigate.table", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		o.engine = "athena"
		return a.withArchive(cmd.Context(), "", func(ctx context.Context, ar *engine.Archive) error {
			q, err := a.inquiry(ar, &o)
			if err != nil {
				return err
			}
			if since != "" {
				if place.Since, err = moment(since, a.sys.Now()); err != nil {
					return err
				}
			}
			return q.Table(ctx, place)
		})
	})
	f := c.Flags()
	f.StringVar(&o.athena.Table, "table", "", "")
	f.StringVar(&o.table, "table-of", "raw", "")
	f.StringVar(&o.athena.Bucket, "bucket", "", "")
	f.StringVar(&place.Organisation, "organization", "", "")
	f.StringSliceVar(&place.Accounts, "accounts", nil, "")
	f.StringSliceVar(&place.Regions, "regions", nil, "")
	f.StringVar(&since, "since", "", "")
	return c
}

// question declares one question with those of the shared flags that it has.
func (a *app) question(use, key string, args int, ask func(context.Context, *engine.Inquiry, []string) error, flags ...string) *cobra.Command {
	o, most := &asked{engine: "store", limit: 200}, 200
	if key == "investigate.ask" { // a row may take as many lines as there are columns
		most = 50
	}
	lo, hi := args, args
	if args < 0 {
		lo, hi = 1, 2
	}
	c := a.leaf(use, key, between(lo, hi), func(cmd *cobra.Command, args []string) error {
		return a.withArchive(cmd.Context(), o.rules, func(ctx context.Context, ar *engine.Archive) error {
			q, err := a.inquiry(ar, o)
			if err != nil {
				return err
			}
			if key == "investigate.timeline" && a.text != nil {
				a.text.View, a.text.Follow = report.Timeline, o.follow
			}
			return ask(ctx, q, args)
		})
	})
	f := c.Flags()
	for _, name := range append(flags, "rules") {
		switch name {
		case "seed":
			f.StringVar(&o.seed, name, "", "")
		case "from":
			f.StringVar(&o.from, name, "", "")
		case "to":
			f.StringVar(&o.to, name, "", "")
		case "principal":
			f.StringVar(&o.principal, name, "", "")
		case "rules":
			f.StringVar(&o.rules, name, "", "")
		case "engine":
			f.StringVar(&o.engine, name, "store", "")
			f.StringVar(&o.athena.Table, "table", "", "")
			f.StringVar(&o.table, "table-of", "raw", "")
			f.StringVar(&o.athena.Workgroup, "workgroup", "", "")
			f.StringVar(&o.athena.Output, "answers", "", "")
			f.StringVar(&o.athena.Bucket, "bucket", "", "")
			f.BoolVar(&o.athena.DryRun, "dry-run", false, "")
			f.BoolVar(&o.athena.Pay, "pay", false, "")
		case "lane":
			f.StringSliceVar(&o.lanes, name, nil, "")
		case "limit":
			f.IntVar(&o.limit, name, most, "")
		case "all":
			f.BoolVar(&o.all, name, false, "")
		case "follow":
			f.BoolVar(&o.follow, name, false, "")
		case "cut":
			f.BoolVar(&o.cut, name, false, "")
		}
	}
	return c
}

func (a *app) inquiry(ar *engine.Archive, o *asked) (*engine.Inquiry, error) {
	q := &engine.Inquiry{Archive: ar, Seed: o.seed, Lanes: o.lanes, Principal: o.principal, Limit: o.limit, Cut: o.cut, Follow: o.follow, Engine: o.engine}
	if o.all || !a.human() { // programs get everything
		q.Limit = 0
	}
	for _, l := range o.lanes {
		switch l {
		case "intruder", "owner", "responder", "aws", "unknown":
		default:
			return nil, usage("usage.flag-invalid", "name", "lane", "value", safe(l))
		}
	}
	if o.engine != "store" && o.engine != "athena" {
		return nil, usage("usage.flag-invalid", "name", "engine", "value", safe(o.engine))
	}
	if o.engine == "athena" && o.table != "raw" && o.table != "parquet" {
		return nil, usage("usage.flag-invalid", "name", "table-of", "value", safe(o.table))
	}
	q.Athena = o.athena
	q.Athena.Export = o.table == "parquet"
	return q, a.window(o.from, o.to, &q.From, &q.To)
}

// window reads the two ends of a time.
func (a *app) window(from, to string, f, t *time.Time) (err error) {
	if from != "" {
		if *f, err = moment(from, a.sys.Now()); err != nil {
			return err
		}
	}
	if to != "" {
		if *t, err = moment(to, a.sys.Now()); err != nil {
			return err
		}
	}
	if !f.IsZero() && !t.IsZero() && !f.Before(*t) {
		return usage("usage.window")
	}
	return nil
}
