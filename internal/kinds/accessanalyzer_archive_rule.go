package kinds

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type archiveRuleReader interface {
	analyzerLister
	ListArchiveRules(context.Context, *accessanalyzer.ListArchiveRulesInput, ...func(*accessanalyzer.Options)) (*accessanalyzer.ListArchiveRulesOutput, error)
	GetArchiveRule(context.Context, *accessanalyzer.GetArchiveRuleInput, ...func(*accessanalyzer.Options)) (*accessanalyzer.GetArchiveRuleOutput, error)
}

type archiveRuleWriter interface {
	DeleteArchiveRule(context.Context, *accessanalyzer.DeleteArchiveRuleInput, ...func(*accessanalyzer.Options)) (*accessanalyzer.DeleteArchiveRuleOutput, error)
}

var archiveRule = kind.Of(archiveRuleSpec)

// archiveRuleSpec is about rules that hide findings as they come. What one hid
// already stays archived when it is deleted. The ID is ANALYZER/RULE.
var archiveRuleSpec = kind.Spec[archiveRuleReader, archiveRuleWriter]{
	Name:   "accessanalyzer.archive-rule",
	Reader: func(c aws.Config) archiveRuleReader { return accessanalyzer.NewFromConfig(c) },
	Writer: func(c aws.Config) archiveRuleWriter { return accessanalyzer.NewFromConfig(c) },
	Needs:  []string{"accessanalyzer:ListAnalyzers", "accessanalyzer:ListArchiveRules", "accessanalyzer:GetArchiveRule"},
	Cost:   kind.Cost{Fixed: 2, Page: 100, Each: 1}, // a call for each analyzer
	Covers: []string{"D3"},
	Named:  true,
	List: func(ctx context.Context, api archiveRuleReader, at fact.Place, put func(fact.Resource)) error {
		all, err := allAnalyzers(ctx, api, at)
		if err != nil {
			return fmt.Errorf("cannot list analyzers: %w", err)
		}
		for _, a := range all {
			err := archiveRulesOf(ctx, api, at, a, put)
			if err != nil && !errors.Is(err, kind.ErrGone) {
				return fmt.Errorf("cannot list archive rules: %w", err)
			}
		}
		return nil
	},
	Keep: func(ctx context.Context, api archiveRuleReader, r fact.Resource, put func(string, []byte) error) error {
		rule, err := findArchiveRule(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "archive-rule.json", rule)
	},
	Verbs: []kind.Verb[archiveRuleReader, archiveRuleWriter]{
		remove(kind.Verb[archiveRuleReader, archiveRuleWriter]{Name: "delete", Needs: []string{"accessanalyzer:DeleteArchiveRule"}},
			func(ctx context.Context, api archiveRuleReader, r fact.Resource) (any, error) {
				rule, err := findArchiveRule(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return onlyMade(r.ID, rule.CreatedAt), nil
			},
			func(ctx context.Context, api archiveRuleWriter, j kind.Job) error {
				of, name, _ := strings.Cut(j.ID, "/")
				_, err := api.DeleteArchiveRule(ctx, &accessanalyzer.DeleteArchiveRuleInput{AnalyzerName: &of, RuleName: &name})
				return err
			}),
	},
}

func archiveRulesOf(ctx context.Context, api archiveRuleReader, at fact.Place, a types.AnalyzerSummary, put func(fact.Resource)) error {
	for page, err := range pages(ctx, accessanalyzer.NewListArchiveRulesPaginator(api, &accessanalyzer.ListArchiveRulesInput{AnalyzerName: a.Name, MaxResults: aws.Int32(100)})) {
		if err != nil {
			return gone(err)
		}
		for _, rule := range page.ArchiveRules {
			id := aws.ToString(a.Name) + "/" + aws.ToString(rule.RuleName)
			r := fact.Resource{Ref: fact.Ref{Kind: "accessanalyzer.archive-rule", Place: at, ID: id}, Created: aws.ToTime(rule.CreatedAt).UTC()}
			when(fact.Modified, &r, rule.UpdatedAt)
			fact.PartOf.Set(&r, []fact.Ref{{Kind: "accessanalyzer.analyzer", Place: at, ID: aws.ToString(a.Name)}})
			put(r)
		}
	}
	return nil
}

func findArchiveRule(ctx context.Context, api archiveRuleReader, r fact.Resource) (*types.ArchiveRuleSummary, error) {
	of, name, _ := strings.Cut(r.ID, "/")
	out, err := api.GetArchiveRule(ctx, &accessanalyzer.GetArchiveRuleInput{AnalyzerName: &of, RuleName: &name})
	if err != nil {
		return nil, gone(err)
	}
	return out.ArchiveRule, nil
}
