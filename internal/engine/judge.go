package engine

import (
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/playbook"
	"cordon/internal/policy"
)

// judgeAdmins sets fact.Admin on every user, role and group by evaluating its
// policies. It needs all four IAM listings; where a policy's text was not to
// be had the fact stays unset: not known is not "no".
func judgeAdmins(s *fact.Snapshot) {
	bodies, groups := policyBodies(*s)
	for i := range s.Resources {
		r := &s.Resources[i]
		if r.Kind != "iam.user" && r.Kind != "iam.role" && r.Kind != "iam.group" {
			continue
		}
		power := policy.Judge(grants(*r, s.Account, bodies, groups))
		switch {
		case power.Level != policy.Limited:
			fact.Admin.Set(r, string(power.Level))
		case power.Known:
			fact.Admin.Set(r, "no")
		}
	}
}

// policyBodies are the texts of the account's managed policies by their ARNs,
// and its groups by their names.
func policyBodies(s fact.Snapshot) (bodies map[string]string, groups map[string]fact.Resource) {
	bodies, groups = map[string]string{}, map[string]fact.Resource{}
	for r := range s.Of("iam.policy") {
		for _, v := range fact.Versions.Or(r, nil) {
			if v.Default {
				bodies[r.ID] = v.Body
			}
		}
	}
	for r := range s.Of("iam.group") {
		groups[r.ID] = r
	}
	return bodies, groups
}

func grants(r fact.Resource, account string, bodies map[string]string, groups map[string]fact.Resource) policy.Grants {
	g := policy.Grants{Account: account, ARN: r.ARN}
	attach := func(docs []fact.Document, into *[]string) {
		for _, d := range docs {
			body, read := bodies[d.ARN]
			switch {
			case read:
				*into = append(*into, body)
			case strings.Contains(d.ARN, ":iam::aws:policy/"):
				g.Managed = append(g.Managed, d.ARN)
			default:
				g.Missing = true
			}
		}
	}
	inline, known := fact.Inline.Get(r)
	attached, also := fact.Attached.Get(r)
	names, member := fact.Groups.Get(r)
	g.Missing = !known || !also || r.Kind == "iam.user" && !member
	for _, d := range inline {
		g.Inline = append(g.Inline, d.Body)
	}
	attach(attached, &g.Attached)
	for _, name := range names {
		group, ok := groups[name]
		if !ok {
			g.Missing = true
			continue
		}
		for _, d := range fact.Inline.Or(group, nil) {
			g.GroupPolicies = append(g.GroupPolicies, d.Body)
		}
		attach(fact.Attached.Or(group, nil), &g.GroupPolicies)
	}
	if arn := fact.Boundary.Or(r, ""); arn != "" {
		if body, read := bodies[arn]; read {
			g.Boundary = body
		} else {
			g.BoundaryARN = arn
		}
	}
	return g
}

// admins lists the ARNs of the full administrators that a plan must not cut
// all of: those that somebody can act as, and that neither the trail nor the
// owner holds to be the intruder's.
func admins(s fact.Snapshot, marks map[fact.Ref]playbook.Mark) (arns []string) {
	live := map[string]bool{} // users with a way in
	for k := range s.Of("iam.access-key") {
		if _, suspect := fact.Suspect.Get(k); !suspect && fact.Active.Or(k, false) && marks[k.Ref] != playbook.NotMine {
			live[fact.Owner.Or(k, "")] = true
		}
	}
	for _, k := range []fact.Kind{"iam.user", "iam.role"} {
		for r := range s.Of(k) {
			_, suspect := fact.Suspect.Get(r)
			switch {
			case fact.Admin.Or(r, "") != string(policy.Full), suspect, madeByHim(r), marks[r.Ref] == playbook.NotMine:
			case k == "iam.user" && !live[r.ID] && !fact.Console.Or(r, false):
			case k == "iam.role" && !forPeople(r, s.Account):
			default:
				arns = append(arns, r.ARN)
			}
		}
	}
	slices.Sort(arns)
	return arns
}

// forPeople says whether somebody may assume a role: not only AWS's services.
func forPeople(r fact.Resource, account string) bool {
	doc, err := policy.Parse(fact.Trust.Or(r, ""))
	return err == nil && slices.ContainsFunc(policy.TrustOf(doc, account), func(t policy.Trust) bool {
		return t.Kind == "aws" || t.Kind == "federated"
	})
}

// madeByHim says that the intruder made it and that nothing the owner did can
// explain the record.
func madeByHim(r fact.Resource) bool {
	d, made := fact.Made.Get(r)
	return made && d.Sure
}
