package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/engine"
	"cordon/internal/finding"
	"cordon/internal/report"
)

func newFinding(a *app) *cobra.Command {
	var all bool
	list := a.leaf("list [--all]", "finding.list", between(0, 0), func(*cobra.Command, []string) error { return runFindings(a, all) })
	list.Flags().BoolVar(&all, "all", false, "")
	show := a.leaf("show N", "finding.show", between(1, 1), func(_ *cobra.Command, args []string) error { return runFinding(a, report.Show, args[0]) })
	explain := a.leaf("explain N", "finding.explain", between(1, 1), func(_ *cobra.Command, args []string) error { return runFinding(a, report.Explain, args[0]) })
	var why string
	mark := a.leaf("mark N|N.M|RESOURCE mine|not-mine|unsure [--why TEXT]", "finding.mark", between(2, 2), func(_ *cobra.Command, args []string) error {
		return runMark(a, args[0], args[1], why)
	})
	mark.Flags().StringVar(&why, "why", "", "")
	return a.group("finding", "finding", list, show, explain, mark)
}

// told collects what a saved triage tells, so that a part of it can be shown.
type told struct{ all []report.Finding }

func (t *told) Handle(m report.Message) error {
	if f, ok := m.(report.Finding); ok {
		t.all = append(t.all, f)
	}
	return nil
}

func (t *told) End() error { return nil }

func (a *app) findings() ([]report.Finding, error) {
	c, err := a.theCase()
	if err != nil {
		return nil, err
	}
	t, err := engine.LoadTriage(c)
	if err != nil {
		return nil, err
	}
	var got told
	err = t.Tell(c, &got)
	return got.all, err
}

func runFindings(a *app, all bool) error {
	fs, err := a.findings()
	if err != nil {
		return err
	}
	out := a.out(report.List)
	n := 0
	for _, f := range fs {
		if !all && f.Outcome != finding.Found {
			continue
		}
		n++
		if err := out.Handle(f); err != nil {
			return err
		}
	}
	if n == 0 && a.human() {
		a.say("prose.finding.none")
	}
	return nil
}

func runFinding(a *app, view report.View, name string) error {
	fs, err := a.findings()
	if err != nil {
		return err
	}
	number, _, _ := strings.Cut(name, ".")
	n, _ := strconv.Atoi(number)
	i := slices.IndexFunc(fs, func(f report.Finding) bool { return f.Number == n || f.Check == name })
	if i < 0 {
		return &problem{reason: "no-such-finding", args: []any{"name", safe(name)}, exit: exitUsage, fix: "cordon finding list"}
	}
	return a.out(view).Handle(fs[i])
}

func runMark(a *app, name, mark, why string) error {
	if !slices.Contains([]string{"mine", "not-mine", "unsure"}, mark) {
		return usage("usage.mark", "mark", safe(mark))
	}
	c, err := a.theCase()
	if err != nil {
		return err
	}
	now := a.sys.Now()
	if err := c.Lock("finding mark", now); err != nil {
		return err
	}
	defer c.Close()
	refs, err := engine.Mark(c, name, mark, a.sys.Who, why, now)
	if err != nil {
		return err
	}
	for _, r := range refs {
		data := map[string]any{"kind": r.Kind, "account": r.Account, "region": r.Region, "id": r.ID, "mark": mark, "by": a.sys.Who, "why": why}
		if err := a.record("mark", data, func() {}); err != nil {
			return err
		}
	}
	if a.human() {
		a.say("screen.mark.done", "n", len(refs), "mark", a.words.T("screen.mark."+mark))
		fmt.Fprintln(a.sys.Out, "  cordon plan contain")
	}
	return nil
}
