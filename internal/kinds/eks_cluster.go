package kinds

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type eksClusterReader interface {
	ListClusters(context.Context, *eks.ListClustersInput, ...func(*eks.Options)) (*eks.ListClustersOutput, error)
	DescribeCluster(context.Context, *eks.DescribeClusterInput, ...func(*eks.Options)) (*eks.DescribeClusterOutput, error)
}

type eksClusterWriter interface {
	UpdateClusterConfig(context.Context, *eks.UpdateClusterConfigInput, ...func(*eks.Options)) (*eks.UpdateClusterConfigOutput, error)
	DeleteCluster(context.Context, *eks.DeleteClusterInput, ...func(*eks.Options)) (*eks.DeleteClusterOutput, error)
}

var eksCluster = kind.Of(eksClusterSpec)

// What runs in a cluster, and its secrets, Kubernetes alone knows: AWS does not
// tell them, and they are not kept.
var eksClusterSpec = kind.Spec[eksClusterReader, eksClusterWriter]{
	Name:   "eks.cluster",
	Reader: func(c aws.Config) eksClusterReader { return eks.NewFromConfig(c) },
	Writer: func(c aws.Config) eksClusterWriter { return eks.NewFromConfig(c) },
	Needs:  eksNeeds,
	List: func(ctx context.Context, api eksClusterReader, at fact.Place, put func(fact.Resource)) error {
		clusters, err := eksClusters(ctx, api, at)
		for _, c := range clusters {
			put(eksClusterOf(at, c))
		}
		return err
	},
	Cost:      kind.Cost{Fixed: 1, Page: 100, Each: 1},
	Covers:    []string{"A18", "B6", "D5", "D6"},
	Named:     true,
	Recreates: true,
	Keep: func(ctx context.Context, api eksClusterReader, r fact.Resource, put func(string, []byte) error) error {
		c, err := eksClusterNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "cluster.json", c)
	},
	Verbs: []kind.Verb[eksClusterReader, eksClusterWriter]{
		flip(kind.Verb[eksClusterReader, eksClusterWriter]{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: deletionProtected,
			Needs: []string{"eks:UpdateClusterConfig"}, Takes: 15 * time.Minute,
		}, false, func(ctx context.Context, api eksClusterReader, r fact.Resource) (bool, error) {
			c, err := eksClusterNow(ctx, api, r)
			if err != nil {
				return false, err
			}
			return aws.ToBool(c.DeletionProtection), nil
		}, func(ctx context.Context, api eksClusterWriter, j kind.Job, on bool) error {
			_, err := api.UpdateClusterConfig(ctx, &eks.UpdateClusterConfigInput{Name: &j.ID, DeletionProtection: &on})
			return err
		}),
		// Its node groups and Fargate profiles are deleted before.
		remove(kind.Verb[eksClusterReader, eksClusterWriter]{Name: "delete", Needs: []string{"eks:DeleteCluster"}, Takes: 45 * time.Minute},
			func(ctx context.Context, api eksClusterReader, r fact.Resource) (any, error) {
				c, err := eksClusterNow(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return []any{aws.ToString(c.Arn), aws.ToTime(c.CreatedAt)}, nil
			},
			func(ctx context.Context, api eksClusterWriter, j kind.Job) error {
				_, err := api.DeleteCluster(ctx, &eks.DeleteClusterInput{Name: &j.ID})
				return err
			}),
	},
}

// deletionProtected is the protection that AWS calls deletion protection.
const deletionProtected = "deletion"

var eksNeeds = []string{"eks:ListClusters", "eks:DescribeCluster"}

// eksClusters is one listing for the clusters and for what belongs to them.
func eksClusters(ctx context.Context, api eksClusterReader, at fact.Place) ([]types.Cluster, error) {
	type key struct{ at fact.Place }
	return kind.Shared(ctx, key{at}, func() (all []types.Cluster, err error) {
		var drafts []fact.Resource
		for page, err := range pages(ctx, eks.NewListClustersPaginator(api, &eks.ListClustersInput{MaxResults: aws.Int32(100)})) {
			if err != nil {
				return nil, fmt.Errorf("cannot list EKS clusters: %w", err)
			}
			for _, name := range page.Clusters {
				drafts = append(drafts, fact.Resource{Ref: fact.Ref{Kind: "eks.cluster", Place: at, ID: name}})
			}
		}
		found := make(map[string]types.Cluster, len(drafts))
		var mu sync.Mutex
		err = complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
			c, err := eksClusterNow(ctx, api, *r)
			mu.Lock()
			defer mu.Unlock()
			found[r.ID] = c
			return err
		}, func(r fact.Resource) { all = append(all, found[r.ID]) })
		if err != nil {
			return nil, fmt.Errorf("cannot list EKS clusters: %w", err)
		}
		return all, nil
	})
}

func eksClusterOf(at fact.Place, c types.Cluster) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "eks.cluster", Place: at, ID: aws.ToString(c.Name)}, ARN: aws.ToString(c.Arn), Created: aws.ToTime(c.CreatedAt),
	}
	fact.Status.Set(&r, string(c.Status))
	fact.Role.Set(&r, aws.ToString(c.RoleArn))
	fact.Detail.Set(&r, aws.ToString(c.Version))
	held := []string{}
	if aws.ToBool(c.DeletionProtection) {
		held = append(held, deletionProtected)
	}
	fact.Protections.Set(&r, held)
	setServiceTags(&r, c.Tags)
	return r
}

func eksClusterNow(ctx context.Context, api eksClusterReader, r fact.Resource) (types.Cluster, error) {
	out, err := api.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &r.ID})
	if err != nil {
		return types.Cluster{}, gone(err)
	}
	if out.Cluster == nil {
		return types.Cluster{}, kind.ErrGone
	}
	return *out.Cluster, nil
}
