package kinds

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

func factsText(r fact.Resource) string {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func ec2In(w kindtest.World) *ec2.Client { return ec2.NewFromConfig(w.Config(here)) }

func makeTemplate(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := ec2In(w)
	data := func(kind types.InstanceType) *types.RequestLaunchTemplateData {
		return &types.RequestLaunchTemplateData{
			ImageId: aws.String("ami-12c6146b"), InstanceType: kind, UserData: aws.String(base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\ncurl evil"))),
		}
	}
	out := must[*ec2.CreateLaunchTemplateOutput](t)(api.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("web"), LaunchTemplateData: data(types.InstanceTypeM5Large),
	}))
	must[*ec2.CreateLaunchTemplateVersionOutput](t)(api.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: out.LaunchTemplate.LaunchTemplateId, LaunchTemplateData: data(types.InstanceTypeG4dnXlarge),
	}))
	must[*ec2.ModifyLaunchTemplateOutput](t)(api.ModifyLaunchTemplate(t.Context(), &ec2.ModifyLaunchTemplateInput{
		LaunchTemplateId: out.LaunchTemplate.LaunchTemplateId, DefaultVersion: aws.String("2"),
	}))
	return aws.ToString(out.LaunchTemplate.LaunchTemplateId)
}

func TestLaunchTemplate(t *testing.T) {
	kindtest.Run(t, kindtest.Case[launchTemplateReader, launchTemplateWriter]{
		Spec: launchTemplateSpec, Region: here, Setup: makeTemplate,
		Before: map[string]func(*testing.T, kindtest.World, string) string{
			"restore-default-version": func(*testing.T, kindtest.World, string) string { return "1" },
		},
	})
}

func TestLaunchTemplateFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, launchTemplate, makeTemplate(t, w))
	if !fact.UserData.Or(r, false) || fact.InstanceType.Or(r, "") != "g4dn.xlarge" || fact.Count.Or(r, 0) != 2 || fact.Maker.Or(r, "") == "" {
		t.Errorf("%s", r.Facts)
	}
	if got := fact.Aspects.Or(r, nil)["default-version"]; got != "2" {
		t.Errorf("default version %q", got)
	}
	if text := factsText(r); strings.Contains(text, base64.StdEncoding.EncodeToString([]byte("#!/bin/sh"))[:8]) {
		t.Errorf("user data in the facts: %s", text)
	}
	for request, want := range map[string]string{
		`{"ModifyLaunchTemplateRequest":{"LaunchTemplateId":"lt-1","SetDefaultVersion":3}}`:         "3",
		`{"ModifyLaunchTemplateRequest":{"LaunchTemplateId":"lt-1","SetDefaultVersion":"$Latest"}}`: "",
		`{"setDefaultVersion":"2"}`: "2", `{}`: "",
	} {
		got, ok := recallDefaultVersion("ModifyLaunchTemplate", json.RawMessage(request), nil)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q, %v", request, got, ok)
		}
	}
}

func makeSpotRequest(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.RequestSpotInstancesOutput](t)(ec2In(w).RequestSpotInstances(t.Context(), &ec2.RequestSpotInstancesInput{
		SpotPrice: aws.String("0.5"), Type: types.SpotInstanceTypePersistent, InstanceCount: aws.Int32(1),
		LaunchSpecification: &types.RequestSpotLaunchSpecification{ImageId: aws.String("ami-12c6146b"), InstanceType: types.InstanceTypeM5Large},
	}))
	return aws.ToString(out.SpotInstanceRequests[0].SpotInstanceRequestId)
}

func TestSpotRequest(t *testing.T) {
	kindtest.Run(t, kindtest.Case[spotReader, spotWriter]{Spec: spotRequestSpec, Region: here, Setup: makeSpotRequest})
}

func makeSpotFleet(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.RequestSpotFleetOutput](t)(ec2In(w).RequestSpotFleet(t.Context(), &ec2.RequestSpotFleetInput{
		SpotFleetRequestConfig: &types.SpotFleetRequestConfigData{
			IamFleetRole: aws.String("arn:aws:iam::" + kindtest.Account + ":role/fleet"), TargetCapacity: aws.Int32(1), SpotPrice: aws.String("0.5"),
			AllocationStrategy:   types.AllocationStrategyLowestPrice,
			LaunchSpecifications: []types.SpotFleetLaunchSpecification{{ImageId: aws.String("ami-12c6146b"), InstanceType: types.InstanceTypeM5Large, SubnetId: aws.String(anySubnet(t, w))}},
		},
	}))
	return aws.ToString(out.SpotFleetRequestId)
}

