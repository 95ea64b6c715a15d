package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type repositoryReader interface {
	DescribeRepositories(context.Context, *ecr.DescribeRepositoriesInput, ...func(*ecr.Options)) (*ecr.DescribeRepositoriesOutput, error)
	GetRepositoryPolicy(context.Context, *ecr.GetRepositoryPolicyInput, ...func(*ecr.Options)) (*ecr.GetRepositoryPolicyOutput, error)
	GetLifecyclePolicy(context.Context, *ecr.GetLifecyclePolicyInput, ...func(*ecr.Options)) (*ecr.GetLifecyclePolicyOutput, error)
	DescribeImages(context.Context, *ecr.DescribeImagesInput, ...func(*ecr.Options)) (*ecr.DescribeImagesOutput, error)
	BatchGetImage(context.Context, *ecr.BatchGetImageInput, ...func(*ecr.Options)) (*ecr.BatchGetImageOutput, error)
}

type repositoryWriter interface {
	SetRepositoryPolicy(context.Context, *ecr.SetRepositoryPolicyInput, ...func(*ecr.Options)) (*ecr.SetRepositoryPolicyOutput, error)
	DeleteRepositoryPolicy(context.Context, *ecr.DeleteRepositoryPolicyInput, ...func(*ecr.Options)) (*ecr.DeleteRepositoryPolicyOutput, error)
	DeleteRepository(context.Context, *ecr.DeleteRepositoryInput, ...func(*ecr.Options)) (*ecr.DeleteRepositoryOutput, error)
}

type repositoryVerb = kind.Verb[repositoryReader, repositoryWriter]

var repository = kind.Of(repositorySpec)

// A repository holds images. Their manifests are kept as evidence; their
// layers, which are the data, are NOT: only an empty repository is deleted.
var repositorySpec = kind.Spec[repositoryReader, repositoryWriter]{
	Name:   "ecr.repository",
	Reader: func(c aws.Config) repositoryReader { return ecr.NewFromConfig(c) },
	Writer: func(c aws.Config) repositoryWriter { return ecr.NewFromConfig(c) },
	Needs:  []string{"ecr:DescribeRepositories", "ecr:GetRepositoryPolicy", "ecr:GetLifecyclePolicy", "ecr:DescribeImages", "ecr:BatchGetImage"},
	List:   listRepositories,
	Cost:   kind.Cost{Fixed: 1, Page: 1000, Each: 2}, // and one for each further thousand images
	Covers: []string{"A18", "A19", "C10"},
	Named:  true,
	Keep:   keepRepository,
	Verbs: []repositoryVerb{
		closePolicy(repositoryVerb{
			Name: "close-policy", Class: kind.Disruptive, Mends: []string{"SetRepositoryPolicy"}, Needs: repositoryPolicyNeeds,
		}, repositoryPolicy, setRepositoryPolicy),
		restore(repositoryVerb{
			Name: "restore-policy", Class: kind.Disruptive, Of: onlyPolicyAspect, Needs: repositoryPolicyNeeds,
			Mends: []string{"SetRepositoryPolicy", "DeleteRepositoryPolicy"}, Recall: recallRepositoryPolicy,
		}, repositoryPolicy, setRepositoryPolicy),
		remove(repositoryVerb{
			Name: "delete", Needs: []string{"ecr:DeleteRepository"},
			Kept: func(ctx context.Context, api repositoryReader, j kind.Job) error {
				images, err := repositoryImages(ctx, api, j.ID)
				if err != nil {
					return err
				}
				if len(images) > 0 {
					return fmt.Errorf("cannot delete repository %s: it has %d images: %w", j.ID, len(images), kind.ErrUnkept)
				}
				return nil
			},
		}, func(ctx context.Context, api repositoryReader, r fact.Resource) (any, error) {
			repo, err := repositoryNow(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return []any{aws.ToString(repo.RepositoryArn), aws.ToTime(repo.CreatedAt)}, nil
		}, func(ctx context.Context, api repositoryWriter, j kind.Job) error {
			_, err := api.DeleteRepository(ctx, &ecr.DeleteRepositoryInput{RepositoryName: &j.ID}) // not forced: AWS refuses one with images
			return err
		}),
	},
}

var repositoryPolicyNeeds = []string{"ecr:SetRepositoryPolicy", "ecr:DeleteRepositoryPolicy"}

func listRepositories(ctx context.Context, api repositoryReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, ecr.NewDescribeRepositoriesPaginator(api, &ecr.DescribeRepositoriesInput{MaxResults: aws.Int32(1000)})) {
		if err != nil {
			return fmt.Errorf("cannot list repositories: %w", err)
		}
		for _, repo := range page.Repositories {
			drafts = append(drafts, fact.Resource{
				Ref: fact.Ref{Kind: "ecr.repository", Place: at, ID: aws.ToString(repo.RepositoryName)},
				ARN: aws.ToString(repo.RepositoryArn), Created: aws.ToTime(repo.CreatedAt),
			})
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		body, err := repositoryPolicy(ctx, api, *r)
		if err != nil {
			return err
		}
		setOnlyPolicy(r, body)
		images, err := repositoryImages(ctx, api, r.ID)
		if err != nil {
			return err
		}
		var newest time.Time
		for _, i := range images {
			if at := aws.ToTime(i.ImagePushedAt); at.After(newest) {
				newest = at
			}
		}
		fact.Count.Set(r, len(images))
		if !newest.IsZero() {
			fact.Modified.Set(r, newest) // the last push
		}
		return nil
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list repositories: %w", err)
	}
	return nil
}

func repositoryNow(ctx context.Context, api repositoryReader, r fact.Resource) (types.Repository, error) {
	out, err := api.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{r.ID}})
	if err != nil {
		return types.Repository{}, gone(err)
	}
	return only(out.Repositories, nil)
}

func repositoryImages(ctx context.Context, api repositoryReader, name string) (all []types.ImageDetail, err error) {
	for page, err := range pages(ctx, ecr.NewDescribeImagesPaginator(api, &ecr.DescribeImagesInput{RepositoryName: &name, MaxResults: aws.Int32(1000)})) {
		if err != nil {
			return nil, gone(err)
		}
		all = append(all, page.ImageDetails...)
	}
	return all, nil
}

func repositoryPolicy(ctx context.Context, api repositoryReader, r fact.Resource) (string, error) {
	out, err := api.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RepositoryName: &r.ID})
	var none *types.RepositoryPolicyNotFoundException
	if errors.As(err, &none) {
		return "", nil
	}
	if err != nil {
		return "", gone(err)
	}
	return aws.ToString(out.PolicyText), nil
}

func setRepositoryPolicy(ctx context.Context, api repositoryWriter, j kind.Job, doc string) error {
	if doc != "" {
		_, err := api.SetRepositoryPolicy(ctx, &ecr.SetRepositoryPolicyInput{RepositoryName: &j.ID, PolicyText: &doc})
		return err
	}
	_, err := api.DeleteRepositoryPolicy(ctx, &ecr.DeleteRepositoryPolicyInput{RepositoryName: &j.ID})
	var none *types.RepositoryPolicyNotFoundException
	if errors.As(err, &none) {
		return nil
	}
	return err
}

func recallRepositoryPolicy(call string, request, _ json.RawMessage) (string, bool) {
	var q struct {
		Text string `json:"policyText"`
	}
	if call == "DeleteRepositoryPolicy" {
		return "", true
	}
	ok := call == "SetRepositoryPolicy" && json.Unmarshal(request, &q) == nil && q.Text != ""
	return q.Text, ok
}
