package kinds

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type taskDefinitionReader interface {
	ListTaskDefinitions(context.Context, *ecs.ListTaskDefinitionsInput, ...func(*ecs.Options)) (*ecs.ListTaskDefinitionsOutput, error)
	DescribeTaskDefinition(context.Context, *ecs.DescribeTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DescribeTaskDefinitionOutput, error)
}

type taskDefinitionWriter interface {
	DeregisterTaskDefinition(context.Context, *ecs.DeregisterTaskDefinitionInput, ...func(*ecs.Options)) (*ecs.DeregisterTaskDefinitionOutput, error)
	DeleteTaskDefinitions(context.Context, *ecs.DeleteTaskDefinitionsInput, ...func(*ecs.Options)) (*ecs.DeleteTaskDefinitionsOutput, error)
}

var taskDefinition = kind.Of(taskDefinitionSpec)

// A task definition says which images run with which role. Its ID is
// FAMILY:REVISION, and no revision is given twice. The active ones are listed.
// What was only deregistered goes on serving the services that name it: it is
// deleted too.
var taskDefinitionSpec = kind.Spec[taskDefinitionReader, taskDefinitionWriter]{
	Name:   "ecs.task-definition",
	Reader: func(c aws.Config) taskDefinitionReader { return ecs.NewFromConfig(c) },
	Writer: func(c aws.Config) taskDefinitionWriter { return ecs.NewFromConfig(c) },
	Needs:  []string{"ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition"},
	List:   listTaskDefinitions,
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 1},
	Covers: []string{"A18", "B2"},
	Keep: func(ctx context.Context, api taskDefinitionReader, r fact.Resource, put func(string, []byte) error) error {
		out, err := taskDefinitionNow(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "task-definition.json", out)
	},
	Verbs: []kind.Verb[taskDefinitionReader, taskDefinitionWriter]{
		// It goes when no task and no service names it any more.
		remove(kind.Verb[taskDefinitionReader, taskDefinitionWriter]{
			Name: "delete", Needs: []string{"ecs:DeregisterTaskDefinition", "ecs:DeleteTaskDefinitions"}, Takes: time.Hour,
		}, func(ctx context.Context, api taskDefinitionReader, r fact.Resource) (any, error) {
			out, err := taskDefinitionNow(ctx, api, r.ID)
			if err != nil {
				return nil, err
			}
			return aws.ToString(out.TaskDefinition.TaskDefinitionArn), nil
		}, deleteTaskDefinition),
	},
}

func listTaskDefinitions(ctx context.Context, api taskDefinitionReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	in := &ecs.ListTaskDefinitionsInput{Status: types.TaskDefinitionStatusActive, MaxResults: aws.Int32(100)}
	for page, err := range pages(ctx, ecs.NewListTaskDefinitionsPaginator(api, in)) {
		if err != nil {
			return fmt.Errorf("cannot list task definitions: %w", err)
		}
		for _, arn := range page.TaskDefinitionArns {
			drafts = append(drafts, fact.Resource{Ref: fact.Ref{Kind: "ecs.task-definition", Place: at, ID: pastMark(":task-definition/", arn)}, ARN: arn})
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		out, err := taskDefinitionNow(ctx, api, r.ID)
		if err != nil {
			return err
		}
		setTaskDefinition(r, out)
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list task definitions: %w", err)
	}
	return nil
}

func setTaskDefinition(r *fact.Resource, out *ecs.DescribeTaskDefinitionOutput) {
	d := out.TaskDefinition
	r.Created = aws.ToTime(d.RegisteredAt)
	fact.Status.Set(r, string(d.Status))
	fact.Role.Set(r, aws.ToString(d.TaskRoleArn))
	fact.Detail.Set(r, strings.Trim(aws.ToString(d.Cpu)+"/"+aws.ToString(d.Memory), "/"))
	if len(d.ContainerDefinitions) > 0 { // the first stands for all
		fact.Image.Set(r, aws.ToString(d.ContainerDefinitions[0].Image))
	}
	if d.RegisteredBy != nil {
		fact.Maker.Set(r, *d.RegisteredBy)
	}
	setServiceTags(r, ecsTags(out.Tags))
}

// taskDefinitionNow reads one that is not deleted. ECS says that it does not
// know a definition with the error of a wrong request.
func taskDefinitionNow(ctx context.Context, api taskDefinitionReader, id string) (*ecs.DescribeTaskDefinitionOutput, error) {
	out, err := api.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{
		TaskDefinition: &id, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags},
	})
	if unknownTaskDefinition(err) {
		return nil, fmt.Errorf("%w: %w", kind.ErrGone, err)
	}
	if err != nil {
		return nil, gone(err)
	}
	if out.TaskDefinition == nil || out.TaskDefinition.Status == types.TaskDefinitionStatusDeleteInProgress {
		return nil, kind.ErrGone
	}
	return out, nil
}

func unknownTaskDefinition(err error) bool {
	return awsapi.Code(err) == "ClientException" && strings.Contains(err.Error(), "Unable to describe task definition")
}

func deleteTaskDefinition(ctx context.Context, api taskDefinitionWriter, j kind.Job) error {
	// What is deregistered already, or deleted, is no reason not to go on: the
	// deletion tells.
	_, refused := api.DeregisterTaskDefinition(ctx, &ecs.DeregisterTaskDefinitionInput{TaskDefinition: &j.ID})
	out, err := api.DeleteTaskDefinitions(ctx, &ecs.DeleteTaskDefinitionsInput{TaskDefinitions: []string{j.ID}})
	if err != nil {
		return err
	}
	if len(out.Failures) == 0 { // one was asked for: there is one failure or none
		return nil
	}
	reason := aws.ToString(out.Failures[0].Reason)
	switch {
	case strings.Contains(reason, "does not exist") || strings.Contains(reason, "MISSING"):
		return kind.ErrGone
	case refused != nil:
		return refused
	}
	return fmt.Errorf("cannot delete task definition %s: %s", j.ID, reason)
}
