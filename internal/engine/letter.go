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
	f.Done = deeds.lines(nil)
	if !looked {
		f.Open = append(f.Open, letter.Open{Sort: "untriaged"})
	} else {
		f.Done = deeds.lines(&t.Snapshot)
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
	all        []deed // the oldest first
	unverified int
}

// A deed is one change that was read back.
type deed struct {
	ref        fact.Ref
	name, sort string
	at         time.Time
}

func deedsOf(past []journal.Record) (d deeds) {
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
		d.all = append(d.all, deed{target.Ref, nameOf(target), deedSort(target.Kind, c.first.Verb), c.after.At})
	}
	return d
}

// since says whether a change of one of these sorts was made to a resource after a
// time: what was read then is older than it.
func (d deeds) since(t time.Time, ref fact.Ref, sorts ...string) bool {
	return slices.ContainsFunc(d.all, func(x deed) bool { return x.ref == ref && x.at.After(t) && slices.Contains(sorts, x.sort) })
}

// belied says that a key was off, or gone, and that a newer look saw it on: a letter
// does not call that done.
func (x deed) belied(snap *fact.Snapshot) bool {
	if snap == nil || x.at.After(snap.At) || x.sort != "keys-off" && x.sort != "keys-gone" {
		return false
	}
	r, there := snap.Find(x.ref)
	return there && (x.sort == "keys-gone" || fact.Status.Or(r, "") != "Inactive")
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

// lines tell the changes by their sort, but for those that a newer look belies.
func (d deeds) lines(snap *fact.Snapshot) []letter.Deed {
	out := []letter.Deed{}
	for _, sort := range deedOrder {
		one := letter.Deed{Sort: sort}
		for _, x := range d.all {
			if x.sort != sort || x.belied(snap) {
				continue
			}
			if !slices.Contains(one.Names, x.name) {
				one.Names = append(one.Names, x.name)
			}
			one.Last = x.at
		}
		if len(one.Names) > 0 {
			out = append(out, one)
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
	since := func(r fact.Resource, sorts ...string) bool { return d.since(t.Snapshot.At, r.Ref, sorts...) }
	var keys, standing, users []string
	for _, r := range t.Snapshot.Resources {
		whose, _ := fact.Judgement.Get(r)
		switch {
		case r.Kind == "iam.access-key" && slices.Contains(named, r.ID):
			if fact.Status.Or(r, "") != "Inactive" && !since(r, "keys-off", "keys-gone") {
				keys = append(keys, r.ID)
			}
		case whose.Whose == judge.Intruder && !since(r, "removed", "identities", "keys-gone"):
			standing = append(standing, nameOf(r))
		case r.Kind == "iam.user":
			mfa, known := fact.MFA.Get(r)
			if known && !mfa && fact.Console.Or(r, false) && !since(r, "mfa") {
				users = append(users, r.ID)
			}
		case r.Kind == "iam.root":
			if mfa, known := fact.MFA.Get(r); known && !mfa {
				out = append(out, letter.Open{Sort: "root-mfa", N: 1})
			}
			if there, known := fact.RootKeys.Get(r); known && there {
				out = append(out, letter.Open{Sort: "root-keys", N: 1})
			}
		}
	}
	add("keys-unseen", unseenKeys(t.Snapshot, f, d))
	add("keys", keys)
	add("standing", standing)
	add("users-mfa", users)
	if t.Summary.Gaps > 0 {
		out = append(out, letter.Open{Sort: "gaps", N: t.Summary.Gaps})
	}
	return out
}

// unseenKeys are those that AWS named and that are neither among the keys of users nor
// among those that were deleted here: the root user's are in no listing.
func unseenKeys(snap fact.Snapshot, f letter.Facts, d deeds) (out []string) {
	if f.Notice == nil {
		return nil
	}
	for _, id := range f.Notice.Keys {
		listed := slices.ContainsFunc(snap.Resources, func(r fact.Resource) bool { return r.Kind == "iam.access-key" && r.ID == id })
		gone := slices.ContainsFunc(d.all, func(x deed) bool { return x.ref.Kind == "iam.access-key" && x.ref.ID == id && x.sort == "keys-gone" })
		if !listed && !gone && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
