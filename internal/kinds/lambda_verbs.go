package kinds

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

type functionVerb = kind.Verb[functionReader, functionWriter]

// No invocation of any version or alias runs any more, whoever asks.
var throttleFunction = functionVerb{
	Name: "throttle", Class: kind.Disruptive, For: kind.Disable,
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

// Whoever calls one of the function's URLs must then sign as somebody of AWS
// who may. A URL is of the function, or of one of its aliases.
var closeFunctionURL = withdraw(functionVerb{
	Name: "close-url", Class: kind.Disruptive, For: kind.Close,
	Needs: []string{"lambda:UpdateFunctionUrlConfig"},
	Mends: []string{"CreateFunctionUrlConfig", "UpdateFunctionUrlConfig"},
}, openURLs, setURLAuth(types.FunctionUrlAuthTypeAwsIam), setURLAuth(types.FunctionUrlAuthTypeNone))

// openURLs are the qualifiers of the URLs that ask nobody who he is.
func openURLs(ctx context.Context, api functionReader, r fact.Resource) (out []string, err error) {
	for page, err := range pages(ctx, lambda.NewListFunctionUrlConfigsPaginator(api, &lambda.ListFunctionUrlConfigsInput{FunctionName: &r.ID})) {
		if err != nil {
			return nil, gone(err)
		}
		for _, u := range page.FunctionUrlConfigs {
			if u.AuthType == types.FunctionUrlAuthTypeNone {
				out = append(out, qualifierOf(aws.ToString(u.FunctionArn)))
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// qualifierOf is the alias or version that a function's ARN ends in, or "".
func qualifierOf(functionARN string) string {
	_, rest, _ := strings.Cut(functionARN, ":function:")
	_, qualifier, _ := strings.Cut(rest, ":")
	return qualifier
}

func setURLAuth(to types.FunctionUrlAuthType) func(context.Context, functionWriter, kind.Job, []string) error {
	return func(ctx context.Context, api functionWriter, j kind.Job, qualifiers []string) error {
		for _, q := range qualifiers {
			_, err := api.UpdateFunctionUrlConfig(ctx, &lambda.UpdateFunctionUrlConfigInput{
				FunctionName: &j.ID, Qualifier: given(q), AuthType: to,
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// All versions, aliases, URLs and policies of the function go with it; what
// feeds it does not, and is deleted before. A function's name is given again: by
// its code and its role another one shows.
//
// Lambda refuses while copies of the function serve CloudFront, and takes them
// away some hours after no distribution names it any more. That refusal is no
// failure: the function is still there, and the deletion is to be ordered
// again until it is not.
var deleteFunction = remove(functionVerb{Name: "delete", Needs: []string{"lambda:DeleteFunction"}, Takes: 12 * time.Hour},
	func(ctx context.Context, api functionReader, r fact.Resource) (any, error) {
		out, err := api.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &r.ID})
		if err != nil {
			return nil, gone(err)
		}
		if out.Configuration == nil {
			return nil, fmt.Errorf("cannot read the function %s: Lambda told nothing of it", r.ID)
		}
		return struct {
			ID   string `json:"id"`
			Code string `json:"code"`
			Role string `json:"role"`
		}{r.ID, aws.ToString(out.Configuration.CodeSha256), aws.ToString(out.Configuration.Role)}, nil
	},
	func(ctx context.Context, api functionWriter, j kind.Job) error {
		_, err := api.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &j.ID})
		if replicated(err) {
			return nil
		}
		return err
	})

func replicated(err error) bool {
	return awsapi.Code(err) == "InvalidParameterValueException" && strings.Contains(err.Error(), "replicated function")
}

// functionHolds are the layer versions of this account that the function uses.
func functionHolds(r fact.Resource) (out []fact.Ref) {
	for _, arn := range fact.Layers.Or(r, nil) {
		home, id, ok := strings.Cut(arn, ":layer:")
		if ok && strings.HasSuffix(home, ":"+r.Region+":"+r.Account) {
			out = append(out, fact.Ref{Kind: "lambda.layer", Place: r.Place, ID: id})
		}
	}
	return out
}
