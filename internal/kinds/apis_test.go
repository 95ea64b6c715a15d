package kinds

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

func makeRestAPI(t *testing.T, w kindtest.World) string {
	t.Helper()
	return *must[*apigateway.CreateRestApiOutput](t)(apigateway.NewFromConfig(w.Config(here)).CreateRestApi(t.Context(), &apigateway.CreateRestApiInput{
		Name: aws.String("door"), Tags: map[string]string{"team": "x"},
	})).Id
}

func makeHTTPAPI(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := apigatewayv2.NewFromConfig(w.Config(here))
	id := must[*apigatewayv2.CreateApiOutput](t)(api.CreateApi(t.Context(), &apigatewayv2.CreateApiInput{
		Name: aws.String("door"), ProtocolType: apitypes.ProtocolTypeHttp,
	})).ApiId
	must[*apigatewayv2.CreateIntegrationOutput](t)(api.CreateIntegration(t.Context(), &apigatewayv2.CreateIntegrationInput{
		ApiId: id, IntegrationType: apitypes.IntegrationTypeAwsProxy, IntegrationUri: aws.String("arn:aws:lambda:eu-west-1:111122223333:function:backdoor"),
	}))
	return *id
}

func makeStateMachine(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*sfn.CreateStateMachineOutput](t)(sfn.NewFromConfig(w.Config(here)).CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String("again"), RoleArn: aRole(t, w), Definition: aws.String(`{"StartAt":"a","States":{"a":{"Type":"Pass","End":true}}}`),
	}))
	return "again"
}

func TestRestAPI(t *testing.T) {
	kindtest.Run(t, kindtest.Case[restAPIReader, restAPIWriter]{Spec: restAPISpec, Region: here, Setup: makeRestAPI})
}

func TestHTTPAPI(t *testing.T) {
	kindtest.Run(t, kindtest.Case[httpAPIReader, httpAPIWriter]{Spec: httpAPISpec, Region: here, Setup: makeHTTPAPI})
}

func TestStateMachine(t *testing.T) {
	kindtest.Run(t, kindtest.Case[stateMachineReader, stateMachineWriter]{Spec: stateMachineSpec, Region: here, Setup: makeStateMachine})
}

func TestAPIFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, restAPI, makeRestAPI(t, w))
	if r.ARN != "arn:aws:apigateway:eu-west-1::/restapis/"+r.ID || r.Created.IsZero() || fact.Tags.Or(r, nil)["team"] != "x" || !fact.Active.Or(r, false) {
		t.Errorf("%s %v %s", r.ARN, r.Created, r.Facts)
	}
	r = listed(t, w, httpAPI, makeHTTPAPI(t, w))
	kept := ""
	err := httpAPI.Keep(t.Context(), w.Config(here), r, func(_ string, b []byte) error { kept += string(b); return nil })
	if err != nil || !strings.Contains(kept, "function:backdoor") || fact.Detail.Or(r, "") != "HTTP" {
		t.Errorf("%v: %s; %s", err, kept, r.Facts)
	}
	if r := listed(t, w, stateMachine, makeStateMachine(t, w)); r.Created.IsZero() || r.ARN != stateMachineARN(r) {
		t.Errorf("%s made %v", r.ARN, r.Created)
	}
}

// Who may not look is told so by every kind, and not that nothing is there.
func TestDeniedServicesAreErrors(t *testing.T) {
	w := kindtest.NewWorld(t)
	at := fact.Place{Account: kindtest.Account, Region: here}
	if err := w.Lab.AddFault(t.Context(), lab.Fault{Code: "AccessDeniedException", Status: 403, Message: "not authorized"}); err != nil {
		t.Fatal(err)
	}
	for _, k := range []kind.Kind{
		eventSource, eventRule, eventBus, schedule, stateMachine, restAPI, httpAPI, function, layer,
		ecsService, ecsTask, ecsCluster, taskDefinition, nodegroup, accessEntry, eksCluster, computeEnvironment, jobQueue, batchJob, jobDefinition, repository,
	} {
		if err := k.List(t.Context(), w.Config(here), at, func(r fact.Resource) { t.Errorf("%v is shown", r.Ref) }); awsapi.Classify(err) != awsapi.Denied {
			t.Errorf("%s: %v", k.Name(), err)
		}
	}
}
