package kinds

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rbin"
	"github.com/aws/aws-sdk-go-v2/service/rbin/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type binRuleReader interface {
	ListRules(context.Context, *rbin.ListRulesInput, ...func(*rbin.Options)) (*rbin.ListRulesOutput, error)
	GetRule(context.Context, *rbin.GetRuleInput, ...func(*rbin.Options)) (*rbin.GetRuleOutput, error)
}

type binRuleWriter interface {
	UpdateRule(context.Context, *rbin.UpdateRuleInput, ...func(*rbin.Options)) (*rbin.UpdateRuleOutput, error)
}

type binRuleVerb = kind.Verb[binRuleReader, binRuleWriter]

var binRule = kind.Of(binRuleSpec)

// binRuleSpec is about the Recycle Bin: for how long deleted snapshots, images
// and volumes can be had back.
var binRuleSpec = kind.Spec[binRuleReader, binRuleWriter]{
	Name:   "rbin.rule",
	Reader: func(c aws.Config) binRuleReader { return rbin.NewFromConfig(c) },
	Writer: func(c aws.Config) binRuleWriter { return rbin.NewFromConfig(c) },
	Needs:  []string{"rbin:ListRules", "rbin:GetRule"},
	Cost:   kind.Cost{Fixed: len(binTypes), Page: 1000}, // AWS lists one type of resource at a time
	Covers: []string{"C7"},
	List:   listBinRules,
	Keep: func(ctx context.Context, api binRuleReader, r fact.Resource, put func(string, []byte) error) error {
		out, err := api.GetRule(ctx, &rbin.GetRuleInput{Identifier: &r.ID})
		if err != nil {
			return gone(err)
		}
		return putJSON(put, "rule.json", out)
	},
	Verbs: []binRuleVerb{
		restore(binRuleVerb{
			Name: "restore-bin-rule", Class: kind.Reversible, Of: "retention", Mends: []string{"UpdateRule"}, Needs: []string{"rbin:UpdateRule"},
			Recall: func(_ string, request, _ json.RawMessage) (string, bool) {
				var asked struct {
					RetentionPeriod struct {
						Value *int32 `json:"retentionPeriodValue"`
						Unit  string `json:"retentionPeriodUnit"`
					} `json:"retentionPeriod"`
				}
				if json.Unmarshal(request, &asked) != nil || asked.RetentionPeriod.Value == nil {
					return "", false // it changed something else
				}
				return fmt.Sprintf("%d %s", *asked.RetentionPeriod.Value, asked.RetentionPeriod.Unit), true
			},
		}, func(ctx context.Context, api binRuleReader, r fact.Resource) (string, error) {
			out, err := api.GetRule(ctx, &rbin.GetRuleInput{Identifier: &r.ID})
			if err != nil {
				return "", gone(err)
			}
			return binRetention(out.RetentionPeriod), nil
		}, setBinRetention),
	},
}

var binTypes = []types.ResourceType{types.ResourceTypeEbsSnapshot, types.ResourceTypeEc2Image, types.ResourceTypeEbsVolume}

func listBinRules(ctx context.Context, api binRuleReader, at fact.Place, put func(fact.Resource)) error {
	for _, of := range binTypes {
		for page, err := range pages(ctx, rbin.NewListRulesPaginator(api, &rbin.ListRulesInput{ResourceType: of, MaxResults: aws.Int32(1000)})) {
			if err != nil {
				return fmt.Errorf("cannot list the Recycle Bin’s rules: %w", err)
			}
			for _, rule := range page.Rules {
				put(binRuleOf(at, of, rule))
			}
		}
	}
	return nil
}

func binRuleOf(at fact.Place, of types.ResourceType, rule types.RuleSummary) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "rbin.rule", Place: at, ID: aws.ToString(rule.Identifier)}, ARN: aws.ToString(rule.RuleArn)}
	if d := aws.ToString(rule.Description); d != "" {
		fact.Name.Set(&r, d)
	}
	keeps := binRetention(rule.RetentionPeriod)
	fact.Detail.Set(&r, string(of)+" "+keeps)
	setAspect(&r, "retention", keeps)
	locks := []string{}
	if rule.LockState == types.LockStateLocked || rule.LockState == types.LockStatePendingUnlock {
		locks = append(locks, "rule-lock")
	}
	fact.Protections.Set(&r, locks)
	return r
}

// binRetention is "14 DAYS".
func binRetention(p *types.RetentionPeriod) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%d %s", aws.ToInt32(p.RetentionPeriodValue), p.RetentionPeriodUnit)
}

func setBinRetention(ctx context.Context, api binRuleWriter, j kind.Job, keeps string) error {
	var n int32
	var unit string
	if _, err := fmt.Sscanf(keeps, "%d %s", &n, &unit); err != nil {
		return fmt.Errorf("cannot read %q as a time to retain: %w", keeps, err)
	}
	_, err := api.UpdateRule(ctx, &rbin.UpdateRuleInput{
		Identifier: &j.ID, RetentionPeriod: &types.RetentionPeriod{RetentionPeriodValue: &n, RetentionPeriodUnit: types.RetentionPeriodUnit(unit)},
	})
	return err
}
