package kinds

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/support"
	"github.com/aws/aws-sdk-go-v2/service/support/types"

	"cordon/internal/fact"
)

// SeverityLevels asks which severities the account may choose: those that its
// plan has, the mildest first.
func SeverityLevels(ctx context.Context, cfg aws.Config) (codes []string, err error) {
	out, err := supportCaseSpec.Reader(cfg).DescribeSeverityLevels(ctx, &support.DescribeSeverityLevelsInput{})
	if err != nil {
		return nil, err
	}
	for _, l := range out.SeverityLevels {
		codes = append(codes, aws.ToString(l.Code))
	}
	return codes, nil
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
		if aws.ToString(c.Subject) == fact.Subject.Or(r, "") && (since.IsZero() || !caseOpened(c).Before(since.Add(-5*time.Minute))) {
			ids = append(ids, aws.ToString(c.CaseId))
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func supportCases(ctx context.Context, api supportReader, resolved bool) (all []types.CaseDetails, err error) {
	// AWS includes what was written unless it is told not to; here it is not read.
	ask := support.DescribeCasesInput{IncludeResolvedCases: resolved, IncludeCommunications: aws.Bool(false), MaxResults: aws.Int32(supportPage)}
	for {
		page, err := api.DescribeCases(ctx, &ask)
		if err != nil {
			return nil, fmt.Errorf("cannot list the support cases: %w", err)
		}
		all = append(all, page.Cases...)
		next := aws.ToString(page.NextToken)
		if next == "" {
			return all, nil
		}
		if next == aws.ToString(ask.NextToken) {
			return nil, fmt.Errorf("cannot list the support cases: AWS gives the same page again")
		}
		ask.NextToken = &next
	}
}

// caseOpened is when the case was opened, which AWS answers as text.
func caseOpened(c types.CaseDetails) time.Time {
	t, err := time.Parse(time.RFC3339, aws.ToString(c.TimeCreated))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
