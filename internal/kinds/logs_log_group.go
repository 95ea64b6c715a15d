package kinds

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type logGroupReader interface {
	DescribeLogGroups(context.Context, *cloudwatchlogs.DescribeLogGroupsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeLogGroupsOutput, error)
	DescribeSubscriptionFilters(context.Context, *cloudwatchlogs.DescribeSubscriptionFiltersInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeSubscriptionFiltersOutput, error)
	DescribeMetricFilters(context.Context, *cloudwatchlogs.DescribeMetricFiltersInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeMetricFiltersOutput, error)
	ListTagsForResource(context.Context, *cloudwatchlogs.ListTagsForResourceInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.ListTagsForResourceOutput, error)
	logEventFilterer
}

type logGroupWriter interface {
	PutRetentionPolicy(context.Context, *cloudwatchlogs.PutRetentionPolicyInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutRetentionPolicyOutput, error)
	DeleteRetentionPolicy(context.Context, *cloudwatchlogs.DeleteRetentionPolicyInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteRetentionPolicyOutput, error)
	PutLogGroupDeletionProtection(context.Context, *cloudwatchlogs.PutLogGroupDeletionProtectionInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutLogGroupDeletionProtectionOutput, error)
	PutSubscriptionFilter(context.Context, *cloudwatchlogs.PutSubscriptionFilterInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutSubscriptionFilterOutput, error)
	DeleteSubscriptionFilter(context.Context, *cloudwatchlogs.DeleteSubscriptionFilterInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteSubscriptionFilterOutput, error)
	DeleteLogGroup(context.Context, *cloudwatchlogs.DeleteLogGroupInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DeleteLogGroupOutput, error)
}

type logGroupVerb = kind.Verb[logGroupReader, logGroupWriter]

var logGroup = kind.Of(logGroupSpec)

var logGroupSpec = kind.Spec[logGroupReader, logGroupWriter]{
	Name:   "logs.log-group",
	Reader: func(c aws.Config) logGroupReader { return logClient{cloudwatchlogs.NewFromConfig(c)} },
	Writer: func(c aws.Config) logGroupWriter { return cloudwatchlogs.NewFromConfig(c) },
	Needs: []string{
		"cloudwatchlogs:DescribeLogGroups", "cloudwatchlogs:DescribeSubscriptionFilters", "cloudwatchlogs:DescribeMetricFilters",
		"cloudwatchlogs:FilterLogEvents", "cloudwatchlogs:ListTagsForResource",
	},
	Cost:   kind.Cost{Fixed: 1, Page: 50, Each: 1}, // subscriptions are told one group at a time
	Covers: []string{"C4", "D3", "D5"},
	Named:  true,
	List:   listLogGroups,
	Keep:   keepLogGroup,
	Verbs: []logGroupVerb{
		restore(logGroupVerb{
			Name: "restore-retention", Class: kind.Reversible, Of: "retention", Mends: []string{"PutRetentionPolicy", "DeleteRetentionPolicy"},
			Needs:  []string{"cloudwatchlogs:PutRetentionPolicy", "cloudwatchlogs:DeleteRetentionPolicy"},
			Recall: recallField(map[string]string{"PutRetentionPolicy": "retentionInDays", "DeleteRetentionPolicy": ""}),
		}, logRetention, setLogRetention),
		flip(logGroupVerb{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: logProtection,
			Needs: []string{"cloudwatchlogs:PutLogGroupDeletionProtection"},
		}, false, func(ctx context.Context, api logGroupReader, r fact.Resource) (bool, error) {
			g, err := findLogGroup(ctx, api, r.ID)
			return err == nil && aws.ToBool(g.DeletionProtectionEnabled), err
		}, func(ctx context.Context, api logGroupWriter, j kind.Job, on bool) error {
			_, err := api.PutLogGroupDeletionProtection(ctx, &cloudwatchlogs.PutLogGroupDeletionProtectionInput{
				LogGroupIdentifier: &j.ID, DeletionProtectionEnabled: &on,
			})
			return err
		}),
		withdraw(logGroupVerb{
			Name: "close-subscription", Class: kind.Reversible, For: kind.Close, Mends: []string{"PutSubscriptionFilter"},
			Needs: []string{"cloudwatchlogs:DeleteSubscriptionFilter", "cloudwatchlogs:PutSubscriptionFilter", "=iam:PassRole"},
		}, foreignSubscriptions, unsubscribeLog, subscribeLog),
		remove(logGroupVerb{Name: "delete", Needs: []string{"cloudwatchlogs:DeleteLogGroup"}, Kept: logIsKept},
			func(ctx context.Context, api logGroupReader, r fact.Resource) (any, error) {
				g, err := findLogGroup(ctx, api, r.ID)
				if err != nil {
					return nil, err
				}
				// The evidence is read after this: what was logged later is not in it.
				log, err := readLog(ctx, api, r.ID)
				return struct {
					madeOn
					Log keptLog `json:"log"`
				}{onlyMade(r.ARN, logTime(g.CreationTime)), log}, err
			},
			func(ctx context.Context, api logGroupWriter, j kind.Job) error {
				_, err := api.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &j.ID})
				return err
			}),
	},
}

const logProtection = "deletion"

func listLogGroups(ctx context.Context, api logGroupReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, cloudwatchlogs.NewDescribeLogGroupsPaginator(api, &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(50)})) {
		if err != nil {
			return fmt.Errorf("cannot list log groups: %w", err)
		}
		for _, g := range page.LogGroups {
			drafts = append(drafts, logGroupOf(at, g))
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		all, err := logSubscriptions(ctx, api, *r)
		if err != nil {
			return err
		}
		to := []string{}
		for _, f := range all {
			if arnAccount(f.Destination) != r.Account {
				to = append(to, f.Destination)
			}
		}
		slices.Sort(to)
		fact.Destinations.Set(r, slices.Compact(to))
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list log groups: %w", err)
	}
	return nil
}

func logGroupOf(at fact.Place, g types.LogGroup) fact.Resource {
	id := aws.ToString(g.LogGroupName)
	r := fact.Resource{Ref: fact.Ref{Kind: "logs.log-group", Place: at, ID: id}, ARN: arn(at, "logs", "log-group:"+id), Created: aws.ToTime(logTime(g.CreationTime))}
	setAspect(&r, "retention", retentionText(g.RetentionInDays))
	fact.Detail.Set(&r, strconv.FormatInt(aws.ToInt64(g.StoredBytes), 10)+" B")
	guards := []string{}
	if aws.ToBool(g.DeletionProtectionEnabled) {
		guards = append(guards, logProtection)
	}
	fact.Protections.Set(&r, guards)
	return r
}

// logTime reads the milliseconds in which CloudWatch Logs tells the time.
func logTime(ms *int64) *time.Time {
	if ms == nil {
		return nil
	}
	t := time.UnixMilli(*ms).UTC()
	return &t
}
