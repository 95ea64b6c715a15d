package scan

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"cordon/internal/secrets/leak"
)

// mostPlaces is how many places of one credential are told; all are counted.
const mostPlaces = 200

// group makes one finding of each credential.
func (s *Scan) group() []Finding {
	names := map[string]leak.Rule{}
	for _, r := range leak.All() {
		names[r.ID] = r
	}
	type credential struct{ rule, fingerprint string }
	at := map[credential]int{}
	var out []Finding
	var places [][]*Place // by finding
	for x := range s.sightings {
		key := credential{x.Rule, x.Fingerprint}
		i, there := at[key]
		if !there {
			i = len(out)
			at[key] = i
			out = append(out, Finding{
				Rule: x.Rule, Name: names[x.Rule].Name, Vendor: x.Vendor, Class: x.Class, Confidence: x.Confidence, ID: x.ID, Last4: x.Last4,
				Fingerprint: x.Fingerprint, Account: x.Account, Canary: x.Canary, Allowed: x.Allowed, Pair: x.Pair, Distance: x.Distance,
				reveal: x.Reveal, length: x.Length,
			})
			places = append(places, nil)
		}
		f := &out[i]
		if grade(x.Confidence) > grade(f.Confidence) {
			f.Confidence = x.Confidence
		}
		if x.Pair != "" && (f.Pair == "" || x.Distance < f.Distance) {
			f.Pair, f.Distance = x.Pair, x.Distance
		}
		switch {
		case x.Allowed == "" && f.Allowed != "": // one place that nobody allowed is enough
			f.Allowed, places[i] = "", []*Place{&x.place}
		case x.Allowed == "" || f.Allowed != "":
			places[i] = append(places[i], &x.place)
		}
	}
	for i := range out {
		f := &out[i]
		f.arrange(places[i])
		if f.Allowed == "" && s.o.Baseline.Has(f) {
			f.Allowed = "baseline"
		}
	}
	across(out)
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(
			boolean(a.Allowed != "", b.Allowed != ""), cmp.Compare(grade(b.Confidence), grade(a.Confidence)), boolean(a.Vendor != "aws", b.Vendor != "aws"),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.ID, b.ID), cmp.Compare(a.first(), b.first()), cmp.Compare(a.Fingerprint, b.Fingerprint),
		)
	})
	for i := range out {
		out[i].Number = i + 1
	}
	return out
}

func boolean(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func (f *Finding) first() string {
	p := f.Places[0]
	return p.Source + "\x00" + p.Path + "\x00" + p.Commit
}

// sightings are all that were noted.
func (s *Scan) sightings(yield func(*sighting) bool) {
	for _, list := range s.seen {
		for i := range list {
			if !yield(&list[i]) {
				return
			}
		}
	}
}

// arrange puts the places in order, the oldest first, each once.
func (f *Finding) arrange(places []*Place) {
	slices.SortStableFunc(places, func(a, b *Place) int {
		return cmp.Or(
			cmp.Compare(a.Source, b.Source), boolean(a.Date.IsZero(), b.Date.IsZero()), a.Date.Compare(b.Date), cmp.Compare(a.Commit, b.Commit), cmp.Compare(a.Where, b.Where),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Object, b.Object),
		)
	})
	places = slices.CompactFunc(places, func(a, b *Place) bool {
		return a.Source == b.Source && a.Where == b.Where && a.Commit == b.Commit && a.Path == b.Path && a.Line == b.Line && a.Column == b.Column && a.Object == b.Object
	})
	f.PlaceCount = len(places)
	f.Places = make([]Place, min(len(places), mostPlaces))
	for i := range f.Places {
		f.Places[i] = *places[i]
	}
}

