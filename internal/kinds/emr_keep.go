package kinds

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

// findEMRCluster knows EMR's way of saying that an id is unknown: an invalid
// request.
func findEMRCluster(ctx context.Context, api emrReader, id string) (types.Cluster, error) {
	out, err := api.DescribeCluster(ctx, &emr.DescribeClusterInput{ClusterId: &id})
	if awsapi.Code(err) == "InvalidRequestException" && strings.Contains(err.Error(), "is not valid") {
		return types.Cluster{}, fmt.Errorf("%w: %w", kind.ErrGone, err)
	}
	if err != nil {
		return types.Cluster{}, gone(err)
	}
	if out.Cluster == nil || out.Cluster.Status == nil {
		return types.Cluster{}, kind.ErrGone
	}
	switch out.Cluster.Status.State {
	case types.ClusterStateTerminated, types.ClusterStateTerminatedWithErrors:
		return types.Cluster{}, kind.ErrGone
	}
	return *out.Cluster, nil
}

// keepEMRCluster keeps what it was told to run, too.
func keepEMRCluster(ctx context.Context, api emrReader, r fact.Resource, put func(string, []byte) error) error {
	c, err := findEMRCluster(ctx, api, r.ID)
	if err != nil {
		return err
	}
	steps := []types.StepSummary{}
	for page, err := range pages(ctx, emr.NewListStepsPaginator(api, &emr.ListStepsInput{ClusterId: &r.ID})) {
		if err != nil {
			return fmt.Errorf("cannot list its steps: %w", err)
		}
		steps = append(steps, page.Steps...)
	}
	actions := []types.Command{}
	for page, err := range pages(ctx, emr.NewListBootstrapActionsPaginator(api, &emr.ListBootstrapActionsInput{ClusterId: &r.ID})) {
		if err != nil {
			return fmt.Errorf("cannot list its bootstrap actions: %w", err)
		}
		actions = append(actions, page.BootstrapActions...)
	}
	return putEach(put, "cluster.json", c, "steps.json", steps, "bootstrap-actions.json", actions)
}
