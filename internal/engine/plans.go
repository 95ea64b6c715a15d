package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/incident"
	"cordon/internal/plan"
	"cordon/internal/report"
	"cordon/internal/signet"
)

// planFile is what a plan is saved as.
type planFile struct {
	Digest string    `json:"digest"`
	Plan   plan.Plan `json:"plan"`
}

// LoadPlan finds a plan of the case by the beginning of its digest, by its
// spoken code, by "last", or reads it from a file. A file whose plan does not
// have the digest it claims is refused.
func LoadPlan(c *incident.Case, name string) (plan.Plan, error) {
	if b, err := os.ReadFile(name); err == nil {
		return readPlan(b, name)
	} else if !errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(name, "/.") {
		return plan.Plan{}, fmt.Errorf("cannot read the plan: %w", err)
	}
	if name == "last" {
		newest, err := newestPlan(c)
		if err == nil && newest.V == 0 {
			err = refuse("no-plan", incident.ErrNotThere)
		}
		return newest, err
	}
	digests, err := c.Plans()
	if err != nil {
		return plan.Plan{}, fmt.Errorf("cannot read the case's plans: %w", err)
	}
	if i := slices.IndexFunc(digests, func(d string) bool { return plan.Code(d) == strings.ToUpper(name) }); i >= 0 {
		name = digests[i]
	}
	b, _, err := c.LoadPlan(name)
	if err != nil {
		return plan.Plan{}, refuse("no-plan", fmt.Errorf("cannot read the plan %q: %w", name, err), "name", name)
	}
	return readPlan(b, name)
}

// newestPlan is the one that was made last, or none with V.
func newestPlan(c *incident.Case) (newest plan.Plan, err error) {
	digests, err := c.Plans()
	if err != nil {
		return plan.Plan{}, fmt.Errorf("cannot read the case's plans: %w", err)
	}
	for _, d := range digests {
		b, _, err := c.LoadPlan(d)
		if err != nil {
			return plan.Plan{}, fmt.Errorf("cannot read the plan %s: %w", d, err)
		}
		p, err := readPlan(b, d)
		if err != nil {
			return plan.Plan{}, err
		}
		if p.MadeAt.After(newest.MadeAt) || newest.V == 0 {
			newest = p
		}
	}
	return newest, nil
}

// clockError is by how much two runs may differ about what time it is at AWS,
// with some room: its answers tell the second.
const clockError = 2 * time.Second

// after is the time of a plan that is made now: younger than the case's others,
// whatever the clock of the run that made them was off by.
func after(c *incident.Case, now time.Time) time.Time {
	now = now.Truncate(time.Millisecond)
	// A plan that cannot be read is told when one is asked for.
	if newest, err := newestPlan(c); err == nil && !now.After(newest.MadeAt) && newest.MadeAt.Sub(now) < clockError {
		return newest.MadeAt.Add(time.Millisecond)
	}
	return now
}

func readPlan(b []byte, name string) (plan.Plan, error) {
	f, err := decode[planFile](b)
	if err != nil {
		return plan.Plan{}, fmt.Errorf("cannot read the plan %q: %w", name, err)
	}
	if got := f.Plan.Digest(); got != f.Digest {
		return plan.Plan{}, refuse("digest", fmt.Errorf("cannot use the plan %q: it was altered: its digest is %s, not %s", name, got, f.Digest))
	}
	return f.Plan, nil
}

// TellPlan tells a plan to a handler: its head, its actions, and what the
// guard took out.
func TellPlan(c *incident.Case, p plan.Plan, now time.Time, out report.Handler) error {
	digest := p.Digest()
	head := report.Plan{
		Digest: digest, Code: plan.Code(digest), Kind: p.Type, Case: p.Case, Account: p.Account,
		MadeAt: p.MadeAt, Expires: p.Expires, Counts: map[string]int{}, Refused: len(p.Refused), Evidence: len(p.Evidence), Unkept: append([]string{}, p.Unkept...), Open: p.Open,
		File: c.Path("plans", digest+".json"), Protects: slices.Clone(p.Ward.BreakGlass),
	}
	for _, k := range p.Ward.Chain {
		head.Protects = append(head.Protects, k.ARN)
	}
	if !now.Before(p.Expires) {
		head.Stale = "expired"
	}
	for _, a := range p.Actions {
		head.Counts[string(a.Class)]++
	}
	if err := out.Handle(head); err != nil {
		return err
	}
	for i, a := range p.Actions {
		if err := out.Handle(action(a, i+1, "")); err != nil {
			return err
		}
	}
	for _, r := range p.Refused {
		if err := out.Handle(action(r.Action, 0, r.Reason)); err != nil {
			return err
		}
	}
	return nil
}

func action(a plan.Action, n int, refused string) report.Action {
	m := report.Action{
		ID: a.ID, Number: n, Verb: a.Verb, Class: a.Class, Target: finding.Target{Ref: a.Target.Ref, ARN: a.Target.ARN},
		Because: append([]string{}, a.Because...), After: append([]string{}, a.After...), Closes: a.Closes, Cut: a.Cut,
		Undoes: a.Undoes != nil, Exposed: a.Exposed, Sink: a.Sink, Refused: refused, Owner: fact.Owner.Or(a.Target, ""),
	}
	if used, known := fact.LastUsed.Get(a.Target); known {
		m.LastUse = &used
	}
	return m
}

// Approve signs a plan's digest with the person's key and saves the approval.
func Approve(c *incident.Case, p plan.Plan, key *signet.Key, by string, now time.Time) (plan.Approval, error) {
	a := plan.Sign(p.Digest(), by, now, key.Encoded(), key.Sign)
	if _, err := plan.Approve(p, []plan.Approval{a}, trusted(c), 1, now); err != nil {
		return plan.Approval{}, approvalRefused(err)
	}
	b, err := json.Marshal(a)
	if err != nil {
		return plan.Approval{}, fmt.Errorf("cannot save the approval: %w", err)
	}
	if err := c.SaveApproval(a.Digest, b); err != nil {
		return plan.Approval{}, fmt.Errorf("cannot save the approval: %w", err)
	}
	return a, nil
}

func trusted(c *incident.Case) (keys []string) {
	for _, a := range c.Approvers {
		keys = append(keys, a.PublicKey)
	}
	return keys
}

// approved collects the case's approvals of a plan.
func approved(c *incident.Case, p plan.Plan, now time.Time) (plan.Approved, error) {
	saved, err := c.LoadApprovals(p.Digest())
	if err != nil && !errors.Is(err, incident.ErrNotThere) {
		return plan.Approved{}, fmt.Errorf("cannot read the approvals: %w", err)
	}
	if len(saved) == 0 {
		return plan.Approved{}, refuse("no-approval", plan.ErrTooFew)
	}
	var all []plan.Approval
	for _, b := range saved {
		a, err := decode[plan.Approval](b)
		if err != nil {
			return plan.Approved{}, refuse("unsigned", fmt.Errorf("cannot read an approval: %w", err))
		}
		all = append(all, a)
	}
	ok, err := plan.Approve(p, all, trusted(c), c.Approvals, now)
	return ok, approvalRefused(err)
}

func approvalRefused(err error) error {
	for reason, is := range map[string]error{
		"digest": plan.ErrDigest, "unsigned": plan.ErrUnsigned, "foreign-approval": plan.ErrForeign,
		"too-few": plan.ErrTooFew, "expired": plan.ErrExpired,
	} {
		if errors.Is(err, is) {
			return refuse(reason, err)
		}
	}
	return err
}
