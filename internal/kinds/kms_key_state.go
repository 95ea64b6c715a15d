package kinds

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"cordon/internal/awsapi"
	"cordon/internal/fact"
	"cordon/internal/kind"
)

// kmsKeyState is the key's state, without the day on which it is to be deleted.
func kmsKeyState(ctx context.Context, api kmsKeyReader, r fact.Resource) (string, error) {
	k, err := findKMSKey(ctx, api, r.ID)
	if err != nil {
		return "", err
	}
	return string(k.KeyState), nil
}

func kmsKeyEnabled(ctx context.Context, api kmsKeyReader, r fact.Resource) (bool, error) {
	k, err := findKMSKey(ctx, api, r.ID)
	return err == nil && k.Enabled, err
}

func switchKMSKey(ctx context.Context, api kmsKeyWriter, j kind.Job, on bool) error {
	if on {
		_, err := api.EnableKey(ctx, &kms.EnableKeyInput{KeyId: &j.ID})
		return err
	}
	_, err := api.DisableKey(ctx, &kms.DisableKeyInput{KeyId: &j.ID})
	return err
}

// setKMSKeyState brings a key to a state. One that comes back from deletion is
// disabled. Where a deletion is put back, AWS's longest wait begins anew.
func setKMSKeyState(ctx context.Context, api kmsKeyWriter, j kind.Job, state string) error {
	if state == "PendingDeletion" {
		return scheduleKMSKey(ctx, api, j.ID, longestKMSWait)
	}
	if state != "Enabled" && state != "Disabled" {
		return fmt.Errorf("cannot bring key %s to the state %q", j.ID, state)
	}
	_, err := api.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: &j.ID})
	if err != nil && !wrongKMSState(err, "not pending deletion") {
		return err
	}
	return switchKMSKey(ctx, api, j, state == "Enabled")
}

// longestKMSWait is the most days that AWS waits before it deletes a key.
const longestKMSWait = 30

// kmsKeyUnused refuses to delete a key with which anything is known to be encrypted,
// be it the owner's data that the intruder encrypted anew, or cordon's copies of his
// disks. Services that keep data under a key have a grant of it, and disks and
// snapshots name it; a grant to a stranger is the intruder's own.
func kmsKeyUnused(ctx context.Context, api kmsKeyReader, j kind.Job) error {
	k, err := findKMSKey(ctx, api, j.ID)
	if err != nil {
		return err
	}
	used := func(by string) error {
		return fmt.Errorf("cannot delete %s: %s is encrypted with it: %w", j.Ref, by, kind.ErrUnkept)
	}
	grants, err := grantsOfKMSKey(ctx, api, j.Place, j.ID)
	if err != nil {
		return err
	}
	for _, g := range grants {
		if foreignGrantee(g, j.Account) == "" {
			return used("something of " + aws.ToString(g.GranteePrincipal))
		}
	}
	encrypted := []types.Filter{{Name: aws.String("encrypted"), Values: []string{"true"}}}
	volumes, err := whole(ctx, ec2.NewDescribeVolumesPaginator(api, &ec2.DescribeVolumesInput{Filters: encrypted, MaxResults: aws.Int32(500)}),
		func(page *ec2.DescribeVolumesOutput) []types.Volume { return page.Volumes })
	if err != nil {
		return fmt.Errorf("cannot tell what is encrypted with %s: %w", j.ID, err)
	}
	for _, v := range volumes {
		if aws.ToString(v.KmsKeyId) == aws.ToString(k.Arn) {
			return used(aws.ToString(v.VolumeId))
		}
	}
	snapshots, err := whole(ctx, ec2.NewDescribeSnapshotsPaginator(api, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, Filters: encrypted, MaxResults: aws.Int32(1000),
	}), func(page *ec2.DescribeSnapshotsOutput) []types.Snapshot { return page.Snapshots })
	if err != nil {
		return fmt.Errorf("cannot tell what is encrypted with %s: %w", j.ID, err)
	}
	for _, s := range snapshots {
		if aws.ToString(s.KmsKeyId) == aws.ToString(k.Arn) {
			return used(aws.ToString(s.SnapshotId))
		}
	}
	return nil
}

func scheduleKMSKey(ctx context.Context, api kmsKeyWriter, id string, days int32) error {
	_, err := api.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &id, PendingWindowInDays: aws.Int32(days)})
	if wrongKMSState(err, "is pending deletion") {
		return nil // it was scheduled before
	}
	return err
}

// wrongKMSState says whether KMS refused a call because of the key's state,
// with these words.
func wrongKMSState(err error, words string) bool {
	return awsapi.Code(err) == "KMSInvalidStateException" && strings.Contains(err.Error(), words)
}

func kmsKeyPolicy(ctx context.Context, api kmsKeyReader, r fact.Resource) (string, error) {
	out, err := api.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &r.ID, PolicyName: aws.String("default")})
	if err != nil {
		return "", gone(err)
	}
	return aws.ToString(out.Policy), nil
}

// setKMSKeyPolicy writes a policy. A key has always one: where nothing is to
// be left it gets AWS's own default, by which the account rules it.
func setKMSKeyPolicy(ctx context.Context, api kmsKeyWriter, j kind.Job, body string) error {
	if body == "" {
		body = `{"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:` +
			partition(j.Region) + `:iam::` + j.Account + `:root"},"Action":"kms:*","Resource":"*"}]}`
	}
	_, err := api.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &j.ID, PolicyName: aws.String("default"), Policy: &body})
	return err
}
