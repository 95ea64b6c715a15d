// Package charges reads what AWS says of the account's bill: Cost Explorer,
// whose every request costs money, and the budgets and the free tier, which cost
// nothing to ask. It only reads.
package charges

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"cordon/internal/awsapi"
	"cordon/internal/bill"
)

// PerRequest is what AWS charges for a request to Cost Explorer, each page of an
// answer being one (AWS Cost Explorer pricing).
const PerRequest = 0.01

// ErrOff says that Cost Explorer has no figures: it was never turned on, or was
// within the last day, or the root user keeps IAM from the bill.
var ErrOff = errors.New("no figures of this account in Cost Explorer")

// ErrMeter says that more requests would be needed than were allowed.
var ErrMeter = errors.New("the answer has more pages than requests were allowed")

// A Meter counts requests that cost money, retries too, and stops at Most.
type Meter struct{ Most, Sent int }

// count refuses a request beyond the most, and counts the others. It stands
// where each attempt passes.
func (m *Meter) count(o *costexplorer.Options) {
	o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
		return s.Finalize.Insert(middleware.FinalizeMiddlewareFunc("CordonMeter", func(
			ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
		) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if m.Sent >= m.Most {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, ErrMeter
			}
			m.Sent++
			return next.HandleFinalize(ctx, in)
		}), "Signing", middleware.Before)
	})
}

// ExplorerNeeds are the calls of Costs and Anomalies.
var ExplorerNeeds = []string{"costexplorer:GetCostAndUsage", "costexplorer:GetAnomalies"}

type explorer interface {
	GetCostAndUsage(context.Context, *costexplorer.GetCostAndUsageInput, ...func(*costexplorer.Options)) (*costexplorer.GetCostAndUsageOutput, error)
	GetAnomalies(context.Context, *costexplorer.GetAnomaliesInput, ...func(*costexplorer.Options)) (*costexplorer.GetAnomaliesOutput, error)
}

// Costs asks for an account's charges of the days from from to to, by day: once by
// service and region, once by service and usage type. An organisation's management
// account sees all its members' charges: only the account's own are asked for. What is credited,
// refunded or taxed is left out: an account that pays with credits would seem to
// cost nothing.
func Costs(ctx context.Context, cfg aws.Config, account string, from, to bill.Day, m *Meter) (bill.Ledger, error) {
	l := bill.Ledger{From: from, To: to, Blind: []string{}}
	var api explorer = costexplorer.NewFromConfig(cfg)
	for _, second := range []types.Dimension{types.DimensionRegion, types.DimensionUsageType} {
		if err := charged(ctx, api, &l, account, second, m); err != nil {
			return bill.Ledger{}, fmt.Errorf("cannot read the costs: %w", off(err))
		}
	}
	return l, nil
}

func charged(ctx context.Context, api explorer, l *bill.Ledger, account string, second types.Dimension, m *Meter) error {
	ask := &costexplorer.GetCostAndUsageInput{
		Granularity: types.GranularityDaily, Metrics: []string{metric},
		TimePeriod: &types.DateInterval{Start: aws.String(l.From.String()), End: aws.String(l.To.String())},
		Filter: &types.Expression{And: []types.Expression{
			{Not: &types.Expression{Dimensions: &types.DimensionValues{Key: types.DimensionRecordType, Values: leftOut}}},
			{Dimensions: &types.DimensionValues{Key: types.DimensionLinkedAccount, Values: []string{account}}},
		}},
		GroupBy: []types.GroupDefinition{
			{Type: types.GroupDefinitionTypeDimension, Key: aws.String(string(types.DimensionService))},
			{Type: types.GroupDefinitionTypeDimension, Key: aws.String(string(second))},
		},
	}
	for {
		page, err := api.GetCostAndUsage(ctx, ask, m.count)
		if err != nil {
			return err
		}
		for _, day := range page.ResultsByTime {
			if err := lines(l, day, second); err != nil {
				return err
			}
		}
		next := aws.ToString(page.NextPageToken)
		if next == "" {
			return nil
		}
		if next == aws.ToString(ask.NextPageToken) {
			return errors.New("AWS gives the same page again")
		}
		ask.NextPageToken = &next
	}
}

