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
	All  []types.Target `json:"all,omitempty"`
	Part []types.Target `json:"part,omitempty"`
}

func writeTargets(targets []types.Target) (string, error) {
	if len(targets) == 0 {
		return "", nil
	}
	return leanJSON(targetList{All: targets})
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
		return err == nil && !slices.ContainsFunc(want.Part, func(t types.Target) bool { return !hasTarget(targets, t) }), err
	}
	return v
}()

func hasTarget(targets []types.Target, want types.Target) bool {
	text, err := leanJSON(want)
	return err == nil && slices.ContainsFunc(targets, func(t types.Target) bool {
		is, err := leanJSON(t)
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

// recallTargets reads what one call put. CloudTrail hides some texts: a target
// with such a one cannot be put back from its record.
func recallTargets(call string, request, _ json.RawMessage) (string, bool) {
	var q struct {
		Targets []types.Target `json:"targets"`
	}
	if call != "PutTargets" || json.Unmarshal(request, &q) != nil || len(q.Targets) == 0 {
		return "", false
	}
	text, err := leanJSON(targetList{Part: q.Targets})
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

func putBackTargets(ctx context.Context, api eventRuleWriter, j kind.Job, value string) error {
	want, err := readTargets(value)
	if err != nil {
		return err
	}
	bus, name := ruleName(j.ID)
	for some := range slices.Chunk(slices.Concat(want.All, want.Part), targetsPerCall) {
		out, err := api.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: &bus, Targets: some})
		if err != nil {
			return err
		}
		if out.FailedEntryCount > 0 {
			return fmt.Errorf("cannot put %d targets of rule %s back: %s", out.FailedEntryCount, j.ID, aws.ToString(out.FailedEntries[0].ErrorMessage))
		}
	}
	if want.Part != nil {
		return nil
	}
	return dropTargets(ctx, api, j, want.All)
}

// dropTargets takes all targets away but those to stay.
func dropTargets(ctx context.Context, api eventRuleWriter, j kind.Job, stay []types.Target) error {
	targets, err := ruleTargets(ctx, api, j.ID)
	if err != nil {
		return err
	}
	var ids []string
	for _, t := range targets {
		if !slices.ContainsFunc(stay, func(s types.Target) bool { return aws.ToString(s.Id) == aws.ToString(t.Id) }) {
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
	return aws.ToString(rule.Arn), nil
}, func(ctx context.Context, api eventRuleWriter, j kind.Job) error {
	if err := dropTargets(ctx, api, j, nil); err != nil {
		return err
	}
	bus, name := ruleName(j.ID)
	_, err := api.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: &name, EventBusName: &bus})
	return err
})
