package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/support"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type supportReader interface {
	DescribeCases(context.Context, *support.DescribeCasesInput, ...func(*support.Options)) (*support.DescribeCasesOutput, error)
	DescribeSeverityLevels(context.Context, *support.DescribeSeverityLevelsInput, ...func(*support.Options)) (*support.DescribeSeverityLevelsOutput, error)
}

type supportWriter interface {
	supportReader
	CreateCase(context.Context, *support.CreateCaseInput, ...func(*support.Options)) (*support.CreateCaseOutput, error)
	ResolveCase(context.Context, *support.ResolveCaseInput, ...func(*support.Options)) (*support.ResolveCaseOutput, error)
}

var supportCase = kind.Of(supportCaseSpec)

// A case at AWS Support. The API is there for the paid plans only, and answers
// SubscriptionRequiredException otherwise: so no triage lists it. Cases can be
// read for 12 months (AWS Support API reference, DescribeCases).
var supportCaseSpec = kind.Spec[supportReader, supportWriter]{
	Name:   "support.case",
	Global: true,
	Reader: func(c aws.Config) supportReader { return support.NewFromConfig(c) },
	Writer: func(c aws.Config) supportWriter { return support.NewFromConfig(c) },
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
			r := fact.Resource{Ref: fact.Ref{Kind: "support.case", Place: at, ID: aws.ToString(c.CaseId)}, Created: caseOpened(c)}
			fact.Subject.Set(&r, aws.ToString(c.Subject))
			fact.Status.Set(&r, aws.ToString(c.Status))
			fact.Submitter.Set(&r, aws.ToString(c.SubmittedBy))
			fact.DisplayID.Set(&r, aws.ToString(c.DisplayId))
			fact.Severity.Set(&r, aws.ToString(c.SeverityCode))
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
		ask := &support.CreateCaseInput{
			Subject: aws.String(fact.Subject.Or(j.Resource, "")), CommunicationBody: aws.String(fact.Letter.Or(j.Resource, "")), Language: aws.String(fact.Language.Or(j.Resource, "en")),
			IssueType: aws.String("customer-service"), ServiceCode: aws.String("customer-account"), CategoryCode: aws.String("security"),
		}
		if severity := fact.Severity.Or(j.Resource, ""); severity != "" {
			ask.SeverityCode = &severity
		}
		// Once: an answer that was lost may have opened the case.
		_, err := api.CreateCase(ctx, ask, func(o *support.Options) { o.RetryMaxAttempts = 1 })
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
			if _, err := api.ResolveCase(ctx, &support.ResolveCaseInput{CaseId: &id}); err != nil {
				return err
			}
		}
		return nil
	},
}
