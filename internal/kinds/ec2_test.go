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
	"cordon/internal/plan"
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

func lastingOne(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := runOne(t, w)
	must[*ec2.ModifyInstanceAttributeOutput](t)(ec2.NewFromConfig(w.Config(here)).ModifyInstanceAttribute(t.Context(), &ec2.ModifyInstanceAttributeInput{
		InstanceId: &id, DisableApiTermination: &types.AttributeBooleanValue{Value: aws.Bool(true)},
	}))
	return id
}

func TestInstance(t *testing.T) {
	kindtest.Run(t, kindtest.Case[instanceReader, instanceWriter]{
		Spec: instanceSpec, Region: here, Setup: runOne,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"allow-stop": protectedOne, "allow-terminate": lastingOne},
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
	for _, k := range []fact.Kind{"ec2.volume", "ec2.security-group", "ec2.network-interface", "ec2.subnet", "ec2.vpc"} {
		if !slices.ContainsFunc(held, func(h fact.Ref) bool { return h.Kind == k }) {
			t.Errorf("holds no %s: %v", k, held)
		}
	}
}

func TestInstanceManagedBy(t *testing.T) {
	tag := func(k, v string) types.Tag { return types.Tag{Key: &k, Value: &v} }
	for want, tags := range map[string][]types.Tag{
		"":                {tag("Name", "web"), tag("autoscaling:groupName", "forged")},
		"autoscaling:web": {tag("aws:autoscaling:groupName", "web"), tag("aws:ec2:fleet-id", "fleet-1")},
		"fleet:fleet-1":   {tag("aws:ec2:fleet-id", "fleet-1")},
	} {
		r := instanceOf(fact.Place{Account: "1", Region: here}, types.Instance{Tags: tags})
		if by, known := fact.ManagedBy.Get(r); !known || by != want {
			t.Errorf("managed by %q, %v; want %q", by, known, want)
		}
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

// An intruder who filled cordon's isolation group, or took its name first, does
// not escape it; and what was there before is there, as it was, after the undo.
func TestIsolateLeavesTheGroupItFinds(t *testing.T) {
	w, ctx := kindtest.NewWorld(t), t.Context()
	api := ec2.NewFromConfig(w.Config(here))
	rs := []fact.Resource{listed(t, w, instance, runOne(t, w)), listed(t, w, instance, runOne(t, w))}
	vpc := fact.VPC.Or(rs[0], "")
	fill := func(group *string) {
		t.Helper()
		must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(api.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: group, IpPermissions: []types.IpPermission{openRule{Protocol: "tcp", From: aws.Int32(22), To: aws.Int32(22), CIDR: "0.0.0.0/0"}.permission()},
		}))
	}
	fill(must[*ec2.CreateSecurityGroupOutput](t)(api.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String(isolationName(vpc, 1)), Description: aws.String("trap"), VpcId: &vpc,
	})).GroupId)
	before := must[map[string]map[string]json.RawMessage](t)(w.Lab.Dump(ctx))
	priors := make([]json.RawMessage, len(rs))
	for i, r := range rs {
		priors[i] = must[json.RawMessage](t)(isolate.Prior(ctx, api, r))
	}
	for i, r := range rs {
		if now := must[json.RawMessage](t)(isolate.Prior(ctx, api, r)); !plan.Same(priors[i], now) {
			t.Errorf("isolating one instance changed another: %s, was %s", now, priors[i])
		}
		job := kind.Job{Resource: r, Case: "C-20260101-A"}
		done := func(want bool) {
			t.Helper()
			if is, err := isolate.Done(ctx, api, job); err != nil || is != want {
				t.Fatalf("done = %v, %v", is, err)
			}
		}
		for range 2 {
			if err := isolate.Do(ctx, api, job, priors[i]); err != nil {
				t.Fatal(err)
			}
			done(true)
			fill(must[[]types.SecurityGroup](t)(isolationGroups(ctx, api, job, vpc))[0].GroupId)
			done(false)
		}
		if err := isolate.Do(ctx, api, job, priors[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range rs {
		if err := isolate.Undo(ctx, api, kind.Job{Resource: r, Case: "C-20260101-A"}, priors[i]); err != nil {
			t.Fatal(err)
		}
	}
	now := must[map[string]map[string]json.RawMessage](t)(w.Lab.Dump(ctx))
	if !reflect.DeepEqual(before["ec2"], now["ec2"]) {
		t.Errorf("undone:\n was %s\n is  %s", before["ec2"], now["ec2"])
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
		left, err := isolationGroups(ctx, api, j, vpc)
		if last := i == len(jobs)-1; err != nil || (len(left) == 0) != last {
			t.Errorf("after undo %d the groups are %v, %v", i, left, err)
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
	kindtest.Run(t, kindtest.Case[imageReader, imageWriter]{
		Spec: imageSpec, Region: here, Setup: makeImage,
		Verbs: map[string]func(*testing.T, kindtest.World) string{"unprotect": protectedImage},
	})
}

func protectedImage(t *testing.T, w kindtest.World) string {
	t.Helper()
	id := makeImage(t, w)
	must[*ec2.EnableImageDeregistrationProtectionOutput](t)(ec2.NewFromConfig(w.Config(here)).EnableImageDeregistrationProtection(t.Context(), &ec2.EnableImageDeregistrationProtectionInput{
		ImageId: &id, WithCooldown: aws.Bool(true),
	}))
	if p := fact.Protections.Or(listed(t, w, image, id), nil); !slices.Equal(p, []string{"deregistration"}) {
		t.Errorf("protections %v", p)
	}
	return id
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
	kindtest.Run(t, kindtest.Case[volumeReader, volumeWriter]{Spec: volumeSpec, Region: here, Setup: makeVolume})
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
	kindtest.Run(t, kindtest.Case[keyPairReader, keyPairWriter]{Spec: keyPairSpec, Region: here, Setup: makeKeyPair})
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

func TestEverybody(t *testing.T) {
	for cidr, want := range map[string]bool{
		"0.0.0.0/0": true, "0.0.0.0/1": true, "128.0.0.0/1": true, "64.0.0.0/7": true, "::/0": true, "2000::/3": true, "2a00::/12": true, "2a00::/15": true, "f000::/4": true,
		"10.0.0.0/8": false, "203.0.113.0/24": false, "2a00::/16": false, "fc00::/7": false, "fd00::/8": false, "": false, "everybody": false,
	} {
		if got := everybody(cidr); got != want {
			t.Errorf("%q: %v", cidr, got)
		}
	}
}

// The whole internet in two halves is taken out and put back like the whole.
func TestSecurityGroupOpenInHalves(t *testing.T) {
	kindtest.Run(t, kindtest.Case[securityGroupReader, securityGroupWriter]{Spec: securityGroupSpec, Region: here, Setup: func(t *testing.T, w kindtest.World) string {
		api := ec2.NewFromConfig(w.Config(here))
		out := must[*ec2.CreateSecurityGroupOutput](t)(api.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("halves"), Description: aws.String("halves")}))
		for _, cidr := range []string{"0.0.0.0/1", "128.0.0.0/1", "8000::/1"} {
			must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(api.AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{
				GroupId: out.GroupId, IpPermissions: []types.IpPermission{openRule{Protocol: "tcp", From: aws.Int32(22), To: aws.Int32(22), CIDR: cidr}.permission()},
			}))
		}
		return aws.ToString(out.GroupId)
	}})
}

func TestSecurityGroupPrefixLists(t *testing.T) {
	r := securityGroupOf(fact.Place{Account: "1", Region: here}, types.SecurityGroup{GroupId: aws.String("sg-1"), IpPermissions: []types.IpPermission{
		{IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), PrefixListIds: []types.PrefixListId{{PrefixListId: aws.String("pl-2")}, {PrefixListId: aws.String("pl-1")}}},
	}})
	want := []fact.Opening{{Protocol: "tcp", From: 22, To: 22, CIDR: "pl-1"}, {Protocol: "tcp", From: 22, To: 22, CIDR: "pl-2"}}
	if got, known := fact.PrefixLists.Get(r); !known || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, known)
	}
	if open, known := fact.Openings.Get(r); !known || len(open) != 0 {
		t.Errorf("openings %v, %v", open, known)
	}
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
