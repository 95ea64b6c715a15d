package cli

import (
	"context"
	"encoding/json"
	"strings"

	"cordon/internal/engine"
	"cordon/internal/finding"
)

// A score compares what was found and done with what the lab knows.
type score struct {
	Points      int      `json:"points"` // of 100
	Planted     int      `json:"planted"`
	Found       int      `json:"found"`
	Missed      []string `json:"missed"`
	Credentials int      `json:"intruder_credentials"`
	Cut         int      `json:"contained"`
	Open        []string `json:"still_open"`
	Owned       int      `json:"owner_credentials"`
	Harmed      []string `json:"harmed"`
}

func runDrillScore(ctx context.Context, a *app) error {
	l, _, err := a.theLab()
	if err != nil {
		return err
	}
	raw, err := l.Truth(ctx)
	if err != nil {
		return a.labProblem(err)
	}
	var t truth
	if err := json.Unmarshal(raw, &t); err != nil {
		return a.labProblem(err)
	}
	c, err := a.theCase()
	if err != nil {
		return err
	}
	last, err := engine.LoadTriage(c)
	if err != nil {
		return err
	}
	s := score{Missed: []string{}, Open: []string{}, Harmed: []string{}}
	s.compare(t, last.Findings)
	if err := s.probe(ctx, t, func(c credential) bool {
		works, _ := engine.Probe(ctx, l.URL(), engine.Key{ID: c.ID, Secret: c.Secret, Token: c.Token})
		return works
	}); err != nil {
		return err
	}
	s.Points = s.points()
	return a.record("drill_score", s, func() { a.score(s) })
}

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

func (a *app) score(s score) {
	a.say("screen.score.points", "n", s.Points)
	a.say("screen.score.found", "n", s.Found, "of", s.Planted)
	list := func(names []string) {
		for _, n := range names {
			a.print("    ", safe(n))
		}
	}
	list(s.Missed)
	a.say("screen.score.cut", "n", s.Cut, "of", s.Credentials)
	list(s.Open)
	a.say("screen.score.harm", "n", len(s.Harmed), "of", s.Owned)
	list(s.Harmed)
	if strings.Join(s.Open, "") != "" {
		a.rows("  ", [][2]string{{"cordon plan contain", a.words.T("prose.do.contain")}})
	}
}