// across pairs a key id and a secret that stand in two files of one folder, of one
// commit where there is one. Where there are several of either, nothing is guessed.
func across(all []Finding) {
	type corner struct{ source, commit, dir string }
	ids, secrets := map[corner][]int{}, map[corner][]int{}
	for i := range all {
		f := &all[i]
		if f.Pair != "" || f.Rule != leak.RuleKey && f.Rule != leak.RuleTemporary && f.Rule != leak.RuleSecret {
			continue
		}
		done := map[corner]bool{}
		for _, p := range f.Places {
			c := corner{p.Source, p.Commit, path.Dir(p.Path)}
			if p.Path == "" || done[c] {
				continue
			}
			done[c] = true
			if f.Rule == leak.RuleSecret {
				secrets[c] = append(secrets[c], i)
			} else {
				ids[c] = append(ids[c], i)
			}
		}
	}
	partners := map[int]map[int]bool{}
	for c, list := range ids {
		if len(list) != 1 || len(secrets[c]) != 1 {
			continue
		}
		for _, two := range [][2]int{{list[0], secrets[c][0]}, {secrets[c][0], list[0]}} {
			if partners[two[0]] == nil {
				partners[two[0]] = map[int]bool{}
			}
			partners[two[0]][two[1]] = true
		}
	}
	// The same two may meet in several folders; another partner is doubt.
	for i := range all {
		for k := range partners[i] {
			if a, b := &all[i], &all[k]; i < k && len(partners[i]) == 1 && len(partners[k]) == 1 {
				a.Pair, b.Pair, a.Distance, b.Distance = b.Fingerprint, a.Fingerprint, -1, -1
			}
		}
	}
}

// redact takes every secret out of the names of what holds it: a token can be a
// part of a path, of a branch or of a name in an archive. What was not read again
// is known by its fingerprint.
func (s *Scan) redact(res *Result) {
	var secrets []string
	shown := map[string]string{}
	known := map[int]map[string]string{} // length → fingerprint → what is shown
	for i := range res.Findings {
		f := &res.Findings[i]
		if f.Class != leak.Secret {
			continue
		}
		if v := f.value(); len(v) >= 12 && len(v) < 4096 {
			secrets = append(secrets, v)
			shown[v] = "…" + f.Last4
		} else if v == "" && f.length > 0 {
			if known[f.length] == nil {
				known[f.length] = map[string]string{}
			}
			known[f.length][f.Fingerprint] = "…" + f.Last4
		}
	}
	if len(secrets)+len(known) == 0 {
		return
	}
	// The longest first: of a secret that another one holds, the rest would stay.
	slices.SortStableFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, v := range secrets {
		pairs = append(pairs, v, shown[v])
	}
	r, done := strings.NewReplacer(pairs...), map[string]string{}
	hide := func(text string) string {
		if len(text) < 12 {
			return text
		}
		clean, ok := done[text]
		if !ok {
			clean = s.withhold(r.Replace(text), known)
			done[text] = clean
		}
		return clean
	}
	for i := range res.Findings {
		for j := range res.Findings[i].Places {
			p := &res.Findings[i].Places[j]
			p.Source, p.Path, p.Author, p.Email = hide(p.Source), hide(p.Path), hide(p.Author), hide(p.Email)
			p.Refs, p.Through = each(p.Refs, hide), each(p.Through, hide)
		}
	}
	for i := range res.Gaps {
		g := &res.Gaps[i]
		g.Source, g.Where, g.Detail = hide(g.Source), hide(g.Where), hide(g.Detail)
	}
}

// withhold takes out of a text whatever has one of the known fingerprints, the
// longest first.
func (s *Scan) withhold(text string, known map[int]map[string]string) string {
	lengths := make([]int, 0, len(known))
	for length := range known {
		lengths = append(lengths, length)
	}
	slices.Sort(lengths)
	for _, length := range slices.Backward(lengths) {
		marks := known[length]
		for i := 0; i+length <= len(text); i++ {
			if n := strings.IndexAny(text[i:i+length], " \t\n\"'<>@,;:"); n >= 0 {
				i += n
				continue
			}
			if shown, ok := marks[leak.Fingerprint(s.o.Key, text[i:i+length])]; ok {
				text = text[:i] + shown + text[i+length:]
			}
		}
	}
	return text
}

// each is the list with f applied; the list itself stays as it is, as others may
// hold it too.
func each(list []string, f func(string) string) []string {
	out := list
	for i, text := range list {
		clean := f(text)
		if clean != text && &out[0] == &list[0] {
			out = slices.Clone(list)
		}
		out[i] = clean
	}
	return out
}

func (f *Finding) value() string {
	if f.reveal == nil {
		return ""
	}
	return f.reveal()
}
