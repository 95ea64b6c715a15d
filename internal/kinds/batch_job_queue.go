package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type jobQueueReader interface {
	DescribeJobQueues(context.Context, *batch.DescribeJobQueuesInput, ...func(*batch.Options)) (*batch.DescribeJobQueuesOutput, error)
}

type jobQueueWriter interface {
	UpdateJobQueue(context.Context, *batch.UpdateJobQueueInput, ...func(*batch.Options)) (*batch.UpdateJobQueueOutput, error)
	DeleteJobQueue(context.Context, *batch.DeleteJobQueueInput, ...func(*batch.Options)) (*batch.DeleteJobQueueOutput, error)
}

var jobQueue = kind.Of(jobQueueSpec)

// A disabled queue takes no new job and finishes those in it; a deleted one
// ends its jobs.
var jobQueueSpec = kind.Spec[jobQueueReader, jobQueueWriter]{
	Name:   "batch.job-queue",
	Reader: func(c aws.Config) jobQueueReader { return batch.NewFromConfig(c) },
	Writer: func(c aws.Config) jobQueueWriter { return batch.NewFromConfig(c) },
	Needs:  []string{"batch:DescribeJobQueues"},
	List: func(ctx context.Context, api jobQueueReader, at fact.Place, put func(fact.Resource)) error {
		queues, err := jobQueues(ctx, api, at)
		for _, q := range queues {
			put(jobQueueOf(at, q))
		}
		return err
	},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"B3"},
	Named:  true,
	Owns:   true,
	Holds: func(r fact.Resource) (out []fact.Ref) {
		for _, name := range fact.Environments.Or(r, nil) {
			out = append(out, fact.Ref{Kind: "batch.compute-environment", Place: r.Place, ID: name})
		}
		return out
	},
	Keep: func(ctx context.Context, api jobQueueReader, r fact.Resource, put func(string, []byte) error) error {
		q, err := jobQueueNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "job-queue.json", q)
	},
	Verbs: []kind.Verb[jobQueueReader, jobQueueWriter]{
		flip(kind.Verb[jobQueueReader, jobQueueWriter]{
			Name: "disable", Class: kind.Disruptive, For: kind.Disable, Needs: []string{"batch:UpdateJobQueue"},
		}, false, func(ctx context.Context, api jobQueueReader, r fact.Resource) (bool, error) {
			q, err := jobQueueNow(ctx, api, r)
			return q.State == types.JQStateEnabled, err
		}, func(ctx context.Context, api jobQueueWriter, j kind.Job, on bool) error {
			state := types.JQStateDisabled
			if on {
				state = types.JQStateEnabled
			}
			_, err := api.UpdateJobQueue(ctx, &batch.UpdateJobQueueInput{JobQueue: &j.ID, State: state})
			return err
		}),
		remove(kind.Verb[jobQueueReader, jobQueueWriter]{Name: "delete", Needs: []string{"batch:DeleteJobQueue"}, Takes: 30 * time.Minute},
			func(ctx context.Context, api jobQueueReader, r fact.Resource) (any, error) {
				q, err := jobQueueNow(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return aws.ToString(q.JobQueueArn), nil
			},
			func(ctx context.Context, api jobQueueWriter, j kind.Job) error {
				_, err := api.DeleteJobQueue(ctx, &batch.DeleteJobQueueInput{JobQueue: &j.ID})
				return err
			}),
	},
}

// jobQueues is one listing for the queues and for the jobs in them.
func jobQueues(ctx context.Context, api jobQueueReader, at fact.Place) ([]types.JobQueueDetail, error) {
	type key struct{ at fact.Place }
	return kind.Shared(ctx, key{at}, func() (all []types.JobQueueDetail, err error) {
		for page, err := range pages(ctx, batch.NewDescribeJobQueuesPaginator(api, &batch.DescribeJobQueuesInput{MaxResults: aws.Int32(100)})) {
			if err != nil {
				return nil, fmt.Errorf("cannot list job queues: %w", err)
			}
			for _, q := range page.JobQueues {
				if q.Status != types.JQStatusDeleted {
					all = append(all, q)
				}
			}
		}
		return all, nil
	})
}

func jobQueueOf(at fact.Place, q types.JobQueueDetail) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "batch.job-queue", Place: at, ID: aws.ToString(q.JobQueueName)}, ARN: aws.ToString(q.JobQueueArn)}
	fact.Status.Set(&r, string(q.Status))
	fact.Active.Set(&r, q.State == types.JQStateEnabled)
	names := []string{}
	for _, c := range q.ComputeEnvironmentOrder {
		names = append(names, pastMark(":compute-environment/", aws.ToString(c.ComputeEnvironment)))
	}
	fact.Environments.Set(&r, names)
	setServiceTags(&r, q.Tags)
	return r
}

func jobQueueNow(ctx context.Context, api jobQueueReader, r fact.Resource) (types.JobQueueDetail, error) {
	out, err := api.DescribeJobQueues(ctx, &batch.DescribeJobQueuesInput{JobQueues: []string{r.ID}})
	if err != nil {
		return types.JobQueueDetail{}, gone(err)
	}
	q, err := only(out.JobQueues, nil)
	if err == nil && q.Status == types.JQStatusDeleted {
		err = kind.ErrGone
	}
	return q, err
}
