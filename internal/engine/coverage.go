package engine

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"cordon/internal/report"
	"cordon/internal/trail"
)

// eventHistory is the live event history as a source, as `trail import` names it.
const eventHistory = "event-history"

// An asked is what one import was asked for, and what of it could not be had.
type asked struct {
	At       time.Time       `json:"at"`
	Sources  []string        `json:"sources"` // paths, buckets, eventHistory
	Accounts []string        `json:"accounts,omitempty"`
	Regions  []string        `json:"regions,omitempty"`
	From     time.Time       `json:"from,omitzero"`
	To       time.Time       `json:"to,omitzero"`
	Answered []string        `json:"answered,omitempty"` // regions whose event history was read
	Since    time.Time       `json:"since,omitzero"`     // the first of imports like it, each before the history of the last was over
	Refused  []string        `json:"refused,omitempty"`  // regions whose event history was not
	Unlisted []report.Damage `json:"unlisted,omitempty"` // files and folders that could not be listed
}

func (i asked) narrowed() bool {
	return len(i.Accounts)+len(i.Regions) > 0 || !i.From.IsZero() || !i.To.IsZero()
}

// part writes what a narrowed import was asked for: a time as ISO 8601 has it,
// open at an end, and places.
func (i asked) part() string {
	var parts []string
	if !i.From.IsZero() || !i.To.IsZero() {
		end := func(t time.Time) string {
			if t.IsZero() {
				return ".."
			}
			return t.UTC().Format(time.RFC3339)
		}
		parts = append(parts, end(i.From)+"/"+end(i.To))
	}
	return strings.Join(slices.Concat(parts, i.Accounts, i.Regions), " ")
}

// asking is what an import is asked for, before anything of it failed.
func (a *Archive) asking(o ImportOptions) asked {
	i := asked{At: a.now(), Sources: slices.Concat(o.Paths, o.Buckets), Accounts: o.Accounts, Regions: o.Regions, From: o.From, To: o.To}
	if o.History {
		i.Sources = append(i.Sources, eventHistory)
	}
	return i
}

// noteAsked keeps what an import was asked for, once for imports that are repeated.
func (a *Archive) noteAsked(i asked) error {
	var all []asked
	if err := a.load(askedFile, &all); err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(o asked) bool {
		first := o.At
		if !o.Since.IsZero() {
			first = o.Since
		}
		same, last := i, o.At
		o.At, o.Since, same.Since = i.At, time.Time{}, time.Time{}
		if !reflect.DeepEqual(o, same) {
			return false
		}
		if i.At.Sub(last) < historyReach {
			i.Since = first
		}
		return true
	})
	return a.save(askedFile, append(all, i))
}

// uncovered says what the record was never given: what imports were not asked
// for, and what they asked for in vain.
func (a *Archive) uncovered(s *trail.Store) (gaps []report.RecordGap, err error) {
	var all []asked
	if err := a.load(askedFile, &all); err != nil {
		return nil, err
	}
	gaps = slices.Concat(parts(all), refused(all), unlistedIn(all))
	sources, err := s.Sources()
	if err != nil {
		return nil, err
	}
	history := func(f trail.File) bool { return strings.HasPrefix(f.Name, inEvidence) }
	if len(sources) > 0 && !slices.ContainsFunc(sources, func(f trail.File) bool { return !history(f) }) {
		gaps = append(gaps, report.RecordGap{Why: "only-history"})
	}
	return gaps, nil
}

// parts are imports of a part of what was never imported whole.
func parts(all []asked) (gaps []report.RecordGap) {
	whole := func(source string) bool {
		return slices.ContainsFunc(all, func(i asked) bool {
			return !i.narrowed() && slices.ContainsFunc(i.Sources, func(above string) bool { return lies(source, above) })
		})
	}
	for _, i := range all {
		if !i.narrowed() || !slices.ContainsFunc(i.Sources, func(s string) bool { return !whole(s) }) {
			continue
		}
		if g := (report.RecordGap{Why: "narrowed-import", Detail: i.part()}); !slices.Contains(gaps, g) {
			gaps = append(gaps, g)
		}
	}
	return gaps
}

// refused are regions whose event history did not answer when last asked.
func refused(all []asked) (gaps []report.RecordGap) {
	var regions []string
	for _, i := range all {
		regions = slices.DeleteFunc(regions, func(r string) bool { return slices.Contains(i.Answered, r) || slices.Contains(i.Refused, r) })
		regions = append(regions, i.Refused...)
	}
	slices.Sort(regions)
	for _, r := range regions {
		gaps = append(gaps, report.RecordGap{Why: "refused-region", Region: r})
	}
	return gaps
}

// unlistedIn are files and folders that could not be listed the last time that
// what they lie in was imported.
func unlistedIn(all []asked) (gaps []report.RecordGap) {
	var list []report.Damage
	for _, i := range all {
		list = slices.DeleteFunc(list, func(d report.Damage) bool {
			return slices.ContainsFunc(i.Sources, func(s string) bool { return lies(d.File, s) })
		})
		list = append(list, i.Unlisted...)
	}
	for _, d := range list {
		gaps = append(gaps, report.RecordGap{Why: "unlisted", Detail: d.File + ": " + d.Why})
	}
	return gaps
}

// lies says whether a name is another, or lies below it.
func lies(name, above string) bool {
	above = strings.TrimRight(above, `/\`)
	rest, below := strings.CutPrefix(name, above)
	return below && (rest == "" || rest[0] == '/' || rest[0] == '\\')
}
