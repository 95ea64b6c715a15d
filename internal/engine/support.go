package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kinds"
	"cordon/internal/letter"
	"cordon/internal/plan"
)

const (
	supportKind = fact.Kind("support.case")
	openCase    = "open-case"
	// maxLetter is the longest text that AWS Support takes (CreateCase, communicationBody).
	maxLetter = 8000
)

// A SupportCase is one case at AWS Support.
type SupportCase struct {
	ID        string    `json:"id"`
	Number    string    `json:"number"`
	Subject   string    `json:"subject"`
	Status    string    `json:"status"`
	Severity  string    `json:"severity"`
	Submitter string    `json:"submitted_by"`
	Created   time.Time `json:"created"`
	New       bool      `json:"new"`  // opened since the incident began
	Ours      bool      `json:"ours"` // opened with cordon
}

// PlanCase makes the plan that opens a case at AWS Support with a letter, which
// has passed the gate of letters and passes it here once more.
func (s *Session) PlanCase(ctx context.Context, subject, body, language string) (plan.Plan, error) {
	for _, text := range []string{subject, body} {
		if _, err := letter.Pass(text); err != nil {
			return plan.Plan{}, LetterRefused(err)
		}
	}
	if len(body) > maxLetter {
		return plan.Plan{}, refuse("letter-long", fmt.Errorf("cannot open the case: the letter has %d characters, %d fit", len(body), maxLetter), "n", len(body), "most", maxLetter)
	}
	if err := s.fits(); err != nil {
		return plan.Plan{}, err
	}
	free, err := s.lock("support open")
	if err != nil {
		return plan.Plan{}, err
	}
	defer free()
	at := fact.Place{Account: s.Account.Caller.Account, Region: fact.Global}
	levels, err := kinds.SeverityLevels(ctx, s.read(at, []string{"support:DescribeSeverityLevels"}))
	if err != nil {
		return plan.Plan{}, noSupport(err)
	}
	severity := ""
	for _, want := range []string{"low", "normal", "high", "urgent"} { // of those the plan has, the gravest short of "the business is down"
		if slices.Contains(levels, want) {
			severity = want
		}
	}
	sum := sha256.Sum256([]byte(subject + "\x00" + body))
	r := fact.Resource{Ref: fact.Ref{Kind: supportKind, Place: at, ID: "new-" + hex.EncodeToString(sum[:6])}}
	fact.Subject.Set(&r, subject)
	fact.Letter.Set(&r, body)
	fact.Language.Set(&r, language)
	fact.Severity.Set(&r, severity)
	t, _, err := triaged(s.Case)
	if err != nil {
		return plan.Plan{}, err
	}
	p := s.newPlan("support", t)
	if p.Ward, err = s.ward(ctx, admins(t.Snapshot, nil)); err != nil {
		return plan.Plan{}, err
	}
	p.Actions, p.Refused = plan.Guard([]plan.Action{plan.Act(r, openCase, plan.Disruptive)}, p.Ward)
	if err := s.readPlanned(ctx, &p); err != nil {
		return plan.Plan{}, err
	}
	if len(p.Actions) == 0 {
		return p, refuse("nothing-to-do", nil)
	}
	return p, savePlan(s.Case, p)
}

// noSupport words the answer to accounts whose plan has no Support API.
func noSupport(err error) error {
	if awsapi.Classify(err) == awsapi.NotSubscribed {
		return refuse("no-support", err)
	}
	return err
}

// LetterRefused words what the gate of letters refused.
func LetterRefused(err error) error {
	var no *letter.Refusal
	if errors.As(err, &no) {
		return refuse("letter", err, "n", len(no.Hits))
	}
	return err
}

// SupportCases lists the account's cases, the newest first, and says which were
// opened since the incident began. since is zero when nobody knows when it did.
func (s *Session) SupportCases(ctx context.Context) (all []SupportCase, since time.Time, err error) {
	if err := s.fits(); err != nil {
		return nil, since, err
	}
	if since, err = s.began(); err != nil {
		return nil, since, err
	}
	ours, err := s.ourSubjects(ctx)
	if err != nil {
		return nil, since, err
	}
	k, _ := s.kind(supportKind)
	at := fact.Place{Account: s.Account.Caller.Account, Region: fact.Global}
	err = k.List(kind.WithShared(ctx), s.read(at, k.Needs()), at, func(r fact.Resource) {
		c := SupportCase{
			ID: r.ID, Number: fact.DisplayID.Or(r, ""), Subject: fact.Subject.Or(r, ""), Status: fact.Status.Or(r, ""),
			Severity: fact.Severity.Or(r, ""), Submitter: fact.Submitter.Or(r, ""), Created: r.Created,
		}
		c.Ours = ours[c.Subject]
		c.New = !since.IsZero() && !c.Created.Before(since)
		all = append(all, c)
	})
	if err != nil {
		return nil, since, noSupport(err)
	}
	slices.SortStableFunc(all, func(a, b SupportCase) int { return b.Created.Compare(a.Created) })
	return all, since, nil
}

// began is when the incident began, as far as the case knows.
func (s *Session) began() (time.Time, error) {
	t, looked, err := triaged(s.Case)
	switch {
	case err != nil:
		return time.Time{}, err
	case looked && !t.Snapshot.Since.IsZero():
		return t.Snapshot.Since, nil
	case looked && t.Summary.FirstSeen != nil:
		return *t.Summary.FirstSeen, nil
	}
	return time.Time{}, nil
}

// ourSubjects are the subjects of the cases that cordon opened from this case.
func (s *Session) ourSubjects(ctx context.Context) (map[string]bool, error) {
	past, err := journalled(ctx, s.Case, s.now())
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, r := range past {
		if r.Verb != openCase || !strings.Contains(string(r.Target), "subject") {
			continue
		}
		if target, err := decode[fact.Resource](r.Target); err == nil {
			out[fact.Subject.Or(target, "")] = true
		}
	}
	return out, nil
}
