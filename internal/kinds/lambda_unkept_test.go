package kinds

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"cordon/internal/fact"
	"cordon/internal/kind/kindtest"
	"cordon/internal/plan"
)

// All that is deleted with a function is kept: the code of every version, its
// aliases and its URLs.
func TestEveryVersionIsKept(t *testing.T) {
	w := kindtest.NewWorld(t)
	name, api := replacedFunction(t, w), lambda.NewFromConfig(w.Config(here))
	must[*lambda.CreateAliasOutput](t)(api.CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: &name, Name: aws.String("live"), FunctionVersion: aws.String("1")}))
	must[*lambda.CreateFunctionUrlConfigOutput](t)(api.CreateFunctionUrlConfig(t.Context(), &lambda.CreateFunctionUrlConfigInput{FunctionName: &name, AuthType: types.FunctionUrlAuthTypeNone}))
	kept := map[string][]byte{}
	err := function.Keep(t.Context(), w.Config(here), listed(t, w, function, name), func(name string, b []byte) error { kept[name] = b; return nil })
	if err != nil || !bytes.Equal(kept["code.zip"], append(archive(t), 0)) || !bytes.Equal(kept["code-1.zip"], archive(t)) {
		t.Errorf("%v; code is %d and %d bytes", err, len(kept["code.zip"]), len(kept["code-1.zip"]))
	}
	if !strings.Contains(string(kept["aliases.json"]), "live") || !strings.Contains(string(kept["urls.json"]), "NONE") {
		t.Errorf("aliases %s, URLs %s", kept["aliases.json"], kept["urls.json"])
	}
}

// noCode is a function or layer whose package cannot be had.
type noCode struct{ lambdaClient }

func (noCode) GetArchive(context.Context, string) ([]byte, error) { return nil, errors.New("no way") }

// What could not be downloaded is not kept, and what else was read is.
func TestCodeThatCannotBeHadIsUnkept(t *testing.T) {
	w := kindtest.NewWorld(t)
	api := noCode{lambdaClient{lambda.NewFromConfig(w.Config(here))}}
	for id, keep := range map[string]func(fact.Resource, func(string, []byte) error) error{
		makeFunction(t, w): func(r fact.Resource, put func(string, []byte) error) error {
			return keepFunction(t.Context(), api, r, put)
		},
		makeLayer(t, w): func(r fact.Resource, put func(string, []byte) error) error {
			return keepLayer(t.Context(), api, r, put)
		},
	} {
		kept := map[string]string{}
		err := keep(fact.Resource{Ref: fact.Ref{ID: id}}, func(name string, b []byte) error { kept[name] = string(b); return nil })
		if err == nil || kept["code-not-kept.txt"] != "no way\n" || len(kept) < 2 {
			t.Errorf("%s: %v, %v", id, err, kept)
		}
	}
}

// A function that was deployed again under its name is another one; what a plan does
// to one that it deletes does not make it that.
func TestFunctionDeployedAgain(t *testing.T) {
	w := kindtest.NewWorld(t)
	name, api := makeFunction(t, w), lambda.NewFromConfig(w.Config(here))
	r := listed(t, w, function, name)
	state := func() json.RawMessage {
		return must[json.RawMessage](t)(deleteFunction.Prior(t.Context(), functionSpec.Reader(w.Config(here)), r))
	}
	planned := state()
	must[*lambda.PutFunctionConcurrencyOutput](t)(api.PutFunctionConcurrency(t.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: &name, ReservedConcurrentExecutions: aws.Int32(0)}))
	if now := state(); !plan.Same(planned, now) {
		t.Errorf("throttled it is another: %s", now)
	}
	must[*lambda.UpdateFunctionCodeOutput](t)(api.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: &name, ZipFile: append(archive(t), 0)}))
	if now := state(); plan.Same(planned, now) {
		t.Errorf("with other code it is the same: %s", now)
	}
}

// While Lambda works on a change nothing is compared, and nothing is taken for an
// intruder's.
func TestCodeThatIsBeingChanged(t *testing.T) {
	working := busyFunction{state: types.LastUpdateStatusInProgress}
	if prior, err := restoreFunctionCode.Prior(t.Context(), working, fact.Resource{}); err == nil {
		t.Errorf("while Lambda works on it the code is %s", prior)
	}
	working.state = types.LastUpdateStatusSuccessful
	if prior, err := restoreFunctionCode.Prior(t.Context(), working, fact.Resource{}); err != nil || string(prior) != `"abc"` {
		t.Errorf("%s, %v", prior, err)
	}
	if restoreFunctionCode.Takes == 0 {
		t.Error("the gate takes Lambda's own time for somebody who takes the change back")
	}
}

type busyFunction struct {
	functionReader
	state types.LastUpdateStatus
}

func (b busyFunction) GetFunction(context.Context, *lambda.GetFunctionInput, ...func(*lambda.Options)) (*lambda.GetFunctionOutput, error) {
	return &lambda.GetFunctionOutput{Configuration: &types.FunctionConfiguration{CodeSha256: aws.String("abc"), LastUpdateStatus: b.state}}, nil
}
