package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type alarmReader interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
}

type alarmWriter interface {
	EnableAlarmActions(context.Context, *cloudwatch.EnableAlarmActionsInput, ...func(*cloudwatch.Options)) (*cloudwatch.EnableAlarmActionsOutput, error)
	DisableAlarmActions(context.Context, *cloudwatch.DisableAlarmActionsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DisableAlarmActionsOutput, error)
	DeleteAlarms(context.Context, *cloudwatch.DeleteAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DeleteAlarmsOutput, error)
	PutMetricAlarm(context.Context, *cloudwatch.PutMetricAlarmInput, ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricAlarmOutput, error)
}

type alarmVerb = kind.Verb[alarmReader, alarmWriter]

var alarm = kind.Of(alarmSpec)

var alarmSpec = kind.Spec[alarmReader, alarmWriter]{
	Name:   "cloudwatch.alarm",
	Reader: func(c aws.Config) alarmReader { return cloudwatch.NewFromConfig(c) },
	Writer: func(c aws.Config) alarmWriter { return cloudwatch.NewFromConfig(c) },
	Needs:  []string{"cloudwatch:DescribeAlarms"},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"D3"},
	Named:  true,
	Carry:  []string{string(fact.Threshold), string(fact.Notify)},
	List: func(ctx context.Context, api alarmReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, cloudwatch.NewDescribeAlarmsPaginator(api, &cloudwatch.DescribeAlarmsInput{
			AlarmTypes: everyAlarm, MaxRecords: aws.Int32(100),
		})) {
			if err != nil {
				return fmt.Errorf("cannot list alarms: %w", err)
			}
			for _, a := range alarmsIn(page) {
				put(alarmOf(at, a))
			}
		}
		return nil
	},
	Keep: func(ctx context.Context, api alarmReader, r fact.Resource, put func(string, []byte) error) error {
		a, err := findAlarm(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "alarm.json", a.whole)
	},
	Verbs: []alarmVerb{
		restoreOr(alarmVerb{
			Name: "enable-alarm", Class: kind.Reversible, Of: "actions", Mends: []string{"DisableAlarmActions"},
			Needs:  []string{"cloudwatch:EnableAlarmActions", "cloudwatch:DisableAlarmActions"},
			Recall: recallTo(map[string]string{"DisableAlarmActions": "off"}),
		}, "on", func(ctx context.Context, api alarmReader, r fact.Resource) (string, error) {
			a, err := findAlarm(ctx, api, r)
			return onOff(aws.ToBool(a.actions)), err
		}, func(ctx context.Context, api alarmWriter, j kind.Job, to string) (err error) {
			if to == "on" {
				_, err = api.EnableAlarmActions(ctx, &cloudwatch.EnableAlarmActionsInput{AlarmNames: []string{j.ID}})
			} else {
				_, err = api.DisableAlarmActions(ctx, &cloudwatch.DisableAlarmActionsInput{AlarmNames: []string{j.ID}})
			}
			return err
		}),
		remove(alarmVerb{Name: "delete", Needs: []string{"cloudwatch:DeleteAlarms"}},
			func(ctx context.Context, api alarmReader, r fact.Resource) (any, error) {
				a, err := findAlarm(ctx, api, r)
				if err != nil {
					return nil, err
				}
				// The date is of its last change; no action changes what another deletes.
				return onlyMade(aws.ToString(a.arn), a.changed), nil
			},
			func(ctx context.Context, api alarmWriter, j kind.Job) error {
				_, err := api.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{j.ID}})
				return err
			}),
		createBillingAlarm,
	},
}

var everyAlarm = []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}

// An anAlarm is what alarms on metrics and on other alarms have in common.
type anAlarm struct {
	name, arn *string
	actions   *bool
	changed   *time.Time
	state     types.StateValue
	whole     any
}

func alarmsIn(page *cloudwatch.DescribeAlarmsOutput) (all []anAlarm) {
	for _, a := range page.MetricAlarms {
		all = append(all, anAlarm{a.AlarmName, a.AlarmArn, a.ActionsEnabled, a.AlarmConfigurationUpdatedTimestamp, a.StateValue, a})
	}
	for _, a := range page.CompositeAlarms {
		all = append(all, anAlarm{a.AlarmName, a.AlarmArn, a.ActionsEnabled, a.AlarmConfigurationUpdatedTimestamp, a.StateValue, a})
	}
	return all
}

func alarmOf(at fact.Place, a anAlarm) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "cloudwatch.alarm", Place: at, ID: aws.ToString(a.name)}, ARN: aws.ToString(a.arn)}
	when(fact.Modified, &r, a.changed)
	fact.Status.Set(&r, string(a.state))
	fact.Active.Set(&r, aws.ToBool(a.actions))
	setAspect(&r, "actions", onOff(aws.ToBool(a.actions)))
	if m, ok := a.whole.(types.MetricAlarm); ok && aws.ToString(m.Namespace) == billingMetrics {
		fact.Threshold.Set(&r, aws.ToFloat64(m.Threshold))
	}
	return r
}

func findAlarm(ctx context.Context, api alarmReader, r fact.Resource) (anAlarm, error) {
	out, err := api.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{r.ID}, AlarmTypes: everyAlarm})
	var all []anAlarm
	if err == nil {
		all = alarmsIn(out)
	}
	return only(all, err)
}
