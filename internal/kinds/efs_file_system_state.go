package kinds

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/efs"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

var fileSystemPolicyNeeds = []string{"efs:PutFileSystemPolicy", "efs:DeleteFileSystemPolicy"}

// fileSystemPolicy is "" for a file system without a policy of its own.
func fileSystemPolicy(ctx context.Context, api fileSystemReader, r fact.Resource) (string, error) {
	out, err := api.DescribeFileSystemPolicy(ctx, &efs.DescribeFileSystemPolicyInput{FileSystemId: &r.ID})
	if storeAbsent(err, "PolicyNotFound") {
		return "", nil
	}
	if err != nil {
		return "", gone(err)
	}
	return aws.ToString(out.Policy), nil
}

func setFileSystemPolicy(ctx context.Context, api fileSystemWriter, j kind.Job, doc string) (err error) {
	if doc == "" {
		_, err = api.DeleteFileSystemPolicy(ctx, &efs.DeleteFileSystemPolicyInput{FileSystemId: &j.ID})
		return err
	}
	_, err = api.PutFileSystemPolicy(ctx, &efs.PutFileSystemPolicyInput{FileSystemId: &j.ID, Policy: &doc})
	return err
}

// fileSystemKept accepts only what never held more than an empty directory: EFS
// has no snapshots, and what AWS Backup keeps is not looked at here. An empty
// file system is metered at 6,144 bytes.
func fileSystemKept(ctx context.Context, api fileSystemReader, j kind.Job) error {
	f, err := findFileSystem(ctx, api, j.ID)
	if err != nil {
		return err
	}
	if f.SizeInBytes != nil && f.SizeInBytes.Value <= 6144 && f.SizeInBytes.Timestamp != nil {
		return nil
	}
	return fmt.Errorf("cannot delete %s: it is not known to be empty: %w", j.Ref, kind.ErrUnkept)
}

// dropMountTargets asks for all of them to be deleted. The file system can be
// deleted when they are gone; until then AWS says that it is in use.
func dropMountTargets(ctx context.Context, api fileSystemWriter, id string) error {
	out, err := api.DescribeMountTargets(ctx, &efs.DescribeMountTargetsInput{FileSystemId: &id})
	if err != nil {
		return err
	}
	for _, m := range out.MountTargets {
		if _, err := api.DeleteMountTarget(ctx, &efs.DeleteMountTargetInput{MountTargetId: m.MountTargetId}); err != nil && !errors.Is(gone(err), kind.ErrGone) {
			return err
		}
	}
	return nil
}

func keepFileSystem(ctx context.Context, api fileSystemReader, r fact.Resource, put func(string, []byte) error) error {
	f, err := findFileSystem(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "file-system.json", f); err != nil {
		return err
	}
	targets, err := api.DescribeMountTargets(ctx, &efs.DescribeMountTargetsInput{FileSystemId: &r.ID})
	if err != nil {
		return gone(err)
	}
	if err := putJSON(put, "mount-targets.json", targets.MountTargets); err != nil {
		return err
	}
	doc, err := fileSystemPolicy(ctx, api, r)
	if err != nil || doc == "" {
		return err
	}
	return put("policy.json", []byte(doc))
}
