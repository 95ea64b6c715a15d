package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrock"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type customModelReader interface {
	ListCustomModels(context.Context, *bedrock.ListCustomModelsInput, ...func(*bedrock.Options)) (*bedrock.ListCustomModelsOutput, error)
	GetCustomModel(context.Context, *bedrock.GetCustomModelInput, ...func(*bedrock.Options)) (*bedrock.GetCustomModelOutput, error)
}

type customModelWriter interface {
	DeleteCustomModel(context.Context, *bedrock.DeleteCustomModelInput, ...func(*bedrock.Options)) (*bedrock.DeleteCustomModelOutput, error)
}

var customModel = kind.Of(customModelSpec)

var customModelSpec = kind.Spec[customModelReader, customModelWriter]{
	Name:   "bedrock.custom-model",
	Reader: func(c aws.Config) customModelReader { return bedrock.NewFromConfig(c) },
	Writer: func(c aws.Config) customModelWriter { return bedrock.NewFromConfig(c) },
	Needs:  []string{"bedrock:ListCustomModels", "bedrock:GetCustomModel"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"B8"},
	List: func(ctx context.Context, api customModelReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, bedrock.NewListCustomModelsPaginator(api, &bedrock.ListCustomModelsInput{IsOwned: aws.Bool(true), MaxResults: aws.Int32(1000)})) {
			if err != nil {
				return fmt.Errorf("cannot list custom models: %w", err)
			}
			for _, m := range page.ModelSummaries {
				r := named("bedrock.custom-model", at, m.ModelArn, m.ModelArn, m.CreationTime)
				fact.Name.Set(&r, aws.ToString(m.ModelName))
				fact.Status.Set(&r, string(m.ModelStatus))
				fact.Detail.Set(&r, aws.ToString(m.BaseModelName))
				put(r)
			}
		}
		return nil
	},
	Keep: kept("custom-model.json", findCustomModel),
	Verbs: []kind.Verb[customModelReader, customModelWriter]{
		// What it was trained with stays in S3; what it learnt is nowhere else.
		remove(kind.Verb[customModelReader, customModelWriter]{
			Name: "delete", Needs: []string{"bedrock:DeleteCustomModel"},
		}, func(ctx context.Context, api customModelReader, r fact.Resource) (any, error) {
			m, err := findCustomModel(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return uniquely(m.ModelArn, m.CreationTime), nil
		}, func(ctx context.Context, api customModelWriter, j kind.Job) error {
			_, err := api.DeleteCustomModel(ctx, &bedrock.DeleteCustomModelInput{ModelIdentifier: &j.ID})
			return err
		}),
	},
}

func findCustomModel(ctx context.Context, api customModelReader, r fact.Resource) (*bedrock.GetCustomModelOutput, error) {
	out, err := api.GetCustomModel(ctx, &bedrock.GetCustomModelInput{ModelIdentifier: &r.ID})
	return out, gone(err)
}
