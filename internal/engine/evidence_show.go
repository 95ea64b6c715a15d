package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"cordon/internal/durable"
	"cordon/internal/evidence"
	"cordon/internal/fact"
	"cordon/internal/finding"
	"cordon/internal/incident"
	"cordon/internal/journal"
	"cordon/internal/report"
)

// ShowOptions say what of the evidence is shown.
type ShowOptions struct {
	Of   string // a resource: reference, ARN or id; or the beginning of a piece's id
	Keys string // a file with age's secret keys, for what is encrypted
	Out  string // a new file for one piece
	Who  string // for the custody log
	Now  func() time.Time
}

// shortest is how much of a piece's id names it.
const shortest = 8

// described is the piece in which a resource's description lies.
const described = "resource.json"

// ShowEvidence tells what a resource was, what was done to it and what is kept of
// it, from the case folder alone: no credentials, and no content of any piece.
// With Out it writes one piece to a new file that only its owner reads.
func ShowEvidence(ctx context.Context, c *incident.Case, o ShowOptions, out report.Handler) error {
	keys, err := identities(o.Keys)
	if err != nil {
		return err
	}
	store, err := evidence.Open(c.Evidence(), evidence.Options{ReadOnly: true, Identities: keys})
	if err != nil {
		return fmt.Errorf("cannot open the evidence: %w", err)
	}
	all := store.List()
	entries := chosen(all, o.Of)
	if len(entries) == 0 {
		entries = byARN(ctx, store, all, o.Of)
	}
	if len(entries) == 0 {
		return refuse("no-evidence", nil)
	}
	if o.Out != "" {
		return handOut(ctx, c, o, keys, entries, out)
	}
	past, err := deedsByResource(c)
	if err != nil {
		return err
	}
	of := map[string][]evidence.Entry{}
	for _, e := range entries {
		of[e.Ref] = append(of[e.Ref], e)
	}
	for _, ref := range slices.Sorted(maps.Keys(of)) {
		if err := showKept(ctx, store, ref, of[ref], all, past[ref], out); err != nil {
			return err
		}
	}
	return nil
}

func identities(file string) ([]age.Identity, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, refuse("evidence-keys", err, "file", file)
	}
	keys, err := evidence.ReadIdentities(bytes.NewReader(data))
	if err != nil {
		return nil, refuse("evidence-keys", errors.New("cannot read the keys"), "file", file) // the text may have the key in it
	}
	return keys, nil
}

// chosen are the entries of a resource, or of a piece.
func chosen(all []evidence.Entry, of string) (out []evidence.Entry) {
	for _, e := range all {
		if e.Ref != "" && (e.Ref == of || ends(e.Ref, of)) || len(of) >= shortest && strings.HasPrefix(string(e.ID), strings.ToLower(of)) {
			out = append(out, e)
		}
	}
	return out
}

// byARN finds a resource by the ARN in its description.
func byARN(ctx context.Context, store *evidence.Store, all []evidence.Entry, arn string) []evidence.Entry {
	if !isARN(arn) {
		return nil
	}
	for i := len(all) - 1; i >= 0; i-- {
		e := all[i]
		if e.Name != described {
			continue
		}
		if r, err := description(ctx, store, e); err == nil && r.ARN == arn {
			return chosen(all, e.Ref)
		}
	}
	return nil
}

func description(ctx context.Context, store *evidence.Store, e evidence.Entry) (fact.Resource, error) {
	data, err := store.Get(ctx, e.ID)
	if err != nil {
		return fact.Resource{}, err
	}
	return decode[fact.Resource](data)
}

// showKept tells one resource: its pieces, each once as it was last listed, and
// then what it was. all is the whole manifest: a resource that was found by one
// piece is described by another.
func showKept(ctx context.Context, store *evidence.Store, ref string, entries, all []evidence.Entry, done []report.Deed, out report.Handler) error {
	m := report.Kept{Name: ref, Facts: []report.KeptFact{}, Deeds: append([]report.Deed{}, done...)}
	m.Ref = parseRef(ref)
	last := map[string]int{} // of the lines that list the same piece
	for _, e := range entries {
		last[e.Name+"\x00"+string(e.ID)] = e.Seq
	}
	for _, e := range entries {
		if last[e.Name+"\x00"+string(e.ID)] != e.Seq {
			continue
		}
		p := piece(e)
		switch data, err := store.Get(ctx, e.ID); {
		case errors.Is(err, evidence.ErrSealed):
			m.Sealed++
		case err != nil:
			p.Lost = true
			m.Lost++
		default:
			p.Members = members(data)
		}
		if err := out.Handle(p); err != nil {
			return err
		}
		m.Pieces++
	}
	for i := len(all) - 1; i >= 0; i-- {
		e := all[i]
		if ref == "" || e.Ref != ref || e.Name != described {
			continue
		}
		if r, err := description(ctx, store, e); err == nil {
			describe(&m, r, e.Taken)
			break
		}
	}
	return out.Handle(m)
}

