package kinds

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

// letIn is a policy that lets the account and others do all with a resource.
func letIn(resource, action string, others ...string) string {
	b, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
		"Sid": "ours", "Effect": "Allow", "Principal": map[string]any{"AWS": append([]string{"arn:aws:iam::" + kindtest.Account + ":root"}, others...)},
		"Action": action, "Resource": resource,
	}}})
	return string(b)
}

func makeTopic(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := sns.NewFromConfig(w.Config(here))
	out := must[*sns.CreateTopicOutput](t)(api.CreateTopic(t.Context(), &sns.CreateTopicInput{
		Name: aws.String("alarms"), Tags: []types.Tag{{Key: aws.String("aws:cloudformation:stack-name"), Value: aws.String("base")}},
	}))
	must[*sns.SubscribeOutput](t)(api.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: out.TopicArn, Protocol: aws.String("https"), Endpoint: aws.String("https://hooks.example.net/services/T0/secret"),
	}))
	return aws.ToString(out.TopicArn)
}

func makeOpenTopic(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeTopic(t, w)
	must[*sns.SetTopicAttributesOutput](t)(sns.NewFromConfig(w.Config(here)).SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{
		TopicArn: &id, AttributeName: aws.String("Policy"), AttributeValue: aws.String(letIn(id, "sns:Publish", stranger)),
	}))
	return id
}

func TestTopic(t *testing.T) {
	kindtest.Run(t, kindtest.Case[topicReader, topicWriter]{
		Spec: topicSpec, Region: here, Setup: makeOpenTopic,
		Before: map[string]func(*testing.T, kindtest.World, string) string{
			"restore-policy": func(_ *testing.T, _ kindtest.World, id string) string { return letIn(id, "sns:Subscribe") },
		},
	})
}

func TestTopicFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, topic, makeTopic(t, w))
	wantSharing(t, r, false) // AWS's own policy lets "*" in, and only of this account
	if of := fact.PartOf.Or(r, nil); len(of) != 1 || of[0].Kind != "cloudformation.stack" || of[0].ID != "base" {
		t.Errorf("part of %v", of)
	}
	r = listed(t, w, topic, makeOpenTopic(t, w))
	wantSharing(t, r, false, stranger)
	if fact.Name.Or(r, "") != "alarms" {
		t.Errorf("%s", r.Facts)
	}
	said, ok := recallTopicPolicy("SetTopicAttributes", recordedAt(t, w, "SetTopicAttributes"), nil)
	if !ok || !sameText(said, fact.Aspects.Or(r, nil)["policy"]) {
		t.Errorf("recalled %s, %v", said, ok)
	}
	if kept := keptBy(t, w, topic, r); !strings.Contains(kept["subscriptions.json"], "hooks.example.net") || kept["topic.json"] == "" {
		t.Errorf("kept %v", kept)
	}
	wantDenied(t, w, topic, "resourcegroupstaggingapi", "GetResources")
}

func makeSubscription(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeTopic(t, w)
	out := must[*sns.ListSubscriptionsByTopicOutput](t)(sns.NewFromConfig(w.Config(here)).ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: &id}))
	return aws.ToString(out.Subscriptions[0].SubscriptionArn)
}

func TestSubscription(t *testing.T) {
	kindtest.Run(t, kindtest.Case[subscriptionReader, subscriptionWriter]{Spec: subscriptionSpec, Region: here, Setup: makeSubscription})
}

func TestSubscriptionFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, subscription, makeSubscription(t, w))
	if fact.Detail.Or(r, "") != "https hooks.example.net" || strings.Contains(string(mustJSON(t, r)), "secret") {
		t.Errorf("%s", r.Facts)
	}
	at := fact.Place{Account: kindtest.Account, Region: here}
	theirs := subscriptionOf(at, types.Subscription{
		TopicArn: aws.String("arn:aws:sns:eu-west-1:111122223333:alarms"), Protocol: aws.String("sqs"), SubscriptionArn: aws.String("arn:aws:sns:eu-west-1:111122223333:alarms:1"),
		Endpoint: aws.String("arn:aws:sqs:eu-west-1:" + stranger + ":copy"), Owner: aws.String(stranger),
	})
	if with := fact.SharedWith.Or(theirs, nil); !slices.Equal(with, []string{stranger}) {
		t.Errorf("shared with %v", with)
	}
	pending := subscriptionOf(at, types.Subscription{TopicArn: aws.String("arn:aws:sns:eu-west-1:111122223333:alarms"), Protocol: aws.String("email"), Endpoint: aws.String("a@example.net"), SubscriptionArn: aws.String("PendingConfirmation")})
	if pending.ID != "arn:aws:sns:eu-west-1:111122223333:alarms email a@example.net" || fact.Status.Or(pending, "") != "PendingConfirmation" {
		t.Errorf("%v %s", pending.Ref, pending.Facts)
	}
	wantDenied(t, w, subscription, "sns", "ListSubscriptions")
}

