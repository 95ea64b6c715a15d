package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/journal"
	"cordon/internal/judge"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/letter"
)

// LetterFacts gathers what a letter to AWS may say, from the case alone: the last
// triage, the journal and AWS's notices. It needs no credentials.
func LetterFacts(ctx context.Context, c *incident.Case, now time.Time) (letter.Facts, error) {
	f := letter.Facts{Case: c.ID, Account: c.Account, At: now, Keys: []string{}, Users: []string{}, Made: []letter.Count{}, Done: []letter.Deed{}, Open: []letter.Open{}}
	var err error
	if f.Notice, err = noticed(c); err != nil {
		return f, err
	}
	past, err := journalled(ctx, c, now)
	if err != nil {
		return f, err
	}
	t, looked, err := triaged(c)
	if err != nil {
		return f, err
	}
	deeds := deedsOf(past)
	f.Done = deeds.lines()
	if !looked {
		f.Open = append(f.Open, letter.Open{Sort: "untriaged"})
	} else {
		lettered(&f, t)
		f.Open = append(f.Open, stillOpen(t, f, deeds)...)
	}
	if f.Bill, err = billed(c); err != nil {
		return f, err
	}
	if deeds.unverified > 0 {
		f.Open = append(f.Open, letter.Open{Sort: "unverified", N: deeds.unverified})
	}
	return f, nil
}

// noticed is the last notice that is not in doubt, with the deadline of the
// case. Without one, what the owner said of it when he opened the case.
func noticed(c *incident.Case) (*letter.Notice, error) {
	all, err := c.Notices()
	if err != nil {
		return nil, fmt.Errorf("cannot read the case's notices: %w", err)
	}
	for _, r := range slices.Backward(all) {
		if !r.Doubtful {
			return &letter.Notice{Kind: r.Kind, Sent: r.Sent, Keys: r.Keys, Users: r.Users, Where: r.Locations, AWSCase: r.AWSCase, Deadline: r.Deadline}, nil
		}
	}
	if n := c.Notice; n != nil {
		return &letter.Notice{Keys: n.AllKeys(), Users: n.AllUsers(), Deadline: n.Deadline}, nil
	}
	return nil, nil
}

func journalled(ctx context.Context, c *incident.Case, now time.Time) ([]journal.Record, error) {
	_, past, err := journal.Open(ctx, journalStore(c.Journal()), func() time.Time { return now })
	return past, err
}

// deeds are the changes that the journal shows as made and not taken back.
type deeds struct {
	bySort     map[string]*letter.Deed
	on         map[fact.Ref]string // what was done to it: the last sort
	unverified int
}

func deedsOf(past []journal.Record) deeds {
	d := deeds{bySort: map[string]*letter.Deed{}, on: map[fact.Ref]string{}}
	all := standing(past, UndoOptions{All: true}) // newest first
	for _, c := range slices.Backward(all) {
		target, err := decode[fact.Resource](c.first.Target)
		if err != nil || c.first.Verb == openCase {
			continue
		}
		if c.after.Step != journal.Verified {
			d.unverified++
			continue
		}
		sort := deedSort(target.Kind, c.first.Verb)
		one := d.bySort[sort]
		if one == nil {
			one = &letter.Deed{Sort: sort}
			d.bySort[sort] = one
		}
		if name := nameOf(target); !slices.Contains(one.Names, name) {
			one.Names = append(one.Names, name)
		}
		one.Last, d.on[target.Ref] = c.after.At, sort
	}
	return d
}

// nameOf is how a letter names a resource: by its id, and by its user's name
// where the id says nothing.
func nameOf(r fact.Resource) string {
	if owner := fact.Owner.Or(r, ""); owner != "" && r.Kind != "iam.access-key" {
		return owner
	}
	if i := strings.LastIndexByte(r.ID, '/'); i >= 0 && strings.HasPrefix(r.ID, "arn:") {
		return r.ID[i+1:]
	}
	return r.ID
}

// deedOrder is the order in which a letter tells what was done: what AWS asks
// about first stands first.
var deedOrder = []string{
	"keys-off", "keys-gone", "keys-new", "denied", "revoked", "passwords", "mfa", "identities", "stopped", "removed", "closed", "restored", "kept", "other",
}

func (d deeds) lines() []letter.Deed {
	out := []letter.Deed{}
	for _, sort := range deedOrder {
		if one := d.bySort[sort]; one != nil {
			out = append(out, *one)
		}
	}
	return out
}

