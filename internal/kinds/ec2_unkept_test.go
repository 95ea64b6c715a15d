package kinds

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"cordon/internal/fact"
	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

// Who takes a snapshot of a disk and deletes the disk has all that is left of it.
func TestTheLastSnapshotIsNotDeleted(t *testing.T) {
	w := kindtest.NewWorld(t)
	api, id := ec2In(w), makeSnapshot(t, w)
	j := kind.Job{Resource: listed(t, w, snapshot, id), Case: "C-20260101-A"}
	kept := func() error { return deleteSnapshot.Kept(t.Context(), api, j) }
	if err := kept(); err != nil {
		t.Errorf("its disk stands: %v", err)
	}
	out := must[*ec2.DescribeSnapshotsOutput](t)(api.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{id}}))
	disk := listed(t, w, volume, aws.ToString(out.Snapshots[0].VolumeId))
	mine := must[*ec2.CreateSnapshotOutput](t)(api.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{
		VolumeId: &disk.ID, TagSpecifications: evidenceTags(kind.Job{Resource: disk, Case: "C-20260101-A"}),
	}))
	must[*ec2.DeleteVolumeOutput](t)(api.DeleteVolume(t.Context(), &ec2.DeleteVolumeInput{VolumeId: &disk.ID}))
	if err := kept(); err != nil {
		t.Errorf("the case has a newer copy of its disk: %v", err)
	}
	must[*ec2.DeleteSnapshotOutput](t)(api.DeleteSnapshot(t.Context(), &ec2.DeleteSnapshotInput{SnapshotId: mine.SnapshotId}))
	if err := kept(); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("its disk is gone: %v", err)
	}
	copied := must[*ec2.CopySnapshotOutput](t)(api.CopySnapshot(t.Context(), &ec2.CopySnapshotInput{SourceSnapshotId: &id, SourceRegion: aws.String(here)}))
	j.Resource = listed(t, w, snapshot, aws.ToString(copied.SnapshotId))
	if err := kept(); !errors.Is(err, kind.ErrUnkept) || !strings.Contains(err.Error(), "nobody knows") {
		t.Errorf("nobody knows its disk: %v", err)
	}
}

func TestTheLastImageIsNotDeregistered(t *testing.T) {
	w := kindtest.NewWorld(t)
	api := ec2In(w)
	j := kind.Job{Resource: listed(t, w, image, makeImage(t, w)), Case: "C-20260101-A"}
	if err := imageKept(t.Context(), api, j); err != nil {
		t.Errorf("its machine stands: %v", err)
	}
	for _, r := range allListed(t, w, instance) {
		must[*ec2.TerminateInstancesOutput](t)(api.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{r.ID}}))
	}
	for _, r := range allListed(t, w, volume) {
		must[*ec2.DeleteVolumeOutput](t)(api.DeleteVolume(t.Context(), &ec2.DeleteVolumeInput{VolumeId: &r.ID}))
	}
	if err := imageKept(t.Context(), api, j); !errors.Is(err, kind.ErrUnkept) {
		t.Errorf("its machine is gone: %v", err)
	}
}

func allListed(t *testing.T, w kindtest.World, k kind.Kind) (all []fact.Resource) {
	t.Helper()
	if err := k.List(t.Context(), w.Config(here), fact.Place{Account: kindtest.Account, Region: here}, func(r fact.Resource) { all = append(all, r) }); err != nil {
		t.Fatal(err)
	}
	return all
}
