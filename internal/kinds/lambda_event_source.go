package kinds

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type eventSourceReader interface {
	ListEventSourceMappings(context.Context, *lambda.ListEventSourceMappingsInput, ...func(*lambda.Options)) (*lambda.ListEventSourceMappingsOutput, error)
	GetEventSourceMapping(context.Context, *lambda.GetEventSourceMappingInput, ...func(*lambda.Options)) (*lambda.GetEventSourceMappingOutput, error)
}

type eventSourceWriter interface {
	UpdateEventSourceMapping(context.Context, *lambda.UpdateEventSourceMappingInput, ...func(*lambda.Options)) (*lambda.UpdateEventSourceMappingOutput, error)
	DeleteEventSourceMapping(context.Context, *lambda.DeleteEventSourceMappingInput, ...func(*lambda.Options)) (*lambda.DeleteEventSourceMappingOutput, error)
}

var eventSource = kind.Of(eventSourceSpec)

// An event source mapping feeds a function from a queue or a stream. It
// outlives the function: it is deleted before it.
var eventSourceSpec = kind.Spec[eventSourceReader, eventSourceWriter]{
	Name:   "lambda.event-source",
	Reader: func(c aws.Config) eventSourceReader { return lambda.NewFromConfig(c) },
	Writer: func(c aws.Config) eventSourceWriter { return lambda.NewFromConfig(c) },
	Needs:  []string{"lambda:ListEventSourceMappings", "lambda:GetEventSourceMapping"},
	List:   listEventSources,
	Cost:   kind.Cost{Fixed: 1, Page: 100},
	Covers: []string{"A14", "D6"},
	Holds: func(r fact.Resource) []fact.Ref {
		return []fact.Ref{{Kind: "lambda.function", Place: r.Place, ID: fact.AttachedTo.Or(r, "")}}
	},
	Keep: func(ctx context.Context, api eventSourceReader, r fact.Resource, put func(string, []byte) error) error {
		out, err := eventSourceNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "event-source-mapping.json", out)
	},
	Verbs: []kind.Verb[eventSourceReader, eventSourceWriter]{
		flip(kind.Verb[eventSourceReader, eventSourceWriter]{
			Name: "disable", Class: kind.Disruptive, For: kind.Disable,
			Needs: []string{"lambda:UpdateEventSourceMapping"},
		}, false, eventSourceWorks, func(ctx context.Context, api eventSourceWriter, j kind.Job, on bool) error {
			_, err := api.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: &j.ID, Enabled: &on})
			return err
		}),
		remove(kind.Verb[eventSourceReader, eventSourceWriter]{
			Name: "delete", Needs: []string{"lambda:DeleteEventSourceMapping"}, Takes: 15 * time.Minute,
		}, func(ctx context.Context, api eventSourceReader, r fact.Resource) (any, error) {
			out, err := eventSourceNow(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return aws.ToString(out.UUID), nil
		}, func(ctx context.Context, api eventSourceWriter, j kind.Job) error {
			_, err := api.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: &j.ID})
			return err
		}),
	},
}

func listEventSources(ctx context.Context, api eventSourceReader, at fact.Place, put func(fact.Resource)) error {
	for page, err := range pages(ctx, lambda.NewListEventSourceMappingsPaginator(api, &lambda.ListEventSourceMappingsInput{MaxItems: aws.Int32(100)})) {
		if err != nil {
			return fmt.Errorf("cannot list event source mappings: %w", err)
		}
		for _, m := range page.EventSourceMappings {
			put(eventSourceOf(at, m))
		}
	}
	return nil
}

func eventSourceOf(at fact.Place, m types.EventSourceMappingConfiguration) fact.Resource {
	id := aws.ToString(m.UUID)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "lambda.event-source", Place: at, ID: id},
		ARN: cmp.Or(aws.ToString(m.EventSourceMappingArn), arn(at, "lambda", "event-source-mapping:"+id)),
	}
	fact.Status.Set(&r, aws.ToString(m.State))
	fact.Active.Set(&r, feeds(aws.ToString(m.State)))
	if m.LastModified != nil {
		fact.Modified.Set(&r, *m.LastModified)
	}
	_, function, _ := strings.Cut(aws.ToString(m.FunctionArn), ":function:")
	function, _, _ = strings.Cut(function, ":")
	fact.AttachedTo.Set(&r, function)
	fact.Detail.Set(&r, cmp.Or(aws.ToString(m.EventSourceArn), "self-managed"))
	return r
}

// feeds says whether a mapping in this state feeds its function, or is about to.
func feeds(state string) bool {
	switch state {
	case "Disabled", "Disabling", "Deleting":
		return false
	}
	return true
}

func eventSourceNow(ctx context.Context, api eventSourceReader, r fact.Resource) (*lambda.GetEventSourceMappingOutput, error) {
	out, err := api.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: &r.ID})
	return out, gone(err)
}

func eventSourceWorks(ctx context.Context, api eventSourceReader, r fact.Resource) (bool, error) {
	out, err := eventSourceNow(ctx, api, r)
	return err == nil && feeds(aws.ToString(out.State)), err
}
