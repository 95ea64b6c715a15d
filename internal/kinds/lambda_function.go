package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type functionVersionLister interface {
	ListVersionsByFunction(context.Context, *lambda.ListVersionsByFunctionInput, ...func(*lambda.Options)) (*lambda.ListVersionsByFunctionOutput, error)
}

type functionReader interface {
	ListFunctions(context.Context, *lambda.ListFunctionsInput, ...func(*lambda.Options)) (*lambda.ListFunctionsOutput, error)
	ListFunctionUrlConfigs(context.Context, *lambda.ListFunctionUrlConfigsInput, ...func(*lambda.Options)) (*lambda.ListFunctionUrlConfigsOutput, error)
	ListAliases(context.Context, *lambda.ListAliasesInput, ...func(*lambda.Options)) (*lambda.ListAliasesOutput, error)
	GetFunctionConcurrency(context.Context, *lambda.GetFunctionConcurrencyInput, ...func(*lambda.Options)) (*lambda.GetFunctionConcurrencyOutput, error)
	GetPolicy(context.Context, *lambda.GetPolicyInput, ...func(*lambda.Options)) (*lambda.GetPolicyOutput, error)
	GetFunction(context.Context, *lambda.GetFunctionInput, ...func(*lambda.Options)) (*lambda.GetFunctionOutput, error)
	functionVersionLister
	archiveGetter
}

type functionWriter interface {
	PutFunctionConcurrency(context.Context, *lambda.PutFunctionConcurrencyInput, ...func(*lambda.Options)) (*lambda.PutFunctionConcurrencyOutput, error)
	DeleteFunctionConcurrency(context.Context, *lambda.DeleteFunctionConcurrencyInput, ...func(*lambda.Options)) (*lambda.DeleteFunctionConcurrencyOutput, error)
	AddPermission(context.Context, *lambda.AddPermissionInput, ...func(*lambda.Options)) (*lambda.AddPermissionOutput, error)
	RemovePermission(context.Context, *lambda.RemovePermissionInput, ...func(*lambda.Options)) (*lambda.RemovePermissionOutput, error)
	UpdateFunctionUrlConfig(context.Context, *lambda.UpdateFunctionUrlConfigInput, ...func(*lambda.Options)) (*lambda.UpdateFunctionUrlConfigOutput, error)
	UpdateFunctionConfiguration(context.Context, *lambda.UpdateFunctionConfigurationInput, ...func(*lambda.Options)) (*lambda.UpdateFunctionConfigurationOutput, error)
	DeleteFunction(context.Context, *lambda.DeleteFunctionInput, ...func(*lambda.Options)) (*lambda.DeleteFunctionOutput, error)
	GetFunction(context.Context, *lambda.GetFunctionInput, ...func(*lambda.Options)) (*lambda.GetFunctionOutput, error)
	functionVersionLister
	PublishVersion(context.Context, *lambda.PublishVersionInput, ...func(*lambda.Options)) (*lambda.PublishVersionOutput, error)
	UpdateFunctionCode(context.Context, *lambda.UpdateFunctionCodeInput, ...func(*lambda.Options)) (*lambda.UpdateFunctionCodeOutput, error)
	archiveGetter
}

var function = kind.Of(functionSpec)

var functionSpec = kind.Spec[functionReader, functionWriter]{
	Name:   "lambda.function",
	Reader: func(c aws.Config) functionReader { return lambdaClient{lambda.NewFromConfig(c)} },
	Writer: func(c aws.Config) functionWriter { return lambdaClient{lambda.NewFromConfig(c)} },
	Needs: []string{
		"lambda:ListFunctions", "lambda:ListFunctionUrlConfigs", "lambda:ListAliases",
		"lambda:GetFunctionConcurrency", "lambda:GetPolicy", "lambda:GetFunction", "lambda:ListVersionsByFunction",
	},
	Carry: []string{string(fact.Published)},
	List:  listFunctions,
	// And one more for each of the 20 newest versions and for each alias, which
	// may have policies of their own.
	Cost:      kind.Cost{Fixed: 1, Page: 50, Each: 4},
	Covers:    []string{"A14", "A19", "B7", "D6"},
	Named:     true,
	Recreates: true,
	Holds:     functionHolds,
	Keep:      keepFunction,
	Recollect: onlyPublished,
	Verbs: []kind.Verb[functionReader, functionWriter]{
		throttleFunction, closeFunctionPolicy, closeFunctionURL, restoreFunctionCode, restoreFunctionLayers, deleteFunction,
	},
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
		codes, layers := fact.VersionCodes.Or(*r, map[string]string{}), fact.VersionLayers.Or(*r, map[string][]string{})
		codes[v], layers[v] = aws.ToString(c.CodeSha256), layersOf(c)
		fact.VersionCodes.Set(r, codes)
		fact.VersionLayers.Set(r, layers)
		return
	}
	if modified := moment(c.LastModified); !modified.IsZero() {
		fact.Modified.Set(r, modified)
	}
	fact.Role.Set(r, aws.ToString(c.Role))
	fact.Runtime.Set(r, string(c.Runtime))
	fact.CodeHash.Set(r, aws.ToString(c.CodeSha256))
	layers := layersOf(c)
	fact.Layers.Set(r, layers)
	setAspect(r, layersAspect, writeLayers(layers))
	setAspect(r, codeAspect, aws.ToString(c.CodeSha256))
}

func layersOf(c types.FunctionConfiguration) []string {
	layers := []string{}
	for _, l := range c.Layers {
		layers = append(layers, aws.ToString(l.Arn))
	}
	return layers
}
