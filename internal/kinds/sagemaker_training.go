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

// Jobs that ended cost nothing more and cannot be deleted: only those at work
// are listed, and one that was stopped is gone. SageMaker gives a program two
// minutes to end.

type trainingReader interface {
	ListTrainingJobs(context.Context, *sagemaker.ListTrainingJobsInput, ...func(*sagemaker.Options)) (*sagemaker.ListTrainingJobsOutput, error)
	DescribeTrainingJob(context.Context, *sagemaker.DescribeTrainingJobInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeTrainingJobOutput, error)
}

type trainingWriter interface {
	trainingReader // AWS refuses to stop what has ended: it is looked at first
	StopTrainingJob(context.Context, *sagemaker.StopTrainingJobInput, ...func(*sagemaker.Options)) (*sagemaker.StopTrainingJobOutput, error)
}

var trainingJob = kind.Of(trainingSpec)

var trainingSpec = kind.Spec[trainingReader, trainingWriter]{
	Name:   "sagemaker.training-job",
	Reader: func(c aws.Config) trainingReader { return sagemaker.NewFromConfig(c) },
	Writer: func(c aws.Config) trainingWriter { return sagemaker.NewFromConfig(c) },
	Needs:  []string{"sagemaker:ListTrainingJobs", "sagemaker:DescribeTrainingJob"},
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 1},
	Covers: []string{"B4"},
	List: func(ctx context.Context, api trainingReader, at fact.Place, put func(fact.Resource)) error {
		var drafts []fact.Resource
		for page, err := range pages(ctx, sagemaker.NewListTrainingJobsPaginator(api, &sagemaker.ListTrainingJobsInput{
			StatusEquals: types.TrainingJobStatusInProgress, MaxResults: aws.Int32(100),
		})) {
			if err != nil {
				return fmt.Errorf("cannot list training jobs: %w", err)
			}
			for _, j := range page.TrainingJobSummaries {
				drafts = append(drafts, named("sagemaker.training-job", at, j.TrainingJobName, j.TrainingJobArn, j.CreationTime))
			}
		}
		if err := complete(ctx, drafts, completeTraining(api), put); err != nil {
			return fmt.Errorf("cannot list training jobs: %w", err)
		}
		return nil
	},
	Keep: kept("training-job.json", anyTraining),
	Verbs: []kind.Verb[trainingReader, trainingWriter]{
		remove(kind.Verb[trainingReader, trainingWriter]{
			Name: "stop-job", Needs: []string{"sagemaker:StopTrainingJob"}, Takes: 10 * time.Minute,
		}, func(ctx context.Context, api trainingReader, r fact.Resource) (any, error) {
			j, err := findTraining(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return uniquely(j.TrainingJobArn, j.CreationTime), nil
		}, func(ctx context.Context, api trainingWriter, j kind.Job) error {
			is, err := findTraining(ctx, api, j.Resource)
			if err != nil || is.TrainingJobStatus == types.TrainingJobStatusStopping {
				return err
			}
			_, err = api.StopTrainingJob(ctx, &sagemaker.StopTrainingJobInput{TrainingJobName: &j.ID})
			return sagemakerGone(err)
		}),
	},
}

func completeTraining(api trainingReader) func(context.Context, *fact.Resource) error {
	return func(ctx context.Context, r *fact.Resource) error {
		j, err := findTraining(ctx, api, *r)
		if err != nil {
			return err
		}
		fact.Status.Set(r, string(j.TrainingJobStatus))
		fact.Role.Set(r, aws.ToString(j.RoleArn))
		if a := j.AlgorithmSpecification; a != nil {
			fact.Image.Set(r, aws.ToString(a.TrainingImage))
		}
		if c := j.ResourceConfig; c != nil {
			fact.InstanceType.Set(r, string(c.InstanceType))
			fact.Count.Set(r, int(aws.ToInt32(c.InstanceCount)))
		}
		return nil
	}
}

func anyTraining(ctx context.Context, api trainingReader, r fact.Resource) (*sagemaker.DescribeTrainingJobOutput, error) {
	out, err := api.DescribeTrainingJob(ctx, &sagemaker.DescribeTrainingJobInput{TrainingJobName: &r.ID})
	return out, sagemakerGone(err)
}

// findTraining finds a job that is still at work.
func findTraining(ctx context.Context, api trainingReader, r fact.Resource) (*sagemaker.DescribeTrainingJobOutput, error) {
	out, err := anyTraining(ctx, api, r)
	if err != nil {
		return nil, err
	}
	switch out.TrainingJobStatus {
	case types.TrainingJobStatusInProgress, types.TrainingJobStatusStopping:
		return out, nil
	}
	return nil, kind.ErrGone
}
