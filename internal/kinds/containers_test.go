package kinds

import (
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	batchtypes "github.com/aws/aws-sdk-go-v2/service/batch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

func makeRepository(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := ecr.NewFromConfig(w.Config(here))
	must[*ecr.CreateRepositoryOutput](t)(api.CreateRepository(t.Context(), &ecr.CreateRepositoryInput{RepositoryName: aws.String("shop/web")}))
	must[*ecr.SetRepositoryPolicyOutput](t)(api.SetRepositoryPolicy(t.Context(), &ecr.SetRepositoryPolicyInput{
		RepositoryName: aws.String("shop/web"), PolicyText: aws.String(`{"Version":"2012-10-17","Statement":[
			{"Sid":"own","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"ecr:BatchGetImage"},
			{"Sid":"theirs","Effect":"Allow","Principal":"*","Action":["ecr:BatchGetImage","ecr:PutImage"]}]}`),
	}))
	return "shop/web"
}

func pushImage(t *testing.T, w kindtest.World, name string) {
	t.Helper()
	must[*ecr.PutImageOutput](t)(ecr.NewFromConfig(w.Config(here)).PutImage(t.Context(), &ecr.PutImageInput{
		RepositoryName: &name, ImageTag: aws.String("latest"), ImageManifest: aws.String(
			`{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",` +
				`"config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":1,"digest":"sha256:a"},"layers":[]}`),
	}))
}

func TestRepository(t *testing.T) {
	kindtest.Run(t, kindtest.Case[repositoryReader, repositoryWriter]{
		Spec: repositorySpec, Region: here, Setup: makeRepository,
		Before: map[string]func(*testing.T, kindtest.World, string) string{
			"restore-policy": func(*testing.T, kindtest.World, string) string { return "" },
		},
	})
}

func TestRepositoryFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	name := makeRepository(t, w)
	v, _ := repository.Verb("delete")
	job := kind.Job{Resource: listed(t, w, repository, name)}
	if !fact.Public.Or(job.Resource, false) || fact.Count.Or(job.Resource, -1) != 0 {
		t.Errorf("%s", job.Facts)
	}
	if err := v.Kept(t.Context(), w.Config(here), job); err != nil {
		t.Errorf("an empty repository: %v", err)
	}
	pushImage(t, w, name)
	r := listed(t, w, repository, name)
	if fact.Count.Or(r, 0) != 1 || fact.Modified.Or(r, r.Created).IsZero() {
		t.Errorf("%s", r.Facts)
	}
	if err := v.Kept(t.Context(), w.Config(here), job); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("images without a copy are deleted: %v", err)
	}
	if err := v.Do(t.Context(), w.Config(here), job, nil); err == nil {
		t.Error("a repository with images is deleted")
	}
	kept := map[string]int{}
	err := repository.Keep(t.Context(), w.Config(here), r, func(name string, b []byte) error { kept[name] = len(b); return nil })
	if err != nil || kept["manifests.json"] == 0 || kept["policy.json"] == 0 {
		t.Errorf("%v: %v", kept, err)
	}
}

