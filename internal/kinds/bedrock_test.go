package kinds

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/bedrock"
	"github.com/aws/aws-sdk-go-v2/service/bedrock/types"
	"github.com/aws/aws-sdk-go-v2/service/bedrockagent"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

func logTo(t *testing.T, w kindtest.World, bucket string) {
	t.Helper()
	must[*bedrock.PutModelInvocationLoggingConfigurationOutput](t)(bedrock.NewFromConfig(w.Config(here)).PutModelInvocationLoggingConfiguration(t.Context(), &bedrock.PutModelInvocationLoggingConfigurationInput{
		LoggingConfig: &types.LoggingConfig{S3Config: &types.S3Config{BucketName: &bucket}, TextDataDeliveryEnabled: aws.Bool(true)},
	}))
}

func makeModelLogging(t *testing.T, w kindtest.World) string {
	t.Helper()
	logTo(t, w, "prompts")
	return "model-invocations"
}

func TestModelLogging(t *testing.T) {
	run := func(t *testing.T, setup func(*testing.T, kindtest.World) string, before func(*testing.T, kindtest.World, string) string) {
		kindtest.Run(t, kindtest.Case[modelLoggingReader, modelLoggingWriter]{
			Spec: modelLoggingSpec, Region: here, Setup: setup,
			Before: map[string]func(*testing.T, kindtest.World, string) string{"restore-model-logging": before},
		})
	}
	t.Run("was elsewhere", func(t *testing.T) {
		run(t, makeModelLogging, func(*testing.T, kindtest.World, string) string {
			return `{"S3Config":{"BucketName":"ours","KeyPrefix":null},"TextDataDeliveryEnabled":true,"AudioDataDeliveryEnabled":null,"CloudWatchConfig":null,"EmbeddingDataDeliveryEnabled":null,"ImageDataDeliveryEnabled":null,"VideoDataDeliveryEnabled":null}`
		})
	})
	t.Run("was off", func(t *testing.T) {
		run(t, makeModelLogging, func(*testing.T, kindtest.World, string) string { return "" })
	})
	t.Run("was deleted", func(t *testing.T) {
		run(t, func(*testing.T, kindtest.World) string { return "model-invocations" }, func(t *testing.T, w kindtest.World, _ string) string {
			other := kindtest.NewWorld(t)
			makeModelLogging(t, other)
			return fact.Aspects.Or(listed(t, other, modelLogging, "model-invocations"), nil)[loggingAspect]
		})
	})
}

func TestModelLoggingFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, modelLogging, "model-invocations")
	if on, known := fact.Logging.Get(r); !known || on {
		t.Errorf("logging = %v, %v", on, known)
	}
	makeModelLogging(t, w)
	r = listed(t, w, modelLogging, "model-invocations")
	if !fact.Logging.Or(r, false) || fact.Bucket.Or(r, "") != "prompts" {
		t.Errorf("%s", r.Facts)
	}
	// What a record says of the call is the aspect as it is read.
	events := must[[]byte](t)(json.Marshal(recordedAt(t, w, "PutModelInvocationLoggingConfiguration")))
	said, ok := recallModelLogging("PutModelInvocationLoggingConfiguration", events, nil)
	if is := fact.Aspects.Or(r, nil)[loggingAspect]; !ok || !sameText(said, is) {
		t.Errorf("recalled %s, %v; is %s", said, ok, is)
	}
	if said, ok := recallModelLogging("DeleteModelInvocationLoggingConfiguration", nil, nil); !ok || said != "" {
		t.Errorf("recalled %q, %v of a deletion", said, ok)
	}
	wantAbsent(t, w, modelLogging, "bedrock", "GetModelInvocationLoggingConfiguration")
}

func makeModelAccess(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*bedrock.PutUseCaseForModelAccessOutput](t)(bedrock.NewFromConfig(w.Config(here)).PutUseCaseForModelAccess(t.Context(), &bedrock.PutUseCaseForModelAccessInput{
		FormData: []byte(`{"companyName":"Example Corp"}`),
	}))
	return "use-case"
}

