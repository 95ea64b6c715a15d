package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type processingReader interface {
	ListProcessingJobs(context.Context, *sagemaker.ListProcessingJobsInput, ...func(*sagemaker.Options)) (*sagemaker.ListProcessingJobsOutput, error)
	DescribeProcessingJob(context.Context, *sagemaker.DescribeProcessingJobInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeProcessingJobOutput, error)
}

type processingWriter interface {
	processingReader // AWS refuses to stop what has ended: it is looked at first
	StopProcessingJob(context.Context, *sagemaker.StopProcessingJobInput, ...func(*sagemaker.Options)) (*sagemaker.StopProcessingJobOutput, error)
}

var processingJob = kind.Of(processingSpec)

var processingSpec = kind.Spec[processingReader, processingWriter]{
	Name:   "sagemaker.processing-job",
	Reader: func(c aws.Config) processingReader { return sagemaker.NewFromConfig(c) },
	Writer: func(c aws.Config) processingWriter { return sagemaker.NewFromConfig(c) },
	Needs:  []string{"sagemaker:ListProcessingJobs", "sagemaker:DescribeProcessingJob"},
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 1},
	Covers: []string{"B4"},
	List: func(ctx context.Context, api processingReader, at fact.Place, put func(fact.Resource)) error {
		var drafts []fact.Resource
		for page, err := range pages(ctx, sagemaker.NewListProcessingJobsPaginator(api, &sagemaker.ListProcessingJobsInput{
			StatusEquals: types.ProcessingJobStatusInProgress, MaxResults: aws.Int32(100),
		})) {
			if err != nil {
				return fmt.Errorf("cannot list processing jobs: %w", err)
			}
			for _, j := range page.ProcessingJobSummaries {
				drafts = append(drafts, named("sagemaker.processing-job", at, j.ProcessingJobName, j.ProcessingJobArn, j.CreationTime))
			}
		}
		if err := complete(ctx, drafts, completeProcessing(api), put); err != nil {
			return fmt.Errorf("cannot list processing jobs: %w", err)
		}
		return nil
	},
	Keep: kept("processing-job.json", anyProcessing),
	Verbs: []kind.Verb[processingReader, processingWriter]{
		remove(kind.Verb[processingReader, processingWriter]{
			Name: "stop-job", Needs: []string{"sagemaker:StopProcessingJob"}, Takes: 10 * time.Minute,
		}, func(ctx context.Context, api processingReader, r fact.Resource) (any, error) {
			j, err := findProcessing(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return uniquely(j.ProcessingJobArn, j.CreationTime), nil
		}, func(ctx context.Context, api processingWriter, j kind.Job) error {
			is, err := findProcessing(ctx, api, j.Resource)
			if err != nil || is.ProcessingJobStatus == types.ProcessingJobStatusStopping {
				return err
			}
			_, err = api.StopProcessingJob(ctx, &sagemaker.StopProcessingJobInput{ProcessingJobName: &j.ID})
			return sagemakerGone(err)
		}),
	},
}

func completeProcessing(api processingReader) func(context.Context, *fact.Resource) error {
	return func(ctx context.Context, r *fact.Resource) error {
		j, err := findProcessing(ctx, api, *r)
		if err != nil {
			return err
		}
		fact.Status.Set(r, string(j.ProcessingJobStatus))
		fact.Role.Set(r, aws.ToString(j.RoleArn))
		if a := j.AppSpecification; a != nil {
			fact.Image.Set(r, aws.ToString(a.ImageUri))
		}
		if p := j.ProcessingResources; p != nil && p.ClusterConfig != nil {
			fact.InstanceType.Set(r, string(p.ClusterConfig.InstanceType))
			fact.Count.Set(r, int(aws.ToInt32(p.ClusterConfig.InstanceCount)))
		}
		return nil
	}
}

func anyProcessing(ctx context.Context, api processingReader, r fact.Resource) (*sagemaker.DescribeProcessingJobOutput, error) {
	out, err := api.DescribeProcessingJob(ctx, &sagemaker.DescribeProcessingJobInput{ProcessingJobName: &r.ID})
	return out, sagemakerGone(err)
}

// findProcessing finds a job that is still at work.
func findProcessing(ctx context.Context, api processingReader, r fact.Resource) (*sagemaker.DescribeProcessingJobOutput, error) {
	out, err := anyProcessing(ctx, api, r)
	if err != nil {
		return nil, err
	}
	switch out.ProcessingJobStatus {
	case types.ProcessingJobStatusInProgress, types.ProcessingJobStatusStopping:
		return out, nil
	}
	return nil, kind.ErrGone
}
