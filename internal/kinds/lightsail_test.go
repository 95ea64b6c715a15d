package kinds

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lightsail"
	"github.com/aws/aws-sdk-go-v2/service/lightsail/types"
	"github.com/aws/aws-sdk-go-v2/service/workmail"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

func makeLightsail(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*lightsail.CreateInstancesOutput](t)(lightsail.NewFromConfig(w.Config(here)).CreateInstances(t.Context(), &lightsail.CreateInstancesInput{
		InstanceNames: []string{"box"}, BlueprintId: aws.String("debian_12"), BundleId: aws.String("2xlarge_3_0"), AvailabilityZone: aws.String(here + "a"),
		Tags: []types.Tag{{Key: aws.String("aws:cloudformation:stack-name"), Value: aws.String("base")}},
	}))
	return "box"
}

func TestLightsailInstance(t *testing.T) {
	kindtest.Run(t, kindtest.Case[lightsailReader, lightsailWriter]{Spec: lightsailSpec, Region: here, Setup: makeLightsail})
}

func TestLightsailInstanceFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, lightsailInstance, makeLightsail(t, w))
	if fact.InstanceType.Or(r, "") != "2xlarge_3_0" || fact.RunState.Or(r, "") != "running" || len(fact.Openings.Or(r, nil)) != 4 || r.Created.IsZero() {
		t.Errorf("%v %s", r.Created, r.Facts)
	}
	if of := fact.PartOf.Or(r, nil); len(of) != 1 || of[0].ID != "base" {
		t.Errorf("part of %v", of)
	}
	wantAbsent(t, w, lightsailInstance, "lightsail", "GetInstances")
	wantAbsent(t, w, lightsailKey, "lightsail", "GetKeyPairs")
	wantAbsent(t, w, staticIP, "lightsail", "GetStaticIps")
	wantAbsent(t, w, containerService, "lightsail", "GetContainerServices")
	wantAbsent(t, w, lightsailSnapshot, "lightsail", "GetInstanceSnapshots")
}

func TestLightsailIsDeletedOnlyWhenItsDiskIsKept(t *testing.T) {
	w := kindtest.NewWorld(t)
	job := kind.Job{Resource: listed(t, w, lightsailInstance, makeLightsail(t, w)), Case: "C-20260101-A"}
	remove, _ := lightsailInstance.Verb("delete")
	snapshot, _ := lightsailInstance.Verb("snapshot")
	if err := remove.Kept(t.Context(), w.Config(here), job); !errors.Is(err, kind.ErrUnkept) {
		t.Fatalf("without a snapshot: %v", err)
	}
	if err := snapshot.Do(t.Context(), w.Config(here), job, nil); err != nil {
		t.Fatal(err)
	}
	if err := remove.Kept(t.Context(), w.Config(here), job); err != nil {
		t.Errorf("with a snapshot: %v", err)
	}
	job.Case = "C-20260102-B"
	if err := remove.Kept(t.Context(), w.Config(here), job); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("another case's snapshot counts: %v", err)
	}
}

func TestLightsailSnapshot(t *testing.T) {
	kindtest.Run(t, kindtest.Case[lightsailSnapshotReader, noWriter]{
		Spec: lightsailSnapshotSpec, Region: here, Setup: func(t *testing.T, w kindtest.World) string {
			name := makeLightsail(t, w)
			must[*lightsail.CreateInstanceSnapshotOutput](t)(lightsail.NewFromConfig(w.Config(here)).CreateInstanceSnapshot(t.Context(), &lightsail.CreateInstanceSnapshotInput{
				InstanceName: &name, InstanceSnapshotName: aws.String("first"),
			}))
			return "first"
		},
	})
}

