package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type supportReader interface {
	DescribeCases(context.Context, describeCasesInput) (describeCasesOutput, error)
	DescribeSeverityLevels(context.Context) ([]string, error)
}

type supportWriter interface {
	supportReader
	CreateCase(context.Context, createCaseInput) (string, error)
	ResolveCase(ctx context.Context, id string) error
}

var supportCase = kind.Of(supportCaseSpec)

// A case at AWS Support. The API is there for the paid plans only, and answers
// SubscriptionRequiredException otherwise: so no triage lists it. Cases can be
// read for 12 months (AWS Support API reference, DescribeCases).
var supportCaseSpec = kind.Spec[supportReader, supportWriter]{
	Name:   "support.case",
	Global: true,
	Reader: func(c aws.Config) supportReader { return supportClient{c} },
	Writer: func(c aws.Config) supportWriter { return supportClient{c} },
	Needs:  []string{"support:DescribeCases", "support:DescribeSeverityLevels"},
	Cost:   kind.Cost{Fixed: 1, Page: supportPage},
	Carry:  []string{string(fact.Subject), string(fact.Letter), string(fact.Language), string(fact.Severity)},
	List: func(ctx context.Context, api supportReader, at fact.Place, put func(fact.Resource)) error {
		all, err := supportCases(ctx, api, true)
		if err != nil {
			return err
		}
		out := make([]fact.Resource, 0, len(all))
		for _, c := range all {
			r := fact.Resource{Ref: fact.Ref{Kind: "support.case", Place: at, ID: c.CaseID}, Created: c.Created()}
			fact.Subject.Set(&r, c.Subject)
			fact.Status.Set(&r, c.Status)
			fact.Submitter.Set(&r, c.SubmittedBy)
			fact.DisplayID.Set(&r, c.DisplayID)
			fact.Severity.Set(&r, c.SeverityCode)
			out = append(out, r)
		}
		putSorted(out, put)
		return nil
	},
	Verbs: []kind.Verb[supportReader, supportWriter]{openCase},
}

const supportPage = 100

// openCase sends the letter. A case is told from others by its subject, which
// names our own case, and by when it was opened.
var openCase = kind.Verb[supportReader, supportWriter]{
	Name: "open-case", Class: kind.Disruptive, Needs: []string{"support:CreateCase", "support:ResolveCase"},
	Takes: 5 * time.Minute, // a late listing must not open a second one
	Prior: func(ctx context.Context, api supportReader, r fact.Resource) (json.RawMessage, error) {
		open, err := casesLike(ctx, api, r, time.Time{})
		if err != nil {
			return nil, err
		}
		return json.Marshal(open)
	},
	Do: func(ctx context.Context, api supportWriter, j kind.Job, _ json.RawMessage) error {
		if open, err := casesLike(ctx, api, j.Resource, j.At); err != nil || len(open) > 0 {
			return err
		}
		_, err := api.CreateCase(ctx, createCaseInput{
			Subject: fact.Subject.Or(j.Resource, ""), Body: fact.Letter.Or(j.Resource, ""), Language: fact.Language.Or(j.Resource, "en"),
			Severity: fact.Severity.Or(j.Resource, ""), Issue: "customer-service", Service: "customer-account", Category: "security",
		})
		return err
	},
	Done: func(ctx context.Context, api supportReader, j kind.Job) (bool, error) {
		open, err := casesLike(ctx, api, j.Resource, j.At)
		return len(open) > 0, err
	},
	Undo: func(ctx context.Context, api supportWriter, j kind.Job, prior json.RawMessage) error {
		var before []string
		if err := json.Unmarshal(prior, &before); err != nil {
			return fmt.Errorf("cannot read what cases there were: %w", err)
		}
		open, err := casesLike(ctx, api, j.Resource, j.At)
		if err != nil {
			return err
		}
		for _, id := range open {
			if slices.Contains(before, id) {
				continue
			}
			if err := api.ResolveCase(ctx, id); err != nil {
				return err
			}
		}
		return nil
	},
}

// casesLike lists the open cases with this subject that were opened since, by
// AWS's clock less the minutes that clocks differ by.
func casesLike(ctx context.Context, api supportReader, r fact.Resource, since time.Time) ([]string, error) {
	all, err := supportCases(ctx, api, false)
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, c := range all {
		if c.Subject == fact.Subject.Or(r, "") && (since.IsZero() || !c.Created().Before(since.Add(-5*time.Minute))) {
			ids = append(ids, c.CaseID)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func supportCases(ctx context.Context, api supportReader, resolved bool) (all []caseDetails, err error) {
	ask := describeCasesInput{Resolved: resolved, Max: supportPage}
	for {
		page, err := api.DescribeCases(ctx, ask)
		if err != nil {
			return nil, fmt.Errorf("cannot list the support cases: %w", err)
		}
		all = append(all, page.Cases...)
		if page.Next == "" {
			return all, nil
		}
		if page.Next == ask.Next {
			return nil, fmt.Errorf("cannot list the support cases: AWS gives the same page again")
		}
		ask.Next = page.Next
	}
}