func anySubnet(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.DescribeSubnetsOutput](t)(ec2In(w).DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{}))
	return aws.ToString(out.Subnets[0].SubnetId)
}

func TestSpotFleet(t *testing.T) {
	kindtest.Run(t, kindtest.Case[spotReader, spotWriter]{Spec: spotFleetSpec, Region: here, Setup: makeSpotFleet})
}

// Cancelling leaves the instances, which are evidence.
func TestSpotFleetLeavesInstances(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, spotFleet, makeSpotFleet(t, w))
	if fact.Role.Or(r, "") == "" || fact.Count.Or(r, 0) != 1 {
		t.Errorf("%s", r.Facts)
	}
	cancel, _ := spotFleet.Verb("cancel-spot-fleet")
	if err := cancel.Do(t.Context(), w.Config(here), kind.Job{Resource: r}, nil); err != nil {
		t.Fatal(err)
	}
	out := must[*ec2.DescribeInstancesOutput](t)(ec2In(w).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{}))
	for _, reservation := range out.Reservations {
		for _, i := range reservation.Instances {
			if i.State.Name != types.InstanceStateNameRunning {
				t.Errorf("%s is %s", aws.ToString(i.InstanceId), i.State.Name)
			}
		}
	}
	if len(out.Reservations) == 0 {
		t.Error("the fleet started nothing")
	}
}

func makeFleet(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.CreateFleetOutput](t)(ec2In(w).CreateFleet(t.Context(), &ec2.CreateFleetInput{
		Type: types.FleetTypeMaintain,
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{
			LaunchTemplateId: aws.String(makeTemplate(t, w)), Version: aws.String("1"),
		}}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(1), OnDemandTargetCapacity: aws.Int32(1), DefaultTargetCapacityType: types.DefaultTargetCapacityTypeOnDemand},
	}))
	return aws.ToString(out.FleetId)
}

func TestFleet(t *testing.T) {
	kindtest.Run(t, kindtest.Case[fleetReader, fleetWriter]{Spec: ec2FleetSpec, Region: here, Setup: makeFleet})
}

func TestFleetFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, ec2Fleet, makeFleet(t, w))
	if held := ec2Fleet.Holds(r); len(held) != 1 || held[0].Kind != "ec2.launch-template" {
		t.Errorf("holds %v", held)
	}
	if !ec2Fleets.over(types.FleetData{Type: types.FleetTypeInstant, FleetState: types.FleetStateCodeActive}) {
		t.Error("an instant fleet has nothing to cancel")
	}
}

func TestReservedInstances(t *testing.T) {
	kindtest.Run(t, kindtest.Case[reservedInstancesReader, noWriter]{Spec: reservedInstancesSpec, Region: here, Setup: func(t *testing.T, w kindtest.World) string {
		out := must[*ec2.PurchaseReservedInstancesOfferingOutput](t)(ec2In(w).PurchaseReservedInstancesOffering(t.Context(), &ec2.PurchaseReservedInstancesOfferingInput{
			InstanceCount: aws.Int32(3), ReservedInstancesOfferingId: aws.String("f1a0"),
		}))
		r := listed(t, w, reservedInstances, aws.ToString(out.ReservedInstancesId))
		if fact.Count.Or(r, 0) != 3 || r.Created.IsZero() {
			t.Errorf("%s made %v", r.Facts, r.Created)
		}
		return r.ID
	}})
}

func TestCapacityReservation(t *testing.T) {
	kindtest.Run(t, kindtest.Case[capacityReader, capacityWriter]{Spec: capacityReservationSpec, Region: here, Setup: func(t *testing.T, w kindtest.World) string {
		out := must[*ec2.CreateCapacityReservationOutput](t)(ec2In(w).CreateCapacityReservation(t.Context(), &ec2.CreateCapacityReservationInput{
			InstanceCount: aws.Int32(4), InstanceType: aws.String("p4d.24xlarge"), InstancePlatform: types.CapacityReservationInstancePlatformLinuxUnix, AvailabilityZone: aws.String(here + "a"),
		}))
		r := listed(t, w, capacityReservation, aws.ToString(out.CapacityReservation.CapacityReservationId))
		if fact.Count.Or(r, 0) != 4 || fact.InstanceType.Or(r, "") != "p4d.24xlarge" {
			t.Errorf("%s", r.Facts)
		}
		return r.ID
	}})
}

