package engine

import (
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/incident"
	"cordon/internal/lineage"
	"cordon/internal/policy"
	"cordon/internal/report"
)

// markReads writes into the snapshot what of its secrets the intruder was shown.
func markReads(snap *fact.Snapshot, acts []lineage.Act) {
	for _, a := range acts {
		for _, read := range lineage.Reads(a.Event) {
			d := read.Deed.Deed
			d.Sure = a.Confidence != lineage.Low
			for i := range snap.Resources {
				if r := &snap.Resources[i]; shown(read, *r) {
					fact.ReadBy.Set(r, append(fact.ReadBy.Or(*r, nil), d))
				}
			}
		}
	}
}

// shown says whether a call showed this resource: it may be called by its id,
// its ARN, an ARN without the suffix that AWS adds to secrets, or its name.
func shown(read lineage.Read, r fact.Resource) bool {
	if r.Kind != read.Ref.Kind || r.Place != read.Ref.Place {
		return false
	}
	id := read.Ref.ID
	switch {
	case id == "", id == r.ID, id == r.ARN, id == fact.Name.Or(r, r.ID):
		return true
	case read.All:
		return strings.HasPrefix(r.ID, strings.TrimSuffix(id, "/")+"/")
	case strings.HasPrefix(id, "arn:"):
		rest, ok := strings.CutPrefix(r.ARN, id)
		return ok && len(rest) == 7 && rest[0] == '-'
	}
	return strings.HasSuffix(r.ARN, ":"+id) || strings.HasSuffix(r.ARN, "/"+id)
}

// Secrets lists every secret of the last triage that the intruder was shown, by
// the record, or could read, by the policies of the users and roles that he
// uses, and whether it was changed since. It needs no credentials. Objects in
// buckets are read in data events: what the event history has no record of is
// in nobody's list, and the words say so.
func Secrets(c *incident.Case, out report.Handler) error {
	t, err := LoadTriage(c)
	if err != nil {
		return err
	}
	if err := out.Handle(t.Header); err != nil {
		return err
	}
	sum := report.Secrets{Unseen: []fact.Kind{}}
	able := suspectsOf(t.Snapshot)
	for _, r := range t.Snapshot.Resources {
		call, holds := lineage.SecretKinds[r.Kind]
		if !holds {
			continue
		}
		m := report.Secret{Target: finding.Target{Ref: r.Ref, ARN: r.ARN}, By: []string{}, Events: []string{}}
		for _, d := range fact.ReadBy.Or(r, nil) {
			m.Events = append(m.Events, d.EventID)
			if !slices.Contains(m.By, d.Credential) {
				m.By = append(m.By, d.Credential)
			}
			if d.Sure {
				m.How = "read"
			} else if m.How == "" {
				m.How = "may-have-read"
			}
		}
		if m.How == "" {
			m.How, m.By = able.read(call, r)
		}
		switch m.How {
		case "read", "may-have-read":
			sum.Read++
		case "could-read":
			sum.CouldRead++
		case "not-known":
			sum.Unknown++
		default:
			continue
		}
		if at, known := fact.Modified.Get(r); known && !t.Snapshot.Since.IsZero() && at.After(t.Snapshot.Since) && !changedByHim(r) {
			m.Rotated = &at
			sum.Rotated++
		}
		if err := out.Handle(m); err != nil {
			return err
		}
	}
	for k := range lineage.SecretKinds {
		if slices.ContainsFunc(t.Snapshot.Readings, func(r fact.Reading) bool { return r.Kind == k && !r.OK() && r.State != fact.Closed }) {
			sum.Unseen = append(sum.Unseen, k)
		}
	}
	slices.Sort(sum.Unseen)
	return out.Handle(sum)
}

func changedByHim(r fact.Resource) bool { return len(fact.Changed.Or(r, nil)) > 0 }

// A suspect is a principal that the intruder uses, with its rights.
type suspect struct {
	name   string
	grants policy.Grants
}

type suspects []suspect

func suspectsOf(snap fact.Snapshot) (all suspects) {
	bodies, groups := policyBodies(snap)
	for _, k := range []fact.Kind{"iam.user", "iam.role"} {
		for r := range snap.Of(k) {
			d, marked := fact.Suspect.Get(r)
			sessions := slices.ContainsFunc(fact.Sessions.Or(r, nil), func(d fact.Deed) bool { return d.Sure })
			if marked && d.Sure || sessions || ownsSuspectKey(snap, r) {
				all = append(all, suspect{r.ID, grants(r, snap.Account, bodies, groups)})
			}
		}
	}
	return all
}

func ownsSuspectKey(snap fact.Snapshot, user fact.Resource) bool {
	if user.Kind != "iam.user" {
		return false
	}
	for k := range snap.Of("iam.access-key") {
		if d, known := fact.Suspect.Get(k); known && d.Sure && fact.Owner.Or(k, "") == user.ID {
			return true
		}
	}
	return false
}

// read says whether one of them could have made the call that shows a secret.
func (s suspects) read(call string, r fact.Resource) (how string, by []string) {
	by = []string{}
	for _, one := range s {
		can, known := policy.Can(one.grants, call, r.ARN)
		switch {
		case can:
			how, by = "could-read", append(by, one.name)
		case !known && how == "":
			how = "not-known"
		}
	}
	return how, by
}
