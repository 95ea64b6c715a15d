package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/incident"
)

type caseOptions struct {
	title, key, user, deadline, recipient string
	protect, approvers                    []string
	approvals                             int
}

func newCase(a *app) *cobra.Command {
	var o caseOptions
	open := a.leaf("open [--title TEXT] [--key AKIA…] [--user NAME] [--deadline TIME] [--protect ARN]", "case.open", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runCaseOpen(cmd.Context(), a, o)
	})
	f := open.Flags()
	f.StringVar(&o.title, "title", "", "")
	f.StringVar(&o.key, "key", "", "")
	f.StringVar(&o.user, "user", "", "")
	f.StringVar(&o.deadline, "deadline", "", "")
	f.StringSliceVar(&o.protect, "protect", nil, "")
	f.StringArrayVar(&o.approvers, "approver", nil, "")
	f.IntVar(&o.approvals, "approvals", 0, "")
	f.StringVar(&o.recipient, "recipient", "", "")
	list := a.leaf("list", "case.list", between(0, 0), func(*cobra.Command, []string) error { return runCaseList(a) })
	show := a.leaf("show [ID]", "case.show", between(0, 1), func(_ *cobra.Command, args []string) error { return runCaseShow(a, args) })
	use := a.leaf("use ID", "case.use", between(1, 1), func(_ *cobra.Command, args []string) error { return runCaseUse(a, args[0]) })
	note := a.leaf("note TEXT", "case.note", between(1, -1), func(_ *cobra.Command, args []string) error {
		return runCaseNote(a, strings.Join(args, " "))
	})
	done := a.leaf("close", "case.close", between(0, 0), func(*cobra.Command, []string) error { return runCaseClose(a) })
	var to string
	var plain bool
	export := a.leaf("export [--to FILE] [--plain]", "case.export", between(0, 0), func(*cobra.Command, []string) error { return runCaseExport(a, to, plain) })
	export.Flags().StringVar(&to, "to", "", "")
	export.Flags().BoolVar(&plain, "plain", false, "")
	return a.group("case", "case", open, list, show, use, note, done, export)
}

func runCaseOpen(ctx context.Context, a *app, o caseOptions) error {
	info := incident.Info{Title: o.title, Protected: o.protect, Approvals: o.approvals, Recipient: o.recipient}
	for _, s := range o.approvers {
		name, key, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return usage("usage.approver", "value", safe(s))
		}
		info.Approvers = append(info.Approvers, incident.Approver{Name: name, PublicKey: key})
	}
	if o.key != "" || o.user != "" || o.deadline != "" {
		info.Notice = &incident.Notice{Key: o.key, User: o.user}
	}
	if o.deadline != "" {
		t, err := moment(o.deadline, a.sys.Now())
		if err != nil {
			return err
		}
		info.Notice.Deadline = t
	}
	acct, err := a.account(ctx, "", nil)
	if err != nil {
		return err
	}
	c, err := a.open(acct, info)
	if err != nil {
		return err
	}
	return a.record("case_opened", c.Info, func() {
		a.say("screen.case.opened", "case", c.ID, "account", c.Account)
		a.rows("  ", [][2]string{{"cordon triage", a.words.T("help.cmd.triage")}})
	})
}

func runCaseUse(a *app, id string) error {
	root, err := a.root()
	if err != nil {
		return err
	}
	c, err := incident.Open(root, id)
	if err != nil {
		return err
	}
	if err := incident.Use(root, c.ID); err != nil {
		return err
	}
	return a.record("case_used", map[string]any{"case": c.ID, "account": c.Account}, func() {
		a.say("screen.case.used", "case", c.ID, "account", c.Account)
	})
}

func runCaseNote(a *app, text string) error {
	c, err := a.theCase()
	if err != nil {
		return err
	}
	n := incident.Note{By: a.sys.Who, At: a.sys.Now().UTC(), Text: text}
	if err := c.AddNote(n); err != nil {
		return err
	}
	return a.record("note", n, func() { a.say("screen.case.noted", "case", c.ID) })
}
