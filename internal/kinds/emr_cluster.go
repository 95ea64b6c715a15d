package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type emrReader interface {
	ListClusters(context.Context, *emr.ListClustersInput, ...func(*emr.Options)) (*emr.ListClustersOutput, error)
	DescribeCluster(context.Context, *emr.DescribeClusterInput, ...func(*emr.Options)) (*emr.DescribeClusterOutput, error)
	ListSteps(context.Context, *emr.ListStepsInput, ...func(*emr.Options)) (*emr.ListStepsOutput, error)
	ListBootstrapActions(context.Context, *emr.ListBootstrapActionsInput, ...func(*emr.Options)) (*emr.ListBootstrapActionsOutput, error)
}

type emrWriter interface {
	SetTerminationProtection(context.Context, *emr.SetTerminationProtectionInput, ...func(*emr.Options)) (*emr.SetTerminationProtectionOutput, error)
	TerminateJobFlows(context.Context, *emr.TerminateJobFlowsInput, ...func(*emr.Options)) (*emr.TerminateJobFlowsOutput, error)
}

var emrCluster = kind.Of(emrSpec)

// emrSpec shows the clusters that stand: AWS tells of terminated ones for two
// months.
var emrSpec = kind.Spec[emrReader, emrWriter]{
	Name:   "emr.cluster",
	Reader: func(c aws.Config) emrReader { return emr.NewFromConfig(c) },
	Writer: func(c aws.Config) emrWriter { return emr.NewFromConfig(c) },
	Needs: []string{
		"emr:ListClusters", "emr:DescribeCluster",
		"emr:ListSteps", "emr:ListBootstrapActions",
	},
	List:      listEMRClusters,
	Cost:      kind.Cost{Fixed: 1, Page: 50, Each: 1},
	Covers:    []string{"B6", "D5"},
	Owns:      true,
	Recreates: true, // it replaces instances that are terminated
	Holds:     holdsItsRole,
	Keep:      keepEMRCluster,
	Verbs: []kind.Verb[emrReader, emrWriter]{
		flip(kind.Verb[emrReader, emrWriter]{
			Name: "unprotect", Class: kind.Reversible, For: kind.Lift, Of: "termination",
			Needs: []string{"emr:SetTerminationProtection"},
		}, false, func(ctx context.Context, api emrReader, r fact.Resource) (bool, error) {
			c, err := findEMRCluster(ctx, api, r.ID)
			return aws.ToBool(c.TerminationProtected), err
		}, func(ctx context.Context, api emrWriter, j kind.Job, on bool) error {
			_, err := api.SetTerminationProtection(ctx, &emr.SetTerminationProtectionInput{JobFlowIds: []string{j.ID}, TerminationProtected: &on})
			return err
		}),
		remove(kind.Verb[emrReader, emrWriter]{
			Name: "terminate-cluster", Takes: 20 * time.Minute,
			Needs: []string{"emr:TerminateJobFlows"},
		}, func(ctx context.Context, api emrReader, r fact.Resource) (any, error) {
			c, err := findEMRCluster(ctx, api, r.ID)
			return made(aws.ToString(c.Id), emrCreated(c.Status)), err
		}, func(ctx context.Context, api emrWriter, j kind.Job) error {
			_, err := api.TerminateJobFlows(ctx, &emr.TerminateJobFlowsInput{JobFlowIds: []string{j.ID}})
			return err
		}),
	},
}

func listEMRClusters(ctx context.Context, api emrReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	in := &emr.ListClustersInput{ClusterStates: []types.ClusterState{
		types.ClusterStateStarting, types.ClusterStateBootstrapping, types.ClusterStateRunning, types.ClusterStateWaiting, types.ClusterStateTerminating,
	}}
	for page, err := range pages(ctx, emr.NewListClustersPaginator(api, in)) {
		if err != nil {
			return fmt.Errorf("cannot list EMR clusters: %w", err)
		}
		for _, c := range page.Clusters {
			r := fact.Resource{
				Ref: fact.Ref{Kind: "emr.cluster", Place: at, ID: aws.ToString(c.Id)}, ARN: aws.ToString(c.ClusterArn), Created: aws.ToTime(emrCreated(c.Status)),
			}
			fact.Name.Set(&r, aws.ToString(c.Name))
			drafts = append(drafts, r)
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		c, err := findEMRCluster(ctx, api, r.ID)
		if err != nil {
			return err
		}
		setEMRCluster(r, c)
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list EMR clusters: %w", err)
	}
	return nil
}

func setEMRCluster(r *fact.Resource, c types.Cluster) {
	fact.Status.Set(r, string(c.Status.State))
	fact.Role.Set(r, aws.ToString(c.ServiceRole))
	protections := []string{}
	if aws.ToBool(c.TerminationProtected) {
		protections = append(protections, "termination")
	}
	fact.Protections.Set(r, protections)
	fact.Detail.Set(r, aws.ToString(c.ReleaseLabel))
	if a := c.Ec2InstanceAttributes; a != nil {
		fact.KeyName.Set(r, aws.ToString(a.Ec2KeyName))
		fact.Profile.Set(r, aws.ToString(a.IamInstanceProfile))
	}
	tags := map[string]string{}
	for _, t := range c.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	setStackTags(r, tags)
}

func emrCreated(s *types.ClusterStatus) *time.Time {
	if s == nil || s.Timeline == nil {
		return nil
	}
	return s.Timeline.CreationDateTime
}