// deedSort is which sentence of a letter tells of a change.
func deedSort(k fact.Kind, verb string) string {
	switch {
	case k == "iam.access-key" && verb == "deactivate":
		return "keys-off"
	case k == "iam.access-key" && strings.HasPrefix(verb, "delete"):
		return "keys-gone"
	case k == "iam.access-key" && verb == "add-key":
		return "keys-new"
	case k == "iam.login-profile":
		return "passwords"
	case verb == "enrol-mfa":
		return "mfa"
	case strings.HasPrefix(verb, "deny-"):
		return "denied"
	case verb == "revoke-sessions":
		return "revoked"
	}
	for _, one := range kinds.All() {
		if one.Name() != k {
			continue
		}
		if v, ok := one.Verb(verb); ok {
			return purposeSort(v, strings.HasPrefix(string(k), "iam."))
		}
	}
	return "other"
}

func purposeSort(v kind.Bound, identity bool) string {
	switch v.For {
	case kind.Disable:
		return "stopped"
	case kind.Close:
		return "closed"
	case kind.Copy:
		return "kept"
	case kind.Restore:
		return "restored"
	case kind.Remove:
		if identity {
			return "identities"
		}
		return "removed"
	}
	return "other"
}

// lettered puts what the last triage saw into the facts.
func lettered(f *letter.Facts, t Triage) {
	f.Looked, f.Regions = t.Snapshot.At, len(t.Header.Regions)
	if t.Summary.FirstSeen != nil && t.Summary.LastSeen != nil {
		f.FirstSeen, f.LastSeen = *t.Summary.FirstSeen, *t.Summary.LastSeen
	}
	made := map[fact.Kind]*letter.Count{}
	for _, r := range t.Snapshot.Resources {
		if _, his := fact.Suspect.Get(r); his && r.Kind == "iam.access-key" {
			f.Keys, f.Users = append(f.Keys, r.ID), append(f.Users, fact.Owner.Or(r, ""))
		}
		if deed, his := fact.Made.Get(r); !his || !deed.Sure {
			continue
		}
		one := made[r.Kind]
		if one == nil {
			one = &letter.Count{Kind: string(r.Kind)}
			made[r.Kind] = one
		}
		one.N++
		if !slices.Contains(one.Regions, r.Region) {
			one.Regions = append(one.Regions, r.Region)
		}
	}
	for _, one := range made {
		slices.Sort(one.Regions)
		f.Made = append(f.Made, *one)
	}
	slices.SortFunc(f.Made, func(a, b letter.Count) int { return cmp.Or(b.N-a.N, strings.Compare(a.Kind, b.Kind)) })
	slices.Sort(f.Keys)
	slices.Sort(f.Users)
	f.Users = slices.Compact(f.Users)
	sum := spending(t.Snapshot)
	f.PerHour, f.Unpriced, f.PricesOf = sum.PerHour, sum.Unknown, sum.AsOf.Format("2006-01-02")
}

// stillOpen lists what is not done or not known, by the last triage and what was
// done since.
func stillOpen(t Triage, f letter.Facts, d deeds) (out []letter.Open) {
	add := func(sort string, names []string) {
		if len(names) > 0 {
			out = append(out, letter.Open{Sort: sort, N: len(names), Names: names})
		}
	}
	named := append([]string{}, f.Keys...)
	if f.Notice != nil {
		named = append(named, f.Notice.Keys...)
	}
	var keys, standing, users []string
	for _, r := range t.Snapshot.Resources {
		done := d.on[r.Ref]
		whose, _ := fact.Judgement.Get(r)
		switch {
		case r.Kind == "iam.access-key" && slices.Contains(named, r.ID):
			if fact.Status.Or(r, "") != "Inactive" && done != "keys-off" && done != "keys-gone" {
				keys = append(keys, r.ID)
			}
		case whose.Whose == judge.Intruder && done != "removed" && done != "identities" && done != "keys-gone":
			standing = append(standing, nameOf(r))
		case r.Kind == "iam.user":
			mfa, known := fact.MFA.Get(r)
			if known && !mfa && fact.Console.Or(r, false) && done != "mfa" {
				users = append(users, r.ID)
			}
		case r.Kind == "iam.root":
			if mfa, known := fact.MFA.Get(r); known && !mfa {
				out = append(out, letter.Open{Sort: "root-mfa", N: 1})
			}
		}
	}
	add("keys", keys)
	add("standing", standing)
	add("users-mfa", users)
	if t.Summary.Gaps > 0 {
		out = append(out, letter.Open{Sort: "gaps", N: t.Summary.Gaps})
	}
	return out
}
