package kinds

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type functionReader interface {
	ListFunctions(context.Context, *lambda.ListFunctionsInput, ...func(*lambda.Options)) (*lambda.ListFunctionsOutput, error)
	ListFunctionUrlConfigs(context.Context, *lambda.ListFunctionUrlConfigsInput, ...func(*lambda.Options)) (*lambda.ListFunctionUrlConfigsOutput, error)
	ListAliases(context.Context, *lambda.ListAliasesInput, ...func(*lambda.Options)) (*lambda.ListAliasesOutput, error)
	GetFunctionConcurrency(context.Context, *lambda.GetFunctionConcurrencyInput, ...func(*lambda.Options)) (*lambda.GetFunctionConcurrencyOutput, error)
	GetPolicy(context.Context, *lambda.GetPolicyInput, ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error)
	GetFunction(context.Context, *lambda.GetFunctionInput, ...func(*lambda.Options)) (*lambda.GetFunctionOutput, error)
	archiveGetter
}

type functionWriter interface {
	PutFunctionConcurrency(context.Context, *lambda.PutFunctionConcurrencyInput, ...func(*lambda.Options)) (*lambda.PutFunctionConcurrencyOutput, error)
	DeleteFunctionConcurrency(context.Context, *lambda.DeleteFunctionConcurrencyInput, ...func(*lambda.Options)) (*lambda.DeleteFunctionConcurrencyOutput, error)
}

var function = kind.Of(functionSpec)

var functionSpec = kind.Spec[functionReader, functionWriter]{
	Name:   "lambda.function",
	Reader: func(c aws.Config) functionReader { return lambdaClient{lambda.NewFromConfig(c)} },
	Writer: func(c aws.Config) functionWriter { return lambda.NewFromConfig(c) },
	Needs: []string{
		"lambda:ListFunctions", "lambda:ListFunctionUrlConfigs", "lambda:ListAliases",
		"lambda:GetFunctionConcurrency", "lambda:GetPolicy", "lambda:GetFunction",
	},
	List: listFunctions,
	Keep: keepFunction,
	Verbs: []kind.Verb[functionReader, functionWriter]{{
		// No invocation of any version or alias runs any more, whoever asks.
		Name: "throttle", Class: kind.Disruptive,
		Needs: []string{"lambda:PutFunctionConcurrency", "lambda:DeleteFunctionConcurrency"},
		Prior: func(ctx context.Context, api functionReader, r fact.Resource) (json.RawMessage, error) {
			return prior(reservedConcurrency(ctx, api, r.ID))
		},
		Do: func(ctx context.Context, api functionWriter, j kind.Job, _ json.RawMessage) error {
			return reserveConcurrency(ctx, api, j.ID, aws.Int32(0))
		},
		Done: func(ctx context.Context, api functionReader, j kind.Job) (bool, error) {
			n, err := reservedConcurrency(ctx, api, j.ID)
			return n != nil && *n == 0, err
		},
		Undo: func(ctx context.Context, api functionWriter, j kind.Job, prior json.RawMessage) error {
			was, err := read[*int32](prior)
			if err != nil {
				return err
			}
			return reserveConcurrency(ctx, api, j.ID, was)
		},
	}},
}

func listFunctions(ctx context.Context, api functionReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	byName := map[string]int{}
	in := &lambda.ListFunctionsInput{FunctionVersion: types.FunctionVersionAll}
	for page, err := range pages(ctx, lambda.NewListFunctionsPaginator(api, in)) {
		if err != nil {
			return fmt.Errorf("cannot list functions: %w", err)
		}
		for _, c := range page.Functions {
			name := aws.ToString(c.FunctionName)
			if _, known := byName[name]; !known {
				byName[name] = len(drafts)
				drafts = append(drafts, functionOf(at, c))
			}
			addVersion(&drafts[byName[name]], c)
		}
	}
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error { return readAccess(ctx, api, r) }, put)
	if err != nil {
		return fmt.Errorf("cannot list functions: %w", err)
	}
	return nil
}

func functionOf(at fact.Place, c types.FunctionConfiguration) fact.Resource {
	name := aws.ToString(c.FunctionName)
	r := fact.Resource{Ref: fact.Ref{Kind: "lambda.function", Place: at, ID: name}, ARN: arn(at, "lambda", "function:"+name)}
	fact.Published.Set(&r, []string{})
	return r
}

// addVersion records a published version, or takes the configuration of the
// one that can still be changed for that of the function.
func addVersion(r *fact.Resource, c types.FunctionConfiguration) {
	if v := aws.ToString(c.Version); v != "" && v != "$LATEST" {
		fact.Published.Set(r, append(fact.Published.Or(*r, nil), v))
		return
	}
	if modified := moment(c.LastModified); !modified.IsZero() {
		fact.Modified.Set(r, modified)
	}
	fact.Role.Set(r, aws.ToString(c.Role))
	fact.Runtime.Set(r, string(c.Runtime))
	fact.CodeHash.Set(r, aws.ToString(c.CodeSha256))
	layers := []string{}
	for _, l := range c.Layers {
		layers = append(layers, aws.ToString(l.Arn))
	}
	fact.Layers.Set(r, layers)
}

func reservedConcurrency(ctx context.Context, api functionReader, name string) (*int32, error) {
	out, err := api.GetFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: &name})
	if err != nil {
		return nil, gone(err)
	}
	return out.ReservedConcurrentExecutions, nil
}

func reserveConcurrency(ctx context.Context, api functionWriter, name string, n *int32) error {
	if n == nil {
		_, err := api.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: &name})
		return err
	}
	_, err := api.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: &name, ReservedConcurrentExecutions: n})
	return err
}
