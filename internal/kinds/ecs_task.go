package kinds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type ecsTaskReader interface {
	ecsServiceLister
	ListTasks(context.Context, *ecs.ListTasksInput, ...func(*ecs.Options)) (*ecs.ListTasksOutput, error)
	DescribeTasks(context.Context, *ecs.DescribeTasksInput, ...func(*ecs.Options)) (*ecs.DescribeTasksOutput, error)
}

type ecsTaskWriter interface {
	StopTask(context.Context, *ecs.StopTaskInput, ...func(*ecs.Options)) (*ecs.StopTaskOutput, error)
}

var ecsTask = kind.Of(ecsTaskSpec)

// A task is what runs. Its ID is CLUSTER/ID; one that has stopped is gone,
// although AWS shows it for an hour more.
var ecsTaskSpec = kind.Spec[ecsTaskReader, ecsTaskWriter]{
	Name:   "ecs.task",
	Reader: func(c aws.Config) ecsTaskReader { return ecs.NewFromConfig(c) },
	Writer: func(c aws.Config) ecsTaskWriter { return ecs.NewFromConfig(c) },
	Needs:  append([]string{"ecs:ListTasks", "ecs:DescribeTasks"}, ecsServiceNeeds...),
	List:   listECSTasks,
	// And one more for each cluster without a task. The services are read, for
	// all kinds together, where a task says that one of them started it.
	Cost:   kind.Cost{Fixed: 2, Each: 2},
	Covers: []string{"A18", "B2"},
	Holds: func(r fact.Resource) []fact.Ref {
		cluster, _, _ := strings.Cut(r.ID, "/")
		return ecsHolds(r.Place, cluster, fact.Detail.Or(r, ""))
	},
	Keep: func(ctx context.Context, api ecsTaskReader, r fact.Resource, put func(string, []byte) error) error {
		task, err := ecsTaskNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "task.json", task)
	},
	Verbs: []kind.Verb[ecsTaskReader, ecsTaskWriter]{
		// What is in its memory and on its own disk is lost. It has 30 seconds to
		// end by itself, or what its definition gives it.
		remove(kind.Verb[ecsTaskReader, ecsTaskWriter]{Name: "stop-task", Needs: []string{"ecs:StopTask"}, Takes: 15 * time.Minute},
			func(ctx context.Context, api ecsTaskReader, r fact.Resource) (any, error) {
				task, err := ecsTaskNow(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return []any{aws.ToString(task.TaskArn), aws.ToTime(task.CreatedAt)}, nil
			}, stopTask),
	},
}

func stopTask(ctx context.Context, api ecsTaskWriter, j kind.Job) error {
	cluster, id, _ := strings.Cut(j.ID, "/")
	_, err := api.StopTask(ctx, &ecs.StopTaskInput{Cluster: &cluster, Task: &id, Reason: aws.String("cordon " + j.Case)})
	if awsapi.Code(err) == "InvalidParameterException" && strings.Contains(err.Error(), "task was not found") {
		return kind.ErrGone
	}
	return err
}

func listECSTasks(ctx context.Context, api ecsTaskReader, at fact.Place, put func(fact.Resource)) error {
	clusters, err := ecsClusters(ctx, api, at)
	if err != nil {
		return err
	}
	for _, c := range clusters {
		var names []string
		for page, err := range pages(ctx, ecs.NewListTasksPaginator(api, &ecs.ListTasksInput{Cluster: c.ClusterArn, MaxResults: aws.Int32(100)})) {
			if errors.Is(gone(err), kind.ErrGone) {
				break // the cluster was deleted meanwhile
			}
			if err != nil {
				return fmt.Errorf("cannot list the tasks of cluster %s: %w", aws.ToString(c.ClusterName), err)
			}
			names = append(names, page.TaskArns...)
		}
		tasks, err := describeTasks(ctx, api, aws.ToString(c.ClusterArn), names)
		if err != nil && !errors.Is(gone(err), kind.ErrGone) {
			return fmt.Errorf("cannot list the tasks of cluster %s: %w", aws.ToString(c.ClusterName), err)
		}
		for _, task := range tasks {
			r := ecsTaskOf(at, task)
			if err := setService(ctx, api, &r, task); err != nil {
				return err
			}
			put(r)
		}
	}
	return nil
}

func describeTasks(ctx context.Context, api ecsTaskReader, cluster string, names []string) ([]types.Task, error) {
	return describeMany(ctx, names, 100, func(ctx context.Context, some []string) (live []types.Task, err error) {
		out, err := api.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: some, Include: []types.TaskField{types.TaskFieldTags}})
		if err != nil {
			return nil, err
		}
		if err := ecsFailures(out.Failures); err != nil {
			return nil, err
		}
		for _, task := range out.Tasks {
			if aws.ToString(task.LastStatus) != "STOPPED" && aws.ToString(task.LastStatus) != "DELETED" {
				live = append(live, task)
			}
		}
		return live, nil
	})
}

func ecsTaskOf(at fact.Place, task types.Task) fact.Resource {
	taskARN, cluster := aws.ToString(task.TaskArn), pastMark(":cluster/", aws.ToString(task.ClusterArn))
	r := fact.Resource{
		Ref: fact.Ref{Kind: "ecs.task", Place: at, ID: cluster + "/" + taskARN[strings.LastIndexByte(taskARN, '/')+1:]},
		ARN: taskARN, Created: aws.ToTime(task.CreatedAt),
	}
	fact.Status.Set(&r, aws.ToString(task.LastStatus))
	fact.Detail.Set(&r, pastMark(":task-definition/", aws.ToString(task.TaskDefinitionArn)))
	if len(task.Containers) > 0 { // the first stands for all
		fact.Image.Set(&r, aws.ToString(task.Containers[0].Image))
	}
	if task.Overrides != nil && task.Overrides.TaskRoleArn != nil {
		fact.Role.Set(&r, *task.Overrides.TaskRoleArn)
	}
	setServiceTags(&r, ecsTags(task.Tags))
	return r
}

// setService notes the service that would start the task again. Whoever starts
// a task may write any group and starter: it counts when the service itself
// names it.
func setService(ctx context.Context, api ecsServiceLister, r *fact.Resource, task types.Task) error {
	name, ok := strings.CutPrefix(aws.ToString(task.Group), "service:")
	if !ok || !strings.HasPrefix(aws.ToString(task.StartedBy), "ecs-svc/") {
		return nil
	}
	services, err := ecsServices(ctx, api, r.Place)
	if err != nil {
		return err
	}
	for _, s := range services {
		started := slices.ContainsFunc(s.Deployments, func(d types.Deployment) bool { return aws.ToString(d.Id) == aws.ToString(task.StartedBy) })
		if started && aws.ToString(s.ClusterArn) == aws.ToString(task.ClusterArn) && aws.ToString(s.ServiceName) == name {
			partOf(r, "ecs.service", ecsServiceOf(r.Place, s).ID)
		}
	}
	return nil
}

func ecsTaskNow(ctx context.Context, api ecsTaskReader, r fact.Resource) (types.Task, error) {
	cluster, id, _ := strings.Cut(r.ID, "/")
	return only(describeTasks(ctx, api, cluster, []string{id}))
}
