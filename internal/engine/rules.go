package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"cordon/internal/detect"
	"cordon/internal/detect/sigma"
	"cordon/internal/event"
	"cordon/internal/finding"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// Rules are Sigma rules, compiled.
type Rules struct {
	*sigma.Set
	digest string
}

// A RuleProblem is a rule that is not run, and why.
type RuleProblem struct{ File, Why string }

// LoadRules compiles every rule of a folder. Rules for other products are left
// out in silence; what is meant for CloudTrail and cannot be run is a problem.
func LoadRules(fsys fs.FS) (*Rules, []RuleProblem, error) {
	fsys = regular{fsys}
	set, bad, err := sigma.Load(fsys)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the rules: %w", err)
	}
	var problems []RuleProblem
	for _, p := range bad {
		if !p.Other {
			problems = append(problems, RuleProblem{p.File, strings.TrimSpace(p.Rule + " " + p.Reason)})
		}
	}
	hash := sha256.New()
	err = fs.WalkDir(fsys, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yml") && !strings.HasSuffix(path, ".yaml") {
			return err
		}
		b, err := fs.ReadFile(fsys, path)
		var bad *fs.PathError
		if errors.As(err, &bad) {
			return nil // a problem of that rule, and told as one
		}
		fmt.Fprintf(hash, "%s %d\n%s\n", path, len(b), b)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the rules: %w", err)
	}
	return &Rules{set, hex.EncodeToString(hash.Sum(nil)[:16])}, problems, nil
}

// regular opens folders, and files that are no larger than a rule can be: a
// folder of rules may hold a pipe or a link to a device.
type regular struct{ fs.FS }

const largestRule = 1 << 20

func (r regular) Open(name string) (fs.File, error) {
	info, err := fs.Stat(r.FS, name)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir() && (!info.Mode().IsRegular() || info.Size() > largestRule):
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("it is no file of at most 1 MB")}
	}
	return r.FS.Open(name)
}

// matcher is a sigma.Matcher as the store calls it.
type matcher struct{ *sigma.Matcher }

func (m matcher) Match(v *event.View, c trail.Codes) []int32 {
	return m.Matcher.Match(v, sigma.Codes{API: c.API, Error: c.Error, Origin: c.Origin, Identity: c.Identity})
}

// ahead is how many files are fetched before a worker asks: S3 answers late.
const ahead = 32

func (a *Archive) options(progress func(done, total int, events uint64)) trail.Options {
	o := trail.Options{Progress: progress, Ahead: ahead}
	if a.Rules != nil {
		o.Rules = a.Rules.digest
		o.Match = func() trail.Matcher { return matcher{a.Rules.Matcher()} }
	}
	return o
}

// ruled are the hits of Sigma rules: those that the import found with the same
// rules, else of all records read again.
func (q *Inquiry) ruled(ctx context.Context) ([]detect.Hit, error) {
	if q.Rules == nil {
		return nil, nil
	}
	type found struct {
		row  trail.Row
		rule int32
	}
	var all []found
	hits, missing := q.store.Hits(q.Rules.digest)
	for row, rule := range hits {
		all = append(all, found{row, rule})
	}
	if missing > 0 {
		all = nil
		m, codes := q.Rules.Matcher(), newCodes()
		var v event.View
		for r, err := range q.store.Each(ctx, q.files(), q.From, q.To) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err == nil {
				_, err = v.Scan(r.Raw)
			}
			if err != nil { // what follows was not looked at by any rule
				q.lost(event.Event{}, err)
				q.gaps = append(q.gaps, report.RecordGap{Why: "unreadable", Detail: err.Error()})
				break
			}
			for _, rule := range m.Match(&v, codes.of(&v)) {
				all = append(all, found{r.Row, rule})
			}
		}
	}
	rows := make([]trail.Row, len(all))
	rules := map[trail.Row][]int32{}
	for i, f := range all {
		rows[i] = f.row
		rules[f.row] = append(rules[f.row], f.rule)
	}
	return q.told(ctx, q.store.Merge(rows), rules)
}

