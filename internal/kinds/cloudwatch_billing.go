package kinds

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

const (
	// BillingAlarm is what the alarm is called that a plan makes.
	BillingAlarm = "cordon-billing"
	// billingMetrics is the namespace of what the account owes; it is in us-east-1
	// only, and only once billing alerts were turned on (CloudWatch User Guide,
	// "Create a billing alarm").
	billingMetrics = "AWS/Billing"
	// billingPeriod is how often AWS writes the metric: about every six hours.
	billingPeriod = 6 * 60 * 60
)

// createBillingAlarm makes an alarm on what the month has cost so far. The facts
// Threshold and Notify say above how many dollars, and which topic it tells.
var createBillingAlarm = establish(kind.Verb[alarmReader, alarmWriter]{
	Name: "create-billing-alarm", Needs: []string{"cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"},
}, func(ctx context.Context, api alarmReader, r fact.Resource) (string, error) {
	a, err := findAlarm(ctx, api, r)
	if errors.Is(err, kind.ErrGone) {
		return "", nil
	}
	m, ok := a.whole.(types.MetricAlarm)
	if err != nil || !ok {
		return "another", err
	}
	return fmt.Sprint(aws.ToString(m.Namespace), " ", aws.ToString(m.MetricName), " ", aws.ToFloat64(m.Threshold), " ", onOff(aws.ToBool(m.ActionsEnabled)), " ", m.AlarmActions), nil
}, thatIsAll, func(ctx context.Context, api alarmWriter, j kind.Job) error {
	above, known := fact.Threshold.Get(j.Resource)
	notify := fact.Notify.Or(j.Resource, "")
	if !known || notify == "" {
		return fmt.Errorf("cannot make the alarm %s: the plan does not say above what, or whom it tells", j.ID)
	}
	_, err := api.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: &j.ID, AlarmDescription: aws.String("cordon " + j.Case + ": what the month has cost so far, in US dollars"),
		Namespace: aws.String(billingMetrics), MetricName: aws.String("EstimatedCharges"),
		Dimensions: []types.Dimension{{Name: aws.String("Currency"), Value: aws.String("USD")}},
		Statistic:  types.StatisticMaximum, Period: aws.Int32(billingPeriod), EvaluationPeriods: aws.Int32(1),
		Threshold: &above, ComparisonOperator: types.ComparisonOperatorGreaterThanThreshold,
		ActionsEnabled: aws.Bool(true), AlarmActions: []string{notify}, TreatMissingData: aws.String("missing"),
	})
	return err
}, func(ctx context.Context, api alarmWriter, j kind.Job) error {
	_, err := api.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{j.ID}})
	return err
})
