package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type restAPIReader interface {
	GetRestApis(context.Context, *apigateway.GetRestApisInput, ...func(*apigateway.Options)) (*apigateway.GetRestApisOutput, error)
	GetRestApi(context.Context, *apigateway.GetRestApiInput, ...func(*apigateway.Options)) (*apigateway.GetRestApiOutput, error)
	GetStages(context.Context, *apigateway.GetStagesInput, ...func(*apigateway.Options)) (*apigateway.GetStagesOutput, error)
	GetResources(context.Context, *apigateway.GetResourcesInput, ...func(*apigateway.Options)) (*apigateway.GetResourcesOutput, error)
}

type restAPIWriter interface {
	DeleteRestApi(context.Context, *apigateway.DeleteRestApiInput, ...func(*apigateway.Options)) (*apigateway.DeleteRestApiOutput, error)
}

var restAPI = kind.Of(restAPISpec)

// A REST API is a door from the internet to functions and services. Its
// stages, resources and integrations go with it, and are evidence.
//
// IAM has one action for all that reads in API Gateway, and one for deleting.
var restAPISpec = kind.Spec[restAPIReader, restAPIWriter]{
	Name:   "apigateway.rest-api",
	Reader: func(c aws.Config) restAPIReader { return apigateway.NewFromConfig(c) },
	Writer: func(c aws.Config) restAPIWriter { return apigateway.NewFromConfig(c) },
	Needs: []string{
		"apigateway:GetRestApis=apigateway:GET", "apigateway:GetRestApi=apigateway:GET",
		"apigateway:GetStages=apigateway:GET", "apigateway:GetResources=apigateway:GET",
	},
	List: func(ctx context.Context, api restAPIReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, apigateway.NewGetRestApisPaginator(api, &apigateway.GetRestApisInput{Limit: aws.Int32(500)})) {
			if err != nil {
				return fmt.Errorf("cannot list REST APIs: %w", err)
			}
			for _, a := range page.Items {
				put(restAPIOf(at, a))
			}
		}
		return nil
	},
	Cost:   kind.Cost{Fixed: 1, Page: 500},
	Covers: []string{"A14"},
	Keep:   keepRestAPI,
	Verbs: []kind.Verb[restAPIReader, restAPIWriter]{
		remove(kind.Verb[restAPIReader, restAPIWriter]{Name: "delete", Needs: []string{"apigateway:DeleteRestApi=apigateway:DELETE"}},
			func(ctx context.Context, api restAPIReader, r fact.Resource) (any, error) {
				a, err := api.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: &r.ID})
				if err != nil {
					return nil, gone(err)
				}
				return []any{aws.ToString(a.Id), aws.ToTime(a.CreatedDate)}, nil
			},
			func(ctx context.Context, api restAPIWriter, j kind.Job) error {
				_, err := api.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: &j.ID})
				return err
			}),
	},
}

func restAPIOf(at fact.Place, a types.RestApi) fact.Resource {
	id := aws.ToString(a.Id)
	r := fact.Resource{
		Ref:     fact.Ref{Kind: "apigateway.rest-api", Place: at, ID: id},
		ARN:     arn(fact.Place{Region: at.Region}, "apigateway", "/restapis/"+id),
		Created: aws.ToTime(a.CreatedDate),
	}
	fact.Name.Set(&r, aws.ToString(a.Name))
	fact.Active.Set(&r, !a.DisableExecuteApiEndpoint)
	if a.EndpointConfiguration != nil && len(a.EndpointConfiguration.Types) > 0 {
		fact.Detail.Set(&r, string(a.EndpointConfiguration.Types[0]))
	}
	setServiceTags(&r, a.Tags)
	return r
}

func keepRestAPI(ctx context.Context, api restAPIReader, r fact.Resource, put func(string, []byte) error) error {
	a, err := api.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: &r.ID})
	if err != nil {
		return gone(err)
	}
	if err := putJSON(put, "rest-api.json", a); err != nil {
		return err
	}
	stages, err := api.GetStages(ctx, &apigateway.GetStagesInput{RestApiId: &r.ID})
	if err != nil {
		return gone(err)
	}
	if err := putJSON(put, "stages.json", stages.Item); err != nil {
		return err
	}
	var resources []types.Resource // with "methods" each has its integrations with it
	in := &apigateway.GetResourcesInput{RestApiId: &r.ID, Embed: []string{"methods"}, Limit: aws.Int32(500)}
	for page, err := range pages(ctx, apigateway.NewGetResourcesPaginator(api, in)) {
		if err != nil {
			return gone(err)
		}
		resources = append(resources, page.Items...)
	}
	return putJSON(put, "resources.json", resources)
}
