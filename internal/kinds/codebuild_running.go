package kinds

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"cordon/internal/kind"
)

// runningBuilds finds what of one project runs: the newest hundred builds and
// batches. A project that is gone has none.
func runningBuilds(ctx context.Context, api projectBuildsReader, project string) (builds, batches []string, err error) {
	out, err := api.ListBuildsForProject(ctx, &codebuild.ListBuildsForProjectInput{ProjectName: &project, SortOrder: types.SortOrderTypeDescending})
	if errors.Is(gone(err), kind.ErrGone) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("cannot list the builds of %s: %w", project, err)
	}
	if len(out.Ids) > 0 {
		got, err := api.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: out.Ids})
		if err != nil {
			return nil, nil, fmt.Errorf("cannot read the builds of %s: %w", project, err)
		}
		for _, b := range got.Builds {
			if b.BuildStatus == types.StatusTypeInProgress {
				builds = append(builds, aws.ToString(b.Id))
			}
		}
	}
	running, err := api.ListBuildBatchesForProject(ctx, &codebuild.ListBuildBatchesForProjectInput{
		ProjectName: &project, Filter: &types.BuildBatchFilter{Status: types.StatusTypeInProgress},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("cannot list the build batches of %s: %w", project, err)
	}
	return builds, running.Ids, nil
}
