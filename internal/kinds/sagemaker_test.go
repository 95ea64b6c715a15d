package kinds

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

const workRole = "arn:aws:iam::" + kindtest.Account + ":role/work"

// wantAbsent demands that a listing fails when the region lacks the service,
// and that the failure is classed as that; and that a denial fails it too.
func wantAbsent(t *testing.T, w kindtest.World, k kind.Kind, service, op string) {
	t.Helper()
	for code, want := range map[string]awsapi.Class{
		"UnknownEndpoint": awsapi.AbsentInRegion, "UnknownOperationException": awsapi.AbsentInRegion, "AccessDeniedException": awsapi.Denied,
	} {
		wantFault(t, w, k, service, op, code, want)
	}
}

// wantFault demands that a listing fails, and as what, when one of its calls is
// answered with an error.
func wantFault(t *testing.T, w kindtest.World, k kind.Kind, service, op, code string, want awsapi.Class) {
	t.Helper()
	if err := w.Lab.AddFault(t.Context(), lab.Fault{Match: map[string]string{"service": service, "op": op}, Code: code, Status: 400}); err != nil {
		t.Fatal(err)
	}
	err := k.List(t.Context(), w.Config(here), fact.Place{Account: kindtest.Account, Region: here}, func(fact.Resource) {})
	if got := awsapi.Classify(err); got != want {
		t.Errorf("%s: a listing that is answered %s is %q, want %q: %v", k.Name(), code, got, want, err)
	}
	if err := w.Lab.ClearFaults(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// keptBy is what Keep puts away, by name.
func keptBy(t *testing.T, w kindtest.World, k kind.Kind, r fact.Resource) map[string]string {
	t.Helper()
	kept := map[string]string{}
	if err := k.Keep(t.Context(), w.Config(here), r, func(name string, b []byte) error { kept[name] = string(b); return nil }); err != nil {
		t.Fatal(err)
	}
	return kept
}

func makeLifecycle(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*sagemaker.CreateNotebookInstanceLifecycleConfigOutput](t)(sagemaker.NewFromConfig(w.Config(here)).CreateNotebookInstanceLifecycleConfig(t.Context(), &sagemaker.CreateNotebookInstanceLifecycleConfigInput{
		NotebookInstanceLifecycleConfigName: aws.String("setup"),
		OnStart:                             []types.NotebookInstanceLifecycleHook{{Content: aws.String(base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\ncurl evil")))}},
	}))
	return "setup"
}

func makeNotebook(t *testing.T, w kindtest.World) string {
	t.Helper()
	setup := makeLifecycle(t, w)
	must[*sagemaker.CreateNotebookInstanceOutput](t)(sagemaker.NewFromConfig(w.Config(here)).CreateNotebookInstance(t.Context(), &sagemaker.CreateNotebookInstanceInput{
		NotebookInstanceName: aws.String("lab"), InstanceType: types.InstanceTypeMlP32xlarge, RoleArn: aws.String(workRole), LifecycleConfigName: &setup,
	}))
	return "lab"
}

func makeStoppedNotebook(t *testing.T, w kindtest.World) string {
	t.Helper()
	name := makeNotebook(t, w)
	must[*sagemaker.StopNotebookInstanceOutput](t)(sagemaker.NewFromConfig(w.Config(here)).StopNotebookInstance(t.Context(), &sagemaker.StopNotebookInstanceInput{NotebookInstanceName: &name}))
	return name
}

func TestNotebook(t *testing.T) {
	kindtest.Run(t, kindtest.Case[notebookReader, notebookWriter]{
		Spec: notebookSpec, Region: here, Setup: makeNotebook,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"delete": makeStoppedNotebook},
	})
}

func TestNotebookFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, notebook, makeNotebook(t, w))
	if fact.Role.Or(r, "") != workRole || fact.InstanceType.Or(r, "") != "ml.p3.2xlarge" || fact.Status.Or(r, "") != "InService" || r.Created.IsZero() {
		t.Errorf("%v %s", r.Created, r.Facts)
	}
	if held := notebook.Holds(r); len(held) != 1 || held[0].Kind != "sagemaker.lifecycle-config" || held[0].ID != "setup" {
		t.Errorf("holds %v", held)
	}
	wantAbsent(t, w, notebook, "sagemaker", "ListNotebookInstances")
}

func TestLifecycleConfig(t *testing.T) {
	kindtest.Run(t, kindtest.Case[lifecycleReader, lifecycleWriter]{Spec: lifecycleSpec, Region: here, Setup: makeLifecycle})
}

func TestLifecycleScriptIsKeptAndNoFact(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, lifecycleConfig, makeLifecycle(t, w))
	if kept := keptBy(t, w, lifecycleConfig, r); kept["on-start-1.sh"] != "#!/bin/sh\ncurl evil" {
		t.Errorf("kept %v", kept)
	}
	if strings.Contains(string(mustJSON(t, r)), "curl") {
		t.Error("the script became a fact")
	}
	wantAbsent(t, w, lifecycleConfig, "sagemaker", "ListNotebookInstanceLifecycleConfigs")
}

