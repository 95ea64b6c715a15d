package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type projectBuildsReader interface {
	ListBuildsForProject(context.Context, *codebuild.ListBuildsForProjectInput, ...func(*codebuild.Options)) (*codebuild.ListBuildsForProjectOutput, error)
	ListBuildBatchesForProject(context.Context, *codebuild.ListBuildBatchesForProjectInput, ...func(*codebuild.Options)) (*codebuild.ListBuildBatchesForProjectOutput, error)
	BatchGetBuilds(context.Context, *codebuild.BatchGetBuildsInput, ...func(*codebuild.Options)) (*codebuild.BatchGetBuildsOutput, error)
}

type buildReader interface {
	ListBuilds(context.Context, *codebuild.ListBuildsInput, ...func(*codebuild.Options)) (*codebuild.ListBuildsOutput, error)
	BatchGetBuilds(context.Context, *codebuild.BatchGetBuildsInput, ...func(*codebuild.Options)) (*codebuild.BatchGetBuildsOutput, error)
}

type buildWriter interface {
	StopBuild(context.Context, *codebuild.StopBuildInput, ...func(*codebuild.Options)) (*codebuild.StopBuildOutput, error)
}

var build = kind.Of(buildSpec)

// buildSpec shows the builds that run now.
var buildSpec = kind.Spec[buildReader, buildWriter]{
	Name:   "codebuild.build",
	Reader: func(c aws.Config) buildReader { return codebuild.NewFromConfig(c) },
	Writer: func(c aws.Config) buildWriter { return codebuild.NewFromConfig(c) },
	Needs:  []string{"codebuild:ListBuilds", "codebuild:BatchGetBuilds"},
	List:   listBuilds,
	// Of the history only the pages of the last days are read.
	Cost:   kind.Cost{Fixed: 2, Each: 2},
	Covers: []string{"A15", "B6"},
	Holds:  holdsItsRole,
	Keep: func(ctx context.Context, api buildReader, r fact.Resource, put func(string, []byte) error) error {
		b, err := findBuild(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "build.json", b)
	},
	Verbs: []kind.Verb[buildReader, buildWriter]{
		remove(kind.Verb[buildReader, buildWriter]{Name: "stop-build", Needs: []string{"codebuild:StopBuild"}, Takes: 5 * time.Minute},
			func(ctx context.Context, api buildReader, r fact.Resource) (any, error) {
				b, err := findBuild(ctx, api, r.ID)
				if err == nil && b.BuildStatus != types.StatusTypeInProgress {
					return nil, kind.ErrGone // what ran is over
				}
				return made(aws.ToString(b.Arn), b.StartTime), err
			},
			func(ctx context.Context, api buildWriter, j kind.Job) error {
				_, err := api.StopBuild(ctx, &codebuild.StopBuildInput{Id: &j.ID})
				return err
			}),
	},
}

// buildsReach is how long a build can be queued and run: 8 hours and 36 hours.
const buildsReach = 44 * time.Hour

// listBuilds reads the history, the newest first, until builds are so old that
// AWS has ended them: measured by the newest one, for there is no clock here.
func listBuilds(ctx context.Context, api buildReader, at fact.Place, put func(fact.Resource)) error {
	in := &codebuild.ListBuildsInput{SortOrder: types.SortOrderTypeDescending}
	var newest time.Time
	for page, err := range pages(ctx, codebuild.NewListBuildsPaginator(api, in)) {
		if err != nil {
			return fmt.Errorf("cannot list builds: %w", err)
		}
		if len(page.Ids) == 0 {
			continue
		}
		out, err := api.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: page.Ids})
		if err != nil {
			return fmt.Errorf("cannot list builds: %w", err)
		}
		past := false
		for _, b := range out.Builds {
			started := aws.ToTime(b.StartTime)
			if started.After(newest) {
				newest = started
			}
			past = past || !started.IsZero() && newest.Sub(started) > buildsReach
			if b.BuildStatus == types.StatusTypeInProgress {
				put(buildOf(at, b))
			}
		}
		if past {
			break
		}
	}
	return nil
}

func buildOf(at fact.Place, b types.Build) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "codebuild.build", Place: at, ID: aws.ToString(b.Id)},
		ARN: aws.ToString(b.Arn), Created: aws.ToTime(b.StartTime),
	}
	fact.Status.Set(&r, string(b.BuildStatus))
	fact.Maker.Set(&r, aws.ToString(b.Initiator))
	fact.Role.Set(&r, aws.ToString(b.ServiceRole))
	if b.Environment != nil {
		fact.Image.Set(&r, aws.ToString(b.Environment.Image))
		fact.Detail.Set(&r, string(b.Environment.ComputeType))
	}
	if b.Source != nil {
		fact.Source.Set(&r, []string{string(b.Source.Type) + " " + withoutUser(aws.ToString(b.Source.Location))})
	}
	partOf(&r, "codebuild.project", aws.ToString(b.ProjectName))
	return r
}

func findBuild(ctx context.Context, api buildReader, id string) (types.Build, error) {
	out, err := api.BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: []string{id}})
	if err != nil {
		return types.Build{}, gone(err)
	}
	return only(out.Builds, nil)
}
