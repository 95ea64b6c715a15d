package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/report"
)

// somePlaces is how many places of a leaked key are told; all are counted.
const somePlaces = 20

// leaked are the keys of the account that scans found in repositories, each with
// its places. Without a snapshot their status is not known.
func leaked(c *incident.Case, snap *fact.Snapshot, only string) ([]report.LeakedKey, error) {
	all, err := c.Leaks()
	if err != nil {
		return nil, fmt.Errorf("cannot read what scans found: %w", err)
	}
	by := map[string]*report.LeakedKey{}
	for _, l := range all {
		if only != "" && l.Key != only {
			continue
		}
		k := by[l.Key]
		if k == nil {
			k = &report.LeakedKey{Key: l.Key, Places: []report.LeakPlace{}}
			by[l.Key] = k
		}
		k.Count++
		k.Secret = k.Secret || l.Secret
		k.Places = append(k.Places, report.LeakPlace{Source: l.Source, Where: l.Where, Path: l.Path, Line: l.Line, Commit: l.Commit, Author: l.Author, Date: l.Date, InHead: l.InHead})
	}
	if snap != nil {
		for r := range snap.Of("iam.access-key") {
			if k := by[r.ID]; k != nil {
				k.Status, k.Owner = fact.Status.Or(r, ""), fact.Owner.Or(r, "")
			}
		}
	}
	var out []report.LeakedKey
	for _, k := range by {
		slices.SortStableFunc(k.Places, func(a, b report.LeakPlace) int {
			return cmp.Or(a.Date.Compare(b.Date), strings.Compare(a.Source+a.Path+a.Commit, b.Source+b.Path+b.Commit))
		})
		k.Places = k.Places[:min(len(k.Places), somePlaces)]
		if snap == nil || k.Status != "" { // what is no key of this account is another's incident
			out = append(out, *k)
		}
	}
	slices.SortFunc(out, func(a, b report.LeakedKey) int {
		return cmp.Or(strings.Compare(a.Status, b.Status), strings.Compare(a.Key, b.Key))
	})
	return out, nil
}

// tellLeaks tells them.
func tellLeaks(c *incident.Case, snap *fact.Snapshot, only string, out report.Handler) error {
	all, err := leaked(c, snap, only)
	if err != nil {
		return err
	}
	for _, k := range all {
		if err := out.Handle(k); err != nil {
			return err
		}
	}
	return nil
}

// leaksOf tells where the key of an inquiry stands, with its status as the last
// triage read it.
func (q *Inquiry) leaksOf(key string) error {
	t, there, err := triaged(q.Case)
	if err != nil {
		return err
	}
	snap := &t.Snapshot
	if !there || !slices.ContainsFunc(t.Snapshot.Resources, func(r fact.Resource) bool { return r.ID == key }) {
		snap = nil
	}
	return tellLeaks(q.Case, snap, key, q.Out)
}
