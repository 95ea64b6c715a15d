package lineage

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"cordon/internal/event"
)

// Options are how Find looks.
type Options struct {
	Enough float64 // the least score of an intruder; zero: 1, one sure sign of weight 1
}

// An Intruder is one intrusion that the events show, without anybody having
// pointed at a credential.
type Intruder struct {
	Seeds       []Suspect // what he came with, to begin a Closure; the earliest first
	Since, Last time.Time // the first and last event from his origins
	Addresses   []string
	Agents      []string // as recorded
	Score       float64
	Confidence  string // High, Medium or Low
	Why         []Evidence
}

// An Evidence is one reason: a sign's name or a word of Lane, with events.
type Evidence struct {
	Word     string
	EventIDs []string
}

// Find looks for intruders: it groups calls by credential, or by principal
// where sessions have no lasting one, and by origin; weighs the signs of each
// origin that was not in regular use before its first sign; and puts together
// what minted each other or came from one place in one day. The answer has one
// Intruder per independent intrusion, the strongest first; none where nothing
// is suspicious. AWS's own acts count neither as habit nor as sign.
func Find(events []event.Event, signs []Sign, o Options) []Intruder {
	if o.Enough <= 0 {
		o.Enough = enough
	}
	sorted := readings(events)
	b := newBook(sorted, signs)
	var groups []*party
	for _, name := range slices.Sorted(maps.Keys(b.subjects)) {
		if g := b.subjects[name].intrusion(); g != nil {
			groups = append(groups, g)
		}
	}
	sets := merge(elsewhere(groups))
	out := make([]Intruder, 0, len(sets))
	for _, set := range sets {
		if in := set.intruder(); in.Score >= o.Enough && len(in.Seeds) > 0 { // no seeds: nobody is named
			out = append(out, in)
		}
	}
	slices.SortFunc(out, func(a, b Intruder) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), a.Since.Compare(b.Since), cmp.Compare(a.Seeds[0].Name(), b.Seeds[0].Name()))
	})
	return out
}

// readings sorts events and drops what is there twice.
func readings(events []event.Event) []*reading {
	seen := make(map[string]bool, len(events))
	sorted := make([]*reading, 0, len(events))
	for i := range events {
		e := &events[i]
		if e.ID != "" && seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		sorted = append(sorted, newReading(e))
	}
	slices.SortStableFunc(sorted, func(a, b *reading) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
	return sorted
}

// mostCited is how many events one reason names.
const mostCited = 500

// A party is what an intruder did as one subject.
type party struct {
	subject  *subject
	readings []*reading // in the order of time
	score    float64
	why      map[string][]string // event ids by word
	minted   map[string]bool     // credentials and principals that came of it
	parent   *party              // whose readings minted it
}

// intrusion gathers the subject's origins that are an intruder's; nil: none.
func (s *subject) intrusion() *party {
	start := s.beginning()
	if start.IsZero() {
		return nil
	}
	g := &party{subject: s, why: map[string][]string{}, minted: map[string]bool{}}
	all := s.separate(start, false)
	for _, o := range s.sorted() {
		if all[o].Who != ByIntruder {
			continue
		}
		t := s.traces[o]
		g.readings = append(g.readings, t.readings...)
		g.score += t.score(s.routine)
		for what, sign := range t.signs {
			g.why[what] = append(g.why[what], sign.eventIDs...)
		}
		for _, word := range all[o].Why {
			for _, r := range t.readings[:min(len(t.readings), mostCited)] {
				g.why[word] = append(g.why[word], r.ID)
			}
		}
	}
	if len(g.readings) == 0 {
		return nil
	}
	slices.SortStableFunc(g.readings, func(a, b *reading) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID)) })
	for _, r := range g.readings {
		for _, s := range brings(r) {
			g.minted[s.Name()] = true
		}
	}
	return g
}

// elsewhere drops the parties that worked from the owner's own addresses alone,
// where others did not: who cleans up after an intruder does what intruders do.
func elsewhere(groups []*party) []*party {
	atHome := func(g *party) bool { return len(g.why[whyOldAddress]) > 0 && len(g.why[whyNewAddress]) == 0 }
	if !slices.ContainsFunc(groups, func(g *party) bool { return !atHome(g) }) {
		return groups
	}
	return slices.DeleteFunc(groups, atHome)
}

func (g *party) first() time.Time { return g.readings[0].Time }
func (g *party) last() time.Time  { return g.readings[len(g.readings)-1].Time }

// mints says whether g's calls brought what h used.
func (g *party) mints(h *party) bool {
	if g == h || h.first().Before(g.first()) {
		return false
	}
	for _, r := range h.readings {
		if !g.minted[r.Credential] && !g.minted[string(OfPrincipal)+":"+r.person] && !g.minted[string(OfConsole)+":"+r.person] {
			return false
		}
	}
	return true
}

// A cluster is one intrusion.
type cluster []*party