// parseRef reads a reference as fact.Ref writes it.
func parseRef(ref string) fact.Ref {
	p := strings.SplitN(ref, "/", 4)
	if len(p) < 4 {
		return fact.Ref{ID: ref}
	}
	return fact.Ref{Kind: fact.Kind(p[2]), Place: fact.Place{Account: p[0], Region: p[1]}, ID: p[3]}
}

func piece(e evidence.Entry) report.Evidence {
	return report.Evidence{
		ID: string(e.ID), Name: e.Name, Kind: e.Kind, Ref: e.Ref, Source: e.Source, Size: e.Size, Taken: e.Taken, Sealed: e.Encrypted,
	}
}

// describe writes what a resource was. Facts are no secrets; those that are
// documents or lists are named and not written out.
func describe(m *report.Kept, r fact.Resource, seen time.Time) {
	m.Target, m.Created, m.Seen, m.Known = finding.Target{Ref: r.Ref, ARN: r.ARN}, r.Created, seen, true
	if whose, judged := fact.Judgement.Get(r); judged {
		m.Whose, m.Reasons = whose.Whose, append([]string{}, whose.Reasons...)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Facts)) {
		var v any
		if json.Unmarshal(r.Facts[name], &v) != nil || name == string(fact.Judgement) {
			continue
		}
		f := report.KeptFact{Name: name}
		switch v := v.(type) {
		case string:
			if len(v) <= 80 && !strings.ContainsAny(v, "{\n") {
				f.Value = v
			}
		case bool, float64:
			f.Value = string(r.Facts[name])
		}
		m.Facts = append(m.Facts, f)
	}
}

// members names what the top of a JSON object holds: what is kept, without any
// of its values.
func members(data []byte) (names []string) {
	var top map[string]json.RawMessage
	if json.Unmarshal(data, &top) != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(top)) {
		if v := string(top[name]); v != "null" && v != `""` && v != "[]" && v != "{}" {
			names = append(names, name)
		}
	}
	return names
}

// deedsByResource reads from the journal what was done to which resource. It only reads:
// a torn last line stays for the next run to set aside.
func deedsByResource(c *incident.Case) (map[string][]report.Deed, error) {
	lines, _, err := durable.Lines(c.Journal())
	if err != nil {
		return nil, fmt.Errorf("cannot read the journal: %w", err)
	}
	past, of := map[string][]report.Deed{}, map[string]string{}
	for _, line := range lines {
		rec, err := decode[journal.Record](line)
		if err != nil || rec.Action == "" {
			continue
		}
		if r, err := decode[fact.Resource](rec.Target); err == nil && r.Kind != "" {
			of[rec.Plan+"/"+rec.Action] = r.Ref.String()
		}
		ref := of[rec.Plan+"/"+rec.Action]
		if ref == "" || rec.Step != journal.Verified && rec.Step != journal.Undone && rec.Step != journal.Failed {
			continue
		}
		past[ref] = append(past[ref], report.Deed{
			At: rec.At, Verb: rec.Verb, Class: rec.Class, Step: string(rec.Step), Plan: rec.Plan, By: rec.By, Line: rec.Seq,
		})
	}
	return past, nil
}

// handOut writes one piece to a new file, and the custody log says so.
func handOut(ctx context.Context, c *incident.Case, o ShowOptions, keys []age.Identity, entries []evidence.Entry, out report.Handler) error {
	different := map[evidence.ID]bool{}
	for _, e := range entries {
		different[e.ID] = true
	}
	if len(different) > 1 {
		return refuse("evidence-which", nil, "n", len(different), "of", o.Of)
	}
	if err := c.Lock("evidence show", o.Now()); err != nil {
		return err
	}
	defer c.Close()
	store, err := evidence.Open(c.Evidence(), evidence.Options{Who: o.Who, Identities: keys, Now: o.Now})
	if err != nil {
		return fmt.Errorf("cannot open the evidence: %w", err)
	}
	e := entries[len(entries)-1]
	data, err := store.Get(ctx, e.ID)
	switch {
	case errors.Is(err, evidence.ErrSealed):
		return refuse("evidence-sealed", err)
	case err != nil:
		return refuse("evidence-lost", err, "id", string(e.ID))
	}
	if err := durable.Create(o.Out, data); errors.Is(err, fs.ErrExist) {
		return refuse("file-there", err, "file", o.Out)
	} else if err != nil {
		return fmt.Errorf("cannot write the piece: %w", err)
	}
	if err := store.Handed(e.ID, e.Name+" to a file"); err != nil {
		return err
	}
	return out.Handle(report.HandedOut{ID: string(e.ID), Name: e.Name, Ref: e.Ref, File: o.Out, Size: e.Size})
}