func aRole(t *testing.T, w kindtest.World) *string {
	t.Helper()
	return must[*iam.CreateRoleOutput](t)(iam.NewFromConfig(w.Config(here)).CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName: aws.String("service"), AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`),
	})).Role.Arn
}

func someSubnets(t *testing.T, w kindtest.World) (out []string) {
	t.Helper()
	for _, s := range must[*ec2.DescribeSubnetsOutput](t)(ec2.NewFromConfig(w.Config(here)).DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})).Subnets {
		out = append(out, *s.SubnetId)
	}
	return out
}

func makeEKSCluster(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*eks.CreateClusterOutput](t)(eks.NewFromConfig(w.Config(here)).CreateCluster(t.Context(), &eks.CreateClusterInput{
		Name: aws.String("mine"), RoleArn: aRole(t, w), ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: someSubnets(t, w)},
		AccessConfig: &ekstypes.CreateAccessConfigRequest{AuthenticationMode: ekstypes.AuthenticationModeApi},
	}))
	return "mine"
}

func protectedEKSCluster(t *testing.T, w kindtest.World) string {
	t.Helper()
	name := makeEKSCluster(t, w)
	must[*eks.UpdateClusterConfigOutput](t)(eks.NewFromConfig(w.Config(here)).UpdateClusterConfig(t.Context(), &eks.UpdateClusterConfigInput{
		Name: &name, DeletionProtection: aws.Bool(true),
	}))
	return name
}

func makeNodegroup(t *testing.T, w kindtest.World) string {
	t.Helper()
	name := makeEKSCluster(t, w)
	must[*eks.CreateNodegroupOutput](t)(eks.NewFromConfig(w.Config(here)).CreateNodegroup(t.Context(), &eks.CreateNodegroupInput{
		ClusterName: &name, NodegroupName: aws.String("gpu"), NodeRole: aws.String("arn:aws:iam::111122223333:role/service"), Subnets: someSubnets(t, w),
		InstanceTypes: []string{"g5.xlarge"},
		ScalingConfig: &ekstypes.NodegroupScalingConfig{MinSize: aws.Int32(2), DesiredSize: aws.Int32(3), MaxSize: aws.Int32(9)},
	}))
	return name + "/gpu"
}

func makeAccessEntry(t *testing.T, w kindtest.World) string {
	t.Helper()
	name, who, api := makeEKSCluster(t, w), aws.String("arn:aws:iam::444455556666:role/them"), eks.NewFromConfig(w.Config(here))
	must[*eks.CreateAccessEntryOutput](t)(api.CreateAccessEntry(t.Context(), &eks.CreateAccessEntryInput{ClusterName: &name, PrincipalArn: who}))
	must[*eks.AssociateAccessPolicyOutput](t)(api.AssociateAccessPolicy(t.Context(), &eks.AssociateAccessPolicyInput{
		ClusterName: &name, PrincipalArn: who, PolicyArn: aws.String("arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"),
		AccessScope: &ekstypes.AccessScope{Type: ekstypes.AccessScopeTypeCluster},
	}))
	return name + "/" + *who
}

func TestEKSCluster(t *testing.T) {
	kindtest.Run(t, kindtest.Case[eksClusterReader, eksClusterWriter]{
		Spec: eksClusterSpec, Region: here, Setup: makeEKSCluster,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"unprotect": protectedEKSCluster},
	})
}

func TestNodegroup(t *testing.T) {
	kindtest.Run(t, kindtest.Case[nodegroupReader, nodegroupWriter]{Spec: nodegroupSpec, Region: here, Setup: makeNodegroup})
}

func TestAccessEntry(t *testing.T) {
	kindtest.Run(t, kindtest.Case[accessEntryReader, accessEntryWriter]{Spec: accessEntrySpec, Region: here, Setup: makeAccessEntry})
}

func TestEKSFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, eksCluster, protectedEKSCluster(t, w))
	if got := fact.Protections.Or(r, nil); !slices.Equal(got, []string{"deletion"}) || r.Created.IsZero() {
		t.Errorf("%v %s", r.Created, r.Facts)
	}
	w = kindtest.NewWorld(t)
	n := listed(t, w, nodegroup, makeNodegroup(t, w))
	if held := nodegroup.Holds(n); held[0] != listed(t, w, eksCluster, "mine").Ref || fact.Count.Or(n, 0) != 3 || fact.InstanceType.Or(n, "") != "g5.xlarge" {
		t.Errorf("%v %s", held, n.Facts)
	}
	w = kindtest.NewWorld(t)
	e := listed(t, w, accessEntry, makeAccessEntry(t, w))
	if !slices.Equal(fact.SharedWith.Or(e, nil), []string{"444455556666"}) || fact.Detail.Or(e, "") != "AmazonEKSClusterAdminPolicy" {
		t.Errorf("%s", e.Facts)
	}
}

// A cluster that goes by its aws-auth map refuses to list entries: it has none.
func TestClusterWithoutAccessEntries(t *testing.T) {
	w := kindtest.NewWorld(t)
	must[*eks.CreateClusterOutput](t)(eks.NewFromConfig(w.Config(here)).CreateCluster(t.Context(), &eks.CreateClusterInput{
		Name: aws.String("old"), RoleArn: aRole(t, w), ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: someSubnets(t, w)},
	}))
	err := accessEntry.List(t.Context(), w.Config(here), fact.Place{Account: kindtest.Account, Region: here}, func(r fact.Resource) { t.Errorf("%v", r.Ref) })
	if err != nil {
		t.Error(err)
	}
}

func makeComputeEnvironment(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*batch.CreateComputeEnvironmentOutput](t)(batch.NewFromConfig(w.Config(here)).CreateComputeEnvironment(t.Context(), &batch.CreateComputeEnvironmentInput{
		ComputeEnvironmentName: aws.String("farm"), Type: batchtypes.CETypeUnmanaged, State: batchtypes.CEStateEnabled, ServiceRole: aRole(t, w),
	}))
	return "farm"
}

func disabledComputeEnvironment(t *testing.T, w kindtest.World) string {
	t.Helper()
	name := makeComputeEnvironment(t, w)
	must[*batch.UpdateComputeEnvironmentOutput](t)(batch.NewFromConfig(w.Config(here)).UpdateComputeEnvironment(t.Context(), &batch.UpdateComputeEnvironmentInput{
		ComputeEnvironment: &name, State: batchtypes.CEStateDisabled,
	}))
	return name
}

func makeJobQueue(t *testing.T, w kindtest.World) string {
	t.Helper()
	name := makeComputeEnvironment(t, w)
	must[*batch.CreateJobQueueOutput](t)(batch.NewFromConfig(w.Config(here)).CreateJobQueue(t.Context(), &batch.CreateJobQueueInput{
		JobQueueName: aws.String("line"), Priority: aws.Int32(1), State: batchtypes.JQStateEnabled,
		ComputeEnvironmentOrder: []batchtypes.ComputeEnvironmentOrder{{ComputeEnvironment: &name, Order: aws.Int32(1)}},
	}))
	return "line"
}

func disabledJobQueue(t *testing.T, w kindtest.World) string {
	t.Helper()
	name := makeJobQueue(t, w)
	must[*batch.UpdateJobQueueOutput](t)(batch.NewFromConfig(w.Config(here)).UpdateJobQueue(t.Context(), &batch.UpdateJobQueueInput{
		JobQueue: &name, State: batchtypes.JQStateDisabled,
	}))
	return name
}

func makeJobDefinition(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*batch.RegisterJobDefinitionOutput](t)(batch.NewFromConfig(w.Config(here)).RegisterJobDefinition(t.Context(), &batch.RegisterJobDefinitionInput{
		JobDefinitionName: aws.String("dig"), Type: batchtypes.JobDefinitionTypeContainer,
		ContainerProperties: &batchtypes.ContainerProperties{
			//lint:ignore SA1019 the emulator answers the member that replaces them with a fraction
			Image: aws.String("docker.io/xmrig/xmrig"), Vcpus: aws.Int32(1), Memory: aws.Int32(128), Command: []string{"dig"},
		},
	}))
	return "dig:1"
}

func makeJob(t *testing.T, w kindtest.World) string {
	t.Helper()
	queue, definition := makeJobQueue(t, w), makeJobDefinition(t, w)
	return *must[*batch.SubmitJobOutput](t)(batch.NewFromConfig(w.Config(here)).SubmitJob(t.Context(), &batch.SubmitJobInput{
		JobName: aws.String("now"), JobQueue: &queue, JobDefinition: &definition,
	})).JobId
}

func TestComputeEnvironment(t *testing.T) {
	kindtest.Run(t, kindtest.Case[computeEnvironmentReader, computeEnvironmentWriter]{
		Spec: computeEnvironmentSpec, Region: here, Setup: makeComputeEnvironment,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"delete": disabledComputeEnvironment},
	})
}

func TestJobQueue(t *testing.T) {
	kindtest.Run(t, kindtest.Case[jobQueueReader, jobQueueWriter]{
		Spec: jobQueueSpec, Region: here, Setup: makeJobQueue,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"delete": disabledJobQueue},
	})
}

func TestJobDefinition(t *testing.T) {
	kindtest.Run(t, kindtest.Case[jobDefinitionReader, jobDefinitionWriter]{Spec: jobDefinitionSpec, Region: here, Setup: makeJobDefinition})
}

func TestBatchJob(t *testing.T) {
	kindtest.Run(t, kindtest.Case[batchJobReader, batchJobWriter]{Spec: batchJobSpec, Region: here, Setup: makeJob})
}

func TestBatchFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	job := listed(t, w, batchJob, makeJob(t, w))
	queue, environment := listed(t, w, jobQueue, "line"), listed(t, w, computeEnvironment, "farm")
	if whole := fact.PartOf.Or(job, nil); len(whole) != 1 || whole[0] != queue.Ref || job.Created.IsZero() {
		t.Errorf("made %v, part of %v", job.Created, whole)
	}
	if held := jobQueue.Holds(queue); !slices.Equal(held, []fact.Ref{environment.Ref}) || !fact.Active.Or(environment, false) {
		t.Errorf("the queue holds %v; %s", held, environment.Facts)
	}
	if r := listed(t, w, jobDefinition, "dig:1"); fact.Image.Or(r, "") != "docker.io/xmrig/xmrig" {
		t.Errorf("%s", r.Facts)
	}
}
