package engine

import (
	"context"
	"slices"
	"strings"

	"cordon/internal/event"
	"cordon/internal/finding"
	"cordon/internal/lineage"
	"cordon/internal/playbook"
	"cordon/internal/report"
	"cordon/internal/trail"
)

// seek decides where to begin: where the caller points, else where the case
// does and where the signs lead.
func (q *Inquiry) seek(ctx context.Context) error {
	q.signs = signs(q.hits)
	if err := q.marked(); err != nil {
		return err
	}
	if q.Seed != "" {
		return q.given(ctx)
	}
	events, err := q.suspicious(ctx)
	if err != nil {
		return err
	}
	for _, found := range lineage.Find(events, q.signs, lineage.Options{}) {
		if found.Seeds = q.disowned(found.Seeds); len(found.Seeds) > 0 {
			q.intruders = append(q.intruders, &intruder{seed: found.Seeds[0].Name(), from: "found", found: found})
		}
	}
	return q.fromCase()
}

// disowned leaves out of seeds what the owner marked as his. That signs stand on
// it is told: the mark may be wrong.
func (q *Inquiry) disowned(seeds []lineage.Suspect) []lineage.Suspect {
	return slices.DeleteFunc(seeds, func(s lineage.Suspect) bool {
		mine := s.Credential != "" && q.mine[s.Credential] || s.Credential == "" && q.mine[s.Principal.String()]
		if mine {
			q.gaps = append(q.gaps, report.RecordGap{Why: "marked-mine", Detail: s.Name()})
		}
		return mine
	})
}

// marked reads what the owner said is his: keys by their id, users and roles.
func (q *Inquiry) marked() error {
	q.mine = map[string]bool{}
	t, there, err := triaged(q.Case)
	if err != nil || !there {
		return err
	}
	marks, _, err := marksFor(q.Case, t.Snapshot)
	if err != nil {
		return err
	}
	for ref, m := range marks {
		if m == playbook.Mine {
			q.mine[ref.String()] = true
			if ref.Kind == "iam.access-key" {
				q.mine[ref.ID] = true
			}
		}
	}
	return nil
}

// signsOf are the signs that can speak of an intruder's seeds: those on what his
// credentials and principals did, and the caller's word. It is never nil.
func (q *Inquiry) signsOf(in *intruder) []lineage.Sign {
	if q.subjects == nil {
		q.subjects = map[string][]string{}
		for _, h := range q.hits {
			for _, id := range h.EventIDs {
				q.subjects[id] = append(q.subjects[id], h.Credential, h.Principal)
			}
		}
	}
	his, named := map[string]bool{}, map[string]bool{}
	for _, s := range in.found.Seeds {
		his[s.Credential], his[s.ARN], named[s.Principal.ID] = true, true, true
	}
	delete(his, "")
	delete(named, "")
	out := []lineage.Sign{}
	for _, s := range q.signs {
		of := q.subjects[s.EventID]
		if len(of) == 0 || slices.ContainsFunc(of, func(subject string) bool {
			at := strings.LastIndexByte(subject, '/')
			return his[subject] || at >= 0 && named[subject[at+1:]]
		}) {
			out = append(out, s)
		}
	}
	return out
}

// ofAll reads what credentials and principals did.
func (q *Inquiry) ofAll(ctx context.Context, credentials, principals []string) ([]event.Event, error) {
	var rows [][]trail.Row
	for _, f := range []trail.Filter{{Credentials: distinct(credentials)}, {Principals: distinct(principals)}} {
		if len(f.Credentials)+len(f.Principals) == 0 {
			continue
		}
		some, err := q.store.Rows(f)
		if err != nil {
			return nil, err
		}
		rows = append(rows, some)
	}
	all, err := q.whole(ctx, q.store, q.store.Merge(rows...), begets, q.lost)
	return once(all), err
}

// begets says whether an event can bring credentials or principals: all else is
// judged by its columns.
func begets(e event.Event) bool {
	switch e.Service() {
	case "iam", "sts", "signin", "rolesanywhere", "sso":
		return bodied(e)
	}
	return false
}

func distinct(all []string) []string {
	all = slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == "" })
	slices.Sort(all)
	return slices.Compact(all)
}