func makeTraining(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*sagemaker.CreateTrainingJobOutput](t)(sagemaker.NewFromConfig(w.Config(here)).CreateTrainingJob(t.Context(), &sagemaker.CreateTrainingJobInput{
		TrainingJobName: aws.String("mine"), RoleArn: aws.String(workRole),
		AlgorithmSpecification: &types.AlgorithmSpecification{TrainingImage: aws.String("evil/miner"), TrainingInputMode: types.TrainingInputModeFile},
		OutputDataConfig:       &types.OutputDataConfig{S3OutputPath: aws.String("s3://out/")},
		ResourceConfig:         &types.ResourceConfig{InstanceType: types.TrainingInstanceTypeMlP4d24xlarge, InstanceCount: aws.Int32(4), VolumeSizeInGB: aws.Int32(10)},
		StoppingCondition:      &types.StoppingCondition{MaxRuntimeInSeconds: aws.Int32(86400)},
	}))
	return "mine"
}

func TestTrainingJob(t *testing.T) {
	kindtest.Run(t, kindtest.Case[trainingReader, trainingWriter]{Spec: trainingSpec, Region: here, Setup: makeTraining})
}

func TestTrainingJobFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, trainingJob, makeTraining(t, w))
	if fact.Image.Or(r, "") != "evil/miner" || fact.Count.Or(r, 0) != 4 || fact.InstanceType.Or(r, "") != "ml.p4d.24xlarge" || fact.Role.Or(r, "") != workRole {
		t.Errorf("%s", r.Facts)
	}
	must[*sagemaker.StopTrainingJobOutput](t)(sagemaker.NewFromConfig(w.Config(here)).StopTrainingJob(t.Context(), &sagemaker.StopTrainingJobInput{TrainingJobName: &r.ID}))
	wantNone(t, w, trainingJob)
	wantAbsent(t, w, trainingJob, "sagemaker", "ListTrainingJobs")
}

func makeProcessing(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*sagemaker.CreateProcessingJobOutput](t)(sagemaker.NewFromConfig(w.Config(here)).CreateProcessingJob(t.Context(), &sagemaker.CreateProcessingJobInput{
		ProcessingJobName: aws.String("mine"), RoleArn: aws.String(workRole),
		AppSpecification: &types.AppSpecification{ImageUri: aws.String("evil/miner")},
		ProcessingResources: &types.ProcessingResources{ClusterConfig: &types.ProcessingClusterConfig{
			InstanceType: types.ProcessingInstanceTypeMlG4dn12xlarge, InstanceCount: aws.Int32(2), VolumeSizeInGB: aws.Int32(10),
		}},
	}))
	return "mine"
}

func TestProcessingJob(t *testing.T) {
	kindtest.Run(t, kindtest.Case[processingReader, processingWriter]{Spec: processingSpec, Region: here, Setup: makeProcessing})
}

func TestProcessingJobFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, processingJob, makeProcessing(t, w))
	if fact.Image.Or(r, "") != "evil/miner" || fact.Count.Or(r, 0) != 2 || fact.Role.Or(r, "") != workRole {
		t.Errorf("%s", r.Facts)
	}
	wantAbsent(t, w, processingJob, "sagemaker", "ListProcessingJobs")
}

func makeModel(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*sagemaker.CreateModelOutput](t)(sagemaker.NewFromConfig(w.Config(here)).CreateModel(t.Context(), &sagemaker.CreateModelInput{
		ModelName: aws.String("llm"), ExecutionRoleArn: aws.String(workRole), PrimaryContainer: &types.ContainerDefinition{Image: aws.String("evil/llm")},
	}))
	return "llm"
}

