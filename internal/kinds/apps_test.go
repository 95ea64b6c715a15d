package kinds

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/amplify"
	"github.com/aws/aws-sdk-go-v2/service/apprunner"
	apprunnertypes "github.com/aws/aws-sdk-go-v2/service/apprunner/types"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	codebuildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticbeanstalk"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	emrtypes "github.com/aws/aws-sdk-go-v2/service/emr/types"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	gluetypes "github.com/aws/aws-sdk-go-v2/service/glue/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

// buildRole is a role that a service of these could have.
const buildRole = "arn:aws:iam::" + kindtest.Account + ":role/service-role/builder"

func makeBuildProject(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := codebuild.NewFromConfig(w.Config(here))
	must[*codebuild.CreateProjectOutput](t)(api.CreateProject(t.Context(), &codebuild.CreateProjectInput{
		Name: aws.String("runner"), ServiceRole: aws.String(buildRole), Artifacts: &codebuildtypes.ProjectArtifacts{Type: codebuildtypes.ArtifactsTypeNoArtifacts},
		Source: &codebuildtypes.ProjectSource{Type: codebuildtypes.SourceTypeGithub, Location: aws.String("https://them:secret@github.com/them/runner")},
		Environment: &codebuildtypes.ProjectEnvironment{
			Type: codebuildtypes.EnvironmentTypeLinuxContainer, Image: aws.String("evil/miner:1"), ComputeType: codebuildtypes.ComputeTypeBuildGeneral1Xlarge,
			EnvironmentVariables: []codebuildtypes.EnvironmentVariable{{Name: aws.String("POOL_PASSWORD"), Value: aws.String("hunter2")}},
		},
	}))
	return "runner"
}

func makeBuild(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*codebuild.StartBuildOutput](t)(codebuild.NewFromConfig(w.Config(here)).StartBuild(t.Context(), &codebuild.StartBuildInput{
		ProjectName: aws.String(makeBuildProject(t, w)),
	}))
	return aws.ToString(out.Build.Id)
}

func makeSourceCredential(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*codebuild.ImportSourceCredentialsOutput](t)(codebuild.NewFromConfig(w.Config(here)).ImportSourceCredentials(t.Context(), &codebuild.ImportSourceCredentialsInput{
		ServerType: codebuildtypes.ServerTypeGithub, AuthType: codebuildtypes.AuthTypePersonalAccessToken, Token: aws.String("ghp_secret"),
	}))
	return aws.ToString(out.Arn)
}

func TestBuildProject(t *testing.T) {
	kindtest.Run(t, kindtest.Case[buildProjectReader, buildProjectWriter]{Spec: buildProjectSpec, Region: here, Setup: makeBuildProject})
}

func TestBuild(t *testing.T) {
	kindtest.Run(t, kindtest.Case[buildReader, buildWriter]{Spec: buildSpec, Region: here, Setup: makeBuild})
}

func TestSourceCredential(t *testing.T) {
	kindtest.Run(t, kindtest.Case[sourceCredentialReader, sourceCredentialWriter]{Spec: sourceCredentialSpec, Region: here, Setup: makeSourceCredential})
}

func TestBuildProjectFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	api, name := codebuild.NewFromConfig(w.Config(here)), makeBuildProject(t, w)
	r := listed(t, w, buildProject, name)
	wantFact(t, r, fact.Webhook, "")
	wantFact(t, r, fact.Public, false)
	wantFact(t, r, fact.Role, buildRole)
	wantFact(t, r, fact.Image, "evil/miner:1")
	wantFact(t, r, fact.Source, []string{"GITHUB https://github.com/them/runner"})
	if held := buildProject.Holds(r); len(held) != 1 || held[0].ID != "builder" || held[0].Kind != "iam.role" || held[0].Region != fact.Global {
		t.Errorf("holds %v", held)
	}
	must[*codebuild.CreateWebhookOutput](t)(api.CreateWebhook(t.Context(), &codebuild.CreateWebhookInput{ProjectName: &name, BuildType: codebuildtypes.WebhookBuildTypeRunnerBuildkiteBuild}))
	must[*codebuild.UpdateProjectVisibilityOutput](t)(api.UpdateProjectVisibility(t.Context(), &codebuild.UpdateProjectVisibilityInput{
		ProjectArn: aws.String(r.ARN), ProjectVisibility: codebuildtypes.ProjectVisibilityTypePublicRead,
	}))
	r = listed(t, w, buildProject, name)
	if hook := fact.Webhook.Or(r, ""); !strings.HasPrefix(hook, "ACTIVE RUNNER_BUILDKITE_BUILD https://") {
		t.Errorf("webhook %q", hook)
	}
	wantFact(t, r, fact.Public, true)
	for key, raw := range r.Facts {
		if strings.Contains(string(raw), "hunter2") || strings.Contains(string(raw), "secret") {
			t.Errorf("%s has a secret: %s", key, raw)
		}
	}
}