func TestEC2Settings(t *testing.T) {
	say := func(s string) func(*testing.T, kindtest.World, string) string {
		return func(*testing.T, kindtest.World, string) string { return s }
	}
	open := func(t *testing.T, w kindtest.World) string {
		must[*ec2.EnableSerialConsoleAccessOutput](t)(ec2In(w).EnableSerialConsoleAccess(t.Context(), &ec2.EnableSerialConsoleAccessInput{}))
		return settingsID
	}
	kindtest.Run(t, kindtest.Case[settingsReader, settingsWriter]{
		Spec: ec2SettingsSpec, Region: here, Setup: open,
		Before: map[string]func(*testing.T, kindtest.World, string) string{
			"restore-serial-console": say("false"), "restore-snapshot-block": say("block-all-sharing"),
			"restore-image-block": say("block-new-sharing"), "restore-disk-encryption": say("true"),
		},
	})
}

func TestEC2SettingsFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	must[*ec2.EnableSerialConsoleAccessOutput](t)(ec2In(w).EnableSerialConsoleAccess(t.Context(), &ec2.EnableSerialConsoleAccessInput{}))
	got := fact.Aspects.Or(listed(t, w, ec2Settings, settingsID), nil)
	for aspect, want := range map[string]string{"serial-console": "true", "snapshot-block": unblocked, "image-block": unblocked, "disk-encryption": "false"} {
		if got[aspect] != want {
			t.Errorf("%s = %q, want %q", aspect, got[aspect], want)
		}
	}
	for _, c := range []struct{ verb, call, request, want string }{
		{"restore-serial-console", "EnableSerialConsoleAccess", `{}`, "true"},
		{"restore-serial-console", "DisableSerialConsoleAccess", `{}`, "false"},
		{"restore-snapshot-block", "EnableSnapshotBlockPublicAccess", `{"EnableSnapshotBlockPublicAccessRequest":{"State":"block-new-sharing"}}`, "block-new-sharing"},
		{"restore-snapshot-block", "EnableSnapshotBlockPublicAccess", `{}`, ""},
		{"restore-snapshot-block", "DisableSnapshotBlockPublicAccess", `{}`, unblocked},
		{"restore-image-block", "EnableImageBlockPublicAccess", `{}`, "block-new-sharing"},
		{"restore-disk-encryption", "StartInstances", `{}`, ""},
	} {
		v, _ := ec2Settings.Verb(c.verb)
		if got, ok := v.Recall(c.call, json.RawMessage(c.request), nil); ok != (c.want != "") || got != c.want {
			t.Errorf("%s %s: %q, %v", c.call, c.request, got, ok)
		}
	}
}

