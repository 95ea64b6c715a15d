package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type analyzerLister interface {
	ListAnalyzers(context.Context, *accessanalyzer.ListAnalyzersInput, ...func(*accessanalyzer.Options)) (*accessanalyzer.ListAnalyzersOutput, error)
}

type analyzerReader interface {
	analyzerLister
	GetFindingsStatistics(context.Context, *accessanalyzer.GetFindingsStatisticsInput, ...func(*accessanalyzer.Options)) (*accessanalyzer.GetFindingsStatisticsOutput, error)
}

type analyzerWriter interface {
	CreateAnalyzer(context.Context, *accessanalyzer.CreateAnalyzerInput, ...func(*accessanalyzer.Options)) (*accessanalyzer.CreateAnalyzerOutput, error)
	DeleteAnalyzer(context.Context, *accessanalyzer.DeleteAnalyzerInput, ...func(*accessanalyzer.Options)) (*accessanalyzer.DeleteAnalyzerOutput, error)
}

var analyzer = kind.Of(analyzerSpec)

// analyzerSpec lists the analyzers with how many active findings each has.
var analyzerSpec = kind.Spec[analyzerReader, analyzerWriter]{
	Name:   "accessanalyzer.analyzer",
	Reader: func(c aws.Config) analyzerReader { return accessanalyzer.NewFromConfig(c) },
	Writer: func(c aws.Config) analyzerWriter { return accessanalyzer.NewFromConfig(c) },
	Needs:  []string{"accessanalyzer:ListAnalyzers", "accessanalyzer:GetFindingsStatistics"},
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 1},
	Covers: []string{"D3"},
	Named:  true,
	List: func(ctx context.Context, api analyzerReader, at fact.Place, put func(fact.Resource)) error {
		all, err := allAnalyzers(ctx, api, at)
		if err != nil {
			return fmt.Errorf("cannot list analyzers: %w", err)
		}
		var drafts []fact.Resource
		for _, a := range all {
			drafts = append(drafts, analyzerOf(at, a))
		}
		if err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error { return countFindings(ctx, api, r) }, put); err != nil {
			return fmt.Errorf("cannot list analyzers: %w", err)
		}
		return nil
	},
	Keep: func(ctx context.Context, api analyzerReader, r fact.Resource, put func(string, []byte) error) error {
		all, err := allAnalyzers(ctx, api, r.Place)
		if err != nil {
			return err
		}
		for _, a := range all {
			if aws.ToString(a.Name) == r.ID {
				return putJSON(put, "analyzer.json", a)
			}
		}
		return kind.ErrGone
	},
	Verbs: []kind.Verb[analyzerReader, analyzerWriter]{createAnalyzer},
}

type analyzersOf struct{ fact.Place }

func allAnalyzers(ctx context.Context, api analyzerLister, at fact.Place) ([]types.AnalyzerSummary, error) {
	return kind.Shared(ctx, analyzersOf{at}, func() (all []types.AnalyzerSummary, err error) {
		for page, err := range pages(ctx, accessanalyzer.NewListAnalyzersPaginator(api, &accessanalyzer.ListAnalyzersInput{MaxResults: aws.Int32(100)})) {
			if err != nil {
				return nil, err
			}
			all = append(all, page.Analyzers...)
		}
		return all, nil
	})
}

func analyzerOf(at fact.Place, a types.AnalyzerSummary) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "accessanalyzer.analyzer", Place: at, ID: aws.ToString(a.Name)}, ARN: aws.ToString(a.Arn),
		Created: aws.ToTime(a.CreatedAt).UTC(),
	}
	fact.Status.Set(&r, string(a.Status))
	fact.Active.Set(&r, a.Status == types.AnalyzerStatusActive)
	fact.Detail.Set(&r, string(a.Type))
	if a.ManagedBy != nil {
		fact.Maker.Set(&r, *a.ManagedBy)
	}
	tags := make([]string, 0, len(a.Tags))
	for k := range a.Tags {
		tags = append(tags, k)
	}
	setTagFacts(&r, tags, func(k string) (*string, *string) { return &k, aws.String(a.Tags[k]) })
	return r
}

func countFindings(ctx context.Context, api analyzerReader, r *fact.Resource) error {
	out, err := api.GetFindingsStatistics(ctx, &accessanalyzer.GetFindingsStatisticsInput{AnalyzerArn: &r.ARN})
	if err != nil {
		return gone(err)
	}
	n := int32(0)
	for _, s := range out.FindingsStatistics {
		switch s := s.(type) {
		case *types.FindingsStatisticsMemberExternalAccessFindingsStatistics:
			n += aws.ToInt32(s.Value.TotalActiveFindings)
		case *types.FindingsStatisticsMemberInternalAccessFindingsStatistics:
			n += aws.ToInt32(s.Value.TotalActiveFindings)
		case *types.FindingsStatisticsMemberUnusedAccessFindingsStatistics:
			n += aws.ToInt32(s.Value.TotalActiveFindings)
		}
	}
	fact.Count.Set(r, int(n))
	return nil
}