// told makes hits of matches, in the order of time, and runs the correlations
// over those that they ask for: only for these is the record read again.
func (q *Inquiry) told(ctx context.Context, rows []trail.Row, rules map[trail.Row][]int32) (out []detect.Hit, err error) {
	correlator, m, codes := q.Rules.Correlator(), q.Rules.Matcher(), newCodes()
	seen := map[string]event.Event{}
	met := func(all []sigma.Met) {
		for _, x := range all {
			last := event.Event{Time: x.At}
			for _, id := range x.Events { // whose the last of them is, is whose it is
				if e, known := seen[id]; known {
					last = e
				}
			}
			h := q.rule(x.Rule, last)
			h.At, h.EventIDs = x.At, x.Events
			out = append(out, h)
		}
	}
	for _, row := range rows {
		e, err := q.store.Light(row)
		if err != nil {
			return nil, err
		}
		seen[e.ID] = e
		correlates := false
		for _, r := range rules[row] {
			correlates = correlates || q.Rules.Correlates(r)
			if !q.Rules.Info(r).Part {
				out = append(out, q.rule(r, e))
			}
		}
		if !correlates {
			continue
		}
		inputs, err := q.inputs(ctx, row, rules[row], m, codes)
		if err != nil {
			q.lost(e, err)
			continue
		}
		for _, in := range inputs {
			all, err := correlator.Add(in)
			if err != nil {
				return nil, err
			}
			met(all)
		}
	}
	met(correlator.Flush())
	if n := correlator.Lost(); n > 0 {
		q.gaps = append(q.gaps, report.RecordGap{Why: "correlations", Detail: fmt.Sprint(n)})
	}
	return out, nil
}

// inputs reads one record again for the correlations.
func (q *Inquiry) inputs(ctx context.Context, row trail.Row, rules []int32, m *sigma.Matcher, codes *codes) (all []sigma.Input, err error) {
	raw, err := q.store.Raw(ctx, row, q.files())
	if err != nil {
		return nil, err
	}
	var v event.View
	if _, err := v.Scan(raw); err != nil {
		return nil, err
	}
	m.Match(&v, codes.of(&v))
	for _, r := range rules {
		in, wanted, err := m.Input(r)
		if err != nil {
			return nil, err
		}
		if wanted {
			all = append(all, in)
		}
	}
	return all, nil
}

func (q *Inquiry) rule(n int32, e event.Event) detect.Hit {
	r := q.Rules.Info(n)
	h := detect.Hit{
		Rule: cmp.Or(r.Title, r.ID, r.File), Author: r.Author, Status: detect.Done, Severity: severity(r.Level), Confidence: finding.Sure, Attack: r.Attack,
		At: e.Time, EventIDs: []string{e.ID}, Principal: principalOf(e), Credential: e.Credential, Address: e.Address, Agent: e.Agent, Region: e.Region, Account: e.Account,
	}
	if e.Failed() {
		h.Status = detect.Attempted
	}
	if slices.Contains([]string{"experimental", "test", ""}, r.Status) {
		h.Confidence = finding.Ask
	}
	return h
}

func severity(level string) finding.Severity {
	switch level {
	case "critical":
		return finding.Critical
	case "high":
		return finding.High
	case "medium":
		return finding.Medium
	case "low":
		return finding.Low
	}
	return finding.Info
}

// codes number values that a matcher remembers by.
type codes struct{ api, err, origin, who map[string]uint32 }

func newCodes() *codes {
	return &codes{map[string]uint32{}, map[string]uint32{}, map[string]uint32{}, map[string]uint32{}}
}

func (c *codes) of(v *event.View) sigma.Codes {
	return sigma.Codes{
		API: number(c.api, v.Source, v.Name), Error: number(c.err, v.ErrorCode, nilness(v.ErrorCode)),
		Origin: number(c.origin, v.Region, v.Address, v.Agent), Identity: number(c.who, v.Identity),
	}
}

// nilness tells an empty value from none.
func nilness(b []byte) []byte {
	if b == nil {
		return []byte("absent")
	}
	return nil
}

func number(m map[string]uint32, parts ...[]byte) uint32 {
	var key []byte
	for _, p := range parts {
		key = append(append(key, p...), 0)
	}
	n, known := m[string(key)]
	if !known {
		n = uint32(len(m))
		m[string(key)] = n
	}
	return n
}