func TestModelAccess(t *testing.T) {
	kindtest.Run(t, kindtest.Case[modelAccessReader, noWriter]{Spec: modelAccessSpec, Region: here, Setup: makeModelAccess})
}

func TestModelAccessFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	if r := listed(t, w, modelAccess, "use-case"); fact.Active.Or(r, true) || fact.Status.Or(r, "") != "not-submitted" {
		t.Errorf("%s", r.Facts)
	}
	makeModelAccess(t, w)
	r := listed(t, w, modelAccess, "use-case")
	if !fact.Active.Or(r, false) || fact.Status.Or(r, "") != "submitted" {
		t.Errorf("%s", r.Facts)
	}
	if kept := keptBy(t, w, modelAccess, r); !strings.Contains(kept["use-case.json"], "Example Corp") {
		t.Errorf("kept %v", kept)
	}
	wantAbsent(t, w, modelAccess, "bedrock", "GetUseCaseForModelAccess")
}

func buyThroughput(t *testing.T, w kindtest.World, model string, term types.CommitmentDuration) string {
	t.Helper()
	out := must[*bedrock.CreateProvisionedModelThroughputOutput](t)(bedrock.NewFromConfig(w.Config(here)).CreateProvisionedModelThroughput(t.Context(), &bedrock.CreateProvisionedModelThroughputInput{
		ProvisionedModelName: aws.String("mine"), ModelId: &model, ModelUnits: aws.Int32(3), CommitmentDuration: term,
	}))
	return aws.ToString(out.ProvisionedModelArn)
}

func makeThroughput(t *testing.T, w kindtest.World) string {
	t.Helper()
	return buyThroughput(t, w, "anthropic.claude-v2", "")
}

func TestThroughput(t *testing.T) {
	kindtest.Run(t, kindtest.Case[throughputReader, throughputWriter]{Spec: throughputSpec, Region: here, Setup: makeThroughput})
}

func TestThroughputFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	model := makeCustomModel(t, w)
	id := buyThroughput(t, w, model, types.CommitmentDurationSixMonths)
	r := listed(t, w, throughput, id)
	if fact.Count.Or(r, 0) != 3 || fact.Detail.Or(r, "") != "SixMonths" || r.Created.IsZero() {
		t.Errorf("%s", r.Facts)
	}
	if held := throughput.Holds(r); len(held) != 1 || held[0].ID != model || held[0].Kind != customModel.Name() {
		t.Errorf("holds %v", held)
	}
	job := kind.Job{Resource: r}
	b, _ := throughput.Verb("delete")
	if err := b.Do(t.Context(), w.Config(here), job, nil); awsapi.Code(err) != "ConflictException" {
		t.Errorf("deleted within its term: %v", err)
	}
	wantAbsent(t, w, throughput, "bedrock", "ListProvisionedModelThroughputs")
	wantAbsent(t, w, customModel, "bedrock", "ListCustomModels")
}

func makeCustomModel(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := bedrock.NewFromConfig(w.Config(here))
	must[*bedrock.CreateModelCustomizationJobOutput](t)(api.CreateModelCustomizationJob(t.Context(), &bedrock.CreateModelCustomizationJobInput{
		JobName: aws.String("tune"), CustomModelName: aws.String("tuned"), RoleArn: aws.String(workRole), BaseModelIdentifier: aws.String("amazon.titan-text-lite-v1"),
		TrainingDataConfig: &types.TrainingDataConfig{S3Uri: aws.String("s3://data/in")}, OutputDataConfig: &types.OutputDataConfig{S3Uri: aws.String("s3://data/out")},
		HyperParameters: map[string]string{"epochCount": "1"},
	}))
	out := must[*bedrock.ListCustomModelsOutput](t)(api.ListCustomModels(t.Context(), &bedrock.ListCustomModelsInput{}))
	return aws.ToString(out.ModelSummaries[0].ModelArn)
}

