package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type eventRuleReader interface {
	ListEventBuses(context.Context, *eventbridge.ListEventBusesInput, ...func(*eventbridge.Options)) (*eventbridge.ListEventBusesOutput, error)
	ListRules(context.Context, *eventbridge.ListRulesInput, ...func(*eventbridge.Options)) (*eventbridge.ListRulesOutput, error)
	ListTargetsByRule(context.Context, *eventbridge.ListTargetsByRuleInput, ...func(*eventbridge.Options)) (*eventbridge.ListTargetsByRuleOutput, error)
	DescribeRule(context.Context, *eventbridge.DescribeRuleInput, ...func(*eventbridge.Options)) (*eventbridge.DescribeRuleOutput, error)
}

type eventRuleWriter interface {
	DescribeRule(context.Context, *eventbridge.DescribeRuleInput, ...func(*eventbridge.Options)) (*eventbridge.DescribeRuleOutput, error)
	ListTargetsByRule(context.Context, *eventbridge.ListTargetsByRuleInput, ...func(*eventbridge.Options)) (*eventbridge.ListTargetsByRuleOutput, error)
	PutRule(context.Context, *eventbridge.PutRuleInput, ...func(*eventbridge.Options)) (*eventbridge.PutRuleOutput, error)
	EnableRule(context.Context, *eventbridge.EnableRuleInput, ...func(*eventbridge.Options)) (*eventbridge.EnableRuleOutput, error)
	DisableRule(context.Context, *eventbridge.DisableRuleInput, ...func(*eventbridge.Options)) (*eventbridge.DisableRuleOutput, error)
	PutTargets(context.Context, *eventbridge.PutTargetsInput, ...func(*eventbridge.Options)) (*eventbridge.PutTargetsOutput, error)
	RemoveTargets(context.Context, *eventbridge.RemoveTargetsInput, ...func(*eventbridge.Options)) (*eventbridge.RemoveTargetsOutput, error)
	DeleteRule(context.Context, *eventbridge.DeleteRuleInput, ...func(*eventbridge.Options)) (*eventbridge.DeleteRuleOutput, error)
}

type eventRuleVerb = kind.Verb[eventRuleReader, eventRuleWriter]

var eventRule = kind.Of(eventRuleSpec)

// A rule starts its targets by the clock or when something happens. Its ID is
// NAME, and BUS/NAME on another bus than the default one, as in its ARN. What a
// service of AWS manages (fact.ManagedBy) AWS lets nobody else change.
var eventRuleSpec = kind.Spec[eventRuleReader, eventRuleWriter]{
	Name:   "events.rule",
	Reader: func(c aws.Config) eventRuleReader { return eventbridge.NewFromConfig(c) },
	Writer: func(c aws.Config) eventRuleWriter { return eventbridge.NewFromConfig(c) },
	Needs:  []string{"eventbridge:ListEventBuses", "eventbridge:ListRules", "eventbridge:ListTargetsByRule", "eventbridge:DescribeRule"},
	List:   listEventRules,
	// And one more for each bus that has no rule.
	Cost:      kind.Cost{Fixed: 2, Page: 100, Each: 2},
	Covers:    []string{"A14", "D3", "D6"},
	Named:     true,
	Recreates: true,
	Holds: func(r fact.Resource) []fact.Ref {
		bus, _ := ruleName(r.ID)
		return []fact.Ref{{Kind: "events.bus", Place: r.Place, ID: bus}}
	},
	Keep:  keepEventRule,
	Verbs: []eventRuleVerb{disableEventRule, restoreRuleState, restoreTargets, deleteEventRule},
}

// ruleName takes an ID apart. Names of rules have no slash in them; those of
// partners' buses have.
func ruleName(id string) (bus, name string) {
	if i := strings.LastIndexByte(id, '/'); i >= 0 {
		return id[:i], id[i+1:]
	}
	return "default", id
}

// busList is shared by what is on the buses.
func busList(ctx context.Context, api interface {
	ListEventBuses(context.Context, *eventbridge.ListEventBusesInput, ...func(*eventbridge.Options)) (*eventbridge.ListEventBusesOutput, error)
}, at fact.Place) ([]types.EventBus, error) {
	type key struct{ at fact.Place }
	return kind.Shared(ctx, key{at}, func() ([]types.EventBus, error) {
		return everyToken(ctx, func(ctx context.Context, token *string) ([]types.EventBus, *string, error) {
			out, err := api.ListEventBuses(ctx, &eventbridge.ListEventBusesInput{Limit: aws.Int32(100), NextToken: token})
			if err != nil {
				return nil, nil, fmt.Errorf("cannot list event buses: %w", err)
			}
			return out.EventBuses, out.NextToken, nil
		})
	})
}

