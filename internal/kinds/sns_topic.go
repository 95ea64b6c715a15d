package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type topicReader interface {
	ListTopics(context.Context, *sns.ListTopicsInput, ...func(*sns.Options)) (*sns.ListTopicsOutput, error)
	GetTopicAttributes(context.Context, *sns.GetTopicAttributesInput, ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error)
	ListSubscriptionsByTopic(context.Context, *sns.ListSubscriptionsByTopicInput, ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error)
	taggedReader
}

type topicWriter interface {
	SetTopicAttributes(context.Context, *sns.SetTopicAttributesInput, ...func(*sns.Options)) (*sns.SetTopicAttributesOutput, error)
	DeleteTopic(context.Context, *sns.DeleteTopicInput, ...func(*sns.Options)) (*sns.DeleteTopicOutput, error)
}

var topic = kind.Of(topicSpec)

var topicSpec = kind.Spec[topicReader, topicWriter]{
	Name: "sns.topic",
	Reader: func(c aws.Config) topicReader {
		return struct {
			*sns.Client
			taggedReader
		}{sns.NewFromConfig(c), resourcegroupstaggingapi.NewFromConfig(c)}
	},
	Writer: func(c aws.Config) topicWriter { return sns.NewFromConfig(c) },
	Needs:  []string{"sns:ListTopics", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", taggedNeeds},
	Cost:   kind.Cost{Fixed: 2, Page: 50, Each: 1}, // topics and tags each come by the hundred
	Covers: []string{"A19", "B11"},
	Named:  true,
	List:   listTopics,
	Keep:   keepTopic,
	Verbs: []kind.Verb[topicReader, topicWriter]{
		closePolicy(kind.Verb[topicReader, topicWriter]{
			Name: "close-policy", Class: kind.Disruptive, Needs: []string{"sns:SetTopicAttributes"},
			Mends: []string{"AddPermission", "SetTopicAttributes"},
		}, topicPolicy, setTopicPolicy),
		restore(kind.Verb[topicReader, topicWriter]{
			Name: "restore-policy", Class: kind.Disruptive, Of: "policy", Needs: []string{"sns:SetTopicAttributes"},
			Mends:  []string{"AddPermission", "RemovePermission", "SetTopicAttributes"},
			Recall: recallTopicPolicy,
		}, topicPolicy, setTopicPolicy),
		// Its subscriptions go with it.
		remove(kind.Verb[topicReader, topicWriter]{
			Name: "delete", Needs: []string{"sns:DeleteTopic"},
		}, func(ctx context.Context, api topicReader, r fact.Resource) (any, error) {
			a, err := topicAttributes(ctx, api, r.ID)
			return []string{r.ID, a["DisplayName"], a["KmsMasterKeyId"], a["Policy"]}, err // AWS tells no date
		}, func(ctx context.Context, api topicWriter, j kind.Job) error {
			_, err := api.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &j.ID})
			return err
		}),
	},
}

// listTopics goes by ARNs. AWS tells nowhere when a topic was made.
func listTopics(ctx context.Context, api topicReader, at fact.Place, put func(fact.Resource)) error {
	tags, err := tagsOf(ctx, api, "sns")
	if err != nil {
		return fmt.Errorf("cannot list the tags of topics: %w", err)
	}
	var drafts []fact.Resource
	for page, err := range pages(ctx, sns.NewListTopicsPaginator(api, &sns.ListTopicsInput{})) {
		if err != nil {
			return fmt.Errorf("cannot list topics: %w", err)
		}
		for _, t := range page.Topics {
			r := named("sns.topic", at, t.TopicArn, t.TopicArn, nil)
			fact.Name.Set(&r, r.ID[strings.LastIndexByte(r.ID, ':')+1:])
			noteTags(&r, tags[r.ID])
			drafts = append(drafts, r)
		}
	}
	err = complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		a, err := topicAttributes(ctx, api, r.ID)
		if err != nil {
			return err
		}
		setPolicy(r, a["Policy"])
		if n, err := strconv.Atoi(a["SubscriptionsConfirmed"]); err == nil {
			fact.Count.Set(r, n)
		}
		fact.Encrypted.Set(r, a["KmsMasterKeyId"] != "")
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list topics: %w", err)
	}
	return nil
}

func topicAttributes(ctx context.Context, api topicReader, id string) (map[string]string, error) {
	out, err := api.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &id})
	if err != nil {
		return nil, gone(err)
	}
	return out.Attributes, nil
}

func topicPolicy(ctx context.Context, api topicReader, r fact.Resource) (string, error) {
	a, err := topicAttributes(ctx, api, r.ID)
	return a["Policy"], err
}

// setTopicPolicy writes a policy. A topic cannot be without one: for none it
// gets one that lets its owner in.
func setTopicPolicy(ctx context.Context, api topicWriter, j kind.Job, text string) error {
	if text == "" {
		text = fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"owner","Effect":"Allow","Principal":{"AWS":"arn:%s:iam::%s:root"},`+
			`"Action":["sns:GetTopicAttributes","sns:SetTopicAttributes","sns:AddPermission","sns:RemovePermission","sns:DeleteTopic","sns:Subscribe","sns:ListSubscriptionsByTopic","sns:Publish"],"Resource":%q}]}`,
			partition(j.Region), j.Account, j.ID)
	}
	_, err := api.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &j.ID, AttributeName: aws.String("Policy"), AttributeValue: &text})
	return err
}

func recallTopicPolicy(call string, request, _ json.RawMessage) (string, bool) {
	var q struct{ AttributeName, AttributeValue string }
	if call != "SetTopicAttributes" || json.Unmarshal(request, &q) != nil || q.AttributeName != "Policy" {
		return "", false // AddPermission tells what was added, not what there is then
	}
	return q.AttributeValue, q.AttributeValue != ""
}

func keepTopic(ctx context.Context, api topicReader, r fact.Resource, put func(string, []byte) error) error {
	a, err := topicAttributes(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "topic.json", a); err != nil {
		return err
	}
	var all []any
	for page, err := range pages(ctx, sns.NewListSubscriptionsByTopicPaginator(api, &sns.ListSubscriptionsByTopicInput{TopicArn: &r.ID})) {
		if err != nil {
			return gone(err)
		}
		for _, s := range page.Subscriptions {
			all = append(all, s)
		}
	}
	return putJSON(put, "subscriptions.json", all)
}