// A project that is deleted leaves nothing running.
func TestDeletingAProjectStopsItsBuilds(t *testing.T) {
	w := kindtest.NewWorld(t)
	id := makeBuild(t, w)
	r := listed(t, w, build, id)
	if parts := fact.PartOf.Or(r, nil); len(parts) != 1 || parts[0].Kind != "codebuild.project" || parts[0].ID != "runner" {
		t.Errorf("part of %v", parts)
	}
	project := listed(t, w, buildProject, "runner")
	verb, _ := buildProject.Verb("delete")
	if err := verb.Do(t.Context(), w.Config(here), kind.Job{Resource: project}, nil); err != nil {
		t.Fatal(err)
	}
	if err := build.List(t.Context(), w.Config(here), r.Place, func(r fact.Resource) { t.Errorf("%s still runs", r.ID) }); err != nil {
		t.Error(err)
	}
}

func makeAmplifyApp(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := amplify.NewFromConfig(w.Config(here))
	out := must[*amplify.CreateAppOutput](t)(api.CreateApp(t.Context(), &amplify.CreateAppInput{
		Name: aws.String("site"), Repository: aws.String("https://github.com/them/site"), OauthToken: aws.String("gho_secret"),
		BuildSpec: aws.String("version: 1\nfrontend: {phases: {build: {commands: [./mine]}}}\n"), IamServiceRoleArn: aws.String(buildRole),
		Tags: map[string]string{"aws:cloudformation:stack-name": "mining"},
	}))
	must[*amplify.CreateBranchOutput](t)(api.CreateBranch(t.Context(), &amplify.CreateBranchInput{AppId: out.App.AppId, BranchName: aws.String("main")}))
	return aws.ToString(out.App.AppId)
}

func TestAmplifyApp(t *testing.T) {
	kindtest.Run(t, kindtest.Case[amplifyReader, amplifyWriter]{Spec: amplifyAppSpec, Region: here, Setup: makeAmplifyApp})
}

func TestAmplifyAppFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, amplifyApp, makeAmplifyApp(t, w))
	wantFact(t, r, fact.Source, []string{"https://github.com/them/site"})
	wantFact(t, r, fact.Role, buildRole)
	if parts := fact.PartOf.Or(r, nil); len(parts) != 1 || parts[0].Kind != "cloudformation.stack" || parts[0].ID != "mining" {
		t.Errorf("part of %v", parts)
	}
	kept := keptOf(t, w, amplifyApp, r)
	if !strings.Contains(kept["build-spec.yml"], "./mine") || !strings.Contains(kept["branches.json"], `"main"`) {
		t.Errorf("kept %v", kept)
	}
}

// keptOf is the evidence of one resource.
func keptOf(t *testing.T, w kindtest.World, k kind.Kind, r fact.Resource) map[string]string {
	t.Helper()
	kept := map[string]string{}
	if err := k.Keep(t.Context(), w.Config(here), r, func(name string, b []byte) error { kept[name] = string(b); return nil }); err != nil {
		t.Fatal(err)
	}
	return kept
}

func makeAppRunner(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*apprunner.CreateServiceOutput](t)(apprunner.NewFromConfig(w.Config(here)).CreateService(t.Context(), &apprunner.CreateServiceInput{
		ServiceName:           aws.String("front"),
		InstanceConfiguration: &apprunnertypes.InstanceConfiguration{InstanceRoleArn: aws.String(buildRole)},
		SourceConfiguration: &apprunnertypes.SourceConfiguration{ImageRepository: &apprunnertypes.ImageRepository{
			ImageIdentifier: aws.String("public.ecr.aws/them/miner:1"), ImageRepositoryType: apprunnertypes.ImageRepositoryTypeEcrPublic,
		}},
	}))
	return aws.ToString(out.Service.ServiceArn)
}

func TestAppRunnerService(t *testing.T) {
	kindtest.Run(t, kindtest.Case[appRunnerReader, appRunnerWriter]{Spec: appRunnerSpec, Region: here, Setup: makeAppRunner})
	w := kindtest.NewWorld(t)
	r := listed(t, w, appRunnerService, makeAppRunner(t, w))
	wantFact(t, r, fact.Image, "public.ecr.aws/them/miner:1")
	wantFact(t, r, fact.Role, buildRole)
	wantFact(t, r, fact.Public, true)
}

func makeGlueJob(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := glue.NewFromConfig(w.Config(here))
	must[*glue.CreateJobOutput](t)(api.CreateJob(t.Context(), &glue.CreateJobInput{
		Name: aws.String("etl"), Role: aws.String(buildRole), NumberOfWorkers: aws.Int32(40), WorkerType: gluetypes.WorkerTypeG2x,
		Command: &gluetypes.JobCommand{Name: aws.String("pythonshell"), ScriptLocation: aws.String("s3://them/mine.py")},
	}))
	return "etl"
}

