package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrock"
	"github.com/aws/aws-sdk-go-v2/service/bedrock/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type invocationJobReader interface {
	ListModelInvocationJobs(context.Context, *bedrock.ListModelInvocationJobsInput, ...func(*bedrock.Options)) (*bedrock.ListModelInvocationJobsOutput, error)
	GetModelInvocationJob(context.Context, *bedrock.GetModelInvocationJobInput, ...func(*bedrock.Options)) (*bedrock.GetModelInvocationJobOutput, error)
}

type invocationJobWriter interface {
	invocationJobReader // AWS refuses to stop what has ended: it is looked at first
	StopModelInvocationJob(context.Context, *bedrock.StopModelInvocationJobInput, ...func(*bedrock.Options)) (*bedrock.StopModelInvocationJobOutput, error)
}

var invocationJob = kind.Of(invocationJobSpec)

// A batch of prompts. Those that ended cost nothing more and cannot be deleted:
// only those under way are listed, and one that was stopped is gone.
var invocationJobSpec = kind.Spec[invocationJobReader, invocationJobWriter]{
	Name:   "bedrock.invocation-job",
	Reader: func(c aws.Config) invocationJobReader { return bedrock.NewFromConfig(c) },
	Writer: func(c aws.Config) invocationJobWriter { return bedrock.NewFromConfig(c) },
	Needs:  []string{"bedrock:ListModelInvocationJobs", "bedrock:GetModelInvocationJob"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"B8"},
	List:   listInvocationJobs,
	Keep:   kept("invocation-job.json", anyInvocationJob),
	Verbs: []kind.Verb[invocationJobReader, invocationJobWriter]{
		remove(kind.Verb[invocationJobReader, invocationJobWriter]{
			Name: "stop-job", Needs: []string{"bedrock:StopModelInvocationJob"}, Takes: 15 * time.Minute,
		}, func(ctx context.Context, api invocationJobReader, r fact.Resource) (any, error) {
			j, err := findInvocationJob(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return uniquely(j.JobArn, j.SubmitTime), nil
		}, func(ctx context.Context, api invocationJobWriter, j kind.Job) error {
			is, err := findInvocationJob(ctx, api, j.Resource)
			if err != nil || is.Status == types.ModelInvocationJobStatusStopping {
				return err
			}
			_, err = api.StopModelInvocationJob(ctx, &bedrock.StopModelInvocationJobInput{JobIdentifier: &j.ID})
			return err
		}),
	},
}

func listInvocationJobs(ctx context.Context, api invocationJobReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, bedrock.NewListModelInvocationJobsPaginator(api, &bedrock.ListModelInvocationJobsInput{MaxResults: aws.Int32(1000)})) {
		if err != nil {
			return fmt.Errorf("cannot list batch inference jobs: %w", err)
		}
		for _, j := range page.InvocationJobSummaries {
			if !underWay(j.Status) {
				continue
			}
			r := named("bedrock.invocation-job", at, j.JobArn, j.JobArn, j.SubmitTime)
			fact.Name.Set(&r, aws.ToString(j.JobName))
			fact.Status.Set(&r, string(j.Status))
			fact.Role.Set(&r, aws.ToString(j.RoleArn))
			fact.Detail.Set(&r, aws.ToString(j.ModelId))
			put(r)
		}
	}
	return nil
}

func underWay(s types.ModelInvocationJobStatus) bool {
	switch s {
	case types.ModelInvocationJobStatusCompleted, types.ModelInvocationJobStatusPartiallyCompleted,
		types.ModelInvocationJobStatusFailed, types.ModelInvocationJobStatusStopped, types.ModelInvocationJobStatusExpired:
		return false
	}
	return true
}

func anyInvocationJob(ctx context.Context, api invocationJobReader, r fact.Resource) (*bedrock.GetModelInvocationJobOutput, error) {
	out, err := api.GetModelInvocationJob(ctx, &bedrock.GetModelInvocationJobInput{JobIdentifier: &r.ID})
	return out, gone(err)
}

func findInvocationJob(ctx context.Context, api invocationJobReader, r fact.Resource) (*bedrock.GetModelInvocationJobOutput, error) {
	out, err := anyInvocationJob(ctx, api, r)
	if err == nil && !underWay(out.Status) {
		return nil, kind.ErrGone
	}
	return out, err
}
