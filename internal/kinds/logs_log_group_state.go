package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// logEventFilterer reads what was logged: FilterLogEvents is a read by another
// name.
type logEventFilterer interface {
	GetEvents(context.Context, *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error)
}

type logClient struct{ *cloudwatchlogs.Client }

func (c logClient) GetEvents(ctx context.Context, in *cloudwatchlogs.FilterLogEventsInput) (*cloudwatchlogs.FilterLogEventsOutput, error) {
	return c.FilterLogEvents(ctx, in)
}

// findLogGroup asks for the groups that begin with the name: there is no other
// way, and the group itself comes first.
func findLogGroup(ctx context.Context, api logGroupReader, name string) (types.LogGroup, error) {
	out, err := api.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name, Limit: aws.Int32(50)})
	if err != nil {
		return types.LogGroup{}, gone(err)
	}
	for _, g := range out.LogGroups {
		if aws.ToString(g.LogGroupName) == name {
			return g, nil
		}
	}
	return types.LogGroup{}, kind.ErrGone
}

// retentionText is the days for which logs are kept, "" for always.
func retentionText(days *int32) string {
	if days == nil {
		return ""
	}
	return strconv.Itoa(int(*days))
}

func logRetention(ctx context.Context, api logGroupReader, r fact.Resource) (string, error) {
	g, err := findLogGroup(ctx, api, r.ID)
	return retentionText(g.RetentionInDays), err
}

func setLogRetention(ctx context.Context, api logGroupWriter, j kind.Job, days string) error {
	if days == "" {
		_, err := api.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: &j.ID})
		return err
	}
	n, err := strconv.ParseInt(days, 10, 32)
	if err != nil {
		return fmt.Errorf("cannot read %q as a number of days", days)
	}
	_, err = api.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &j.ID, RetentionInDays: aws.Int32(int32(n))})
	return err
}

// A logSubscription is all that it takes to make a subscription filter again.
type logSubscription struct {
	Name         string   `json:"name"`
	Destination  string   `json:"destination"`
	Pattern      string   `json:"pattern"`
	Role         string   `json:"role,omitempty"`
	Distribution string   `json:"distribution,omitempty"`
	Transformed  bool     `json:"transformed,omitempty"`
	Criteria     string   `json:"criteria,omitempty"`
	System       []string `json:"system,omitempty"`
}

func logSubscriptions(ctx context.Context, api logGroupReader, r fact.Resource) (all []logSubscription, err error) {
	for page, err := range pages(ctx, cloudwatchlogs.NewDescribeSubscriptionFiltersPaginator(api, &cloudwatchlogs.DescribeSubscriptionFiltersInput{LogGroupName: &r.ID})) {
		if err != nil {
			return nil, gone(err)
		}
		for _, f := range page.SubscriptionFilters {
			all = append(all, logSubscription{
				Name: aws.ToString(f.FilterName), Destination: aws.ToString(f.DestinationArn), Pattern: aws.ToString(f.FilterPattern),
				Role: aws.ToString(f.RoleArn), Distribution: string(f.Distribution), Transformed: f.ApplyOnTransformedLogs,
				Criteria: aws.ToString(f.FieldSelectionCriteria), System: f.EmitSystemFields,
			})
		}
	}
	return all, nil
}

// foreignSubscriptions are those that send logs to an account outside this
// one, for which the owner does not vouch.
func foreignSubscriptions(ctx context.Context, api logGroupReader, r fact.Resource) (out []logSubscription, err error) {
	all, err := logSubscriptions(ctx, api, r)
	for _, f := range all {
		owner := arnAccount(f.Destination)
		if owner != r.Account && !slices.Contains(fact.Vouched.Or(r, nil), owner) {
			out = append(out, f)
		}
	}
	return out, err
}

func unsubscribeLog(ctx context.Context, api logGroupWriter, j kind.Job, had []logSubscription) error {
	for _, f := range had {
		_, err := api.DeleteSubscriptionFilter(ctx, &cloudwatchlogs.DeleteSubscriptionFilterInput{LogGroupName: &j.ID, FilterName: &f.Name})
		if err != nil && !errors.Is(gone(err), kind.ErrGone) {
			return err
		}
	}
	return nil
}

func subscribeLog(ctx context.Context, api logGroupWriter, j kind.Job, had []logSubscription) error {
	for _, f := range had {
		_, err := api.PutSubscriptionFilter(ctx, &cloudwatchlogs.PutSubscriptionFilterInput{
			LogGroupName: &j.ID, FilterName: &f.Name, DestinationArn: &f.Destination, FilterPattern: &f.Pattern, RoleArn: given(f.Role),
			Distribution: types.Distribution(f.Distribution), ApplyOnTransformedLogs: f.Transformed,
			FieldSelectionCriteria: given(f.Criteria), EmitSystemFields: f.System,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keptLogPages is how much of a log is kept: pages of up to 1 MB. A log that
// holds more is not deleted: it is the owner's to export first.
const keptLogPages = 10

func keepLogGroup(ctx context.Context, api logGroupReader, r fact.Resource, put func(string, []byte) error) error {
	g, err := findLogGroup(ctx, api, r.ID)
	if err != nil {
		return err
	}
	filters, err := logSubscriptions(ctx, api, r)
	if err != nil {
		return err
	}
	metrics, err := api.DescribeMetricFilters(ctx, &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: &r.ID})
	if err != nil {
		return gone(err)
	}
	tags, err := api.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &r.ARN})
	if err != nil {
		return gone(err)
	}
	log, err := readLog(ctx, api, r.ID)
	if err == nil && len(log.lines) > 0 {
		err = put("events.jsonl", log.lines)
	}
	if err == nil && !log.Whole {
		err = put("events-not-whole.txt", []byte("There is more in this log than was kept.\n"))
	}
	return errors.Join(err, putJSON(put, "log-group.json", g), putJSON(put, "subscriptions.json", filters),
		putJSON(put, "metric-filters.json", metrics.MetricFilters), putJSON(put, "tags.json", tags.Tags))
}

// logIsKept refuses to delete a log of which only a part is kept.
func logIsKept(ctx context.Context, api logGroupReader, j kind.Job) error {
	log, err := readLog(ctx, api, j.ID)
	if err == nil && !log.Whole {
		err = fmt.Errorf("cannot keep the log %s: %w: it holds more than %d MB", j.ID, kind.ErrUnkept, keptLogPages)
	}
	return err
}

// A keptLog is what is in a log: its events, one JSON object a line, and what
// tells whether any came since they were read.
type keptLog struct {
	lines  []byte
	Events int   `json:"events"`
	Newest int64 `json:"newest,omitempty"`
	Whole  bool  `json:"whole"` // these are all
}

func readLog(ctx context.Context, api logEventFilterer, name string) (log keptLog, err error) {
	ask := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &name}
	for range keptLogPages {
		out, err := api.GetEvents(ctx, ask)
		if err != nil {
			return keptLog{}, gone(err)
		}
		for _, e := range out.Events {
			line, err := json.Marshal(e)
			if err != nil {
				return keptLog{}, fmt.Errorf("cannot encode a log event: %w", err)
			}
			log.lines = append(append(log.lines, line...), '\n')
			log.Events++
			log.Newest = max(log.Newest, aws.ToInt64(e.Timestamp), aws.ToInt64(e.IngestionTime))
		}
		if ask.NextToken = out.NextToken; ask.NextToken == nil {
			log.Whole = true
			break
		}
	}
	return log, nil
}
