package cli

import (
	"context"

	"cordon/internal/finding"
)

// compare counts what was planted and stands among the findings.
func (s *score) compare(t truth, fs []finding.Finding) {
	seen := map[string]bool{}
	for _, f := range fs {
		if f.Outcome != finding.Found {
			continue
		}
		for _, h := range f.Hits {
			seen[string(h.Kind)+"/"+h.Region+"/"+h.ID] = true
		}
	}
	for _, p := range t.Planted {
		s.Planted++
		if name := p.Kind + "/" + p.Region + "/" + p.ID; seen[name] {
			s.Found++
		} else {
			s.Missed = append(s.Missed, name)
		}
	}
}

// probe tries every credential: the intruder's should be dead, the owner's
// alive. What leaked is the intruder's even where the owner has it too.
func (s *score) probe(ctx context.Context, t truth, works func(credential) bool) error {
	leaked := map[string]bool{}
	for _, c := range t.Intruder {
		leaked[c.ID] = true
		if c.ID == "" {
			continue // a password: nothing here can try it
		}
		s.Credentials++
		if works(c) {
			s.Open = append(s.Open, c.Kind+" "+c.Name)
		} else {
			s.Cut++
		}
	}
	for _, c := range t.Owner {
		if c.ID == "" || leaked[c.ID] {
			continue
		}
		s.Owned++
		if !works(c) {
			s.Harmed = append(s.Harmed, c.Kind+" "+c.Name)
		}
	}
	return ctx.Err()
}

// points weighs cutting the intruder off most, harm to the owner as heavily
// as finding.
func (s *score) points() int {
	share := func(n, of, weight int) int {
		if of == 0 {
			return weight
		}
		return weight * n / of
	}
	return share(s.Found, s.Planted, 30) + share(s.Cut, s.Credentials, 40) + share(s.Owned-len(s.Harmed), s.Owned, 30)
}
