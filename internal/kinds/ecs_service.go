package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type ecsServiceLister interface {
	ecsClusterReader
	ListServices(context.Context, *ecs.ListServicesInput, ...func(*ecs.Options)) (*ecs.ListServicesOutput, error)
	DescribeServices(context.Context, *ecs.DescribeServicesInput, ...func(*ecs.Options)) (*ecs.DescribeServicesOutput, error)
}

type ecsServiceReader interface{ ecsServiceLister }

type ecsServiceWriter interface {
	UpdateService(context.Context, *ecs.UpdateServiceInput, ...func(*ecs.Options)) (*ecs.UpdateServiceOutput, error)
	DeleteService(context.Context, *ecs.DeleteServiceInput, ...func(*ecs.Options)) (*ecs.DeleteServiceOutput, error)
}

type ecsServiceVerb = kind.Verb[ecsServiceReader, ecsServiceWriter]

var ecsService = kind.Of(ecsServiceSpec)

// A service keeps as many tasks running as it is told, and starts again those
// that stop. Its ID is CLUSTER/NAME.
var ecsServiceSpec = kind.Spec[ecsServiceReader, ecsServiceWriter]{
	Name:   "ecs.service",
	Reader: func(c aws.Config) ecsServiceReader { return ecs.NewFromConfig(c) },
	Writer: func(c aws.Config) ecsServiceWriter { return ecs.NewFromConfig(c) },
	Needs:  ecsServiceNeeds,
	List: func(ctx context.Context, api ecsServiceReader, at fact.Place, put func(fact.Resource)) error {
		services, err := ecsServices(ctx, api, at)
		for _, s := range services {
			put(ecsServiceOf(at, s))
		}
		return err
	},
	// And one more for each cluster without a service.
	Cost:      kind.Cost{Fixed: 2, Each: 2},
	Covers:    []string{"A18", "B2", "D6"},
	Named:     true,
	Recreates: true,
	Owns:      true, // deleting it stops its tasks
	Holds: func(r fact.Resource) []fact.Ref {
		cluster, _, _ := strings.Cut(r.ID, "/")
		return ecsHolds(r.Place, cluster, fact.Detail.Or(r, ""))
	},
	Keep: func(ctx context.Context, api ecsServiceReader, r fact.Resource, put func(string, []byte) error) error {
		s, err := ecsServiceNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "service.json", s)
	},
	Verbs: []ecsServiceVerb{
		{
			// Scaling that somebody set up may raise the number again; a service
			// of one task for each instance has none, and is only deleted.
			Name: "drain", Class: kind.Disruptive, For: kind.Disable,
			Needs: []string{"ecs:UpdateService"},
			Prior: func(ctx context.Context, api ecsServiceReader, r fact.Resource) (json.RawMessage, error) {
				s, err := ecsServiceNow(ctx, api, r)
				return prior(s.DesiredCount, err)
			},
			Do: func(ctx context.Context, api ecsServiceWriter, j kind.Job, _ json.RawMessage) error {
				return scaleService(ctx, api, j, 0)
			},
			Done: func(ctx context.Context, api ecsServiceReader, j kind.Job) (bool, error) {
				s, err := ecsServiceNow(ctx, api, j.Resource)
				return err == nil && s.DesiredCount == 0, err
			},
			Undo: func(ctx context.Context, api ecsServiceWriter, j kind.Job, prior json.RawMessage) error {
				was, err := read[int32](prior)
				if err != nil {
					return err
				}
				return scaleService(ctx, api, j, was)
			},
		},
		// Forced, it stops its tasks itself; it goes when they have stopped.
		remove(ecsServiceVerb{Name: "delete", Needs: []string{"ecs:DeleteService"}, Takes: 30 * time.Minute},
			func(ctx context.Context, api ecsServiceReader, r fact.Resource) (any, error) {
				s, err := ecsServiceNow(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return []any{aws.ToString(s.ServiceArn), aws.ToTime(s.CreatedAt)}, nil
			},
			func(ctx context.Context, api ecsServiceWriter, j kind.Job) error {
				cluster, name, _ := strings.Cut(j.ID, "/")
				_, err := api.DeleteService(ctx, &ecs.DeleteServiceInput{Cluster: &cluster, Service: &name, Force: aws.Bool(true)})
				return err
			}),
	},
}