func runGlueJob(t *testing.T, w kindtest.World) string {
	t.Helper()
	name := makeGlueJob(t, w)
	must[*glue.StartJobRunOutput](t)(glue.NewFromConfig(w.Config(here)).StartJobRun(t.Context(), &glue.StartJobRunInput{JobName: &name}))
	return name
}

func TestGlueJob(t *testing.T) {
	kindtest.Run(t, kindtest.Case[glueJobReader, glueJobWriter]{
		Spec: glueJobSpec, Region: here, Setup: makeGlueJob,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"delete": runGlueJob},
	})
	w := kindtest.NewWorld(t)
	r := listed(t, w, glueJob, makeGlueJob(t, w))
	wantFact(t, r, fact.Count, 40)
	wantFact(t, r, fact.Source, []string{"s3://them/mine.py"})
}

func makeGlueTrigger(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*glue.CreateTriggerOutput](t)(glue.NewFromConfig(w.Config(here)).CreateTrigger(t.Context(), &glue.CreateTriggerInput{
		Name: aws.String("hourly"), Type: gluetypes.TriggerTypeScheduled, Schedule: aws.String("cron(0 * * * ? *)"), StartOnCreation: true,
		Actions: []gluetypes.Action{{JobName: aws.String(makeGlueJob(t, w))}},
	}))
	return "hourly"
}

func TestGlueTrigger(t *testing.T) {
	kindtest.Run(t, kindtest.Case[glueTriggerReader, glueTriggerWriter]{Spec: glueTriggerSpec, Region: here, Setup: makeGlueTrigger})
	w := kindtest.NewWorld(t)
	wantFact(t, listed(t, w, glueTrigger, makeGlueTrigger(t, w)), fact.Active, true)
}

func makeGlueCrawler(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*glue.CreateCrawlerOutput](t)(glue.NewFromConfig(w.Config(here)).CreateCrawler(t.Context(), &glue.CreateCrawlerInput{
		Name: aws.String("crawl"), Role: aws.String(buildRole), Schedule: aws.String("cron(0 * * * ? *)"), DatabaseName: aws.String("db"),
		Targets: &gluetypes.CrawlerTargets{S3Targets: []gluetypes.S3Target{{Path: aws.String("s3://them/")}}},
	}))
	return "crawl"
}

func TestGlueCrawler(t *testing.T) {
	kindtest.Run(t, kindtest.Case[glueCrawlerReader, glueCrawlerWriter]{Spec: glueCrawlerSpec, Region: here, Setup: makeGlueCrawler})
	w := kindtest.NewWorld(t)
	wantFact(t, listed(t, w, glueCrawler, makeGlueCrawler(t, w)), fact.Active, true)
}

func makeDevEndpoint(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*glue.CreateDevEndpointOutput](t)(glue.NewFromConfig(w.Config(here)).CreateDevEndpoint(t.Context(), &glue.CreateDevEndpointInput{
		EndpointName: aws.String("door"), RoleArn: aws.String(buildRole), NumberOfNodes: 5,
	}))
	return "door"
}

func TestDevEndpoint(t *testing.T) {
	kindtest.Run(t, kindtest.Case[devEndpointReader, devEndpointWriter]{Spec: devEndpointSpec, Region: here, Setup: makeDevEndpoint})
	w := kindtest.NewWorld(t)
	wantFact(t, listed(t, w, devEndpoint, makeDevEndpoint(t, w)), fact.Role, buildRole)
}

func runCluster(protected bool) func(*testing.T, kindtest.World) string {
	return func(t *testing.T, w kindtest.World) string {
		t.Helper()
		out := must[*emr.RunJobFlowOutput](t)(emr.NewFromConfig(w.Config(here)).RunJobFlow(t.Context(), &emr.RunJobFlowInput{
			Name: aws.String("spark"), ReleaseLabel: aws.String("emr-7.0.0"), ServiceRole: aws.String("EMR_DefaultRole"), JobFlowRole: aws.String("EMR_EC2_DefaultRole"),
			Instances: &emrtypes.JobFlowInstancesConfig{
				InstanceCount: aws.Int32(2), MasterInstanceType: aws.String("m5.xlarge"), SlaveInstanceType: aws.String("m5.xlarge"),
				KeepJobFlowAliveWhenNoSteps: aws.Bool(true), TerminationProtected: &protected,
			},
		}))
		return aws.ToString(out.JobFlowId)
	}
}

