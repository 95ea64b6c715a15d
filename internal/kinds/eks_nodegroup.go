package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type nodegroupReader interface {
	eksClusterReader
	ListNodegroups(context.Context, *eks.ListNodegroupsInput, ...func(*eks.Options)) (*eks.ListNodegroupsOutput, error)
	DescribeNodegroup(context.Context, *eks.DescribeNodegroupInput, ...func(*eks.Options)) (*eks.DescribeNodegroupOutput, error)
}

type nodegroupWriter interface {
	UpdateNodegroupConfig(context.Context, *eks.UpdateNodegroupConfigInput, ...func(*eks.Options)) (*eks.UpdateNodegroupConfigOutput, error)
	DeleteNodegroup(context.Context, *eks.DeleteNodegroupInput, ...func(*eks.Options)) (*eks.DeleteNodegroupOutput, error)
}

type nodegroupVerb = kind.Verb[nodegroupReader, nodegroupWriter]

var nodegroup = kind.Of(nodegroupSpec)

// A node group keeps instances running for a cluster. Its ID is CLUSTER/NAME.
var nodegroupSpec = kind.Spec[nodegroupReader, nodegroupWriter]{
	Name:      "eks.nodegroup",
	Reader:    func(c aws.Config) nodegroupReader { return eks.NewFromConfig(c) },
	Writer:    func(c aws.Config) nodegroupWriter { return eks.NewFromConfig(c) },
	Needs:     append([]string{"eks:ListNodegroups", "eks:DescribeNodegroup"}, eksNeeds...),
	List:      listNodegroups,
	Cost:      kind.Cost{Fixed: 1, Each: 3}, // and two for each cluster without a node group
	Covers:    []string{"B6", "D6"},
	Named:     true,
	Owns:      true,
	Recreates: true,
	Holds: func(r fact.Resource) []fact.Ref {
		cluster, _, _ := strings.Cut(r.ID, "/")
		return []fact.Ref{{Kind: "eks.cluster", Place: r.Place, ID: cluster}}
	},
	Keep: func(ctx context.Context, api nodegroupReader, r fact.Resource, put func(string, []byte) error) error {
		n, err := nodegroupNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "node-group.json", n)
	},
	Verbs: []nodegroupVerb{
		{
			// The largest size stays: AWS wants it to be one at least.
			Name: "drain", Class: kind.Disruptive, For: kind.Disable, Needs: []string{"eks:UpdateNodegroupConfig"}, Takes: 15 * time.Minute,
			Prior: func(ctx context.Context, api nodegroupReader, r fact.Resource) (json.RawMessage, error) {
				return prior(nodegroupSize(ctx, api, r))
			},
			Do: func(ctx context.Context, api nodegroupWriter, j kind.Job, prior json.RawMessage) error {
				was, err := read[types.NodegroupScalingConfig](prior)
				if err != nil {
					return err
				}
				return sizeNodegroup(ctx, api, j, types.NodegroupScalingConfig{MinSize: aws.Int32(0), DesiredSize: aws.Int32(0), MaxSize: was.MaxSize})
			},
			Done: func(ctx context.Context, api nodegroupReader, j kind.Job) (bool, error) {
				is, err := nodegroupSize(ctx, api, j.Resource)
				return err == nil && aws.ToInt32(is.MinSize) == 0 && aws.ToInt32(is.DesiredSize) == 0, err
			},
			Undo: func(ctx context.Context, api nodegroupWriter, j kind.Job, prior json.RawMessage) error {
				was, err := read[types.NodegroupScalingConfig](prior)
				if err != nil {
					return err
				}
				return sizeNodegroup(ctx, api, j, was)
			},
		},
		remove(nodegroupVerb{Name: "delete", Needs: []string{"eks:DeleteNodegroup"}, Takes: 45 * time.Minute},
			func(ctx context.Context, api nodegroupReader, r fact.Resource) (any, error) {
				n, err := nodegroupNow(ctx, api, r)
				if err != nil {
					return nil, err
				}
				return []any{aws.ToString(n.NodegroupArn), aws.ToTime(n.CreatedAt)}, nil
			},
			func(ctx context.Context, api nodegroupWriter, j kind.Job) error {
				cluster, name, _ := strings.Cut(j.ID, "/")
				_, err := api.DeleteNodegroup(ctx, &eks.DeleteNodegroupInput{ClusterName: &cluster, NodegroupName: &name})
				return err
			}),
	},
}

func listNodegroups(ctx context.Context, api nodegroupReader, at fact.Place, put func(fact.Resource)) error {
	clusters, err := eksClusters(ctx, api, at)
	if err != nil {
		return err
	}
	var drafts []fact.Resource
	for _, c := range clusters {
		for page, err := range pages(ctx, eks.NewListNodegroupsPaginator(api, &eks.ListNodegroupsInput{ClusterName: c.Name, MaxResults: aws.Int32(100)})) {
			if errors.Is(gone(err), kind.ErrGone) {
				break // the cluster was deleted meanwhile
			}
			if err != nil {
				return fmt.Errorf("cannot list the node groups of cluster %s: %w", aws.ToString(c.Name), err)
			}
			for _, name := range page.Nodegroups {
				drafts = append(drafts, fact.Resource{Ref: fact.Ref{Kind: "eks.nodegroup", Place: at, ID: aws.ToString(c.Name) + "/" + name}})
			}
		}
	}
	err = complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		n, err := nodegroupNow(ctx, api, *r)
		if err != nil {
			return err
		}
		r.ARN, r.Created = aws.ToString(n.NodegroupArn), aws.ToTime(n.CreatedAt)
		fact.Status.Set(r, string(n.Status))
		fact.Role.Set(r, aws.ToString(n.NodeRole))
		fact.InstanceType.Set(r, strings.Join(n.InstanceTypes, ","))
		fact.Spot.Set(r, n.CapacityType == types.CapacityTypesSpot)
		if n.ScalingConfig != nil {
			fact.Count.Set(r, int(aws.ToInt32(n.ScalingConfig.DesiredSize)))
		}
		setServiceTags(r, n.Tags)
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list node groups: %w", err)
	}
	return nil
}

func nodegroupNow(ctx context.Context, api nodegroupReader, r fact.Resource) (types.Nodegroup, error) {
	cluster, name, _ := strings.Cut(r.ID, "/")
	out, err := api.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: &cluster, NodegroupName: &name})
	if err != nil {
		return types.Nodegroup{}, gone(err)
	}
	if out.Nodegroup == nil {
		return types.Nodegroup{}, kind.ErrGone
	}
	return *out.Nodegroup, nil
}

func nodegroupSize(ctx context.Context, api nodegroupReader, r fact.Resource) (types.NodegroupScalingConfig, error) {
	n, err := nodegroupNow(ctx, api, r)
	if err == nil && n.ScalingConfig == nil {
		err = fmt.Errorf("cannot read the size of node group %s: AWS tells none", r.ID)
	}
	if err != nil {
		return types.NodegroupScalingConfig{}, err
	}
	return *n.ScalingConfig, nil
}

func sizeNodegroup(ctx context.Context, api nodegroupWriter, j kind.Job, size types.NodegroupScalingConfig) error {
	cluster, name, _ := strings.Cut(j.ID, "/")
	_, err := api.UpdateNodegroupConfig(ctx, &eks.UpdateNodegroupConfigInput{ClusterName: &cluster, NodegroupName: &name, ScalingConfig: &size})
	return err
}
