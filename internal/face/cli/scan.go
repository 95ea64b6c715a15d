package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cordon/internal/awsapi"
	"cordon/internal/incident"
	"cordon/internal/report"
	"cordon/internal/secrets/leak"
	leaks "cordon/internal/secrets/scan"
	"cordon/internal/signet"
)

type scanOptions struct {
	staged, noHistory, noWorkTree, ignored, noArchives, identifiers bool
	verify, all, noCache, write                                     bool
	baseline, failOn                                                string
	exports                                                         []string
}

// theBaseline is the file that is taken without being named, from the folder that
// is scanned.
const theBaseline = ".cordon-baseline.json"

func newScan(a *app) *cobra.Command {
	var o scanOptions
	c := a.leaf("scan PATH|REPO…|-", "scan", cobra.ArbitraryArgs, func(cmd *cobra.Command, args []string) error {
		return runScan(cmd.Context(), a, args, o)
	})
	f := c.Flags()
	f.BoolVar(&o.staged, "staged", false, "")
	f.BoolVar(&o.noHistory, "no-history", false, "")
	f.BoolVar(&o.noWorkTree, "no-work-tree", false, "")
	f.BoolVar(&o.ignored, "ignored", false, "")
	f.BoolVar(&o.noArchives, "no-archives", false, "")
	f.BoolVar(&o.identifiers, "identifiers", false, "")
	f.BoolVar(&o.verify, "verify", false, "")
	f.StringVar(&o.baseline, "baseline", "", "")
	f.BoolVar(&o.write, "write-baseline", false, "")
	f.StringVar(&o.failOn, "fail-on", "medium", "")
	f.StringArrayVar(&o.exports, "export", nil, "")
	f.BoolVar(&o.all, "all", false, "")
	f.BoolVar(&o.noCache, "no-cache", false, "")
	c.SuggestionsMinimumDistance = 2
	c.AddCommand(newScanHook(a))
	return c
}

func runScan(ctx context.Context, a *app, args []string, o scanOptions) error {
	if len(args) == 0 {
		return usage("usage.arguments", "command", "cordon scan", "use", "cordon scan PATH|REPO…|-")
	}
	if err := o.check(); err != nil {
		return err
	}
	so, err := a.scanning(o, args)
	if err != nil {
		return err
	}
	for _, arg := range args {
		if _, err := os.Lstat(arg); err != nil && (strings.Contains(arg, "://") || strings.HasPrefix(arg, "git@")) {
			return usage("usage.scan-url", "url", safe(arg))
		}
	}
	s := leaks.New(so)
	for _, arg := range args {
		switch {
		case arg == "-":
			err = s.Stream(ctx, a.sys.In)
		case o.staged:
			err = s.Staged(ctx, arg)
		default:
			err = s.Target(ctx, arg)
		}
		if err != nil {
			return scanError(arg, err)
		}
	}
	res := s.Result()
	if o.verify {
		if err := res.Verify(ctx, a.askWhose); err != nil {
			return err
		}
	}
	if o.write {
		if err := a.writeBaseline(o, args, so.Baseline, &res); err != nil {
			return err
		}
	}
	if err := a.exportScan(res, o.exports); err != nil {
		return err
	}
	noted, err := a.noteLeaks(res)
	if err == nil {
		err = a.noteScan(res, args, o)
	}
	if err != nil {
		return err
	}
	if err := a.tellScan(res, o, noted); err != nil {
		return err
	}
	return scanEnd(res, o.failOn)
}

// check holds the flags to what they may be.
func (o scanOptions) check() error {
	if !slices.Contains([]string{"low", "medium", "high", "none"}, o.failOn) {
		return usage("usage.flag-invalid", "name", "fail-on", "value", safe(o.failOn))
	}
	for _, e := range o.exports {
		format, _, _ := strings.Cut(e, "=")
		if !slices.Contains(leaks.Formats(), format) {
			return usage("usage.flag-invalid", "name", "export", "value", safe(format))
		}
	}
	return nil
}

// scanning makes the options of a scan: the key of fingerprints, the folder of
// what is remembered, the baseline.
func (a *app) scanning(o scanOptions, args []string) (leaks.Options, error) {
	dir, err := signet.Dir(a.sys.Env)
	if err != nil {
		return leaks.Options{}, err
	}
	key, err := leaks.Key(dir)
	if err != nil {
		return leaks.Options{}, err
	}
	so := leaks.Options{
		Key: key, Identifiers: o.identifiers, NoHistory: o.noHistory, NoWorkTree: o.noWorkTree, Ignored: o.ignored, NoArchives: o.noArchives,
		Values: o.verify || o.write, Env: func(string) string { return "" },
	}
	if !o.noCache {
		so.Cache = a.scanCache()
	}
	file, named := o.baseline, o.baseline != ""
	if !named && len(args) == 1 && args[0] != "-" {
		file = filepath.Join(args[0], theBaseline)
	}
	if file == "" {
		return so, nil
	}
	read := leaks.FindBaseline
	if named {
		read = leaks.ReadBaseline
	}
	so.Baseline, err = read(file)
	if errors.Is(err, leaks.ErrOdd) {
		so.Gaps = append(so.Gaps, leaks.Gap{Source: args[0], Where: theBaseline, Why: "unreadable", Detail: err.Error()})
		return so, nil
	}
	so.Values = so.Values || err == nil
	if errors.Is(err, fs.ErrNotExist) || err != nil && !named && !isFile(file) {
		so.Baseline, err = nil, nil
		if named && !o.write {
			err = &problem{reason: "scan-read", args: []any{"file", safe(file)}, exit: exitError, err: fs.ErrNotExist}
		}
	}
	return so, err
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// scanCache is the folder for what need not be read again, "" where there is
// none.
func (a *app) scanCache() string {
	if dir := a.sys.Env("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "cordon", "scan")
	}
	if dir := a.sys.Env("LOCALAPPDATA"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "cordon", "scan")
	}
	if home := a.sys.Env("HOME"); home != "" {
		return filepath.Join(home, ".cache", "cordon", "scan")
	}
	return ""
}

