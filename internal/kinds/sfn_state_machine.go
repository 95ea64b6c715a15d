package kinds

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type stateMachineReader interface {
	ListStateMachines(context.Context, *sfn.ListStateMachinesInput, ...func(*sfn.Options)) (*sfn.ListStateMachinesOutput, error)
	DescribeStateMachine(context.Context, *sfn.DescribeStateMachineInput, ...func(*sfn.Options)) (*sfn.DescribeStateMachineOutput, error)
}

type stateMachineWriter interface {
	DeleteStateMachine(context.Context, *sfn.DeleteStateMachineInput, ...func(*sfn.Options)) (*sfn.DeleteStateMachineOutput, error)
}

var stateMachine = kind.Of(stateMachineSpec)

// A state machine can call any operation of AWS with its role's rights. Its ID
// is its name. The role would take a call for each: it is evidence, with the
// definition.
var stateMachineSpec = kind.Spec[stateMachineReader, stateMachineWriter]{
	Name:   "sfn.state-machine",
	Reader: func(c aws.Config) stateMachineReader { return sfn.NewFromConfig(c) },
	Writer: func(c aws.Config) stateMachineWriter { return sfn.NewFromConfig(c) },
	Needs:  []string{"sfn:ListStateMachines", "sfn:DescribeStateMachine"},
	List: func(ctx context.Context, api stateMachineReader, at fact.Place, put func(fact.Resource)) error {
		for page, err := range pages(ctx, sfn.NewListStateMachinesPaginator(api, &sfn.ListStateMachinesInput{MaxResults: 1000})) {
			if err != nil {
				return fmt.Errorf("cannot list state machines: %w", err)
			}
			for _, m := range page.StateMachines {
				put(stateMachineOf(at, m))
			}
		}
		return nil
	},
	Cost:      kind.Cost{Fixed: 1, Page: 1000},
	Covers:    []string{"A14", "D6"},
	Named:     true,
	Recreates: true,
	Keep: func(ctx context.Context, api stateMachineReader, r fact.Resource, put func(string, []byte) error) error {
		out, err := stateMachineNow(ctx, api, r)
		if err != nil {
			return err
		}
		return putJSON(put, "state-machine.json", out)
	},
	Verbs: []kind.Verb[stateMachineReader, stateMachineWriter]{
		// AWS stops what runs of it before the next of its steps, and deletes it
		// when nothing runs any more.
		remove(kind.Verb[stateMachineReader, stateMachineWriter]{
			Name: "delete", Needs: []string{"sfn:DeleteStateMachine"}, Takes: time.Hour,
		}, func(ctx context.Context, api stateMachineReader, r fact.Resource) (any, error) {
			out, err := stateMachineNow(ctx, api, r)
			if err != nil {
				return nil, err
			}
			return []any{aws.ToString(out.StateMachineArn), aws.ToTime(out.CreationDate)}, nil
		}, func(ctx context.Context, api stateMachineWriter, j kind.Job) error {
			_, err := api.DeleteStateMachine(ctx, &sfn.DeleteStateMachineInput{StateMachineArn: aws.String(stateMachineARN(j.Resource))})
			return err
		}),
	},
}

func stateMachineOf(at fact.Place, m types.StateMachineListItem) fact.Resource {
	r := fact.Resource{
		Ref: fact.Ref{Kind: "sfn.state-machine", Place: at, ID: aws.ToString(m.Name)}, ARN: aws.ToString(m.StateMachineArn), Created: aws.ToTime(m.CreationDate),
	}
	fact.Detail.Set(&r, string(m.Type))
	return r
}

func stateMachineARN(r fact.Resource) string { return arn(r.Place, "states", "stateMachine:"+r.ID) }

func stateMachineNow(ctx context.Context, api stateMachineReader, r fact.Resource) (*sfn.DescribeStateMachineOutput, error) {
	out, err := api.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: aws.String(stateMachineARN(r))})
	return out, gone(err)
}