func listEventRules(ctx context.Context, api eventRuleReader, at fact.Place, put func(fact.Resource)) error {
	buses, err := busList(ctx, api, at)
	if err != nil {
		return err
	}
	var drafts []fact.Resource
	for _, bus := range buses {
		rules, err := everyToken(ctx, func(ctx context.Context, token *string) ([]types.Rule, *string, error) {
			out, err := api.ListRules(ctx, &eventbridge.ListRulesInput{EventBusName: bus.Name, Limit: aws.Int32(100), NextToken: token})
			if err != nil {
				return nil, nil, fmt.Errorf("cannot list the rules of bus %s: %w", aws.ToString(bus.Name), err)
			}
			return out.Rules, out.NextToken, nil
		})
		if err != nil {
			return err
		}
		for _, rule := range rules {
			drafts = append(drafts, eventRuleOf(at, rule))
		}
	}
	return complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		targets, err := ruleTargets(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return setTargets(r, targets)
	}, put)
}

func eventRuleOf(at fact.Place, rule types.Rule) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "events.rule", Place: at, ID: pastMark(":rule/", aws.ToString(rule.Arn))}, ARN: aws.ToString(rule.Arn)}
	fact.Name.Set(&r, aws.ToString(rule.Name))
	fact.Status.Set(&r, string(rule.State))
	fact.Active.Set(&r, rule.State != types.RuleStateDisabled)
	fact.ManagedBy.Set(&r, aws.ToString(rule.ManagedBy))
	if rule.RoleArn != nil {
		fact.Role.Set(&r, *rule.RoleArn)
	}
	if rule.ScheduleExpression != nil {
		fact.Detail.Set(&r, *rule.ScheduleExpression)
	}
	setAspect(&r, ruleStateAspect, string(rule.State))
	return r
}

// setTargets notes where a rule leads to, and to which other accounts. A target
// with a text of its own may have a secret in it: then the targets are no aspect.
func setTargets(r *fact.Resource, targets []types.Target) error {
	foreign, plain := []string{}, true
	for _, t := range targets {
		if home := arnAccount(aws.ToString(t.Arn)); home != "" && home != r.Account {
			foreign = append(foreign, home)
		}
		plain = plain && plainTarget(t)
	}
	slices.Sort(foreign)
	fact.SharedWith.Set(r, slices.Compact(foreign))
	fact.Count.Set(r, len(targets))
	if !plain {
		return nil
	}
	text, err := writeTargets(targets)
	setAspect(r, targetsAspect, text)
	return err
}

func keepEventRule(ctx context.Context, api eventRuleReader, r fact.Resource, put func(string, []byte) error) error {
	rule, err := ruleNow(ctx, api, r)
	if err != nil {
		return err
	}
	if err := putJSON(put, "rule.json", rule); err != nil {
		return err
	}
	targets, err := ruleTargets(ctx, api, r.ID)
	if err != nil {
		return err
	}
	return putJSON(put, "targets.json", targets)
}

func ruleNow(ctx context.Context, api eventRuleReader, r fact.Resource) (*eventbridge.DescribeRuleOutput, error) {
	bus, name := ruleName(r.ID)
	out, err := api.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &name, EventBusName: &bus})
	return out, gone(err)
}

var disableEventRule = eventRuleVerb{
	Name: "disable", Class: kind.Disruptive, For: kind.Disable, Needs: ruleStateNeeds,
	Prior: func(ctx context.Context, api eventRuleReader, r fact.Resource) (json.RawMessage, error) {
		return prior(ruleState(ctx, api, r))
	},
	Do: func(ctx context.Context, api eventRuleWriter, j kind.Job, _ json.RawMessage) error {
		return setRuleState(ctx, api, j, string(types.RuleStateDisabled))
	},
	Done: func(ctx context.Context, api eventRuleReader, j kind.Job) (bool, error) {
		state, err := ruleState(ctx, api, j.Resource)
		return state == string(types.RuleStateDisabled), err
	},
	Undo: func(ctx context.Context, api eventRuleWriter, j kind.Job, prior json.RawMessage) error {
		was, err := read[string](prior)
		if err != nil {
			return err
		}
		return setRuleState(ctx, api, j, was)
	},
}

var ruleStateNeeds = []string{"eventbridge:DisableRule", "eventbridge:EnableRule", "eventbridge:PutRule", "=iam:PassRole"}

func ruleState(ctx context.Context, api eventRuleReader, r fact.Resource) (string, error) {
	rule, err := ruleNow(ctx, api, r)
	if err != nil {
		return "", err
	}
	return string(rule.State), nil
}

// setRuleState switches a rule. A rule over all that CloudTrail records is one
// only by PutRule, which writes the rest of the rule again as it is.
func setRuleState(ctx context.Context, api eventRuleWriter, j kind.Job, state string) error {
	bus, name := ruleName(j.ID)
	switch types.RuleState(state) {
	case types.RuleStateDisabled:
		_, err := api.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: &name, EventBusName: &bus})
		return err
	case types.RuleStateEnabled:
		_, err := api.EnableRule(ctx, &eventbridge.EnableRuleInput{Name: &name, EventBusName: &bus})
		return err
	}
	is, err := api.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: &name, EventBusName: &bus})
	if err != nil {
		return err
	}
	_, err = api.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: &name, EventBusName: &bus, State: types.RuleState(state), EventPattern: is.EventPattern,
		ScheduleExpression: is.ScheduleExpression, RoleArn: is.RoleArn, Description: is.Description,
	})
	return err
}
