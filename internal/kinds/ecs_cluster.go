package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type ecsClusterReader interface {
	ListClusters(context.Context, *ecs.ListClustersInput, ...func(*ecs.Options)) (*ecs.ListClustersOutput, error)
	DescribeClusters(context.Context, *ecs.DescribeClustersInput, ...func(*ecs.Options)) (*ecs.DescribeClustersOutput, error)
}

type ecsClusterWriter interface {
	DeleteCluster(context.Context, *ecs.DeleteClusterInput, ...func(*ecs.Options)) (*ecs.DeleteClusterOutput, error)
}

var ecsCluster = kind.Of(ecsClusterSpec)

// A cluster can be deleted when no service, no task and no container instance
// is in it. AWS does not tell when it was made.
var ecsClusterSpec = kind.Spec[ecsClusterReader, ecsClusterWriter]{
	Name:   "ecs.cluster",
	Reader: func(c aws.Config) ecsClusterReader { return ecs.NewFromConfig(c) },
	Writer: func(c aws.Config) ecsClusterWriter { return ecs.NewFromConfig(c) },
	Needs:  []string{"ecs:ListClusters", "ecs:DescribeClusters"},
	List: func(ctx context.Context, api ecsClusterReader, at fact.Place, put func(fact.Resource)) error {
		clusters, err := ecsClusters(ctx, api, at)
		for _, c := range clusters {
			put(ecsClusterOf(at, c))
		}
		return err
	},
	Cost:   kind.Cost{Fixed: 2, Page: 50}, // a list and a description for every hundred
	Covers: []string{"B2"},
	Named:  true,
	Keep: func(ctx context.Context, api ecsClusterReader, r fact.Resource, put func(string, []byte) error) error {
		c, err := ecsClusterNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "cluster.json", c)
	},
	Verbs: []kind.Verb[ecsClusterReader, ecsClusterWriter]{
		remove(kind.Verb[ecsClusterReader, ecsClusterWriter]{Name: "delete", Needs: []string{"ecs:DeleteCluster"}},
			func(ctx context.Context, api ecsClusterReader, r fact.Resource) (any, error) {
				c, err := ecsClusterNow(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return aws.ToString(c.ClusterArn), nil
			},
			func(ctx context.Context, api ecsClusterWriter, j kind.Job) error {
				_, err := api.DeleteCluster(ctx, &ecs.DeleteClusterInput{Cluster: &j.ID})
				return err
			}),
	},
}

// ecsDeleted is the status of what is deleted and may be shown a while longer.
const ecsDeleted = "INACTIVE"

// ecsClusters is one listing for the clusters and for what is in them.
func ecsClusters(ctx context.Context, api ecsClusterReader, at fact.Place) ([]types.Cluster, error) {
	type key struct{ at fact.Place }
	return kind.Shared(ctx, key{at}, func() ([]types.Cluster, error) {
		var names []string
		for page, err := range pages(ctx, ecs.NewListClustersPaginator(api, &ecs.ListClustersInput{MaxResults: aws.Int32(100)})) {
			if err != nil {
				return nil, fmt.Errorf("cannot list clusters: %w", err)
			}
			names = append(names, page.ClusterArns...)
		}
		all, err := describeClusters(ctx, api, names)
		if err != nil {
			return nil, fmt.Errorf("cannot list clusters: %w", err)
		}
		return all, nil
	})
}

func describeClusters(ctx context.Context, api ecsClusterReader, names []string) ([]types.Cluster, error) {
	return describeMany(ctx, names, 100, func(ctx context.Context, some []string) (live []types.Cluster, err error) {
		out, err := api.DescribeClusters(ctx, &ecs.DescribeClustersInput{
			Clusters: some, Include: []types.ClusterField{types.ClusterFieldTags, types.ClusterFieldSettings, types.ClusterFieldConfigurations},
		})
		if err != nil {
			return nil, err
		}
		if err := ecsFailures(out.Failures); err != nil {
			return nil, err
		}
		for _, c := range out.Clusters {
			if aws.ToString(c.Status) != ecsDeleted {
				live = append(live, c)
			}
		}
		return live, nil
	})
}

// ecsFailures are what a description could not tell, but for what is gone.
func ecsFailures(failures []types.Failure) error {
	for _, f := range failures {
		if aws.ToString(f.Reason) != "MISSING" {
			return fmt.Errorf("cannot describe %s: %s %s", aws.ToString(f.Arn), aws.ToString(f.Reason), aws.ToString(f.Detail))
		}
	}
	return nil
}

func ecsClusterOf(at fact.Place, c types.Cluster) fact.Resource {
	r := fact.Resource{Ref: fact.Ref{Kind: "ecs.cluster", Place: at, ID: aws.ToString(c.ClusterName)}, ARN: aws.ToString(c.ClusterArn)}
	fact.Status.Set(&r, aws.ToString(c.Status))
	fact.Count.Set(&r, int(c.RunningTasksCount+c.PendingTasksCount))
	setServiceTags(&r, ecsTags(c.Tags))
	return r
}

func ecsTags(tags []types.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range tags {
		out[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}

func ecsClusterNow(ctx context.Context, api ecsClusterReader, r fact.Resource) (types.Cluster, error) {
	return only(describeClusters(ctx, api, []string{r.ID}))
}

// ecsClusterRef is the cluster that something is in, by the ID CLUSTER/NAME.
func ecsClusterRef(at fact.Place, cluster string) fact.Ref {
	return fact.Ref{Kind: "ecs.cluster", Place: at, ID: cluster}
}

// ecsHolds is what a service or a task keeps from being deleted: its cluster,
// and the definition that it was started from.
func ecsHolds(at fact.Place, cluster, definition string) []fact.Ref {
	held := []fact.Ref{ecsClusterRef(at, cluster)}
	if definition != "" {
		held = append(held, fact.Ref{Kind: "ecs.task-definition", Place: at, ID: definition})
	}
	return held
}
