package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ses"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type receiptReader interface {
	ListReceiptRuleSets(context.Context, *ses.ListReceiptRuleSetsInput, ...func(*ses.Options)) (*ses.ListReceiptRuleSetsOutput, error)
	DescribeActiveReceiptRuleSet(context.Context, *ses.DescribeActiveReceiptRuleSetInput, ...func(*ses.Options)) (*ses.DescribeActiveReceiptRuleSetOutput, error)
	DescribeReceiptRuleSet(context.Context, *ses.DescribeReceiptRuleSetInput, ...func(*ses.Options)) (*ses.DescribeReceiptRuleSetOutput, error)
}

type receiptWriter interface {
	receiptReader // another set may be the active one by now
	SetActiveReceiptRuleSet(context.Context, *ses.SetActiveReceiptRuleSetInput, ...func(*ses.Options)) (*ses.SetActiveReceiptRuleSetOutput, error)
	DeleteReceiptRuleSet(context.Context, *ses.DeleteReceiptRuleSetInput, ...func(*ses.Options)) (*ses.DeleteReceiptRuleSetOutput, error)
}

var receiptRules = kind.Of(receiptSpec)

// Receipt rules say where mail to the account's domains goes: into a bucket, to
// a function, to a topic. One set is active, or none.
var receiptSpec = kind.Spec[receiptReader, receiptWriter]{
	Name:   "ses.receipt-rule-set",
	Reader: func(c aws.Config) receiptReader { return ses.NewFromConfig(c) },
	Writer: func(c aws.Config) receiptWriter { return ses.NewFromConfig(c) },
	Needs:  []string{"ses:ListReceiptRuleSets", "ses:DescribeActiveReceiptRuleSet", "ses:DescribeReceiptRuleSet"},
	Cost:   kind.Cost{Fixed: 2, Page: 100},
	Covers: []string{"B9"},
	Named:  true,
	List:   listReceiptRules,
	Keep:   kept("receipt-rules.json", findReceiptRules),
	Verbs: []kind.Verb[receiptReader, receiptWriter]{
		flip(kind.Verb[receiptReader, receiptWriter]{
			Name: "stop-receiving", Class: kind.Disruptive, For: kind.Disable, Needs: []string{"ses:SetActiveReceiptRuleSet"},
		}, false, receives, switchReceipt),
		// AWS refuses to delete the active one.
		remove(kind.Verb[receiptReader, receiptWriter]{
			Name: "delete", Needs: []string{"ses:DeleteReceiptRuleSet"},
		}, func(ctx context.Context, api receiptReader, r fact.Resource) (any, error) {
			s, err := findReceiptRules(ctx, api, r)
			if err != nil || s.Metadata == nil {
				return nil, err
			}
			return uniquely(s.Metadata.Name, s.Metadata.CreatedTimestamp), nil
		}, func(ctx context.Context, api receiptWriter, j kind.Job) error {
			_, err := api.DeleteReceiptRuleSet(ctx, &ses.DeleteReceiptRuleSetInput{RuleSetName: &j.ID})
			return err
		}),
	},
}

func listReceiptRules(ctx context.Context, api receiptReader, at fact.Place, put func(fact.Resource)) error {
	active, err := activeReceipt(ctx, api)
	if err != nil {
		return fmt.Errorf("cannot read which receipt rules are active: %w", err)
	}
	var token *string
	for {
		page, err := api.ListReceiptRuleSets(ctx, &ses.ListReceiptRuleSetsInput{NextToken: token})
		if err != nil {
			return fmt.Errorf("cannot list receipt rule sets: %w", err)
		}
		for _, s := range page.RuleSets {
			r := named("ses.receipt-rule-set", at, s.Name, nil, s.CreatedTimestamp)
			fact.Active.Set(&r, r.ID == active)
			put(r)
		}
		if token = page.NextToken; aws.ToString(token) == "" {
			return nil
		}
	}
}

func activeReceipt(ctx context.Context, api receiptReader) (string, error) {
	out, err := api.DescribeActiveReceiptRuleSet(ctx, &ses.DescribeActiveReceiptRuleSetInput{})
	if err != nil || out.Metadata == nil {
		return "", err
	}
	return aws.ToString(out.Metadata.Name), nil
}

func findReceiptRules(ctx context.Context, api receiptReader, r fact.Resource) (*ses.DescribeReceiptRuleSetOutput, error) {
	out, err := api.DescribeReceiptRuleSet(ctx, &ses.DescribeReceiptRuleSetInput{RuleSetName: &r.ID})
	return out, gone(err)
}

func receives(ctx context.Context, api receiptReader, r fact.Resource) (bool, error) {
	if _, err := findReceiptRules(ctx, api, r); err != nil {
		return false, err
	}
	active, err := activeReceipt(ctx, api)
	return active == r.ID, err
}

// switchReceipt leaves alone what is active in place of the set.
func switchReceipt(ctx context.Context, api receiptWriter, j kind.Job, on bool) error {
	active, err := activeReceipt(ctx, api)
	if err != nil || (active == j.ID) == on {
		return err
	}
	if on && active != "" {
		return fmt.Errorf("cannot make the receipt rules %s active again: %s is active now", j.ID, active)
	}
	in := &ses.SetActiveReceiptRuleSetInput{}
	if on {
		in.RuleSetName = &j.ID
	}
	_, err = api.SetActiveReceiptRuleSet(ctx, in)
	return err
}
