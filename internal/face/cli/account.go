package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/plan"
	"cordon/internal/report"
)

type accountOptions struct {
	against, save, org string
	complete           bool
}

func newAccount(a *app) *cobra.Command {
	var o accountOptions
	check := a.leaf("check [--against FILE] [--save[=FILE]] [--org-profile NAME] [--require-complete]", "account.check", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runAccountCheck(cmd.Context(), a, o)
	})
	f := check.Flags()
	f.StringVar(&o.against, "against", "", "")
	f.StringVar(&o.save, "save", "", "")
	f.Lookup("save").NoOptDefVal = "-"
	f.StringVar(&o.org, "org-profile", "", "")
	f.BoolVar(&o.complete, "require-complete", false, "")
	return a.group("account", "account", check, newContacts(a))
}

func runAccountCheck(ctx context.Context, a *app, o accountOptions) error {
	from := engine.AccountOptions{Save: o.save}
	for _, p := range []struct{ from, to *string }{{&o.against, &from.Copy}, {&o.save, &from.Save}} {
		if *p.from == "" || *p.from == "-" {
			continue
		}
		var err error
		if *p.to, err = filepath.Abs(*p.from); err != nil {
			return err
		}
	}
	s, err := a.sessionOrNew(ctx, nil, incident.Info{})
	if err != nil {
		return err
	}
	if err := a.withOrg(ctx, s, o.org); err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	sum, err := s.CheckAccount(ctx, from)
	switch {
	case err != nil:
		return err
	case sum.Differ > 0 || sum.His > 0:
		return &problem{reason: "account-differs", args: []any{"n", sum.Differ, "his", sum.His}, exit: exitFindings}
	case o.complete && sum.Unread+len(sum.Unseen) > 0:
		return errGaps
	}
	return nil
}

type contactOptions struct {
	engine.Contact
	against string
}

func newContacts(a *app) *cobra.Command {
	var o contactOptions
	set := a.leaf("set security|billing|operations --name TEXT --title TEXT --email ADDRESS --phone NUMBER", "account.contacts.set", between(1, 1), func(cmd *cobra.Command, args []string) error {
		return runContact(cmd.Context(), a, args[0], &o.Contact)
	})
	f := set.Flags()
	f.StringVar(&o.Name, "name", "", "")
	f.StringVar(&o.Title, "title", "", "")
	f.StringVar(&o.Email, "email", "", "")
	f.StringVar(&o.Phone, "phone", "", "")
	remove := a.leaf("remove security|billing|operations", "account.contacts.remove", between(1, 1), func(cmd *cobra.Command, args []string) error {
		return runContact(cmd.Context(), a, args[0], nil)
	})
	back := a.leaf("restore [--against FILE]", "account.contacts.restore", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		path := o.against
		if path != "" {
			var err error
			if path, err = filepath.Abs(path); err != nil {
				return err
			}
		}
		return a.planned(cmd.Context(), func(s *engine.Session) (plan.Plan, error) { return s.PlanContactsBack(cmd.Context(), path) })
	})
	back.Flags().StringVar(&o.against, "against", "", "")
	return a.group("contacts", "account.contacts", set, remove, back)
}

func runContact(ctx context.Context, a *app, name string, c *engine.Contact) error {
	sort, err := engine.ContactSort(name)
	if err != nil {
		return err
	}
	return a.planned(ctx, func(s *engine.Session) (plan.Plan, error) { return s.PlanContact(ctx, sort, c) })
}

// planned makes a plan and shows it; it is applied as every other.
func (a *app) planned(ctx context.Context, make func(*engine.Session) (plan.Plan, error)) error {
	s, err := a.session(ctx, nil)
	if err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	p, err := make(s)
	if err != nil {
		return a.empty(s.Case, p, err)
	}
	return engine.TellPlan(s.Case, p, a.sys.Now(), s.Out)
}
