package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type httpAPIReader interface {
	GetApis(context.Context, *apigatewayv2.GetApisInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetApisOutput, error)
	GetApi(context.Context, *apigatewayv2.GetApiInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetApiOutput, error)
	GetStages(context.Context, *apigatewayv2.GetStagesInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetStagesOutput, error)
	GetRoutes(context.Context, *apigatewayv2.GetRoutesInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetRoutesOutput, error)
	GetIntegrations(context.Context, *apigatewayv2.GetIntegrationsInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.GetIntegrationsOutput, error)
}

type httpAPIWriter interface {
	DeleteApi(context.Context, *apigatewayv2.DeleteApiInput, ...func(*apigatewayv2.Options)) (*apigatewayv2.DeleteApiOutput, error)
}

var httpAPI = kind.Of(httpAPISpec)

// An HTTP or WebSocket API is a door from the internet to functions and
// services. Its stages, routes and integrations go with it, and are evidence.
var httpAPISpec = kind.Spec[httpAPIReader, httpAPIWriter]{
	Name:   "apigatewayv2.api",
	Reader: func(c aws.Config) httpAPIReader { return apigatewayv2.NewFromConfig(c) },
	Writer: func(c aws.Config) httpAPIWriter { return apigatewayv2.NewFromConfig(c) },
	Needs: []string{
		"apigatewayv2:GetApis=apigateway:GET", "apigatewayv2:GetApi=apigateway:GET", "apigatewayv2:GetStages=apigateway:GET",
		"apigatewayv2:GetRoutes=apigateway:GET", "apigatewayv2:GetIntegrations=apigateway:GET",
	},
	List: func(ctx context.Context, api httpAPIReader, at fact.Place, put func(fact.Resource)) error {
		apis, err := everyToken(ctx, func(ctx context.Context, token *string) ([]types.Api, *string, error) {
			out, err := api.GetApis(ctx, &apigatewayv2.GetApisInput{MaxResults: aws.String("500"), NextToken: token})
			if err != nil {
				return nil, nil, fmt.Errorf("cannot list HTTP and WebSocket APIs: %w", err)
			}
			return out.Items, out.NextToken, nil
		})
		for _, a := range apis {
			put(httpAPIOf(at, a))
		}
		return err
	},
	Cost:   kind.Cost{Fixed: 1, Page: 500},
	Covers: []string{"A14"},
	Keep:   keepHTTPAPI,
	Verbs: []kind.Verb[httpAPIReader, httpAPIWriter]{
		remove(kind.Verb[httpAPIReader, httpAPIWriter]{Name: "delete", Needs: []string{"apigatewayv2:DeleteApi=apigateway:DELETE"}},
			func(ctx context.Context, api httpAPIReader, r fact.Resource) (any, error) {
				a, err := api.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: &r.ID})
				if err != nil {
					return nil, gone(err)
				}
				return []any{aws.ToString(a.ApiId), aws.ToTime(a.CreatedDate)}, nil
			},
			func(ctx context.Context, api httpAPIWriter, j kind.Job) error {
				_, err := api.DeleteApi(ctx, &apigatewayv2.DeleteApiInput{ApiId: &j.ID})
				return err
			}),
	},
}

func httpAPIOf(at fact.Place, a types.Api) fact.Resource {
	id := aws.ToString(a.ApiId)
	r := fact.Resource{
		Ref:     fact.Ref{Kind: "apigatewayv2.api", Place: at, ID: id},
		ARN:     arn(fact.Place{Region: at.Region}, "apigateway", "/apis/"+id),
		Created: aws.ToTime(a.CreatedDate),
	}
	fact.Name.Set(&r, aws.ToString(a.Name))
	fact.Active.Set(&r, !aws.ToBool(a.DisableExecuteApiEndpoint))
	fact.Detail.Set(&r, string(a.ProtocolType))
	setServiceTags(&r, a.Tags)
	return r
}

func keepHTTPAPI(ctx context.Context, api httpAPIReader, r fact.Resource, put func(string, []byte) error) error {
	a, err := api.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: &r.ID})
	if err != nil {
		return gone(err)
	}
	stages, err := everyToken(ctx, func(ctx context.Context, token *string) ([]types.Stage, *string, error) {
		out, err := api.GetStages(ctx, &apigatewayv2.GetStagesInput{ApiId: &r.ID, NextToken: token})
		if err != nil {
			return nil, nil, gone(err)
		}
		return out.Items, out.NextToken, nil
	})
	if err != nil {
		return err
	}
	routes, err := everyToken(ctx, func(ctx context.Context, token *string) ([]types.Route, *string, error) {
		out, err := api.GetRoutes(ctx, &apigatewayv2.GetRoutesInput{ApiId: &r.ID, NextToken: token})
		if err != nil {
			return nil, nil, gone(err)
		}
		return out.Items, out.NextToken, nil
	})
	if err != nil {
		return err
	}
	integrations, err := everyToken(ctx, func(ctx context.Context, token *string) ([]types.Integration, *string, error) {
		out, err := api.GetIntegrations(ctx, &apigatewayv2.GetIntegrationsInput{ApiId: &r.ID, NextToken: token})
		if err != nil {
			return nil, nil, gone(err)
		}
		return out.Items, out.NextToken, nil
	})
	if err != nil {
		return err
	}
	return putJSON(put, "api.json", map[string]any{"api": a, "stages": stages, "routes": routes, "integrations": integrations})
}
