package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"cordon/internal/durable"
	"cordon/internal/engine"
	"cordon/internal/incident"
	"cordon/internal/letter"
	"cordon/internal/plan"
	"cordon/internal/report"
	"cordon/internal/words"
)

type supportOptions struct {
	add, to, own, subject string
	dispute               bool
}

func newSupport(a *app) *cobra.Command {
	var d, q, o supportOptions
	draft := a.leaf("draft [--add TEXT] [--to FILE]", "support.draft", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runDraft(cmd.Context(), a, letter.Reply, d)
	})
	d.flags(draft)
	dispute := a.leaf("dispute [--add TEXT] [--to FILE]", "support.dispute", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runDraft(cmd.Context(), a, letter.Dispute, q)
	})
	q.flags(dispute)
	check := a.leaf("check FILE|-", "support.check", between(1, 1), func(_ *cobra.Command, args []string) error { return runLetterCheck(a, args[0]) })
	open := a.leaf("open [--dispute] [--add TEXT] [--letter FILE --subject TEXT]", "support.open", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runSupportOpen(cmd.Context(), a, o)
	})
	open.Flags().StringVar(&o.add, "add", "", "")
	open.Flags().BoolVar(&o.dispute, "dispute", false, "")
	open.Flags().StringVar(&o.own, "letter", "", "")
	open.Flags().StringVar(&o.subject, "subject", "", "")
	list := a.leaf("list", "support.list", between(0, 0), func(cmd *cobra.Command, _ []string) error {
		return runSupportList(cmd.Context(), a)
	})
	return a.group("support", "support", draft, dispute, check, open, list)
}

func (o *supportOptions) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.add, "add", "", "")
	c.Flags().StringVar(&o.to, "to", "", "")
}

// A draft is a letter that has passed the gate.
type draft struct {
	Which    string `json:"letter"`
	Language string `json:"language"`
	Subject  string `json:"subject"`
	Body     string `json:"body"`
}

// compose writes a letter from the case's facts and holds it to the gate.
func (a *app) compose(ctx context.Context, c *incident.Case, which, add string, w *words.Words) (draft, error) {
	d := draft{Which: which, Language: string(w.Lang())}
	f, err := engine.LetterFacts(ctx, c, a.sys.Now().UTC())
	if err != nil {
		return d, err
	}
	subject, body := letter.Compose(w, which, f, add)
	return a.gated(d, subject, body)
}

// gated holds a letter to the gate, and tells each line that it refuses.
func (a *app) gated(d draft, subject, body string) (draft, error) {
	var err, also error
	d.Subject, err = letter.Pass(subject)
	d.Body, also = letter.Pass(body)
	if err = errors.Join(err, also); err == nil {
		return d, nil
	}
	for _, one := range []error{err, also} {
		var no *letter.Refusal
		if errors.As(one, &no) && a.human() {
			for _, h := range no.Hits {
				a.note("screen.support.hit."+h.Kind, "line", h.Line)
			}
			break
		}
	}
	return draft{}, engine.LetterRefused(err)
}

func runDraft(ctx context.Context, a *app, which string, o supportOptions) error {
	c, err := a.theCase()
	if err != nil {
		return err
	}
	d, err := a.compose(ctx, c, which, o.add, a.words)
	if err != nil {
		return err
	}
	if o.to != "" {
		if err := durable.Write(o.to, []byte(d.Subject+"\n\n"+d.Body)); err != nil {
			return &problem{reason: "file", args: []any{"file", safe(o.to)}, exit: exitError, err: err}
		}
	}
	return a.record("letter", d, func() {
		if o.to != "" {
			a.say("screen.support.written", "file", safe(o.to))
		} else {
			a.showLetter(d)
		}
		fmt.Fprintln(a.sys.Out)
		a.say("prose.support.paste")
		a.print("  ", "https://console.aws.amazon.com/support/home#/case/create")
		a.rows("  ", [][2]string{{"cordon support open", a.words.T("help.cmd.support.open")}, {"cordon notice --answered", a.words.T("help.flag.answered")}})
	})
}

