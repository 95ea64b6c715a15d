package cli

import (
	"fmt"
	"strings"

	"cordon/internal/secrets/leak"
	leaks "cordon/internal/secrets/scan"
)

// showScan is the screen of a scan: what stands where, and what to do about it.
func (a *app) showScan(res leaks.Result, o scanOptions, noted int) {
	w := a.words
	shown, allowed := 0, 0
	paired := map[string]bool{}
	for i := range res.Findings {
		if f := &res.Findings[i]; f.Allowed == "" && f.Class == leak.KeyID && f.Pair != "" {
			paired[f.Pair] = true
		}
	}
	for i := range res.Findings {
		f := &res.Findings[i]
		switch {
		case f.Allowed != "":
			allowed++
		case f.Rule == leak.RuleSecret && paired[f.Fingerprint]:
			// told with its id
		default:
			shown++
			a.showLeak(f, o)
		}
	}
	switch {
	case shown > 0:
		a.say("screen.scan.found", "n", shown)
	case len(res.Gaps) == 0:
		a.say("screen.scan.clean")
	default:
		a.say("screen.scan.nothing")
	}
	if allowed > 0 {
		a.say("screen.scan.allowed", "n", allowed)
	}
	a.showScanGaps(res.Gaps)
	a.print("", w.T("screen.scan.read", "objects", w.Number(res.Objects), "files", w.Number(res.Files)))
	if noted > 0 {
		a.say("screen.scan.noted", "n", noted)
	}
	if shown > 0 {
		fmt.Fprintln(a.sys.Out)
		a.say("prose.scan.first")
	}
}

// showLeak is one credential.
func (a *app) showLeak(f *leaks.Finding, o scanOptions) {
	w := a.words
	name := f.ID
	if f.Class == leak.Secret {
		name = "…" + f.Last4
	}
	head := fmt.Sprintf("%3d  %s  %s", f.Number, w.T("scan.rule."+f.Rule), safe(name))
	a.print("", head+"  ("+w.T("scan.sure."+string(f.Confidence))+")")
	line := func(key string, args ...any) { a.print("     ", w.T(key, args...)) }
	switch {
	case f.Pair == "":
	case f.Distance < 0:
		line("screen.scan.across")
	case f.Class == leak.KeyID:
		line("screen.scan.pair", "n", f.Distance)
	}
	if f.Canary != "" {
		line("prose.scan.canary")
	} else if f.Account != "" {
		line("screen.scan.account", "account", f.Account)
	}
	switch f.Verified {
	case leaks.Active:
		line("prose.scan.active", "arn", safe(f.Identity))
	case leaks.Refused:
		line("prose.scan.refused")
	case leaks.Unknown:
		line("prose.scan.unknown." + f.Why)
	}
	most := 3
	if o.all {
		most = len(f.Places)
	}
	for i, p := range f.Places {
		if i == most {
			line("screen.scan.more", "n", f.PlaceCount-most)
			break
		}
		a.showPlace(p)
	}
	if (f.Rule == leak.RuleKey || f.Rule == leak.RuleTemporary) && f.Canary == "" {
		fmt.Fprintln(a.sys.Out, "     cordon investigate key "+safe(f.ID))
		if f.Rule == leak.RuleKey {
			fmt.Fprintln(a.sys.Out, "     cordon rotate key "+safe(f.ID))
		}
	}
	fmt.Fprintln(a.sys.Out)
}

// showPlace is one place: what it is, where it came in, what keeps it.
func (a *app) showPlace(p leaks.Place) {
	w := a.words
	what := w.T("scan.where." + p.Where)
	if p.Path != "" {
		what += "  " + safe(p.Path)
		if p.Line > 0 && p.Where != leaks.InName && len(p.Through) == 0 {
			what += fmt.Sprintf(":%d", p.Line)
		}
	}
	if len(p.Through) > 0 {
		parts := make([]string, len(p.Through))
		for i, t := range p.Through {
			parts[i] = safe(t)
		}
		what += "  (" + strings.Join(parts, " › ") + ")"
	}
	a.print("     ", what)
	if p.Commit != "" {
		when := "-"
		if !p.Date.IsZero() {
			when = p.Date.Format("2006-01-02")
		}
		a.print("       ", w.T("prose.scan.commit", "commit", p.Commit[:min(12, len(p.Commit))], "when", when, "author", dash(p.Author)))
	} else if p.Object != "" && p.Reach != "" {
		a.print("       ", w.T("prose.scan.object", "object", p.Object[:min(12, len(p.Object))]))
	}
	if p.Reach == "" {
		return
	}
	keeps := w.T("scan.reach." + p.Reach)
	if p.InHead {
		keeps = w.T("scan.head.yes")
	} else if p.Reach == "ref" && len(p.Refs) > 0 {
		refs := make([]string, 0, 3)
		for _, r := range p.Refs[:min(3, len(p.Refs))] {
			refs = append(refs, safe(r))
		}
		keeps = w.T("scan.reach.refs", "n", p.RefCount, "list", strings.Join(refs, ", "))
	}
	a.print("       ", keeps)
}

// showScanGaps says what was not read, alike things together.
func (a *app) showScanGaps(gaps []leaks.Gap) {
	if len(gaps) == 0 {
		return
	}
	w := a.words
	a.say("screen.scan.gaps", "n", len(gaps))
	const most = 20
	for i, g := range gaps {
		if i == most {
			a.print("  ", w.T("screen.scan.more", "n", len(gaps)-most))
			break
		}
		where := strings.TrimSpace(g.Source + "  " + g.Where)
		if g.Offset > 0 {
			where += fmt.Sprintf(" @%d", g.Offset)
		}
		a.print("  ", safe(where)+"  "+w.T("scan.why."+g.Why))
	}
}