// given begins with what the caller named. What came from an address, or in an
// event, that he names is a sign by his word.
func (q *Inquiry) given(ctx context.Context) error {
	f, pointed, err := q.seedFilter()
	if err != nil {
		return err
	}
	events, err := q.read(ctx, f, q.lost)
	if err != nil {
		return err
	}
	if len(events) == 0 {
		return refuse("no-such-seed", nil, "seed", q.Seed)
	}
	if pointed != nil {
		var credentials, principals []string
		for _, e := range events {
			if pointed(e) {
				q.signs = append(q.signs, lineage.Sign{EventID: e.ID, What: "given", Weight: 1})
				credentials, principals = append(credentials, e.Credential), append(principals, principalOf(e))
			}
		}
		if events, err = q.ofAll(ctx, credentials, principals); err != nil {
			return err
		}
	}
	all := lineage.Find(events, q.signs, lineage.Options{})
	if len(all) == 0 { // with the caller's word what fired here is sign enough
		q.fired(events)
		all = lineage.Find(events, q.signs, lineage.Options{})
	}
	for _, found := range all {
		q.intruders = append(q.intruders, &intruder{seed: q.Seed, from: "given", found: found})
	}
	if len(q.intruders) == 0 { // no sign anywhere: the word of the caller alone
		e := events[0]
		s := lineage.Suspect{Credential: e.Credential, Reason: lineage.Seed}
		if e.Credential == "" || !isKey(q.Seed) {
			s = lineage.SuspectOf(e)
		}
		since := q.From
		if since.IsZero() {
			since = e.Time
		}
		q.intruders = append(q.intruders, &intruder{seed: q.Seed, from: "given", hint: true, found: lineage.Intruder{Seeds: []lineage.Suspect{s}, Since: since, Confidence: lineage.Low}})
	}
	return nil
}

// fired makes signs, by the caller's word, of those events in which a detection
// fired that is worth naming.
func (q *Inquiry) fired(events []event.Event) {
	his := map[string]bool{}
	for _, e := range events {
		his[e.ID] = true
	}
	for _, h := range q.hits {
		for _, id := range h.EventIDs {
			if his[id] && h.Severity >= finding.Medium {
				q.signs = append(q.signs, lineage.Sign{EventID: id, What: "given", Weight: 1})
			}
		}
	}
}

// seedFilter finds the events of a seed by its form; pointed says which of them
// the caller meant, where not all.
func (q *Inquiry) seedFilter() (f trail.Filter, pointed func(event.Event) bool, err error) {
	seed := q.Seed
	switch {
	case isARN(seed):
		return trail.Filter{Principals: []string{seed}}, nil, nil
	case isKey(seed):
		return trail.Filter{Credentials: []string{seed}}, nil, nil
	case isAddress(seed):
		return trail.Filter{Addresses: []string{seed}}, func(e event.Event) bool { return e.Address == seed }, nil
	}
	rows, err := q.store.Rows(trail.Filter{IDs: []string{seed}})
	if err != nil || len(rows) == 0 {
		return trail.Filter{Users: []string{seed}}, nil, err
	}
	return trail.Filter{IDs: []string{seed}}, func(e event.Event) bool { return e.ID == seed }, nil
}

// fromCase adds what AWS and the owner pointed at, where the signs did not
// lead there.
func (q *Inquiry) fromCase() error {
	t, there, err := triaged(q.Case)
	if err != nil || !there {
		return err
	}
	marks, _, err := marksFor(q.Case, t.Snapshot)
	if err != nil {
		return err
	}
	for _, s := range seedsOf(t.Snapshot, marks, q.Case.Notice) {
		known := slices.ContainsFunc(q.intruders, func(in *intruder) bool {
			return slices.ContainsFunc(in.found.Seeds, func(have lineage.Suspect) bool { return have.Name() == s.Name() })
		})
		if !known {
			q.intruders = append(q.intruders, &intruder{seed: s.Name(), from: "case", found: lineage.Intruder{Seeds: []lineage.Suspect{s}, Since: t.Snapshot.Since, Confidence: lineage.High}})
		}
	}
	return nil
}
