package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type modelReader interface {
	ListModels(context.Context, *sagemaker.ListModelsInput, ...func(*sagemaker.Options)) (*sagemaker.ListModelsOutput, error)
	DescribeModel(context.Context, *sagemaker.DescribeModelInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeModelOutput, error)
}

type modelWriter interface {
	DeleteModel(context.Context, *sagemaker.DeleteModelInput, ...func(*sagemaker.Options)) (*sagemaker.DeleteModelOutput, error)
}

var mlModel = kind.Of(modelSpec)

// A model names an image, where its data lies, and a role. By itself it does
// and costs nothing, and accounts have thousands: the listing stays a listing.
var modelSpec = kind.Spec[modelReader, modelWriter]{
	Name:   "sagemaker.model",
	Reader: func(c aws.Config) modelReader { return sagemaker.NewFromConfig(c) },
	Writer: func(c aws.Config) modelWriter { return sagemaker.NewFromConfig(c) },
	Needs:  []string{"sagemaker:ListModels", "sagemaker:DescribeModel"},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"B4"},
	Named:  true,
	List: func(ctx context.Context, api modelReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, sagemaker.NewListModelsPaginator(api, &sagemaker.ListModelsInput{MaxResults: aws.Int32(100)})) {
			if err != nil {
				return fmt.Errorf("cannot list models: %w", err)
			}
			for _, m := range page.Models {
				put(named("sagemaker.model", at, m.ModelName, m.ModelArn, m.CreationTime))
			}
		}
		return nil
	},
	Keep: kept("model.json", findModel),
	Verbs: []kind.Verb[modelReader, modelWriter]{
		// What it was made of stays in S3 and in its image's repository.
		remove(kind.Verb[modelReader, modelWriter]{
			Name: "delete", Needs: []string{"sagemaker:DeleteModel"},
		}, func(ctx context.Context, api modelReader, r fact.Resource) (any, error) {
			m, err := findModel(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return uniquely(m.ModelArn, m.CreationTime), nil
		}, func(ctx context.Context, api modelWriter, j kind.Job) error {
			_, err := api.DeleteModel(ctx, &sagemaker.DeleteModelInput{ModelName: &j.ID})
			return sagemakerGone(err)
		}),
	},
}

func findModel(ctx context.Context, api modelReader, r fact.Resource) (*sagemaker.DescribeModelOutput, error) {
	out, err := api.DescribeModel(ctx, &sagemaker.DescribeModelInput{ModelName: &r.ID})
	return out, sagemakerGone(err)
}
