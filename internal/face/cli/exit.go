package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cordon/internal/awsapi"
	"cordon/internal/clean"
	"cordon/internal/engine"
	"cordon/internal/finding"
	"cordon/internal/incident"
	"cordon/internal/lab"
	"cordon/internal/plan"
	"cordon/internal/report"
	"cordon/internal/signet"
	"cordon/internal/words"
)

// The exit codes. "cordon help exit-codes" explains them.
const (
	exitDone = iota
	exitError
	exitUsage
	exitFindings
	exitLogin
	exitApproval
	exitPart
	exitStale
	exitGap
	exitInterrupted = 130
)

// A problem is an error with words of its own: the catalogue's key is
// "error.<reason>", or the reason itself for what the engine refuses.
type problem struct {
	reason string
	args   []any
	exit   int
	fix    string // the command that answers it
	err    error
}

func (p *problem) Error() string { return words.For(words.EN).T(p.key(), p.args...) }
func (p *problem) Unwrap() error { return p.err }

func usage(reason string, args ...any) error {
	return &problem{reason: reason, args: args, exit: exitUsage}
}

var (
	errCancelled   = &problem{reason: "cancelled", exit: exitUsage}
	errInterrupted = &problem{reason: "interrupted", exit: exitInterrupted}
	errPart        = &problem{reason: "part", exit: exitPart}
	errAllSkipped  = &problem{reason: "all-skipped", exit: exitStale}
	errGaps        = &problem{reason: "gaps", exit: exitGap}
)

// quiet are outcomes that the screen has told already.
func quiet(p *problem) bool {
	return p.reason == "part" || p.reason == "findings" || p.reason == "policy-missing" || p.reason == "watch-active" || p.reason == "watch-unseen" || p.reason == "account-differs"
}

// reasons says how a refusal of the engine ends.
var reasons = map[string]int{
	"no-approval": exitApproval, "foreign-approval": exitApproval, "unsigned": exitApproval, "too-few": exitApproval,
	"digest": exitApproval, "expired": exitStale, "account": exitStale, "partition": exitStale, "endpoint": exitStale,
	"caller": exitStale, "org": exitStale, "org-profile": exitUsage, "org-partition": exitUsage, "org-stranger": exitUsage, "mixed-endpoints": exitStale, "nothing-to-do": exitDone,
	"ask-value": exitUsage, "ask-since": exitUsage, "no-such-question": exitUsage, "athena-table": exitUsage,
	"ask-no-value": exitUsage, "ask-since-from": exitUsage, "athena-cost": exitApproval, "athena-place": exitUsage,
	"copy-plain": exitUsage, "copy-place": exitUsage, "evidence-which": exitUsage, "evidence-keys": exitUsage, "file-there": exitUsage, "no-such-whose": exitUsage,
	"rotate-no-sink": exitUsage, "rotate-sink": exitUsage, "rotate-sink-shared": exitUsage, "recover-file": exitUsage, "no-such-rotation": exitUsage, "nothing-due": exitDone,
	"no-such-item": exitUsage, "harden-wants": exitUsage, "harden-region": exitUsage, "harden-topic": exitUsage,
	"bill-declined": exitApproval, "bill-file": exitUsage, "contact-sort": exitUsage, "contact-part": exitUsage, "no-account-copy": exitUsage,
	"no-such-action": exitUsage, "no-plan": exitUsage, "no-such-finding": exitUsage,
}

