package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type endpointConfigDescriber interface {
	DescribeEndpointConfig(context.Context, *sagemaker.DescribeEndpointConfigInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeEndpointConfigOutput, error)
}

type endpointConfigReader interface {
	ListEndpointConfigs(context.Context, *sagemaker.ListEndpointConfigsInput, ...func(*sagemaker.Options)) (*sagemaker.ListEndpointConfigsOutput, error)
	endpointConfigDescriber
}

type endpointConfigWriter interface {
	DeleteEndpointConfig(context.Context, *sagemaker.DeleteEndpointConfigInput, ...func(*sagemaker.Options)) (*sagemaker.DeleteEndpointConfigOutput, error)
}

var endpointConfig = kind.Of(endpointConfigSpec)

// AWS deletes a configuration under an endpoint that uses it, and the endpoint
// can never be changed again: the endpoint holds it.
var endpointConfigSpec = kind.Spec[endpointConfigReader, endpointConfigWriter]{
	Name:   "sagemaker.endpoint-config",
	Reader: func(c aws.Config) endpointConfigReader { return sagemaker.NewFromConfig(c) },
	Writer: func(c aws.Config) endpointConfigWriter { return sagemaker.NewFromConfig(c) },
	Needs:  []string{"sagemaker:ListEndpointConfigs", "sagemaker:DescribeEndpointConfig"},
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"B4"},
	Named:  true,
	List: func(ctx context.Context, api endpointConfigReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, sagemaker.NewListEndpointConfigsPaginator(api, &sagemaker.ListEndpointConfigsInput{MaxResults: aws.Int32(100)})) {
			if err != nil {
				return fmt.Errorf("cannot list endpoint configurations: %w", err)
			}
			for _, c := range page.EndpointConfigs {
				put(named("sagemaker.endpoint-config", at, c.EndpointConfigName, c.EndpointConfigArn, c.CreationTime))
			}
		}
		return nil
	},
	Keep: kept("endpoint-config.json", findEndpointConfig[endpointConfigReader]),
	Verbs: []kind.Verb[endpointConfigReader, endpointConfigWriter]{
		remove(kind.Verb[endpointConfigReader, endpointConfigWriter]{
			Name: "delete", Needs: []string{"sagemaker:DeleteEndpointConfig"},
		}, func(ctx context.Context, api endpointConfigReader, r fact.Resource) (any, error) {
			c, err := findEndpointConfig(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return uniquely(c.EndpointConfigArn, c.CreationTime), nil
		}, func(ctx context.Context, api endpointConfigWriter, j kind.Job) error {
			_, err := api.DeleteEndpointConfig(ctx, &sagemaker.DeleteEndpointConfigInput{EndpointConfigName: &j.ID})
			return sagemakerGone(err)
		}),
	},
}

func findEndpointConfig[R endpointConfigDescriber](ctx context.Context, api R, r fact.Resource) (*sagemaker.DescribeEndpointConfigOutput, error) {
	out, err := api.DescribeEndpointConfig(ctx, &sagemaker.DescribeEndpointConfigInput{EndpointConfigName: &r.ID})
	return out, sagemakerGone(err)
}
