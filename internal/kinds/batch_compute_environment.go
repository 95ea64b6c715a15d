package kinds

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type computeEnvironmentReader interface {
	DescribeComputeEnvironments(context.Context, *batch.DescribeComputeEnvironmentsInput, ...func(*batch.Options)) (*batch.DescribeComputeEnvironmentsOutput, error)
}

type computeEnvironmentWriter interface {
	UpdateComputeEnvironment(context.Context, *batch.UpdateComputeEnvironmentInput, ...func(*batch.Options)) (*batch.UpdateComputeEnvironmentOutput, error)
	DeleteComputeEnvironment(context.Context, *batch.DeleteComputeEnvironmentInput, ...func(*batch.Options)) (*batch.DeleteComputeEnvironmentOutput, error)
}

var computeEnvironment = kind.Of(computeEnvironmentSpec)

// A compute environment starts instances or Fargate tasks for waiting jobs. It
// is deleted disabled, and after the queues that name it. Batch does not tell
// when it was made.
var computeEnvironmentSpec = kind.Spec[computeEnvironmentReader, computeEnvironmentWriter]{
	Name:   "batch.compute-environment",
	Reader: func(c aws.Config) computeEnvironmentReader { return batch.NewFromConfig(c) },
	Writer: func(c aws.Config) computeEnvironmentWriter { return batch.NewFromConfig(c) },
	Needs:  []string{"batch:DescribeComputeEnvironments"},
	List: func(ctx context.Context, api computeEnvironmentReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, batch.NewDescribeComputeEnvironmentsPaginator(api, &batch.DescribeComputeEnvironmentsInput{MaxResults: aws.Int32(100)})) {
			if err != nil {
				return fmt.Errorf("cannot list compute environments: %w", err)
			}
			for _, c := range page.ComputeEnvironments {
				if c.Status != types.CEStatusDeleted {
					put(computeEnvironmentOf(at, c))
				}
			}
		}
		return nil
	},
	Cost:      kind.Cost{Fixed: 1, Page: 100},
	Covers:    []string{"B3", "D6"},
	Named:     true,
	Owns:      true,
	Recreates: true,
	Keep: func(ctx context.Context, api computeEnvironmentReader, r fact.Resource, put func(string, []byte) error) error {
		c, err := computeEnvironmentNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "compute-environment.json", c)
	},
	Verbs: []kind.Verb[computeEnvironmentReader, computeEnvironmentWriter]{
		flip(kind.Verb[computeEnvironmentReader, computeEnvironmentWriter]{
			Name: "disable", Class: kind.Disruptive, For: kind.Disable, Needs: []string{"batch:UpdateComputeEnvironment"},
		}, false, func(ctx context.Context, api computeEnvironmentReader, r fact.Resource) (bool, error) {
			c, err := computeEnvironmentNow(ctx, api, r)
			return c.State == types.CEStateEnabled, err
		}, func(ctx context.Context, api computeEnvironmentWriter, j kind.Job, on bool) error {
			state := types.CEStateDisabled
			if on {
				state = types.CEStateEnabled
			}
			_, err := api.UpdateComputeEnvironment(ctx, &batch.UpdateComputeEnvironmentInput{ComputeEnvironment: &j.ID, State: state})
			return err
		}),
		remove(kind.Verb[computeEnvironmentReader, computeEnvironmentWriter]{
			Name: "delete", Needs: []string{"batch:DeleteComputeEnvironment"}, Takes: 30 * time.Minute,
		}, func(ctx context.Context, api computeEnvironmentReader, r fact.Resource) (any, error) {
			c, err := computeEnvironmentNow(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return []string{aws.ToString(c.ComputeEnvironmentArn), aws.ToString(c.Uuid)}, nil
		}, func(ctx context.Context, api computeEnvironmentWriter, j kind.Job) error {
			_, err := api.DeleteComputeEnvironment(ctx, &batch.DeleteComputeEnvironmentInput{ComputeEnvironment: &j.ID})
			return err
		}),
	},
}

func computeEnvironmentOf(at fact.Place, c types.ComputeEnvironmentDetail) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "batch.compute-environment", Place: at, ID: aws.ToString(c.ComputeEnvironmentName)}, ARN: aws.ToString(c.ComputeEnvironmentArn),
	}
	fact.Status.Set(&r, string(c.Status))
	fact.Active.Set(&r, c.State == types.CEStateEnabled)
	fact.Role.Set(&r, aws.ToString(c.ServiceRole))
	if res := c.ComputeResources; res != nil {
		fact.Detail.Set(&r, string(res.Type))
		fact.InstanceType.Set(&r, strings.Join(res.InstanceTypes, ","))
		fact.Count.Set(&r, int(aws.ToInt32(res.MaxvCpus)))
	}
	setServiceTags(&r, c.Tags)
	return r
}

func computeEnvironmentNow(ctx context.Context, api computeEnvironmentReader, r fact.Resource) (types.ComputeEnvironmentDetail, error) {
	out, err := api.DescribeComputeEnvironments(ctx, &batch.DescribeComputeEnvironmentsInput{ComputeEnvironments: []string{r.ID}})
	if err != nil {
		return types.ComputeEnvironmentDetail{}, gone(err)
	}
	c, err := only(out.ComputeEnvironments, nil)
	if err == nil && c.Status == types.CEStatusDeleted {
		err = kind.ErrGone
	}
	return c, err
}