var ecsServiceNeeds = []string{"ecs:ListClusters", "ecs:DescribeClusters", "ecs:ListServices", "ecs:DescribeServices"}

// ecsServices is one listing for services and for the tasks that they started.
func ecsServices(ctx context.Context, api ecsServiceLister, at fact.Place) ([]types.Service, error) {
	type key struct{ at fact.Place }
	return kind.Shared(ctx, key{at}, func() (all []types.Service, err error) {
		clusters, err := ecsClusters(ctx, api, at)
		if err != nil {
			return nil, err
		}
		for _, c := range clusters {
			var names []string
			for page, err := range pages(ctx, ecs.NewListServicesPaginator(api, &ecs.ListServicesInput{Cluster: c.ClusterArn, MaxResults: aws.Int32(100)})) {
				if errors.Is(gone(err), kind.ErrGone) {
					break // the cluster was deleted meanwhile
				}
				if err != nil {
					return nil, fmt.Errorf("cannot list the services of cluster %s: %w", aws.ToString(c.ClusterName), err)
				}
				names = append(names, page.ServiceArns...)
			}
			services, err := describeServices(ctx, api, aws.ToString(c.ClusterArn), names)
			if err != nil && !errors.Is(gone(err), kind.ErrGone) {
				return nil, fmt.Errorf("cannot list the services of cluster %s: %w", aws.ToString(c.ClusterName), err)
			}
			all = append(all, services...)
		}
		return all, nil
	})
}

func describeServices(ctx context.Context, api ecsServiceLister, cluster string, names []string) ([]types.Service, error) {
	return describeMany(ctx, names, 10, func(ctx context.Context, some []string) (live []types.Service, err error) {
		out, err := api.DescribeServices(ctx, &ecs.DescribeServicesInput{
			Cluster: &cluster, Services: some, Include: []types.ServiceField{types.ServiceFieldTags},
		})
		if err != nil {
			return nil, err
		}
		if err := ecsFailures(out.Failures); err != nil {
			return nil, err
		}
		for _, s := range out.Services {
			if aws.ToString(s.Status) != ecsDeleted {
				live = append(live, s)
			}
		}
		return live, nil
	})
}

func ecsServiceOf(at fact.Place, s types.Service) fact.Resource {
	cluster, name := pastMark(":cluster/", aws.ToString(s.ClusterArn)), aws.ToString(s.ServiceName)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "ecs.service", Place: at, ID: cluster + "/" + name}, ARN: aws.ToString(s.ServiceArn), Created: aws.ToTime(s.CreatedAt),
	}
	fact.Name.Set(&r, name)
	fact.Status.Set(&r, aws.ToString(s.Status))
	fact.Count.Set(&r, int(s.DesiredCount))
	fact.Active.Set(&r, s.DesiredCount > 0 || s.SchedulingStrategy == types.SchedulingStrategyDaemon)
	fact.Detail.Set(&r, pastMark(":task-definition/", aws.ToString(s.TaskDefinition)))
	if s.CreatedBy != nil {
		fact.Maker.Set(&r, *s.CreatedBy)
	}
	setServiceTags(&r, ecsTags(s.Tags))
	return r
}

func ecsServiceNow(ctx context.Context, api ecsServiceLister, r fact.Resource) (types.Service, error) {
	cluster, name, _ := strings.Cut(r.ID, "/")
	return only(describeServices(ctx, api, cluster, []string{name}))
}

func scaleService(ctx context.Context, api ecsServiceWriter, j kind.Job, count int32) error {
	cluster, name, _ := strings.Cut(j.ID, "/")
	_, err := api.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: &cluster, Service: &name, DesiredCount: &count})
	return err
}