func TestControllers(t *testing.T) {
	tag := func(kv ...string) (all []types.Tag) {
		for i := 0; i < len(kv); i += 2 {
			all = append(all, types.Tag{Key: &kv[i], Value: &kv[i+1]})
		}
		return all
	}
	for _, c := range []struct {
		tags []types.Tag
		want []string
	}{
		{tag("autoscaling:groupName", "forged", "eks:nodegroup-name", "forged", "elasticbeanstalk:environment-id", "e-forged"), nil},
		{tag("aws:autoscaling:groupName", "web"), []string{"autoscaling.group web"}},
		{tag("aws:ec2:fleet-id", "fleet-1"), []string{"ec2.fleet fleet-1"}},
		{tag("aws:ec2spot:fleet-request-id", "sfr-1"), []string{"ec2.spot-fleet sfr-1"}},
		{tag("aws:elasticmapreduce:job-flow-id", "j-1"), []string{"emr.cluster j-1"}},
		{tag("aws:cloudformation:stack-name", "shop"), []string{"cloudformation.stack shop"}},
		{
			tag("aws:autoscaling:groupName", "eks-pool-1-8ac2", "eks:nodegroup-name", "pool-1", "eks:cluster-name", "prod"),
			[]string{"autoscaling.group eks-pool-1-8ac2", "eks.nodegroup prod/pool-1"},
		},
		{
			tag("aws:cloudformation:stack-name", "awseb-e-1-stack", "elasticbeanstalk:environment-id", "e-1"),
			[]string{"cloudformation.stack awseb-e-1-stack", "beanstalk.environment e-1"},
		},
	} {
		var got []string
		for _, p := range fact.PartOf.Or(instanceOf(fact.Place{Account: "1", Region: here}, types.Instance{Tags: c.tags}), nil) {
			got = append(got, string(p.Kind)+" "+p.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("part of %v, want %v", got, c.want)
		}
	}
}

// What a disk is deleted with has a complete copy of this case, and the copy
// is newer than the disk is there.
func TestTerminateWantsCopies(t *testing.T) {
	w, ctx := kindtest.NewWorld(t), t.Context()
	r := listed(t, w, instance, runOne(t, w))
	end, _ := instance.Verb("terminate")
	copy, _ := instance.Verb("snapshot")
	job := kind.Job{Resource: r, Case: "C-20260101-A"}
	if err := end.Kept(ctx, w.Config(here), job); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("without a copy: %v", err)
	}
	other := job
	other.Case = "C-20250101-B"
	if err := copy.Do(ctx, w.Config(here), other, nil); err != nil {
		t.Fatal(err)
	}
	if err := end.Kept(ctx, w.Config(here), job); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("with a copy of another case: %v", err)
	}
	if err := copy.Do(ctx, w.Config(here), job, nil); err != nil {
		t.Fatal(err)
	}
	if err := end.Kept(ctx, w.Config(here), job); err != nil {
		t.Errorf("with a copy: %v", err)
	}
	// The copy is evidence of its case, and the last of the disk after it.
	mine := must[[]types.Snapshot](t)(copies(ctx, ec2In(w), caseTag, job.Case))
	evidence := listed(t, w, snapshot, aws.ToString(mine[0].SnapshotId))
	drop, _ := snapshot.Verb("delete")
	if err := drop.Kept(ctx, w.Config(here), kind.Job{Resource: evidence, Case: job.Case}); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("evidence may be deleted: %v", err)
	}
	if err := drop.Kept(ctx, w.Config(here), kind.Job{Resource: evidence, Case: "C-20240101-C"}); err != nil {
		t.Errorf("of another case: %v", err)
	}
	if err := end.Do(ctx, w.Config(here), job, nil); err != nil {
		t.Fatal(err)
	}
	if err := copy.Undo(ctx, w.Config(here), job, json.RawMessage(`[]`)); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("the last copy of a disk is deleted: %v", err)
	}
}

func TestUncopied(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	have := func(state types.SnapshotState, start time.Time) []types.Snapshot {
		return []types.Snapshot{{VolumeId: aws.String("vol-1"), State: state, StartTime: &start}}
	}
	for name, c := range map[string]struct {
		have     []types.Snapshot
		complete bool
		want     string
	}{
		"none":                  {nil, false, "vol-1"},
		"pending, any will do":  {have(types.SnapshotStatePending, at), false, ""},
		"pending, not complete": {have(types.SnapshotStatePending, at), true, "vol-1"},
		"complete":              {have(types.SnapshotStateCompleted, at), true, ""},
		"older than the disk":   {have(types.SnapshotStateCompleted, at.Add(-time.Second)), true, "vol-1"},
	} {
		if got := uncopied([]disk{{volume: "vol-1", since: at}}, c.have, c.complete); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestVolumeDeleteWantsACopy(t *testing.T) {
	w, ctx := kindtest.NewWorld(t), t.Context()
	r := listed(t, w, volume, makeVolume(t, w))
	drop, _ := volume.Verb("delete")
	copy, _ := volume.Verb("snapshot")
	job := kind.Job{Resource: r, Case: "C-20260101-A"}
	if err := drop.Kept(ctx, w.Config(here), job); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("without a copy: %v", err)
	}
	if err := copy.Do(ctx, w.Config(here), job, nil); err != nil {
		t.Fatal(err)
	}
	if err := drop.Kept(ctx, w.Config(here), job); err != nil {
		t.Errorf("with a copy: %v", err)
	}
}
