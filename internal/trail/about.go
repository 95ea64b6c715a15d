package trail

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
)

// An About is what calls of one service were about, as one account's record has
// them.
type About struct {
	Account string
	Source  string
	First   time.Time
	Last    time.Time
	Names   []string // in their order
	More    bool     // there may be other names: too many, or records that cannot be read again
}

// What is read again for Abouts: names of one account and service, its records, how
// many of them in a row without a new name, and records of all that cannot be read
// before it is given up.
const (
	aboutNames = 100
	aboutReads = 200
	aboutIdle  = 16
	aboutLost  = 8
)

// Abouts says what the calls that a filter wants are about, by account and
// service. Only records in which no name stands that is known already are read
// again: it costs about as many as there are names. named gives the names that a
// record is about.
func (s *Store) Abouts(ctx context.Context, f Filter, from Files, named func(*event.View) []string) ([]About, error) {
	st := s.state()
	q := st.compile(f)
	w := abouts{st: st, from: from, named: named, by: map[[2]uint32]*about{}}
	for n, seg := range st.segments {
		if q.none || seg.rows == 0 {
			continue
		}
		q.rows(seg, func(row uint32) { w.sort(seg, row) })
		for _, g := range w.all {
			if err := w.learn(ctx, g, uint32(n)); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(w.all, func(a, b *about) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Source, b.Source))
	})
	var all []About
	for _, g := range w.all {
		slices.Sort(g.Names)
		all = append(all, g.About)
	}
	return all, nil
}

type about struct {
	About
	rows []uint32 // of the segment that is looked at
	// reads is how many records were read again, idle how many of the last of them
	// brought no new name.
	reads, idle int
}

// abouts is the work of Abouts.
type abouts struct {
	st    *state
	from  Files
	named func(*event.View) []string
	by    map[[2]uint32]*about // by account and API: several APIs have one
	all   []*about
	lost  int
}

// sort puts a row to those of its account and service.
func (w *abouts) sort(seg *segment, row uint32) {
	key := [2]uint32{seg.account.at(int(row)), seg.api.at(int(row))}
	g := w.by[key]
	if g == nil {
		source, _ := w.st.names.api(key[1])
		account := w.st.names.dicts[dictAccount].text(key[0])
		if i := slices.IndexFunc(w.all, func(g *about) bool { return g.Account == account && g.Source == source }); i >= 0 {
			g = w.all[i]
		} else {
			g = &about{About: About{Account: account, Source: source}}
			w.all = append(w.all, g)
		}
		w.by[key] = g
	}
	t := moment(seg.time.at(int(row)))
	if g.First.IsZero() || t.Before(g.First) {
		g.First = t
	}
	if t.After(g.Last) {
		g.Last = t
	}
	g.rows = append(g.rows, row)
}

// learn reads a group's rows of a segment again, but for those in which a name
// stands that is known.
func (w *abouts) learn(ctx context.Context, g *about, n uint32) error {
	rows, seg := g.rows, w.st.segments[n]
	if g.rows = g.rows[:0]; len(rows) == 0 {
		return nil
	}
	known := make([]bool, seg.rows)
	know := func(name string) { seg.withToken(hashToken([]byte(name)), func(row uint32) { known[row] = true }) }
	for _, name := range g.Names {
		know(name)
	}
	for _, row := range rows {
		if known[row] && !w.many(seg, row) {
			continue
		}
		if len(g.Names) >= aboutNames || g.reads >= aboutReads || g.idle >= aboutIdle || w.lost >= aboutLost {
			g.More = true
			return nil
		}
		g.reads++
		g.idle++
		names, err := w.read(ctx, Row{n, row})
		if err != nil {
			return err
		}
		g.More = g.More || len(names) == 0
		for _, name := range names {
			if !slices.Contains(g.Names, name) {
				g.Names = append(g.Names, name)
				know(name)
				g.idle = 0
			}
		}
	}
	return nil
}

// many says whether a call may name several things: one that is known may stand
// beside one that is not.
func (w *abouts) many(seg *segment, row uint32) bool {
	_, name := w.st.names.api(seg.api.at(int(row)))
	return strings.HasPrefix(name, "Batch") || strings.HasPrefix(name, "Transact") || strings.HasPrefix(name, "Execute")
}

// read gives the names in one record; of one that cannot be read again, none.
func (w *abouts) read(ctx context.Context, r Row) (names []string, err error) {
	err = w.st.reread(ctx, []Row{r}, w.from, taker{
		atOnce: func(_ int, v *event.View) error { names = w.named(v); return nil },
		bad:    func(int, error) error { w.lost++; return nil },
	})
	return names, err
}