func scanError(arg string, err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return &problem{reason: "scan-read", args: []any{"file", safe(arg)}, exit: exitError, err: err}
	}
	return err
}

// askWhose asks AWS about one key pair, where the person asked for it.
func (a *app) askWhose(ctx context.Context, id, secret, token string) (string, error) {
	o := awsapi.Options{Region: a.flags.region, EndpointURL: a.flags.endpoint, AppID: appID(""), Now: a.sys.Now}
	if a.sys.HTTP != nil {
		o.HTTP = a.sys.HTTP
	}
	p, err := awsapi.Whose(ctx, o, id, secret, token)
	switch {
	case errors.Is(err, awsapi.ErrRefused):
		return "", leaks.ErrRefused
	case errors.Is(err, awsapi.ErrOtherSecret):
		return "", leaks.ErrOtherSecret
	}
	return p.ARN, err
}

func (a *app) writeBaseline(o scanOptions, args []string, b *leaks.Baseline, res *leaks.Result) error {
	file := o.baseline
	if file == "" {
		if len(args) != 1 || args[0] == "-" {
			return usage("usage.scan-baseline")
		}
		file = filepath.Join(args[0], theBaseline)
	}
	if b == nil {
		var err error
		if b, err = leaks.NewBaseline(); err != nil {
			return err
		}
	}
	fresh := b.Add(res.Findings)
	if err := b.Write(file); err != nil {
		return err
	}
	for i := range res.Findings {
		if f := &res.Findings[i]; f.Allowed == "" {
			f.Allowed = "baseline"
		}
	}
	a.note("screen.scan.baseline", "n", fresh, "file", safe(file))
	return nil
}

func (a *app) exportScan(res leaks.Result, exports []string) error {
	for _, e := range exports {
		format, file, named := strings.Cut(e, "=")
		if !named {
			file = "cordon-scan." + format
		}
		out, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			return &problem{reason: "file", args: []any{"file", safe(file)}, exit: exitError, err: err}
		}
		err = res.Export(format, a.sys.Version, out)
		if err = errors.Join(err, out.Close()); err != nil {
			return err
		}
		a.note("screen.scan.exported", "file", safe(file))
	}
	return nil
}

// noteLeaks keeps the access keys that were found in the case in use, if there is
// one. Whether they are the account's is for a triage to say: the account that an
// id holds is no promise of AWS's.
func (a *app) noteLeaks(res leaks.Result) (fresh int, err error) {
	c, err := a.theCase()
	if errors.Is(err, incident.ErrNoCase) && a.flags.caseID == "" {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var all []incident.Leak
	for _, f := range res.Findings {
		if f.Rule != leak.RuleKey && f.Rule != leak.RuleTemporary || f.Canary != "" {
			continue
		}
		for _, p := range f.Places[:min(len(f.Places), 20)] {
			source := p.Source
			if abs, err := filepath.Abs(source); err == nil && source != "-" {
				source = abs
			}
			all = append(all, incident.Leak{
				Key: f.ID, Fingerprint: f.Fingerprint, Secret: f.Pair != "", Account: f.Account, Source: source, Where: p.Where, Path: p.Path, Line: p.Line,
				Commit: p.Commit, Author: p.Author, Date: p.Date, InHead: p.InHead, Reach: p.Reach, By: a.sys.Who, At: a.sys.Now().UTC(),
			})
		}
	}
	return c.AddLeaks(all)
}

// scanEnd is the exit code. Findings weigh more than gaps; a scan with gaps is
// never clean.
func scanEnd(res leaks.Result, failOn string) error {
	n := 0
	for i := range res.Findings {
		if failOn != "none" && res.Findings[i].Counts(leak.Confidence(failOn)) {
			n++
		}
	}
	switch {
	case n > 0:
		return &problem{reason: "findings", args: []any{"n", n}, exit: exitFindings}
	case len(res.Gaps) > 0:
		return &problem{reason: "scan-gaps", args: []any{"n", len(res.Gaps)}, exit: exitGap}
	}
	return nil
}

// tellScan tells the result to a person or to a program.
func (a *app) tellScan(res leaks.Result, o scanOptions, noted int) error {
	if a.human() {
		a.showScan(res, o, noted)
		return nil
	}
	out := a.out(report.Owner)
	for _, f := range res.Findings {
		if err := out.Handle(report.Item{Name: "scan_finding", Data: f}); err != nil {
			return err
		}
	}
	for _, g := range res.Gaps {
		if err := out.Handle(report.Item{Name: "scan_gap", Data: g}); err != nil {
			return err
		}
	}
	counted := 0
	for i := range res.Findings {
		if res.Findings[i].Counts(leak.Low) {
			counted++
		}
	}
	return out.Handle(report.Item{Name: "scan_summary", Data: map[string]any{
		"findings": len(res.Findings), "counted": counted, "gaps": len(res.Gaps), "sources": res.Sources, "objects": res.Objects, "cached": res.Cached,
		"files": res.Files, "bytes": res.Bytes, "noted_in_case": noted,
	}})
}
