package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"cordon/internal/awsapi"
	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/notice"
)

type noticeOptions struct {
	received, account string
	trust, answered   bool
}

func newNotice(a *app) *cobra.Command {
	var o noticeOptions
	c := a.leaf("notice FILE|- [--received TIME] [--account ID] [--trust] [--answered]", "notice", between(0, 1), func(cmd *cobra.Command, args []string) error {
		return runNotice(cmd.Context(), a, args, o)
	})
	f := c.Flags()
	f.StringVar(&o.received, "received", "", "")
	f.StringVar(&o.account, "account", "", "")
	f.BoolVar(&o.trust, "trust", false, "")
	f.BoolVar(&o.answered, "answered", false, "")
	return c
}

func runNotice(ctx context.Context, a *app, args []string, o noticeOptions) error {
	if o.answered && len(args) == 0 {
		return runAnswered(a)
	}
	if len(args) == 0 {
		return usage("usage.arguments", "command", "cordon notice", "use", "cordon notice FILE|-")
	}
	raw, err := a.input(args[0], notice.MaxSize)
	if err != nil {
		return err
	}
	var received time.Time
	if o.received != "" {
		if received, err = moment(o.received, a.sys.Now()); err != nil {
			return err
		}
	}
	n, err := engine.ReadNotice(raw, received, a.sys.Now().UTC())
	if err != nil {
		return err
	}
	if o.account != "" {
		n.Account = strings.ReplaceAll(o.account, "-", "")
	}
	c, err := a.noticeCase(ctx, n, o.account != "")
	if err != nil {
		return err
	}
	if err := c.Lock("notice", a.sys.Now()); err != nil {
		return err
	}
	defer c.Close()
	kept, err := engine.KeepNotice(ctx, c, n, raw, o.trust, a.sys.Who, a.sys.Now().UTC())
	if err != nil {
		return err
	}
	if err := a.record("notice", kept, func() { a.showNotice(kept) }); err != nil || !o.answered {
		return err
	}
	return c.Answer(a.sys.Now())
}

// input reads a file, or standard input for "-". One of more than so many bytes is an
// error: what is not read is not judged.
func (a *app) input(name string, most int64) ([]byte, error) {
	in := a.sys.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, &problem{reason: "file", args: []any{"file", safe(name)}, exit: exitError, err: err}
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, most+1))
	if err != nil {
		return nil, &problem{reason: "file", args: []any{"file", safe(name)}, exit: exitError, err: err}
	}
	if int64(len(raw)) > most {
		return nil, &problem{reason: "file-too-long", args: []any{"file", safe(name), "mib", most >> 20}, exit: exitError}
	}
	return raw, nil
}

// noticeCase is the case in use when the notice is about its account, or a new
// one. Without credentials a case can be opened for the account that the notice
// names: the first thing an owner has may be the mail.
// Another account than that of the case in use must be named by the person.
func (a *app) noticeCase(ctx context.Context, n notice.Notice, said bool) (*incident.Case, error) {
	c, err := a.theCase()
	if err == nil && (!said || a.flags.caseID != "" || n.Account == c.Account) {
		return c, nil // what does not fit it is refused there
	}
	if err != nil && (a.flags.caseID != "" || !errors.Is(err, incident.ErrNoCase)) {
		return nil, err
	}
	info := incident.Info{Title: clip(n.Subject), Account: n.Account, Partition: "aws", By: a.sys.Who}
	acct, err := a.account(ctx, "", nil)
	switch {
	case err == nil && (n.Account == "" || n.Account == acct.Caller.Account):
		if c, err = a.open(acct, info); err != nil {
			return nil, err
		}
	case err != nil && awsapi.Classify(err) != awsapi.Unauthenticated && ctx.Err() != nil:
		return nil, err
	case n.Account == "":
		return nil, &problem{reason: "notice-no-account", exit: exitUsage, fix: "cordon notice FILE --account 111122223333", err: err}
	default:
		if c, err = a.create(info); err != nil {
			return nil, err
		}
	}
	a.note("screen.case.opened", "case", c.ID, "account", c.Account)
	return c, nil
}

func clip(s string) string {
	r := []rune(safe(s))
	return string(r[:min(len(r), 80)])
}

func runAnswered(a *app) error {
	c, err := a.theCase()
	if err != nil {
		return err
	}
	if err := c.Answer(a.sys.Now()); err != nil {
		return err
	}
	return a.record("notice_answered", map[string]any{"case": c.ID, "at": c.Notice.Answered}, func() {
		a.say("screen.notice.answered", "case", c.ID)
	})
}

func (a *app) showNotice(n engine.Noticed) {
	w := a.words
	a.say("screen.notice.kind." + n.Kind)
	fmt.Fprintln(a.sys.Out)
	var rows [][2]string
	add := func(key string, values ...string) {
		for _, v := range values {
			if v != "" {
				rows = append(rows, [2]string{w.T("screen.notice." + key), safe(v)})
			}
		}
	}
	add("account", n.Account)
	add("key", n.Keys...)
	add("user", n.Users...)
	add("location", n.Locations...)
	add("resource", n.Resources...)
	add("aws-case", n.AWSCase)
	if !n.Sent.IsZero() {
		add("sent", stamp(n.Sent))
	}
	if n.Deadline.IsZero() {
		add("deadline", w.T("screen.notice.none"))
	} else {
		add("deadline", stamp(n.Deadline))
		rows = append(rows, [2]string{"", w.T("screen.notice.by." + n.DeadlineFrom)})
	}
	a.rows("  ", rows)
	if len(n.Signs) > 0 {
		fmt.Fprintln(a.sys.Out)
		a.say("prose.notice.signs")
		for _, s := range n.Signs {
			a.print("  ", w.T("prose.notice.sign."+s.What, "value", safe(s.Value)))
		}
		a.say("prose.notice.unfollowed")
	}
	fmt.Fprintln(a.sys.Out)
	switch {
	case !n.Taken:
		a.say("prose.notice.doubtful", "case", n.Case)
	case !n.Fresh:
		a.say("screen.notice.had", "case", n.Case)
	default:
		a.say("screen.notice.kept", "case", n.Case)
	}
	rows = [][2]string{{"cordon triage", w.T("help.cmd.triage")}, {"cordon support draft", w.T("help.cmd.support.draft")}}
	a.rows("  ", rows)
}

// due tells AWS's deadline of the case once in a run, whatever the command is.
func (a *app) due(c *incident.Case) {
	at := c.Notice.Due()
	if at.IsZero() || a.dueTold || !a.human() {
		return
	}
	a.dueTold = true
	if left := at.Sub(a.sys.Now()); left > 0 {
		a.note("screen.case.due", "case", c.ID, "when", stamp(at), "left", a.words.Span(left))
	} else {
		a.note("screen.case.overdue", "case", c.ID, "when", stamp(at), "ago", a.words.Ago(-left))
	}
}
