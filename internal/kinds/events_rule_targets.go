package kinds

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

const (
	ruleStateAspect = "state"
	targetsAspect   = "targets"
)

// An alarm that the intruder switched off is switched on again.
var restoreRuleState = restore(eventRuleVerb{
	Name: "enable-rule", Class: kind.Disruptive, Of: ruleStateAspect,
	Needs:  ruleStateNeeds,
	Mends:  []string{"DisableRule", "EnableRule", "PutRule"},
	Recall: recallRuleState,
}, ruleState, setRuleState)

func recallRuleState(call string, request, _ json.RawMessage) (string, bool) {
	var q struct {
		State string `json:"state"`
	}
	if json.Unmarshal(request, &q) != nil {
		return "", false
	}
	switch call {
	case "EnableRule":
		return string(types.RuleStateEnabled), true
	case "DisableRule":
		return string(types.RuleStateDisabled), true
	case "PutRule": // without a state it makes and leaves a rule enabled
		return cmp.Or(q.State, string(types.RuleStateEnabled)), true
	}
	return "", false
}

// A targetList is the aspect "targets", as JSON; "" stands for no target. What
// one recorded PutTargets set need not have been all: Part is put back, and no
// other target is taken away for it.
type targetList struct {
	All  []shownTarget `json:"all,omitempty"`
	Part []shownTarget `json:"part,omitempty"`
}

// A shownTarget is a target as it may stand in a plan. What it hands on to what
// it starts may be a secret: of that only a fingerprint travels.
type shownTarget struct {
	types.Target
	Texts string `json:"Texts,omitempty"`
}

func shownOf(t types.Target) (shownTarget, error) {
	if plainTarget(t) {
		return shownTarget{Target: t}, nil
	}
	print, err := fingerprint([]any{t.Input, t.InputTransformer, t.HttpParameters, t.SageMakerPipelineParameters, t.RedshiftDataParameters, t.AppSyncParameters})
	t.Input, t.InputTransformer, t.HttpParameters = nil, nil, nil
	t.SageMakerPipelineParameters, t.RedshiftDataParameters, t.AppSyncParameters = nil, nil, nil
	return shownTarget{t, print}, err
}

// plainTarget says that a target has no text of its own.
func plainTarget(t types.Target) bool {
	return t.Input == nil && t.InputTransformer == nil && t.HttpParameters == nil &&
		t.SageMakerPipelineParameters == nil && t.RedshiftDataParameters == nil && t.AppSyncParameters == nil
}

func writeTargets(targets []types.Target) (string, error) {
	if len(targets) == 0 {
		return "", nil
	}
	var list targetList
	for _, t := range targets {
		shown, err := shownOf(t)
		if err != nil {
			return "", err
		}
		list.All = append(list.All, shown)
	}
	return leanJSON(list)
}

func readTargets(text string) (list targetList, err error) {
	if text == "" {
		return list, nil
	}
	if err = json.Unmarshal([]byte(text), &list); err != nil {
		err = fmt.Errorf("cannot read the targets to put back: %w", err)
	}
	return list, err
}

var restoreTargets = func() eventRuleVerb {
	v := restore(eventRuleVerb{
		Name: "restore-targets", Class: kind.Disruptive, Of: targetsAspect,
		Needs:  []string{"eventbridge:PutTargets", "eventbridge:RemoveTargets", "eventbridge:ListTargetsByRule", "=iam:PassRole"},
		Mends:  []string{"RemoveTargets", "PutTargets"},
		Recall: recallTargets,
	}, readRuleTargets, putBackTargets)
	whole := v.Done
	v.Done = func(ctx context.Context, api eventRuleReader, j kind.Job) (bool, error) {
		want, err := readTargets(fact.Before.Or(j.Resource, nil)[targetsAspect])
		if err != nil || want.Part == nil {
			done, failed := whole(ctx, api, j)
			return done && err == nil, errors.Join(err, failed)
		}
		targets, err := ruleTargets(ctx, api, j.ID)
		return err == nil && !slices.ContainsFunc(want.Part, func(t shownTarget) bool { return !hasTarget(targets, t) }), err
	}
	return v
}()

func hasTarget(targets []types.Target, want shownTarget) bool {
	text, err := leanJSON(want)
	return err == nil && slices.ContainsFunc(targets, func(t types.Target) bool {
		shown, err := shownOf(t)
		if err != nil {
			return false
		}
		is, err := leanJSON(shown)
		return err == nil && is == text
	})
}

func readRuleTargets(ctx context.Context, api eventRuleReader, r fact.Resource) (string, error) {
	targets, err := ruleTargets(ctx, api, r.ID)
	if err != nil {
		return "", err
	}
	return writeTargets(targets)
}

