package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/durable"
	"cordon/internal/engine"
	"cordon/internal/permit"
	"cordon/internal/report"
)

type policyOptions struct {
	check      bool
	format, to string
}

func newPolicy(a *app) *cobra.Command {
	var o policyOptions
	use := "policy " + strings.Join(engine.Policies(), "|") + "|PLAN [--check] [--format FORMAT] [--to DIR]"
	c := a.leaf(use, "policy", between(1, 1), func(cmd *cobra.Command, args []string) error {
		return runPolicy(cmd.Context(), a, args[0], o)
	})
	c.ValidArgs = engine.Policies()
	f := c.Flags()
	f.BoolVar(&o.check, "check", false, "")
	f.StringVar(&o.format, "format", "json", "")
	f.StringVar(&o.to, "to", "", "")
	return c
}

func runPolicy(ctx context.Context, a *app, name string, o policyOptions) error {
	if !slices.Contains(engine.PolicyFormats(), o.format) {
		return usage("usage.flag-invalid", "name", "format", "value", safe(o.format))
	}
	set, err := a.policySet(name)
	if err != nil {
		return err
	}
	if o.check {
		return a.checkPolicy(ctx, set)
	}
	if !a.human() && o.to == "" {
		return engine.TellPolicy(name, set, a.out(report.Owner))
	}
	if o.to != "" {
		return a.savePolicies(name, set, o)
	}
	text, err := permit.Render(name, o.format, set.Policies)
	if err != nil {
		return err
	}
	_, _ = a.sys.Out.Write(text)
	a.tellSet(set)
	return nil
}

// policySet is the policy of a part of the work, or of a plan.
func (a *app) policySet(name string) (permit.Set, error) {
	if slices.Contains(engine.Policies(), name) {
		return engine.Policy(name)
	}
	c, err := a.theCase()
	if err == nil {
		p, planErr := a.thePlan(c, []string{name})
		if planErr == nil {
			return engine.PlanPolicy(c, p), nil
		}
		err = planErr
	}
	return permit.Set{}, &problem{reason: "usage.policy", args: []any{"name", safe(name), "all", strings.Join(engine.Policies(), ", ")}, exit: exitUsage, err: err}
}

// checkPolicy asks AWS whether whoever is signed in has these permissions.
func (a *app) checkPolicy(ctx context.Context, set permit.Set) error {
	acct, err := a.account(ctx, "", nil)
	if err != nil {
		return err
	}
	s := &engine.Session{Account: acct, Who: a.sys.Who, Version: a.sys.Version, Now: a.sys.Now, Wait: a.sys.Wait, Out: a.out(report.Owner)}
	m, err := s.CheckPolicy(ctx, set)
	switch {
	case err != nil:
		return err
	case m.Unknown != "":
		return errGaps
	case len(m.Missing) > 0:
		return &problem{reason: "policy-missing", args: []any{"n", len(m.Missing)}, exit: exitError}
	}
	return nil
}

var policyEndings = map[string]string{"json": ".json", "cloudformation": ".yaml", "terraform": ".tf"}

// savePolicies writes one file per policy that IAM takes, or one template.
func (a *app) savePolicies(name string, set permit.Set, o policyOptions) error {
	failed := func(file string, err error) error {
		return &problem{reason: "file", args: []any{"file", safe(file)}, exit: exitError, err: err}
	}
	if err := os.MkdirAll(o.to, 0o755); err != nil {
		return failed(o.to, err)
	}
	files := map[string][]byte{}
	if o.format == "json" {
		for _, p := range set.Policies {
			text, err := p.Document.JSON()
			if err != nil {
				return err
			}
			files[p.Name] = text
		}
	} else {
		text, err := permit.Render(name, o.format, set.Policies)
		if err != nil {
			return err
		}
		files[set.Name] = text
	}
	var names []string
	for base, text := range files {
		file := filepath.Join(o.to, base+policyEndings[o.format])
		if err := durable.Write(file, text); err != nil {
			return failed(file, err)
		}
		names = append(names, file)
	}
	slices.Sort(names)
	return a.record("policy_files", map[string]any{"name": name, "files": names}, func() {
		for _, n := range names {
			fmt.Fprintln(a.sys.Out, safe(n))
		}
		a.tellSet(set)
	})
}

// tellSet says beside the text what it does not say of itself.
func (a *app) tellSet(set permit.Set) {
	if n := len(set.Policies); n > 1 {
		a.note("prose.policy.several", "n", n)
	}
	if n := len(set.Inexact); n > 0 {
		a.note("prose.policy.inexact", "n", n, "verbs", strings.Join(set.Inexact, ", "))
	}
}
