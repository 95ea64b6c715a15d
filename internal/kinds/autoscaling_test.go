package kinds

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
	"cordon/internal/lab"
)

func makeLaunchConfiguration(t *testing.T, w kindtest.World) string {
	t.Helper()
	must[*autoscaling.CreateLaunchConfigurationOutput](t)(autoscaling.NewFromConfig(w.Config(here)).CreateLaunchConfiguration(t.Context(), &autoscaling.CreateLaunchConfigurationInput{
		LaunchConfigurationName: aws.String("miner"), ImageId: aws.String("ami-12c6146b"), InstanceType: aws.String("m5.large"), KeyName: aws.String("k"),
		UserData: aws.String(base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\ncurl evil"))),
	}))
	return "miner"
}

func makeScalingGroup(t *testing.T, w kindtest.World) string {
	t.Helper()
	makeLaunchConfiguration(t, w)
	must[*autoscaling.CreateAutoScalingGroupOutput](t)(autoscaling.NewFromConfig(w.Config(here)).CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("mine"), LaunchConfigurationName: aws.String("miner"),
		MinSize: aws.Int32(1), MaxSize: aws.Int32(9), AvailabilityZones: []string{here + "a"},
		Tags:               []types.Tag{{Key: aws.String("team"), Value: aws.String("x"), PropagateAtLaunch: aws.Bool(false)}},
		DeletionProtection: types.DeletionProtectionNone,
	}))
	return "mine"
}

func TestScalingGroup(t *testing.T) {
	kindtest.Run(t, kindtest.Case[scalingReader, scalingWriter]{
		Spec: autoScalingGroupSpec, Region: here, Setup: makeScalingGroup,
		Verbs: map[string]func(*testing.T, kindtest.World) string{
			// What was suspended before stays so.
			"suspend": func(t *testing.T, w kindtest.World) string {
				name := makeScalingGroup(t, w)
				must[*autoscaling.SuspendProcessesOutput](t)(autoscaling.NewFromConfig(w.Config(here)).SuspendProcesses(t.Context(), &autoscaling.SuspendProcessesInput{
					AutoScalingGroupName: &name, ScalingProcesses: []string{"AZRebalance"},
				}))
				return name
			},
			"unprotect": protectedGroup,
		},
	})
}

func protectedGroup(t *testing.T, w kindtest.World) string {
	name := makeScalingGroup(t, w)
	must[*autoscaling.UpdateAutoScalingGroupOutput](t)(autoscaling.NewFromConfig(w.Config(here)).UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: &name, DeletionProtection: types.DeletionProtectionPreventForceDeletion,
	}))
	return name
}

func TestScalingGroupFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, autoScalingGroup, protectedGroup(t, w))
	if p := fact.Protections.Or(r, nil); !slices.Equal(p, []string{"deletion"}) {
		t.Errorf("protections %v", p)
	}
	if r.UniqueID == "" || r.Created.IsZero() || !fact.Active.Or(r, false) || fact.Count.Or(r, 0) != 1 {
		t.Errorf("%q made %v: %s", r.UniqueID, r.Created, r.Facts)
	}
	want := fact.Ref{Kind: "autoscaling.launch-configuration", Place: r.Place, ID: "miner"}
	if held := autoScalingGroup.Holds(r); !slices.Contains(held, want) {
		t.Errorf("holds %v", held)
	}
	// Its instances are part of it, and go with it only when they are kept.
	i := listed(t, w, instance, groupMember(t, w))
	if parts := fact.PartOf.Or(i, nil); !slices.Contains(parts, r.Ref) {
		t.Errorf("part of %v", parts)
	}
	remove, _ := autoScalingGroup.Verb("delete")
	job := kind.Job{Resource: r, Case: "C-20260101-A"}
	if err := remove.Kept(t.Context(), w.Config(here), job); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("kept: %v", err)
	}
	copy, _ := instance.Verb("snapshot")
	if err := copy.Do(t.Context(), w.Config(here), kind.Job{Resource: i, Case: job.Case}, nil); err != nil {
		t.Fatal(err)
	}
	if err := remove.Kept(t.Context(), w.Config(here), job); err != nil {
		t.Errorf("kept: %v", err)
	}
}

func groupMember(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*autoscaling.DescribeAutoScalingInstancesOutput](t)(autoscaling.NewFromConfig(w.Config(here)).DescribeAutoScalingInstances(t.Context(), &autoscaling.DescribeAutoScalingInstancesInput{}))
	if len(out.AutoScalingInstances) != 1 {
		t.Fatalf("%d members", len(out.AutoScalingInstances))
	}
	return aws.ToString(out.AutoScalingInstances[0].InstanceId)
}

func TestLaunchConfiguration(t *testing.T) {
	kindtest.Run(t, kindtest.Case[launchConfigurationReader, launchConfigurationWriter]{Spec: launchConfigurationSpec, Region: here, Setup: makeLaunchConfiguration})
}

func TestLaunchConfigurationFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, launchConfiguration, makeLaunchConfiguration(t, w))
	if !fact.UserData.Or(r, false) || fact.InstanceType.Or(r, "") != "m5.large" || fact.Image.Or(r, "") != "ami-12c6146b" {
		t.Errorf("%s", r.Facts)
	}
	if text := factsText(r); strings.Contains(text, "evil") || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte("#!/bin/sh"))[:8]) {
		t.Errorf("user data in the facts: %s", text)
	}
}

// A service that is not to be had is an error, and never an empty listing.
func TestComputeDeniedIsAnError(t *testing.T) {
	w := kindtest.NewWorld(t)
	for _, service := range []string{"autoscaling", "ec2", "elb", "elbv2"} {
		if err := w.Lab.AddFault(t.Context(), lab.Fault{Match: map[string]string{"service": service}, Code: "UnauthorizedOperation", Status: 403}); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range []kind.Kind{
		autoScalingGroup, launchConfiguration, ec2Fleet, spotFleet, spotRequest, launchTemplate, capacityReservation, reservedInstances, ec2Settings,
		vpcEndpoint, natGateway, networkInterface, elasticIP, routeTable, networkACL, vpcPeering, internetGateway, flowLog, subnet, vpc,
		loadBalancer, targetGroup, classicBalancer,
	} {
		err := k.List(t.Context(), w.Config(here), fact.Place{Account: kindtest.Account, Region: here}, func(r fact.Resource) { t.Errorf("%s shows %s", k.Name(), r.ID) })
		if err == nil || !strings.HasPrefix(err.Error(), "cannot list ") {
			t.Errorf("%s: %v", k.Name(), err)
		}
	}
}
