package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type endpointReader interface {
	ListEndpoints(context.Context, *sagemaker.ListEndpointsInput, ...func(*sagemaker.Options)) (*sagemaker.ListEndpointsOutput, error)
	DescribeEndpoint(context.Context, *sagemaker.DescribeEndpointInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeEndpointOutput, error)
	DescribeEndpointConfig(context.Context, *sagemaker.DescribeEndpointConfigInput, ...func(*sagemaker.Options)) (*sagemaker.DescribeEndpointConfigOutput, error)
}

type endpointWriter interface {
	DeleteEndpoint(context.Context, *sagemaker.DeleteEndpointInput, ...func(*sagemaker.Options)) (*sagemaker.DeleteEndpointOutput, error)
}

var inferenceEndpoint = kind.Of(endpointSpec)

var endpointSpec = kind.Spec[endpointReader, endpointWriter]{
	Name:   "sagemaker.endpoint",
	Reader: func(c aws.Config) endpointReader { return sagemaker.NewFromConfig(c) },
	Writer: func(c aws.Config) endpointWriter { return sagemaker.NewFromConfig(c) },
	Needs:  []string{"sagemaker:ListEndpoints", "sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig"},
	Cost:   kind.Cost{Fixed: 1, Page: 100, Each: 2},
	Covers: []string{"B4"},
	Named:  true,
	List:   listEndpoints,
	Holds:  uses,
	Keep:   keepEndpoint,
	Verbs: []kind.Verb[endpointReader, endpointWriter]{
		// It is made again from its configuration, which this leaves.
		remove(kind.Verb[endpointReader, endpointWriter]{
			Name: "delete", Needs: []string{"sagemaker:DeleteEndpoint"}, Takes: 15 * time.Minute,
		}, func(ctx context.Context, api endpointReader, r fact.Resource) (any, error) {
			e, err := findEndpoint(ctx, api, r.ID)
			if err != nil {
				return nil, err
			}
			return uniquely(e.EndpointArn, e.CreationTime), nil
		}, func(ctx context.Context, api endpointWriter, j kind.Job) error {
			_, err := api.DeleteEndpoint(ctx, &sagemaker.DeleteEndpointInput{EndpointName: &j.ID})
			return sagemakerGone(err)
		}),
	},
}

func listEndpoints(ctx context.Context, api endpointReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, sagemaker.NewListEndpointsPaginator(api, &sagemaker.ListEndpointsInput{MaxResults: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list endpoints: %w", err)
		}
		for _, e := range page.Endpoints {
			r := named("sagemaker.endpoint", at, e.EndpointName, e.EndpointArn, e.CreationTime)
			fact.Status.Set(&r, string(e.EndpointStatus))
			fact.Modified.Set(&r, aws.ToTime(e.LastModifiedTime).UTC())
			drafts = append(drafts, r)
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		e, err := findEndpoint(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return completeEndpoint(ctx, api, r, e)
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list endpoints: %w", err)
	}
	return nil
}

// completeEndpoint adds what the configuration tells. An endpoint outlives a
// configuration that was deleted under it; what it runs is then not known.
func completeEndpoint(ctx context.Context, api endpointReader, r *fact.Resource, e *sagemaker.DescribeEndpointOutput) error {
	name := aws.ToString(e.EndpointConfigName)
	if name == "" {
		return nil
	}
	c, err := findEndpointConfig(ctx, api, fact.Resource{Ref: fact.Ref{ID: name}})
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	using(r, "sagemaker.endpoint-config", name)
	count := 0
	for _, v := range c.ProductionVariants {
		using(r, "sagemaker.model", aws.ToString(v.ModelName))
		count += int(aws.ToInt32(v.InitialInstanceCount))
		if v.InstanceType != "" {
			fact.InstanceType.Set(r, string(v.InstanceType))
		}
	}
	fact.Count.Set(r, count)
	return nil
}

func findEndpoint(ctx context.Context, api endpointReader, name string) (*sagemaker.DescribeEndpointOutput, error) {
	out, err := api.DescribeEndpoint(ctx, &sagemaker.DescribeEndpointInput{EndpointName: &name})
	return out, sagemakerGone(err)
}

func keepEndpoint(ctx context.Context, api endpointReader, r fact.Resource, put func(string, []byte) error) error {
	e, err := findEndpoint(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "endpoint.json", e); err != nil {
		return err
	}
	c, err := findEndpointConfig(ctx, api, fact.Resource{Ref: fact.Ref{ID: aws.ToString(e.EndpointConfigName)}})
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return putJSON(put, "endpoint-config.json", c)
}