func (a *app) showLetter(d draft) {
	a.say("screen.support.subject", "subject", d.Subject)
	fmt.Fprintln(a.sys.Out)
	a.print("", d.Body)
}

func runLetterCheck(a *app, name string) error {
	raw, err := a.input(name, 1<<20)
	if err != nil {
		return err
	}
	hits := letter.Check(letter.Shorten(string(raw)))
	err = a.record("letter_checked", map[string]any{"hits": append([]letter.Hit{}, hits...)}, func() {
		for _, h := range hits {
			a.say("screen.support.hit."+h.Kind, "line", h.Line)
		}
		if len(hits) == 0 {
			a.say("screen.support.clean")
		}
	})
	if err == nil && len(hits) > 0 {
		return &problem{reason: "refused.letter", args: []any{"n", len(hits)}, exit: exitFindings}
	}
	return err
}

func runSupportOpen(ctx context.Context, a *app, o supportOptions) error {
	s, err := a.session(ctx, nil)
	if err != nil {
		return err
	}
	w := a.words
	if w.Lang() == words.FR { // not among the languages of AWS Support
		a.note("prose.support.language")
		w = words.For(words.EN)
	}
	which := letter.Reply
	if o.dispute {
		which = letter.Dispute
	}
	var d draft
	if o.own != "" {
		raw, err := a.input(o.own, 1<<20)
		if err != nil {
			return err
		}
		if o.subject == "" {
			return usage("usage.flag-value", "name", "subject")
		}
		d, err = a.gated(draft{Which: which, Language: string(w.Lang())}, o.subject, string(raw))
		if err != nil {
			return err
		}
	} else if d, err = a.compose(ctx, s.Case, which, o.add, w); err != nil {
		return err
	}
	d.Subject += " [" + s.Case.ID + "]"
	if err := a.record("letter", d, func() { a.showLetter(d) }); err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	p, err := s.PlanCase(ctx, d.Subject, d.Body, d.Language)
	if err != nil {
		var refused *engine.Refused
		if errors.As(err, &refused) && refused.Reason == "no-support" && a.human() {
			fmt.Fprintln(a.sys.Out)
			a.say("prose.support.noplan")
			a.say("prose.support.paste")
			a.print("  ", "https://console.aws.amazon.com/support/home#/case/create")
		}
		return err
	}
	if err := engine.TellPlan(s.Case, p, a.sys.Now(), s.Out); err != nil {
		return err
	}
	if err := a.carryOut(ctx, s, p, "", "cordon apply "+plan.Code(p.Digest())); err != nil {
		return err
	}
	return a.tellOpened(ctx, s, d.Subject)
}

// tellOpened reads the case that was opened and tells its number.
func (a *app) tellOpened(ctx context.Context, s *engine.Session, subject string) error {
	all, _, err := s.SupportCases(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Subject == subject {
			return a.record("support_opened", c, func() { a.say("prose.support.opened", "id", safe(c.Number)) })
		}
	}
	return nil
}

func runSupportList(ctx context.Context, a *app) error {
	s, err := a.session(ctx, nil)
	if err != nil {
		return err
	}
	s.Out = a.out(report.Owner)
	all, since, err := s.SupportCases(ctx)
	if err != nil {
		return err
	}
	if a.human() && len(all) == 0 {
		a.say("screen.support.none")
		return nil
	}
	for _, c := range all {
		err := a.record("support_case", c, func() {
			mark := ""
			switch {
			case c.Ours:
				mark = a.words.T("screen.support.ours")
			case c.New:
				mark = a.words.T("screen.support.new")
			}
			a.rows("", [][2]string{{safe(c.Number) + "  " + safe(c.Status), safe(c.Subject)}, {"  " + stamp(c.Created), safe(c.Submitter) + "  " + mark}})
		})
		if err != nil {
			return err
		}
	}
	if !a.human() {
		return nil
	}
	fmt.Fprintln(a.sys.Out)
	if since.IsZero() {
		a.say("screen.support.sinceless")
	}
	a.say("prose.support.list")
	return nil
}
