package kinds

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type buildProjectReader interface {
	ListProjects(context.Context, *codebuild.ListProjectsInput, ...func(*codebuild.Options)) (*codebuild.ListProjectsOutput, error)
	BatchGetProjects(context.Context, *codebuild.BatchGetProjectsInput, ...func(*codebuild.Options)) (*codebuild.BatchGetProjectsOutput, error)
	projectBuildsReader
}

type buildProjectWriter interface {
	projectBuildsReader
	StopBuild(context.Context, *codebuild.StopBuildInput, ...func(*codebuild.Options)) (*codebuild.StopBuildOutput, error)
	StopBuildBatch(context.Context, *codebuild.StopBuildBatchInput, ...func(*codebuild.Options)) (*codebuild.StopBuildBatchOutput, error)
	DeleteProject(context.Context, *codebuild.DeleteProjectInput, ...func(*codebuild.Options)) (*codebuild.DeleteProjectOutput, error)
}

var buildProject = kind.Of(buildProjectSpec)

// buildProjectSpec has no verb for the webhook alone: CodeBuild makes a new one
// with another secret, which could not be undone.
var buildProjectSpec = kind.Spec[buildProjectReader, buildProjectWriter]{
	Name:   "codebuild.project",
	Reader: func(c aws.Config) buildProjectReader { return codebuild.NewFromConfig(c) },
	Writer: func(c aws.Config) buildProjectWriter { return codebuild.NewFromConfig(c) },
	Needs: []string{
		"codebuild:ListProjects", "codebuild:BatchGetProjects", "codebuild:ListBuildsForProject", "codebuild:BatchGetBuilds",
		"codebuild:ListBuildBatchesForProject",
	},
	List:      listBuildProjects,
	Cost:      kind.Cost{Fixed: 2, Page: 50},
	Covers:    []string{"A15", "B6"},
	Named:     true,
	Recreates: true, // its webhook runs code with its role
	Holds:     holdsItsRole,
	Keep:      keepBuildProject,
	Verbs: []kind.Verb[buildProjectReader, buildProjectWriter]{
		remove(kind.Verb[buildProjectReader, buildProjectWriter]{
			Name: "delete", Needs: []string{"codebuild:DeleteProject", "codebuild:StopBuild", "codebuild:StopBuildBatch"},
		}, func(ctx context.Context, api buildProjectReader, r fact.Resource) (any, error) {
			p, err := findBuildProject(ctx, api, r.ID)
			return made(aws.ToString(p.Arn), p.Created), err
		}, deleteBuildProject),
	},
}

func listBuildProjects(ctx context.Context, api buildProjectReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, codebuild.NewListProjectsPaginator(api, &codebuild.ListProjectsInput{})) {
		if err != nil {
			return fmt.Errorf("cannot list build projects: %w", err)
		}
		if len(page.Projects) == 0 {
			continue
		}
		out, err := api.BatchGetProjects(ctx, &codebuild.BatchGetProjectsInput{Names: page.Projects})
		if err != nil {
			return fmt.Errorf("cannot list build projects: %w", err)
		}
		for _, p := range out.Projects { // what is not found vanished meanwhile
			put(buildProjectOf(at, p))
		}
	}
	return nil
}

func buildProjectOf(at fact.Place, p types.Project) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "codebuild.project", Place: at, ID: aws.ToString(p.Name)},
		ARN: aws.ToString(p.Arn), Created: aws.ToTime(p.Created),
	}
	fact.Role.Set(&r, aws.ToString(p.ServiceRole))
	fact.Public.Set(&r, p.ProjectVisibility == types.ProjectVisibilityTypePublicRead) // its logs and artifacts
	if p.LastModified != nil {
		fact.Modified.Set(&r, *p.LastModified)
	}
	if p.Environment != nil {
		fact.Image.Set(&r, aws.ToString(p.Environment.Image))
		fact.Detail.Set(&r, string(p.Environment.ComputeType))
	}
	sources := []string{}
	all := p.SecondarySources
	if p.Source != nil {
		all = append([]types.ProjectSource{*p.Source}, all...)
	}
	for _, s := range all {
		sources = append(sources, strings.TrimSpace(string(s.Type)+" "+withoutUser(aws.ToString(s.Location))))
	}
	fact.Source.Set(&r, sources)
	hook := ""
	if w := p.Webhook; w != nil {
		hook = strings.Join(strings.Fields(string(w.Status)+" "+string(w.BuildType)+" "+withoutUser(aws.ToString(w.Url))), " ")
		if hook == "" {
			hook = "webhook"
		}
	}
	fact.Webhook.Set(&r, hook)
	tags := map[string]string{}
	for _, t := range p.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	setStackTags(&r, tags)
	return r
}

func findBuildProject(ctx context.Context, api buildProjectReader, name string) (types.Project, error) {
	out, err := api.BatchGetProjects(ctx, &codebuild.BatchGetProjectsInput{Names: []string{name}})
	if err != nil {
		return types.Project{}, err
	}
	return only(out.Projects, nil)
}
