package engine

import (
	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/permit"
	"cordon/internal/plan"
	"cordon/internal/report"
)

// What the engine itself calls beside the kinds stands where policies are made
// of it.
var (
	historyNeeds = permit.History
	groupNeeds   = permit.Groups
)

// Policies are the names that Policy knows.
func Policies() []string { return permit.Names }

// PolicyFormats are the forms in which policies are written.
func PolicyFormats() []string { return permit.Formats }

// Policy makes the least IAM policies for a part of the work from the very lists
// that the guard enforces.
func Policy(name string) (permit.Set, error) {
	grants, err := permit.For(name)
	if err != nil {
		return permit.Set{}, refuse("no-such-policy", err, "name", name)
	}
	return permit.NewSet("cordon-"+name, grants), nil
}

// PlanPolicy makes the policies with which exactly this plan can be applied. The
// case's last triage tells the ARNs of those whose credentials it cuts.
func PlanPolicy(c *incident.Case, p plan.Plan) permit.Set {
	find := func(fact.Kind, string) string { return "" }
	if t, there, err := triaged(c); err == nil && there {
		find = func(name fact.Kind, id string) string {
			place := fact.Place{Account: p.Account, Region: fact.Global}
			r, listed := t.Snapshot.Find(fact.Ref{Kind: name, Place: place, ID: id})
			if !listed {
				return ""
			}
			return r.ARN
		}
	}
	grants, inexact := permit.Plan(p, find)
	set := permit.NewSet("cordon-plan-"+plan.Code(p.Digest()), grants)
	set.Inexact = inexact
	return set
}

// TellPolicy tells a program the policies, whole and split.
func TellPolicy(name string, set permit.Set, out report.Handler) error {
	return out.Handle(report.Policy{Name: name, Document: permit.Whole(set.Grants), Policies: set.Policies, Inexact: set.Inexact})
}
