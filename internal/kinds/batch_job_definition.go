package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type jobDefinitionReader interface {
	DescribeJobDefinitions(context.Context, *batch.DescribeJobDefinitionsInput, ...func(*batch.Options)) (*batch.DescribeJobDefinitionsOutput, error)
}

type jobDefinitionWriter interface {
	DeregisterJobDefinition(context.Context, *batch.DeregisterJobDefinitionInput, ...func(*batch.Options)) (*batch.DeregisterJobDefinitionOutput, error)
}

var jobDefinition = kind.Of(jobDefinitionSpec)

// A job definition says which image a job runs, with which role. Its ID is
// NAME:REVISION. AWS shows a deregistered one for 180 days more; no job can be
// started from it.
var jobDefinitionSpec = kind.Spec[jobDefinitionReader, jobDefinitionWriter]{
	Name:   "batch.job-definition",
	Reader: func(c aws.Config) jobDefinitionReader { return batch.NewFromConfig(c) },
	Writer: func(c aws.Config) jobDefinitionWriter { return batch.NewFromConfig(c) },
	Needs:  []string{"batch:DescribeJobDefinitions"},
	List: func(ctx context.Context, api jobDefinitionReader, at fact.Place, put func(fact.Resource)) error {
		in := &batch.DescribeJobDefinitionsInput{Status: aws.String("ACTIVE"), MaxResults: aws.Int32(100)}
		for page, err := range pages(ctx, batch.NewDescribeJobDefinitionsPaginator(api, in)) {
			if err != nil {
				return fmt.Errorf("cannot list job definitions: %w", err)
			}
			for _, d := range page.JobDefinitions {
				put(jobDefinitionOf(at, d))
			}
		}
		return nil
	},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"B3"},
	Keep: func(ctx context.Context, api jobDefinitionReader, r fact.Resource, put func(string, []byte) error) error {
		d, err := jobDefinitionNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "job-definition.json", d)
	},
	Verbs: []kind.Verb[jobDefinitionReader, jobDefinitionWriter]{
		remove(kind.Verb[jobDefinitionReader, jobDefinitionWriter]{Name: "delete", Needs: []string{"batch:DeregisterJobDefinition"}},
			func(ctx context.Context, api jobDefinitionReader, r fact.Resource) (any, error) {
				d, err := jobDefinitionNow(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return aws.ToString(d.JobDefinitionArn), nil
			},
			func(ctx context.Context, api jobDefinitionWriter, j kind.Job) error {
				_, err := api.DeregisterJobDefinition(ctx, &batch.DeregisterJobDefinitionInput{JobDefinition: &j.ID})
				return err
			}),
	},
}

func jobDefinitionOf(at fact.Place, d types.JobDefinition) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "batch.job-definition", Place: at, ID: fmt.Sprintf("%s:%d", aws.ToString(d.JobDefinitionName), aws.ToInt32(d.Revision))},
		ARN: aws.ToString(d.JobDefinitionArn),
	}
	fact.Status.Set(&r, aws.ToString(d.Status))
	fact.Detail.Set(&r, aws.ToString(d.Type))
	if c := d.ContainerProperties; c != nil {
		fact.Image.Set(&r, aws.ToString(c.Image))
		fact.Role.Set(&r, aws.ToString(c.JobRoleArn))
	}
	setServiceTags(&r, d.Tags)
	return r
}

func jobDefinitionNow(ctx context.Context, api jobDefinitionReader, r fact.Resource) (types.JobDefinition, error) {
	out, err := api.DescribeJobDefinitions(ctx, &batch.DescribeJobDefinitionsInput{JobDefinitions: []string{r.ID}})
	if err != nil {
		return types.JobDefinition{}, gone(err)
	}
	d, err := only(out.JobDefinitions, nil)
	if err == nil && aws.ToString(d.Status) != "ACTIVE" {
		err = kind.ErrGone
	}
	return d, err
}