// classify is the one place where an error becomes an exit code and words.
func classify(err error) *problem {
	var (
		own      *problem
		refused  *engine.Refused
		misfit   *incident.Misfit
		held     *incident.Locked
		severity *finding.UnknownSeverity
		lang     *words.UnknownLang
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, context.Canceled):
		return errInterrupted
	case errors.As(err, &misfit):
		return &problem{reason: "case-misfit." + misfit.What, args: []any{"case", dash(misfit.Case), "live", dash(misfit.Live)}, exit: exitError, fix: "cordon case open", err: err}
	case errors.As(err, &held):
		return &problem{reason: "lock-held", args: []any{"command", safe(held.Command), "pid", fmt.Sprint(held.PID)}, exit: exitError, err: err}
	case errors.As(err, &refused):
		return &problem{reason: "refused." + refused.Reason, args: refused.Args, exit: exitFor(refused.Reason), err: err}
	case errors.As(err, &severity):
		return &problem{reason: "severity", args: []any{"word", safe(severity.Word)}, exit: exitUsage, err: err}
	case errors.As(err, &lang):
		return &problem{reason: "lang", args: []any{"value", safe(lang.Value), "from", lang.From}, exit: exitUsage, err: err}
	case errors.Is(err, incident.ErrNoCase):
		return &problem{reason: "no-case", exit: exitError, fix: "cordon case list", err: err}
	case errors.Is(err, incident.ErrAmbiguous):
		return &problem{reason: "ambiguous", exit: exitUsage, fix: "cordon case list", err: err}
	case errors.Is(err, incident.ErrNotThere):
		return &problem{reason: "not-there", exit: exitError, err: err}
	case errors.Is(err, signet.ErrExposed):
		return &problem{reason: "key-exposed", exit: exitApproval, err: err}
	case errors.Is(err, lab.ErrNoLab):
		return &problem{reason: "no-lab", exit: exitError, fix: "cordon lab start", err: err}
	case errors.Is(err, lab.ErrNoPython):
		return &problem{reason: "no-python", exit: exitError, err: err}
	case errors.Is(err, plan.ErrExpired):
		return &problem{reason: "refused.expired", exit: exitStale, err: err}
	}
	switch class := awsapi.Classify(err); class {
	case awsapi.Unauthenticated:
		return &problem{reason: "login", args: []any{"code", dash(awsapi.Code(err))}, exit: exitLogin, fix: "cordon doctor", err: err}
	case awsapi.Denied:
		return &problem{reason: "denied", args: []any{"permission", dash(awsapi.Permission(err))}, exit: exitError, fix: "cordon policy triage", err: err}
	case awsapi.Throttled:
		return &problem{reason: "throttled", args: []any{"code", dash(awsapi.Code(err))}, exit: exitError, err: err}
	}
	if code := awsapi.Code(err); code != "" {
		return &problem{reason: "aws", args: []any{"code", safe(code), "meaning", code}, exit: exitError, err: err}
	}
	return &problem{reason: "other", exit: exitError, err: err}
}

func exitFor(reason string) int {
	if code, known := reasons[reason]; known {
		return code
	}
	return exitError
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return safe(s)
}

func safe(s string) string { return clean.TextCap(s, 200) }

// finish ends the output and answers the exit code. A program gets an error
// record and still a valid document.
func (a *app) finish(err error) int {
	if err == nil {
		if a.handler != nil {
			if end := a.handler.End(); end != nil {
				return a.finish(&problem{reason: "output", exit: exitError, err: end})
			}
		}
		return exitDone
	}
	p := classify(err)
	if p.exit == exitDone && a.human() {
		if a.handler != nil {
			_ = a.handler.End() // the screen of a plan with nothing in it
		}
		a.say(p.key(), p.args...)
		return exitDone
	}
	if !a.human() {
		h := a.out(report.Owner)
		// When standard output is gone there is nobody left to tell.
		_ = h.Handle(report.Error{Message: message(p), Reason: p.reason, Code: awsapi.Code(p.err), Exit: p.exit, Fix: p.fix})
		_ = h.End()
		return p.exit
	}
	if a.handler != nil {
		_ = a.handler.End()
	}
	if !quiet(p) {
		a.complain(p)
	}
	return p.exit
}

// message is English: machine output is the same in every language.
func message(p *problem) string {
	text := p.Error()
	if p.err != nil {
		text += " (" + awsapi.Why(p.err) + ")"
	}
	return text
}

// key is where the words of a problem are. TestWords holds every reason to it;
// one that a newer engine adds is told in general words.
func (p *problem) key() string {
	w := words.For(words.EN)
	for _, key := range []string{"error." + p.reason, p.reason} {
		if w.Has(key) {
			return key
		}
	}
	return "error.other"
}

// complain tells a person what failed and what to do. The technical text
// behind it is English and AWS's own: it is shown to readers of English and
// to whoever asks with --debug.
func (a *app) complain(p *problem) {
	fmt.Fprint(a.sys.Err, a.wrapped("", "cordon: "+a.words.T(p.key(), p.args...)))
	if p.err != nil && (a.flags.debug || a.words.Lang() == words.EN && (p.key() == "error.other" || p.reason == "aws" || p.reason == "lab")) {
		fmt.Fprint(a.sys.Err, a.wrapped("  ", strings.TrimSpace(awsapi.Why(p.err))))
	}
	if p.fix != "" {
		fmt.Fprintln(a.sys.Err, "  "+p.fix) // to be copied: never broken into lines
	}
}
