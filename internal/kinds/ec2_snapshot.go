package kinds

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"cordon/internal/fact"
	"cordon/internal/kind"
)

type snapshotReader interface {
	diskReader
	DescribeSnapshotAttribute(context.Context, *ec2.DescribeSnapshotAttributeInput, ...func(*ec2.Options)) (*ec2.DescribeSnapshotAttributeOutput, error)
}

type snapshotWriter interface {
	ModifySnapshotAttribute(context.Context, *ec2.ModifySnapshotAttributeInput, ...func(*ec2.Options)) (*ec2.ModifySnapshotAttributeOutput, error)
	DeleteSnapshot(context.Context, *ec2.DeleteSnapshotInput, ...func(*ec2.Options)) (*ec2.DeleteSnapshotOutput, error)
}

var snapshot = kind.Of(snapshotSpec)

var snapshotSpec = kind.Spec[snapshotReader, snapshotWriter]{
	Name:   "ec2.snapshot",
	Reader: func(c aws.Config) snapshotReader { return ec2.NewFromConfig(c) },
	Writer: func(c aws.Config) snapshotWriter { return ec2.NewFromConfig(c) },
	Needs:  []string{"ec2:DescribeSnapshots", "ec2:DescribeSnapshotAttribute"},
	Cost:   kind.Cost{Fixed: 1, Page: 1000, Each: 1},
	Covers: []string{"C1"},
	List:   listSnapshots,
	Keep:   keepSnapshot,
	Verbs: []kind.Verb[snapshotReader, snapshotWriter]{
		withdraw(kind.Verb[snapshotReader, snapshotWriter]{
			Name: "unshare", Class: kind.Reversible, For: kind.Close,
			Needs: []string{"ec2:ModifySnapshotAttribute"}, Mends: []string{"ModifySnapshotAttribute"},
		}, snapshotGrants,
			func(ctx context.Context, api snapshotWriter, j kind.Job, had []grant) error {
				return shareSnapshot(ctx, api, j, &types.CreateVolumePermissionModifications{Remove: volumePermissions(had)})
			},
			func(ctx context.Context, api snapshotWriter, j kind.Job, had []grant) error {
				return shareSnapshot(ctx, api, j, &types.CreateVolumePermissionModifications{Add: volumePermissions(had)})
			}),
		deleteSnapshot,
	},
}

// deleteSnapshot is refused by AWS while an image uses the snapshot, and here
// for what is evidence of the case itself, or may be all that is left of a disk.
var deleteSnapshot = func() kind.Verb[snapshotReader, snapshotWriter] {
	v := remove(kind.Verb[snapshotReader, snapshotWriter]{
		Name: "delete", Needs: []string{"ec2:DeleteSnapshot", "ec2:DescribeVolumes"},
	}, func(ctx context.Context, api snapshotReader, r fact.Resource) (any, error) {
		s, err := findSnapshot(ctx, api, r.ID)
		return identity{ID: aws.ToString(s.SnapshotId), Created: aws.ToTime(s.StartTime)}, err
	}, func(ctx context.Context, api snapshotWriter, j kind.Job) error {
		_, err := api.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: &j.ID})
		return err
	})
	v.Kept = func(ctx context.Context, api snapshotReader, j kind.Job) error {
		s, err := findSnapshot(ctx, api, j.ID)
		if err != nil {
			return err
		}
		if ec2TagMap(s.Tags)[caseTag] == j.Case {
			return fmt.Errorf("cannot delete %s: it is evidence of this case: %w", j.ID, kind.ErrUnkept)
		}
		return diskElsewhere(ctx, api, j, s)
	}
	return v
}()

func listSnapshots(ctx context.Context, api snapshotReader, at fact.Place, put func(fact.Resource)) error {
	var drafts []fact.Resource
	for page, err := range pages(ctx, ec2.NewDescribeSnapshotsPaginator(api, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, MaxResults: aws.Int32(1000),
	})) {
		if err != nil {
			return fmt.Errorf("cannot list snapshots: %w", err)
		}
		for _, s := range page.Snapshots {
			drafts = append(drafts, snapshotOf(at, s))
		}
	}
	// DescribeSnapshots can be asked for the public ones and for those of a
	// known account, but not for those shared with anybody.
	err := complete(ctx, drafts, func(ctx context.Context, r *fact.Resource) error {
		grants, err := snapshotGrants(ctx, api, *r)
		setSharing(r, grants)
		return err
	}, put)
	if err != nil {
		return fmt.Errorf("cannot list snapshots: %w", err)
	}
	return nil
}

func snapshotOf(at fact.Place, s types.Snapshot) fact.Resource {
	id := aws.ToString(s.SnapshotId)
	r := fact.Resource{
		Ref: fact.Ref{Kind: "ec2.snapshot", Place: at, ID: id}, ARN: arn(fact.Place{Region: at.Region}, "ec2", "snapshot/"+id),
		Created: aws.ToTime(s.StartTime),
	}
	fact.Status.Set(&r, string(s.State))
	fact.Encrypted.Set(&r, aws.ToBool(s.Encrypted))
	setEC2Tags(&r, s.Tags)
	return r
}

func volumeAttribute(ctx context.Context, api snapshotReader, id string) (*ec2.DescribeSnapshotAttributeOutput, error) {
	out, err := api.DescribeSnapshotAttribute(ctx, &ec2.DescribeSnapshotAttributeInput{
		SnapshotId: &id, Attribute: types.SnapshotAttributeNameCreateVolumePermission,
	})
	return out, gone(err)
}

func snapshotGrants(ctx context.Context, api snapshotReader, r fact.Resource) ([]grant, error) {
	out, err := volumeAttribute(ctx, api, r.ID)
	if err != nil {
		return nil, err
	}
	return volumeGrants(out.CreateVolumePermissions, r.Account), nil
}

func shareSnapshot(ctx context.Context, api snapshotWriter, j kind.Job, change *types.CreateVolumePermissionModifications) error {
	_, err := api.ModifySnapshotAttribute(ctx, &ec2.ModifySnapshotAttributeInput{
		SnapshotId: &j.ID, Attribute: types.SnapshotAttributeNameCreateVolumePermission, CreateVolumePermission: change,
	})
	return err
}

func keepSnapshot(ctx context.Context, api snapshotReader, r fact.Resource, put func(string, []byte) error) error {
	s, err := findSnapshot(ctx, api, r.ID)
	if err != nil {
		return err
	}
	if err := putJSON(put, "snapshot.json", s); err != nil {
		return err
	}
	permissions, err := volumeAttribute(ctx, api, r.ID)
	if err != nil {
		return err
	}
	return putJSON(put, "create-volume-permissions.json", permissions)
}

func findSnapshot(ctx context.Context, api snapshotLister, id string) (types.Snapshot, error) {
	out, err := api.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{SnapshotIds: []string{id}})
	var all []types.Snapshot
	if err == nil {
		all = out.Snapshots
	}
	return only(all, err)
}
