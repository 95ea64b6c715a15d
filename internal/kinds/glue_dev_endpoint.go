package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type devEndpointReader interface {
	GetDevEndpoints(context.Context, *glue.GetDevEndpointsInput, ...func(*glue.Options)) (*glue.GetDevEndpointsOutput, error)
	GetDevEndpoint(context.Context, *glue.GetDevEndpointInput, ...func(*glue.Options)) (*glue.GetDevEndpointOutput, error)
}

type devEndpointWriter interface {
	DeleteDevEndpoint(context.Context, *glue.DeleteDevEndpointInput, ...func(*glue.Options)) (*glue.DeleteDevEndpointOutput, error)
}

var devEndpoint = kind.Of(devEndpointSpec)

// devEndpointSpec is a machine with a role and an SSH key: with it, whoever may
// create one becomes that role.
var devEndpointSpec = kind.Spec[devEndpointReader, devEndpointWriter]{
	Name:   "glue.dev-endpoint",
	Reader: func(c aws.Config) devEndpointReader { return glue.NewFromConfig(c) },
	Writer: func(c aws.Config) devEndpointWriter { return glue.NewFromConfig(c) },
	Needs:  []string{"glue:GetDevEndpoints", "glue:GetDevEndpoint"},
	List:   listDevEndpoints,
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"B6"},
	Named:  true,
	Holds:  holdsItsRole,
	Keep: func(ctx context.Context, api devEndpointReader, r fact.Resource, put func(string, []byte) error) error {
		e, err := findDevEndpoint(ctx, api, r.ID)
		if err != nil {
			return err
		}
		return putJSON(put, "dev-endpoint.json", e)
	},
	Verbs: []kind.Verb[devEndpointReader, devEndpointWriter]{
		remove(kind.Verb[devEndpointReader, devEndpointWriter]{Name: "delete", Needs: []string{"glue:DeleteDevEndpoint"}, Takes: 15 * time.Minute},
			func(ctx context.Context, api devEndpointReader, r fact.Resource) (any, error) {
				e, err := findDevEndpoint(ctx, api, r.ID)
				return made(aws.ToString(e.EndpointName), e.CreatedTimestamp), err
			},
			func(ctx context.Context, api devEndpointWriter, j kind.Job) error {
				_, err := api.DeleteDevEndpoint(ctx, &glue.DeleteDevEndpointInput{EndpointName: &j.ID})
				return err
			}),
	},
}

func listDevEndpoints(ctx context.Context, api devEndpointReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, glue.NewGetDevEndpointsPaginator(api, &glue.GetDevEndpointsInput{MaxResults: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list Glue development endpoints: %w", err)
		}
		for _, e := range page.DevEndpoints {
			name := aws.ToString(e.EndpointName)
			r := fact.Resource{
				Ref: fact.Ref{Kind: "glue.dev-endpoint", Place: at, ID: name}, ARN: arn(at, "glue", "devEndpoint/"+name), Created: aws.ToTime(e.CreatedTimestamp),
			}
			fact.Status.Set(&r, aws.ToString(e.Status))
			fact.Role.Set(&r, aws.ToString(e.RoleArn))
			fact.Detail.Set(&r, aws.ToString(e.PublicAddress))
			fact.Count.Set(&r, int(max(e.NumberOfNodes, aws.ToInt32(e.NumberOfWorkers))))
			put(r)
		}
	}
	return nil
}

func findDevEndpoint(ctx context.Context, api devEndpointReader, name string) (types.DevEndpoint, error) {
	out, err := api.GetDevEndpoint(ctx, &glue.GetDevEndpointInput{EndpointName: &name})
	if err != nil {
		return types.DevEndpoint{}, gone(err)
	}
	if out.DevEndpoint == nil {
		return types.DevEndpoint{}, kind.ErrGone
	}
	return *out.DevEndpoint, nil
}
