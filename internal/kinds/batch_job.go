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

type batchJobReader interface {
	jobQueueReader
	ListJobs(context.Context, *batch.ListJobsInput, ...func(*batch.Options)) (*batch.ListJobsOutput, error)
	DescribeJobs(context.Context, *batch.DescribeJobsInput, ...func(*batch.Options)) (*batch.DescribeJobsOutput, error)
}

type batchJobWriter interface {
	TerminateJob(context.Context, *batch.TerminateJobInput, ...func(*batch.Options)) (*batch.TerminateJobOutput, error)
}

var batchJob = kind.Of(batchJobSpec)

// A job is one that waits or runs; a finished one is gone, although AWS shows
// it for a week more. The children of an array end with it.
var batchJobSpec = kind.Spec[batchJobReader, batchJobWriter]{
	Name:   "batch.job",
	Reader: func(c aws.Config) batchJobReader { return batch.NewFromConfig(c) },
	Writer: func(c aws.Config) batchJobWriter { return batch.NewFromConfig(c) },
	Needs:  []string{"batch:DescribeJobQueues", "batch:ListJobs", "batch:DescribeJobs"},
	List:   listJobs,
	Cost:   kind.Cost{Fixed: 1, Each: 5}, // and five for each queue without a job: one for each status
	Covers: []string{"B3"},
	Keep: func(ctx context.Context, api batchJobReader, r fact.Resource, put func(string, []byte) error) error {
		job, err := jobNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "job.json", job)
	},
	Verbs: []kind.Verb[batchJobReader, batchJobWriter]{
		remove(kind.Verb[batchJobReader, batchJobWriter]{Name: "terminate-job", Needs: []string{"batch:TerminateJob"}, Takes: 30 * time.Minute},
			func(ctx context.Context, api batchJobReader, r fact.Resource) (any, error) {
				job, err := jobNow(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return []any{aws.ToString(job.JobArn), aws.ToInt64(job.CreatedAt)}, nil
			},
			func(ctx context.Context, api batchJobWriter, j kind.Job) error {
				_, err := api.TerminateJob(ctx, &batch.TerminateJobInput{JobId: &j.ID, Reason: aws.String("cordon " + j.Case)})
				return err
			}),
	},
}

// ListJobs tells the jobs of one status of one queue.
var unfinished = []types.JobStatus{
	types.JobStatusSubmitted, types.JobStatusPending, types.JobStatusRunnable, types.JobStatusStarting, types.JobStatusRunning,
}

func listJobs(ctx context.Context, api batchJobReader, at fact.Place, put func(fact.Resource)) error {
	queues, err := jobQueues(ctx, api, at)
	if err != nil {
		return err
	}
	seen := map[string]bool{} // one goes on from status to status meanwhile
	for _, q := range queues {
		for _, status := range unfinished {
			for page, err := range pages(ctx, batch.NewListJobsPaginator(api, &batch.ListJobsInput{JobQueue: q.JobQueueArn, JobStatus: status})) {
				if err != nil {
					return fmt.Errorf("cannot list the jobs of queue %s: %w", aws.ToString(q.JobQueueName), err)
				}
				for _, job := range page.JobSummaryList {
					if id := aws.ToString(job.JobId); !seen[id] {
						seen[id] = true
						put(jobOf(at, q, job))
					}
				}
			}
		}
	}
	return nil
}

func jobOf(at fact.Place, q types.JobQueueDetail, job types.JobSummary) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "batch.job", Place: at, ID: aws.ToString(job.JobId)}, ARN: aws.ToString(job.JobArn)}
	if job.CreatedAt != nil {
		r.Created = time.UnixMilli(*job.CreatedAt).UTC()
	}
	fact.Name.Set(&r, aws.ToString(job.JobName))
	fact.Status.Set(&r, string(job.Status))
	fact.Detail.Set(&r, pastMark(":job-definition/", aws.ToString(job.JobDefinition)))
	partOf(&r, "batch.job-queue", aws.ToString(q.JobQueueName))
	return r
}

func jobNow(ctx context.Context, api batchJobReader, r fact.Resource) (types.JobDetail, error) {
	out, err := api.DescribeJobs(ctx, &batch.DescribeJobsInput{Jobs: []string{r.ID}})
	if err != nil {
		return types.JobDetail{}, gone(err)
	}
	job, err := only(out.Jobs, nil)
	if err == nil && (job.Status == types.JobStatusSucceeded || job.Status == types.JobStatusFailed) {
		err = kind.ErrGone
	}
	return job, err
}
