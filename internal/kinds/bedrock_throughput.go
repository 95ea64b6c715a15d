package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrock"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type throughputReader interface {
	ListProvisionedModelThroughputs(context.Context, *bedrock.ListProvisionedModelThroughputsInput, ...func(*bedrock.Options)) (*bedrock.ListProvisionedModelThroughputsOutput, error)
	GetProvisionedModelThroughput(context.Context, *bedrock.GetProvisionedModelThroughputInput, ...func(*bedrock.Options)) (*bedrock.GetProvisionedModelThroughputOutput, error)
}

type throughputWriter interface {
	DeleteProvisionedModelThroughput(context.Context, *bedrock.DeleteProvisionedModelThroughputInput, ...func(*bedrock.Options)) (*bedrock.DeleteProvisionedModelThroughputOutput, error)
}

var throughput = kind.Of(throughputSpec)

// Provisioned throughput is paid by the hour whether anybody asks the model or
// not. Bought for a term, AWS lets nobody delete it before the term is over:
// that is told in fact.Detail, and AWS Support is asked.
var throughputSpec = kind.Spec[throughputReader, throughputWriter]{
	Name:   "bedrock.provisioned-throughput",
	Reader: func(c aws.Config) throughputReader { return bedrock.NewFromConfig(c) },
	Writer: func(c aws.Config) throughputWriter { return bedrock.NewFromConfig(c) },
	Needs:  []string{"bedrock:ListProvisionedModelThroughputs", "bedrock:GetProvisionedModelThroughput"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000},
	Covers: []string{"B8"},
	List:   listThroughputs,
	Holds:  uses,
	Keep:   kept("provisioned-throughput.json", findThroughput),
	Verbs: []kind.Verb[throughputReader, throughputWriter]{
		remove(kind.Verb[throughputReader, throughputWriter]{
			Name: "delete", Needs: []string{"bedrock:DeleteProvisionedModelThroughput"},
		}, func(ctx context.Context, api throughputReader, r fact.Resource) (any, error) {
			p, err := findThroughput(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return uniquely(p.ProvisionedModelArn, p.CreationTime), nil
		}, func(ctx context.Context, api throughputWriter, j kind.Job) error {
			_, err := api.DeleteProvisionedModelThroughput(ctx, &bedrock.DeleteProvisionedModelThroughputInput{ProvisionedModelId: &j.ID})
			return err
		}),
	},
}

func listThroughputs(ctx context.Context, api throughputReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, bedrock.NewListProvisionedModelThroughputsPaginator(api, &bedrock.ListProvisionedModelThroughputsInput{MaxResults: aws.Int32(1000)})) {
		if err != nil {
			return fmt.Errorf("cannot list provisioned throughputs: %w", err)
		}
		for _, p := range page.ProvisionedModelSummaries {
			r := named("bedrock.provisioned-throughput", at, p.ProvisionedModelArn, p.ProvisionedModelArn, p.CreationTime)
			fact.Name.Set(&r, aws.ToString(p.ProvisionedModelName))
			fact.Status.Set(&r, string(p.Status))
			fact.Count.Set(&r, int(aws.ToInt32(p.ModelUnits)))
			fact.Detail.Set(&r, string(p.CommitmentDuration))
			if model := aws.ToString(p.ModelArn); arnAccount(model) == at.Account {
				using(&r, "bedrock.custom-model", model)
			}
			put(r)
		}
	}
	return nil
}

func findThroughput(ctx context.Context, api throughputReader, r fact.Resource) (*bedrock.GetProvisionedModelThroughputOutput, error) {
	out, err := api.GetProvisionedModelThroughput(ctx, &bedrock.GetProvisionedModelThroughputInput{ProvisionedModelId: &r.ID})
	return out, gone(err)
}