const metric = "UnblendedCost"

var leftOut = []string{"Credit", "Refund", "Tax"}

func lines(l *bill.Ledger, day types.ResultByTime, second types.Dimension) error {
	if day.TimePeriod == nil {
		return errors.New("an answer has a day without a date")
	}
	d, err := bill.ParseDay(aws.ToString(day.TimePeriod.Start))
	if err != nil {
		return err
	}
	if day.Estimated && (l.Estimated == 0 || d < l.Estimated) {
		l.Estimated = d
	}
	for _, g := range day.Groups {
		cost, there := g.Metrics[metric]
		if len(g.Keys) != 2 || !there {
			return errors.New("an answer has a charge without its names or its amount")
		}
		amount, err := bill.Amount(aws.ToString(cost.Amount))
		if err != nil {
			return err
		}
		unit := aws.ToString(cost.Unit)
		if l.Currency != "" && unit != l.Currency {
			return fmt.Errorf("amounts in %.10q and in %.10q cannot be added", l.Currency, unit)
		}
		l.Currency = unit
		x := bill.Line{Day: d, Service: g.Keys[0], Cost: amount}
		if second == types.DimensionRegion {
			x.Region = g.Keys[1]
			l.Places = append(l.Places, x)
		} else {
			x.Usage = g.Keys[1]
			l.Usages = append(l.Usages, x)
		}
	}
	return nil
}

// off tells that there are no figures from other errors.
func off(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	says := strings.ToLower(api.ErrorMessage())
	if awsapi.Code(err) == "DataUnavailableException" || awsapi.Classify(err) == awsapi.NotSubscribed || strings.Contains(says, "not enabled for cost explorer") {
		return fmt.Errorf("%w: %w", ErrOff, err)
	}
	return err
}

// An Anomaly is what AWS's own cost anomaly detection holds to be odd.
type Anomaly struct {
	ID       string   `json:"id"`
	From     string   `json:"from"`
	To       string   `json:"to,omitempty"`
	Impact   float64  `json:"impact"` // beyond the expected
	Services []string `json:"services"`
	Regions  []string `json:"regions"`
	Usages   []string `json:"usage_types"`
	Owner    string   `json:"owner_says,omitempty"` // YES, NO, PLANNED_ACTIVITY
}

// Anomalies asks for the anomalies since a day, of at most the last 90. An empty
// answer also comes where nobody set a monitor up.
func Anomalies(ctx context.Context, cfg aws.Config, from, to bill.Day, m *Meter) ([]Anomaly, error) {
	var api explorer = costexplorer.NewFromConfig(cfg)
	ask := &costexplorer.GetAnomaliesInput{DateInterval: &types.AnomalyDateInterval{StartDate: aws.String(max(from, to-90).String()), EndDate: aws.String((to - 1).String())}, MaxResults: aws.Int32(100)}
	out := []Anomaly{}
	for {
		page, err := api.GetAnomalies(ctx, ask, m.count)
		if err != nil {
			return nil, fmt.Errorf("cannot read the cost anomalies: %w", off(err))
		}
		for _, a := range page.Anomalies {
			out = append(out, anomaly(a))
		}
		next := aws.ToString(page.NextPageToken)
		if next == "" {
			return out, nil
		}
		if next == aws.ToString(ask.NextPageToken) {
			return nil, errors.New("cannot read the cost anomalies: AWS gives the same page again")
		}
		ask.NextPageToken = &next
	}
}

func anomaly(a types.Anomaly) Anomaly {
	out := Anomaly{
		ID: aws.ToString(a.AnomalyId), From: aws.ToString(a.AnomalyStartDate), To: aws.ToString(a.AnomalyEndDate), Owner: string(a.Feedback),
		Services: []string{}, Regions: []string{}, Usages: []string{},
	}
	if a.Impact != nil {
		out.Impact = a.Impact.TotalImpact
	}
	for _, c := range a.RootCauses {
		out.Services, out.Regions, out.Usages = with(out.Services, c.Service), with(out.Regions, c.Region), with(out.Usages, c.UsageType)
	}
	return out
}
