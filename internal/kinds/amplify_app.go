package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amplify"
	"github.com/aws/aws-sdk-go-v2/service/amplify/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type amplifyReader interface {
	ListApps(context.Context, *amplify.ListAppsInput, ...func(*amplify.Options)) (*amplify.ListAppsOutput, error)
	GetApp(context.Context, *amplify.GetAppInput, ...func(*amplify.Options)) (*amplify.GetAppOutput, error)
	ListBranches(context.Context, *amplify.ListBranchesInput, ...func(*amplify.Options)) (*amplify.ListBranchesOutput, error)
}

type amplifyWriter interface {
	DeleteApp(context.Context, *amplify.DeleteAppInput, ...func(*amplify.Options)) (*amplify.DeleteAppOutput, error)
}

var amplifyApp = kind.Of(amplifyAppSpec)

var amplifyAppSpec = kind.Spec[amplifyReader, amplifyWriter]{
	Name:      "amplify.app",
	Reader:    func(c aws.Config) amplifyReader { return amplify.NewFromConfig(c) },
	Writer:    func(c aws.Config) amplifyWriter { return amplify.NewFromConfig(c) },
	Needs:     []string{"amplify:ListApps", "amplify:GetApp", "amplify:ListBranches"},
	List:      listAmplifyApps,
	Cost:      kind.Cost{Fixed: 1, Page: 100},
	Covers:    []string{"B6"},
	Recreates: true, // its build runs the intruder's commands at each push
	Holds:     holdsItsRole,
	Keep:      keepAmplifyApp,
	Verbs: []kind.Verb[amplifyReader, amplifyWriter]{
		remove(kind.Verb[amplifyReader, amplifyWriter]{Name: "delete", Needs: []string{"amplify:DeleteApp"}, Takes: 5 * time.Minute},
			func(ctx context.Context, api amplifyReader, r fact.Resource) (any, error) {
				a, err := findAmplifyApp(ctx, api, r.ID)
				return made(aws.ToString(a.AppArn), a.CreateTime), err
			},
			func(ctx context.Context, api amplifyWriter, j kind.Job) error {
				_, err := api.DeleteApp(ctx, &amplify.DeleteAppInput{AppId: &j.ID})
				return err
			}),
	},
}

func listAmplifyApps(ctx context.Context, api amplifyReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, amplify.NewListAppsPaginator(api, &amplify.ListAppsInput{MaxResults: 100})) {
		if err != nil {
			return fmt.Errorf("cannot list Amplify apps: %w", err)
		}
		for _, a := range page.Apps {
			put(amplifyAppOf(at, a))
		}
	}
	return nil
}

func amplifyAppOf(at fact.Place, a types.App) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "amplify.app", Place: at, ID: aws.ToString(a.AppId)}, ARN: aws.ToString(a.AppArn), Created: aws.ToTime(a.CreateTime),
	}
	fact.Name.Set(&r, aws.ToString(a.Name))
	fact.Role.Set(&r, aws.ToString(a.IamServiceRoleArn))
	fact.Detail.Set(&r, aws.ToString(a.DefaultDomain))
	sources := []string{}
	if repository := aws.ToString(a.Repository); repository != "" {
		sources = append(sources, withoutUser(repository))
	}
	fact.Source.Set(&r, sources)
	if a.UpdateTime != nil {
		fact.Modified.Set(&r, *a.UpdateTime)
	}
	setStackTags(&r, a.Tags)
	return r
}

func findAmplifyApp(ctx context.Context, api amplifyReader, id string) (types.App, error) {
	out, err := api.GetApp(ctx, &amplify.GetAppInput{AppId: &id})
	if err != nil {
		return types.App{}, gone(err)
	}
	if out.App == nil {
		return types.App{}, kind.ErrGone
	}
	return *out.App, nil
}

// keepAmplifyApp keeps the build spec, which an intruder's commands stand in,
// and the branches.
func keepAmplifyApp(ctx context.Context, api amplifyReader, r fact.Resource, put func(string, []byte) error) error {
	a, err := findAmplifyApp(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if spec := aws.ToString(a.BuildSpec); spec != "" {
		if err := put("build-spec.yml", []byte(spec)); err != nil {
			return err
		}
	}
	branches := []types.Branch{}
	for page, err := range pages(ctx, amplify.NewListBranchesPaginator(api, &amplify.ListBranchesInput{AppId: &r.ID, MaxResults: 50})) {
		if err != nil {
			return fmt.Errorf("cannot list its branches: %w", gone(err))
		}
		branches = append(branches, page.Branches...)
	}
	return putEach(put, "app.json", a, "branches.json", branches)
}
