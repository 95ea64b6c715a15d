package engine

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"cordon/internal/detect"
)

const userRules = `title: user made
name: made
level: low
logsource: {product: aws, service: cloudtrail}
detection:
  selection:
    eventName: CreateUser
  condition: selection
---
title: many users made
level: high
correlation:
  type: event_count
  rules: [made]
  generate: true
  group-by: [userIdentity.arn]
  timespan: 2m
  condition: {gte: 5}
`

// rulesOf compiles rules for a test.
func rulesOf(t *testing.T, text string) *Rules {
	t.Helper()
	r, problems, err := LoadRules(fstest.MapFS{"made.yml": {Data: []byte(text)}})
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	return r
}

// inquiry asks about all that was imported.
func inquiry(t *testing.T, a *Archive) *Inquiry {
	t.Helper()
	q := &Inquiry{Archive: a}
	if err := q.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return q
}

// whys counts the gaps of each reason.
func whys(q *Inquiry) map[string]int {
	n := map[string]int{}
	for _, g := range q.gaps {
		n[g.Why]++
	}
	return n
}

// TestRulesGoOn: files that are gone are told one by one, and rules look at all
// others.
func TestRulesGoOn(t *testing.T) {
	a, _ := offline(t)
	dir := t.TempDir()
	names := filed(t, dir, 6)
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{dir}}); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []int{1, 3} {
		if err := os.Remove(names[gone]); err != nil {
			t.Fatal(err)
		}
	}
	a.Rules = rulesOf(t, userRules)
	q := inquiry(t, a)
	hits, err := q.ruled(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	made, many := map[string]bool{}, 0
	for _, h := range hits {
		switch h.Rule {
		case "user made":
			made[h.EventIDs[0]] = true
		case "many users made":
			many++
			if h.Principal != "arn:aws:iam::347283850106:user/ada" || len(h.EventIDs) < 5 {
				t.Errorf("many were made by %q: %v", h.Principal, h.EventIDs)
			}
		}
	}
	if len(made) != 40 || many == 0 {
		t.Errorf("%d users were made in files that are there, and %d times many", len(made), many)
	}
	if n := whys(q); n["unreadable"] != 2 || n["source-gone"] != 2 {
		t.Errorf("two files are gone: %v", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := q.ruled(ctx); err == nil {
		t.Error("who was stopped knows all")
	}
}

// TestRulesReadWhatImportDidNot: where the import asked the same rules nothing is
// read again, whatever was imported without them besides.
func TestRulesReadWhatImportDidNot(t *testing.T) {
	a, _ := offline(t)
	dir := t.TempDir()
	names := filed(t, dir, 6)
	text, _, _ := strings.Cut(userRules, "---") // correlations read their records again
	rules := rulesOf(t, text)
	a.Rules = rules
	if err := a.Import(t.Context(), ImportOptions{Paths: names[:3]}); err != nil {
		t.Fatal(err)
	}
	a.Rules = nil
	if err := a.Import(t.Context(), ImportOptions{Paths: names[3:]}); err != nil {
		t.Fatal(err)
	}
	for _, name := range names[:3] {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	a.Rules = rules
	q := inquiry(t, a)
	hits, err := q.ruled(t.Context())
	if err != nil || len(hits) != 60 || len(q.gaps) != 0 {
		t.Errorf("%d hits, gaps %v: %v", len(hits), q.gaps, err)
	}
}

// TestCrowdsOfRules: of what a rule finds in one principal's hour a hundred are
// kept, and the last one cites the others.
func TestCrowdsOfRules(t *testing.T) {
	a, _ := offline(t)
	dir := t.TempDir()
	filed(t, dir, 40) // two hours and more, 180 each
	text, _, _ := strings.Cut(userRules, "---")
	a.Rules = rulesOf(t, text)
	if err := a.Import(t.Context(), ImportOptions{Paths: []string{dir}}); err != nil {
		t.Fatal(err)
	}
	hits, err := inquiry(t, a).ruled(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cited := 0
	for _, h := range hits {
		cited += len(h.EventIDs) + h.More
	}
	if len(hits) != 2*detect.KeptPerHour+40 || cited != 400 {
		t.Errorf("%d hits cite %d events", len(hits), cited)
	}
	if !slices.IsSortedFunc(hits, func(a, b detect.Hit) int { return a.At.Compare(b.At) }) {
		t.Error("hits are not in the order of time")
	}
}