func TestEMRCluster(t *testing.T) {
	kindtest.Run(t, kindtest.Case[emrReader, emrWriter]{
		Spec: emrSpec, Region: here, Setup: runCluster(false),
		Verbs: map[string]func(*testing.T, kindtest.World) string{"unprotect": runCluster(true)},
	})
	w := kindtest.NewWorld(t)
	r := listed(t, w, emrCluster, runCluster(true)(t, w))
	wantFact(t, r, fact.Protections, []string{"termination"})
	verb, _ := emrCluster.Verb("terminate-cluster")
	if err := verb.Do(t.Context(), w.Config(here), kind.Job{Resource: r}, nil); err == nil {
		t.Error("a protected cluster is terminated")
	}
}

func makeBeanstalkApp(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*elasticbeanstalk.CreateApplicationOutput](t)(elasticbeanstalk.NewFromConfig(w.Config(here)).CreateApplication(t.Context(), &elasticbeanstalk.CreateApplicationInput{
		ApplicationName: aws.String("shop"),
	}))
	return "shop"
}

func makeBeanstalkEnvironment(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*elasticbeanstalk.CreateEnvironmentOutput](t)(elasticbeanstalk.NewFromConfig(w.Config(here)).CreateEnvironment(t.Context(), &elasticbeanstalk.CreateEnvironmentInput{
		ApplicationName: aws.String(makeBeanstalkApp(t, w)), EnvironmentName: aws.String("shop-env"), SolutionStackName: aws.String("64bit Amazon Linux 2023"),
	}))
	return aws.ToString(out.EnvironmentId)
}

func TestBeanstalkApplication(t *testing.T) {
	kindtest.Run(t, kindtest.Case[beanstalkAppReader, beanstalkAppWriter]{Spec: beanstalkAppSpec, Region: here, Setup: makeBeanstalkApp})
}

func TestBeanstalkEnvironment(t *testing.T) {
	kindtest.Run(t, kindtest.Case[beanstalkEnvReader, beanstalkEnvWriter]{Spec: beanstalkEnvSpec, Region: here, Setup: makeBeanstalkEnvironment})
}

// The environment goes first: AWS refuses the application, and nobody forces it.
func TestBeanstalkApplicationWaitsForItsEnvironments(t *testing.T) {
	w := kindtest.NewWorld(t)
	environment := listed(t, w, beanstalkEnvironment, makeBeanstalkEnvironment(t, w))
	app := listed(t, w, beanstalkApplication, "shop")
	if held := beanstalkEnvironment.Holds(environment); !slices.Contains(held, app.Ref) {
		t.Errorf("holds %v", held)
	}
	verb, _ := beanstalkApplication.Verb("delete")
	if err := verb.Do(t.Context(), w.Config(here), kind.Job{Resource: app}, nil); err == nil {
		t.Error("an application with a running environment is deleted")
	}
}

// What may not be read, or is not there in the region, is an error and no empty list.
func TestWhatIsDeniedIsNoEmptyList(t *testing.T) {
	w := kindtest.NewWorld(t)
	for name, op := range map[fact.Kind]string{
		"cloudformation.stack": "DescribeStacks", "cloudformation.stack-set": "ListStackSets", "codebuild.project": "ListProjects", "codebuild.build": "ListBuilds", "codebuild.source-credential": "ListSourceCredentials",
		"amplify.app": "ListApps", "apprunner.service": "ListServices", "glue.job": "GetJobs", "glue.trigger": "GetTriggers", "glue.crawler": "GetCrawlers",
		"glue.dev-endpoint": "GetDevEndpoints", "emr.cluster": "ListClusters", "beanstalk.application": "DescribeApplications", "beanstalk.environment": "DescribeEnvironments",
		"imagebuilder.pipeline": "ListResources", "account.other": "GetResources",
	} {
		if err := w.Lab.AddFault(t.Context(), lab.Fault{Match: map[string]string{"op": op}, Code: "AccessDeniedException", Status: 403}); err != nil {
			t.Fatal(err)
		}
		at := fact.Place{Account: kindtest.Account, Region: here}
		k := All()[slices.IndexFunc(All(), func(k kind.Kind) bool { return k.Name() == name })]
		err := k.List(context.Background(), w.Config(here), at, func(r fact.Resource) { t.Errorf("%s: %s", k.Name(), r.ID) })
		if err == nil || !strings.HasPrefix(err.Error(), "cannot list ") {
			t.Errorf("%s: %v", k.Name(), err)
		}
	}
}

func TestWithoutUser(t *testing.T) {
	for in, want := range map[string]string{
		"https://u:p@github.com/a/b": "https://github.com/a/b", "https://github.com/a@b/c": "https://github.com/a@b/c", "bucket/key.zip": "bucket/key.zip",
		"https://github.com": "https://github.com", "https://a@b@evil.example/x": "https://evil.example/x",
	} {
		if got := withoutUser(in); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}