func makeSMS(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*sns.SetSMSAttributesOutput](t)(sns.NewFromConfig(w.Config(here)).SetSMSAttributes(t.Context(), &sns.SetSMSAttributesInput{Attributes: map[string]string{spendLimit: "5000"}}))
	return "sms"
}

func TestSMS(t *testing.T) {
	for name, was := range map[string]string{"a limit": "1", "AWS's limit": ""} {
		t.Run(name, func(t *testing.T) {
			kindtest.Run(t, kindtest.Case[smsReader, smsWriter]{
				Spec: smsSpec, Region: here, Setup: makeSMS,
				Before: map[string]func(*testing.T, kindtest.World, string) string{
					"restore-sms-limit": func(*testing.T, kindtest.World, string) string { return was },
				},
			})
		})
	}
}

func TestSMSFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, smsSettings, makeSMS(t, w))
	if out, known := fact.Production.Get(r); !known || out || fact.Detail.Or(r, "") != "5000" {
		t.Errorf("%s", r.Facts)
	}
	if said, ok := smsSpec.Verbs[1].Recall("SetSMSAttributes", recordedAt(t, w, "SetSMSAttributes"), nil); !ok || said != "5000" {
		t.Errorf("recalled %q, %v", said, ok)
	}
	if _, ok := smsSpec.Verbs[1].Recall("SetSMSAttributes", json.RawMessage(`{"attributes":{"DefaultSenderID":"us"}}`), nil); ok {
		t.Error("recalled a limit from a call that set none")
	}
	wantDenied(t, w, smsSettings, "sns", "GetSMSSandboxAccountStatus")
}

func makeQueue(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*sqs.CreateQueueOutput](t)(sqs.NewFromConfig(w.Config(here)).CreateQueue(t.Context(), &sqs.CreateQueueInput{
		QueueName: aws.String("jobs"), Tags: map[string]string{"aws:cloudformation:stack-name": "base"},
		Attributes: map[string]string{"Policy": letIn("arn:aws:sqs:"+here+":"+kindtest.Account+":jobs", "sqs:*", "*")},
	}))
	return "jobs"
}

func TestQueue(t *testing.T) {
	for name, was := range map[string]string{"a policy": letIn("arn:aws:sqs:"+here+":"+kindtest.Account+":jobs", "sqs:SendMessage"), "none": ""} {
		t.Run(name, func(t *testing.T) {
			kindtest.Run(t, kindtest.Case[queueReader, queueWriter]{
				Spec: queueSpec, Region: here, Setup: makeQueue,
				Before: map[string]func(*testing.T, kindtest.World, string) string{
					"restore-policy": func(*testing.T, kindtest.World, string) string { return was },
				},
			})
		})
	}
}

func TestQueueFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, queue, makeQueue(t, w))
	if !fact.Public.Or(r, false) || r.Created.IsZero() || r.ARN != "arn:aws:sqs:"+here+":"+kindtest.Account+":jobs" {
		t.Errorf("%s %v %s", r.ARN, r.Created, r.Facts)
	}
	if of := fact.PartOf.Or(r, nil); len(of) != 1 || of[0].ID != "base" {
		t.Errorf("part of %v", of)
	}
	must[*sqs.SetQueueAttributesOutput](t)(sqs.NewFromConfig(w.Config(here)).SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: queueURL(r), Attributes: map[string]string{"Policy": letIn(r.ARN, "sqs:SendMessage", stranger)},
	}))
	r = listed(t, w, queue, "jobs")
	wantSharing(t, r, false, stranger)
	said, ok := queueSpec.Verbs[1].Recall("SetQueueAttributes", recordedAt(t, w, "SetQueueAttributes"), nil)
	if !ok || !sameText(said, fact.Aspects.Or(r, nil)["policy"]) {
		t.Errorf("recalled %s, %v", said, ok)
	}
	wantDenied(t, w, queue, "sqs", "ListQueues")
}

// wantDenied demands that a listing which AWS denies fails.
func wantDenied(t *testing.T, w kindtest.World, k kind.Kind, service, op string) {
	t.Helper()
	wantFault(t, w, k, service, op, "AccessDenied", "denied")
}