func TestModel(t *testing.T) {
	kindtest.Run(t, kindtest.Case[modelReader, modelWriter]{Spec: modelSpec, Region: here, Setup: makeModel})
}

func makeEndpointConfig(t *testing.T, w kindtest.World) string {
	t.Helper()
	model := makeModel(t, w)
	must[*sagemaker.CreateEndpointConfigOutput](t)(sagemaker.NewFromConfig(w.Config(here)).CreateEndpointConfig(t.Context(), &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("two"), ProductionVariants: []types.ProductionVariant{{
			VariantName: aws.String("all"), ModelName: &model, InstanceType: types.ProductionVariantInstanceTypeMlP316xlarge, InitialInstanceCount: aws.Int32(2), InitialVariantWeight: aws.Float32(1),
		}},
	}))
	return "two"
}

func TestEndpointConfig(t *testing.T) {
	kindtest.Run(t, kindtest.Case[endpointConfigReader, endpointConfigWriter]{Spec: endpointConfigSpec, Region: here, Setup: makeEndpointConfig})
}

func makeInferenceEndpoint(t *testing.T, w kindtest.World) string {
	t.Helper()
	config := makeEndpointConfig(t, w)
	must[*sagemaker.CreateEndpointOutput](t)(sagemaker.NewFromConfig(w.Config(here)).CreateEndpoint(t.Context(), &sagemaker.CreateEndpointInput{
		EndpointName: aws.String("serving"), EndpointConfigName: &config,
	}))
	return "serving"
}

func TestEndpoint(t *testing.T) {
	kindtest.Run(t, kindtest.Case[endpointReader, endpointWriter]{Spec: endpointSpec, Region: here, Setup: makeInferenceEndpoint})
}

func TestEndpointFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, inferenceEndpoint, makeInferenceEndpoint(t, w))
	if fact.Count.Or(r, 0) != 2 || fact.InstanceType.Or(r, "") != "ml.p3.16xlarge" {
		t.Errorf("%s", r.Facts)
	}
	held := inferenceEndpoint.Holds(r)
	if len(held) != 2 || held[0].ID != "two" || held[1].ID != "llm" {
		t.Errorf("holds %v", held)
	}
	for _, one := range []struct {
		k  kind.Kind
		op string
	}{{inferenceEndpoint, "ListEndpoints"}, {endpointConfig, "ListEndpointConfigs"}, {mlModel, "ListModels"}, {studioDomain, "ListDomains"}} {
		wantAbsent(t, w, one.k, "sagemaker", one.op)
	}
	// The configuration can be deleted under it, and the endpoint is still there.
	must[*sagemaker.DeleteEndpointConfigOutput](t)(sagemaker.NewFromConfig(w.Config(here)).DeleteEndpointConfig(t.Context(), &sagemaker.DeleteEndpointConfigInput{EndpointConfigName: aws.String("two")}))
	if r = listed(t, w, inferenceEndpoint, "serving"); len(inferenceEndpoint.Holds(r)) != 0 {
		t.Errorf("holds %v", inferenceEndpoint.Holds(r))
	}
}

func makeStudio(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*sagemaker.CreateDomainOutput](t)(sagemaker.NewFromConfig(w.Config(here)).CreateDomain(t.Context(), &sagemaker.CreateDomainInput{
		DomainName: aws.String("studio"), AuthMode: types.AuthModeIam, DefaultUserSettings: &types.UserSettings{ExecutionRole: aws.String(workRole)},
		SubnetIds: []string{"subnet-1"}, VpcId: aws.String("vpc-1"),
	}))
	return (*out.DomainArn)[strings.LastIndexByte(*out.DomainArn, '/')+1:]
}

func TestStudio(t *testing.T) {
	kindtest.Run(t, kindtest.Case[studioReader, noWriter]{Spec: studioSpec, Region: here, Setup: makeStudio})
}

// wantNone demands that a listing is empty.
func wantNone(t *testing.T, w kindtest.World, k kind.Kind) {
	t.Helper()
	err := k.List(t.Context(), w.Config(here), fact.Place{Account: kindtest.Account, Region: here}, func(r fact.Resource) { t.Errorf("%s is listed", r.Ref) })
	if err != nil {
		t.Error(err)
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	return must[[]byte](t)(json.Marshal(v))
}