// A listing goes on to the last page.
func TestLightsailPages(t *testing.T) {
	w := kindtest.NewWorld(t)
	names := []string{}
	for c := 'a'; c <= 'w'; c++ {
		names = append(names, string(c))
	}
	must[*lightsail.CreateInstancesOutput](t)(lightsail.NewFromConfig(w.Config(here)).CreateInstances(t.Context(), &lightsail.CreateInstancesInput{
		InstanceNames: names, BlueprintId: aws.String("debian_12"), BundleId: aws.String("nano_3_0"), AvailabilityZone: aws.String(here + "a"),
	}))
	found := 0
	err := lightsailInstance.List(t.Context(), w.Config(here), fact.Place{Account: kindtest.Account, Region: here}, func(fact.Resource) { found++ })
	if err != nil || found != len(names) {
		t.Errorf("%d of %d, %v", found, len(names), err)
	}
}

func TestLightsailKey(t *testing.T) {
	kindtest.Run(t, kindtest.Case[lightsailKeyReader, lightsailKeyWriter]{
		Spec: lightsailKeySpec, Region: here, Setup: func(t *testing.T, w kindtest.World) string {
			must[*lightsail.CreateKeyPairOutput](t)(lightsail.NewFromConfig(w.Config(here)).CreateKeyPair(t.Context(), &lightsail.CreateKeyPairInput{KeyPairName: aws.String("mine")}))
			return "mine"
		},
	})
}

func TestStaticIP(t *testing.T) {
	kindtest.Run(t, kindtest.Case[staticIPReader, staticIPWriter]{
		Spec: staticIPSpec, Region: here, Setup: func(t *testing.T, w kindtest.World) string {
			must[*lightsail.AllocateStaticIpOutput](t)(lightsail.NewFromConfig(w.Config(here)).AllocateStaticIp(t.Context(), &lightsail.AllocateStaticIpInput{StaticIpName: aws.String("fixed")}))
			return "fixed"
		},
	})
}

func makeContainer(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*lightsail.CreateContainerServiceOutput](t)(lightsail.NewFromConfig(w.Config(here)).CreateContainerService(t.Context(), &lightsail.CreateContainerServiceInput{
		ServiceName: aws.String("web"), Power: types.ContainerServicePowerNameXlarge, Scale: aws.Int32(20),
		Deployment: &types.ContainerServiceDeploymentRequest{Containers: map[string]types.Container{"app": {Image: aws.String("evil/miner"), Environment: map[string]string{"WALLET": "0xabc"}}}},
	}))
	return "web"
}

func TestContainerService(t *testing.T) {
	kindtest.Run(t, kindtest.Case[containerReader, containerWriter]{Spec: containerSpec, Region: here, Setup: makeContainer})
}

func TestContainerServiceFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, containerService, makeContainer(t, w))
	if fact.Image.Or(r, "") != "evil/miner" || fact.Count.Or(r, 0) != 20 || !fact.Active.Or(r, false) {
		t.Errorf("%s", r.Facts)
	}
}

func makeMailOrganization(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*workmail.CreateOrganizationOutput](t)(workmail.NewFromConfig(w.Config(here)).CreateOrganization(t.Context(), &workmail.CreateOrganizationInput{Alias: aws.String("billing-desk")}))
	return aws.ToString(out.OrganizationId)
}

func TestMailOrganization(t *testing.T) {
	kindtest.Run(t, kindtest.Case[workmailReader, workmailWriter]{Spec: workmailSpec, Region: here, Setup: makeMailOrganization})
}

func TestMailOrganizationFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, mailOrganization, makeMailOrganization(t, w))
	if fact.Detail.Or(r, "") != "billing-desk.awsapps.com" || r.Created.IsZero() || r.ARN == "" {
		t.Errorf("%v %s", r.Created, r.Facts)
	}
	must[*workmail.DeleteOrganizationOutput](t)(workmail.NewFromConfig(w.Config(here)).DeleteOrganization(t.Context(), &workmail.DeleteOrganizationInput{OrganizationId: &r.ID, DeleteDirectory: true}))
	wantNone(t, w, mailOrganization) // AWS still lists it, as Deleted
	wantAbsent(t, w, mailOrganization, "workmail", "ListOrganizations")
}
