package kinds

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type glueRunsReader interface {
	GetJobRuns(context.Context, *glue.GetJobRunsInput, ...func(*glue.Options)) (*glue.GetJobRunsOutput, error)
}

type glueJobReader interface {
	glueRunsReader
	GetJobs(context.Context, *glue.GetJobsInput, ...func(*glue.Options)) (*glue.GetJobsOutput, error)
	GetJob(context.Context, *glue.GetJobInput, ...func(*glue.Options)) (*glue.GetJobOutput, error)
}

type glueJobWriter interface {
	glueRunsReader
	BatchStopJobRun(context.Context, *glue.BatchStopJobRunInput, ...func(*glue.Options)) (*glue.BatchStopJobRunOutput, error)
	DeleteJob(context.Context, *glue.DeleteJobInput, ...func(*glue.Options)) (*glue.DeleteJobOutput, error)
}

var glueJob = kind.Of(glueJobSpec)

// glueJobSpec is what a trigger or StartJobRun runs. Its script lies in the
// bucket that the configuration names.
var glueJobSpec = kind.Spec[glueJobReader, glueJobWriter]{
	Name:   "glue.job",
	Reader: func(c aws.Config) glueJobReader { return glue.NewFromConfig(c) },
	Writer: func(c aws.Config) glueJobWriter { return glue.NewFromConfig(c) },
	Needs:  []string{"glue:GetJobs", "glue:GetJob", "glue:GetJobRuns"},
	List:   listGlueJobs,
	Cost:   kind.Cost{Fixed: 1, Page: 200},
	Covers: []string{"B6"},
	Named:  true,
	Holds:  holdsItsRole,
	Keep:   keepGlueJob,
	Verbs: []kind.Verb[glueJobReader, glueJobWriter]{
		remove(kind.Verb[glueJobReader, glueJobWriter]{Name: "delete", Needs: []string{"glue:BatchStopJobRun", "glue:DeleteJob"}},
			func(ctx context.Context, api glueJobReader, r fact.Resource) (any, error) {
				j, err := findGlueJob(ctx, api, r.ID)
				return made(aws.ToString(j.Name), j.CreatedOn), err
			}, deleteGlueJob),
	},
}

func listGlueJobs(ctx context.Context, api glueJobReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, glue.NewGetJobsPaginator(api, &glue.GetJobsInput{MaxResults: aws.Int32(200)})) {
		if err != nil {
			return fmt.Errorf("cannot list Glue jobs: %w", err)
		}
		for _, j := range page.Jobs {
			put(glueJobOf(at, j))
		}
	}
	return nil
}

func glueJobOf(at fact.Place, j types.Job) fact.Resource {
	name := aws.ToString(j.Name)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "glue.job", Place: at, ID: name}, ARN: arn(at, "glue", "job/"+name), Created: aws.ToTime(j.CreatedOn),
	}
	fact.Role.Set(&r, aws.ToString(j.Role))
	fact.Detail.Set(&r, string(j.WorkerType))
	fact.Count.Set(&r, int(aws.ToInt32(j.NumberOfWorkers)))
	if j.Command != nil {
		fact.Source.Set(&r, []string{aws.ToString(j.Command.ScriptLocation)})
	}
	if j.LastModifiedOn != nil {
		fact.Modified.Set(&r, *j.LastModifiedOn)
	}
	return r
}

func findGlueJob(ctx context.Context, api glueJobReader, name string) (types.Job, error) {
	out, err := api.GetJob(ctx, &glue.GetJobInput{JobName: &name})
	if err != nil {
		return types.Job{}, gone(err)
	}
	if out.Job == nil {
		return types.Job{}, kind.ErrGone
	}
	return *out.Job, nil
}

func glueRuns(ctx context.Context, api glueRunsReader, name string) ([]types.JobRun, error) {
	runs := []types.JobRun{}
	for page, err := range pages(ctx, glue.NewGetJobRunsPaginator(api, &glue.GetJobRunsInput{JobName: &name, MaxResults: aws.Int32(200)})) {
		if errors.Is(gone(err), kind.ErrGone) {
			return runs, nil
		}
		if err != nil {
			return nil, fmt.Errorf("cannot list the runs of Glue job %s: %w", name, err)
		}
		runs = append(runs, page.JobRuns...)
	}
	return runs, nil
}

func keepGlueJob(ctx context.Context, api glueJobReader, r fact.Resource, put func(string, []byte) error) error {
	j, err := findGlueJob(ctx, api, r.ID)
	if err != nil {
		return err
	}
	runs, err := glueRuns(ctx, api, r.ID)
	if err != nil {
		return err
	}
	return putEach(put, "job.json", j, "runs.json", runs)
}

// deleteGlueJob stops its runs first: Glue lets them run on, and charges them.
func deleteGlueJob(ctx context.Context, api glueJobWriter, j kind.Job) error {
	runs, err := glueRuns(ctx, api, j.ID)
	if err != nil {
		return err
	}
	var running []string
	for _, run := range runs {
		switch run.JobRunState {
		case types.JobRunStateStarting, types.JobRunStateRunning, types.JobRunStateWaiting:
			running = append(running, aws.ToString(run.Id))
		}
	}
	for ids := range slices.Chunk(running, 25) {
		out, err := api.BatchStopJobRun(ctx, &glue.BatchStopJobRunInput{JobName: &j.ID, JobRunIds: ids})
		if err != nil {
			return fmt.Errorf("cannot stop the runs of Glue job %s: %w", j.ID, err)
		}
		for _, e := range out.Errors {
			if e.ErrorDetail != nil && aws.ToString(e.ErrorDetail.ErrorCode) != "InvalidInputException" { // that one has ended
				return fmt.Errorf("cannot stop run %s: %s", aws.ToString(e.JobRunId), aws.ToString(e.ErrorDetail.ErrorMessage))
			}
		}
	}
	_, err = api.DeleteJob(ctx, &glue.DeleteJobInput{JobName: &j.ID})
	return err
}
