package engine

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"cordon/internal/report"
	"cordon/internal/trail"
	"cordon/internal/trail/source"
)

// watched are the times in which somebody is known to have recorded a place, also
// where nobody called: by its event history, as far back as an import asked for
// it, and by digest files, of a record that was imported whole.
func (a *Archive) watched() ([]source.Watch, error) {
	var all []asked
	if err := a.load(askedFile, &all); err != nil {
		return nil, err
	}
	watched := watchedByHistory(all, a.Case.Account)
	if len(parts(all)) > 0 {
		return watched, nil
	}
	v, err := a.verified()
	if v != nil {
		watched = append(watched, v.Watched...)
	}
	return watched, err
}

func watchedByHistory(all []asked, account string) (watched []source.Watch) {
	for _, i := range all {
		w := source.Watch{Account: account, From: i.At.Add(-historyReach), To: i.At}
		if !i.Since.IsZero() {
			w.From = i.Since.Add(-historyReach)
		}
		if i.From.After(w.From) {
			w.From = i.From
		}
		if !i.To.IsZero() && i.To.Before(w.To) {
			w.To = i.To
		}
		for _, w.Region = range i.Answered {
			if w.To.After(w.From) {
				watched = append(watched, w)
			}
		}
	}
	return watched
}

// A seenSince is a place, and since when what happened in it would be seen.
type seenSince struct {
	trail.Place
	Since time.Time
}

// late says whether a place begins later than others for another reason than that
// it is called rarely: by more than a long weekend, and than twenty times what
// usually lies between two of its calls, as Ended has it. One that was called at a
// single time, however late, is late: who looks cannot know what was there before.
func (p *seenSince) late(begin time.Time) bool {
	const weekend = 4 * 24 * time.Hour
	least := weekend
	if p.Count > 1 {
		least = max(least, 20*(p.Last.Sub(p.First)/time.Duration(p.Count-1)))
	}
	return p.Since.Sub(begin) > least
}

// since says of each place since when it is seen: since its first call, or as far
// back as it was watched without a break before that. A place that was watched
// until the record of its account ends is there without any call, too.
func since(st trail.Status, watched []source.Watch) (all []*seenSince) {
	by := map[string]*seenSince{} // by account and region
	put := func(p trail.Place, t time.Time) {
		by[p.Account+" "+p.Region] = &seenSince{p, t}
		all = append(all, by[p.Account+" "+p.Region])
	}
	for _, p := range st.Places {
		if p.Region != "" {
			put(p, p.First)
		}
	}
	for _, a := range st.Accounts {
		for _, w := range watched {
			if w.Account == a.Name && a.Last.Sub(w.To) < quiet && by[w.Account+" "+w.Region] == nil {
				put(trail.Place{Account: w.Account, Region: w.Region}, w.From)
			}
		}
	}
	for more := true; more; { // one watch may lead to another
		more = false
		for _, w := range watched {
			if p := by[w.Account+" "+w.Region]; p != nil && w.From.Before(p.Since) && !w.To.Before(p.Since) {
				p.Since, more = w.From, true
			}
		}
	}
	slices.SortFunc(all, func(a, b *seenSince) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region))
	})
	return all
}

// lateGaps are the accounts and regions of which the record begins later than that
// of the others, the latest first: until then, a trail that sees the others says
// nothing of what happened there. Regions are held against their own account.
func lateGaps(places []*seenSince, accounts []trail.Seen) (gaps []report.RecordGap) {
	begin := map[string]time.Time{} // of each account; "": of the record
	for _, p := range places {
		for _, of := range []string{p.Account, ""} {
			if t := begin[of]; t.IsZero() || p.Since.Before(t) {
				begin[of] = p.Since
			}
		}
	}
	for _, a := range accounts {
		own := seenSince{trail.Place{Account: a.Name, Seen: a}, begin[a.Name]}
		if a.Name != "" && own.late(begin[""]) {
			gaps = append(gaps, report.RecordGap{Why: "begins-late", Account: a.Name, To: own.Since})
		}
	}
	for _, p := range places {
		if p.late(begin[p.Account]) {
			gaps = append(gaps, report.RecordGap{Why: "begins-late", Account: p.Account, Region: p.Region, To: p.Since})
		}
	}
	slices.SortStableFunc(gaps, func(a, b report.RecordGap) int { return b.To.Compare(a.To) })
	return gaps
}

// regionGaps are the regions that the record has: of all accounts where they are
// the same, else of each account.
func regionGaps(places []*seenSince) (gaps []report.RecordGap) {
	var accounts []string
	by := map[string][]string{}
	for _, p := range places {
		if !slices.Contains(accounts, p.Account) {
			accounts = append(accounts, p.Account)
		}
		by[p.Account] = append(by[p.Account], p.Region)
	}
	if len(accounts) == 0 {
		return []report.RecordGap{{Why: "no-region"}}
	}
	same := !slices.ContainsFunc(accounts, func(a string) bool { return !slices.Equal(by[a], by[accounts[0]]) })
	for _, a := range accounts {
		g := report.RecordGap{Why: "no-region", Account: a, Detail: strings.Join(by[a], ", ")}
		if same {
			g.Account = ""
			return []report.RecordGap{g}
		}
		gaps = append(gaps, g)
	}
	return gaps
}
