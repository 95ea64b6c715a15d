package report

import (
	"fmt"
	"strings"

	"cordon/internal/clean"
	"cordon/internal/plan"
)

// step writes one line when an action comes to its end; the steps before only
// note their times.
func (t *Text) step(s Step) *page {
	w, p := t.Words, t.page()
	began, seen := t.started[s.ID]
	if !seen {
		began = s
	}
	since := func(ms int64) string { return t.elapsed(max(ms-began.ElapsedMS, 0)) }
	what := t.verbOf(s.Target.Kind, s.Verb, s.Undoes) + "  " + t.kind(s.Target.Kind) + "  " + safe(s.Target.ID) + "  " + t.region(s.Target.Region)
	if t.Words.Has("person." + s.Verb + ".title") {
		what = w.T("person." + s.Verb + ".title")
	}
	first := fmt.Sprintf(" %3d/%-3d ", s.Number, s.Of)
	var how, colour, more string
	switch s.Step {
	case "start", "doing", "undoing":
		if !seen {
			t.started[s.ID] = s
		}
		return nil
	case "done":
		began.Reason = since(s.ElapsedMS)
		t.started[s.ID] = began
		return nil
	case "again":
		how, colour = w.T("screen.step.again"), yellow
	case "verified", "undone":
		how, colour = w.T("screen.step."+s.Step, "time", since(s.ElapsedMS)), green
		if began.Reason != "" && s.Step == "verified" {
			how = w.T("screen.step.done", "time", began.Reason) + "  " + how
		}
		if s.Reason != "" {
			more = t.reason(s.Reason)
		}
	case "skipped":
		how, colour, more = w.T("screen.step.skipped"), yellow, t.reason(s.Reason)
	case "failed":
		how, colour, more = w.T("screen.step.failed"), red, t.failure(s)
	default:
		how = safe(s.Step)
	}
	pad := strings.Repeat(" ", clean.Width(first))
	if clean.Width(first+what+"   "+how) <= p.Width {
		p.line(first + what + "   " + p.paint(colour, how))
		if more != "" {
			p.wrap(pad, more)
		}
		return p
	}
	lines := clean.Wrap(what, max(p.Width-clean.Width(first), 16))
	p.line(first + lines[0])
	for _, l := range lines[1:] {
		p.line(pad + l)
	}
	p.line(pad + p.paint(colour, how))
	if more != "" {
		p.wrap(pad, more)
	}
	return p
}

// reason is why an action was skipped: the gate's word, or the guard's.
func (t *Text) reason(r string) string {
	return t.first(t.Words.T("screen.reason.other", "reason", safe(r)), "skip."+r, r)
}

// failure says in the reader's language what AWS's code means. AWS's own
// sentence is in the journal and in machine output.
func (t *Text) failure(s Step) string {
	if s.Permission != "" {
		return t.Words.T("prose.step.permission", "permission", safe(s.Permission))
	}
	text := ""
	if s.Reason != "" && t.Words.Has("skip."+s.Reason) {
		text = t.Words.T("skip." + s.Reason)
	}
	if s.Code == "" && text == "" {
		return t.Words.T("prose.code.other", "code", "-")
	}
	if s.Code != "" {
		text = strings.TrimSpace(text + "\n" + t.Words.T("prose.code."+Meaning(s.Code), "code", safe(s.Code)))
	}
	return text
}

// Meaning sorts AWS's error codes for the reader: "denied", "throttled",
// "gone", "in-use", "auth" or "other".
func Meaning(code string) string {
	switch {
	case strings.HasPrefix(code, "AccessDenied"), strings.HasPrefix(code, "Unauthorized"), code == "AuthorizationError":
		return "denied"
	case strings.Contains(code, "Throttl"), code == "RequestLimitExceeded", code == "SlowDown", strings.HasPrefix(code, "TooManyRequests"):
		return "throttled"
	case strings.HasPrefix(code, "NoSuch"), strings.Contains(code, "NotFound"):
		return "gone"
	case strings.Contains(code, "InUse"), code == "DependencyViolation", strings.HasPrefix(code, "DeleteConflict"):
		return "in-use"
	case strings.HasPrefix(code, "ExpiredToken"), code == "InvalidClientTokenId", code == "AuthFailure", code == "UnrecognizedClientException", code == "SignatureDoesNotMatch":
		return "auth"
	}
	return "other"
}

// applied is the last block of an apply or an undo.
func (t *Text) applied(a Applied) *page {
	p, w := t.page(), t.Words
	open := a.Failed + a.Untouched
	key, colour := "screen.applied."+a.Kind, green
	switch {
	case a.Interrupted:
		key, colour = "screen.applied.interrupted", yellow
	case open > 0:
		key, colour = "screen.applied.part", yellow
	case a.Verified+a.Undone == 0:
		key, colour = "screen.applied.nothing", yellow
	case !w.Has(key): // a plan of a newer cordon
		key = "screen.applied.contain"
	}
	p.blank()
	for _, l := range clean.Wrap(w.T(key, "time", stamp(t.Now())), p.Width-1) {
		p.line(" " + p.paint(colour, l))
	}
	var parts []string
	for _, c := range []struct {
		key string
		n   int
	}{{"verified", a.Verified}, {"undone", a.Undone}, {"skipped", a.Skipped}, {"failed", a.Failed}, {"untouched", a.Untouched}, {"reapplied", a.Reapplied}, {"waiting", a.Waiting}} {
		if c.n > 0 {
			parts = append(parts, w.T("screen.applied.count."+c.key, "n", c.n))
		}
	}
	if len(parts) > 0 {
		p.wrap("   ", w.Join(parts...))
	}
	p.wrap("   ", w.T("screen.applied.time", "time", t.elapsed(a.ElapsedMS)))
	if a.Chain > 0 {
		p.wrap("   ", w.T("screen.applied.chain", "n", a.Chain))
	}
	if len(a.Calls) > 0 {
		p.wrap("   ", t.calls(a.Calls, 0, a.ElapsedMS))
	}
	if a.Journal != "" {
		p.wrap("   ", w.T("screen.applied.journal", "file", safe(a.Journal), "n", a.JournalSeq))
		p.wrap("   ", w.T("screen.applied.head", "head", safe(a.JournalHead)))
	}
	p.blank()
	code := plan.Code(a.Digest)
	var rows [][2]string
	if open > 0 || a.Interrupted {
		rows = append(rows, [2]string{"cordon apply " + code, w.T("screen.do.resume")})
	}
	if a.People > 0 {
		rows = append(rows, [2]string{"cordon plan show " + code, w.T("screen.do.people", "n", a.People)})
	}
	if a.Kind != plan.Undo && a.Verified > 0 {
		rows = append(rows, [2]string{"cordon triage", w.T("screen.do.again")}, [2]string{"cordon undo --last", t.first("", "screen.do.undo."+a.Kind, "screen.do.undo")})
	}
	for _, h := range a.Held {
		rows = append(rows, [2]string{"cordon undo " + safe(h.Action[:min(8, len(h.Action))]), w.T("screen.do.release", "what", safe(h.Target.ID))})
	}
	t.commands(p, rows)
	return p
}