// merge puts together groups that came of each other, or from one address new
// to both within a day.
func merge(groups []*party) (out []cluster) {
	slices.SortStableFunc(groups, func(a, b *party) int {
		return cmp.Or(a.first().Compare(b.first()), cmp.Compare(a.subject.name, b.subject.name))
	})
	set := make([]int, len(groups))
	for i := range set {
		set[i] = i
	}
	var find func(int) int
	find = func(i int) int {
		if set[i] != i {
			set[i] = find(set[i])
		}
		return set[i]
	}
	join := func(i, j int) {
		i, j = find(i), find(j)
		set[max(i, j)] = min(i, j)
	}
	owner := map[string]int{}
	for i, g := range groups {
		for name := range g.minted {
			if first, known := owner[name]; !known || i < first {
				owner[name] = i
			}
		}
	}
	latest := map[string]int{} // by address
	for i, g := range groups {
		for _, name := range g.names() {
			if j, known := owner[name]; known && groups[j].mints(g) {
				g.parent = groups[j]
				join(i, j)
			}
		}
		for _, address := range g.addresses() {
			if j, known := latest[address]; known && isPublic(address) && g.first().Sub(groups[j].last()) <= 24*time.Hour {
				join(i, j)
			}
			latest[address] = i
		}
	}
	clusters := map[int]cluster{}
	for i, g := range groups {
		clusters[find(i)] = append(clusters[find(i)], g)
	}
	for _, i := range slices.Sorted(maps.Keys(clusters)) {
		out = append(out, clusters[i])
	}
	return out
}

// names are what a mint of the group would be called.
func (g *party) names() (all []string) {
	r := g.readings[0]
	return []string{r.Credential, string(OfPrincipal) + ":" + r.person, string(OfConsole) + ":" + r.person}
}

func (g *party) addresses() []string {
	seen := map[string]bool{}
	for _, r := range g.readings {
		seen[r.origin.address] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

func (c cluster) intruder() Intruder {
	var in Intruder
	agents, addresses, why, named := map[string]bool{}, map[string]bool{}, map[string][]string{}, map[string]bool{}
	for _, g := range c {
		in.Score += g.score
		for word, ids := range g.why {
			why[word] = append(why[word], ids...)
		}
		for _, r := range g.readings {
			addresses[r.Address], agents[r.Agent] = true, true
			if in.Since.IsZero() || r.Time.Before(in.Since) {
				in.Since = r.Time
			}
			if r.Time.After(in.Last) {
				in.Last = r.Time
			}
		}
		if g.parent == nil {
			for _, s := range g.seeds(g.minted) {
				if !named[s.Name()] {
					named[s.Name()] = true
					in.Seeds = append(in.Seeds, s)
				}
			}
		}
	}
	if len(in.Seeds) == 0 { // they all say that another minted them
		in.Seeds = c[0].seeds(nil)
	}
	in.Addresses, in.Agents = slices.Sorted(maps.Keys(addresses)), slices.Sorted(maps.Keys(agents))
	for _, word := range slices.Sorted(maps.Keys(why)) {
		ids := why[word]
		slices.Sort(ids)
		in.Why = append(in.Why, Evidence{word, slices.Compact(ids)})
	}
	in.Confidence = confidenceOf(in.Score, why)
	return in
}

func confidenceOf(score float64, why map[string][]string) string {
	switch {
	case why[whyOldAddress] != nil, score < enough*1.5:
		return Medium
	}
	return High
}

// seeds are the credentials and principals that the group's calls were made
// with, without those that they brought themselves.
func (g *party) seeds(minted map[string]bool) (all []Suspect) {
	seen := map[string]bool{}
	for _, r := range g.readings {
		s := seedFor(r)
		if s.Credential == "" && s.Principal.ID == "" || seen[s.Name()] || minted[s.Name()] {
			continue
		}
		seen[s.Name()] = true
		s.At = r.Time
		all = append(all, s.withScope())
	}
	return all
}

// seedFor is what a stolen identity is called: the key, or the session's key;
// of somebody who signs in, the console sessions of that user from then on;
// of root without a key, root.
func seedFor(r *reading) Suspect {
	who := speaker(*r.Event)
	switch {
	case r.Credential != "" && !isTemporary(r.Credential):
		return Suspect{Credential: r.Credential, Kind: AccessKey, Principal: who, ARN: r.Principal.ARN, Reason: Seed}
	case who.Kind == rootUser:
		return Suspect{Principal: who, ARN: r.Principal.ARN, Scope: OfPrincipal, Reason: Seed}
	case who.Kind == user && isConsole(*r.Event):
		return Suspect{Principal: who, UniqueID: knownUnique(r), ARN: r.Principal.ARN, Scope: OfConsole, Reason: Seed}
	case r.Credential != "":
		return Suspect{Credential: r.Credential, Kind: kindOfSession(*r.Event), Principal: who, ARN: r.Principal.ARN, Reason: Seed}
	case who.ID != "":
		return Suspect{Principal: who, UniqueID: knownUnique(r), ARN: r.Principal.ARN, Scope: OfPrincipal, Reason: Seed}
	}
	return Suspect{}
}

func knownUnique(r *reading) string {
	if id := uniqueOf(*r.Event); strings.HasPrefix(id, "A") {
		return id
	}
	return ""
}