func TestCustomModel(t *testing.T) {
	kindtest.Run(t, kindtest.Case[customModelReader, customModelWriter]{Spec: customModelSpec, Region: here, Setup: makeCustomModel})
}

func makeInvocationJob(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*bedrock.CreateModelInvocationJobOutput](t)(bedrock.NewFromConfig(w.Config(here)).CreateModelInvocationJob(t.Context(), &bedrock.CreateModelInvocationJobInput{
		JobName: aws.String("batch"), ModelId: aws.String("anthropic.claude-v2"), RoleArn: aws.String(workRole),
		InputDataConfig:  &types.ModelInvocationJobInputDataConfigMemberS3InputDataConfig{Value: types.ModelInvocationJobS3InputDataConfig{S3Uri: aws.String("s3://data/in")}},
		OutputDataConfig: &types.ModelInvocationJobOutputDataConfigMemberS3OutputDataConfig{Value: types.ModelInvocationJobS3OutputDataConfig{S3Uri: aws.String("s3://data/out")}},
	}))
	return aws.ToString(out.JobArn)
}

func TestInvocationJob(t *testing.T) {
	kindtest.Run(t, kindtest.Case[invocationJobReader, invocationJobWriter]{Spec: invocationJobSpec, Region: here, Setup: makeInvocationJob})
}

func TestInvocationJobFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, invocationJob, makeInvocationJob(t, w))
	if fact.Role.Or(r, "") != workRole || fact.Detail.Or(r, "") != "anthropic.claude-v2" || r.Created.IsZero() {
		t.Errorf("%s", r.Facts)
	}
	must[*bedrock.StopModelInvocationJobOutput](t)(bedrock.NewFromConfig(w.Config(here)).StopModelInvocationJob(t.Context(), &bedrock.StopModelInvocationJobInput{JobIdentifier: &r.ID}))
	wantNone(t, w, invocationJob)
	wantAbsent(t, w, invocationJob, "bedrock", "ListModelInvocationJobs")
}

func makeAgent(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := bedrockagent.NewFromConfig(w.Config(here))
	out := must[*bedrockagent.CreateAgentOutput](t)(api.CreateAgent(t.Context(), &bedrockagent.CreateAgentInput{
		AgentName: aws.String("helper"), AgentResourceRoleArn: aws.String(workRole), FoundationModel: aws.String("anthropic.claude-v2"), Instruction: aws.String("do what nobody should"),
	}))
	must[*bedrockagent.CreateAgentActionGroupOutput](t)(api.CreateAgentActionGroup(t.Context(), &bedrockagent.CreateAgentActionGroupInput{
		AgentId: out.Agent.AgentId, AgentVersion: aws.String("DRAFT"), ActionGroupName: aws.String("call"),
	}))
	return aws.ToString(out.Agent.AgentId)
}

func TestAgent(t *testing.T) {
	kindtest.Run(t, kindtest.Case[agentReader, agentWriter]{Spec: agentSpec, Region: here, Setup: makeAgent})
}

func TestAgentFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, agent, makeAgent(t, w))
	if fact.Role.Or(r, "") != workRole || r.Created.IsZero() || !strings.Contains(r.ARN, ":agent/") {
		t.Errorf("%v %s", r.Created, r.Facts)
	}
	if kept := keptBy(t, w, agent, r); len(kept) != 2 || !strings.Contains(kept["agent.json"], "nobody should") {
		t.Errorf("kept %v", kept)
	}
	wantAbsent(t, w, agent, "bedrock-agent", "ListAgents")
}

// recordedAt is the request of the last call of that name, as CloudTrail has it.
func recordedAt(t *testing.T, w kindtest.World, call string) (request json.RawMessage) {
	t.Helper()
	events, err := w.Lab.Events(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Lab.Op == call {
			request = e.Parameters
		}
	}
	if request == nil {
		t.Fatalf("no %s was recordedAt", call)
	}
	return request
}
