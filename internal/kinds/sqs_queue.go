package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type queueReader interface {
	ListQueues(context.Context, *sqs.ListQueuesInput, ...func(*sqs.Options)) (*sqs.ListQueuesOutput, error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
	taggedReader
}

type queueWriter interface {
	SetQueueAttributes(context.Context, *sqs.SetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.SetQueueAttributesOutput, error)
	DeleteQueue(context.Context, *sqs.DeleteQueueInput, ...func(*sqs.Options)) (*sqs.DeleteQueueOutput, error)
}

var queue = kind.Of(queueSpec)

var queueSpec = kind.Spec[queueReader, queueWriter]{
	Name: "sqs.queue",
	Reader: func(c aws.Config) queueReader {
		return struct {
			*sqs.Client
			taggedReader
		}{sqs.NewFromConfig(c), resourcegroupstaggingapi.NewFromConfig(c)}
	},
	Writer: func(c aws.Config) queueWriter { return sqs.NewFromConfig(c) },
	Needs:  []string{"sqs:ListQueues", "sqs:GetQueueAttributes", taggedNeeds},
	Carry:  []string{string(fact.URL)},
	Cost:   kind.Cost{Fixed: 2, Page: 90, Each: 1}, // queues come by the thousand, tags by the hundred
	Covers: []string{"A19", "C10"},
	Named:  true,
	List:   listQueues,
	Keep:   kept("queue.json", queueAttributes),
	Verbs: []kind.Verb[queueReader, queueWriter]{
		closePolicy(kind.Verb[queueReader, queueWriter]{
			Name: "close-policy", Class: kind.Disruptive, Needs: []string{"sqs:SetQueueAttributes"},
			Mends: []string{"AddPermission", "SetQueueAttributes"},
		}, queuePolicy, setQueuePolicy),
		restore(kind.Verb[queueReader, queueWriter]{
			Name: "restore-policy", Class: kind.Disruptive, Of: "policy", Needs: []string{"sqs:SetQueueAttributes"},
			Mends: []string{"SetQueueAttributes", "AddPermission", "RemovePermission"},
			Recall: func(call string, request, _ json.RawMessage) (string, bool) {
				if call != "SetQueueAttributes" {
					return "", false // AddPermission tells what was added, not what there is then
				}
				return attribute(request, "Policy")
			},
		}, queuePolicy, setQueuePolicy),
		// The messages in it are lost: to read them would take them from their reader.
		remove(kind.Verb[queueReader, queueWriter]{
			Name: "delete", Needs: []string{"sqs:DeleteQueue"}, Takes: time.Minute,
		}, func(ctx context.Context, api queueReader, r fact.Resource) (any, error) {
			a, err := queueAttributes(ctx, api, r)
			return unique{a["QueueArn"], seconds(a["CreatedTimestamp"])}, err
		}, func(ctx context.Context, api queueWriter, j kind.Job) error {
			_, err := api.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: queueURL(j.Resource)})
			return err
		}),
	},
}

func listQueues(ctx context.Context, api queueReader, at fact.Place, put func(fact.Resource)) error {
	tags, err := tagsOf(ctx, api, "sqs")
	if err != nil {
		return fmt.Errorf("cannot list the tags of queues: %w", err)
	}
	var drafts []fact.Resource
	for page, err := range pages(ctx, sqs.NewListQueuesPaginator(api, &sqs.ListQueuesInput{MaxResults: aws.Int32(1000)})) {
		if err != nil {
			return fmt.Errorf("cannot list queues: %w", err)
		}
		for _, u := range page.QueueUrls {
			name := u[strings.LastIndexByte(u, '/')+1:]
			r := fact.Resource{Ref: fact.Ref{Kind: "sqs.queue", Place: at, ID: name}, ARN: arn(at, "sqs", name)}
			fact.URL.Set(&r, u)
			noteTags(&r, tags[r.ARN])
			drafts = append(drafts, r)
		}
	}
	err = complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		a, err := queueAttributes(ctx, api, *r)
		if err != nil {
			return err
		}
		r.Created = seconds(a["CreatedTimestamp"])
		if at := seconds(a["LastModifiedTimestamp"]); !at.IsZero() {
			fact.Modified.Set(r, at)
		}
		setPolicy(r, a["Policy"])
		if n, err := strconv.Atoi(a["ApproximateNumberOfMessages"]); err == nil {
			fact.Count.Set(r, n)
		}
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list queues: %w", err)
	}
	return nil
}

func queueURL(r fact.Resource) *string { return aws.String(fact.URL.Or(r, "")) }

func queueAttributes(ctx context.Context, api queueReader, r fact.Resource) (map[string]string, error) {
	out, err := api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: queueURL(r), AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		return nil, gone(err)
	}
	return out.Attributes, nil
}

func queuePolicy(ctx context.Context, api queueReader, r fact.Resource) (string, error) {
	a, err := queueAttributes(ctx, api, r)
	return a["Policy"], err
}

func setQueuePolicy(ctx context.Context, api queueWriter, j kind.Job, text string) error {
	_, err := api.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: queueURL(j.Resource), Attributes: map[string]string{"Policy": text}})
	return err
}

// seconds reads a time written as seconds since 1970; zero when it is none.
func seconds(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}