// recallTargets reads what one call put. A target with a text of its own is not
// put back from its record: CloudTrail hides some, and none may stand in a plan.
func recallTargets(call string, request, _ json.RawMessage) (string, bool) {
	var q struct {
		Targets []types.Target `json:"targets"`
	}
	if call != "PutTargets" || json.Unmarshal(request, &q) != nil || len(q.Targets) == 0 {
		return "", false
	}
	var list targetList
	for _, t := range q.Targets {
		if !plainTarget(t) {
			return "", false
		}
		list.Part = append(list.Part, shownTarget{Target: t})
	}
	text, err := leanJSON(list)
	return text, err == nil && !strings.Contains(text, "HIDDEN_DUE_TO_SECURITY_REASONS") && !strings.Contains(text, `"***"`)
}

type targetLister interface {
	ListTargetsByRule(context.Context, *eventbridge.ListTargetsByRuleInput, ...func(*eventbridge.Options)) (*eventbridge.ListTargetsByRuleOutput, error)
}

// ruleTargets are the targets of a rule in the order of their ids.
func ruleTargets(ctx context.Context, api targetLister, id string) ([]types.Target, error) {
	bus, name := ruleName(id)
	targets, err := everyToken(ctx, func(ctx context.Context, token *string) ([]types.Target, *string, error) {
		out, err := api.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &name, EventBusName: &bus, Limit: aws.Int32(100), NextToken: token})
		if err != nil {
			return nil, nil, fmt.Errorf("cannot list the targets of rule %s: %w", id, gone(err))
		}
		return out.Targets, out.NextToken, nil
	})
	slices.SortFunc(targets, func(a, b types.Target) int { return cmp.Compare(aws.ToString(a.Id), aws.ToString(b.Id)) })
	return targets, err
}

// targetsPerCall is how many targets AWS takes or removes in one call.
const targetsPerCall = 10

// putBackTargets writes what is wanted. A target with a text of its own stays
// where it still stands; where it does not, only the evidence has its text.
func putBackTargets(ctx context.Context, api eventRuleWriter, j kind.Job, value string) error {
	want, err := readTargets(value)
	if err != nil {
		return err
	}
	is, err := ruleTargets(ctx, api, j.ID)
	if err != nil {
		return err
	}
	var put []types.Target
	var lost []string
	for _, t := range slices.Concat(want.All, want.Part) {
		switch {
		case t.Texts == "":
			put = append(put, t.Target)
		case !hasTarget(is, t):
			lost = append(lost, aws.ToString(t.Id))
		}
	}
	bus, name := ruleName(j.ID)
	for some := range slices.Chunk(put, targetsPerCall) {
		out, err := api.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: &bus, Targets: some})
		if err != nil {
			return err
		}
		if out.FailedEntryCount > 0 {
			return fmt.Errorf("cannot put %d targets of rule %s back: %s", out.FailedEntryCount, j.ID, aws.ToString(out.FailedEntries[0].ErrorMessage))
		}
	}
	if want.Part == nil {
		err = dropTargets(ctx, api, j, want.All)
	}
	if len(lost) > 0 && err == nil {
		err = fmt.Errorf("cannot put the targets %s of rule %s back: their texts are in the evidence only, in targets.json: put them back by hand", strings.Join(lost, ", "), j.ID)
	}
	return err
}

// dropTargets takes all targets away but those to stay.
func dropTargets(ctx context.Context, api eventRuleWriter, j kind.Job, stay []shownTarget) error {
	targets, err := ruleTargets(ctx, api, j.ID)
	if err != nil {
		return err
	}
	var ids []string
	for _, t := range targets {
		if !slices.ContainsFunc(stay, func(s shownTarget) bool { return aws.ToString(s.Id) == aws.ToString(t.Id) }) {
			ids = append(ids, aws.ToString(t.Id))
		}
	}
	bus, name := ruleName(j.ID)
	for some := range slices.Chunk(ids, targetsPerCall) {
		out, err := api.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &name, EventBusName: &bus, Ids: some})
		if err != nil {
			return err
		}
		if out.FailedEntryCount > 0 {
			return fmt.Errorf("cannot remove %d targets of rule %s: %s", out.FailedEntryCount, j.ID, aws.ToString(out.FailedEntries[0].ErrorMessage))
		}
	}
	return nil
}

// A rule that has targets cannot be deleted.
var deleteEventRule = remove(eventRuleVerb{
	Name: "delete", Needs: []string{"eventbridge:ListTargetsByRule", "eventbridge:RemoveTargets", "eventbridge:DeleteRule"},
}, func(ctx context.Context, api eventRuleReader, r fact.Resource) (any, error) {
	rule, err := ruleNow(ctx, api, r)
	if err != nil {
		return nil, err
	}
	// AWS tells no date: what it fires on and as whom, which no action of a plan changes.
	return []string{
		aws.ToString(rule.Arn), aws.ToString(rule.EventPattern), aws.ToString(rule.ScheduleExpression), aws.ToString(rule.RoleArn),
	}, nil
}, func(ctx context.Context, api eventRuleWriter, j kind.Job) error {
	if err := dropTargets(ctx, api, j, nil); err != nil {
		return err
	}
	bus, name := ruleName(j.ID)
	_, err := api.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &name, EventBusName: &bus})
	return err
})
