package charges

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/budgets"
	"github.com/aws/aws-sdk-go-v2/service/budgets/types"

	"cordon/internal/bill"
)

// BudgetNeeds are the calls of Budgets and Actions. IAM names the first's action
// otherwise.
var BudgetNeeds = []string{"budgets:DescribeBudgets=budgets:ViewBudget", "budgets:DescribeBudgetActionsForAccount"}

// A Budget is a limit that somebody set, and what is spent of it.
type Budget struct {
	Name     string   `json:"name"`
	Sort     string   `json:"sort"` // COST, USAGE …
	Per      string   `json:"per"`  // MONTHLY …
	Limit    *float64 `json:"limit,omitempty"`
	Spent    *float64 `json:"spent,omitempty"`
	Forecast *float64 `json:"forecast,omitempty"`
	Unit     string   `json:"unit,omitempty"`
}

// A BudgetAction is what AWS does by itself when a budget is passed: it may deny
// everything to people, or stop machines. An intruder may have made it.
type BudgetAction struct {
	Budget  string   `json:"budget"`
	ID      string   `json:"id"`
	Sort    string   `json:"sort"`     // APPLY_IAM_POLICY, APPLY_SCP_POLICY, RUN_SSM_DOCUMENTS
	Approve string   `json:"approval"` // AUTOMATIC, MANUAL
	Status  string   `json:"status"`
	At      float64  `json:"threshold"`
	Policy  string   `json:"policy,omitempty"`
	Targets []string `json:"targets"`
	Role    string   `json:"role,omitempty"`
}

// Budgets lists the account's budgets and their actions. It is complete or an
// error.
func Budgets(ctx context.Context, cfg aws.Config, account string) (all []Budget, actions []BudgetAction, err error) {
	api := budgets.NewFromConfig(cfg)
	all, actions = []Budget{}, []BudgetAction{}
	ask := &budgets.DescribeBudgetsInput{AccountId: &account, MaxResults: aws.Int32(100)}
	for {
		page, err := api.DescribeBudgets(ctx, ask)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot list the budgets: %w", err)
		}
		for _, b := range page.Budgets {
			all = append(all, budget(b))
		}
		if ask.NextToken, err = following(ask.NextToken, page.NextToken); err != nil {
			return nil, nil, fmt.Errorf("cannot list the budgets: %w", err)
		}
		if ask.NextToken == nil {
			break
		}
	}
	more := &budgets.DescribeBudgetActionsForAccountInput{AccountId: &account, MaxResults: aws.Int32(100)}
	for {
		page, err := api.DescribeBudgetActionsForAccount(ctx, more)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot list the budget actions: %w", err)
		}
		for _, a := range page.Actions {
			actions = append(actions, action(a))
		}
		if more.NextToken, err = following(more.NextToken, page.NextToken); err != nil {
			return nil, nil, fmt.Errorf("cannot list the budget actions: %w", err)
		}
		if more.NextToken == nil {
			return all, actions, nil
		}
	}
}

// following is the token of the next page, or nil after the last.
func following(was, next *string) (*string, error) {
	switch {
	case aws.ToString(next) == "":
		return nil, nil
	case aws.ToString(next) == aws.ToString(was):
		return nil, errors.New("AWS gives the same page again")
	}
	return next, nil
}

func budget(b types.Budget) Budget {
	out := Budget{Name: aws.ToString(b.BudgetName), Sort: string(b.BudgetType), Per: string(b.TimeUnit)}
	out.Limit = out.amount(b.BudgetLimit)
	if s := b.CalculatedSpend; s != nil {
		out.Spent, out.Forecast = out.amount(s.ActualSpend), out.amount(s.ForecastedSpend)
	}
	return out
}

func (b *Budget) amount(s *types.Spend) *float64 {
	if s == nil {
		return nil
	}
	v, err := bill.Amount(aws.ToString(s.Amount))
	if err != nil {
		return nil // not told, and not nothing
	}
	b.Unit = aws.ToString(s.Unit)
	return &v
}

func action(a types.Action) BudgetAction {
	out := BudgetAction{
		Budget: aws.ToString(a.BudgetName), ID: aws.ToString(a.ActionId), Sort: string(a.ActionType), Approve: string(a.ApprovalModel),
		Status: string(a.Status), Role: aws.ToString(a.ExecutionRoleArn), Targets: []string{},
	}
	if a.ActionThreshold != nil {
		out.At = a.ActionThreshold.ActionThresholdValue
	}
	if d := a.Definition; d != nil {
		if i := d.IamActionDefinition; i != nil {
			out.Policy, out.Targets = aws.ToString(i.PolicyArn), slices.Concat(out.Targets, i.Users, i.Groups, i.Roles)
		}
		if p := d.ScpActionDefinition; p != nil {
			out.Policy, out.Targets = aws.ToString(p.PolicyId), slices.Concat(out.Targets, p.TargetIds)
		}
		if m := d.SsmActionDefinition; m != nil {
			out.Policy, out.Targets = string(m.ActionSubType), slices.Concat(out.Targets, m.InstanceIds)
		}
	}
	return out
}

func with(list []string, s *string) []string {
	if v := aws.ToString(s); v != "" && !slices.Contains(list, v) {
		return append(list, v)
	}
	return list
}
