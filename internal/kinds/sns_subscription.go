package kinds

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type subscriptionReader interface {
	ListSubscriptions(context.Context, *sns.ListSubscriptionsInput, ...func(*sns.Options)) (*sns.ListSubscriptionsOutput, error)
	GetSubscriptionAttributes(context.Context, *sns.GetSubscriptionAttributesInput, ...func(*sns.Options)) (*sns.GetSubscriptionAttributesOutput, error)
}

type subscriptionWriter interface {
	Unsubscribe(context.Context, *sns.UnsubscribeInput, ...func(*sns.Options)) (*sns.UnsubscribeOutput, error)
}

var subscription = kind.Of(subscriptionSpec)

// Whoever subscribes to a topic of alarms reads what the owner is told.
var subscriptionSpec = kind.Spec[subscriptionReader, subscriptionWriter]{
	Name:   "sns.subscription",
	Reader: func(c aws.Config) subscriptionReader { return sns.NewFromConfig(c) },
	Writer: func(c aws.Config) subscriptionWriter { return sns.NewFromConfig(c) },
	Needs:  []string{"sns:ListSubscriptions", "sns:GetSubscriptionAttributes"},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"A19"},
	List:   listSubscriptions,
	Keep:   kept("subscription.json", findSubscription),
	Verbs: []kind.Verb[subscriptionReader, subscriptionWriter]{
		remove(kind.Verb[subscriptionReader, subscriptionWriter]{
			Name: "delete", Needs: []string{"sns:Unsubscribe"},
		}, func(ctx context.Context, api subscriptionReader, r fact.Resource) (any, error) {
			_, err := findSubscription(ctx, api, r)
			return unique{ID: r.ID}, err
		}, func(ctx context.Context, api subscriptionWriter, j kind.Job) error {
			_, err := api.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &j.ID})
			return err
		}),
	},
}

func listSubscriptions(ctx context.Context, api subscriptionReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, sns.NewListSubscriptionsPaginator(api, &sns.ListSubscriptionsInput{})) {
		if err != nil {
			return fmt.Errorf("cannot list subscriptions: %w", err)
		}
		for _, s := range page.Subscriptions {
			put(subscriptionOf(at, s))
		}
	}
	return nil
}

// subscriptionOf makes an ID of its own for one that waits to be confirmed: it
// has none yet, and nobody but who is asked, or 48 hours, can end it.
func subscriptionOf(at fact.Place, s types.Subscription) fact.Resource {
	id, status := aws.ToString(s.SubscriptionArn), "Confirmed"
	topic, protocol := aws.ToString(s.TopicArn), aws.ToString(s.Protocol)
	where := shownEndpoint(protocol, aws.ToString(s.Endpoint))
	r := fact.Resource{Ref: fact.Ref{Kind: "sns.subscription", Place: at, ID: id}, ARN: id}
	if !strings.HasPrefix(id, "arn:") {
		status = id // "PendingConfirmation" or "Deleted"
		r.ID, r.ARN = topic+" "+protocol+" "+where, ""
	}
	fact.Status.Set(&r, status)
	fact.AttachedTo.Set(&r, topic)
	fact.Detail.Set(&r, protocol+" "+where)
	fact.Owner.Set(&r, aws.ToString(s.Owner))
	outside := []string{}
	for _, account := range []string{arnAccount(aws.ToString(s.Endpoint)), aws.ToString(s.Owner)} {
		if account != "" && account != at.Account && (len(outside) == 0 || outside[0] != account) {
			outside = append(outside, account)
		}
	}
	fact.SharedWith.Set(&r, outside)
	return r
}

// shownEndpoint leaves out what lies behind the host of a web address: that is
// where chat services put the secret.
func shownEndpoint(protocol, endpoint string) string {
	if protocol != "http" && protocol != "https" {
		return endpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	return u.Hostname()
}

func findSubscription(ctx context.Context, api subscriptionReader, r fact.Resource) (map[string]string, error) {
	if r.ARN == "" {
		return map[string]string{"subscription": r.ID, "status": fact.Status.Or(r, "")}, nil
	}
	out, err := api.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &r.ID})
	if err != nil {
		return nil, gone(err)
	}
	return out.Attributes, nil
}
