package kinds

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cloudtrailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type oneRule struct {
	eventRuleReader
	out eventbridge.DescribeRuleOutput
}

func (o oneRule) DescribeRule(context.Context, *eventbridge.DescribeRuleInput, ...func(*eventbridge.Options)) (*eventbridge.DescribeRuleOutput, error) {
	return &o.out, nil
}

type oneAlarm struct{ changed time.Time }

func (o oneAlarm) DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	return &cloudwatch.DescribeAlarmsOutput{MetricAlarms: []cloudwatchtypes.MetricAlarm{
		{AlarmName: aws.String("a"), AlarmArn: aws.String("arn:a"), AlarmConfigurationUpdatedTimestamp: &o.changed},
	}}, nil
}

type oneTrail struct {
	trailReader
	out cloudtrailtypes.Trail
}

func (o oneTrail) DescribeTrails(context.Context, *cloudtrail.DescribeTrailsInput, ...func(*cloudtrail.Options)) (*cloudtrail.DescribeTrailsOutput, error) {
	return &cloudtrail.DescribeTrailsOutput{TrailList: []cloudtrailtypes.Trail{o.out}}, nil
}

type oneTopic struct {
	topicReader
	attributes map[string]string
}

func (o oneTopic) GetTopicAttributes(context.Context, *sns.GetTopicAttributesInput, ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error) {
	return &sns.GetTopicAttributesOutput{Attributes: o.attributes}, nil
}

// priorOf is what identifies the thing that a deletion is planned for.
func priorOf[R, W any](t *testing.T, spec kind.Spec[R, W], verb string, api R) string {
	t.Helper()
	for _, v := range spec.Verbs {
		if v.Name == verb {
			return string(must[[]byte](t)(v.Prior(t.Context(), api, fact.Resource{Ref: fact.Ref{Kind: spec.Name, ID: "a"}})))
		}
	}
	t.Fatalf("%s has no verb %s", spec.Name, verb)
	return ""
}

// Of these AWS tells no id and no date of creation: what was made otherwise under
// the name is not what was to be deleted, and what other actions change is no
// part of it.
func TestWhatIsMadeOtherwiseUnderTheNameIsAnother(t *testing.T) {
	rule := func(schedule, state string) string {
		return priorOf(t, eventRuleSpec, "delete", eventRuleReader(oneRule{out: eventbridge.DescribeRuleOutput{
			Arn: aws.String("arn:a"), ScheduleExpression: &schedule, State: "ENABLED", Description: &state,
		}}))
	}
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	alarm := func(changed time.Time) string {
		return priorOf(t, alarmSpec, "delete", alarmReader(oneAlarm{changed: changed}))
	}
	trail := func(bucket string) string {
		return priorOf(t, trailSpec, "delete", trailReader(oneTrail{out: cloudtrailtypes.Trail{Name: aws.String("a"), TrailARN: aws.String("arn:a"), S3BucketName: &bucket}}))
	}
	topic := func(policy, subscriptions string) string {
		return priorOf(t, topicSpec, "delete", topicReader(oneTopic{attributes: map[string]string{"Policy": policy, "SubscriptionsConfirmed": subscriptions}}))
	}
	for what, pair := range map[string][3]string{ // as planned, the same a little later, another
		"events.rule":      {rule("rate(1 minute)", "a"), rule("rate(1 minute)", "b"), rule("rate(1 day)", "a")},
		"cloudwatch.alarm": {alarm(now), alarm(now.Add(time.Millisecond)), alarm(now.Add(time.Hour))},
		"cloudtrail.trail": {trail("his"), trail("his"), trail("mine")},
		"sns.topic":        {topic("his", "1"), topic("his", "0"), topic("mine", "1")},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: the same reads otherwise: %s, %s", what, pair[0], pair[1])
		}
		if pair[0] == pair[2] {
			t.Errorf("%s: another reads the same: %s", what, pair[0])
		}
	}
}
