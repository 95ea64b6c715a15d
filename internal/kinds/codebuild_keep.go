package kinds

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

// keepBuildProject keeps what the project builds and what its last builds did.
func keepBuildProject(ctx context.Context, api buildProjectReader, r fact.Resource, put func(string, []byte) error) error {
	p, err := findBuildProject(ctx, api, r.ID)
	if err != nil {
		return err
	}
	out, err := api.ListBuildsForProject(ctx, &codebuild.ListBuildsForProjectInput{ProjectName: &r.ID})
	if err != nil {
		return fmt.Errorf("cannot list its builds: %w", gone(err))
	}
	builds := []types.Build{}
	for ids := range slices.Chunk(out.Ids, 100) {
		got, err := api.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: ids})
		if err != nil {
			return fmt.Errorf("cannot read its builds: %w", err)
		}
		builds = append(builds, got.Builds...)
	}
	return putEach(put, "project.json", p, "builds.json", builds)
}

// deleteBuildProject also stops its builds: AWS lets them run on.
func deleteBuildProject(ctx context.Context, api buildProjectWriter, j kind.Job) error {
	builds, batches, err := runningBuilds(ctx, api, j.ID)
	if err != nil {
		return err
	}
	for _, id := range batches {
		if _, err := api.StopBuildBatch(ctx, &codebuild.StopBuildBatchInput{Id: &id}); err != nil {
			return fmt.Errorf("cannot stop the build batch %s: %w", id, err)
		}
	}
	for _, id := range builds {
		if _, err := api.StopBuild(ctx, &codebuild.StopBuildInput{Id: &id}); err != nil {
			return fmt.Errorf("cannot stop the build %s: %w", id, err)
		}
	}
	_, err = api.DeleteProject(ctx, &codebuild.DeleteProjectInput{Name: &j.ID})
	return err
}
