package kinds

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"cordon/internal/kind"
	"cordon/internal/kind/kindtest"
)

// A key with which something is encrypted is not deleted, whoever made it, and none
// is disabled before everything is copied.
func TestKeyThatIsUsedIsNotDeleted(t *testing.T) {
	w := kindtest.NewWorld(t)
	j := kind.Job{Resource: listed(t, w, kmsKey, makeKMSKey(t, w)), Case: "C-20260101-A"}
	removal, _ := kmsKey.Verb("schedule-deletion")
	kept := func() error { return removal.Kept(t.Context(), w.Config(here), j) }
	unused := func(why string) {
		t.Helper()
		if err := kept(); err != nil {
			t.Errorf("%s: %v", why, err)
		}
	}
	used := func(why string) {
		t.Helper()
		if err := kept(); !errors.Is(err, kind.ErrUnkept) {
			t.Errorf("%s: %v", why, err)
		}
	}
	grant := func(to string) string {
		return aws.ToString(must[*kms.CreateGrantOutput](t)(kmsOf(w).CreateGrant(t.Context(), &kms.CreateGrantInput{
			KeyId: &j.ID, GranteePrincipal: &to, Operations: []kmstypes.GrantOperation{kmstypes.GrantOperationDecrypt},
		})).GrantId)
	}
	grant("arn:aws:iam::" + stranger + ":role/theirs")
	makeVolume(t, w) // with another key
	unused("nothing is encrypted with it")
	mine := grant("rds." + here + ".amazonaws.com")
	used("a service has a grant of it")
	must[*kms.RevokeGrantOutput](t)(kmsOf(w).RevokeGrant(t.Context(), &kms.RevokeGrantInput{KeyId: &j.ID, GrantId: &mine}))
	disk := must[*ec2.CreateVolumeOutput](t)(ec2In(w).CreateVolume(t.Context(), &ec2.CreateVolumeInput{
		AvailabilityZone: aws.String(here + "a"), Size: aws.Int32(8), Encrypted: aws.Bool(true), KmsKeyId: &j.ARN,
	})).VolumeId
	used("a disk is encrypted with it")
	must[*ec2.CreateSnapshotOutput](t)(ec2In(w).CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: disk}))
	must[*ec2.DeleteVolumeOutput](t)(ec2In(w).DeleteVolume(t.Context(), &ec2.DeleteVolumeInput{VolumeId: disk}))
	used("a snapshot is encrypted with it")
	for _, v := range kmsKey.Verbs() {
		if v.For == kind.Disable {
			t.Errorf("%s comes before the copies", v.Name)
		}
	}
	if err := removal.Do(t.Context(), w.Config(here), j, nil); err != nil {
		t.Fatal(err)
	}
	out := must[*kms.DescribeKeyOutput](t)(kmsOf(w).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &j.ID}))
	if days := out.KeyMetadata.DeletionDate.Sub(j.Created).Hours() / 24; days < 29 {
		t.Errorf("it is deleted in %.0f days", days)
	}
}
