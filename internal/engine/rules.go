package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"time"

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

// A match is a rule that matched the event of a row.
type match struct {
	row  trail.Row
	rule int32
}

func byRow(a, b match) int {
	return cmp.Or(cmp.Compare(a.row.Segment, b.row.Segment), cmp.Compare(a.row.Row, b.row.Row))
}

// ruled are the hits of Sigma rules: those that the import found with the same
// rules, and what they find in the records that it did not show to them.
func (q *Inquiry) ruled(ctx context.Context) ([]detect.Hit, error) {
	if q.Rules == nil {
		return nil, nil
	}
	var all []match
	hits, missing := q.store.Hits(q.Rules.digest)
	for row, rule := range hits {
		all = append(all, match{row, rule})
	}
	if missing > 0 {
		more, err := q.matches(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	slices.SortStableFunc(all, byRow)
	rows := make([]trail.Row, len(all))
	for i, m := range all {
		rows[i] = m.row
	}
	return q.told(ctx, q.store.Merge(rows), all)
}

// matches shows the rules what the import did not. What cannot be read again no
// rule looks at: that is told for each file.
func (q *Inquiry) matches(ctx context.Context) (all []match, err error) {
	m, codes := q.Rules.Matcher(), newCodes()
	var v event.View
	told := map[string]bool{}
	for r, err := range q.store.Unasked(ctx, q.Rules.digest, q.files(), q.From, q.To) {
		if ctx.Err() != nil {
			break
		}
		if err == nil {
			_, err = v.Scan(r.Raw)
		}
		if err != nil {
			if why := err.Error(); !told[why] {
				told[why] = true
				e, _ := q.store.Light(r.Row) // at worst it is nameless
				q.lost(e, err)
				q.gaps = append(q.gaps, report.RecordGap{Why: "unreadable", Detail: why})
			}
			continue
		}
		for _, rule := range m.Match(&v, codes.of(&v)) {
			all = append(all, match{r.Row, rule})
		}
	}
	return all, ctx.Err()
}

// of are the matches of one row; all are sorted by row.
func (q *Inquiry) of(row trail.Row, all []match) []match {
	from, _ := slices.BinarySearchFunc(all, match{row: row}, byRow)
	to := from
	for to < len(all) && all[to].row == row {
		to++
	}
	return all[from:to]
}

func (q *Inquiry) correlates(all []match) bool {
	return slices.ContainsFunc(all, func(m match) bool { return q.Rules.Correlates(m.rule) })
}

// told makes hits of matches, in the order of time, and runs the correlations
// over those that they ask for: only for these is the record read again.
func (q *Inquiry) told(ctx context.Context, rows []trail.Row, all []match) ([]detect.Hit, error) {
	var asked []trail.Row
	for _, row := range rows {
		if q.correlates(q.of(row, all)) {
			asked = append(asked, row)
		}
	}
	record, stop := iter.Pull2(q.store.Raws(ctx, asked, q.files()))
	defer stop()
	c := &correlating{q: q, correlator: q.Rules.Correlator(), matcher: q.Rules.Matcher(), codes: newCodes(), rows: map[string]trail.Row{}}
	for _, row := range rows {
		e, err := q.store.Light(row)
		if err != nil {
			return nil, err
		}
		matched := q.of(row, all)
		for _, m := range matched {
			if !q.Rules.Info(m.rule).Part {
				c.crowds.keep(m.rule, q.rule(m.rule, e))
			}
		}
		if !q.correlates(matched) {
			continue
		}
		r, err, _ := record()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			err = c.add(e, r, matched)
		}
		if err != nil {
			q.lost(e, err)
		}
		if c.failed != nil {
			return nil, c.failed
		}
	}
	c.met(c.correlator.Flush())
	if n := c.correlator.Lost(); n > 0 {
		q.gaps = append(q.gaps, report.RecordGap{Why: "correlations", Detail: fmt.Sprint(n)})
	}
	return c.crowds.hits, c.failed
}

// correlating is the correlations at work.
type correlating struct {
	q          *Inquiry
	correlator *sigma.Correlator
	matcher    *sigma.Matcher
	codes      *codes
	view       event.View
	rows       map[string]trail.Row // of the events they were given
	crowds     crowds
	failed     error // of the correlations, or the store
}

// add gives the correlations one record; an error is the record's.
func (c *correlating) add(e event.Event, r trail.Record, matched []match) error {
	if _, err := c.view.Scan(r.Raw); err != nil {
		return err
	}
	c.rows[e.ID] = r.Row
	c.matcher.Match(&c.view, c.codes.of(&c.view))
	var inputs []sigma.Input
	for _, m := range matched {
		in, wanted, err := c.matcher.Input(m.rule)
		if err != nil {
			return err
		}
		if wanted {
			inputs = append(inputs, in)
		}
	}
	for _, in := range inputs {
		all, err := c.correlator.Add(in)
		if err != nil {
			c.failed = err
			return nil
		}
		c.met(all)
	}
	return nil
}

// met makes hits of correlations that were met: whose the last of the events is,
// is whose they are.
func (c *correlating) met(all []sigma.Met) {
	for _, x := range all {
		last := event.Event{Time: x.At}
		for _, id := range slices.Backward(x.Events) {
			if row, known := c.rows[id]; known {
				if last, c.failed = c.q.store.Light(row); c.failed != nil {
					return
				}
				break
			}
		}
		h := c.q.rule(x.Rule, last)
		h.At, h.EventIDs = x.At, x.Events
		c.crowds.keep(x.Rule, h)
	}
}

// Crowds are hits. Of those that differ in nothing that a person would look at
// one by one a hundred within an hour are kept, as of the built-in detections; the
// last one stands for the others.
type crowds struct {
	hits []detect.Hit
	of   map[crowd]*crowdCount
}

type crowd struct {
	rule              int32
	principal, status string
	hour              int64
}

// A crowdCount is how many hits a crowd had, and which is the last one kept.
type crowdCount struct{ hits, last int }

func (c *crowds) keep(rule int32, h detect.Hit) {
	who := crowd{rule, h.Principal, h.Status, h.At.Truncate(time.Hour).Unix()}
	t := c.of[who]
	if t == nil {
		if c.of == nil {
			c.of = map[crowd]*crowdCount{}
		}
		t = &crowdCount{}
		c.of[who] = t
	}
	if t.hits++; t.hits > detect.KeptPerHour {
		for _, id := range h.EventIDs {
			c.hits[t.last].Cite(id)
		}
		return
	}
	t.last = len(c.hits)
	c.hits = append(c.hits, h)
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
