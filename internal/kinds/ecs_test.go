package kinds

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

func makeECSCluster(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*ecs.CreateClusterOutput](t)(ecs.NewFromConfig(w.Config(here)).CreateCluster(t.Context(), &ecs.CreateClusterInput{
		ClusterName: aws.String("mine"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("x")}},
	}))
	return "mine"
}

func makeTaskDefinition(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*ecs.RegisterTaskDefinitionOutput](t)(ecs.NewFromConfig(w.Config(here)).RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("miner"), Cpu: aws.String("16384"), Memory: aws.String("32768"), NetworkMode: types.NetworkModeAwsvpc,
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate}, TaskRoleArn: aws.String("arn:aws:iam::111122223333:role/task"),
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("a"), Image: aws.String("docker.io/xmrig/xmrig"), Cpu: 256, Memory: aws.Int32(512),
			Environment: []types.KeyValuePair{{Name: aws.String("WALLET"), Value: aws.String("secret")}},
		}},
	}))
	return "miner:1"
}

func network(t *testing.T, w kindtest.World) *types.NetworkConfiguration {
	t.Helper()
	api := ec2.NewFromConfig(w.Config(here))
	subnets := must[*ec2.DescribeSubnetsOutput](t)(api.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{}))
	groups := must[*ec2.DescribeSecurityGroupsOutput](t)(api.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{}))
	return &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
		Subnets: []string{*subnets.Subnets[0].SubnetId}, SecurityGroups: []string{*groups.SecurityGroups[0].GroupId},
	}}
}

func makeECSService(t *testing.T, w kindtest.World) string {
	t.Helper()
	cluster, definition := makeECSCluster(t, w), makeTaskDefinition(t, w)
	must[*ecs.CreateServiceOutput](t)(ecs.NewFromConfig(w.Config(here)).CreateService(t.Context(), &ecs.CreateServiceInput{
		Cluster: &cluster, ServiceName: aws.String("dig"), TaskDefinition: &definition, DesiredCount: aws.Int32(3),
		LaunchType: types.LaunchTypeFargate, NetworkConfiguration: network(t, w),
	}))
	return "mine/dig"
}

func runTask(t *testing.T, w kindtest.World, group, starter string) string {
	t.Helper()
	out := must[*ecs.RunTaskOutput](t)(ecs.NewFromConfig(w.Config(here)).RunTask(t.Context(), &ecs.RunTaskInput{
		Cluster: aws.String("mine"), TaskDefinition: aws.String("miner:1"), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: network(t, w), Group: given(group), StartedBy: given(starter),
	}))
	return pastMark(":task/", *out.Tasks[0].TaskArn)
}

func makeECSTask(t *testing.T, w kindtest.World) string {
	t.Helper()
	makeECSCluster(t, w)
	makeTaskDefinition(t, w)
	return runTask(t, w, "", "")
}

func TestECSCluster(t *testing.T) {
	kindtest.Run(t, kindtest.Case[ecsClusterReader, ecsClusterWriter]{Spec: ecsClusterSpec, Region: here, Setup: makeECSCluster})
}

func TestECSService(t *testing.T) {
	kindtest.Run(t, kindtest.Case[ecsServiceReader, ecsServiceWriter]{Spec: ecsServiceSpec, Region: here, Setup: makeECSService})
}

func TestECSTask(t *testing.T) {
	kindtest.Run(t, kindtest.Case[ecsTaskReader, ecsTaskWriter]{Spec: ecsTaskSpec, Region: here, Setup: makeECSTask})
}

func TestTaskDefinition(t *testing.T) {
	kindtest.Run(t, kindtest.Case[taskDefinitionReader, taskDefinitionWriter]{Spec: taskDefinitionSpec, Region: here, Setup: makeTaskDefinition})
}

func TestECSFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	s := listed(t, w, ecsService, makeECSService(t, w))
	cluster, definition := listed(t, w, ecsCluster, "mine"), listed(t, w, taskDefinition, "miner:1")
	if held := ecsService.Holds(s); !slices.Equal(held, []fact.Ref{cluster.Ref, definition.Ref}) {
		t.Errorf("the service holds %v", held)
	}
	if fact.Count.Or(s, 0) != 3 || s.Created.IsZero() || fact.Tags.Or(cluster, nil)["team"] != "x" {
		t.Errorf("%v %s; %s", s.Created, s.Facts, cluster.Facts)
	}
	if definition.Created.IsZero() || fact.Image.Or(definition, "") != "docker.io/xmrig/xmrig" || fact.Detail.Or(definition, "") != "16384/32768" {
		t.Errorf("%v %s", definition.Created, definition.Facts)
	}
	// Who deletes the cluster first is refused, and told to wait.
	v, _ := ecsCluster.Verb("delete")
	if err := v.Do(t.Context(), w.Config(here), kind.Job{Resource: cluster}, nil); awsapi.Classify(err) != awsapi.InUse {
		t.Errorf("a cluster with a service is deleted: %v", err)
	}
}

// Whoever starts a task may say that a service did: it does not hide the task.
func TestTaskOfAService(t *testing.T) {
	w := kindtest.NewWorld(t)
	service := makeECSService(t, w)
	out := must[*ecs.DescribeServicesOutput](t)(ecs.NewFromConfig(w.Config(here)).DescribeServices(t.Context(), &ecs.DescribeServicesInput{
		Cluster: aws.String("mine"), Services: []string{"dig"},
	}))
	deployment := *out.Services[0].Deployments[0].Id
	for _, c := range []struct {
		group, starter string
		part           bool
	}{
		{"service:dig", deployment, true},
		{"service:dig", "ecs-svc/1", false},
		{"service:other", deployment, false},
		{"service:dig", "me", false},
		{"", "", false},
	} {
		r := listed(t, w, ecsTask, runTask(t, w, c.group, c.starter))
		whole := fact.PartOf.Or(r, nil)
		if c.part != (len(whole) == 1) || c.part && whole[0].ID != service {
			t.Errorf("%q started by %q is part of %v", c.group, c.starter, whole)
		}
	}
}
