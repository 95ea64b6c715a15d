package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/incident"
	"cordon/internal/kind"
	"cordon/internal/report"
)

// Preserve reads the evidence of everything that is judged the intruder's or
// tampered with, or of the resources that are named, and keeps it in the case.
// It only reads the account.
func (s *Session) Preserve(ctx context.Context, names []string) error {
	if err := s.fits(); err != nil {
		return err
	}
	free, err := s.lock("preserve run")
	if err != nil {
		return err
	}
	defer free()
	t, err := LoadTriage(s.Case)
	if err != nil {
		return err
	}
	marks, _, err := marksFor(s.Case, t.Snapshot)
	if err != nil {
		return err
	}
	if err := s.judgeWhose(&t.Snapshot, marks); err != nil {
		return err
	}
	all, err := wanted(t, names)
	if err != nil {
		return err
	}
	store, err := s.evidence(false)
	if err != nil {
		return err
	}
	kept, err := s.keepAll(ctx, store, all)
	if err != nil {
		return err
	}
	m := report.Preserved{Unkept: []string{}, Dir: s.Case.Evidence()}
	for ref, k := range kept {
		m.Pieces += len(k.ids)
		switch {
		case k.err == nil:
			m.Resources++
		case !errors.Is(k.err, kind.ErrGone):
			m.Unkept = append(m.Unkept, ref.String()+" ("+whyShort(k.err)+")")
		}
	}
	slices.Sort(m.Unkept)
	head, _ := store.Heads()
	m.Manifest = string(head)
	return s.Out.Handle(m)
}

// wanted are the resources that preserve reads.
func wanted(t Triage, names []string) (all []fact.Resource, err error) {
	if len(names) == 0 {
		for _, r := range t.Snapshot.Resources {
			if his(r) {
				all = append(all, r)
			}
		}
		if len(all) == 0 {
			return nil, refuse("nothing-his", nil)
		}
		return all, nil
	}
	for _, name := range names {
		refs, err := t.refs(name)
		if err != nil {
			return nil, err
		}
		for _, ref := range refs {
			if r, listed := t.Snapshot.Find(ref); listed {
				all = append(all, r)
			}
		}
	}
	return all, nil
}

// ListEvidence tells what the case keeps, all of it or of one resource.
func ListEvidence(c *incident.Case, of string, out report.Handler) error {
	store, err := evidence.Open(c.Evidence(), evidence.Options{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("cannot open the evidence: %w", err)
	}
	n := 0
	for _, e := range store.List() {
		if of != "" && e.Ref != of && !ends(e.Ref, of) {
			continue
		}
		n++
		m := report.Evidence{
			ID: string(e.ID), Name: e.Name, Kind: e.Kind, Ref: e.Ref, Source: e.Source, Size: e.Size, Taken: e.Taken, Sealed: e.Encrypted,
		}
		if err := out.Handle(m); err != nil {
			return err
		}
	}
	if n == 0 {
		return refuse("no-evidence", nil)
	}
	return nil
}

// ends says whether a reference ends in the id that was asked for.
func ends(ref, id string) bool {
	return len(ref) > len(id) && ref[len(ref)-len(id)-1] == '/' && ref[len(ref)-len(id):] == id
}

// VerifyEvidence reads everything that was kept again, from the disk.
func VerifyEvidence(ctx context.Context, c *incident.Case, who string, out report.Handler) (sound bool, err error) {
	store, err := evidence.Open(c.Evidence(), evidence.Options{Who: who})
	if err != nil {
		return false, fmt.Errorf("cannot open the evidence: %w", err)
	}
	r, err := store.Verify(ctx)
	if err != nil {
		return false, err
	}
	m := report.EvidenceVerified{
		Sound: r.Sound(), Entries: r.Entries, Blobs: r.Blobs, Bytes: r.Bytes, Missing: ids(r.Missing), Altered: ids(r.Altered),
		Breaks: []string{}, Unlisted: append([]string{}, r.Unlisted...), Torn: append([]string{}, r.Torn...),
		Manifest: string(r.Manifest), Custody: string(r.Custody),
	}
	for _, b := range r.Breaks {
		m.Breaks = append(m.Breaks, b.String())
	}
	return m.Sound, out.Handle(m)
}

func ids(all []evidence.ID) []string {
	out := []string{}
	for _, id := range all {
		out = append(out, string(id))
	}
	return out
}
