package cli

import (
	"context"

	"cordon/internal/engine"
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
	t, err := readTruth(raw)
	if err != nil {
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

func (a *app) score(s score) {
	a.say("screen.score.points", "n", s.Points)
	a.say("screen.score.found", "n", s.Found, "of", s.Planted)
	list := func(key string, names []string) {
		if len(names) > 0 && key != "" {
			a.print("  ", a.words.T(key))
		}
		for _, n := range names {
			a.print("    ", safe(n))
		}
	}
	list("screen.score.missed", s.Missed)
	a.say("screen.score.cut", "n", s.Cut, "of", s.Credentials)
	list("screen.score.open", s.Open)
	a.say("screen.score.harm", "n", len(s.Harmed), "of", s.Owned)
	list("", s.Harmed)
	if len(s.Open) > 0 {
		a.rows("  ", [][2]string{{"cordon plan contain", a.words.T("prose.do.contain")}})
	}
}
